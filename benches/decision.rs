//! What a decision costs beyond the embedding of its question, at two sizes of FAQ: reading the text, finding the
//! candidates, their features, order, confidence and verdict.
//!
//! `cargo bench --bench decision`. The FAQ is made of `data/open-faq-zh/train`: each entry with three similar
//! questions and its answer; beyond its 810 entries they are repeated with other endings. The questions are those of
//! `data/open-faq-zh/test`, which no entry has.

use std::{fs, hint::black_box, path::Path, sync::Arc};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use dayi::{
    config::{Config, Settings},
    embed::{self, Embedded, Embedder, Role},
    faq::Entry,
    index::IndexParams,
    matcher::{Builder, Query, Snapshot, find_ranker},
    store::Store,
};

const SIMILAR: usize = 3;

/// So many questions are asked in turn.
const QUESTIONS: usize = 200;

/// A field of every line of a JSON Lines file of the bundled data.
fn column(file: &str, key: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/open-faq-zh").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|value| value[key].as_str().map(ToOwned::to_owned))
        .collect()
}

fn entries(size: usize) -> Vec<Entry> {
    let questions = column("train/corpus.jsonl", "question");
    let answers = column("train/corpus.jsonl", "answer");
    let queries = column("train/queries.jsonl", "query");
    let asked_of_each = queries.len() / questions.len();
    (0..size)
        .filter_map(|nth| {
            let of = nth % questions.len();
            let ending: String = if nth < questions.len() {
                String::new()
            } else {
                queries[nth * 7919 % queries.len()].chars().skip(2).take(4).collect()
            };
            let id = format!("e{nth}").parse().ok()?;
            let mut entry =
                Entry::new(id, format!("{}{ending}", questions[of]), format!("{}{ending}", answers[of]));
            entry.similar =
                (0..SIMILAR).map(|k| format!("{}{ending}", queries[of * asked_of_each + k])).collect();
            Some(entry)
        })
        .collect()
}

fn snapshot(size: usize, embedder: &dyn Embedder) -> Option<Snapshot> {
    let builder = Builder {
        embedder,
        ranker: Arc::new(find_ranker(embedder.model(), None).ok()?),
        synonyms: Arc::default(),
        params: &IndexParams::default(),
        folder: None,
        progress: &(),
    };
    Some(builder.build_entries(entries(size), &mut Store::in_memory().ok()?).ok()?.0)
}

fn decide(criterion: &mut Criterion) {
    let config = Config::resolve(Settings::default()).ok();
    let Some(embedder) = config.and_then(|config| embed::load(&config.model).ok()) else { return };
    let questions: Vec<String> = column("test/queries.jsonl", "query").into_iter().take(QUESTIONS).collect();
    let mut group = criterion.benchmark_group("decision");
    for size in [26, 2_000] {
        let Some(snapshot) = snapshot(size, embedder.as_ref()) else { return };
        let asked: Vec<(Query, Embedded)> = questions
            .iter()
            .filter_map(|text| {
                let read = snapshot.model_text(text);
                let embedded = embedder.embed_tokens(&[&read], Role::Query).ok()?.pop()?;
                Some((Query { text: text.clone(), ..Query::default() }, embedded))
            })
            .collect();
        let mut next = asked.iter().cycle();
        group.bench_function(BenchmarkId::new("entries", size), |bench| {
            bench.iter(|| {
                next.next().map(|(query, embedded)| {
                    black_box((snapshot.model_text(&query.text), snapshot.verdict(query, embedded)))
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decide);
criterion_main!(benches);
