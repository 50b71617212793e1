//! Who may do what, in which space: every route of the document is tried.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use dayi::{
    config::Settings,
    keys::{Actor, Grant, Key, NewKey},
    spaces,
};
use serde_json::{Value, json};

use crate::support::{Reply, Service, entry, service, store};

const QUESTION: &str = r#"{"query":"如何建内部群和外部群"}"#;

impl Service {
    /// Makes a key as the command line would; also returns what a client sends.
    fn key(&self, scopes: &str, space: &str) -> (Key, String) {
        let grant = Grant { scopes: scopes.parse().unwrap(), space: space.parse().unwrap() };
        let wanted = NewKey { name: String::new(), grant, expires_at: None };
        let (key, token) = self.app.keys().create(&wanted, &Actor::Cli).unwrap();
        (key, format!("Bearer {}", token.reveal()))
    }

    /// Asks [`QUESTION`] with these headers.
    async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(QUESTION)).unwrap()).await
    }

    async fn ask_with(&self, key: &str) -> StatusCode {
        self.ask("/v1/match", &[("authorization", key)]).await.status
    }

    /// Makes a space with one entry, as another process would.
    fn make_space(&self, name: &str, question: &str) {
        let name = name.parse().unwrap();
        spaces::create(self.data.path(), &name).unwrap();
        let directory = name.directory_in(self.data.path());
        store(&directory, &[entry(&format!("only-{name}"), question, "答案")]);
    }
}

fn first_id(reply: &Reply) -> String {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.json()["matches"][0]["id"].as_str().unwrap_or_default().to_owned()
}

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
    assert_eq!(open, ["GET /healthz", "GET /readyz"]);
}

#[tokio::test]
async fn without_any_key_the_machine_itself_may_do_everything_until_the_first_key_is_made() {
    let service = service(Settings::default());
    assert_eq!(service.ask("/v1/match", &[]).await.status, StatusCode::OK);
    assert_eq!(service.get("/metrics").await.status, StatusCode::OK);
    for headers in [[("host", "faq.example.com")], [("x-forwarded-for", "203.0.113.9")]] {
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
async fn each_space_answers_from_its_own_faq() {
    let service = service(Settings::default());
    service.make_space("hr", "如何建内部群和外部群");
    assert_eq!(first_id(&service.ask("/v1/match", &[]).await), "g-2");
    assert_eq!(first_id(&service.ask("/v1/match?space=default", &[]).await), "g-2");
    let in_hr = service.ask("/v1/match?space=hr", &[]).await;
    assert_eq!(first_id(&in_hr), "only-hr");
    assert_eq!(in_hr.json()["matches"].as_array().unwrap().len(), 1, "nothing of another space is offered");
    assert_eq!(first_id(&service.ask("/v1/match", &[("x-dayi-space", "hr")]).await), "only-hr");

    // A key for one space means that space.
    let (_, token) = service.key("ask", "hr");
    assert_eq!(first_id(&service.ask("/v1/match", &[("authorization", &token)]).await), "only-hr");
    let elsewhere = service.ask("/v1/match?space=default", &[("authorization", &token)]).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    let nowhere = service.ask("/v1/match?space=nowhere", &[("authorization", &token)]).await;
    assert_eq!(
        nowhere.status,
        StatusCode::FORBIDDEN,
        "who may not enter does not learn which spaces there are"
    );
}

#[tokio::test]
async fn an_unknown_space_is_404_and_two_different_ones_are_400() {
    let service = service(Settings::default());
    for space in ["nowhere", "HR", "..%2F..", ""] {
        let reply = service.ask(&format!("/v1/match?space={space}"), &[]).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{space}: {}", reply.text);
        assert_eq!(reply.json()["type"], "/problems/unknown-space");
    }
    let reply = service.ask("/v1/match?space=default", &[("x-dayi-space", "hr")]).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_space_is_served_from_when_it_is_made_until_it_is_deleted() {
    let service = service(Settings::default());
    let ask = async || service.ask("/v1/match?space=hr", &[]).await;
    assert_eq!(ask().await.status, StatusCode::NOT_FOUND);
    service.make_space("hr", "年假怎么请");
    assert_eq!(first_id(&ask().await), "only-hr");
    let metrics = service.get("/metrics").await.text;
    assert!(metrics.contains(r#"dayi_entries{space="hr"} 1"#), "{metrics}");

    let name = "hr".parse().unwrap();
    spaces::delete(service.data.path(), &name).unwrap();
    assert_eq!(ask().await.status, StatusCode::NOT_FOUND);
    spaces::create(service.data.path(), &name).unwrap();
    let reply = ask().await;
    assert_eq!(
        reply.json()["decision"],
        "no_answer",
        "nothing of the deleted space comes back: {}",
        reply.text
    );
    assert_eq!(reply.json()["matches"], json!([]));
}

#[tokio::test]
async fn many_who_ask_first_open_a_space_once() {
    let service = std::sync::Arc::new(service(Settings::default()));
    service.make_space("hr", "年假怎么请");
    let asked: Vec<_> = (0..8)
        .map(|_| {
            let service = service.clone();
            tokio::spawn(async move { first_id(&service.ask("/v1/match?space=hr", &[]).await) })
        })
        .collect();
    for answer in asked {
        assert_eq!(answer.await.unwrap(), "only-hr");
    }
    assert_eq!(service.app.spaces().all_opened().len(), 2);
}

#[tokio::test]
async fn a_damaged_space_is_500_and_the_others_go_on() {
    let service = service(Settings::default());
    service.make_space("hr", "年假怎么请");
    let name: dayi::faq::SpaceName = "hr".parse().unwrap();
    let file = name.directory_in(service.data.path()).join(dayi::store::FILE_NAME);
    std::fs::write(file, "no database".repeat(99)).unwrap();
    let reply = service.ask("/v1/match?space=hr", &[]).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!reply.text.contains("sqlite"), "the inside is shown: {}", reply.text);
    assert_eq!(service.ask("/v1/match", &[]).await.status, StatusCode::OK);
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
async fn an_admin_makes_and_deletes_spaces() {
    let service = service(Settings::default());
    let delete = async |name: &str| {
        let request = Request::delete(format!("/v1/spaces/{name}")).body(Body::empty()).unwrap();
        service.send(request).await.status
    };
    let make = async |name: &str| service.post("/v1/spaces", json!({"name": name}).to_string()).await;
    let made = make("hr").await;
    assert_eq!(
        (made.status, &made.headers[header::LOCATION]),
        (StatusCode::CREATED, &"/v1/spaces/hr".parse().unwrap())
    );
    assert_eq!(make("hr").await.status, StatusCode::CONFLICT);
    assert_eq!(make("default").await.status, StatusCode::CONFLICT);
    assert_eq!(make("../x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let expected = json!({"spaces": [
        {"name": "default", "entries": 3, "index_version": 1},
        {"name": "hr", "entries": 0, "index_version": 0},
    ]});
    assert_eq!(service.get("/v1/spaces").await.json(), expected);
    assert_eq!(delete("hr").await, StatusCode::NO_CONTENT);
    assert_eq!(delete("hr").await, StatusCode::NOT_FOUND);
    assert_eq!(delete("default").await, StatusCode::CONFLICT);
    let audit = service.get("/v1/audit").await.json();
    assert_eq!(audit["changes"][0]["action"], "space.deleted");
    assert_eq!(audit["changes"][0]["actor"], "local");
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
