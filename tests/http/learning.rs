//! What is remembered of questions and answers: the query log, feedback, retention, masking.

use std::{path::Path, sync::Arc, sync::atomic::Ordering};

use axum::http::StatusCode;
use dayi::{config::Settings, embed::HashedEmbedder, store};
use serde_json::{Value, json};

use crate::support::{Reply, Service, service, service_in};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

async fn ask(service: &Service, query: &str) -> Value {
    service.post("/v1/match", json!({ "query": query }).to_string()).await.json()
}

async fn say(service: &Service, feedback: Value) -> Reply {
    service.post("/v1/feedback", feedback.to_string()).await
}

/// One text a row of what `sql` finds in the service's database, columns joined by `|`.
fn rows(data: &Path, sql: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(data.join(store::FILE_NAME)).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        let cells = (0..columns).map(|column| match row.get_ref(column).unwrap() {
            rusqlite::types::ValueRef::Null => String::new(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            rusqlite::types::ValueRef::Real(number) => format!("{number:.2}"),
            rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            rusqlite::types::ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
        });
        Ok(cells.collect::<Vec<_>>().join("|"))
    };
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Every byte of the data directory's database.
fn bytes(data: &Path) -> Vec<u8> {
    let names = ["", "-wal"].map(|suffix| data.join(format!("{}{suffix}", store::FILE_NAME)));
    names.iter().filter_map(|path| std::fs::read(path).ok()).flatten().collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn questions_are_logged_masked_with_what_was_decided() {
    let service = service(Settings::default());
    ask(&service, "企业微信建的群能解散吗").await;
    ask(&service, "我是１３８００１３８０００，今天天气怎么样").await;
    let batch = json!({"queries": ["如何建内部群和外部群"], "top_k": 1, "category": "没有的"}).to_string();
    service.post("/v1/match/batch", batch).await;
    service.journal().close().await;
    let sql =
        "SELECT channel, text, decision, best, json_array_length(candidates), index_version FROM queries";
    let log = rows(service.data.path(), sql);
    assert_eq!(log[0], "http|企业微信建的群能解散吗|answer|g-1|3|1");
    assert!(log[1].starts_with("http|我是[电话]，今天天气怎么样|no_answer|"), "{log:?}");
    assert_eq!(log[2], "batch|如何建内部群和外部群|answer|g-2|3|1", "whatever top_k and filters hide");
    let metrics = service.get("/metrics").await.text;
    assert!(metrics.contains(r#"dayi_query_log_written_total{space="default"} 3"#), "{metrics}");
    assert!(metrics.contains(r#"dayi_query_log_dropped_total{space="default"} 0"#), "{metrics}");
}

#[tokio::test]
async fn feedback_right_after_the_answer_is_stored_once_and_counted() {
    let service = service(Settings::default());
    let id = ask(&service, "企业微信建的群能解散吗").await["query_id"].clone();
    for _ in 0..3 {
        let reply = say(&service, json!({"query_id": id, "verdict": "helpful"})).await;
        assert_eq!((reply.status, reply.text.as_str()), (StatusCode::NO_CONTENT, ""));
    }
    let comment = "不对，我的号是13800138000";
    let wrong =
        json!({"query_id": id, "entry_id": "g-2", "verdict": "wrong", "chosen": "c-1", "comment": comment});
    assert_eq!(say(&service, wrong).await.status, StatusCode::NO_CONTENT);
    let sql = "SELECT query_id, entry_id, verdict, chosen, comment FROM feedback ORDER BY entry_id";
    let stored = rows(service.data.path(), sql);
    assert_eq!(stored, ["16 bytes|g-1|helpful||", "16 bytes|g-2|wrong|c-1|不对，我的号是[电话]"]);
    let metrics = service.get("/metrics").await.text;
    assert!(metrics.contains(r#"dayi_feedback_total{space="default",verdict="helpful"} 1"#), "{metrics}");
}

#[tokio::test]
async fn feedback_that_makes_no_sense_is_refused_with_what_to_do() {
    let service = service(Settings::default());
    let id = ask(&service, "企业微信建的群能解散吗").await["query_id"].clone();
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    for (feedback, status, detail) in [
        (json!({"query_id": nobody, "verdict": "wrong"}), 404, "not in the query log"),
        (json!({"query_id": "x", "verdict": "wrong"}), 422, "/query_id"),
        (json!({"query_id": id, "verdict": "bad"}), 422, "/verdict"),
        (json!({"query_id": id, "verdict": "wrong", "entry_id": "no-such"}), 422, "/entry_id"),
        (json!({"query_id": id, "verdict": "wrong", "entry_id": "a/b"}), 422, "/entry_id"),
        (json!({"query_id": id, "verdict": "wrong", "chosen": "no-such"}), 422, "/chosen"),
        (json!({"query_id": id, "verdict": "none_of_these", "entry_id": "g-1"}), 422, "/entry_id"),
        (json!({"query_id": id, "verdict": "wrong", "comment": "啊".repeat(2_001)}), 422, "/comment"),
        (json!({"query_id": id}), 422, "verdict"),
        (json!({"query_id": id, "verdict": "wrong", "stars": 5}), 422, "/stars"),
    ] {
        let reply = say(&service, feedback.clone()).await;
        assert_eq!(reply.status, status, "{feedback}: {}", reply.text);
        assert!(reply.json()["detail"].as_str().unwrap().contains(detail), "{feedback}: {}", reply.text);
    }
    assert_eq!(rows(service.data.path(), "SELECT * FROM feedback"), Vec::<String>::new());
}

#[tokio::test]
async fn a_question_can_be_judged_after_a_restart() {
    let first = service(Settings::default());
    let id = ask(&first, "企业微信建的群能解散吗").await["query_id"].clone();
    first.journal().close().await;
    let reply = say(&first, json!({"query_id": id, "verdict": "helpful"})).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "a closed journal says so");
    let data = first.data.clone();
    drop(first);
    let second = service_in(data, Settings::default(), Arc::new(HashedEmbedder::new(64)));
    let reply = say(&second, json!({"query_id": id, "verdict": "helpful"})).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text);
}

#[tokio::test]
async fn without_a_query_log_no_question_reaches_the_disk_and_feedback_is_still_taken() {
    let service = service(Settings { query_log: Some(false), ..Settings::default() });
    let id = ask(&service, "绝密的问题能解散吗").await["query_id"].clone();
    let feedback = json!({"query_id": id, "entry_id": "g-1", "verdict": "wrong"});
    assert_eq!(say(&service, feedback).await.status, StatusCode::NO_CONTENT);
    service.journal().close().await;
    assert_eq!(rows(service.data.path(), "SELECT entry_id, verdict FROM feedback"), ["g-1|wrong"]);
    let bytes = bytes(service.data.path());
    assert!(holds(&bytes, "企业微信建的群能解散吗"), "the FAQ itself is there");
    assert!(!holds(&bytes, "绝密"));
}

#[tokio::test]
async fn questions_and_feedback_are_deleted_after_their_time() {
    let service = service(Settings { query_log_retention_days: Some(30), ..Settings::default() });
    let id = ask(&service, "老早以前的问题").await["query_id"].clone();
    let comment = "老早以前的评论";
    say(&service, json!({"query_id": id, "verdict": "wrong", "comment": comment})).await;
    service.now.fetch_add(29 * DAY_MS, Ordering::SeqCst);
    let id = ask(&service, "最近的问题").await["query_id"].clone();
    say(&service, json!({"query_id": id, "verdict": "wrong"})).await;
    assert!(holds(&bytes(service.data.path()), "老早以前的问题"), "29 days are not 30");

    // The thread looks at its clock whenever it has something to do; the second of these waits for that.
    service.now.fetch_add(2 * DAY_MS, Ordering::SeqCst);
    for _ in 0..2 {
        say(&service, json!({"query_id": id, "verdict": "helpful"})).await;
    }
    assert_eq!(rows(service.data.path(), "SELECT text FROM queries"), ["最近的问题"]);
    let bytes = bytes(service.data.path());
    assert!(!holds(&bytes, "老早以前的问题") && !holds(&bytes, "老早以前的评论"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_ask_and_judge_at_once_are_all_remembered() {
    let service = Arc::new(service(Settings::default()));
    let tasks: Vec<_> = (0..8)
        .map(|asker| {
            let service = service.clone();
            tokio::spawn(async move {
                for nth in 0..25 {
                    let id = ask(&service, &format!("第{asker}人的第{nth}个问题")).await["query_id"].clone();
                    let reply = say(&service, json!({"query_id": id, "verdict": "none_of_these"})).await;
                    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let counts = "SELECT (SELECT count(*) FROM queries), (SELECT count(*) FROM feedback)";
    assert_eq!(rows(service.data.path(), counts), ["200|200"]);
}
