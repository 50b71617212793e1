//! Files in and out: dry runs, reports, failed rows, pictures, and what an export brings back.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use dayi::{
    config::Settings,
    import::{Options, import_bytes},
    store::Store,
};
use serde_json::json;

use crate::support::{Reply, Service, assert_problem, service};

/// The smallest PNG: one transparent pixel.
pub(crate) const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

const SHEET: &str =
    "标准问,相似问,答案,分类\n打印机卡纸怎么办,打印机不出纸,打开前盖,设备\n,没有标准问,答,设备\n";

async fn upload(service: &Service, query: &str, file: impl Into<Body>) -> Reply {
    let request = Request::post(format!("/v1/import?{query}")).header(header::CONTENT_TYPE, "text/csv");
    service.send(request.body(file.into()).unwrap()).await
}

async fn export(service: &Service, query: &str) -> (String, Vec<u8>) {
    let request = Request::get(format!("/v1/export?{query}")).body(Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(service.router.clone(), request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let name = response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().to_owned();
    (name, axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec())
}

#[tokio::test]
async fn a_dry_run_says_what_an_import_would_do_and_changes_nothing() {
    let service = service(Settings::default());
    let reply = upload(&service, "file=new.csv&dry_run=true", SHEET).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let body = reply.json();
    assert_eq!(body["dry_run"], true);
    assert_eq!(body["version"], serde_json::Value::Null);
    assert_eq!(body["counts"], json!({"added": 1, "changed": 0, "unchanged": 0, "removed": 0, "kept": 0}));
    assert_eq!((&body["report"]["imported"], &body["report"]["failed"]), (&json!(1), &json!(1)));
    assert_eq!(body["added"].as_array().unwrap().len(), 1);
    let failed = body["failed_rows"].as_str().unwrap();
    assert!(failed.contains("没有标准问") && !failed.contains("打印机卡纸"), "{failed}");
    assert_eq!(Store::open(service.data.path()).unwrap().entries().unwrap().len(), 3);
}

#[tokio::test]
async fn an_imported_file_answers_at_once_and_its_next_version_removes_what_it_no_longer_has() {
    let service = service(Settings::default());
    let reply = upload(&service, "file=new.csv", SHEET).await;
    assert_eq!((reply.status, &reply.json()["version"]), (StatusCode::OK, &json!(2)), "{}", reply.text);
    let answer = service.post("/v1/match", r#"{"query":"打印机不出纸"}"#).await.json();
    assert_eq!((&answer["decision"], &answer["index_version"]), (&json!("answer"), &json!(2)));

    let next = "标准问,答案\n打印机没墨了怎么办,换墨盒\n";
    let body = upload(&service, "file=new.csv", next).await.json();
    let counts = &body["counts"];
    assert_eq!(counts["added"].as_u64().unwrap() + counts["changed"].as_u64().unwrap(), 1, "{body}");
    let answer = service.post("/v1/match", r#"{"query":"打印机不出纸"}"#).await.json();
    assert_ne!(answer["decision"], "answer");
    let questions: Vec<_> = Store::open(service.data.path()).unwrap().entries().unwrap();
    assert_eq!(questions.len(), 4);
}

#[tokio::test]
async fn an_edited_entry_stays_unless_the_file_says_something_new_or_is_to_win() {
    let service = service(Settings::default());
    let file = "编号,标准问,答案\np-1,打印机卡纸怎么办,打开前盖\n";
    assert_eq!(upload(&service, "file=new.csv", file).await.status, StatusCode::OK);
    let edited = service.change(Method::PATCH, "/v1/entries/p-1", "*", r#"{"answer":"找小王"}"#).await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.text);
    for (query, kept, answer) in [
        ("file=new.csv&dry_run=true", json!(["p-1"]), "找小王"),
        ("file=new.csv", json!(["p-1"]), "找小王"),
        ("file=new.csv&overwrite=true", json!([]), "打开前盖"),
    ] {
        let body = upload(&service, query, file).await.json();
        assert_eq!(body["kept"], kept, "{query}: {body}");
        assert_eq!(service.get("/v1/entries/p-1").await.json()["answer"], answer, "{query}");
    }
}

#[tokio::test]
async fn an_unusable_file_is_refused_with_the_reason_and_changes_nothing() {
    let service = service(Settings::default());
    let cases: [(&str, &[u8], &str); 5] = [
        ("file=new.pdf", b"%PDF-1.7", "pdf"),
        ("file=new.xlsx", b"PK\x03\x04 cut short", "xlsx"),
        ("file=new.csv", b"", "no entry was found"),
        ("file=new.csv&preset=maxkb", "标准问,答案\n甲,乙\n".as_bytes(), "分段内容"),
        ("file=faq.md", "没有标题".as_bytes(), "no entry was found"),
    ];
    for (query, file, reason) in cases {
        let reply = upload(&service, query, file.to_vec()).await;
        let problem = assert_problem(&reply, StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid");
        assert!(problem["detail"].as_str().unwrap().contains(reason), "{query}: {problem}");
    }
    let reply = upload(&service, "dry_run=true", SHEET).await;
    assert_problem(&reply, StatusCode::BAD_REQUEST, "/problems/malformed");
    assert_eq!(Store::open(service.data.path()).unwrap().entries().unwrap().len(), 3);
}

#[tokio::test]
async fn an_export_is_read_back_to_the_same_entries_with_their_pictures() {
    let service = service(Settings::default());
    let markdown =
        format!("# 设备\n\n**1. 打印机卡纸怎么办？**\n\n看图 ![图](data:image/png;base64,{PIXEL})\n");
    let reply = upload(&service, "file=new.md", markdown).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let stored = Store::open(service.data.path()).unwrap().entries().unwrap();
    for format in ["csv", "xlsx", "jsonl", "markdown"] {
        let (name, packed) = export(&service, &format!("format={format}&pictures=true")).await;
        assert_eq!(name, "attachment; filename=\"faq.zip\"");
        let import = import_bytes("faq.zip", &packed, &Options::default()).unwrap();
        assert_eq!(import.pictures.len(), 1, "{format}");
        let ids = |entries: &[dayi::faq::Entry]| {
            entries.iter().map(|e| (e.id.clone(), e.question.clone(), e.answer.clone())).collect::<Vec<_>>()
        };
        assert_eq!(ids(&import.entries), ids(&stored), "{format}");
    }
    let (name, _) = export(&service, "format=csv").await;
    assert_eq!(name, "attachment; filename=\"faq.csv\"");
}
