//! Where ticket systems call: each hook answers from the space that it names. What is delivered later is in
//! `tests/end_to_end/webhooks.rs`.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use dayi::config::Settings;
use serde_json::json;

use crate::support::{Reply, Service, assert_problem, service};

const QUESTION: &str = "如何建内部群和外部群";

/// Hooks of two spaces, and one of a space that nobody made.
fn hooks() -> Settings {
    let hook = |name: &str, more: &str| {
        format!("[[hooks]]\nname = '{name}'\nverify = 'bearer'\nsecret = 'hunter2'\n{more}\n")
    };
    let (hr, lost) = (hook("hr", "space = 'hr'"), hook("lost", "space = 'nowhere'"));
    toml::from_str(&format!("max_body_bytes = 4096\n{}{hr}{lost}", hook("desk", ""))).unwrap()
}

async fn call(service: &Service, hook: &str, body: String) -> Reply {
    let request = Request::post(format!("/v1/hooks/{hook}")).header(header::AUTHORIZATION, "Bearer hunter2");
    service.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_hook_answers_from_its_own_space() {
    let service = service(hooks());
    service.make_space("hr", QUESTION);
    let ticket = json!({"body": format!("您好，{QUESTION}？")}).to_string();
    for (hook, expected) in [("desk", "g-2"), ("hr", "only-hr")] {
        let reply = call(&service, hook, ticket.clone()).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        assert_eq!(reply.json()["questions"][0]["matches"][0]["id"], expected, "{hook}");
    }
    let reply = call(&service, "lost", ticket).await;
    assert_eq!(
        (reply.status, &reply.json()["type"]),
        (StatusCode::NOT_FOUND, &json!("/problems/unknown-space"))
    );
}

#[tokio::test]
async fn a_hook_or_message_that_is_not_there_is_a_problem_whatever_its_name() {
    let service = service(hooks());
    for path in ["/v1/hooks/none", "/v1/hooks/%FF", "/v1/outbox/%FF/retry"] {
        assert_problem(&service.post(path, "{}").await, StatusCode::NOT_FOUND, "/problems/not-found");
    }
    let picture = service.get("/v1/wecom/pictures/%FF").await;
    assert_problem(&picture, StatusCode::NOT_FOUND, "/problems/not-found");
}

#[tokio::test]
async fn a_list_of_messages_has_a_length_from_1_to_1000() {
    let service = service(hooks());
    for query in ["limit=0", "limit=1001", "limit=-1", "limit=x", "most=1"] {
        let reply = service.get(&format!("/v1/outbox?{query}")).await;
        assert_problem(&reply, StatusCode::BAD_REQUEST, "/problems/malformed");
    }
    let reply = service.get("/v1/outbox?limit=1000").await;
    assert_problem(&reply, StatusCode::NOT_FOUND, "/problems/not-configured");
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_verified() {
    let service = service(hooks());
    for path in ["/v1/hooks/desk", "/v1/wecom/app?msg_signature=a&timestamp=1&nonce=n"] {
        let reply = service.post(path, "x".repeat(5000)).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}: {}", reply.text);
    }
}
