//! Unanswered questions and statistics over HTTP.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use dayi::{config::Settings, embed::HashedEmbedder};
use serde_json::{Value, json};

use crate::support::{Service, service, service_in};

const WEATHER: [&str; 3] = ["今天天气怎么样", "今天天气怎么样呢", "今天天气怎么样啊"];

fn settings() -> Settings {
    Settings { unanswered_similarity: Some(0.6), ..Settings::default() }
}

async fn ask(service: &Service, query: &str) -> Value {
    service.post("/v1/match", json!({ "query": query }).to_string()).await.json()
}

/// Waits until all that was asked is written: feedback is written after it.
async fn written(service: &Service) {
    let nobody = json!({"query_id": "01890a5d-ac96-774b-bcce-b302099a8057", "verdict": "wrong"});
    assert_eq!(service.post("/v1/feedback", nobody.to_string()).await.status, StatusCode::NOT_FOUND);
}

/// The list at `path` once all that was asked is written and grouped.
async fn list(service: &Service, path: &str) -> Value {
    written(service).await;
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let reply = service.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        let list = reply.json();
        if list["waiting"] == 0 {
            return list;
        }
        assert!(Instant::now() < deadline, "still waiting: {list}");
        tokio::task::yield_now().await;
    }
}

fn asked(list: &Value) -> Vec<(i64, u64)> {
    let groups = list["groups"].as_array().unwrap();
    groups.iter().map(|group| (group["id"].as_i64().unwrap(), group["asked"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn unanswered_questions_are_listed_by_meaning_with_a_draft_and_what_is_near() {
    let service = service(settings());
    for text in
        [WEATHER[0], "食堂几点开门", WEATHER[1], WEATHER[0], WEATHER[2], "我的号是13800138000食堂在哪"]
    {
        assert_eq!(ask(&service, text).await["decision"], "no_answer", "{text}");
    }
    assert_eq!(ask(&service, "企业微信建的群能解散吗").await["decision"], "answer");
    let list = list(&service, "/v1/unanswered").await;
    assert_eq!(asked(&list), [(1, 4), (2, 1), (3, 1)], "{list}");
    let group = &list["groups"][0];
    assert_eq!(group["wordings"], 3);
    assert_eq!(group["reasons"], json!({"no_answer": 4, "near_tie": 0, "rejected": 0}));
    assert_eq!(group["examples"][0]["text"], WEATHER[0]);
    assert_eq!(group["examples"][0]["asked"], 2);
    assert_eq!(group["draft"]["question"], WEATHER[0], "it is in the middle of the three");
    assert_eq!(group["draft"]["similar"], json!([WEATHER[1], WEATHER[2]]));
    assert_eq!((&group["decision"], &group["suggested_entry"]), (&json!("no_answer"), &Value::Null));
    assert_eq!(group["nearest"].as_array().unwrap().len(), 3);
    let texts = list.to_string();
    assert!(texts.contains("我的号是[电话]食堂在哪") && !texts.contains("138"), "{texts}");
}

#[tokio::test]
async fn a_page_and_a_beginning_can_be_chosen_and_nonsense_is_refused() {
    let service = service(settings());
    for text in ["今天天气怎么样", "食堂几点开门", "打印机没墨了"] {
        ask(&service, text).await;
    }
    service.now.fetch_add(1_000, Ordering::SeqCst);
    let id = ask(&service, "食堂几点开门").await["query_id"].clone();
    let all = list(&service, "/v1/unanswered").await;
    assert_eq!(asked(&all), [(2, 2), (1, 1), (3, 1)]);
    let page = list(&service, "/v1/unanswered?limit=1&offset=1").await;
    assert_eq!((asked(&page), &page["total"]), (vec![(1, 1)], &json!(3)));
    let since = all["groups"][0]["last_asked"].as_str().unwrap();
    assert_eq!(asked(&list(&service, &format!("/v1/unanswered?since={since}")).await), [(2, 1)]);

    let chosen = json!({"query_id": id, "verdict": "none_of_these", "chosen": "c-1"});
    service.post("/v1/feedback", chosen.to_string()).await;
    let told = list(&service, "/v1/unanswered").await;
    assert_eq!(told["groups"][0]["chosen"], json!([{"id": "c-1", "times": 1}]));
    assert_eq!(told["groups"][0]["suggested_entry"], "c-1");
    assert_eq!(told["groups"][0]["reasons"], json!({"no_answer": 1, "near_tie": 0, "rejected": 1}));

    for query in ["limit=0", "limit=101", "limit=x", "state=closed", "since=yesterday", "offset=-1", "page=2"]
    {
        let reply = service.get(&format!("/v1/unanswered?{query}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}: {}", reply.text);
    }
}

#[tokio::test]
async fn what_is_ignored_stays_away_also_after_a_restart_until_it_is_reopened() {
    let first = service(settings());
    ask(&first, WEATHER[0]).await;
    ask(&first, "食堂几点开门").await;
    list(&first, "/v1/unanswered").await;
    assert_eq!(first.post("/v1/unanswered/1/ignore", "").await.status, StatusCode::NO_CONTENT);
    for path in ["/v1/unanswered/99/ignore", "/v1/unanswered/x/ignore", "/v1/unanswered/99/reopen"] {
        assert_eq!(first.post(path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    first.journal().close().await;
    let data = first.data.clone();
    drop(first);

    let second = service_in(data, settings(), Arc::new(HashedEmbedder::new(64)));
    ask(&second, WEATHER[1]).await;
    ask(&second, WEATHER[0]).await;
    assert_eq!(asked(&list(&second, "/v1/unanswered").await), [(2, 1)]);
    assert_eq!(asked(&list(&second, "/v1/unanswered?state=ignored").await), [(1, 3)]);
    assert_eq!(second.post("/v1/unanswered/1/reopen", "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(asked(&list(&second, "/v1/unanswered").await), [(1, 3), (2, 1)]);
}

#[tokio::test]
async fn statistics_count_decisions_days_feedback_and_every_entry() {
    let service = service(settings());
    assert_eq!(service.get("/v1/stats").await.json()["took_ms"], Value::Null);
    let id = ask(&service, "企业微信建的群能解散吗").await["query_id"].clone();
    ask(&service, "如何建内部群和外部群").await;
    service.now.fetch_add(24 * 60 * 60 * 1000, Ordering::SeqCst);
    ask(&service, "企业微信建的群能解散吗").await;
    ask(&service, WEATHER[0]).await;
    let wrong = json!({"query_id": id, "verdict": "wrong"});
    assert_eq!(service.post("/v1/feedback", wrong.to_string()).await.status, StatusCode::NO_CONTENT);
    let stats = service.get("/v1/stats").await.json();
    let counts = json!({"total": 4, "answered": 3, "clarified": 0, "unanswered": 1});
    assert_eq!(stats["questions"], counts);
    assert_eq!(stats["share"], json!({"answered": 0.75, "clarified": 0.0, "unanswered": 0.25}));
    assert_eq!(stats["feedback"], json!({"helpful": 0, "wrong": 1, "none_of_these": 0}));
    assert!(stats["took_ms"]["p99"].as_f64().unwrap() >= stats["took_ms"]["p50"].as_f64().unwrap());
    let wordings = |kind: &str| -> Vec<(Value, Value)> {
        let usage = stats[kind].as_array().unwrap().iter();
        usage.map(|usage| (usage["text"].clone(), usage["times"].clone())).collect()
    };
    let asked = wordings("most_asked");
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0], (json!("企业微信建的群能解散吗"), json!(2)));
    let times =
        stats["slowest"].as_array().unwrap().iter().map(|usage| usage["slowest_ms"].as_f64().unwrap());
    assert!(times.clone().zip(times.skip(1)).all(|(slower, faster)| slower >= faster), "{stats}");
    assert_eq!(stats["days"].as_array().unwrap().len(), 2, "{stats}");
    assert_eq!(stats["days"][1]["total"], 2);
    assert_eq!(stats.get("days_figure"), None, "the days are drawn for those who ask for it");
    let drawn = service.get("/v1/stats?figure=zh").await.json();
    assert!(drawn["days_figure"].as_str().unwrap().contains("问题数"));
    let usage = |entry: &Value| (entry["id"].clone(), entry["hits"].clone(), entry["wrong"].clone());
    let entries: Vec<_> = stats["entries"].as_array().unwrap().iter().map(usage).collect();
    let expected = [("g-1", 2, 1), ("g-2", 1, 0), ("c-1", 0, 0)];
    assert_eq!(entries, expected.map(|(id, hits, wrong)| (json!(id), json!(hits), json!(wrong))));
    assert_eq!(stats["entries"][2]["last_used"], Value::Null);

    let last = stats["entries"][0]["last_used"].as_str().unwrap();
    let today = service.get(&format!("/v1/stats?since={last}&sort=wrong&limit=1&offset=1")).await.json();
    assert_eq!(today["questions"]["total"], 2);
    assert_eq!((&today["entries_total"], today["entries"].as_array().unwrap().len()), (&json!(3), 1));
    for query in ["limit=1001", "sort=name", "since=1", "days=3"] {
        let reply = service.get(&format!("/v1/stats?{query}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}: {}", reply.text);
    }
}

#[tokio::test]
async fn an_accepted_question_is_answered_from_then_on_and_nothing_is_added_without_that() {
    let service = service(settings());
    for text in [WEATHER[0], WEATHER[1], "食堂几点开门"] {
        ask(&service, text).await;
    }
    list(&service, "/v1/unanswered").await;
    assert_eq!(ask(&service, WEATHER[0]).await["decision"], "no_answer");
    list(&service, "/v1/unanswered").await;
    let accept = async |group: i64, body: Value| {
        service.post(&format!("/v1/unanswered/{group}/accept"), body.to_string()).await
    };
    let before = service.get("/v1/entries/g-2").await.json()["updated_at"].clone();
    let similar = accept(1, json!({"entry_id": "g-2"})).await;
    assert_eq!(similar.status, StatusCode::OK, "{}", similar.text);
    assert_eq!(similar.json(), json!({"entry_id": "g-2", "added": [WEATHER[0]]}));
    let after = service.get("/v1/entries/g-2").await.json()["updated_at"].clone();
    assert!(after.is_string() && after != before, "{after}, {before}");
    let answer = ask(&service, WEATHER[0]).await;
    assert_eq!((&answer["decision"], &answer["matches"][0]["id"]), (&json!("answer"), &json!("g-2")));

    // Twice adds nothing; it may also be a different wording.
    assert_eq!(accept(1, json!({"entry_id": "g-2"})).await.json()["added"], json!([]));
    let more = accept(1, json!({"entry_id": "g-2", "questions": [WEATHER[0], WEATHER[2]]})).await;
    assert_eq!(more.json()["added"], json!([WEATHER[2]]));

    let entry = json!({"id": "canteen", "question": "", "answer": "七点。"});
    let new = accept(2, json!({ "entry": entry })).await;
    assert_eq!(new.json(), json!({"entry_id": "canteen", "added": ["食堂几点开门"]}), "{}", new.text);
    assert_eq!(ask(&service, "食堂几点开门").await["matches"][0]["id"], "canteen");
    assert_eq!(asked(&list(&service, "/v1/unanswered").await), []);
    assert_eq!(asked(&list(&service, "/v1/unanswered?state=accepted").await), [(1, 3), (2, 1)]);
    assert_eq!(
        accept(2, json!({ "entry": entry })).await.json(),
        json!({"entry_id": "canteen", "added": []})
    );
    let other = json!({"id": "canteen", "question": "", "answer": "八点。"});
    let history = service.get("/v1/history?entry=canteen").await;
    assert!(history.text.contains("食堂几点开门"), "{}", history.text);

    for (group, body, status) in [
        (99, json!({"entry_id": "g-2"}), 404),
        (1, json!({"entry_id": "no-such"}), 404),
        (2, json!({ "entry": other }), 409),
        (1, json!({}), 422),
        (1, json!({"entry_id": "g-2", "entry": entry}), 422),
        (1, json!({"entry_id": "g-2", "questions": []}), 422),
        (1, json!({"entry_id": "g-2", "questions": [""]}), 422),
        (1, json!({"entry_id": "g-2", "questions": ["长".repeat(501)]}), 422),
    ] {
        let reply = accept(group, body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text);
    }
}

#[tokio::test]
async fn a_new_entry_whose_group_could_not_be_settled_is_not_made_twice() {
    let first = service(settings());
    ask(&first, WEATHER[0]).await;
    list(&first, "/v1/unanswered").await;
    // Decisions are refused from now on, entries are not.
    first.journal().close().await;
    let wanted = json!({"entry": {"question": WEATHER[0], "answer": "看窗外。"}}).to_string();
    let failed = first.post("/v1/unanswered/1/accept", wanted.clone()).await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE, "{}", failed.text);
    let data = first.data.clone();
    drop(first);

    let second = service_in(data, settings(), Arc::new(HashedEmbedder::new(64)));
    assert_eq!(asked(&list(&second, "/v1/unanswered").await), [(1, 1)]);
    let settled = second.post("/v1/unanswered/1/accept", wanted).await;
    assert_eq!(settled.status, StatusCode::OK, "{}", settled.text);
    assert_eq!(settled.json()["added"], json!([]));
    let id = settled.json()["entry_id"].as_str().unwrap().to_owned();
    assert_eq!(ask(&second, WEATHER[0]).await["matches"][0]["id"], id.as_str());
    assert_eq!(asked(&list(&second, "/v1/unanswered").await), []);
    assert_eq!(second.get("/v1/entries").await.json()["total"], 4);
}
