//! `dayi lint` with the real binary and the real model.

use std::{fs, path::Path};

use serde_json::Value;

use crate::binary::{run, stderr, stdout};

const WECOM: &str = "data/wecom-faq/wecom-faq.md";

fn report(data: &Path, arguments: &[&str]) -> Value {
    let output = run(data, &[&["lint", "--json"], arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)))
}

fn kinds(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["kind"].as_str().unwrap()).collect()
}

#[test]
fn errors_are_exit_code_1_and_name_file_line_and_entries() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("faq.jsonl");
    fs::write(
        &file,
        "{\"id\":\"a\",\"question\":\"怎么退款\",\"answer\":\"在订单页申请\"}\n\
         {\"id\":\"b\",\"question\":\"你好，请问怎么退款？\",\"answer\":\"打电话\"}\n\
         {\"id\":\"c\",\"question\":\"年假有几天\",\"answer\":\"\"}\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let output = run(folder.path(), &["lint", "--faq", file]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    for expected in [
        "error two_answers (faq.jsonl:1) a, b: ",
        "error no_answer (faq.jsonl:3) c: ",
        "3 entries, 3 questions: 2 errors, 0 warnings",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
    let report = report(folder.path(), &["--faq", file]);
    assert_eq!((&report["errors"], &report["warnings"]), (&2.into(), &0.into()));
}

#[test]
fn warnings_are_exit_code_0_unless_they_are_denied() {
    let data = tempfile::tempdir().unwrap();
    let output = run(data.path(), &["lint", "--faq", WECOM]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let denied = run(data.path(), &["lint", "--faq", WECOM, "--deny", "warnings"]);
    assert_eq!(denied.status.code(), Some(1), "{}", stderr(&denied));
    assert_eq!(stdout(&denied), stdout(&output));
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0, "the data directory is left alone");
}

#[test]
fn the_customers_faq_lacks_two_pictures_and_has_entries_that_are_easily_confused() {
    let data = tempfile::tempdir().unwrap();
    let from_file = report(data.path(), &["--faq", WECOM]);
    assert_eq!(kinds(&from_file).iter().filter(|kind| **kind == "picture_missing").count(), 2);
    let confused = from_file["findings"].as_array().unwrap().iter().any(|finding| {
        finding["kind"] == "confusable"
            && finding["entries"] == serde_json::json!(["wecom-faq-3-5", "wecom-faq-3-7"])
    });
    assert!(confused, "how to tell the two kinds of group, how to make them: {from_file:#}");

    // The same of the data directory, into which the two did not come either.
    let indexed = run(data.path(), &["index", WECOM]);
    assert_eq!(indexed.status.code(), Some(0), "{}", stderr(&indexed));
    for arguments in [&[][..], &["--pictures", "data/wecom-faq"]] {
        assert_eq!(kinds(&report(data.path(), arguments)), kinds(&from_file), "{arguments:?}");
    }
}

#[test]
fn what_keeps_the_check_from_running_is_exit_code_2() {
    let data = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["lint"][..], "dayi index"),
        (&["lint", "--faq", "no-such-file.md"], "no-such-file.md"),
        (&["lint", "--faq", WECOM, "--deny", "errors"], "warnings"),
        (&["lint", "--faq", WECOM, "--pictures", "data"], "cannot be used with"),
        (&["lint", "--pictures", "no-such-folder"], "no-such-folder"),
    ] {
        let output = run(data.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stdout(&output));
        assert!(stderr(&output).contains(expected), "{arguments:?} says: {}", stderr(&output));
    }
}
