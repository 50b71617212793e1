//! Tickets at a steady rate through the whole triage, with the bundled model: what one of them has to wait.
//!
//!     cargo bench --bench triage [-- TICKETS_PER_SECOND SECONDS]
//!
//! Tickets arrive by the clock whether earlier ones are done or not, so that a service that falls behind shows it.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark for people")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use dayi::{
    config::{Config, Settings},
    embed::{self, batcher::Unobserved},
    import,
    matcher::{self, Builder, Matcher, QueryCache},
    store::Store,
    triage::{Desk, Earlier, Ticket, measure},
};

const FAQ: [&str; 2] = ["data/open-faq-zh/test/corpus.jsonl", "data/wecom-faq/wecom-faq.md"];
const TICKETS: &str = "data/triage/test.jsonl";

fn matcher(config: &Config) -> Matcher {
    let mut store = Store::in_memory().unwrap();
    for path in FAQ {
        let import = import::import_file(Path::new(path), &import::Options::default()).unwrap();
        store.replace_file(path, &import.entries).unwrap();
    }
    let embedder = embed::load(&config.model).unwrap();
    let builder = Builder {
        embedder: embedder.as_ref(),
        ranker: Arc::new(matcher::find_ranker(embedder.model(), None).unwrap()),
        synonyms: Arc::default(),
        params: &config.index,
        folder: None,
        progress: &(),
    };
    let (snapshot, _) = builder.build(&mut store).unwrap();
    let questions = QueryCache::start(embedder, config.queue, Arc::new(Unobserved)).unwrap();
    Matcher::new(snapshot, Arc::new(questions))
}

fn main() {
    // `cargo bench` adds --bench.
    let mut numbers = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let mut number = |default: u32| numbers.next().map_or(default, |text| text.parse().unwrap());
    let (rate, seconds) = (number(20), number(30));

    // The tickets come round again; each must be embedded as if it were new.
    let config = Config::resolve(Settings { query_cache: Some(0), ..Settings::default() }).unwrap();
    let matcher = Arc::new(matcher(&config));
    let desk = Arc::new(Desk::new(None, Earlier::default()));
    let tickets: Vec<Ticket> =
        measure::read(Path::new(TICKETS)).unwrap().rows.iter().map(measure::LabelledTicket::ticket).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut took = runtime.block_on(async {
        let start = Instant::now();
        let mut running = Vec::new();
        for nth in 0..rate * seconds {
            let due = start + Duration::from_secs(1) * nth / rate;
            tokio::time::sleep_until(due.into()).await;
            let (matcher, desk) = (matcher.clone(), desk.clone());
            let mut ticket = tickets[nth as usize % tickets.len()].clone();
            ticket.id = Some(nth.to_string());
            running.push(tokio::spawn(async move {
                desk.triage(&matcher, &ticket).await.unwrap();
                // From when it was due: a late start is waiting, too.
                due.elapsed()
            }));
        }
        let mut took = Vec::with_capacity(running.len());
        for task in running {
            took.push(task.await.unwrap());
        }
        took
    });
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3;
    println!("{} tickets at {rate}/s over {} entries", took.len(), matcher.snapshot().entries().len());
    println!("p50 {:.1} ms  p95 {:.1} ms  p99 {:.1} ms  max {:.1} ms", at(0.5), at(0.95), at(0.99), at(1.0));
}
