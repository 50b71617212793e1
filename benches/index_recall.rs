//! What the vector index finds, and how fast: recall@10 of HNSW against the exact scan, build time, latency, and the
//! snapshot's size and times. Prints a table; numbers are printed as they come, also when they are bad.
//!
//! ```text
//! cargo bench --bench index_recall
//! cargo bench --bench index_recall -- --count 100000 --ef 50,100,200
//! cargo bench --bench index_recall -- --vectors questions.f32 --dimension 384
//! cargo bench --bench index_recall -- --texts questions.tsv --count 100000 --save DIR
//! ```
//!
//! Without `--vectors` the vectors are made like those of the bundled model over 50,000 Chinese questions: all share
//! a mean direction (random pairs have a cosine of 0.2, not 0), topics of 50 entries lie around it, entries around
//! their topics, five phrasings around each entry (nearest neighbour at about 0.84). Each level is Gaussian noise
//! whose variance falls with the dimension's number, as spectra of real embeddings do. Queries are further phrasings of
//! entries, which are not indexed. `--vectors` takes rows of little-endian f32; every 50th row becomes a query.
//! `--texts` takes a text a line, up to a tab, and embeds the first `--count` of them with the bundled model. `--save`
//! writes the vectors, the queries and the true neighbours for `benches/compare/index.py`, which asks other indexes.

use dayi::embed::{self, ModelOptions, Role};
use dayi::index::snapshot::{self, Identity};
use dayi::index::{self, ExactIndex, HnswParams, IndexParams, VectorIndex, VectorSet};
use dayi::vector::{Embedding, VectorError};
use std::collections::HashSet;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const K: usize = 10;
const PHRASINGS: usize = 5;
const ENTRIES_PER_TOPIC: usize = 50;

/// Hits of each query.
type Answers = Vec<Vec<index::Hit>>;

struct Args {
    count: usize,
    queries: usize,
    dimension: usize,
    seed: u64,
    hnsw: HnswParams,
    ef: Vec<usize>,
    vectors: Option<String>,
    texts: Option<String>,
    save: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = parse_args()?;
    let (vectors, queries) = match (&args.vectors, &args.texts) {
        (Some(path), _) => load(path, args.dimension)?,
        (None, Some(path)) => embedded(path, args.count, args.seed)?,
        (None, None) => synthetic(&args)?,
    };
    let vectors = Arc::new(vectors);
    let step = (queries.len() / args.queries.max(1)).max(1);
    let queries: Vec<Embedding> = queries.into_iter().step_by(step).take(args.queries).collect();
    let sample: Vec<f32> = {
        let (first, second) = queries.split_at(queries.len() / 2);
        first.iter().zip(second).map(|(a, b)| a.cosine(b)).collect()
    };
    say(&format!(
        "vectors {}  dimension {}  queries {}  cores {}  mean cosine of random queries {:.2}",
        vectors.len(),
        vectors.dimension(),
        queries.len(),
        std::thread::available_parallelism()?,
        sample.iter().sum::<f32>() / sample.len() as f32
    ));

    let exact = ExactIndex::new(Arc::clone(&vectors));
    let (truth, exact_times) = timed(&exact, &queries)?;
    say(&format!(
        "mean cosine of the nearest {:.3}",
        mean(truth.iter().filter_map(|hits| hits.first()).map(|hit| f64::from(hit.similarity)))
    ));
    if let Some(folder) = &args.save {
        save(folder, &vectors, &queries, &truth)?;
    }
    say(&format!("exact              recall@{K} 1.0000  {}", latency(exact_times)));
    for part in [1_000, 5_000, 10_000, 20_000] {
        if part < vectors.len() {
            let values = vectors.values()[..part * vectors.dimension()].to_vec();
            let smaller = ExactIndex::new(Arc::new(VectorSet::from_values(vectors.dimension(), values)?));
            say(&format!(
                "exact of {part:6}                       {}",
                latency(timed(&smaller, &queries)?.1)
            ));
        }
    }

    let params = IndexParams { full_scan_threshold: 0, hnsw: args.hnsw };
    let start = Instant::now();
    let built = index::build(Arc::clone(&vectors), &params, &|_, _| ())?;
    say(&format!("built in {:.1} s with {:?}", start.elapsed().as_secs_f64(), args.hnsw));

    let dir = tempfile::tempdir()?;
    let identity = Identity { model_fingerprint: "bench", content_hash: "bench" };
    let start = Instant::now();
    let number = snapshot::write(dir.path(), built.as_ref(), &identity)?;
    let write_time = start.elapsed();
    let folder = dir.path().join(format!("snapshot-{number:010}"));
    let sizes =
        ["vectors.f32", "graph.u32"].map(|name| folder.join(name).metadata().map_or(0, |file| file.len()));
    drop(built);
    let start = Instant::now();
    snapshot::open(dir.path(), &identity, &params)?;
    say(&format!(
        "snapshot: vectors {:.1} MB, graph {:.1} MB, written in {:.2} s, loaded in {:.2} s",
        sizes[0] as f64 / 1e6,
        sizes[1] as f64 / 1e6,
        write_time.as_secs_f64(),
        start.elapsed().as_secs_f64()
    ));

    for ef_search in args.ef {
        let hnsw = HnswParams { ef_search, ..args.hnsw };
        let opened = snapshot::open(dir.path(), &identity, &IndexParams { hnsw, ..params })?;
        let (found, times) = timed(opened.index.as_ref(), &queries)?;
        let recall = mean(found.iter().zip(&truth).map(|(found, truth)| {
            let truth: HashSet<u32> = truth.iter().map(|hit| hit.position).collect();
            found.iter().filter(|hit| truth.contains(&hit.position)).count() as f64 / truth.len() as f64
        }));
        let mark = if ef_search == HnswParams::default().ef_search { "  <- default" } else { "" };
        say(&format!("hnsw ef_search {ef_search:4} recall@{K} {recall:.4}  {}{mark}", latency(times)));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn say(line: &str) {
    println!("{line}");
}

fn parse_args() -> Result<Args, Box<dyn Error>> {
    let mut args = Args {
        count: 50_000,
        queries: 2_000,
        dimension: 384,
        seed: 1,
        hnsw: HnswParams::default(),
        ef: vec![20, 50, 100, 128, 200, 400],
        vectors: None,
        texts: None,
        save: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        // `cargo bench` adds `--bench`.
        if word == "--bench" {
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--count" => args.count = value.parse()?,
            "--queries" => args.queries = value.parse()?,
            "--dimension" => args.dimension = value.parse()?,
            "--seed" => args.seed = value.parse()?,
            "--connections" => args.hnsw.max_connections = value.parse()?,
            "--ef-construction" => args.hnsw.ef_construction = value.parse()?,
            "--ef" => args.ef = value.split(',').map(str::parse).collect::<Result<_, _>>()?,
            "--vectors" => args.vectors = Some(value),
            "--texts" => args.texts = Some(value),
            "--save" => args.save = Some(value.into()),
            _ => return Err(format!("unknown option {word}").into()),
        }
    }
    Ok(args)
}

/// Rows of a file; every 50th is a query.
fn load(path: &str, dimension: usize) -> Result<(VectorSet, Vec<Embedding>), Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let values: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect();
    let rows = values.chunks_exact(dimension).map(|row| Embedding::normalized(row.to_vec(), dimension));
    split(dimension, rows)
}

/// Every 50th is a query.
fn split<E: Error + 'static>(
    dimension: usize,
    embeddings: impl Iterator<Item = Result<Embedding, E>>,
) -> Result<(VectorSet, Vec<Embedding>), Box<dyn Error>> {
    let (mut rows, mut queries) = (Vec::new(), Vec::new());
    for (number, embedding) in embeddings.enumerate() {
        if number % 50 == 49 { queries.push(embedding?) } else { rows.push(embedding?) }
    }
    Ok((VectorSet::from_embeddings(dimension, &rows)?, queries))
}

/// The vectors that the bundled model makes of the first `count` lines.
/// Vectors of the first `count` texts of a file; when it has fewer, those behind are made by noise of the length by which
/// phrasings of one entry differ.
fn embedded(path: &str, count: usize, seed: u64) -> Result<(VectorSet, Vec<Embedding>), Box<dyn Error>> {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/zh-small").display().to_string();
    let embedder = embed::load(&ModelOptions { model: Some(model), ..ModelOptions::default() })?;
    let content = std::fs::read_to_string(path)?;
    let texts: Vec<&str> = content.lines().take(count).filter_map(|line| line.split('\t').next()).collect();
    let start = Instant::now();
    let mut vectors = Vec::with_capacity(texts.len());
    for batch in texts.chunks(512) {
        vectors.extend(embedder.embed(batch, Role::Query)?);
    }
    let took = start.elapsed().as_secs_f64();
    say(&format!("embedded {} texts, {:.0} a second", texts.len(), texts.len() as f64 / took));
    let dimension = embedder.model().dimension;
    let mut noise = Noise::new(seed, dimension);
    for made in 0..count.saturating_sub(texts.len()) {
        let near: &Embedding = &vectors[made % texts.len()];
        vectors.push(Embedding::normalized(noise.around(near.as_slice(), 0.45), dimension)?);
    }
    split(dimension, vectors.into_iter().map(Ok::<_, VectorError>))
}

/// Writes what other indexes are asked; see `benches/compare/index.py`.
fn save(folder: &Path, vectors: &VectorSet, queries: &[Embedding], truth: &Answers) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let write = |name: &str, numbers: &mut dyn Iterator<Item = [u8; 4]>| {
        let mut file = BufWriter::new(File::create(folder.join(name))?);
        for number in numbers {
            file.write_all(&number)?;
        }
        file.flush()
    };
    std::fs::write(folder.join("dimension"), vectors.dimension().to_string())?;
    write("vectors.f32", &mut vectors.values().iter().map(|x| x.to_le_bytes()))?;
    write("queries.f32", &mut queries.iter().flat_map(Embedding::as_slice).map(|x| x.to_le_bytes()))?;
    write("truth.u32", &mut truth.iter().flatten().map(|hit| hit.position.to_le_bytes()))
}

fn synthetic(args: &Args) -> Result<(VectorSet, Vec<Embedding>), Box<dyn Error>> {
    let mut noise = Noise::new(args.seed, args.dimension);
    let mean = noise.around(&vec![0.0; args.dimension], 0.45);
    let mut rows = Vec::with_capacity(args.count);
    let mut held_out = Vec::new();
    let mut topic = mean.clone();
    for entry_number in 0..args.count.div_ceil(PHRASINGS) {
        if entry_number % ENTRIES_PER_TOPIC == 0 {
            topic = noise.around(&mean, 0.50);
        }
        let entry = noise.around(&topic, 0.59);
        for _ in 0..PHRASINGS.min(args.count - rows.len()) {
            rows.push(Embedding::normalized(noise.around(&entry, 0.45), args.dimension)?);
        }
        held_out.push(Embedding::normalized(noise.around(&entry, 0.45), args.dimension)?);
    }
    Ok((VectorSet::from_embeddings(args.dimension, &rows)?, held_out))
}

/// Gaussian noise with a falling spectrum; the same for the same seed.
struct Noise {
    state: u64,
    scales: Vec<f32>,
}

impl Noise {
    fn new(seed: u64, dimension: usize) -> Self {
        let scales: Vec<f32> = (0..dimension).map(|i| ((i + 10) as f32).powf(-0.15)).collect();
        let length = scales.iter().map(|x| x * x).sum::<f32>().sqrt();
        Self { state: seed, scales: scales.into_iter().map(|x| x / length).collect() }
    }

    /// `SplitMix64`, as a number above 0 and at most 1.
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// A point at about `distance` from `center`.
    fn around(&mut self, center: &[f32], distance: f32) -> Vec<f32> {
        let mut point = center.to_vec();
        for (i, x) in point.iter_mut().enumerate() {
            let gauss = (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos();
            *x += gauss as f32 * self.scales[i] * distance;
        }
        point
    }
}

/// Answers and times of all queries, one after another, after a short warm-up.
fn timed(index: &dyn VectorIndex, queries: &[Embedding]) -> Result<(Answers, Vec<Duration>), Box<dyn Error>> {
    for query in queries.iter().take(20) {
        index.search(query, K)?;
    }
    let mut times = Vec::with_capacity(queries.len());
    let mut answers = Vec::with_capacity(queries.len());
    for query in queries {
        let start = Instant::now();
        answers.push(index.search(query, K)?);
        times.push(start.elapsed());
    }
    Ok((answers, times))
}

fn latency(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| {
        times
            .get((times.len() * percent).div_ceil(100).saturating_sub(1))
            .map_or(0.0, |t| t.as_secs_f64() * 1e3)
    };
    format!("p50 {:.2} ms  p95 {:.2} ms  p99 {:.2} ms", at(50), at(95), at(99))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
    sum / count.max(1) as f64
}
