//! The page's files, and what the API offers for it: rendered answers, questions that do not count, a welcome.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use dayi::config::Settings;
use serde_json::json;

use crate::support::{assert_problem, service};

#[tokio::test]
async fn every_page_is_the_same_shell_under_a_strict_policy() {
    let service = service(Settings::default());
    for path in ["/", "/admin/entries", "/admin/test", "/admin/unanswered", "/admin/dashboard"] {
        let reply = service.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        assert_eq!(reply.content_type(), "text/html; charset=utf-8");
        let policy = reply.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
    }
    let redirect = service.get("/admin").await;
    assert_eq!(redirect.headers[header::LOCATION], "/admin/entries");
    assert_problem(&service.get("/page/nothing.js").await, StatusCode::NOT_FOUND, "/problems/not-found");
    assert_problem(&service.get("/page/..%2Fmod.rs").await, StatusCode::NOT_FOUND, "/problems/not-found");
}

#[tokio::test]
async fn whatever_the_shell_names_is_served_and_only_sent_anew_when_it_changed() {
    let service = service(Settings::default());
    let shell = service.get("/").await.text;
    let named: Vec<&str> =
        shell.split('"').filter(|part| part.starts_with("/page/") && !part.contains(' ')).collect();
    assert!(named.len() > 5, "{named:?}");
    for path in named {
        let reply = service.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        assert_eq!(reply.headers.get_all(header::CONTENT_TYPE).iter().count(), 1);
        assert_eq!(reply.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let tag = reply.headers[header::ETAG].clone();
        let request = Request::get(path).header(header::IF_NONE_MATCH, tag).body(Body::empty()).unwrap();
        let again = service.send(request).await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
    }
}

#[tokio::test]
async fn an_answer_is_rendered_on_request_and_safe() {
    let service = service(Settings::default());
    let answer = "**点这里**<script>alert(1)</script>\n\n[x](javascript:alert(1))";
    let entry = json!({"id": "h-1", "question": "打印机卡纸怎么办", "answer": answer});
    assert_eq!(service.post("/v1/entries", entry.to_string()).await.status, StatusCode::CREATED);
    let preview = service.post("/v1/preview", json!({ "markdown": answer }).to_string()).await.json();
    let rendered = preview["html"].as_str().unwrap();
    assert!(rendered.starts_with("<p><strong>点这里</strong>"), "{rendered}");
    assert!(!rendered.contains("script"), "{rendered}");

    let ask = async |html: bool| {
        let request = json!({"query": "企业微信建的群能解散吗", "html": html, "record": false});
        service.post("/v1/match", request.to_string()).await.json()
    };
    let html = ask(true).await["matches"][0]["answer"]["html"].clone();
    assert_eq!(html.as_str().unwrap().lines().next(), Some("<p>群主可以解散群。</p>"));
    assert!(ask(false).await["matches"][0]["answer"].get("html").is_none());
}

#[tokio::test]
async fn a_question_that_is_only_typed_so_far_does_not_count() {
    let service = service(Settings::default());
    let ask = async |record: bool| {
        let request = json!({"query": "企业微信建的群能解散吗", "record": record});
        service.post("/v1/match", request.to_string()).await.json()["query_id"].clone()
    };
    let (typed, asked) = (ask(false).await, ask(true).await);
    let feedback = async |id: serde_json::Value| {
        service.post("/v1/feedback", json!({"query_id": id, "verdict": "helpful"}).to_string()).await
    };
    assert_problem(&feedback(typed).await, StatusCode::NOT_FOUND, "/problems/not-found");
    assert_eq!(feedback(asked).await.status, StatusCode::NO_CONTENT);
    let counted = service.get("/v1/stats").await.json();
    assert_eq!(counted["questions"]["total"], 1);
    assert!(
        service
            .get("/metrics")
            .await
            .text
            .contains(r#"dayi_decisions_total{space="default",decision="answer"} 1"#)
    );
}

#[tokio::test]
async fn a_welcome_begins_with_what_was_asked_most_and_says_who_helps_on() {
    let service =
        service(Settings { handover_text: Some("请拨打 8000".to_owned()), ..Settings::default() });
    for _ in 0..2 {
        let request = json!({"query": "员工离职了如何进行客户离职继承？"});
        let id = service.post("/v1/match", request.to_string()).await.json()["query_id"].clone();
        // Feedback is stored after the question it is about.
        service.post("/v1/feedback", json!({"query_id": id, "verdict": "helpful"}).to_string()).await;
    }
    let welcome = service.get("/v1/welcome").await.json();
    assert_eq!(welcome["popular"][0], json!({"id": "c-1", "question": "员工离职了如何进行客户离职继承？"}));
    assert_eq!(welcome["popular"].as_array().unwrap().len(), 3);
    assert_eq!((&welcome["handover"], &welcome["entries"]), (&json!("请拨打 8000"), &json!(3)));
}
