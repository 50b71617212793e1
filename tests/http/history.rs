//! History, undo, rollback and drafts over HTTP.

use axum::http::{Method, StatusCode};
use dayi::config::Settings;
use serde_json::{Value, json};

use crate::support::{Service, assert_problem, service};

async fn question_of(service: &Service, id: &str) -> Value {
    service.get(&format!("/v1/entries/{id}")).await.json()["question"].clone()
}

async fn put(service: &Service, id: &str, question: &str) {
    let patch = json!({ "question": question }).to_string();
    let reply = service.change(Method::PATCH, &format!("/v1/entries/{id}"), "*", patch).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
}

#[tokio::test]
async fn every_change_is_listed_newest_first_page_by_page() {
    let service = service(Settings::default());
    put(&service, "g-1", "会议室怎么预定").await;
    let page = service.get("/v1/history?limit=2").await.json();
    let change = &page["changes"][0];
    assert_eq!(
        (&change["change"], &change["version"], &change["entry"]),
        (&json!(4), &json!(2), &json!("g-1"))
    );
    assert_eq!((&change["action"], change["at"].is_string()), (&json!("edit"), true));
    assert_eq!(change["before"]["question"], "企业微信建的群能解散吗？");
    assert_eq!(change["after"]["question"], "会议室怎么预定");
    assert_eq!(page["next_before"], 3);
    let next = service.get("/v1/history?limit=2&before=3").await.json();
    assert_eq!((next["changes"].as_array().unwrap().len(), next.get("next_before")), (2, None));
    let of_entry = service.get("/v1/history?entry=c-1").await.json();
    assert_eq!(of_entry["changes"].as_array().unwrap().len(), 1);
    for query in ["limit=0", "limit=501", "before=x", "entry=a%20b", "who=me"] {
        let reply = service.get(&format!("/v1/history?{query}")).await;
        assert_problem(&reply, StatusCode::BAD_REQUEST, "/problems/malformed");
    }
}

#[tokio::test]
async fn a_change_is_undone_unless_the_entry_was_changed_again() {
    let service = service(Settings::default());
    put(&service, "g-1", "会议室怎么预定").await;
    put(&service, "g-1", "打印机卡纸怎么办").await;
    let refused = service.post("/v1/history/4/undo", "").await;
    let problem = assert_problem(&refused, StatusCode::CONFLICT, "/problems/conflict");
    assert!(problem["detail"].as_str().unwrap().contains("change 5"), "{problem}");

    let undone = service.post("/v1/history/5/undo", "").await.json();
    let wanted = json!({"version": 4, "results": [{"id": "g-1", "outcome": "changed", "revision": 4}]});
    assert_eq!(undone, wanted);
    assert_eq!(question_of(&service, "g-1").await, "会议室怎么预定");
    let found = service.post("/v1/match", r#"{"query":"会议室怎么预定"}"#).await.json();
    assert_eq!((&found["matches"][0]["id"], &found["index_version"]), (&json!("g-1"), &json!(4)));
    for change in ["99", "x", "-1"] {
        let reply = service.post(&format!("/v1/history/{change}/undo"), "").await;
        let problem = assert_problem(&reply, StatusCode::NOT_FOUND, "/problems/not-found");
        let said = problem["detail"].as_str().unwrap();
        assert!(said.starts_with(&format!("there is no change {change}")), "{said}");
    }
}

#[tokio::test]
async fn a_rollback_brings_everything_back_as_one_version() {
    let service = service(Settings::default());
    put(&service, "g-1", "会议室怎么预定").await;
    service.change(Method::DELETE, "/v1/entries/c-1", "*", "").await;
    service.post("/v1/entries", r#"{"id":"new","question":"打印机卡纸怎么办"}"#).await;
    let back = service.post("/v1/rollback", r#"{"version":1}"#).await.json();
    assert_eq!((&back["version"], back["results"].as_array().unwrap().len()), (&json!(5), 3));
    assert_eq!(question_of(&service, "g-1").await, "企业微信建的群能解散吗？");
    assert_eq!(service.get("/v1/entries").await.json()["total"], 3);
    let refused = service.post("/v1/rollback", r#"{"version":9}"#).await;
    let problem = assert_problem(&refused, StatusCode::CONFLICT, "/problems/conflict");
    assert!(problem["detail"].as_str().unwrap().contains("from 0 to 5"), "{problem}");
}

#[tokio::test]
async fn a_draft_changes_nothing_until_it_is_published() {
    let service = service(Settings::default());
    let staged =
        service.post("/v1/entries?draft=true", r#"{"id":"p-1","question":"打印机卡纸怎么办"}"#).await;
    assert_eq!((staged.status, staged.json()), (StatusCode::ACCEPTED, json!({"staged": ["p-1"]})));
    let patch = r#"{"question":"会议室怎么预定"}"#;
    let staged = service.change(Method::PATCH, "/v1/entries/g-1?draft=true", "\"1\"", patch).await;
    assert_eq!(staged.status, StatusCode::ACCEPTED, "{}", staged.text);
    // A further change of the draft builds on the one before.
    let patch = r#"{"tags":["会议"]}"#;
    let etag = service.get("/v1/entries/g-1?draft=true").await.headers[axum::http::header::ETAG].clone();
    let again =
        service.change(Method::PATCH, "/v1/entries/g-1?draft=true", etag.to_str().unwrap(), patch).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text);
    let changes = r#"{"changes":[{"op":"delete","id":"c-1"}]}"#;
    assert_eq!(service.post("/v1/entries/bulk?draft=true", changes).await.status, StatusCode::ACCEPTED);

    assert_eq!(service.get("/readyz").await.json()["index_version"], 1);
    assert_eq!(question_of(&service, "g-1").await, "企业微信建的群能解散吗？");
    let seen = service.get("/v1/entries/g-1?draft=true").await.json();
    assert_eq!((&seen["question"], &seen["tags"]), (&json!("会议室怎么预定"), &json!(["会议"])));
    assert_problem(
        &service.get("/v1/entries/c-1?draft=true").await,
        StatusCode::NOT_FOUND,
        "/problems/not-found",
    );
    let drafts = service.get("/v1/draft").await.json();
    let listed: Vec<_> =
        drafts["drafts"].as_array().unwrap().iter().map(|d| (&d["id"], &d["base"])).collect();
    let one = json!(1);
    assert_eq!(listed, [(&json!("p-1"), &Value::Null), (&json!("g-1"), &one), (&json!("c-1"), &one)]);

    let published = service.post("/v1/draft/publish", "").await.json();
    assert_eq!((&published["version"], published["results"].as_array().unwrap().len()), (&json!(2), 3));
    assert_eq!(question_of(&service, "g-1").await, "会议室怎么预定");
    let found = service.post("/v1/match", r#"{"query":"打印机卡纸怎么办"}"#).await.json();
    assert_eq!(found["matches"][0]["id"], "p-1");
    let empty = service.post("/v1/draft/publish", "").await;
    assert_problem(&empty, StatusCode::CONFLICT, "/problems/conflict");
}

#[tokio::test]
async fn a_draft_that_somebody_overtook_is_not_published_and_can_be_thrown_away() {
    let service = service(Settings::default());
    let patch = r#"{"question":"会议室怎么预定"}"#;
    service.change(Method::PATCH, "/v1/entries/g-1?draft=true", "*", patch).await;
    service.change(Method::PATCH, "/v1/entries/g-2?draft=true", "*", patch).await;
    put(&service, "g-1", "打印机卡纸怎么办").await;
    let refused = service.post("/v1/draft/publish", "").await;
    let problem = assert_problem(&refused, StatusCode::CONFLICT, "/problems/conflict");
    assert!(problem["detail"].as_str().unwrap().contains("g-1"), "{problem}");
    let stale = service.change(Method::PATCH, "/v1/entries/g-1?draft=true", "\"1\"", patch).await;
    assert_problem(&stale, StatusCode::PRECONDITION_FAILED, "/problems/stale");

    let gone = service.change(Method::DELETE, "/v1/draft/g-1", "*", "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let again = service.change(Method::DELETE, "/v1/draft/g-1", "*", "").await;
    assert_problem(&again, StatusCode::NOT_FOUND, "/problems/not-found");
    assert_eq!(service.change(Method::DELETE, "/v1/draft", "*", "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(service.get("/v1/draft").await.json(), json!({"drafts": []}));
    assert_eq!(question_of(&service, "g-2").await, "如何建内部群和外部群？");
}

#[tokio::test]
async fn an_invalid_draft_is_refused_like_any_entry() {
    let service = service(Settings::default());
    let reply = service.post("/v1/entries?draft=true", r#"{"question":"？"}"#).await;
    assert_problem(&reply, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
    let reply = service.post("/v1/entries?draft=true", r#"{"id":"g-1","question":"问"}"#).await;
    assert_problem(&reply, StatusCode::CONFLICT, "/problems/conflict");
    assert_eq!(service.get("/v1/draft").await.json(), json!({"drafts": []}));
}
