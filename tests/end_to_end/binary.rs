//! The real binary: started on a free port, stopped on drop, its data in a temporary folder.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

/// `dayi` in the checkout's folder, its data in `data`, no configuration from outside.
pub(crate) fn dayi(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dayi"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DAYI_")) {
        command.env_remove(name);
    }
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("DAYI_DATA", data).env("RUST_LOG", "warn");
    command
}

/// Runs to the end.
pub(crate) fn run(data: &Path, arguments: &[&str]) -> Output {
    dayi(data).args(arguments).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A running `dayi serve`.
pub(crate) struct Server {
    pub(crate) child: Child,
    /// `http://127.0.0.1:port`.
    pub(crate) url: String,
}

/// Waits until `dayi serve --listen 127.0.0.1:0` says where it listens.
pub(crate) fn address(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("no address: {line:?}"));
    url.to_owned()
}

impl Server {
    /// Starts and waits until it listens.
    pub(crate) fn start(data: &Path, arguments: &[&str]) -> Self {
        let mut child = dayi(data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = address(&mut child);
        Self { child, url }
    }

    /// Posts JSON; the status and the body, whatever the status is.
    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, serde_json::Value) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        let mut response = request.send(body).unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        (response.status().as_u16(), serde_json::from_str(&text).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
