//! Signing in on the page: the key in a cookie, and the proof that a request comes from the page.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use dayi::{config::Settings, keys::Actor};
use serde_json::json;

use crate::support::{QUESTION, Reply, Service, assert_problem, service};

struct SignedIn {
    cookie: String,
    csrf: String,
}

async fn sign_in(service: &Service, bearer: &str) -> SignedIn {
    let key = bearer.strip_prefix("Bearer ").unwrap();
    let reply = service.post("/v1/session", json!({ "key": key }).to_string()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let set = reply.headers[header::SET_COOKIE].to_str().unwrap();
    for attribute in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(set.contains(attribute), "{set}");
    }
    let csrf = reply.json()["csrf"].as_str().unwrap().to_owned();
    assert!(!reply.text.contains(key) && !csrf.contains(key), "no script ever sees the key");
    SignedIn { cookie: set.split(';').next().unwrap().to_owned(), csrf }
}

async fn call(service: &Service, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut request =
        Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    service.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_cookie_reads_and_changes_only_with_the_proof_that_the_page_sends_it() {
    let service = service(Settings::default());
    let (_, edit) = service.key("ask,edit", "*");
    let SignedIn { cookie, csrf } = sign_in(&service, &edit).await;
    let cookie = ("cookie", cookie.as_str());
    assert_eq!(call(&service, Method::GET, "/v1/entries", &[cookie], "").await.status, StatusCode::OK);

    let entry = r#"{"id":"p-1","question":"打印机卡纸怎么办"}"#;
    for wrong in ["", "x", &csrf[1..]] {
        let headers = [cookie, ("x-dayi-csrf", wrong)];
        let refused = call(&service, Method::POST, "/v1/entries", &headers, entry).await;
        assert_problem(&refused, StatusCode::FORBIDDEN, "/problems/forbidden");
    }
    let without = call(&service, Method::POST, "/v1/match", &[cookie], QUESTION).await;
    assert_problem(&without, StatusCode::FORBIDDEN, "/problems/forbidden");
    let proven = [cookie, ("x-dayi-csrf", csrf.as_str())];
    assert_eq!(call(&service, Method::POST, "/v1/entries", &proven, entry).await.status, StatusCode::CREATED);
    assert_eq!(call(&service, Method::POST, "/v1/match", &proven, QUESTION).await.status, StatusCode::OK);
    let beyond = call(&service, Method::GET, "/v1/keys", &proven, "").await;
    assert_problem(&beyond, StatusCode::FORBIDDEN, "/problems/forbidden");
    let history = call(&service, Method::GET, "/v1/history", &[cookie], "").await.json();
    assert!(history["changes"][0]["actor"].as_str().unwrap().starts_with("key "), "{history}");
}

#[tokio::test]
async fn a_session_says_who_calls_and_ends_with_its_key_or_by_signing_out() {
    let service = service(Settings::default());
    let session =
        async |headers: &[(&str, &str)]| call(&service, Method::GET, "/v1/session", headers, "").await;
    assert_eq!(session(&[]).await.json()["actor"], "local");
    let (key, ask) = service.key("ask", "default");
    assert_eq!(session(&[]).await.json()["actor"], json!(null), "from the first key on, one has to sign in");
    let SignedIn { cookie, csrf } = sign_in(&service, &ask).await;
    let known = session(&[("cookie", &format!("other=1; {cookie}"))]).await.json();
    assert_eq!((&known["scopes"], &known["space"]), (&json!(["ask"]), &json!("default")));
    assert_eq!(known["csrf"], csrf.as_str());

    let out = call(&service, Method::DELETE, "/v1/session", &[("cookie", &cookie)], "").await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.headers[header::SET_COOKIE].to_str().unwrap().starts_with("dayi_session=; "));

    service.app.keys().revoke(key.id, &Actor::Cli).unwrap();
    let ended = session(&[("cookie", &cookie)]).await;
    assert_eq!(ended.json()["actor"], json!(null));
    assert!(ended.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    let refused = call(&service, Method::GET, "/v1/welcome", &[("cookie", &cookie)], "").await;
    assert_problem(&refused, StatusCode::UNAUTHORIZED, "/problems/unauthorized");
}

#[tokio::test]
async fn what_is_no_key_signs_nobody_in() {
    let service = service(Settings::default());
    let (_, key) = service.key("ask", "*");
    let last = if key.ends_with('A') { 'E' } else { 'A' };
    let changed = format!("{}{last}", &key["Bearer ".len()..key.len() - 1]);
    for wrong in ["", "dayi_", "小明", &changed] {
        let refused = service.post("/v1/session", json!({ "key": wrong }).to_string()).await;
        assert_problem(&refused, StatusCode::UNAUTHORIZED, "/problems/unauthorized");
        assert!(refused.headers.get(header::SET_COOKIE).is_none());
    }
    let behind_tls = Request::post("/v1/session")
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-forwarded-proto", "https")
        .body(Body::from(json!({ "key": &key["Bearer ".len()..] }).to_string()))
        .unwrap();
    let reply = service.send(behind_tls).await;
    assert!(reply.headers[header::SET_COOKIE].to_str().unwrap().ends_with("; Secure"));
}
