//! Several FAQs in one service: each is asked and changed on its own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use dayi::{assets::Picture, config::Settings, faq::SpaceName, spaces, store::FILE_NAME};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    files::PIXEL,
    support::{Reply, Service, service},
};

fn first_id(reply: &Reply) -> String {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.json()["matches"][0]["id"].as_str().unwrap_or_default().to_owned()
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
    let service = Arc::new(service(Settings::default()));
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
    let name: SpaceName = "hr".parse().unwrap();
    let file = name.directory_in(service.data.path()).join(FILE_NAME);
    std::fs::write(file, "no database".repeat(99)).unwrap();
    let reply = service.ask("/v1/match?space=hr", &[]).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!reply.text.contains("sqlite"), "the inside is shown: {}", reply.text);
    assert_eq!(service.ask("/v1/match", &[]).await.status, StatusCode::OK);
    let listed = service.get("/v1/spaces").await;
    let expected = json!({"spaces": [
        {"name": "default", "entries": 3, "index_version": 1},
        {"name": "hr", "entries": null, "index_version": null},
    ]});
    assert_eq!((listed.status, listed.json()), (StatusCode::OK, expected));
}

#[tokio::test]
async fn a_picture_for_a_space_that_is_deleted_meanwhile_does_not_bring_its_folder_back() {
    let service = service(Settings::default());
    service.make_space("hr", "年假怎么请");
    let name: SpaceName = "hr".parse().unwrap();
    // What a request holds that began before the space was deleted.
    let held = service.app.space(name.clone()).await.unwrap();
    spaces::delete(service.data.path(), &name).unwrap();
    let picture = Picture::new(b"GIF89a1".to_vec()).unwrap();
    assert!(held.assets().keep([&picture]).is_err());
    assert!(!name.directory_in(service.data.path()).exists());
    let made = service.post("/v1/spaces", json!({"name": "hr"}).to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
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
        (made.status, made.json()),
        (StatusCode::CREATED, json!({"name": "hr", "entries": 0, "index_version": 0}))
    );
    assert!(!made.headers.contains_key(header::LOCATION), "nothing is to be read there");
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
async fn keys_of_a_deleted_space_do_not_open_another_one_of_its_name() {
    let service = service(Settings::default());
    let ((_, of_all), _) = (service.key("admin", "*"), service.key("ask", "default"));
    service.make_space("hr", "年假怎么请");
    let (of_hr, token) = service.key("ask", "hr");
    assert_eq!(service.ask_with(&token).await, StatusCode::OK);
    let deleted = call(&service, &of_all, Method::DELETE, "/v1/spaces/hr", Value::Null).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    service.make_space("hr", "工资条在哪里看");
    assert_eq!(service.ask_with(&token).await, StatusCode::UNAUTHORIZED);
    let keys = service.app.keys().list().unwrap();
    let revoked: Vec<_> = keys.iter().filter(|key| key.revoked_at.is_some()).map(|key| key.id).collect();
    assert_eq!(revoked, [of_hr.id], "keys of other spaces stay");
    let audit = call(&service, &of_all, Method::GET, "/v1/audit?limit=2", Value::Null).await.json();
    let actions = [&audit["changes"][0]["action"], &audit["changes"][1]["action"]];
    assert_eq!(actions, ["space.deleted", "key.revoked"]);
}

/// Calls with a key, and the revision `*`.
async fn call(service: &Service, key: &str, method: Method, path: &str, body: Value) -> Reply {
    let request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, key);
    let request = request.header(header::CONTENT_TYPE, "application/json").header(header::IF_MATCH, "*");
    service.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn entries_history_and_drafts_of_one_space_are_not_seen_from_another() {
    let service = service(Settings::default());
    service.make_space("hr", "年假怎么请");
    let ((key, of_hr), (_, elsewhere)) = (service.key("ask,edit", "hr"), service.key("ask,edit", "default"));
    let hr = async |method, path: &str, body| call(&service, &of_hr, method, path, body).await;
    let default = async |method, path: &str, body| call(&service, &elsewhere, method, path, body).await;

    let created = hr(Method::POST, "/v1/entries", json!({"id": "g-1", "question": "如何报销差旅费"})).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let location = created.headers[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(location, "/v1/entries/g-1?space=hr");
    assert_eq!(hr(Method::GET, &location, Value::Null).await.text, created.text);
    assert_eq!(default(Method::GET, &location, Value::Null).await.status, StatusCode::FORBIDDEN);
    let same_id = default(Method::GET, "/v1/entries/g-1", Value::Null).await.json();
    assert_eq!(same_id["question"], "企业微信建的群能解散吗？");

    let draft = json!({"question": "如何报销打车费"});
    let staged = hr(Method::PATCH, "/v1/entries/g-1?draft=true&space=hr", draft).await;
    assert_eq!(staged.status, StatusCode::ACCEPTED, "{}", staged.text);
    assert_eq!(default(Method::GET, "/v1/draft", Value::Null).await.json(), json!({"drafts": []}));
    assert_eq!(default(Method::POST, "/v1/draft/publish", Value::Null).await.status, StatusCode::CONFLICT);
    assert_eq!(hr(Method::POST, "/v1/draft/publish", Value::Null).await.json()["version"], 3);

    let told = hr(Method::GET, "/v1/history?limit=1", Value::Null).await.json();
    assert_eq!(told["changes"][0]["actor"], format!("key {}", key.id));
    assert_eq!(told["changes"][0]["after"]["question"], "如何报销打车费");
    let history = default(Method::GET, "/v1/history", Value::Null).await.json();
    assert_eq!(history["changes"].as_array().unwrap().len(), 3, "the import alone: {history}");
    let question = json!({"query": "如何报销打车费"});
    let found = hr(Method::POST, "/v1/match", question.clone()).await.json();
    assert_eq!((&found["matches"][0]["id"], &found["index_version"]), (&json!("g-1"), &json!(3)));
    let found = default(Method::POST, "/v1/match", question).await;
    assert_eq!(found.json()["index_version"], 1);
    assert!(!found.text.contains("报销"), "{}", found.text);

    let bulk = json!({"changes": [{"op": "delete", "id": "g-1"}, {"op": "delete", "id": "only-hr"}]});
    let removed = hr(Method::POST, "/v1/entries/bulk", bulk).await;
    assert_eq!(removed.status, StatusCode::OK, "{}", removed.text);
    assert_eq!(default(Method::GET, "/v1/entries", Value::Null).await.json()["total"], 3);
    let back = hr(Method::POST, "/v1/rollback", json!({"version": 1})).await;
    assert_eq!(back.json()["results"][1], json!({"id": "only-hr", "outcome": "added", "revision": 5}));
    assert_eq!(service.get("/readyz").await.json()["index_version"], 1);
}

#[tokio::test]
async fn what_one_space_learns_is_neither_known_nor_changed_from_another() {
    let service = service(Settings::default());
    service.make_space("hr", "年假怎么请");
    let ((key, of_hr), (_, elsewhere)) =
        (service.key("ask,feedback,edit", "hr"), service.key("admin", "default"));
    let hr = async |method, path: &str, body| call(&service, &of_hr, method, path, body).await;
    let default = async |method, path: &str, body| call(&service, &elsewhere, method, path, body).await;
    let asked = hr(Method::POST, "/v1/match", json!({"query": "食堂几点开门"})).await.json();
    assert_eq!(asked["decision"], "no_answer");

    let wrong = json!({"query_id": asked["query_id"], "verdict": "wrong", "comment": "错"});
    assert_eq!(default(Method::POST, "/v1/feedback", wrong.clone()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(hr(Method::POST, "/v1/feedback", wrong).await.status, StatusCode::NO_CONTENT);
    let deadline = Instant::now() + Duration::from_mins(1);
    let group = loop {
        let list = hr(Method::GET, "/v1/unanswered", Value::Null).await.json();
        if list["waiting"] == 0 {
            break list["groups"][0]["id"].as_i64().unwrap();
        }
        assert!(Instant::now() < deadline, "still waiting: {list}");
        tokio::task::yield_now().await;
    };

    let nothing = default(Method::GET, "/v1/unanswered", Value::Null).await.json();
    assert_eq!((&nothing["total"], &nothing["waiting"]), (&json!(0), &json!(0)), "{nothing}");
    let told = default(Method::GET, "/v1/stats", Value::Null).await.json();
    assert_eq!((&told["questions"]["total"], &told["feedback"]["wrong"]), (&json!(0), &json!(0)));
    let told = hr(Method::GET, "/v1/stats", Value::Null).await.json();
    assert_eq!((&told["questions"]["total"], &told["feedback"]["wrong"]), (&json!(1), &json!(1)));
    for decision in ["accept", "ignore", "reopen"] {
        let path = format!("/v1/unanswered/{group}/{decision}");
        let body = json!({"entry_id": "g-1"});
        let status = default(Method::POST, &path, body.clone()).await.status;
        assert_eq!(status, StatusCode::NOT_FOUND, "{decision}: the group is of another space");
        let there = default(Method::POST, &format!("{path}?space=hr"), body).await.status;
        assert_eq!(there, StatusCode::FORBIDDEN);
    }
    let accepted =
        hr(Method::POST, &format!("/v1/unanswered/{group}/accept"), json!({"entry_id": "only-hr"})).await;
    assert_eq!(accepted.json()["added"], json!(["食堂几点开门"]), "{}", accepted.text);
    let history = hr(Method::GET, "/v1/history?limit=1", Value::Null).await.json();
    assert_eq!(history["changes"][0]["actor"], format!("key {}", key.id));

    // A vector that was made in one space is used in the other; what it finds there is its own.
    let again = default(Method::POST, "/v1/match", json!({"query": "食堂几点开门"})).await;
    assert!(!again.text.contains("only-hr") && again.json()["decision"] == "no_answer", "{}", again.text);
    let metrics = service.app.metrics().text();
    assert!(metrics.contains(r#"dayi_feedback_total{space="hr",verdict="wrong"} 1"#), "{metrics}");
    assert!(!metrics.contains(r#"dayi_feedback_total{space="default""#), "{metrics}");
}

#[tokio::test]
async fn files_and_pictures_of_one_space_do_not_come_out_of_another() {
    let service = service(Settings::default());
    service.make_space("hr", "年假怎么请");
    let ((key, of_hr), (_, elsewhere)) = (service.key("ask,edit", "hr"), service.key("admin", "default"));
    let get = async |key: &str, path: &str| {
        let request = Request::get(path).header(header::AUTHORIZATION, key);
        let response = service.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        (response.status(), to_bytes(response.into_body(), usize::MAX).await.unwrap())
    };
    let markdown = format!("# 食堂\n\n**1. 食堂几点开门？**\n\n看图 ![图](data:image/png;base64,{PIXEL})\n");
    let import = Request::post("/v1/import?file=faq.md").header(header::AUTHORIZATION, &of_hr);
    let reply = service.send(import.body(Body::from(markdown)).unwrap()).await;
    // The file has the name of the one in the other space, whose entries it would have replaced there.
    assert_eq!(reply.json()["counts"]["removed"], 1, "{}", reply.text);
    let history = call(&service, &of_hr, Method::GET, "/v1/history?limit=1", Value::Null).await.json();
    assert_eq!(history["changes"][0]["actor"], format!("key {}", key.id));

    let question = json!({"query": "食堂几点开门"});
    let answer = call(&service, &of_hr, Method::POST, "/v1/match", question).await.json();
    let picture = answer["matches"][0]["answer"]["images"][0]["src"].as_str().unwrap();
    let (address, space) = picture.split_once('?').unwrap();
    assert_eq!(space, "space=hr");
    assert_eq!(get(&of_hr, picture).await.0, StatusCode::OK);
    assert_eq!(get(&elsewhere, picture).await.0, StatusCode::FORBIDDEN);
    assert_eq!(get(&elsewhere, address).await.0, StatusCode::NOT_FOUND);

    let questions = |file: &[u8]| String::from_utf8_lossy(file).contains("食堂几点开门");
    let exported = get(&of_hr, "/v1/export?format=csv").await;
    assert!(exported.0 == StatusCode::OK && questions(&exported.1));
    let exported = get(&elsewhere, "/v1/export?format=csv").await;
    assert!(exported.0 == StatusCode::OK && !questions(&exported.1));
    assert_eq!(get(&elsewhere, "/v1/export?format=csv&space=hr").await.0, StatusCode::FORBIDDEN);
    let entries = call(&service, &elsewhere, Method::GET, "/v1/entries", Value::Null).await.json();
    assert_eq!(entries["total"], 3, "the import changed the other space alone");
}

#[tokio::test]
async fn tickets_assistants_and_the_page_see_the_space_of_their_key() {
    let service = service(Settings::default());
    service.make_space("hr", "年假怎么请");
    let ((_, of_hr), (_, elsewhere)) = (service.key("ask", "hr"), service.key("ask", "default"));
    let triage = async |key: &str, id: &str| {
        let ticket = json!({"id": id, "body": "年假怎么请？"});
        call(&service, key, Method::POST, "/v1/triage", ticket).await.json()
    };
    assert_eq!(triage(&of_hr, "1").await["questions"][0]["matches"][0]["id"], "only-hr");
    let ticket = triage(&elsewhere, "2").await;
    assert_eq!(ticket["duplicate_of"], Value::Null, "a ticket of another space is not told of: {ticket}");
    assert!(!ticket.to_string().contains("only-hr"), "{ticket}");
    assert_eq!(triage(&of_hr, "3").await["duplicate_of"]["ticket_id"], "1");

    let arguments = json!({"faq_id": "only-hr"});
    let tool = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "faq_get", "arguments": arguments}});
    let mcp = async |key: &str| {
        let request =
            Request::post("/mcp").header(header::AUTHORIZATION, key).header(header::HOST, "localhost");
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let request = request.header(header::ACCEPT, "application/json, text/event-stream");
        service.send(request.body(Body::from(tool.to_string())).unwrap()).await.text
    };
    let (found, not_found) = (mcp(&of_hr).await, mcp(&elsewhere).await);
    assert!(found.contains("年假怎么请"), "{found}");
    assert!(not_found.contains("error") && !not_found.contains("年假怎么请"), "{not_found}");

    let welcome = async |key| call(&service, key, Method::GET, "/v1/welcome", Value::Null).await.json();
    assert_eq!(welcome(&of_hr).await["entries"], 1);
    assert_eq!(welcome(&elsewhere).await["entries"], 3);
}

#[tokio::test]
async fn a_space_that_is_deleted_while_it_serves_takes_no_more_changes_and_can_be_made_again() {
    let service = service(Settings::default());
    service.make_space("hr", "年假怎么请");
    let add = async |id: &str| {
        let body = json!({"id": id, "question": "如何报销差旅费"}).to_string();
        service.post("/v1/entries?space=hr", body).await.status
    };
    assert_eq!(add("a").await, StatusCode::CREATED);
    let name: SpaceName = "hr".parse().unwrap();
    spaces::delete(service.data.path(), &name).unwrap();
    assert_eq!(add("b").await, StatusCode::NOT_FOUND);
    assert!(!name.directory_in(service.data.path()).exists());
    spaces::create(service.data.path(), &name).unwrap();
    assert_eq!(add("b").await, StatusCode::CREATED);
    let listed = service.get("/v1/entries?space=hr").await.json();
    assert_eq!((&listed["total"], &listed["entries"][0]["id"]), (&json!(1), &json!("b")));
}
