//! The release binary on the FAQ of `data/wecom-faq`, under load, beside the bare embedding of the same questions.
//!
//! All questions differ within a round, and the cache of query vectors is off except where a row says otherwise.
//! Bare embedding and load take turns, so that whatever else the machine does hits both; medians of the rounds are
//! compared. The load generator runs on the same machine and takes its share of the processor.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use dayi::embed::{Embedder, ModelOptions, Role, load};
use dayi::text::normalize::normalize;
use serde_json::Value;

use super::load::Generator;
use super::{Outcome, median, millis, quantile};

const ROUNDS: usize = 3;
/// Seconds of load in a round, for each number of connections.
const SECONDS: u32 = 4;
const CONNECTIONS: [usize; 3] = [1, 8, 64];

/// Runs the load test and prints the table.
pub(crate) fn run() -> Outcome<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let questions = fs::read_to_string(root.join("data/wecom-faq/queries.jsonl"))?
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line)?;
            value["query"].as_str().map(str::to_owned).ok_or_else(|| "a line has no query".into())
        })
        .collect::<Outcome<Vec<String>>>()?;
    let data = tempfile::tempdir()?;
    let first = Server::start(data.path(), &["--faq", "data/wecom-faq/wecom-faq.md"], &questions[0])?;
    println!("start to first answer, FAQ to be imported and embedded: {:.0} ms", first.started_ms);
    drop(first);
    let mut starts = Vec::new();
    for _ in 0..ROUNDS {
        starts.push(Server::start(data.path(), &[], &questions[0])?.started_ms);
    }
    println!("start to first answer, FAQ indexed before: {:.0} ms", median(&starts));

    let generator = Generator::new(data.path(), &questions)?;
    let model = Some(root.join("models/zh-small").display().to_string());
    let embedder = load(&ModelOptions { model, ..ModelOptions::default() })?;
    let server = Server::start(data.path(), &["--query-cache", "0"], &questions[0])?;
    let cached = Server::start(data.path(), &[], &questions[0])?;
    let mut rows: Vec<Row> =
        CONNECTIONS.into_iter().map(|connections| Row::new(connections, false)).collect();
    rows.push(Row::new(1, true));
    rows.push(Row::new(64, true));
    let (mut singles, mut batches) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        singles.push(one_by_one(&embedder, &questions)?);
        for row in &mut rows {
            batches.push(in_batches(&embedder, &questions)?);
            let server = if row.cached { &cached } else { &server };
            row.add(&generator.run(&server.address, row.connections, SECONDS)?);
        }
    }
    println!("resident memory after the load: {:.0} MB\n", server.resident_mb()?);

    let of = |pick: fn(&Single) -> f64| median(&singles.iter().map(pick).collect::<Vec<_>>());
    let bare = Single { p50: of(|single| single.p50), p99: of(|single| single.p99) };
    let batch = median(&batches);
    println!(
        "| | p50 ms | p99 ms | answers/s | p50, p99 : bare | answers/s : bare batch of 32 | 429 | errors |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    println!(
        "| bare embedding, one by one | {:.2} | {:.2} | {:.0} | 1, 1 | | | |",
        bare.p50,
        bare.p99,
        1e3 / bare.p50
    );
    println!("| bare embedding, batches of 32 | | | {batch:.0} | | 1 | | |");
    for row in &rows {
        row.print(&bare, batch);
    }
    Ok(())
}

/// Milliseconds of a bare embedding.
struct Single {
    p50: f64,
    p99: f64,
}

fn one_by_one(embedder: &Arc<dyn Embedder>, questions: &[String]) -> Outcome<Single> {
    let mut times = Vec::new();
    for _ in 0..5 {
        for question in questions {
            let start = Instant::now();
            embedder.embed_tokens(&[normalize(question).as_str()], Role::Query)?;
            times.push(millis(start.elapsed()));
        }
    }
    Ok(Single { p50: quantile(&times, 0.5), p99: quantile(&times, 0.99) })
}

/// Texts a second in batches of 32.
fn in_batches(embedder: &Arc<dyn Embedder>, questions: &[String]) -> Outcome<f64> {
    let texts: Vec<String> = questions.iter().map(|text| normalize(text).as_str().to_owned()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (start, mut count) = (Instant::now(), 0);
    for _ in 0..5 {
        for batch in texts.chunks_exact(32) {
            count += embedder.embed_tokens(batch, Role::Query)?.len();
        }
    }
    Ok(f64::from(u32::try_from(count)?) / start.elapsed().as_secs_f64())
}

/// A line of the table.
struct Row {
    connections: usize,
    cached: bool,
    p50: Vec<f64>,
    p99: Vec<f64>,
    rate: Vec<f64>,
    refused: u64,
    failed: u64,
}

impl Row {
    fn new(connections: usize, cached: bool) -> Self {
        Self { connections, cached, p50: vec![], p99: vec![], rate: vec![], refused: 0, failed: 0 }
    }

    fn add(&mut self, load: &super::load::Load) {
        self.p50.push(load.p50());
        self.p99.push(load.p99());
        self.rate.push(load.rate());
        self.refused += load.refused;
        self.failed += load.failed;
    }

    fn print(&self, bare: &Single, batch: f64) {
        let (p50, p99, rate) = (median(&self.p50), median(&self.p99), median(&self.rate));
        println!(
            "| `POST /v1/match`, {} connection{}{} | {p50:.2} | {p99:.2} | {rate:.0} | {:.2}, {:.2} | {:.2} | {} | {} |",
            self.connections,
            if self.connections == 1 { "" } else { "s" },
            if self.cached { ", all cached" } else { "" },
            p50 / bare.p50,
            p99 / bare.p99,
            rate / batch,
            self.refused,
            self.failed
        );
    }
}

/// `dayi serve` on a free port; ends with the value.
struct Server {
    process: Child,
    address: String,
    /// From the start of the process to the first answer.
    started_ms: f64,
}

impl Server {
    fn start(data: &Path, arguments: &[&str], question: &str) -> Outcome<Self> {
        let start = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_dayi"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.join("data"))
            .args(arguments)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = process.stdout.take().ok_or("no pipe from the server")?;
        let mut server = Self { process, address: String::new(), started_ms: 0.0 };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ").ok_or("the server did not start")?;
        address.clone_into(&mut server.address);
        ask(address, question)?;
        server.started_ms = millis(start.elapsed());
        Ok(server)
    }

    /// Memory in use, as the system counts it.
    fn resident_mb(&self) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0 / 1e6)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// One question, without a client library: the time must not include starting one.
fn ask(address: &str, question: &str) -> Outcome<()> {
    let host = address.trim_start_matches("http://");
    let body = serde_json::json!({"query": question}).to_string();
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "POST /v1/match HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(answer.into()) }
}
