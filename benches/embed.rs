//! How fast tokens become vectors: the int8 encoder by batch, text length and kernel.
//!
//! `cargo bench --bench embed`. Beside other engines: `benches/compare/run.sh`.

#[path = "compare/tokens.rs"]
mod tokens;

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dayi::embed::Encoder;
use dayi::embed::int8::{Int8Encoder, Int8Options, Kernel};
use dayi::embed::model_dir::ModelDir;

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
        for (count, length) in [(1, 8), (1, 16), (1, 32), (8, 16), (32, 16), (32, 32)] {
            let batch = tokens::ids(count, length);
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(format!("{count}x{length}"), |bench| {
                bench.iter(|| black_box(encoder.encode(black_box(&batch))));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, encoder);

criterion_main!(benches);
