//! The rules on small FAQs, with the n-gram test double where a model is needed.

use std::sync::Arc;

use super::*;
use crate::{
    embed::{Embedder, HashedEmbedder},
    index::IndexParams,
    matcher::{Builder, find_ranker},
    rank::{
        Features, Ranker, Thresholds,
        ranker::{Evidence, Head},
    },
    store::Store,
};

fn entry(id: &str, question: &str, answer: &str) -> Entry {
    Entry::new(id.parse().unwrap(), question, answer)
}

fn with_similar(entry: Entry, similar: &[&str]) -> Entry {
    Entry { similar: similar.iter().map(|&text| text.to_owned()).collect(), ..entry }
}

fn with_negative(entry: Entry, negative: &str) -> Entry {
    Entry { negative: vec![negative.to_owned()], ..entry }
}

/// Sure of an entry from a cosine of about 0.5 on, which the test double gives to half of the n-grams.
fn ranker(embedder: &HashedEmbedder) -> Ranker {
    Ranker {
        weights: Features { dense: 10.0, ..Features::default() },
        confidence: Head { bias: -10.0, weights: Evidence { dense: 20.0, ..Evidence::default() } },
        thresholds: Thresholds { answer: 0.8, clarify: 0.4 },
        ..find_ranker(embedder.model(), None).unwrap()
    }
}

fn lint(entries: &[Entry]) -> Report {
    let embedder = HashedEmbedder::new(256);
    let mut store = Store::in_memory().unwrap();
    store.replace_file("faq.jsonl", entries).unwrap();
    let builder = Builder {
        embedder: &embedder,
        ranker: Arc::new(ranker(&embedder)),
        synonyms: Arc::default(),
        params: &IndexParams::default(),
        folder: None,
        progress: &(),
    };
    let (snapshot, _) = builder.build(&mut store).unwrap();
    check(entries, &snapshot, &Sources::default()).unwrap()
}

/// `code: entries` of each finding, in order.
fn found(entries: &[Entry]) -> Vec<String> {
    let line = |finding: &Finding| {
        let ids: Vec<&str> = finding.entries.iter().map(EntryId::as_str).collect();
        format!("{}: {}", finding.problem.code(), ids.join(" "))
    };
    lint(entries).findings.iter().map(line).collect()
}

#[test]
fn a_sound_faq_has_no_findings() {
    let faq = [
        with_similar(entry("a", "群主如何解散外部群", "找群主"), &["群主如何解散内部群", "群主如何解散群"]),
        entry("b", "年假有几天", "五天"),
    ];
    assert_eq!(found(&faq), Vec::<String>::new());
    assert_eq!((lint(&faq).entries, lint(&faq).phrasings), (2, 4));
    assert_eq!(found(&[]), Vec::<String>::new());
}

#[test]
fn blank_and_repeated_questions_and_missing_answers_are_found() {
    let faq = [
        entry("blank", "？😀", "好"),
        with_similar(
            entry("similar", "年假有几天", "五天"),
            &["", "……", "年假有几天？", "年假天数", "年假天數"],
        ),
        entry("silent", "打印机怎么连", ""),
        with_negative(entry("shut", "发票抬头是什么", "公司名"), "发票抬头是什么！"),
    ];
    assert_eq!(
        found(&faq),
        [
            "no_answer: silent",
            "blank_question: blank",
            "own_negative: shut",
            "blank_similar: similar",
            "blank_similar: similar",
            "repeated_similar: similar",
            "repeated_similar: similar"
        ]
    );
}

#[test]
fn a_faq_without_any_answer_gets_one_finding_and_not_one_an_entry() {
    let faq = [entry("a", "群能解散吗", ""), entry("b", "年假有几天", "")];
    assert_eq!(found(&faq), ["no_answers: "]);
}

#[test]
fn one_question_in_two_entries_is_an_error_whether_or_not_the_answers_agree() {
    for (question, answer, code) in [
        ("怎么退款？", "七天之内在订单页申请，费用 10 元。", "asked_twice"),
        ("您好，請問怎麼退款", "七天之内在订单页申请，费用 10 元！", "asked_twice"),
        ("怎么退款", "七天之内在订单页申请，费用 20 元。", "two_answers"),
        ("怎么退款", "联系店长", "two_answers"),
    ] {
        let first = entry("a", "怎么退款", "七天之内在订单页申请，费用 10 元。");
        let second = with_similar(entry("b", "年假有几天", answer), &[question]);
        assert_eq!(found(&[first, second]), [format!("{code}: a b")], "{question} {answer}");
    }
}

#[test]
fn a_question_that_many_entries_have_is_compared_with_its_first_owner() {
    let faq: Vec<Entry> =
        (0..5).map(|n| entry(&format!("e{n}"), "怎么退款", &format!("看第{n}条"))).collect();
    let report = lint(&faq);
    assert_eq!((report.errors, report.warnings), (4, 0), "{:#?}", report.findings);
}

#[test]
fn a_similar_question_that_lies_at_another_entry_is_found() {
    let faq = [
        with_similar(entry("a", "年假有几天", "五天"), &["员工如何在系统里申请打印机权限呢"]),
        entry("b", "员工如何在系统里申请打印机权限", "找管理员"),
    ];
    assert_eq!(found(&faq), ["finds_other: a b"]);
    let report = lint(&faq);
    assert!(report.findings[0].to_string().contains("员工如何在系统里申请打印机权限呢"));
    assert!(report.findings[0].problem.confidence().unwrap() > 0.4);
}

#[test]
fn entries_that_are_easily_taken_for_each_other_are_one_warning_until_a_negative_question_parts_them() {
    let printer = entry("printer", "员工如何在系统里申请打印机", "找管理员");
    let paper = entry("paper", "员工如何在系统里申请打印纸", "去前台领");
    assert_eq!(found(&[printer.clone(), paper.clone()]), ["confusable: printer paper"]);

    let parted = [
        with_negative(printer, "员工如何在系统里申请打印纸"),
        with_negative(paper, "员工如何在系统里申请打印机"),
    ];
    assert_eq!(found(&parted), Vec::<String>::new());
}

#[test]
fn opposites_are_told_apart_and_need_no_warning() {
    let faq = [
        entry("on", "员工如何在系统里开启打印机", "按绿色按钮"),
        entry("off", "员工如何在系统里关闭打印机", "按红色按钮"),
    ];
    assert_eq!(found(&faq), Vec::<String>::new());
}

#[test]
fn an_entry_whose_neighbour_is_nearer_to_a_third_is_no_warning() {
    let faq = [
        entry("printer", "员工如何在系统里申请打印机", "找管理员"),
        entry("paper", "员工如何在系统里申请打印纸", "去前台领"),
        entry("far", "新员工如何在公司的系统里申请打印", "先开通账号"),
    ];
    assert_eq!(found(&faq), ["confusable: printer paper"]);
}

#[test]
fn nearly_the_same_question_with_the_same_answer_is_a_near_duplicate() {
    let faq = [
        entry("a", "员工如何在系统里申请打印机权限", "找管理员开通即可。"),
        entry("b", "员工如何在系统中申请打印机权限", "找管理员开通即可！"),
    ];
    assert_eq!(found(&faq), ["near_duplicate: a b"]);
}

#[test]
fn entries_that_are_disabled_or_not_valid_today_are_not_compared() {
    let old = Entry {
        valid_until: Some("2020-01-01".parse().unwrap()),
        ..entry("old", "怎么退款", "打电话")
    };
    let off = Entry { enabled: false, ..entry("off", "怎么退款", "") };
    assert_eq!(found(&[old, off, entry("new", "怎么退款", "在订单页申请")]), Vec::<String>::new());
}

#[test]
fn pictures_are_looked_for_where_the_caller_says() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    let faq = [entry("a", "怎么退款", "看图 ![](a.png) ![](b.png)")];
    let embedder = HashedEmbedder::new(64);
    let mut store = Store::in_memory().unwrap();
    let builder = Builder {
        embedder: &embedder,
        ranker: Arc::new(ranker(&embedder)),
        synonyms: Arc::default(),
        params: &IndexParams::default(),
        folder: None,
        progress: &(),
    };
    let (snapshot, _) = builder.build_entries(faq.to_vec(), &mut store).unwrap();
    let sources = Sources { pictures: Some(folder.path()), ..Sources::default() };
    let report = check(&faq, &snapshot, &sources).unwrap();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].problem.code(), "picture_missing");
    assert!(report.findings[0].to_string().contains("b.png"));
}

#[test]
fn a_finding_reads_well_for_people_and_for_programs() {
    let mut first = entry("a", "怎么退款", "在订单页申请");
    first.source = Some(crate::faq::Source { file: "faq.md".into(), line: Some(3), ..Default::default() });
    let finding = Finding::new(
        &[&first, &entry("b", "怎么退款", "打电话")],
        Problem::TwoAnswers { text: "怎么退款".into() },
    );
    let text = finding.to_string();
    assert!(
        text.starts_with("error two_answers (faq.md:3) a, b: \"怎么退款\" is answered in two ways"),
        "{text}"
    );
    let json = serde_json::to_value(&finding).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "severity": "error", "kind": "two_answers", "entries": ["a", "b"], "file": "faq.md", "line": 3,
            "confidence": null, "message": finding.problem.to_string(),
        })
    );
}
