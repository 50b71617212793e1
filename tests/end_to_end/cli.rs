//! The real binary with the real model on the customer's FAQ.

use std::{fs, path::Path, process::Stdio};

use dayi::store::FILE_NAME;
use serde_json::Value;

use crate::binary::{Server, dayi, run, stderr, stdout};

const FAQ: &str = "data/wecom-faq/wecom-faq.md";

fn json(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

#[test]
fn indexing_twice_embeds_nothing_the_second_time_and_says_so() {
    let data = tempfile::tempdir().unwrap();
    let first = json(&run(data.path(), &["index", FAQ, "--json"]));
    assert_eq!((&first["counts"]["added"], &first["entries"]), (&26.into(), &26.into()));
    assert!(first["embedded"].as_u64().unwrap() >= 26);
    let second = run(data.path(), &["index", FAQ]);
    assert!(stdout(&second).contains("none had to be embedded"), "{}", stdout(&second));
    assert!(stdout(&second).contains("26 unchanged"), "{}", stdout(&second));
    let third = json(&run(data.path(), &["index", FAQ, "--json"]));
    assert_eq!((&third["embedded"], &third["index_version"]), (&0.into(), &1.into()));
}

#[test]
fn only_changed_questions_are_embedded_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("faq.jsonl");
    let lines = |second: &str| {
        format!(
            "{{\"id\":\"a\",\"question\":\"群能解散吗\",\"answer\":\"能\"}}\n\
             {{\"id\":\"b\",\"question\":\"{second}\",\"answer\":\"能\"}}\n"
        )
    };
    let data = folder.path().join("data");
    let index = || json(&run(&data, &["index", file.to_str().unwrap(), "--json"]));
    fs::write(&file, lines("怎么建群")).unwrap();
    let before = index();
    fs::write(&file, lines("怎么建立一个群")).unwrap();
    let after = index();
    assert_eq!(after["counts"]["changed"], 1);
    assert!(after["embedded"].as_u64() < before["embedded"].as_u64(), "{before} {after}");
    assert_eq!((&before["index_version"], &after["index_version"]), (&1.into(), &2.into()));
}

/// Indexes `file` into `data` with the log that people see; what was logged.
fn index_logged(data: &Path, file: &str) -> String {
    stderr(&dayi(data).env("RUST_LOG", "info").args(["index", file, "--json"]).output().unwrap())
}

#[test]
fn an_edit_that_outdates_the_kept_index_is_nothing_to_log() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("faq.jsonl"));
    for question in ["群能解散吗", "怎么解散群"] {
        fs::write(&file, format!("{{\"id\":\"a\",\"question\":\"{question}\",\"answer\":\"能\"}}\n"))
            .unwrap();
        let log = index_logged(&data, file.to_str().unwrap());
        assert!(!log.contains("index anew"), "{log}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_command_quietly() {
    let data = tempfile::tempdir().unwrap();
    run(data.path(), &["index", FAQ]);
    for arguments in [
        &["history", "--limit", "800"][..],
        &["history", "--json"],
        &["export", "--format", "jsonl"],
        &["export", "--format", "csv"],
    ] {
        let mut child =
            dayi(data.path()).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("error"), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn tickets_that_cannot_be_read_are_told_after_the_others_are_done() {
    let folder = tempfile::tempdir().unwrap();
    let (some, none) = (folder.path().join("some.jsonl"), folder.path().join("none.jsonl"));
    fs::write(&some, "{\"id\":\"7\",\"body\":\"企业微信建的群能解散吗？\"}\n{\"id\":\n{\"id\":\"8\"}\n")
        .unwrap();
    fs::write(&none, "{}\n").unwrap();
    let (some, none) = (some.to_str().unwrap(), none.to_str().unwrap());
    let data = folder.path().join("data");
    for files in [&[some][..], &[none, some]] {
        let output = run(&data, &[&["triage", "--faq", FAQ, "--json"], files].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        let tickets = stdout(&output);
        assert_eq!(tickets.lines().count(), 1, "{tickets}");
        assert!(tickets.contains("wecom-faq-3-1"), "{tickets}");
        let told = stderr(&output);
        assert!(told.contains("row 2: ") && told.contains("row 3: ") && told.contains("subject"), "{told}");
    }
    let output = run(&data, &["triage", none, "--faq", FAQ]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
}

#[test]
fn ask_answers_from_a_file_without_touching_the_data_directory() {
    let data = tempfile::tempdir().unwrap();
    let output = run(data.path(), &["ask", "企业微信建的群能解散吗", "--faq", FAQ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("群主可以解散群，在群管理进入，点击解散群聊即可。"),
        "{}",
        stdout(&output)
    );
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
}

#[test]
fn ask_explains_its_decision_on_request() {
    let data = tempfile::tempdir().unwrap();
    let question = "群主想解散群聊在哪操作";
    let output = run(data.path(), &["ask", question, "--faq", FAQ, "--explain"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for expected in ["为什么：", "回答 >= ", "第二", "【解散", "phrasing_tokens", "得分"] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
    let ask = ["ask", "企业微信建的群能解散吗", "--faq", FAQ, "--json"];
    let plain = json(&run(data.path(), &ask));
    let explained = json(&run(data.path(), &[&ask[..], &["--explain"]].concat()));
    assert!(plain.get("explanation").is_none() && plain["matches"][0].get("explanation").is_none());
    assert_eq!(explained["explanation"]["reason"], "exact_wording");
    assert_eq!(explained["matches"][0]["confidence"], plain["matches"][0]["confidence"]);
}

#[test]
fn a_question_that_nothing_answers_is_exit_code_1() {
    let data = tempfile::tempdir().unwrap();
    let output = run(data.path(), &["ask", "今天天气怎么样", "--faq", FAQ, "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(json(&output)["decision"], "no_answer");
}

#[test]
fn errors_are_exit_code_2_and_say_what_to_do() {
    let data = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["ask", "群"][..], "dayi index"),
        (&["ask", " ", "--faq", FAQ], "empty"),
        (&["ask", "群", "--faq", "no-such-file.md"], "no-such-file.md"),
        (&["ask", "群", "--faq", "Cargo.toml"], ".toml"),
        (&["index", "no-such-file.md"], "no-such-file.md"),
        (&["serve"], "dayi index"),
        (&["ask", "群", "--faq", FAQ, "--model", "/no/such/model"], "/no/such/model"),
        (&["ask", "群", "--faq", FAQ, "--threads", "0"], "threads"),
        (&["eval", "--faq", FAQ, "--queries", "no-such.jsonl"], "no-such.jsonl"),
    ] {
        let output = run(data.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stdout(&output));
        assert!(stderr(&output).contains(expected), "{arguments:?} says: {}", stderr(&output));
    }
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0, "a mistyped directory stays as it was");
}

#[test]
fn serve_imports_answers_and_stops_gracefully() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), &["--faq", FAQ]);
    let (status, body) = server.post("/v1/match", r#"{"query":"群主想解散群聊在哪操作"}"#);
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["matches"][0]["id"], "wecom-faq-3-1");
    let answer = body["matches"][0]["answer"]["markdown"].as_str().unwrap();
    assert_eq!(answer, "群主可以解散群，在群管理进入，点击解散群聊即可。");

    let terminated =
        std::process::Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status();
    assert!(terminated.unwrap().success());
    assert_eq!(server.child.wait().unwrap().code(), Some(0));

    // What was imported is there without --faq.
    let server = Server::start(data.path(), &[]);
    let (_, body) = server.post("/v1/match/batch", r#"{"queries":["群主想解散群聊在哪操作"],"top_k":1}"#);
    assert_eq!(body["results"][0]["matches"][0]["id"], "wecom-faq-3-1");
}

/// How many vectors the data directory holds; 0 while there is no database.
fn vectors(data: &Path) -> i64 {
    let Ok(connection) = rusqlite::Connection::open_with_flags(
        data.join(FILE_NAME),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    ) else {
        return 0;
    };
    connection.query_row("SELECT count(*) FROM vectors", [], |row| row.get(0)).unwrap_or(0)
}

#[test]
fn an_index_run_killed_at_any_moment_is_completed_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("faq.jsonl"), folder.path().join("data"));
    let line = |n| format!(r#"{{"id":"e-{n}","question":"第{n}种群怎么解散","answer":"找群主"}}"#);
    fs::write(&file, (0..600).map(line).collect::<Vec<_>>().join("\n")).unwrap();
    let start = || {
        let mut command = dayi(&data);
        command.args(["index", file.to_str().unwrap()]).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    // Killed before anything is there, as soon as the database exists, and after each of the first commits.
    let database = data.join(FILE_NAME);
    let moments: [&dyn Fn() -> bool; 4] =
        [&|| true, &|| database.exists(), &|| vectors(&data) > 0, &|| vectors(&data) > 128];
    for moment in moments {
        let mut child = start();
        while !moment() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let kept = vectors(&data);
    assert!(kept >= 128, "what was committed before the kill is gone: {kept}");
    let report = json(&run(&data, &["index", file.to_str().unwrap(), "--json"]));
    assert_eq!(report["entries"], 600);
    assert!(report["embedded"].as_i64().unwrap() + kept <= vectors(&data) + 1, "{report}");
    let connection = rusqlite::Connection::open(database).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let found = json(&run(&data, &["ask", "第77种群怎么解散", "--json"]));
    assert_eq!(found["matches"][0]["entry"]["id"], "e-77");
}

#[test]
fn a_damaged_index_on_disk_is_rebuilt_from_the_store() {
    let data = tempfile::tempdir().unwrap();
    run(data.path(), &["index", FAQ]);
    let mut damaged = 0;
    for snapshot in fs::read_dir(data.path().join("index")).unwrap().map(|entry| entry.unwrap().path()) {
        if snapshot.is_dir() {
            for file in fs::read_dir(snapshot).unwrap().map(|entry| entry.unwrap().path()) {
                let mut bytes = fs::read(&file).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x55;
                fs::write(&file, bytes).unwrap();
                damaged += 1;
            }
        }
    }
    assert!(damaged > 0);
    let output = dayi(data.path()).env("RUST_LOG", "info").args(["index", FAQ, "--json"]).output().unwrap();
    assert!(stderr(&output).contains("damaged"), "{}", stderr(&output));
    let report = json(&output);
    assert_eq!((&report["embedded"], &report["reopened"]), (&0.into(), &false.into()));
    let found = json(&run(data.path(), &["ask", "企业微信建的群能解散吗", "--json"]));
    assert_eq!(found["matches"][0]["entry"]["id"], "wecom-faq-3-1");
}

#[test]
fn model_check_shows_the_checksum_of_the_weights() {
    let data = tempfile::tempdir().unwrap();
    let report = json(&run(data.path(), &["model", "check", "--json"]));
    assert_eq!(report["dimension"], 384);
    let weights = report["files"].as_array().unwrap().iter().find(|file| file["file"] == "model.safetensors");
    assert_eq!(
        weights.unwrap()["sha256"],
        "665bfc86c822c865eceada6293220d8646dc1d60ce6ae25add228f6e872d607d"
    );
}

/// Fifteen everyday things and four ways of asking about each.
fn labelled_faq(folder: &Path) -> (String, String) {
    let things = "发票 密码 快递 会员 积分 门票 保险 年假 工资 社保 空调 路由器 打印机 停车证 饭卡";
    let asks = ["怎么办理{}", "{}在哪里弄", "我想问下{}的事", "{}坏了或者丢了怎么办"];
    let (mut faq, mut queries) = (Vec::new(), Vec::new());
    for (nth, thing) in things.split(' ').enumerate() {
        let answer = format!("在{thing}页面提交。");
        let entry = serde_json::json!({"id": format!("e{nth}"), "question": format!("如何申请{thing}"), "answer": answer});
        faq.push(entry.to_string());
        for ask in asks {
            let question =
                serde_json::json!({"query": ask.replace("{}", thing), "relevant": [format!("e{nth}")]});
            queries.push(question.to_string());
        }
    }
    let write = |name: &str, lines: &[String]| {
        let path = folder.join(name);
        fs::write(&path, lines.join("\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    (write("faq.jsonl", &faq), write("queries.jsonl", &queries))
}

#[test]
fn fitting_leaves_a_ranker_in_the_data_directory_that_eval_then_uses() {
    let folder = tempfile::tempdir().unwrap();
    let (faq, queries) = labelled_faq(folder.path());
    let data = folder.path().join("data");
    assert_eq!(run(&data, &["index", &faq]).status.code(), Some(0));
    let ranker = data.join("ranker.json");

    let strangers = ["--out-of-scope", "data/wecom-faq/out_of_scope.jsonl"];
    let arguments = [&["fit", "--queries", &queries, "--json"], &strangers[..]].concat();
    let dry = run(&data, &[&arguments[..], &["--dry-run"]].concat());
    assert_eq!(dry.status.code(), Some(0), "{}", stderr(&dry));
    assert!(!ranker.exists() && json(&dry)["written"].is_null());

    let report = json(&run(&data, &arguments));
    assert_eq!(
        (&report["questions"], &report["entries"], &report["unanswerable"]),
        (&60.into(), &15.into(), &25.into())
    );
    let after = &report["figures"]["after"];
    assert!(after["hit_at_1"].as_f64().unwrap() > 0.8 && after["ece"].as_f64().unwrap() < 0.3, "{report}");
    let first = fs::read_to_string(&ranker).unwrap();
    assert!(first.contains("dayi 0.1.0 fit --queries"), "the file says what made it");
    let mut names: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name.to_string_lossy().contains("ranker"));
    assert_eq!(names, ["ranker.json"], "nothing temporary is left");

    // Again, in words: the earlier fit is no starting point, and the file comes out the same to the byte.
    let again = run(&data, &[&["fit", "--queries", &queries], &strangers[..]].concat());
    assert!(
        stdout(&again).contains("shipped  fitted") && stdout(&again).contains("written: "),
        "{}",
        stdout(&again)
    );
    assert_eq!(fs::read_to_string(&ranker).unwrap(), first);

    let eval = |more: &[&str]| {
        let output = run(&data, &[&["eval", "--queries", &queries, "--json"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        json(&output)["calibration"].clone()
    };
    // A ranker that doubts everything is told from the fitted one, by --ranker and in the data directory alike.
    let mut doubtful: Value = serde_json::from_str(&first).unwrap();
    doubtful["confidence"]["bias"] = (-99.0).into();
    let file = folder.path().join("doubtful.json");
    fs::write(&file, doubtful.to_string()).unwrap();
    let doubted = eval(&["--ranker", file.to_str().unwrap()]);
    assert_ne!(eval(&[]), doubted);
    fs::copy(&file, &ranker).unwrap();
    assert_eq!(eval(&[]), doubted);
}

#[test]
fn what_cannot_be_fitted_is_an_error_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (faq, queries) = labelled_faq(folder.path());
    let few = folder.path().join("few.jsonl");
    fs::write(&few, fs::read_to_string(&queries).unwrap().lines().take(40).collect::<Vec<_>>().join("\n"))
        .unwrap();
    let output = folder.path().join("ranker.json");
    let (few, output) = (few.to_str().unwrap(), output.to_str().unwrap());
    let to = ["--faq", &faq, "--output", output];
    for (arguments, reason) in [
        (vec!["--queries", few], "at least 50 questions about 15 entries"),
        (vec!["--queries", "missing.jsonl"], "missing.jsonl"),
        (vec!["--queries", "data/wecom-faq/queries.jsonl"], "is in the FAQ"),
        (vec!["--queries", &queries, "--max-wrong-rate", "5"], "more than 0 and less than 1, got 5"),
        (vec!["--queries", &queries, "--unseen"], "at least 4 categories"),
        (vec!["--queries", &queries, "--unseen", "--near-miss", few], "cannot be used with"),
    ] {
        let failed = run(folder.path(), &[&["fit"], &arguments[..], &to].concat());
        assert_eq!(failed.status.code(), Some(2), "{arguments:?}: {}", stdout(&failed));
        assert!(stderr(&failed).contains(reason), "{arguments:?}: {}", stderr(&failed));
        assert!(!Path::new(output).exists(), "{arguments:?}");
    }
    let without_output = run(folder.path(), &["fit", "--queries", &queries, "--faq", &faq]);
    assert_eq!(without_output.status.code(), Some(2));
    assert!(stderr(&without_output).contains("--output"), "{}", stderr(&without_output));
    let no_data = run(&folder.path().join("nothing"), &["fit", "--queries", &queries]);
    assert_eq!(no_data.status.code(), Some(2), "{}", stderr(&no_data));
}

#[test]
fn a_question_without_a_word_gets_no_answer() {
    let data = tempfile::tempdir().unwrap();
    let output = run(data.path(), &["ask", "😀？", "--faq", FAQ]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(stdout(&output).trim(), "没有找到答案。");
}

#[test]
fn synonyms_embed_only_what_they_change_and_bad_lines_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("faq.jsonl"));
    let lines = r#"{"id":"a","question":"企业微信怎么登录"}
{"id":"b","question":"群能解散吗"}
{"id":"c","question":"怎么用企微建群"}
"#;
    fs::write(&file, lines).unwrap();
    let index = || json(&run(&data, &["index", file.to_str().unwrap(), "--json"]))["embedded"].as_u64();
    assert_eq!(index(), Some(3));
    fs::write(data.join("synonyms.tsv"), "# 产品名\n企业微信=企微=WeCom\n").unwrap();
    assert_eq!(index(), Some(1));
    let verdict = json(&run(&data, &["ask", "WECOM怎么登录？", "--json"]));
    assert_eq!(verdict["decision"], "answer", "{verdict}");
    assert_eq!(verdict["matches"][0]["scores"]["exact"], 1.0, "{verdict}");

    let bad = folder.path().join("bad.tsv");
    fs::write(&bad, "企业微信=企微\n钉钉\n").unwrap();
    let refused = run(&data, &["ask", "怎么登录", "--synonyms", bad.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("bad.tsv") && stderr(&refused).contains("line 2"),
        "{}",
        stderr(&refused)
    );
}
