//! Drafts that several people change, over HTTP: what `ETag` and `If-Match` mean while an entry is staged.

use axum::http::{Method, StatusCode, header};
use dayi::config::Settings;
use serde_json::{Value, json};

use crate::support::{Reply, Service, assert_problem, service};

const STAGED: &str = "/v1/entries/g-1?draft=true";

async fn stage(service: &Service, etag: &str, patch: &Value) -> Reply {
    service.change(Method::PATCH, STAGED, etag, patch.to_string()).await
}

/// The entry as it is staged, and its `ETag`.
async fn staged(service: &Service) -> (Value, String) {
    let reply = service.get(STAGED).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let etag = reply.headers[header::ETAG].to_str().unwrap().to_owned();
    (reply.json(), etag)
}

#[tokio::test]
async fn of_two_who_read_the_same_draft_the_slower_one_is_refused() {
    let service = service(Settings::default());
    assert_eq!(stage(&service, "\"1\"", &json!({"tags": ["一"]})).await.status, StatusCode::ACCEPTED);
    let late = stage(&service, "\"1\"", &json!({"tags": ["迟"]})).await;
    assert_problem(&late, StatusCode::PRECONDITION_FAILED, "/problems/stale");

    let (first, etag) = staged(&service).await;
    assert_eq!(stage(&service, &etag, &json!({"tags": ["二"]})).await.status, StatusCode::ACCEPTED);
    let late = stage(&service, &etag, &json!({"tags": ["迟"]})).await;
    assert_problem(&late, StatusCode::PRECONDITION_FAILED, "/problems/stale");
    let (second, etag) = staged(&service).await;
    assert_eq!(second["tags"], json!(["二"]));
    assert!(second["revision"].as_u64() > first["revision"].as_u64(), "{second}");
    assert_eq!(etag, format!("\"{}\"", second["revision"]));
    let listed = service.get("/v1/draft").await.json();
    assert_eq!(listed["drafts"][0]["revision"], second["revision"]);

    let published = service.change(Method::PATCH, "/v1/entries/g-1", &etag, r#"{"tags":[]}"#).await;
    assert_problem(&published, StatusCode::PRECONDITION_FAILED, "/problems/stale");
}

#[tokio::test]
async fn a_draft_can_be_changed_after_its_entry_moved_on_and_is_published_once_it_begins_anew() {
    let service = service(Settings::default());
    stage(&service, "\"1\"", &json!({"tags": ["一"]})).await;
    let moved = service.change(Method::PATCH, "/v1/entries/g-1", "*", r#"{"answer":"别人写的"}"#).await;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.text);

    let (mut entry, etag) = staged(&service).await;
    assert_eq!(stage(&service, &etag, &json!({"tags": ["二"]})).await.status, StatusCode::ACCEPTED);
    assert_eq!(stage(&service, "*", &json!({"tags": ["三"]})).await.status, StatusCode::ACCEPTED);
    let refused = service.post("/v1/draft/publish", "").await;
    assert_problem(&refused, StatusCode::CONFLICT, "/problems/conflict");

    // Whoever replaces whatever is there also replaces what was published since.
    entry["tags"] = json!(["四"]);
    let replaced = service.change(Method::PUT, STAGED, "*", entry.to_string()).await;
    assert_eq!(replaced.status, StatusCode::ACCEPTED, "{}", replaced.text);
    assert_eq!(service.post("/v1/draft/publish", "").await.status, StatusCode::OK);
    assert_eq!(service.get("/v1/entries/g-1").await.json()["tags"], json!(["四"]));
}
