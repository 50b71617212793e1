//! Where 企业微信 calls, as far as nothing is encrypted; the rest is in `tests/end_to_end/wecom.rs`.

use axum::http::StatusCode;
use dayi::config::Settings;

use crate::support::service;

const SIGNED: &str = "msg_signature=a&timestamp=1700000000&nonce=n";

#[tokio::test]
async fn a_callback_that_is_not_set_up_is_not_found_and_says_what_is_missing() {
    let service = service(Settings::default());
    for (path, table) in [("/v1/wecom/app", "[wecom.app]"), ("/v1/wecom/bot", "[wecom.bot]")] {
        let verified = service.get(&format!("{path}?{SIGNED}&echostr=e")).await;
        let posted = service.post(&format!("{path}?{SIGNED}"), "{}").await;
        for reply in [verified, posted] {
            assert_eq!(reply.status, StatusCode::NOT_FOUND, "{}", reply.text);
            let problem = reply.json();
            assert_eq!(problem["type"], "/problems/not-configured");
            assert!(problem["detail"].as_str().unwrap().contains(table), "{problem}");
        }
    }
    let name = "0".repeat(64);
    let picture = service.get(&format!("/v1/wecom/pictures/{name}.png")).await;
    assert_eq!(picture.json()["type"], "/problems/not-configured");
}

#[tokio::test]
async fn a_call_without_a_signature_is_a_problem_too() {
    let service = service(Settings::default());
    for path in ["/v1/wecom/app", "/v1/wecom/bot?echostr=e", "/v1/wecom/bot?msg_signature=a&nonce=n"] {
        let reply = service.get(path).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.text);
        assert_eq!(reply.content_type(), "application/problem+json");
    }
}
