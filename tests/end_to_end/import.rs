//! `dayi index` with a dry run, a report and failed rows; `dayi export`.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::binary::{run, stderr, stdout};

/// Runs a command that succeeds and prints JSON.
fn json_of(data: &Path, arguments: &[&str]) -> Value {
    let output = run(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

fn exported(data: &Path) -> String {
    let output = run(data, &["export", "--format", "jsonl"]);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("faq.csv"));
    let (file_name, failed) = (file.to_str().unwrap(), folder.path().join("failed.csv"));
    fs::write(&file, "编号,标准问,答案\na,怎么退群,点右上角\nb,怎么入群,扫码\nc,没有答案,\n").unwrap();
    let dry = ["index", file_name, "--dry-run", "--json", "--failed-rows", failed.to_str().unwrap()];

    let report = json_of(&data, &dry);
    assert_eq!(report["counts"], json!({"added": 2, "changed": 0, "unchanged": 0, "removed": 0, "kept": 0}));
    assert_eq!(report["files"][0]["failed"], 1);
    assert_eq!(report["files"][0]["issues"][0]["line"], 4);
    assert!(!data.exists(), "a dry run makes no data directory");
    let rows = fs::read_to_string(&failed).unwrap();
    assert!(rows.starts_with("\u{feff}编号,标准问,答案,原因,行,文件\nc,没有答案,,"), "{rows}");

    json_of(&data, &["index", file_name, "--json"]);
    let before = exported(&data);
    fs::write(&file, "编号,标准问,答案\na,怎么退群,点左上角\nd,怎么建群,点加号\n").unwrap();
    let report = json_of(&data, &dry);
    assert_eq!(report["counts"], json!({"added": 1, "changed": 1, "unchanged": 0, "removed": 1, "kept": 0}));
    assert_eq!(report["files"][0]["changed"], json!([{"id": "a", "fields": ["answer"]}]));
    assert_eq!(
        (&report["files"][0]["added"], &report["files"][0]["removed"]),
        (&json!(["d"]), &json!(["b"]))
    );
    let text = stdout(&run(&data, &["index", file_name, "--dry-run"]));
    assert!(text.contains("  + d\n  ~ a (answer)\n  - b\n") && text.contains("dry run"), "{text}");
    assert_eq!(exported(&data), before);

    let counts = json_of(&data, &["index", file_name, "--json"])["counts"].clone();
    assert_eq!(counts, report["counts"], "the real run does what the dry run said");
}

#[test]
fn two_files_of_one_name_do_not_take_each_others_place() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let [first, second] = ["a", "b"].map(|team| {
        fs::create_dir(folder.path().join(team)).unwrap();
        let file = folder.path().join(team).join("faq.csv");
        fs::write(&file, format!("标准问,答案\n{team}组怎么联系,打电话\n")).unwrap();
        file.to_str().unwrap().to_owned()
    });
    let output = run(&data, &["index", &first, &second]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains("another file is called faq.csv too"), "{}", stderr(&output));
    let left = exported(&data);
    assert!(left.contains("a组") && !left.contains("b组"), "{left}");
}

#[test]
fn what_was_edited_here_outlives_the_next_import_of_a_file_that_says_nothing_new() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("faq.csv"));
    let file_name = file.to_str().unwrap();
    fs::write(&file, "标准问,答案\n怎么退群,点右上角\n怎么入群,扫码\n").unwrap();
    json_of(&data, &["index", file_name, "--json"]);
    let history = json_of(&data, &["history", "--json"]);
    let change = history.as_array().unwrap()[0]["change"].to_string();
    // Takes an entry away again, as somebody does who deletes it.
    assert!(run(&data, &["undo", &change]).status.success());
    let before = exported(&data);

    let counts = json_of(&data, &["index", file_name, "--json"])["counts"].clone();
    assert_eq!((&counts["kept"], &counts["added"]), (&json!(1), &json!(0)), "{counts}");
    assert_eq!(exported(&data), before);
    let told = stdout(&run(&data, &["index", file_name]));
    assert!(told.contains("1 kept as they are here (--overwrite"), "{told}");
    let counts = json_of(&data, &["index", file_name, "--overwrite", "--json"])["counts"].clone();
    assert_eq!((&counts["kept"], &counts["added"]), (&json!(0), &json!(1)), "{counts}");
}

#[test]
fn a_file_that_cannot_be_used_leaves_the_faq_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("faq.csv"), "标准问,答案\n怎么退群,点右上角\n").unwrap();
    json_of(&data, &["index", &path("faq.csv"), "--json"]);
    let before = exported(&data);
    for (name, content, expected) in [
        ("a.xlsx", &b"PK\x03\x04 broken"[..], "damaged"),
        ("b.csv", "分段内容,问题,答案\n甲,乙,丙\n".as_bytes(), "--preset (maxkb, dify)"),
        ("c.csv", &[0xff, 0xff, 0x20, 0x80], "GB18030"),
        ("d.pdf", b"%PDF", "supported are"),
    ] {
        fs::write(path(name), content).unwrap();
        let output = run(&data, &["index", &path(name)]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(stderr(&output).contains(expected), "{name}: {}", stderr(&output));
        assert_eq!(exported(&data), before, "{name}");
    }
}

#[test]
fn an_export_is_imported_to_the_same_faq_with_its_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("a.png"), b"\x89PNG\r\n\x1a\n1").unwrap();
    fs::write(path("faq.md"), "## 怎么退群？\n\n点这里 ![图](a.png)\n\n## 怎么入群？\n\n=扫码\n").unwrap();
    let data = folder.path().join("data");
    json_of(&data, &["index", &path("faq.md"), "--json"]);
    assert_eq!(fs::read_dir(data.join("assets")).unwrap().count(), 1);

    let content = |data: &Path| -> Vec<Value> {
        let entries = exported(data);
        let entry = |line: &str| {
            let mut entry: Value = serde_json::from_str(line).unwrap();
            (entry["source"], entry["updated_at"]) = (Value::Null, Value::Null);
            entry
        };
        entries.lines().map(entry).collect()
    };
    for (format, name) in
        [("csv", "b.csv"), ("xlsx", "b.xlsx"), ("jsonl", "b.jsonl"), ("markdown", "b.md"), ("xlsx", "b.zip")]
    {
        let out = tempfile::tempdir().unwrap();
        let (file, copy) = (out.path().join(name), out.path().join("data"));
        let output = run(&data, &["export", "--format", format, "-o", file.to_str().unwrap()]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(out.path().join("assets").is_dir(), name != "b.zip");
        json_of(&copy, &["index", file.to_str().unwrap(), "--json"]);
        assert_eq!(content(&copy), content(&data), "{name}");
        assert_eq!(fs::read_dir(copy.join("assets")).unwrap().count(), 1, "{name}");
    }
}
