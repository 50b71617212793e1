//! Evaluations and entries that are tried out: what would be, before it is.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use dayi::config::Settings;
use serde_json::json;

use crate::support::{assert_problem, service};

#[tokio::test]
async fn a_draft_is_evaluated_before_it_is_published() {
    let service = service(Settings::default());
    let entry = r#"{"id":"p-1","question":"打印机卡纸怎么办"}"#;
    assert_eq!(service.post("/v1/entries?draft=true", entry).await.status, StatusCode::ACCEPTED);
    let labelled = json!({
        "queries": [{"query": "打印机卡纸怎么办", "relevant": ["p-1"]},
                    {"query": "企业微信建的群能解散吗", "relevant": ["g-1"]}],
        "out_of_scope": ["今天天气怎么样"],
    });
    let served = service.post("/v1/evaluations", labelled.to_string()).await;
    let problem = assert_problem(&served, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/queries/0/relevant", "it is not served yet");

    let draft = service.post("/v1/evaluations?draft=true", labelled.to_string()).await;
    assert_eq!(draft.status, StatusCode::OK, "{}", draft.text);
    let numbers = draft.json();
    assert_eq!((&numbers["entries"], &numbers["queries"]), (&json!(4), &json!(2)));
    assert_eq!((&numbers["hit_at_1"], &numbers["failures"]), (&json!(1.0), &json!([])));
    assert_eq!(numbers.get("figures"), None, "plots are drawn for those who ask for them");
    assert_eq!(service.get("/readyz").await.json()["index_version"], 1);
    let empty = service.post("/v1/evaluations", r#"{"queries":[]}"#).await;
    assert_problem(&empty, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
}

#[tokio::test]
async fn plots_are_drawn_in_the_language_that_was_asked_for() {
    let service = service(Settings::default());
    for (language, word) in [("zh", "置信度"), ("en", "confidence")] {
        let labelled = json!({
            "queries": [{"query": "企业微信建的群能解散吗", "relevant": ["g-1"]}],
            "figures": language,
        });
        let report = service.post("/v1/evaluations", labelled.to_string()).await.json();
        let figures = report["figures"].as_array().unwrap();
        let kinds: Vec<&str> = figures.iter().map(|figure| figure["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["reliability", "wrong_over_coverage", "ranks", "confidences"]);
        let svg = figures[0]["svg"].as_str().unwrap();
        assert!(svg.starts_with("<svg ") && svg.contains(word), "{svg}");
        assert!(!svg.contains("style="), "the page's policy allows no inline style");
    }
}

#[tokio::test]
async fn failed_questions_are_named_with_what_came_first() {
    let service = service(Settings::default());
    let labelled = json!({ "queries": [{"query": "企业微信建的群能解散吗", "relevant": ["c-1"]}] });
    let report = service.post("/v1/evaluations", labelled.to_string()).await.json();
    assert_eq!(report["hit_at_1"], 0.0);
    let failed = &report["failures"][0];
    assert_eq!((&failed["kind"], &failed["first"]), (&json!("wrong_first"), &json!("g-1")));
    assert_eq!((&failed["query"], &failed["relevant"]), (&json!("企业微信建的群能解散吗"), &json!(["c-1"])));
    assert_eq!(report["entry_questions"]["g-1"], "企业微信建的群能解散吗？");
    let counted = service.get("/v1/stats").await.json();
    assert_eq!(counted["questions"]["total"], 0, "nobody asked these questions");
}

#[tokio::test]
async fn labelled_questions_are_read_from_a_spreadsheet() {
    let service = service(Settings::default());
    let file = "问题,期望条目\n怎么解散群,g-1\n离职继承,员工离职了如何进行客户离职继承？\n什么,没有这条\n";
    let read = service.post("/v1/evaluations/questions?file=q.csv", file).await.json();
    assert_eq!(
        read["queries"],
        json!([{"query": "怎么解散群", "relevant": ["g-1"]}, {"query": "离职继承", "relevant": ["c-1"]}])
    );
    let issue = &read["issues"][0];
    assert_eq!(
        (&issue["row"], &issue["kind"], &issue["value"]),
        (&json!(4), &json!("unknown_entry"), &json!("没有这条"))
    );
    assert!(issue["message"].as_str().unwrap().contains("没有这条"), "{read}");
    for (name, content) in
        [("q.pdf", "%PDF"), ("q.csv", ""), ("q.xlsx", "no workbook"), ("q.csv", "a,b\n1,2\n")]
    {
        let refused = service.post(&format!("/v1/evaluations/questions?file={name}"), content).await;
        assert_problem(&refused, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
    }
}

#[tokio::test]
async fn an_entry_is_tried_out_without_being_stored() {
    let service = service(Settings::default());
    let asked = json!({"query": "打印机卡纸怎么办"}).to_string();
    let id = service.post("/v1/match", asked).await.json()["query_id"].clone();
    // Feedback is stored after the question it is about.
    let feedback = json!({"query_id": id, "verdict": "none_of_these"}).to_string();
    assert_eq!(service.post("/v1/feedback", feedback).await.status, StatusCode::NO_CONTENT);

    let entry = json!({"id": "p-1", "question": "打印机卡纸怎么办", "similar": ["企业微信建的群能解散"]});
    let checked = service.post("/v1/entries/check", entry.to_string()).await.json();
    assert_eq!(checked["near"][0]["id"], "g-1", "{checked}");
    assert_eq!(checked["near"][0]["phrasing"], "企业微信建的群能解散");
    let change = &checked["changes"][0];
    assert_eq!(change["query"], "打印机卡纸怎么办");
    assert_ne!(change["before"]["decision"], "answer");
    assert_eq!((&change["after"]["decision"], &change["after"]["entry"]), (&json!("answer"), &json!("p-1")));
    assert_eq!(service.get("/v1/entries").await.json()["total"], 3);
    assert_problem(&service.get("/v1/entries/p-1").await, StatusCode::NOT_FOUND, "/problems/not-found");
    let blank = service.post("/v1/entries/check", r#"{"question":"  "}"#).await;
    assert_problem(&blank, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
}

#[tokio::test]
async fn a_picture_is_kept_once_and_served_and_anything_else_is_refused() {
    let service = service(Settings::default());
    let picture = b"\x89PNG\r\n\x1a\nrest".to_vec();
    let first = service.send(Request::post("/v1/assets").body(Body::from(picture.clone())).unwrap()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let again = service.send(Request::post("/v1/assets").body(Body::from(picture)).unwrap()).await;
    assert_eq!(first.json(), again.json());
    let src = first.json()["src"].as_str().unwrap().to_owned();
    assert!(src.starts_with("assets/") && src.rsplit('.').next() == Some("png"), "{src}");
    let request = Request::get(format!("/v1/{src}")).body(Body::empty()).unwrap();
    let served = tower::ServiceExt::oneshot(service.router.clone(), request).await.unwrap();
    assert_eq!(served.status(), StatusCode::OK);
    for content in ["", "<svg onload=alert(1)>", "text"] {
        let refused = service.post("/v1/assets", content).await;
        assert_problem(&refused, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
    }
}
