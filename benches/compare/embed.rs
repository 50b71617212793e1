//! The engines of this crate and onnxruntime, in turns, in one table.
//!
//! All get the same token counts and the same number of threads. Rounds alternate between the contestants, so that
//! whatever else the machine does hits all of them; medians over all rounds are compared. The rows of dayi named
//! "text" include tokenizing and pooling, those named "ids" start from token ids as onnxruntime does.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use dayi::embed::int8::{Int8Encoder, Int8Options, physical_cores};
use dayi::embed::model_dir::ModelDir;
use dayi::embed::{Embedder, Encoder, EngineKind, ModelOptions, Role, load};
use serde_json::{Value, json};

use super::{Outcome, median, millis, tokens};

/// Texts at once x tokens a text.
const CASES: [(usize, usize); 6] = [(1, 8), (1, 16), (1, 32), (8, 16), (32, 16), (32, 32)];
const ROUNDS: usize = 15;
/// Time that a contestant gets in a round.
const TURN: Duration = Duration::from_millis(60);

/// Something to be measured.
enum Contestant<'a> {
    Ids(&'static str, &'a dyn Encoder),
    Text(&'static str, Arc<dyn Embedder>),
    Peer(String),
}

impl Contestant<'_> {
    fn name(&self) -> String {
        match self {
            Self::Ids(name, _) | Self::Text(name, _) => (*name).to_owned(),
            Self::Peer(variant) => format!("onnxruntime {variant}"),
        }
    }
}

/// Runs the comparison and prints the table.
pub(crate) fn run() -> Outcome<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/zh-small");
    let threads = physical_cores();
    let dir = ModelDir::open(&folder, None)?;
    let start = Instant::now();
    let options = Int8Options { threads: Some(threads), kernel: None };
    let int8 = Int8Encoder::load(&dir.transformer, &dir.map_weights()?, options)?;
    println!(
        "int8: {} kernel, {threads} threads, loaded in {:.0} ms",
        int8.kernel().name(),
        millis(start.elapsed())
    );
    println!("weights and tables {:.1} MB", int8.weight_bytes() as f64 / 1e6);
    println!("least cosine to reference.json: dayi int8 {:.4}", least_cosine(&int8, &folder)?);
    let (mut peer, cosines) = Peer::start(&folder, threads)?;
    let embedder = |engine| {
        let model = Some(folder.display().to_string());
        load(&ModelOptions { model, engine, threads: Some(threads), ..ModelOptions::default() })
    };
    let mut contestants = vec![
        Contestant::Ids("dayi int8, ids", &int8),
        Contestant::Text("dayi int8, text", embedder(EngineKind::Int8)?),
        Contestant::Text("dayi candle f32, text", embedder(EngineKind::Candle)?),
    ];
    for (variant, cosine) in cosines.as_object().into_iter().flatten() {
        println!(
            "least cosine to reference.json: onnxruntime {variant} {:.4}",
            cosine.as_f64().unwrap_or(f64::NAN)
        );
        contestants.push(Contestant::Peer(variant.clone()));
    }
    println!("\n| case | contestant | median ms | best ms | texts/s | time : dayi int8, ids |");
    println!("|---|---|---:|---:|---:|---:|");
    for (count, tokens) in CASES {
        let seconds = measure(&contestants, &mut peer, (count, tokens))?;
        let base = median(&seconds[0]);
        for (contestant, seconds) in contestants.iter().zip(&seconds) {
            let (middle, best) = (median(seconds), seconds.iter().copied().fold(f64::INFINITY, f64::min));
            println!(
                "| {count} x {tokens} | {} | {:.3} | {:.3} | {:.0} | {:.2} |",
                contestant.name(),
                middle * 1e3,
                best * 1e3,
                count as f64 / middle,
                middle / base
            );
        }
    }
    Ok(())
}

/// Seconds of every run of every contestant.
fn measure(
    contestants: &[Contestant<'_>],
    peer: &mut Peer,
    (count, length): (usize, usize),
) -> Outcome<Vec<Vec<f64>>> {
    let ids = tokens::ids(count, length);
    let mut all = vec![Vec::new(); contestants.len()];
    let mut repeats = vec![1; contestants.len()];
    // Round 0 warms up and finds out how often a contestant can run in its turn.
    for round in 0..=ROUNDS {
        for (number, contestant) in contestants.iter().enumerate() {
            let seconds = match contestant {
                Contestant::Ids(_, encoder) => {
                    repeat(repeats[number], || encoder.encode(&ids).map(|_| ()).map_err(Into::into))?
                }
                Contestant::Text(_, embedder) => {
                    let text = text(embedder.as_ref(), length);
                    let texts = vec![text.as_str(); count];
                    repeat(repeats[number], || {
                        embedder.embed(&texts, Role::Query).map(|_| ()).map_err(Into::into)
                    })?
                }
                Contestant::Peer(variant) => peer.run(variant, &ids, repeats[number])?,
            };
            if round == 0 {
                let one = seconds.iter().copied().fold(f64::INFINITY, f64::min);
                repeats[number] = ((TURN.as_secs_f64() / one) as usize).clamp(1, 200);
            } else {
                all[number].extend(seconds);
            }
            // Threads of the last contestant may still be polling for work.
            thread::sleep(Duration::from_millis(50));
        }
    }
    Ok(all)
}

fn repeat(count: usize, mut run: impl FnMut() -> Outcome<()>) -> Outcome<Vec<f64>> {
    let mut seconds = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        run()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    Ok(seconds)
}

fn least_cosine(encoder: &dyn Encoder, folder: &Path) -> Outcome<f64> {
    let reference: Value = serde_json::from_slice(&std::fs::read(folder.join("reference.json"))?)?;
    let mut least = f64::INFINITY;
    for item in reference["items"].as_array().into_iter().flatten() {
        let ids: Vec<u32> = serde_json::from_value(item["token_ids"].clone())?;
        let expected: Vec<f64> = serde_json::from_value(item["embedding"].clone())?;
        let tokens = encoder.encode(&[ids])?.remove(0);
        let mut mean = vec![0.0; tokens.dimension];
        for row in tokens.values.chunks_exact(tokens.dimension) {
            for (mean, value) in mean.iter_mut().zip(row) {
                *mean += f64::from(*value);
            }
        }
        let dot: f64 = mean.iter().zip(&expected).map(|(a, b)| a * b).sum();
        least = least.min(dot / mean.iter().map(|value| value * value).sum::<f64>().sqrt());
    }
    Ok(least)
}

/// A Chinese text that becomes so many tokens with its prompt, or a few less.
fn text(embedder: &dyn Embedder, tokens: usize) -> String {
    let mut text = String::new();
    for character in
        "请问群主想要解散这个群聊应该在哪里操作才行而且不影响其他成员的使用和聊天记录的保存呢".chars()
    {
        let longer = format!("{text}{character}");
        if embedder.tokenize(&[&longer], Role::Query).is_ok_and(|texts| texts[0].ids.len() > tokens) {
            break;
        }
        text = longer;
    }
    text
}

/// The Python process.
struct Peer {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts `DAYI_BENCH_PYTHON` (default `python3`) and returns what it says of its variants.
    fn start(model: &Path, threads: usize) -> Outcome<(Self, Value)> {
        let python = env::var("DAYI_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new(&python)
            .arg(root.join("benches/compare/peer.py"))
            .arg(model)
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnx"))
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {python}: {error}; set DAYI_BENCH_PYTHON"))?;
        let orders = process.stdin.take().ok_or("no pipe to the peer")?;
        let answers = BufReader::new(process.stdout.take().ok_or("no pipe from the peer")?);
        let mut peer = Self { process, orders, answers };
        let cosines = peer.answer().map_err(|error| {
            format!("{python} failed ({error}); it needs `pip install -r benches/compare/requirements.txt`")
        })?;
        Ok((peer, cosines))
    }

    fn run(&mut self, variant: &str, ids: &[Vec<u32>], repeats: usize) -> Outcome<Vec<f64>> {
        writeln!(self.orders, "{}", json!({"variant": variant, "ids": ids, "repeats": repeats}))?;
        self.orders.flush()?;
        Ok(serde_json::from_value(self.answer()?)?)
    }

    fn answer(&mut self) -> Outcome<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // At the end of its input it would stop by itself; an error here means it already has.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
