//! The bundled model against the vectors that its trainer computed.

use std::path::Path;

use serde::Deserialize;

use crate::embed::model_dir::ModelDir;
use crate::embed::tokenize::TextTokenizer;
use crate::embed::{EngineKind, ModelOptions, Role, load};
use crate::vector::Embedding;

/// Least cosine of each engine's vectors to the reference, which is rounded to six digits.
const LEAST_COSINE: [(EngineKind, f32); 2] = [(EngineKind::Candle, 0.9999), (EngineKind::Int8, 0.995)];

#[derive(Deserialize)]
struct Reference {
    prompt: String,
    max_length: usize,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    text: String,
    token_ids: Vec<u32>,
    embedding: Vec<f32>,
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/zh-small")
}

fn reference() -> Reference {
    serde_json::from_slice(&std::fs::read(folder().join("reference.json")).unwrap()).unwrap()
}

#[test]
fn token_ids_equal_the_reference() {
    let (dir, reference) = (ModelDir::open(&folder(), None).unwrap(), reference());
    assert_eq!(dir.sentence.max_tokens, reference.max_length);
    assert_eq!(dir.sentence.prompts.query, reference.prompt);
    let tokenizer =
        TextTokenizer::new(&dir.read_tokenizer().unwrap(), dir.sentence.max_tokens, 1, false).unwrap();
    for item in &reference.items {
        let ids = tokenizer.encode(&item.text, &dir.sentence.prompts.query).unwrap().ids;
        assert_eq!(ids, item.token_ids, "{}", item.text);
    }
}

#[test]
fn vectors_equal_the_reference_alone_first_and_last_in_a_batch() {
    for (engine, least_cosine) in LEAST_COSINE {
        vectors_equal_the_reference(engine, least_cosine);
    }
}

fn vectors_equal_the_reference(engine: EngineKind, least_cosine: f32) {
    let reference = reference();
    let model = Some(folder().display().to_string());
    let options = ModelOptions { model, engine, ..ModelOptions::default() };
    let embedder = load(&options).unwrap();
    let texts: Vec<&str> = reference.items.iter().map(|item| item.text.as_str()).collect();
    let forward = embedder.embed(&texts, Role::Query).unwrap();
    let reversed: Vec<&str> = texts.iter().rev().copied().collect();
    let backward = embedder.embed(&reversed, Role::Document).unwrap();
    for (i, item) in reference.items.iter().enumerate() {
        let expected = Embedding::normalized(item.embedding.clone(), 384).unwrap();
        let company = "一句长得多的话，好让每一批里都有要补齐的位置，而补齐的位置不能影响任何结果。";
        let first = embedder.embed(&[&item.text, company], Role::Query).unwrap();
        let last = embedder.embed(&[company, &item.text], Role::Query).unwrap();
        let alone = embedder.embed(&[&item.text], Role::Query).unwrap();
        let places = [
            ("alone", &alone[0]),
            ("first", &first[0]),
            ("last", &last[1]),
            ("among all", &forward[i]),
            ("among all, reversed", &backward[texts.len() - 1 - i]),
        ];
        for (place, vector) in places {
            let cosine = vector.cosine(&expected);
            assert!(cosine >= least_cosine, "{engine} {} {place}: cosine {cosine}", item.text);
        }
    }
}
