//! Keys, spaces and the audit with the real binary: made on the command line while the service runs.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Stdio},
};

use crate::binary::{address, dayi, run, stderr, stdout};

const FAQ: &str = "data/wecom-faq/wecom-faq.md";
const QUESTION: &str = r#"{"query":"企业微信建的群能解散吗","top_k":1}"#;

/// A running service whose log is kept.
struct Logged {
    child: Child,
    url: String,
}

impl Logged {
    /// Logs everything that can be logged to `log`.
    fn start(data: &Path, log: &Path) -> Self {
        let mut child = dayi(data)
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .env("RUST_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(File::create(log).unwrap())
            .spawn()
            .unwrap();
        let url = address(&mut child);
        Self { child, url }
    }

    /// The status of a question with this key, and the body.
    fn ask(&self, query: &str, key: Option<&str>) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let url = format!("{}/v1/match{query}", self.url);
        let mut request = agent.post(url).header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let mut response = request.send(QUESTION).unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn keys_and_spaces_made_and_ended_while_it_serves_hold_at_once_and_no_log_has_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    assert!(run(&data, &["index", FAQ]).status.success());
    let server = Logged::start(&data, &log);
    assert_eq!(server.ask("", None).0, 200, "no key exists and the caller is on this machine");

    let created = run(&data, &["key", "create", "--scope", "ask", "--name", "门户"]);
    let key = stdout(&created).trim().to_owned();
    assert!(key.starts_with("dayi_"), "{key} {}", stderr(&created));
    assert_eq!(server.ask("", None).0, 401);
    assert_eq!(server.ask("", Some(&key)).0, 200);
    assert_eq!(server.ask("?space=hr", Some(&key)).0, 403);

    assert!(run(&data, &["space", "create", "hr"]).status.success());
    assert!(run(&data, &["index", FAQ, "--space", "hr"]).status.success());
    let of_hr = stdout(&run(&data, &["key", "create", "--scope", "ask,edit", "--space", "hr"]));
    let (status, body) = server.ask("", Some(of_hr.trim()));
    assert!(status == 200 && body.contains("wecom-faq-3-1"), "{status} {body}");

    let id = &key["dayi_".len()..][..16];
    assert!(run(&data, &["key", "revoke", id]).status.success());
    assert_eq!(server.ask("", Some(&key)).0, 401);
    assert!(run(&data, &["space", "delete", "hr", "--yes"]).status.success());
    assert_eq!(server.ask("", Some(of_hr.trim())).0, 401, "its keys end with it");
    drop(server);

    let logged = fs::read_to_string(&log).unwrap();
    assert!(logged.contains("/v1/match"), "the log is not empty: {logged}");
    for secret in [&key, of_hr.trim()].map(|key| &key["dayi_0123456789abcdef_".len()..]) {
        assert!(!logged.contains(secret), "a secret is in the log");
    }
    let audit = stdout(&run(&data, &["audit"]));
    let told: Vec<&str> = audit.lines().map(|line| line.split("  ").nth(2).unwrap()).collect();
    assert_eq!(
        told,
        ["space.deleted", "key.revoked", "key.revoked", "key.created", "space.created", "key.created"],
        "{audit}"
    );
    let listed = stdout(&run(&data, &["key", "list"]));
    assert!(
        listed.contains("ask in default  revoked") && listed.contains("ask,edit in hr  revoked"),
        "{listed}"
    );
}

#[test]
fn other_machines_are_let_in_only_when_somebody_said_who_may_do_what() {
    let data = tempfile::tempdir().unwrap();
    assert!(run(data.path(), &["index", FAQ]).status.success());
    let refused = run(data.path(), &["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(2));
    let told = stderr(&refused);
    assert!(told.contains("dayi key create") && told.contains("--allow-anonymous"), "{told}");

    let created = run(data.path(), &["key", "create", "--scope", "ask", "--expires", "2020-01-01"]);
    assert_eq!(created.status.code(), Some(2), "{}", stdout(&created));
    assert!(stderr(&created).contains("past"), "{}", stderr(&created));
}

#[test]
fn a_space_that_is_not_there_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for arguments in [
        &["index", FAQ, "--space", "hr"][..],
        &["key", "create", "--scope", "ask", "--space", "hr"],
        &["ask", "群", "--space", "hr"],
        &["space", "delete", "hr", "--yes"],
    ] {
        let output = run(&data, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("dayi space create hr"), "{arguments:?}: {}", stderr(&output));
    }
    assert!(!data.exists());
    let unsure = run(&data, &["space", "delete", "hr"]);
    assert!(stderr(&unsure).contains("--yes"), "{}", stderr(&unsure));
    let everywhere = run(&data, &["index", FAQ, "--space", "*"]);
    assert!(stderr(&everywhere).contains("name one space"), "{}", stderr(&everywhere));
    let slash = run(&data, &["space", "create", "../x"]);
    assert!(stderr(&slash).contains("a-z"), "{}", stderr(&slash));
}

#[test]
fn who_makes_keys_is_told_when_nobody_could_make_them_over_http() {
    let data = tempfile::tempdir().unwrap();
    assert!(run(data.path(), &["index", FAQ]).status.success());
    let is_warned = |arguments: &[&str]| {
        let created = run(data.path(), &[&["key", "create", "--scope"], arguments].concat());
        assert!(stdout(&created).starts_with("dayi_"), "{arguments:?}: {}", stderr(&created));
        stderr(&created).contains("--scope admin --space '*'")
    };
    assert!(is_warned(&["ask"]) && is_warned(&["admin"]), "the second is for one space");
    assert!(!is_warned(&["admin", "--space", "*"]) && !is_warned(&["ask"]));
}
