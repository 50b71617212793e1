//! Who may do what, in which space: every route of the document is tried.

use std::{collections::BTreeSet, net::SocketAddr};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use dayi::{config::Settings, keys::Actor};
use serde_json::{Value, json};

use crate::support::{QUESTION, Service, assert_problem, service};

/// `(method, path, scope)` of every route in the OpenAPI document: no scope where no key is needed, an empty one where
/// any key will do.
async fn routes(service: &Service) -> Vec<(Method, String, Option<String>)> {
    let document = service.get("/openapi.json").await.json();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = ["get", "put", "post", "delete", "patch", "head", "options", "trace", "query"];
        for method in methods.into_iter().filter(|method| item.get(method).is_some()) {
            let scope = item[method]["security"][0]["key"]
                .as_array()
                .map(|scopes| scopes.iter().map(|scope| scope.as_str().unwrap()).collect::<String>());
            routes.push((method.to_uppercase().parse().unwrap(), path.clone(), scope));
        }
    }
    assert!(routes.len() >= 5, "{routes:?}");
    routes
}

#[tokio::test]
async fn every_route_refuses_who_has_no_key_the_wrong_scope_or_another_space() {
    let service = service(Settings::default());
    service.make_space("hr", "年假怎么请");
    let (_, elsewhere) = service.key("admin", "hr");
    let all = ["ask", "feedback", "edit"];
    let key_without = |scope: &str| {
        let others: Vec<&str> = all.into_iter().filter(|other| *other != scope).collect();
        service.key(&others.join(","), "*").1
    };
    for (method, path, scope) in routes(&service).await {
        let Some(scope) = scope else { continue };
        let call = async |key: Option<&str>| {
            let path = path.replace(['{', '}'], "");
            let mut request = Request::builder().method(&method).uri(format!("{path}?space=default"));
            if let Some(key) = key {
                request = request.header(header::AUTHORIZATION, key);
            }
            service.send(request.body(Body::empty()).unwrap()).await
        };
        let told = format!("{method} {path} {scope}");
        let refused = call(None).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{told}: {}", refused.text);
        assert_eq!(refused.headers[header::WWW_AUTHENTICATE], "Bearer realm=\"dayi\"");
        assert_eq!(refused.content_type(), "application/problem+json");
        let lacking = (!scope.is_empty()).then(|| key_without(&scope));
        for wrong in lacking.into_iter().chain([elsewhere.clone()]) {
            let refused = call(Some(&wrong)).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{told}: {}", refused.text);
            assert_eq!(refused.json()["type"], "/problems/forbidden");
        }
        let (_, right) = service.key(if scope.is_empty() { "feedback" } else { &scope }, "*");
        let status = call(Some(&right)).await.status;
        assert!(![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status), "{told}: {status}");
    }
}

#[tokio::test]
async fn only_these_routes_need_no_key() {
    let open: Vec<String> = routes(&service(Settings::default()))
        .await
        .into_iter()
        .filter(|(_, _, scope)| scope.is_none())
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let signed = [
        "POST /v1/hooks/{name}",
        "GET /v1/wecom/app",
        "POST /v1/wecom/app",
        "GET /v1/wecom/bot",
        "POST /v1/wecom/bot",
        "GET /v1/wecom/pictures/{name}",
    ];
    let open: BTreeSet<&str> = open.iter().map(String::as_str).collect();
    let expected: BTreeSet<&str> =
        ["GET /healthz", "GET /readyz", "GET /v1/session", "POST /v1/session", "DELETE /v1/session"]
            .into_iter()
            .chain(signed)
            .collect();
    assert_eq!(open, expected);
}

#[tokio::test]
async fn without_any_key_the_machine_itself_may_do_everything_until_the_first_key_is_made() {
    let service = service(Settings::default());
    assert_eq!(service.ask("/v1/match", &[]).await.status, StatusCode::OK);
    assert_eq!(service.get("/metrics").await.status, StatusCode::OK);
    for headers in [
        [("host", "faq.example.com")],
        [("x-forwarded-for", "203.0.113.9")],
        [("x-real-ip", "203.0.113.9")],
        [("via", "1.1 proxy")],
    ] {
        let reply = service.ask("/v1/match", &headers).await;
        assert_eq!(
            reply.status,
            StatusCode::UNAUTHORIZED,
            "a proxy brings callers from elsewhere: {headers:?}"
        );
    }

    let (key, token) = service.key("ask", "*");
    assert_eq!(service.ask("/v1/match", &[]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(service.ask_with(&token).await, StatusCode::OK);
    service.app.keys().revoke(key.id, &Actor::Cli).unwrap();
    let refused = service.ask("/v1/match", &[("authorization", &token)]).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json()["detail"], "this key was revoked");
    assert_eq!(service.ask("/v1/match", &[]).await.status, StatusCode::UNAUTHORIZED, "it stays closed");
}

#[tokio::test]
async fn who_listens_to_other_machines_lets_nobody_in_without_a_key() {
    let settings = Settings { listen: Some("0.0.0.0:8080".parse().unwrap()), ..Settings::default() };
    let service = service(settings);
    assert_eq!(service.ask("/v1/match", &[("host", "localhost")]).await.status, StatusCode::UNAUTHORIZED);
    let mcp = Request::post("/mcp").header(header::HOST, "localhost").body(Body::empty()).unwrap();
    assert_eq!(
        service.send(mcp).await.status,
        StatusCode::UNAUTHORIZED,
        "it is in no document, and guarded all the same"
    );
    assert_eq!(service.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn anonymous_callers_that_are_let_in_may_ask_in_the_default_space_and_nothing_else() {
    let service = service(Settings { allow_anonymous: Some(true), ..Settings::default() });
    service.make_space("hr", "年假怎么请");
    assert_eq!(service.ask("/v1/match", &[]).await.status, StatusCode::OK);
    assert_eq!(service.ask("/v1/match?space=hr", &[]).await.status, StatusCode::FORBIDDEN);
    for (method, path, scope) in routes(&service).await {
        if scope.is_some_and(|scope| !["", "ask", "feedback"].contains(&scope.as_str())) {
            let path = path.replace(['{', '}'], "");
            let request = Request::builder().method(&method).uri(&path).body(Body::empty()).unwrap();
            assert_eq!(service.send(request).await.status, StatusCode::FORBIDDEN, "{method} {path}");
        }
    }
    assert_eq!(service.get("/metrics").await.status, StatusCode::FORBIDDEN);
    let (_, token) = service.key("ask", "hr");
    assert_eq!(service.ask("/v1/match?space=hr", &[("authorization", &token)]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_key_is_refused_without_saying_more() {
    let service = service(Settings::default());
    let (_, token) = service.key("ask", "*");
    let cut = &token[..token.len() - 1];
    let other = format!("{}{}", cut, if token.ends_with('A') { 'E' } else { 'A' });
    for header in
        ["", "Bearer", "Bearer ", "Basic YTpi", cut, &other, &token["Bearer ".len()..], "Bearer dayi_x_y"]
    {
        let reply = service.ask("/v1/match", &[("authorization", header)]).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{header}: {}", reply.text);
        assert!(!reply.text.contains(&token[40..]), "{}", reply.text);
    }
    assert_eq!(service.ask_with(&token.replace("Bearer", "bearer")).await, StatusCode::OK);
}

#[tokio::test]
async fn a_key_that_calls_too_often_is_429_and_no_other_one_is() {
    let service = service(Settings { key_rate_limit: Some(2), ..Settings::default() });
    let ((_, often), (_, other)) = (service.key("ask", "*"), service.key("ask", "*"));
    assert_eq!(service.ask_with(&often).await, StatusCode::OK);
    assert_eq!(service.ask_with(&often).await, StatusCode::OK);
    let refused = service.ask("/v1/match", &[("authorization", &often)]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.json()["type"], "/problems/too-often");
    let wait: u32 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(service.ask_with(&other).await, StatusCode::OK);
}

#[tokio::test]
async fn an_address_that_asks_without_a_key_or_tries_keys_is_limited_and_no_other_one_is() {
    let settings =
        Settings { allow_anonymous: Some(true), anonymous_rate_limit: Some(2), ..Settings::default() };
    let service = service(settings);
    let (_, token) = service.key("ask", "*");
    let from = async |address: &str, key: Option<&str>| {
        let mut request = Request::post("/v1/match").header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header(header::AUTHORIZATION, key);
        }
        let mut request = request.body(Body::from(QUESTION)).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address.parse().unwrap(), 40_000)));
        service.send(request).await.status
    };
    let wrong = "Bearer dayi_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(from("203.0.113.1", None).await, StatusCode::OK);
    assert_eq!(from("203.0.113.1", Some(wrong)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(from("203.0.113.1", Some(wrong)).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from("203.0.113.1", None).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from("203.0.113.2", None).await, StatusCode::OK);
    assert_eq!(from("203.0.113.1", Some(&token)).await, StatusCode::OK, "a key has its own allowance");
}

#[tokio::test]
async fn a_key_learns_what_it_may_do() {
    let service = service(Settings::default());
    service.make_space("hr", "年假怎么请");
    assert_eq!(service.get("/v1/access").await.json()["actor"], "local");
    let (key, token) = service.key("ask,feedback", "hr");
    let request =
        Request::get("/v1/access").header(header::AUTHORIZATION, token).body(Body::empty()).unwrap();
    let told = service.send(request).await.json();
    let expected = json!({"actor": format!("key {}", key.id), "scopes": ["ask", "feedback"], "space": "hr"});
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_admin_makes_and_revokes_keys_and_is_named_in_the_audit() {
    let service = service(Settings::default());
    let (admin, token) = service.key("admin", "*");
    let call = async |method: Method, path: &str, body: Value| {
        let request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, &token);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        service.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let made = call(Method::POST, "/v1/keys", json!({"scopes": ["ask"], "name": "门户"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(made.headers[header::CACHE_CONTROL], "no-store");
    let made = made.json();
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    assert_eq!(service.ask_with(&bearer).await, StatusCode::OK);

    let listed = call(Method::GET, "/v1/keys", Value::Null).await;
    assert_eq!(listed.json()["keys"][1]["id"], made["id"]);
    assert!(!listed.text.contains(&bearer[40..]), "no list shows a secret");
    let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(call(Method::DELETE, &path, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(service.ask_with(&bearer).await, StatusCode::UNAUTHORIZED);

    let audit = call(Method::GET, "/v1/audit?limit=2", Value::Null).await.json();
    let told = |nth: usize| (audit["changes"][nth]["action"].clone(), audit["changes"][nth]["actor"].clone());
    let by_admin = json!(format!("key {}", admin.id));
    assert_eq!(told(0), (json!("key.revoked"), by_admin.clone()));
    assert_eq!(told(1), (json!("key.created"), by_admin));
    assert_eq!(audit["changes"].as_array().unwrap().len(), 2);
    for query in ["limit=0", "limit=1001", "limit=-1", "lmit=1"] {
        let refused = call(Method::GET, &format!("/v1/audit?{query}"), Value::Null).await;
        assert_problem(&refused, StatusCode::BAD_REQUEST, "/problems/malformed");
    }
}

#[tokio::test]
async fn a_key_that_cannot_work_is_422_and_an_unknown_one_404() {
    let service = service(Settings::default());
    for (body, pointer) in [
        (json!({"scopes": []}), "/scopes"),
        (json!({"scopes": ["read"]}), "/scopes/0"),
        (json!({"scopes": ["ask"], "space": "nowhere"}), "/space"),
        (json!({"scopes": ["ask"], "space": "人事"}), "/space"),
        (json!({"scopes": ["ask"], "name": "长".repeat(101)}), "/name"),
        (json!({"scopes": ["ask"], "expires_at": "2020-01-01T00:00:00Z"}), "/expires_at"),
    ] {
        let reply = service.post("/v1/keys", body.to_string()).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", reply.text);
        assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{body}: {}", reply.text);
    }
    for id in ["0123456789abcdef", "x", "dayi_0123456789abcdef_geheim-geheim"] {
        let request = Request::delete(format!("/v1/keys/{id}")).body(Body::empty()).unwrap();
        let reply = service.send(request).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert!(!reply.text.contains("geheim"), "{}", reply.text);
    }
    assert_eq!(service.get("/v1/keys").await.json(), json!({"keys": []}));
}

#[tokio::test]
async fn the_document_says_how_to_send_a_key_and_a_space() {
    let document: Value = service(Settings::default()).get("/openapi.json").await.json();
    assert_eq!(document["components"]["securitySchemes"]["key"]["scheme"], "bearer");
    let ask = &document["paths"]["/v1/match"]["post"];
    assert_eq!(ask["security"], json!([{"key": ["ask"]}]));
    assert!(
        ask["parameters"].as_array().unwrap().iter().any(|parameter| parameter["name"] == "space"),
        "{ask}"
    );
    for status in ["401", "403", "404", "429"] {
        assert!(ask["responses"][status]["content"]["application/problem+json"].is_object(), "{status}");
    }
}
