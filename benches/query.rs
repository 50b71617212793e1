//! What a question costs from text to verdict, and in each of its steps: normalising, splitting into tokens, embedding,
//! ranking.
//!
//! `cargo bench --bench query`. The FAQ and the questions are those of `data/wecom-faq`; one pass over all questions
//! is measured, and criterion's throughput is questions a second.

use std::{error::Error, fs, hint::black_box, path::Path, sync::Arc};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dayi::{
    embed::{Embedded, Embedder, ModelOptions, Role, load},
    import::{Options, import_file},
    index::IndexParams,
    matcher::{Builder, Query, Snapshot, find_ranker},
    store::Store,
    text::normalize::normalize,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The FAQ and everything that a service would hold.
struct Service {
    embedder: Arc<dyn Embedder>,
    snapshot: Snapshot,
    questions: Vec<String>,
}

impl Service {
    fn load() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let model = Some(root.join("models/zh-small").display().to_string());
        let embedder = load(&ModelOptions { model, ..ModelOptions::default() })?;
        let import = import_file(&root.join("data/wecom-faq/wecom-faq.md"), &Options::default())?;
        let mut store = Store::in_memory()?;
        store.replace_file(&import.report.file, &import.entries)?;
        let builder = Builder {
            embedder: embedder.as_ref(),
            ranker: Arc::new(find_ranker(embedder.model(), None)?),
            synonyms: Arc::default(),
            params: &IndexParams::default(),
            folder: None,
            progress: &(),
        };
        let (snapshot, _) = builder.build(&mut store)?;
        let questions = fs::read_to_string(root.join("data/wecom-faq/queries.jsonl"))?;
        let questions = questions
            .lines()
            .map(|line| {
                let value: serde_json::Value = serde_json::from_str(line)?;
                Ok(value["query"].as_str().unwrap_or_default().to_owned())
            })
            .collect::<Outcome<_>>()?;
        Ok(Self { embedder, snapshot, questions })
    }

    fn embed(&self, question: &str) -> Outcome<Embedded> {
        let text = self.snapshot.model_text(question);
        self.embedder.embed_tokens(&[&text], Role::Query)?.pop().ok_or_else(|| "no vector".into())
    }

    fn verdict(&self, question: &str, embedded: &Embedded) -> usize {
        let query = Query { text: question.to_owned(), ..Query::default() };
        self.snapshot.verdict(&query, embedded).map_or(0, |verdict| verdict.matches.len())
    }
}

fn steps(criterion: &mut Criterion) {
    let service = Service::load().unwrap_or_else(|error| panic!("{error}"));
    let texts: Vec<&str> = service.questions.iter().map(String::as_str).collect();
    let embedded: Vec<Embedded> =
        texts.iter().map(|text| service.embed(text).unwrap_or_else(|error| panic!("{error}"))).collect();
    let mut group = criterion.benchmark_group("query");
    group.throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function("normalise", |bench| {
        bench.iter(|| texts.iter().map(|text| normalize(black_box(text)).as_str().len()).sum::<usize>());
    });
    group.bench_function("tokenise", |bench| {
        bench.iter(|| black_box(service.embedder.tokenize(black_box(&texts), Role::Query)));
    });
    group.bench_function("embed", |bench| {
        bench.iter(|| texts.iter().for_each(|text| drop(black_box(service.embed(text)))));
    });
    group.bench_function("rank", |bench| {
        bench.iter(|| {
            texts.iter().zip(&embedded).map(|(text, embedded)| service.verdict(text, embedded)).sum::<usize>()
        });
    });
    group.bench_function("whole", |bench| {
        let answer = |text: &&str| service.embed(text).map_or(0, |embedded| service.verdict(text, &embedded));
        bench.iter(|| texts.iter().map(answer).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
