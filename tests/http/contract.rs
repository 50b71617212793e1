//! The HTTP contract, without a port: what is answered, and how everything wrong is refused.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use dayi::config::Settings;
use serde_json::{Value, json};

use crate::support::{assert_problem, service};

fn ids(body: &Value) -> Vec<&str> {
    body["matches"].as_array().unwrap().iter().map(|found| found["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_question_without_a_word_is_no_answer_and_no_error() {
    let service = service(Settings::default());
    for query in ["😀🙏", "？！。。。", "\u{200B}"] {
        let reply = service.post("/v1/match", serde_json::json!({ "query": query }).to_string()).await;
        assert_eq!(reply.status, 200, "{query:?}: {}", reply.text);
        let body = reply.json();
        assert_eq!((&body["decision"], &body["matches"]), (&"no_answer".into(), &serde_json::json!([])));
    }
    let batch = serde_json::json!({ "queries": ["😀", "企业微信建的群能解散吗"] }).to_string();
    let body = service.post("/v1/match/batch", batch).await.json();
    assert_eq!(body["results"][0]["decision"], "no_answer");
    assert_eq!(body["results"][1]["decision"], "answer");
}

#[tokio::test]
async fn a_question_brings_the_entry_with_its_answer_and_pictures() {
    let reply = service(Settings::default()).post("/v1/match", r#"{"query":"企业微信建的群能解散吗"}"#).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let mut body = reply.json();
    assert!(uuid_like(body["query_id"].as_str().unwrap()));
    assert!(body["took_ms"].as_f64().unwrap() >= 0.0);
    body["query_id"] = json!("[id]");
    body["took_ms"] = json!("[time]");
    let first = &body["matches"][0];
    assert_eq!(first["id"], "g-1");
    assert_eq!(first["answer"]["images"], json!([{"src": "pictures/a.png", "alt": "位置"}]));
    assert_eq!(first["scores"]["exact"], 1.0);
    assert_eq!(body["decision"], "answer");
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["query_id", "decision", "matches", "index_version", "model", "took_ms"]);
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    let expected = [
        "id",
        "question",
        "matched_phrasing",
        "answer",
        "category",
        "source",
        "updated_at",
        "confidence",
        "scores",
    ];
    assert_eq!(keys, expected);
}

#[tokio::test]
async fn an_explanation_is_given_on_request_and_changes_nothing_else() {
    let service = service(Settings::default());
    for query in ["如何解散群", "企业微信建的群能解散吗", "怎麼建外部羣", "今天天气", "？？？"]
    {
        let ask = async |explain: bool| {
            let request = json!({"query": query, "top_k": 2, "explain": explain});
            let reply = service.post("/v1/match", request.to_string()).await;
            assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
            reply.json()
        };
        let mut plain = ask(false).await;
        let mut explained = ask(true).await;
        let explanation = explained.as_object_mut().unwrap().remove("explanation").unwrap();
        assert!(explanation["sentence"].as_str().unwrap().ends_with('。'), "{explanation}");
        assert_eq!(explanation["best"]["id"], plain["matches"][0]["id"], "{query}");
        assert_eq!(explanation["runner_up"]["id"], plain["matches"][1]["id"], "{query}");
        for found in explained["matches"].as_array_mut().unwrap() {
            let explanation = found.as_object_mut().unwrap().remove("explanation").unwrap();
            let parts = explanation["features"].as_array().unwrap();
            let sum: f64 = parts.iter().map(|part| part["contribution"].as_f64().unwrap()).sum();
            assert!((sum - explanation["score"].as_f64().unwrap()).abs() < 1e-3, "{explanation}");
            assert_eq!(explanation["query"]["text"], query);
            assert_eq!(explanation["phrasing"]["text"], found["matched_phrasing"]);
        }
        for body in [&mut explained, &mut plain] {
            body["query_id"] = json!("[id]");
            body["took_ms"] = json!("[time]");
        }
        assert_eq!(explained, plain, "{query}");
    }
}

#[tokio::test]
async fn an_explanation_names_the_reason_and_marks_the_words_as_they_were_typed() {
    let service = service(Settings::default());
    let ask = async |query: &str, filter: Value| {
        let mut request = json!({"query": query, "explain": true});
        request.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        service.post("/v1/match", request.to_string()).await.json()
    };
    let exact = ask("企業微信建的羣能解散嗎", json!({})).await;
    assert_eq!(exact["explanation"]["reason"], "exact_wording");
    assert!(exact["explanation"].get("confidence").is_none(), "the confidence is not computed then");
    assert_eq!(exact["matches"][0]["explanation"]["exact"], true);

    let near = ask("羣怎麼解散", json!({})).await;
    assert!(near["explanation"]["confidence"]["parts"].is_array(), "{near}");
    let found = near["matches"].as_array().unwrap().iter().find(|found| found["id"] == "g-1").unwrap();
    assert_eq!(found["explanation"]["query"]["marked"], "【羣】怎麼【解散】");
    let spans = json!([{"bytes": [0, 3], "chars": [0, 1]}, {"bytes": [9, 15], "chars": [3, 5]}]);
    assert_eq!(found["explanation"]["query"]["spans"], spans);
    assert_eq!(found["explanation"]["phrasing"]["marked"], "企业微信建的【群】能【解散】吗？");

    // The decision is about the best entry of all, even when a filter hides it.
    let filtered = ask("企业微信建的群能解散吗", json!({"category": "通讯录"})).await;
    assert_eq!(ids(&filtered), ["c-1"]);
    assert_eq!(filtered["explanation"]["best"]["id"], "g-1");

    let blank = ask("？😀", json!({})).await;
    assert_eq!(blank["explanation"]["reason"], "says_nothing");
    assert_eq!(blank["explanation"]["best"], Value::Null);
}

fn uuid_like(text: &str) -> bool {
    text.len() == 36 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

#[tokio::test]
async fn an_exact_text_comes_first_with_confidence_near_one() {
    let service = service(Settings::default());
    for query in ["如何建内部群和外部群？", "如何建内部群和外部群", " 如何建內部群和外部群? "]
    {
        let body = service.post("/v1/match", json!({"query": query}).to_string()).await.json();
        assert_eq!(ids(&body)[0], "g-2", "{query}");
        assert!(body["matches"][0]["confidence"].as_f64().unwrap() > 0.99, "{body}");
    }
}

#[tokio::test]
async fn filters_and_top_k_choose_entries_but_never_change_confidence_or_decision() {
    let service = service(Settings::default());
    let ask = async |extra: Value| {
        let mut request = json!({"query": "如何解散群", "top_k": 3});
        request.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        service.post("/v1/match", request.to_string()).await.json()
    };
    let all = ask(json!({})).await;
    let confidence_of = |body: &Value, id: &str| {
        let matches = body["matches"].as_array().unwrap();
        matches.iter().find(|found| found["id"] == id).map(|found| found["confidence"].clone())
    };
    for (extra, expected) in [
        (json!({"top_k": 1}), 1),
        (json!({"category": "群聊"}), 2),
        (json!({"category": "客户联系/群聊"}), 2),
        (json!({"category": "通讯录"}), 1),
        (json!({"category": "没有的"}), 0),
        (json!({"tags": ["群主"]}), 1),
        (json!({"tags": ["群主", "没有的"]}), 0),
    ] {
        let body = ask(extra.clone()).await;
        assert_eq!(ids(&body).len(), expected, "{extra}");
        assert_eq!(body["decision"], all["decision"], "{extra}");
        for id in ids(&body) {
            assert_eq!(confidence_of(&body, id), confidence_of(&all, id), "{extra} {id}");
        }
    }
}

#[tokio::test]
async fn a_batch_answers_in_order() {
    let body = json!({"queries": ["员工离职了如何进行客户离职继承", "如何建内部群和外部群"], "top_k": 1});
    let reply = service(Settings::default()).post("/v1/match/batch", body.to_string()).await;
    let body = reply.json();
    let results = body["results"].as_array().unwrap();
    assert_eq!(results.iter().map(|result| ids(result)[0]).collect::<Vec<_>>(), ["c-1", "g-2"]);
}

#[tokio::test]
async fn invalid_values_are_422_with_a_pointer() {
    let service = service(Settings { max_query_chars: Some(10), ..Settings::default() });
    for (path, body, pointer) in [
        ("/v1/match", r#"{"query":""}"#, "/query"),
        ("/v1/match", r#"{"query":"  \n "}"#, "/query"),
        ("/v1/match", r#"{"query":"一二三四五六七八九十一"}"#, "/query"),
        ("/v1/match", r#"{"query":"群","top_k":-1}"#, "/top_k"),
        ("/v1/match", r#"{"query":"群","top_k":0}"#, "/top_k"),
        ("/v1/match", r#"{"query":"群","top_k":51}"#, "/top_k"),
        ("/v1/match", r#"{"query":"群","top_k":"3"}"#, "/top_k"),
        ("/v1/match", r#"{"query":"群","topk":3}"#, "/topk"),
        ("/v1/match", r#"{"query":"群","explain":1}"#, "/explain"),
        ("/v1/match/batch", r#"{"queries":["群"],"explain":true}"#, "/explain"),
        ("/v1/match", r#"{"query":["群"]}"#, "/query"),
        ("/v1/match", r"{}", ""),
        ("/v1/match", r"[]", ""),
        ("/v1/match/batch", r#"{"queries":[]}"#, "/queries"),
        ("/v1/match/batch", r#"{"queries":["群",""]}"#, "/queries/1"),
        ("/v1/match/batch", r#"{"queries":["群",7]}"#, "/queries/1"),
    ] {
        let reply = service.post(path, body).await;
        let problem = assert_problem(&reply, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
        let said = problem["errors"][0]["detail"].as_str().unwrap();
        let expected = if pointer.is_empty() { said.to_owned() } else { format!("{pointer}: {said}") };
        assert!(problem["detail"].as_str().unwrap().starts_with(&expected), "{body}: {problem}");
    }
}

#[tokio::test]
async fn too_many_questions_in_a_batch_are_refused() {
    let service = service(Settings { max_batch_queries: Some(2), ..Settings::default() });
    let reply = service.post("/v1/match/batch", r#"{"queries":["a","b","c"]}"#).await;
    let problem = assert_problem(&reply, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/queries");
}

#[tokio::test]
async fn unreadable_bodies_are_400() {
    let service = service(Settings::default());
    for body in [&b"{\"query\":\"\xff\xfe\"}"[..], b"{\"query\":", b"", b"{\"query\":\"a\"} x"] {
        assert_problem(
            &service.post("/v1/match", body).await,
            StatusCode::BAD_REQUEST,
            "/problems/malformed",
        );
    }
}

#[tokio::test]
async fn one_megabyte_of_text_is_refused_before_it_is_embedded() {
    let body = json!({"query": "群".repeat(350_000)}).to_string();
    let reply = service(Settings::default()).post("/v1/match", body.clone()).await;
    assert_problem(&reply, StatusCode::PAYLOAD_TOO_LARGE, "/problems/too-large");
    let roomy = Settings { max_body_bytes: Some(2 << 20), ..Settings::default() };
    let reply = service(roomy).post("/v1/match", body).await;
    assert_problem(&reply, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
}

#[tokio::test]
async fn another_content_type_is_415() {
    let service = service(Settings::default());
    for content_type in [Some("text/plain"), Some("application/x-www-form-urlencoded"), None] {
        let mut request = Request::post("/v1/match");
        if let Some(value) = content_type {
            request = request.header(header::CONTENT_TYPE, value);
        }
        let reply = service.send(request.body(Body::from(r#"{"query":"群"}"#)).unwrap()).await;
        assert_problem(&reply, StatusCode::UNSUPPORTED_MEDIA_TYPE, "/problems/unsupported-media-type");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let service = service(Settings::default());
    assert_problem(&service.get("/v2/match").await, StatusCode::NOT_FOUND, "/problems/not-found");
    let reply = service.get("/v1/match").await;
    assert_problem(&reply, StatusCode::METHOD_NOT_ALLOWED, "/problems/method-not-allowed");
    assert_eq!(reply.headers[header::ALLOW], "POST");
}

#[tokio::test]
async fn health_readiness_and_metrics_tell_what_is_served() {
    let service = service(Settings::default());
    assert_eq!(service.get("/healthz").await.text, "ok");
    let ready = service.get("/readyz").await.json();
    assert_eq!((&ready["status"], &ready["entries"]), (&json!("ready"), &json!(3)));

    service.post("/v1/match", r#"{"query":"如何建内部群和外部群"}"#).await;
    service.post("/v1/match", r#"{"query":""}"#).await;
    let metrics = service.get("/metrics").await;
    assert!(metrics.content_type().starts_with("application/openmetrics-text"));
    for line in [
        r#"dayi_http_requests_total{method="POST",route="/v1/match",status="200"} 1"#,
        r#"dayi_http_requests_total{method="POST",route="/v1/match",status="422"} 1"#,
        r#"dayi_decisions_total{space="default",decision="answer"} 1"#,
        r#"dayi_http_request_duration_seconds_count{route="/v1/match"} 2"#,
        "dayi_queue_depth 0",
        "dayi_batch_texts_count 1",
        "dayi_query_cache_hits_total 0",
        "dayi_query_cache_misses_total 1",
        r#"dayi_entries{space="default"} 3"#,
        r#"dayi_index_version{space="default"} 1"#,
        r#"dayi_query_log_dropped_total{space="default"} 0"#,
    ] {
        assert!(metrics.text.contains(line), "{line} is missing in\n{}", metrics.text);
    }
}

#[tokio::test]
async fn methods_that_are_made_up_are_counted_as_one() {
    let service = service(Settings::default());
    for method in ["BREW", "WHEN", "get"] {
        let request = Request::builder().method(method).uri("/v1/match").body(Body::empty()).unwrap();
        let reply = service.send(request).await;
        assert_problem(&reply, StatusCode::METHOD_NOT_ALLOWED, "/problems/method-not-allowed");
    }
    let metrics = service.get("/metrics").await.text;
    let counted = r#"dayi_http_requests_total{method="other",route="/v1/match",status="405"} 3"#;
    assert!(metrics.contains(counted), "{metrics}");
    assert!(!metrics.contains("BREW"), "{metrics}");
}

#[tokio::test]
async fn a_closed_service_is_not_ready_and_answers_503() {
    let service = service(Settings::default());
    service.app.close().await;
    assert_problem(&service.get("/readyz").await, StatusCode::SERVICE_UNAVAILABLE, "/problems/unavailable");
    let reply = service.post("/v1/match", r#"{"query":"群"}"#).await;
    assert_problem(&reply, StatusCode::SERVICE_UNAVAILABLE, "/problems/unavailable");
    assert!(reply.headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn every_route_is_in_the_openapi_document_and_the_docs_page_is_there() {
    let service = service(Settings::default());
    let document = service.get("/openapi.json").await.json();
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    for path in [
        "/v1/match",
        "/v1/match/batch",
        "/v1/feedback",
        "/v1/unanswered",
        "/v1/stats",
        "/healthz",
        "/readyz",
        "/metrics",
    ] {
        assert!(paths.iter().any(|known| *known == path), "{path} is missing in {paths:?}");
    }
    let page = service.get("/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("swagger-ui"));
    assert!(!page.text.contains("https://"), "the page must work without a network: {}", page.text);
}

#[tokio::test]
async fn the_document_tells_files_ids_limits_and_refusals_as_they_are() {
    let document = service(Settings::default()).get("/openapi.json").await.json();
    let operation = |path: &str, method: &str| document["paths"][path][method].clone();
    let file = json!({"type": "string", "format": "binary"});
    let sent = |path: &str| {
        operation(path, "post")["requestBody"]["content"]["application/octet-stream"]["schema"].clone()
    };
    assert_eq!((sent("/v1/import"), sent("/v1/assets")), (file.clone(), file.clone()));
    let (export, picture) = (operation("/v1/export", "get"), operation("/v1/assets/{name}", "get"));
    assert_eq!(export["responses"]["200"]["content"]["application/octet-stream"]["schema"], file);
    assert_eq!(picture["responses"]["200"]["content"]["image/png"]["schema"], file);
    let problem = "application/problem+json";
    assert!(export["responses"]["400"]["content"][problem].is_object(), "{export}");
    let hook = operation("/v1/hooks/{name}", "post");
    assert!(hook["responses"]["404"]["content"][problem].is_object(), "{hook}");
    for path in ["/v1/audit", "/v1/outbox"] {
        let operation = operation(path, "get");
        let parameters = operation["parameters"].as_array().unwrap();
        let limit = parameters.iter().find(|parameter| parameter["name"] == "limit").unwrap();
        assert_eq!(limit["in"], "query", "{path}");
    }
    let id = document["components"]["schemas"]["TicketId"]["oneOf"].as_array().unwrap();
    let types: Vec<&Value> = id.iter().map(|kind| &kind["type"]).collect();
    assert_eq!(types, ["string", "integer"]);
}

#[tokio::test]
async fn every_response_carries_a_request_id() {
    let service = service(Settings::default());
    assert!(uuid_like(service.get("/healthz").await.headers["x-request-id"].to_str().unwrap()));
    let request = Request::get("/healthz").header("x-request-id", "mine").body(Body::empty()).unwrap();
    assert_eq!(service.send(request).await.headers["x-request-id"], "mine");
}
