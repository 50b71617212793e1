//! The entries resource: create, read, list, change, remove, and what happens when two people change the same.

use std::sync::Arc;

use axum::http::{Method, StatusCode, header};
use dayi::{config::Settings, store::Store};
use serde_json::{Value, json};

use crate::support::{Reply, Service, assert_problem, service};

fn etag(reply: &Reply) -> String {
    reply.headers[header::ETAG].to_str().unwrap().to_owned()
}

/// The entry that answers `question` for sure, and the version that says so.
async fn answer(service: &Service, question: &str) -> (Option<String>, u64) {
    let body = service.post("/v1/match", json!({"query": question}).to_string()).await.json();
    let first = body["matches"][0]["id"].as_str().filter(|_| body["decision"] == "answer");
    (first.map(str::to_owned), body["index_version"].as_u64().unwrap())
}

#[tokio::test]
async fn a_created_entry_is_read_back_answers_and_is_durable() {
    let service = service(Settings::default());
    let entry = json!({
        "id": "打印-1", "question": "打印机卡纸怎么办", "similar": ["打印机不出纸"], "negative": ["打印机多少钱"],
        "answer": "打开前盖，取出纸。", "category": ["设备"], "tags": ["打印"], "valid_from": "2020-01-01",
    });
    let created = service.post("/v1/entries", entry.to_string()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    assert_eq!(answer(&service, "打印机卡纸怎么办").await, (Some("打印-1".to_owned()), 2));

    let location = created.headers[header::LOCATION].to_str().unwrap();
    let read = service.get(location).await;
    assert_eq!((etag(&read), read.text.as_str()), ("\"2\"".to_owned(), created.text.as_str()));
    let body = read.json();
    for (field, value) in entry.as_object().unwrap() {
        assert_eq!(&body[field], value, "{field}");
    }
    assert_eq!(
        (&body["enabled"], &body["valid_until"], &body["revision"]),
        (&json!(true), &Value::Null, &json!(2))
    );
    assert!(body["updated_at"].is_string());

    let stored = Store::open(service.data.path()).unwrap().entries().unwrap();
    assert_eq!(stored.last().unwrap().id.as_str(), "打印-1");
}

#[tokio::test]
async fn an_entry_without_an_id_gets_one_and_a_taken_id_is_409() {
    let service = service(Settings::default());
    let created = service.post("/v1/entries", r#"{"question":"新问题在哪里看"}"#).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(service.get(&format!("/v1/entries/{id}")).await.status, StatusCode::OK);
    let reply = service.post("/v1/entries", json!({"id": id, "question": "又一个"}).to_string()).await;
    assert_problem(&reply, StatusCode::CONFLICT, "/problems/conflict");
}

#[tokio::test]
async fn a_change_needs_the_present_etag_and_is_answered_from_at_once() {
    let service = service(Settings::default());
    let path = "/v1/entries/g-1";
    let read = service.get(path).await;
    let mut entry = read.json();
    entry["question"] = json!("打印机卡纸怎么办");
    // What was read can be sent back as it is.
    let changed = service.change(Method::PUT, path, &etag(&read), entry.to_string()).await;
    assert_eq!((changed.status, etag(&changed)), (StatusCode::OK, "\"2\"".to_owned()), "{}", changed.text);
    assert_eq!(answer(&service, "打印机卡纸怎么办").await, (Some("g-1".to_owned()), 2));
    assert_ne!(answer(&service, "企业微信建的群能解散吗").await.0.as_deref(), Some("g-1"));

    let late = service.change(Method::PUT, path, &etag(&read), entry.to_string()).await;
    let problem = assert_problem(&late, StatusCode::PRECONDITION_FAILED, "/problems/stale");
    assert!(problem["detail"].as_str().unwrap().contains("read it again"), "{problem}");
    let late = service.change(Method::DELETE, path, &etag(&read), "").await;
    assert_problem(&late, StatusCode::PRECONDITION_FAILED, "/problems/stale");
    let forced = service.change(Method::PUT, path, "*", entry.to_string()).await;
    assert_eq!(
        (forced.status, etag(&forced)),
        (StatusCode::OK, "\"2\"".to_owned()),
        "it was the same already"
    );
}

#[tokio::test]
async fn a_write_is_answered_with_what_it_wrote_whoever_writes_next() {
    let service = Arc::new(service(Settings::default()));
    let writers = (0..4).map(|writer| {
        let service = service.clone();
        tokio::spawn(async move {
            let mut created = 0;
            for step in 0..10 {
                let question = format!("打印机卡纸怎么办 {writer} {step}");
                let body = json!({"id": "p-1", "question": question}).to_string();
                let reply = service.post("/v1/entries", body).await;
                if reply.status == StatusCode::CREATED {
                    assert_eq!(reply.json()["question"], question, "this is of somebody else");
                    created += 1;
                } else {
                    assert_problem(&reply, StatusCode::CONFLICT, "/problems/conflict");
                }
                service.change(Method::DELETE, "/v1/entries/p-1", "*", "").await;
            }
            created
        })
    });
    let mut created = 0;
    for writer in writers.collect::<Vec<_>>() {
        created += writer.await.unwrap();
    }
    assert!(created > 0);
}

#[tokio::test]
async fn a_removed_entry_answers_no_more() {
    let service = service(Settings::default());
    let path = "/v1/entries/c-1";
    let removed = service.change(Method::DELETE, path, "\"1\"", "").await;
    assert_eq!((removed.status, removed.text.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_ne!(answer(&service, "员工离职了如何进行客户离职继承").await.0.as_deref(), Some("c-1"));
    assert_problem(&service.get(path).await, StatusCode::NOT_FOUND, "/problems/not-found");
    let again = service.change(Method::DELETE, path, "*", "").await;
    assert_problem(&again, StatusCode::NOT_FOUND, "/problems/not-found");
}

#[tokio::test]
async fn a_patch_changes_only_the_fields_it_names() {
    let service = service(Settings::default());
    let path = "/v1/entries/g-1";
    let before = service.get(path).await.json();
    let off = service.change(Method::PATCH, path, "\"1\"", r#"{"enabled":false}"#).await;
    assert_eq!(off.status, StatusCode::OK, "{}", off.text);
    let body = off.json();
    assert_eq!((&body["enabled"], &body["tags"]), (&json!(false), &before["tags"]));
    assert_ne!(answer(&service, "企业微信建的群能解散吗").await.0.as_deref(), Some("g-1"));

    let on = service.change(Method::PATCH, path, "\"2\"", r#"{"enabled":true,"tags":null}"#).await;
    assert_eq!(on.json()["tags"], json!([]));
    assert_eq!(answer(&service, "企业微信建的群能解散吗").await.0.as_deref(), Some("g-1"));
    for (patch, pointer) in
        [(r#"{"enabled":1}"#, "/enabled"), (r#"{"quesion":"?"}"#, "/quesion"), (r#"{"id":"x"}"#, "/id")]
    {
        let reply = service.change(Method::PATCH, path, "*", patch).await;
        let problem = assert_problem(&reply, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
}

#[tokio::test]
async fn validity_dates_decide_who_is_matched() {
    let service = service(Settings::default());
    for (patch, matched) in [
        (r#"{"valid_until":"2020-01-01"}"#, false),
        (r#"{"valid_until":"9999-01-01"}"#, true),
        (r#"{"valid_from":"9998-01-01"}"#, false),
    ] {
        service.change(Method::PATCH, "/v1/entries/g-1", "*", patch).await;
        let found = answer(&service, "企业微信建的群能解散吗").await.0;
        assert_eq!(found.as_deref() == Some("g-1"), matched, "{patch}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_a_pointer_and_changes_nothing() {
    let service = service(Settings::default());
    for (body, pointer) in [
        (json!({"question": ""}), "/question"),
        (json!({"question": "？！"}), "/question"),
        (json!({"question": "长".repeat(501)}), "/question"),
        (json!({"question": "问", "similar": ["好", " "]}), "/similar/1"),
        (json!({"question": "问", "negative": [7]}), "/negative/0"),
        (json!({"question": "问", "tags": [""]}), "/tags/0"),
        (json!({"question": "问", "category": ["a/b"]}), "/category/0"),
        (json!({"question": "问", "valid_from": "2026-02-30"}), "/valid_from"),
        (json!({"question": "问", "valid_from": "2026-02-02", "valid_until": "2026-02-01"}), "/valid_until"),
        (json!({"question": "问", "id": "a b"}), "/id"),
        (json!({"question": "问", "anwser": "答"}), "/anwser"),
        (json!({"answer": "答"}), ""),
    ] {
        let reply = service.post("/v1/entries", body.to_string()).await;
        let problem = assert_problem(&reply, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    let put = service.change(Method::PUT, "/v1/entries/g-1", "*", r#"{"id":"g-2","question":"问"}"#).await;
    let problem = assert_problem(&put, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/id");
    assert_eq!(service.get("/readyz").await.json()["index_version"], 1);
}

#[tokio::test]
async fn a_change_without_if_match_is_428_and_an_unreadable_one_400() {
    let service = service(Settings::default());
    for method in ["PUT", "PATCH", "DELETE"] {
        let request = axum::http::Request::builder().method(method).uri("/v1/entries/g-1");
        let request =
            request.header(header::CONTENT_TYPE, "application/json").body(r#"{"question":"问"}"#.into());
        let reply = service.send(request.unwrap()).await;
        assert_problem(&reply, StatusCode::PRECONDITION_REQUIRED, "/problems/precondition-required");
        let method: Method = method.parse().unwrap();
        for tag in ["1", "\"a\"", "\"1\", \"2\"", ""] {
            let reply = service.change(method.clone(), "/v1/entries/g-1", tag, r#"{"question":"问"}"#).await;
            assert_problem(&reply, StatusCode::BAD_REQUEST, "/problems/malformed");
        }
    }
    let weak = service.change(Method::PATCH, "/v1/entries/g-1", "W/\"1\"", "{}").await;
    assert_eq!(weak.status, StatusCode::OK, "a proxy may have weakened the tag");
}

#[tokio::test]
async fn entries_are_listed_in_pages_and_filtered() {
    let service = service(Settings::default());
    let ids = |body: &Value| -> Vec<String> {
        let entries = body["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = service.get("/v1/entries?limit=2").await.json();
    assert_eq!((ids(&first), &first["total"]), (vec!["g-1".into(), "g-2".into()], &json!(3)));
    let cursor = first["next_cursor"].as_i64().unwrap();
    let last = service.get(&format!("/v1/entries?limit=2&cursor={cursor}")).await.json();
    assert_eq!((ids(&last), last.get("next_cursor")), (vec!["c-1".to_owned()], None));
    for (query, wanted) in [
        ("q=%E8%A7%A3%E6%95%A3", vec!["g-1"]),
        ("category=%E7%BE%A4%E8%81%8A", vec!["g-1", "g-2"]),
        ("tag=%E7%BE%A4%E4%B8%BB", vec!["g-1"]),
        ("enabled=false", vec![]),
    ] {
        assert_eq!(ids(&service.get(&format!("/v1/entries?{query}")).await.json()), wanted, "{query}");
    }
    for query in ["limit=0", "limit=501", "limit=x", "lmit=1", "cursor=x", "enabled=maybe"] {
        let reply = service.get(&format!("/v1/entries?{query}")).await;
        assert_problem(&reply, StatusCode::BAD_REQUEST, "/problems/malformed");
    }
}

#[tokio::test]
async fn a_bulk_change_is_one_version() {
    let service = service(Settings::default());
    let changes = json!({"changes": [
        {"op": "create", "entry": {"id": "p-1", "question": "打印机卡纸怎么办"}},
        {"op": "put", "id": "g-1", "entry": {"id": "g-1", "question": "会议室怎么预定"}, "revision": 1},
        {"op": "delete", "id": "c-1"},
    ]});
    let reply = service.post("/v1/entries/bulk", changes.to_string()).await;
    let wanted = json!({"version": 2, "results": [
        {"id": "p-1", "outcome": "added", "revision": 2},
        {"id": "g-1", "outcome": "changed", "revision": 2},
        {"id": "c-1", "outcome": "removed"},
    ]});
    assert_eq!((reply.status, reply.json()), (StatusCode::OK, wanted));
    assert_eq!(answer(&service, "会议室怎么预定").await, (Some("g-1".to_owned()), 2));
}

#[tokio::test]
async fn a_bulk_change_with_one_mistake_changes_nothing_and_points_to_every_mistake() {
    let service = service(Settings::default());
    let good = json!({"op": "create", "entry": {"id": "p-1", "question": "打印机卡纸怎么办"}});
    for (bad, status, pointer) in [
        (json!({"op": "create", "entry": {"id": "g-1", "question": "问"}}), 409, "/changes/1"),
        (json!({"op": "put", "entry": {"id": "g-1", "question": "问"}, "revision": 7}), 409, "/changes/1"),
        (json!({"op": "delete", "id": "none"}), 409, "/changes/1"),
        (json!({"op": "delete", "id": "p-1"}), 409, "/changes/1"),
        (json!({"op": "put", "entry": {"id": "x", "question": "？"}}), 422, "/changes/1/entry/question"),
        (json!({"op": "put", "entry": {"question": "问"}}), 422, "/changes/1/entry/id"),
        (json!({"op": "put"}), 422, "/changes/1/entry"),
        (json!({"op": "delete"}), 422, "/changes/1/id"),
        (json!({"op": "move"}), 422, "/changes/1/op"),
        (json!({"op": "create", "id": "x", "entry": {"id": "y", "question": "问"}}), 422, "/changes/1/id"),
        (json!({"op": "put", "id": "x", "entry": {"id": "g-1", "question": "问"}}), 422, "/changes/1/id"),
        (
            json!({"op": "delete", "id": "g-1", "entry": {"id": "g-1", "question": "问"}}),
            422,
            "/changes/1/entry",
        ),
        (
            json!({"op": "create", "entry": {"id": "x", "question": "问"}, "revision": 1}),
            422,
            "/changes/1/revision",
        ),
    ] {
        let reply = service.post("/v1/entries/bulk", json!({"changes": [good, bad]}).to_string()).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["errors"][0]["pointer"]),
            (status, &json!(pointer)),
            "{bad}"
        );
    }
    for changes in [json!([]), json!(vec![good; 1_001])] {
        let reply = service.post("/v1/entries/bulk", json!({ "changes": changes }).to_string()).await;
        assert_problem(&reply, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
    }
    assert_eq!(service.get("/v1/entries").await.json()["total"], 3);
}
