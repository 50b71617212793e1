use super::*;
use crate::{
    eval::fixture::{asked, outcome, run},
    faq::Entry,
};

fn entries() -> Vec<Entry> {
    [("dissolve", "群能不能解散"), ("quit", "如何退出群聊"), ("reply", "快捷回复怎么用")]
        .map(|(id, question)| Entry::new(id.parse().unwrap(), question, "见图"))
        .to_vec()
}

fn report_of(run: &Run) -> Report {
    Report::new(run, Setup { entries: &entries(), model: "zh-small", index: "exact" })
}

/// A report in which every foreign text tries to become markup or to leave its cell or line.
fn hostile() -> Report {
    let attack = "</td><script>alert(1)</script><img src=x onerror=alert(1)>|`x`\n# \u{1b}[31m\"'&\u{202e}";
    let run = Run {
        answerable: vec![asked(attack, outcome("quit dissolve", "dissolve", 0.9))],
        out_of_scope: vec![asked(attack, outcome("quit", "", 0.9))],
        ..Run::default()
    };
    let entries =
        entries().into_iter().map(|entry| Entry { question: attack.to_owned(), ..entry }).collect::<Vec<_>>();
    Report::new(&run, Setup { entries: &entries, model: attack, index: attack })
}

#[test]
fn json_has_exactly_the_keys_of_the_contract() {
    let json = serde_json::to_value(report_of(&run()).summary).unwrap();
    let keys =
        |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys(&json),
        "entries queries hit_at_1 hit_at_3 hit_at_5 mrr_at_10 ndcg_at_10 macro_hit_at_1 alone rejection calibration \
         latency_ms model index ci decisions pooled"
    );
    assert_eq!(keys(&json["rejection"]), "near_miss_auc out_of_scope_auc held_out_auc");
    assert_eq!(
        keys(&json["calibration"]),
        "ece ece_by_chance brier coverage_at_5pct_wrong wrong_answer_rate"
    );
    assert_eq!(keys(&json["latency_ms"]), "p50 p95 p99");
    assert_eq!(json["decisions"]["near_miss"]["answer_wrong"], 1);
    assert!(json["rejection"]["held_out_auc"].is_null(), "{json}");
    assert!(json["ci"]["rejection.near_miss_auc"]["low"].is_number(), "{json}");
}

#[test]
fn an_evaluation_of_nothing_is_all_null_and_renders() {
    let report = report_of(&Run::default());
    let json = report.json().unwrap();
    assert!(json.contains("\"hit_at_1\": null") && json.contains("\"p99\": null") && !json.contains("NaN"));
    for text in [report.text(), report.markdown(), report.html().unwrap()] {
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
}

#[test]
fn a_written_report_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a/b");
    let mut broken = run();
    broken.answerable[0].ranked[0].confidence = f32::NAN;
    broken.answerable[0].ranked[0].scores.insert("dense".into(), f32::INFINITY);
    broken.answerable[1].ranked[0].scores.insert("dense".into(), 0.5);
    let report = report_of(&broken);
    report.write(&target).unwrap();
    let back = Report::read(&target.join("report.json")).unwrap();
    assert_eq!(back.questions, report.questions);
    assert_eq!(back.entry_questions, report.entry_questions);
    assert_eq!(back.summary.decisions, report.summary.decisions);
    assert!(fs::read_to_string(target.join("report.html")).unwrap().starts_with("<!doctype html>"));
    assert!(fs::read_to_string(target.join("report.md")).unwrap().starts_with("# dayi evaluation"));
}

#[test]
fn a_file_that_is_no_report_says_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.json");
    fs::write(&path, "{\"hit_at_1\": 1}").unwrap();
    let error = Report::read(&path).unwrap_err();
    assert!(error.to_string().contains("report.json"), "{error}");
}

#[test]
fn foreign_text_stays_text_in_html() {
    let page = hostile().html().unwrap();
    for markup in ["<script", "<img", "onerror=alert(1)>", "\u{1b}", "\u{202e}"] {
        assert!(!page.contains(markup), "{markup:?}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn foreign_text_stays_in_its_cell_and_line_in_markdown_and_terminal() {
    let report = hostile();
    let markdown = report.markdown();
    assert!(!markdown.contains("<script") && !markdown.contains('\u{1b}'));
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let failed = markdown.lines().filter(|line| line.contains("alert")).filter(|line| line.starts_with('|'));
    assert!(failed.map(bars).all(|count| count == 8 || count == 5), "{markdown}");
    assert!(!report.text().contains('\u{1b}'));
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let page = report_of(&run()).html().unwrap();
    for foreign in ["src=", "href=", "url(", "@import", "<script", "<link"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_eq!(page.matches("<svg ").count(), 4);
    assert!(page.contains("prefers-color-scheme:dark") && page.contains("name=\"viewport\""));
    // Every colour of a plot follows the theme.
    let plots: String =
        page.split("<svg ").skip(1).map(|part| part.split("</svg>").next().unwrap()).collect();
    assert!(!plots.contains("\"#"), "a fixed colour is left");
}

#[test]
fn every_failed_question_is_listed_once_with_what_won_instead() {
    let report = report_of(&run());
    let found: Vec<(FailureKind, &str)> = failures(&report)
        .into_iter()
        .map(|failure| (failure.kind, failure.question.query.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (FailureKind::AnsweredAnyway, "怎么解散公司"),
            (FailureKind::WrongFirst, "群不想要了"),
            (FailureKind::WrongFirst, "回复太慢了怎么快点"),
            (FailureKind::HeldBack, "快捷回复在哪"),
        ]
    );
    let page = report.html().unwrap();
    for (_, query) in found {
        assert_eq!(page.matches(query).count(), 1, "{query}");
    }
}

#[test]
fn an_answered_held_out_question_says_that_its_entry_was_taken_out() {
    let run = Run { held_out: vec![outcome("quit", "gone", 0.9)], ..Run::default() };
    assert!(report_of(&run).html().unwrap().contains("taken out of the FAQ"));
}

#[test]
fn confused_pairs_count_both_directions_of_one_pair() {
    let run = Run {
        answerable: vec![
            outcome("quit dissolve", "dissolve", 0.9),
            outcome("quit", "dissolve", 0.9),
            outcome("dissolve quit", "quit", 0.9),
            outcome("reply", "quit", 0.9),
            outcome("", "quit", 0.0),
        ],
        ..Run::default()
    };
    let pairs = confused_pairs(&report_of(&run));
    let found: Vec<(&str, usize, &str, usize)> =
        pairs.iter().map(|p| (p.a.as_str(), p.a_lost, p.b.as_str(), p.b_lost)).collect();
    assert_eq!(found, [("dissolve", 2, "quit", 1), ("quit", 1, "reply", 0)]);
}

#[test]
fn text_and_markdown_of_a_small_run() {
    let report = report_of(&run());
    insta::assert_snapshot!("text", report.text());
    insta::assert_snapshot!("markdown", report.markdown());
}
