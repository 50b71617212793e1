//! `POST /v1/triage`: the contract of its request and response.

use axum::http::StatusCode;
use dayi::{
    assets::{Assets, Picture},
    config::Settings,
};
use serde_json::{Value, json};

use crate::support::{Service, service};

const DISSOLVE: &str = "企业微信建的群能解散吗";
const INHERIT: &str = "员工离职了如何进行客户离职继承";

async fn triage(service: &Service, path: &str, body: &Value) -> Value {
    let reply = service.post(path, body.to_string()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.json()
}

fn codes(triage: &Value) -> Vec<&str> {
    triage["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

fn best(triage: &Value) -> Vec<&str> {
    let questions = triage["questions"].as_array().unwrap();
    questions.iter().map(|question| question["matches"][0]["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_ticket_comes_back_as_its_questions_with_answers_and_a_draft() {
    let service = service(Settings::default());
    let body = format!("您好，{DISSOLVE}？另外，{INHERIT}？谢谢");
    let triage =
        triage(&service, "/v1/triage", &json!({"id": "7", "subject": "两个问题", "body": body})).await;
    let keys: Vec<&String> = triage.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "ticket_id",
            "questions",
            "category",
            "draft_reply",
            "needs_human",
            "reasons",
            "duplicate_of",
            "text",
            "index_version",
            "model",
            "took_ms"
        ]
    );
    assert_eq!(best(&triage), ["g-1", "c-1"]);
    assert_eq!((&triage["needs_human"], codes(&triage).len()), (&json!(false), 0));
    let first = &triage["questions"][0];
    assert_eq!(
        (&first["text"], &first["band"], &first["decision"]),
        (&json!(DISSOLVE), &json!("high"), &json!("answer"))
    );
    let [start, end] = [0, 1].map(|at| first["span"]["bytes"][at].as_u64().unwrap() as usize);
    assert_eq!(&triage["text"].as_str().unwrap()[start..end], DISSOLVE);
    assert_eq!(
        triage["category"],
        json!({"path": ["客户联系", "群聊"], "confidence": first["confidence"], "source": "faq"})
    );
    let draft = triage["draft_reply"].as_str().unwrap();
    for part in ["您好", "群主可以解散群", "点击离职继承", "g-1", "c-1"] {
        assert!(draft.contains(part), "{part} is missing in {draft}");
    }
}

#[tokio::test]
async fn pictures_in_answers_and_drafts_are_where_others_can_get_them() {
    let settings = Settings { public_url: Some("https://faq.example.com/".into()), ..Settings::default() };
    let service = service(settings);
    let picture = Picture::new(b"GIF89a1".to_vec()).unwrap();
    Assets::in_data(service.data.path()).keep([&picture]).unwrap();
    let reference = picture.name().reference();
    let entry =
        json!({"id": "p-1", "question": "打印机卡纸怎么办", "answer": format!("看图：![]({reference})")});
    assert_eq!(service.post("/v1/entries", entry.to_string()).await.status, StatusCode::CREATED);
    let triage = triage(&service, "/v1/triage", &json!({"body": "打印机卡纸怎么办？"})).await;
    let address = format!("https://faq.example.com/v1/{reference}");
    let found = &triage["questions"][0]["matches"][0];
    assert_eq!(found["answer"], format!("看图：![]({address})"));
    assert_eq!(found["images"][0]["src"], address);
    assert!(triage["draft_reply"].as_str().unwrap().contains(&format!("![]({address})")), "{triage}");
}

#[tokio::test]
async fn html_is_read_as_text_and_quoted_mail_is_not_read() {
    let service = service(Settings::default());
    let body = format!("<p>您好，</p><p>{DISSOLVE}？</p><blockquote>{INHERIT}？</blockquote>");
    let triage = triage(&service, "/v1/triage", &json!({"body": body})).await;
    assert_eq!(best(&triage), ["g-1"]);
    assert_eq!(triage["text"], format!("您好，\n{DISSOLVE}？"));
}

#[tokio::test]
async fn what_a_person_must_see_is_said_with_its_evidence() {
    let service = service(Settings::default());
    for (request, code) in [
        (json!({"body": format!("{DISSOLVE}？请转人工客服")}), "asks_for_person"),
        (json!({"body": format!("{DISSOLVE}？你们服务太差了，我要投诉！")}), "complaint"),
        (json!({"body": "xyz的qwerty怎么zzz？"}), "unanswered_question"),
        (json!({"body": "", "attachments": 2}), "attachment_only"),
        (json!({"body": "<p><img src='cid:1'></p>"}), "attachment_only"),
        (json!({"body": "好的，谢谢！"}), "no_question"),
        (json!({"body": "群".repeat(9_000)}), "too_long"),
        (json!({"body": format!("<p>{DISSOLVE}？</p>{}", "<br>".repeat(25_000))}), "too_long"),
        (json!({"subject": "群".repeat(9_000), "body": format!("{DISSOLVE}？")}), "too_long"),
    ] {
        let triage = triage(&service, "/v1/triage", &request).await;
        assert!(codes(&triage).contains(&code), "{request}: {triage}");
        assert_eq!(triage["needs_human"], true);
    }
}

#[tokio::test]
async fn a_ticket_that_comes_again_is_a_duplicate_of_the_first() {
    let service = service(Settings::default());
    let ticket = |id: &str| json!({"id": id, "body": format!("您好，{DISSOLVE}？{INHERIT}？")});
    assert_eq!(triage(&service, "/v1/triage", &ticket("1")).await["duplicate_of"], Value::Null);
    let again = triage(&service, "/v1/triage", &ticket("2")).await;
    assert_eq!(again["duplicate_of"]["ticket_id"], "1");
    let update = triage(&service, "/v1/triage", &ticket("1")).await;
    assert_eq!(update["duplicate_of"]["ticket_id"], "2", "it is compared with others, not with itself");
}

#[tokio::test]
async fn the_json_of_a_ticket_system_is_read_by_preset_or_by_pointers() {
    let service = service(Settings::default());
    let zammad = json!({"ticket": {"number": "31003", "title": "问题"}, "article": {"body": DISSOLVE}});
    let by_preset = triage(&service, "/v1/triage?preset=zammad", &zammad).await;
    assert_eq!((&by_preset["ticket_id"], best(&by_preset)), (&json!("31003"), vec!["g-1"]));

    let own = json!({"case": {"no": 5, "words": DISSOLVE}});
    let by_pointer = triage(&service, "/v1/triage?id=/case/no&body=/case/words", &own).await;
    assert_eq!((&by_pointer["ticket_id"], best(&by_pointer)), (&json!("5"), vec!["g-1"]));
}

#[tokio::test]
async fn what_is_no_ticket_is_refused_with_what_to_do() {
    let service = service(Settings::default());
    for (path, body, status, pointer) in [
        ("/v1/triage", json!({}), 422, Some("/body")),
        ("/v1/triage", json!({"body": " \n"}), 422, Some("/body")),
        ("/v1/triage", json!({"body": 7}), 422, Some("/body")),
        ("/v1/triage", json!({"text": "群"}), 422, Some("/text")),
        ("/v1/triage", json!([]), 422, None),
        ("/v1/triage?preset=zammad", json!({"body": DISSOLVE}), 422, Some("")),
        ("/v1/triage?preset=nosuch", json!({"body": DISSOLVE}), 400, None),
        ("/v1/triage?body=words", json!({"words": DISSOLVE}), 400, None),
        ("/v1/triage?presets=jira", json!({"body": DISSOLVE}), 400, None),
    ] {
        let reply = service.post(path, body.to_string()).await;
        assert_eq!(reply.status.as_u16(), status, "{path} {body}: {}", reply.text);
        assert_eq!(reply.content_type(), "application/problem+json");
        if let Some(pointer) = pointer {
            assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{path} {body}");
        }
    }
    let blank = service.post("/v1/triage", json!({"body": ""}).to_string()).await.json();
    assert!(blank["detail"].as_str().unwrap().contains("a subject or attachments"), "{blank}");
}
