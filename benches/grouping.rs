//! How well unanswered questions are grouped by meaning, and how fast.
//!
//! `cargo bench --bench grouping` groups the questions of `data/open-faq-zh`, in an order that mixes the entries, as
//! the service groups those it cannot answer, and compares the groups with the entries that the questions ask for.
//! A near-miss question asks for none of them and is a group of its own.
//!
//! B-cubed: for a question, precision is the share of its group that asks the same, recall the share of those who ask
//! the same that are in its group (Bagga and Baldwin, 1998); both are means over all questions.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reports on the terminal and may fail"
)]

use std::{collections::HashMap, hash::Hash, path::Path, time::Instant};

use dayi::{
    embed::{self, ModelOptions, Role},
    learn::Centres,
    matcher::find_ranker,
    store::Place,
};
use serde_json::Value;

/// Questions with what they ask for.
fn questions(folder: &Path) -> Vec<(String, String)> {
    let read = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let query = |row: &Value| row["query"].as_str().unwrap().to_owned();
    let asked = read("queries.jsonl");
    let asked = asked.iter().map(|row| (query(row), row["relevant"][0].as_str().unwrap().to_owned()));
    let missed = read("near_miss.jsonl");
    let missed = missed.iter().enumerate().map(|(nth, row)| (query(row), format!("near miss {nth}")));
    let mut questions: Vec<(String, String)> = asked.chain(missed).collect();
    // Questions for one entry stand together in the files; the service gets them mixed.
    fastrand::Rng::with_seed(1).shuffle(&mut questions);
    questions
}

struct Quality {
    groups: usize,
    precision: f64,
    recall: f64,
}

fn quality(labels: &[&str], groups: &[Place]) -> Quality {
    fn sizes<K: Eq + Hash>(keys: impl Iterator<Item = K>) -> HashMap<K, f64> {
        let mut sizes = HashMap::new();
        keys.for_each(|key| *sizes.entry(key).or_insert(0.0) += 1.0);
        sizes
    }
    let both = || labels.iter().zip(groups);
    let (by_label, by_group) = (sizes(labels.iter()), sizes(groups.iter()));
    let together = sizes(both());
    let (mut precision, mut recall) = (0.0, 0.0);
    for (label, group) in both() {
        let together = together[&(label, group)] / labels.len() as f64;
        precision += together / by_group[group];
        recall += together / by_label[label];
    }
    Quality { groups: by_group.len(), precision, recall }
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let embedder = embed::load(&ModelOptions::default()).unwrap();
    let ranker = find_ranker(embedder.model(), None).unwrap();
    for set in ["train", "test"] {
        let questions = questions(&root.join("data/open-faq-zh").join(set));
        let labels: Vec<&str> = questions.iter().map(|(_, label)| label.as_str()).collect();
        let texts: Vec<&str> = questions.iter().map(|(text, _)| text.as_str()).collect();
        let mut vectors = Vec::new();
        for chunk in texts.chunks(64) {
            vectors.extend(embedder.embed(chunk, Role::Query).unwrap());
        }
        let raw: Vec<Vec<f32>> = vectors.iter().map(|vector| vector.as_slice().to_vec()).collect();
        let centered: Vec<Vec<f32>> = raw.iter().map(|vector| ranker.centered(vector)).collect();
        for (name, vectors) in [("raw", &raw), ("centered", &centered)] {
            println!(
                "{set}, {name}: {} questions, {} meanings",
                labels.len(),
                quality(&labels, &labels_as_places(&labels)).groups
            );
            println!(
                "{:>10} {:>7} {:>10} {:>7} {:>7} {:>9}",
                "similarity", "groups", "precision", "recall", "F1", "µs each"
            );
            for step in 0..15 {
                let similarity = 0.4 + 0.03 * step as f32;
                let start = Instant::now();
                let mut centres = Centres::new(similarity);
                let groups: Vec<Place> = vectors.iter().map(|vector| centres.place(vector)).collect();
                let each = start.elapsed().as_micros() as f64 / labels.len() as f64;
                let Quality { groups, precision, recall } = quality(&labels, &groups);
                let f1 = 2.0 * precision * recall / (precision + recall);
                println!(
                    "{similarity:>10.2} {groups:>7} {precision:>10.3} {recall:>7.3} {f1:>7.3} {each:>9.0}"
                );
            }
        }
    }
}

/// The right groups.
fn labels_as_places(labels: &[&str]) -> Vec<Place> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    labels
        .iter()
        .map(|label| {
            let next = seen.len();
            Place::New(*seen.entry(label).or_insert(next))
        })
        .collect()
}
