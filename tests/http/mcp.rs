//! `/mcp`: one request, one JSON response, and nobody from elsewhere. The protocol itself is tested with an independent
//! client, see `tests/mcp`.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use dayi::{config::Settings, store};
use serde_json::{Value, json};

use crate::support::{Reply, Service, service};

async fn post(service: &Service, headers: &[(&str, &str)], body: &Value) -> Reply {
    let mut request = Request::post("/mcp")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream");
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, "localhost:8080");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    service.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn call(tool: &str, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

#[tokio::test]
async fn a_search_finds_the_entry_and_nothing_found_is_no_error() {
    let service = service(Settings::default());
    let reply = post(&service, &[], &call("faq_search", &json!({"query": "企业微信建的群能解散吗"}))).await;
    assert!(reply.content_type().starts_with("application/json"), "{}", reply.text);
    let found = &reply.json()["result"];
    assert_eq!(found["structuredContent"]["band"], "answer");
    assert_eq!(found["structuredContent"]["results"][0]["faq_id"], "g-1");

    let reply = post(&service, &[], &call("faq_search", &json!({"query": "zzz"}))).await.json();
    assert_eq!(reply["result"]["structuredContent"]["band"], "none", "{reply}");
    assert_eq!(reply["result"]["isError"], false);
}

#[tokio::test]
async fn searches_are_logged_and_counted_and_looking_up_is_not() {
    let service = service(Settings::default());
    for (tool, arguments) in [
        ("faq_search", json!({"query": "企业微信建的群能解散吗"})),
        ("faq_search", json!({"query": "zzz"})),
        ("faq_search", json!({"query": " "})),
        ("faq_get", json!({"faq_id": "g-1"})),
        ("faq_triage", json!({"body": "如何建内部群和外部群？"})),
    ] {
        post(&service, &[], &call(tool, &arguments)).await;
    }
    service.journal().close().await;
    let connection = rusqlite::Connection::open(service.data.path().join(store::FILE_NAME)).unwrap();
    let mut statement =
        connection.prepare("SELECT channel || '|' || text || '|' || decision FROM queries").unwrap();
    let log: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(log, ["mcp|企业微信建的群能解散吗|answer", "mcp|zzz|no_answer"]);
    let metrics = service.get("/metrics").await.text;
    for decision in ["answer", "no_answer"] {
        let line = format!(r#"dayi_decisions_total{{space="default",decision="{decision}"}} 1"#);
        assert!(metrics.contains(&line), "{line} is missing in\n{metrics}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_of_the_service_is_refused() {
    let service = service(toml::from_str("max_body_bytes = 4096").unwrap());
    for (characters, status) in [(1_000, StatusCode::OK), (2_000, StatusCode::PAYLOAD_TOO_LARGE)] {
        let ticket = call("faq_triage", &json!({"body": "群".repeat(characters)}));
        assert_eq!(post(&service, &[], &ticket).await.status, status, "{characters}");
    }
}

#[tokio::test]
async fn pictures_of_an_answer_have_an_address() {
    let service = service(Settings::default());
    let reference = format!("assets/{}.png", "0123456789abcdef".repeat(4));
    let entry =
        json!({"id": "p-1", "question": "打印机卡纸怎么办", "answer": format!("看图：![]({reference})")});
    assert_eq!(service.post("/v1/entries", entry.to_string()).await.status, StatusCode::CREATED);
    for (tool, arguments, pointer) in [
        ("faq_get", json!({"faq_id": "p-1"}), ""),
        ("faq_search", json!({"query": "打印机卡纸怎么办"}), "/results/0"),
    ] {
        let reply = post(&service, &[], &call(tool, &arguments)).await.json();
        let found = reply["result"]["structuredContent"].pointer(pointer).unwrap();
        assert_eq!(found["images"], json!([format!("/v1/{reference}")]), "{reply}");
        assert_eq!(found["answer_markdown"], format!("看图：![](/v1/{reference})"));
    }
}

#[tokio::test]
async fn other_sites_and_other_names_are_refused() {
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let plain = service(Settings::default());
    let named = service(Settings { mcp_hosts: Some(vec!["faq.example.com".into()]), ..Settings::default() });
    let (key_of_plain, key_of_named) = (plain.key("ask", "*").1, named.key("ask", "*").1);
    for (service, headers, status) in [
        (&plain, vec![], 200),
        (&plain, vec![("origin", "http://localhost:3000")], 200),
        (&plain, vec![("origin", "https://evil.example")], 403),
        (&plain, vec![("host", "faq.example.com")], 403),
        (&named, vec![("host", "faq.example.com")], 200),
        (&named, vec![("host", "faq.example.com"), ("origin", "https://faq.example.com")], 200),
        (&named, vec![("host", "faq.example.com"), ("origin", "https://evil.example")], 403),
    ] {
        let key = if std::ptr::eq(service, &raw const plain) { &key_of_plain } else { &key_of_named };
        let headers: Vec<_> = headers.into_iter().chain([("authorization", key.as_str())]).collect();
        let reply = post(service, &headers, &list).await;
        assert_eq!(reply.status.as_u16(), status, "{headers:?}: {}", reply.text);
    }
}
