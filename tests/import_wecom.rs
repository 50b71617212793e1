//! The bundled customer FAQ, pinned word for word.
//!
//! `golden/wecom-faq.json` was compared with the source by eye. After a deliberate change of the importer, write it
//! anew with `DAYI_BLESS=1 cargo test --test import_wecom` and read the difference.

#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{env, fmt::Write as _, fs, path::Path};

use dayi::import::{self, Severity};
use serde_json::{Value, json};

const GOLDEN: &str = "tests/golden/wecom-faq.json";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn imported() -> import::Import {
    import::import_file(&root().join("data/wecom-faq/wecom-faq.md"), &import::Options::default()).unwrap()
}

#[test]
fn every_question_and_answer_is_as_reviewed() {
    let entries = serde_json::to_value(imported().entries).unwrap();
    let golden = root().join(GOLDEN);
    if env::var_os("DAYI_BLESS").is_some() {
        fs::write(&golden, format!("{}\n", serde_json::to_string_pretty(&entries).unwrap())).unwrap();
    }
    let expected: Value = serde_json::from_slice(&fs::read(&golden).unwrap()).unwrap();
    let (entries, expected) = (entries.as_array().unwrap(), expected.as_array().unwrap());
    for (entry, expected) in entries.iter().zip(expected) {
        assert_eq!(entry, expected);
    }
    assert_eq!(entries.len(), expected.len());
}

#[test]
fn the_file_has_26_entries_in_one_category_and_two_missing_pictures() {
    let import = imported();
    let ids: Vec<String> = import.entries.iter().map(|entry| entry.id.to_string()).collect();
    assert_eq!(ids, (1..=26).map(|number| format!("wecom-faq-3-{number}")).collect::<Vec<_>>());
    assert!(import.entries.iter().all(|entry| entry.category == ["客户联系相关"]));
    let pictures: Vec<(&str, usize)> = import
        .entries
        .iter()
        .map(|entry| (entry.id.as_str(), entry.answer.images().len()))
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(pictures, [("wecom-faq-3-9", 1), ("wecom-faq-3-26", 1)]);

    let issues: Vec<_> = import
        .report
        .issues
        .iter()
        .map(|issue| (issue.severity, issue.entry.as_ref().unwrap().as_str(), issue.kind.code()))
        .collect();
    assert_eq!(
        issues,
        [
            (Severity::Warning, "wecom-faq-3-9", "picture_missing"),
            (Severity::Warning, "wecom-faq-3-26", "picture_missing"),
        ]
    );
    assert_eq!(import.report.imported, 26);
}

#[test]
fn not_a_single_character_of_the_source_is_lost() {
    let source = fs::read_to_string(root().join("data/wecom-faq/wecom-faq.md")).unwrap();
    let mut expected = String::new();
    for line in source.lines() {
        let line = line.split("</a>").last().unwrap();
        expected.push_str(&line.replace("**", "").replace("解决方案:", "").replace("解决方案：", ""));
    }
    let mut got = "（三）客户联系相关".to_owned();
    for (index, entry) in imported().entries.iter().enumerate() {
        let answer = entry.answer.markdown();
        // The only list of the file: its marks become Markdown.
        let answer = answer.replace("1. 首次", "1.首次").replace("2. 在工作台", "2、在工作台");
        write!(got, "{}、{}{answer}", index + 1, entry.question).unwrap();
    }
    let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    assert_eq!(visible(&got), visible(&expected));
}

#[test]
fn the_report_is_machine_readable() {
    let report = serde_json::to_value(imported().report).unwrap();
    assert_eq!(report["file"], json!("wecom-faq.md"));
    assert_eq!(report["issues"][0]["kind"], json!("picture_missing"));
    assert_eq!(report["issues"][0]["line"], json!(79));
}
