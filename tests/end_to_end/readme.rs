//! Every example in README.md and README.zh-CN.md is run here, and its output compared.
//!
//! A `console` block is a list of `$ command` lines, each followed by what it prints. Lines of output must appear
//! in this order; `…` stands for anything, and a block's output may go on after what is shown.

use std::{fs, path::Path, process::Command};

use crate::binary::{Server, dayi};

struct Example {
    file: &'static str,
    command: String,
    output: Vec<String>,
}

fn examples(file: &'static str) -> Vec<Example> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ => {
                if let Some(command) = line.strip_prefix("$ ") {
                    examples.push(Example { file, command: command.to_owned(), output: Vec::new() });
                    continue;
                }
                let example = examples.last_mut().unwrap();
                if example.command.ends_with('\\') {
                    example.command.push('\n');
                    example.command.push_str(line);
                } else {
                    example.output.push(line.to_owned());
                }
            }
        }
    }
    examples
}

/// Whether `line` is `pattern`, where `…` stands for anything.
fn matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.trim_end().split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    if parts.is_empty() {
        return rest.trim_end().is_empty();
    }
    for part in &parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    parts.last().is_some_and(|last| last.is_empty()) || rest.trim_end().is_empty()
}

#[test]
fn every_example_prints_what_it_shows() {
    let data = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_dayi"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let server_data = tempfile::tempdir().unwrap();
    let server = Server::start(server_data.path(), &["--faq", "data/wecom-faq/wecom-faq.md"]);
    let mut run = 0;
    for example in examples("README.md").into_iter().chain(examples("README.zh-CN.md")) {
        let command = example.command.replace("http://localhost:8080", &server.url);
        assert!(!command.contains("localhost:8080"), "write http://localhost:8080 in {}", example.file);
        let environment = dayi(data.path());
        let mut shell = Command::new("bash");
        shell.args(["-c", &command]).current_dir(env!("CARGO_MANIFEST_DIR")).env("PATH", &path);
        for (name, value) in environment.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let output = shell.output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let mut lines = printed.lines();
        for expected in example.output.iter().filter(|line| !line.trim().is_empty() && line.trim() != "…") {
            assert!(
                lines.any(|line| matches(expected, line)),
                "{}: `{command}` does not print\n{expected}\nbut\n{printed}\n{}",
                example.file,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        run += 1;
    }
    assert!(run >= 10, "only {run} examples were found: is the format of README still the same?");
}

#[test]
fn the_first_two_commands_are_the_ones_that_matter() {
    for file in ["README.md", "README.zh-CN.md"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("    cargo ")).collect();
        assert_eq!(commands[..2], ["run --release -- serve --faq data/wecom-faq/wecom-faq.md", "test"]);
    }
}
