//! What a question costs in the lexical leg and in the text features, at two sizes of FAQ.
//!
//! `cargo bench --bench lexical`. The FAQ is made of `data/open-faq-zh/train`: each entry with three similar
//! questions and its answer; beyond its 810 entries they are repeated with other endings.

use std::{fs, hint::black_box, path::Path};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use dayi::{
    index::lexical::{LexicalDocument, LexicalIndex, Parameters},
    text::{
        contrast::Contrasts,
        normalize::normalize,
        overlap::{Bigrams, letters},
        pinyin::Sounds,
    },
};

const SIMILAR: usize = 3;

/// A field of every line of a JSON Lines file of the bundled data, normalised.
fn column(file: &str, key: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/open-faq-zh/train").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|value| value[key].as_str().map(|text| normalize(text).as_str().to_owned()))
        .collect()
}

fn entries(size: usize) -> Vec<Vec<String>> {
    let (questions, answers) = (column("corpus.jsonl", "question"), column("corpus.jsonl", "answer"));
    let queries = column("queries.jsonl", "query");
    let similar = queries.len() / questions.len();
    (0..size)
        .map(|i| {
            let of = i % questions.len();
            let ending: String = if i < questions.len() {
                String::new()
            } else {
                queries[i * 7919 % queries.len()].chars().skip(2).take(4).collect()
            };
            let mut texts = vec![format!("{}{ending}", answers[of]), format!("{}{ending}", questions[of])];
            texts.extend((0..SIMILAR).map(|k| format!("{}{ending}", queries[of * similar + k])));
            texts
        })
        .collect()
}

fn search(c: &mut Criterion) {
    let queries = column("queries.jsonl", "query");
    let mut group = c.benchmark_group("lexical search");
    for size in [2_000, 100_000] {
        let entries = entries(size);
        let documents: Vec<LexicalDocument<'_>> = entries
            .iter()
            .map(|texts| LexicalDocument {
                question: &texts[1],
                similar: texts[2..].iter().map(String::as_str).collect(),
                answer: &texts[0],
            })
            .collect();
        let Ok(index) = LexicalIndex::build(&documents, Parameters::default()) else { continue };
        let mut next = queries.iter().cycle();
        group.bench_function(BenchmarkId::new("grams", size), |b| {
            b.iter(|| black_box(index.search(next.next().map_or("", String::as_str)).top(50, 0.3)));
        });
    }
    group.finish();
}

fn text(c: &mut Criterion) {
    let queries = column("queries.jsonl", "query");
    let mut group = c.benchmark_group("text");
    let mut next = queries.iter().cycle();
    let mut query = move || next.next().map_or("", String::as_str);
    group.bench_function("normalize", |b| b.iter(|| normalize(query())));
    group.bench_function("pinyin", |b| b.iter(|| Sounds::of(query())));
    group.bench_function("contrasts", |b| b.iter(|| Contrasts::of(query())));
    let pair = [letters(&queries[0]), letters(&queries[1])];
    let bigrams = pair.map(|letters| Bigrams::of(&letters));
    group.bench_function("bigram dice of a pair", |b| b.iter(|| bigrams[0].dice(&bigrams[1])));
    group.finish();
}

criterion_group!(benches, search, text);
criterion_main!(benches);
