//! How fast texts become vectors.
//!
//! - `cargo bench --bench embed`: the int8 encoder by batch, text length and kernel, with criterion;
//! - `cargo bench --bench embed -- --peers`: this crate's engines and onnxruntime in turns, as one table. Needs
//!   Python with `benches/peers/requirements.txt`; `DAYI_BENCH_PYTHON` names the interpreter.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

#[path = "peers/table.rs"]
mod table;

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group};
use dayi::embed::int8::{Int8Encoder, Int8Options, Kernel};
use dayi::embed::model_dir::ModelDir;
use dayi::embed::{Embedder, Encoder, Role};

/// Texts of so many tokens; which tokens does not matter for the time.
fn ids(count: usize, tokens: usize) -> Vec<Vec<u32>> {
    let token = |text: usize, place: usize| ((text * 7919 + place * 104_729) % 30_000 + 10) as u32;
    (0..count).map(|text| (0..tokens).map(|place| token(text, place)).collect()).collect()
}

/// A Chinese text that becomes so many tokens with its prompt, or a few less.
fn text(embedder: &dyn Embedder, tokens: usize) -> String {
    let mut text = String::new();
    for character in
        "请问群主想要解散这个群聊应该在哪里操作才行而且不影响其他成员的使用和聊天记录的保存呢".chars()
    {
        let longer = format!("{text}{character}");
        if embedder.count_tokens(&[&longer], Role::Query).is_ok_and(|counts| counts[0] > tokens) {
            break;
        }
        text = longer;
    }
    text
}

fn load(kernel: Kernel) -> Option<Int8Encoder> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/zh-small");
    let dir = ModelDir::open(&folder, None).ok()?;
    let options = Int8Options { threads: None, kernel: Some(kernel) };
    Int8Encoder::load(&dir.transformer, &dir.map_weights().ok()?, options).ok()
}

fn encoder(criterion: &mut Criterion) {
    for kernel in
        Kernel::ALL.into_iter().filter(|kernel| kernel.is_supported() && *kernel != Kernel::Portable)
    {
        let Some(encoder) = load(kernel) else { continue };
        let mut group = criterion.benchmark_group(format!("int8/{}", kernel.name()));
        for (count, tokens) in [(1, 8), (1, 16), (1, 32), (8, 16), (32, 16), (32, 32)] {
            let batch = ids(count, tokens);
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(format!("{count}x{tokens}"), |bench| {
                bench.iter(|| black_box(encoder.encode(black_box(&batch))));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, encoder);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().any(|argument| argument == "--peers") {
        return table::run();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
    Ok(())
}
