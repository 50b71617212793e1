//! From a change of the FAQ to the first answer that knows it, while others ask; and what it costs in memory.
//!
//! ```text
//! cargo bench --bench change
//! cargo bench --bench change -- --entries 100000 --changes 10
//! cargo bench --bench change -- --model models/zh-small
//! ```
//!
//! The FAQ is made of `data/open-faq-zh/train`: each entry with three similar questions and its answer; beyond its 810
//! entries they are repeated with other endings. Without `--model` texts are embedded by the n-gram test double: what
//! is measured then is everything but the model, which needs some 10 ms a text.

use std::{
    error::Error,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use dayi::{
    config::QueueConfig,
    editor::{Editor, Setup, system_clock},
    embed::{self, Embedder, HashedEmbedder, ModelOptions, batcher::Unobserved},
    faq::{Entry, EntryId},
    index::IndexParams,
    matcher::{self, Builder, Matcher, Query, QueryCache},
    store::{Edit, Store},
};

const SIMILAR: usize = 3;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let (mut count, mut changes, mut model) = (10_000, 30, None);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--entries" => count = value()?.parse()?,
            "--changes" => changes = value()?.parse()?,
            "--model" => model = Some(value()?),
            // cargo passes it to every bench
            "--bench" => {}
            _ => return Err(format!("unknown argument {arg}").into()),
        }
    }
    let embedder: Arc<dyn Embedder> = match model {
        Some(model) => embed::load(&ModelOptions { model: Some(model), ..ModelOptions::default() })?,
        None => Arc::new(HashedEmbedder::new(384)),
    };
    let entries = faq(count)?;
    let data = tempfile::tempdir()?;
    let start = Instant::now();
    let mut store = Store::open_or_create(data.path())?;
    store.replace_file("faq.jsonl", &entries)?;
    say(&format!("entries {count}, stored in {:.1?}", start.elapsed()));
    let params = IndexParams::default();
    let folder = data.path().join("index");
    let builder = Builder {
        embedder: embedder.as_ref(),
        ranker: Arc::new(matcher::find_ranker(embedder.model(), None)?),
        synonyms: Arc::default(),
        params: &params,
        folder: Some(&folder),
        progress: &(),
    };
    for what in ["embedded and built", "built again from stored vectors"] {
        let start = Instant::now();
        let (snapshot, report) = builder.build(&mut store)?;
        say(&format!(
            "{what} in {:.1?}: {} texts, {} embedded, {}",
            start.elapsed(),
            report.texts,
            report.embedded,
            report.search
        ));
        drop(snapshot);
    }
    let (snapshot, _) = builder.build(&mut store)?;
    drop(store);
    let queue = QueueConfig { capacity: 512, max_batch_tokens: 2048, cache_bytes: 0, callers_embed: false };
    let questions = QueryCache::start(embedder.clone(), queue, Arc::new(Unobserved))?;
    let matcher = Arc::new(Matcher::new(snapshot, Arc::new(questions)));
    let setup = Setup { embedder, params, folder: Some(folder), clock: system_clock() };
    let editor = Editor::start(data.path(), matcher.clone(), setup)?;
    say(&format!("resident before changes {}", resident()));

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure(&editor, &matcher, &entries, changes))?;
    say(&format!("resident after changes {}", resident()));
    Ok(())
}

async fn measure(editor: &Editor, matcher: &Arc<Matcher>, entries: &[Entry], changes: usize) -> Outcome<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let asking = tokio::spawn(ask_on(matcher.clone(), entries[7].question.clone(), stop.clone()));
    let mut times = [vec![], vec![], vec![]];
    for round in 0..changes {
        let id: EntryId = format!("new-{round}").parse()?;
        let entry = Entry::new(id.clone(), format!("第{round}号测试条目怎么办理"), "这样办理。");
        let mut changed = entries[round * 97 % entries.len()].clone();
        changed.question.push('改');
        let edits = [
            Edit::Create(entry),
            Edit::Put { entry: changed, revision: None },
            Edit::Delete { id, revision: None },
        ];
        for (times, edit) in times.iter_mut().zip(edits) {
            let start = Instant::now();
            let version = editor.apply(vec![edit], "bench".to_owned()).await?.version;
            while matcher.snapshot().version() < version {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            times.push(start.elapsed());
        }
    }
    for (what, mut times) in ["add", "change", "remove"].into_iter().zip(times) {
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        say(&format!("{what:8} to answer: p50 {:.0?}, p95 {:.0?}, max {:.0?}", at(50), at(95), at(100)));
    }
    stop.store(true, Ordering::Relaxed);
    let mut asked = asking.await??;
    asked.sort_unstable();
    let at = |share: usize| asked[(asked.len() - 1) * share / 100];
    say(&format!("{} questions meanwhile: p50 {:.1?}, p99 {:.1?}", asked.len(), at(50), at(99)));
    Ok(())
}

/// Asks one question after another until it is told to stop.
async fn ask_on(
    matcher: Arc<Matcher>,
    question: String,
    stop: Arc<AtomicBool>,
) -> Result<Vec<Duration>, matcher::Error> {
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        matcher.ask(vec![Query { text: question.clone(), ..Query::default() }]).await?;
        times.push(start.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(times)
}

fn faq(count: usize) -> Outcome<Vec<Entry>> {
    let (questions, answers) = (column("corpus.jsonl", "question")?, column("corpus.jsonl", "answer")?);
    let queries = column("queries.jsonl", "query")?;
    let similar = queries.len() / questions.len();
    (0..count)
        .map(|i| {
            let of = i % questions.len();
            let ending: String = match i / questions.len() {
                0 => String::new(),
                round => format!(
                    "{}{round}",
                    queries[i * 7919 % queries.len()].chars().skip(2).take(4).collect::<String>()
                ),
            };
            let entry = Entry::new(
                format!("e-{i}").parse()?,
                format!("{}{ending}", questions[of]),
                format!("{}{ending}", answers[of]),
            );
            let similar = (0..SIMILAR).map(|k| format!("{}{ending}", queries[of * similar + k]));
            Ok(Entry { similar: similar.collect(), ..entry })
        })
        .collect()
}

/// A field of every line of a JSON Lines file of the bundled data.
fn column(file: &str, key: &str) -> Outcome<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/open-faq-zh/train").join(file);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let field = |line: &str| -> Outcome<String> {
        let value: serde_json::Value = serde_json::from_str(line)?;
        Ok(value[key].as_str().unwrap_or_default().to_owned())
    };
    text.lines().map(field).collect()
}

/// Memory of the process, where the system tells it.
fn resident() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or_else(|| "unknown".to_owned(), |size| size.trim().to_owned())
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its results")]
fn say(line: &str) {
    println!("{line}");
}
