//! Pooling, prompts, lengths, prefixes and positions, on tiny random models.

use std::path::Path;

use serde_json::json;

use crate::embed::candle_bert::CandleEncoder;
use crate::embed::model_dir::ModelDir;
use crate::embed::tiny::{self, BEGIN, END, POSITIONS, TinyModel};
use crate::embed::tokenize::TextTokenizer;
use crate::embed::{Encoder, LoadError, ModelOptions, Pooling, Role, load};
use crate::vector::Embedding;

fn options(folder: &Path) -> ModelOptions {
    ModelOptions { model: Some(folder.display().to_string()), threads: Some(1), ..ModelOptions::default() }
}

fn embed_query(folder: &Path, change: impl FnOnce(&mut ModelOptions), text: &str) -> Embedding {
    let mut options = options(folder);
    change(&mut options);
    load(&options).unwrap().embed(&[text], Role::Query).unwrap().remove(0)
}

fn difference(a: &Embedding, b: &Embedding) -> f32 {
    a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

fn assert_same(a: &Embedding, b: &Embedding, what: &str) {
    assert!(difference(a, b) < 1e-5, "{what}: expected the same vectors, got {a:?} and {b:?}");
}

fn assert_differ(a: &Embedding, b: &Embedding, what: &str) {
    assert!(difference(a, b) > 1e-2, "{what}: expected different vectors, got {a:?} twice");
}

#[test]
fn a_text_alone_first_and_last_in_a_batch_gives_the_same_vector() {
    for model in [TinyModel::bert(), TinyModel::xlm_roberta()] {
        for pooling in [Pooling::Cls, Pooling::Mean, Pooling::LastToken] {
            let folder = model.write();
            let options = ModelOptions { pooling: Some(pooling), ..options(folder.path()) };
            let embedder = load(&options).unwrap();
            let alone = embedder.embed(&["a b"], Role::Query).unwrap();
            let batch = embedder.embed(&["a b", "c d e f g h i j", "", "a b"], Role::Query).unwrap();
            assert_same(&alone[0], &batch[0], "first");
            assert_same(&alone[0], &batch[3], "last");
            assert_differ(&alone[0], &batch[1], "another text");
        }
    }
}

#[test]
fn the_encoder_itself_drops_padding() {
    let folder = TinyModel::xlm_roberta().write();
    let dir = ModelDir::open(folder.path(), None).unwrap();
    let encoder = CandleEncoder::new(&dir.transformer, &dir.map_weights().unwrap(), Some(1)).unwrap();
    let (short, long) = (vec![BEGIN, 5, END], vec![BEGIN, 5, 6, 7, 8, 9, END]);
    let alone = encoder.encode(std::slice::from_ref(&short)).unwrap().remove(0);
    let batch = encoder.encode(&[long.clone(), short]).unwrap();
    assert_eq!(batch[0].values.len(), long.len() * tiny::HIDDEN);
    assert_eq!(batch[1].values.len(), alone.values.len());
    for (a, b) in alone.values.iter().zip(&batch[1].values) {
        assert!((a - b).abs() < 1e-5, "{alone:?} and {:?}", batch[1]);
    }
    assert!(encoder.encode(&[]).unwrap().is_empty());
}

#[test]
fn xlm_roberta_counts_positions_from_the_padding_id_on() {
    // The same weights, once with the two unused rows that XLM-RoBERTa has in front, once without: only right
    // position ids make them agree. The special tokens of both tokenizers have the same ids in use.
    let bert = TinyModel::bert().write();
    let xlm_roberta = TinyModel::xlm_roberta().write();
    for text in ["a b c", "j i h g f e d c b a"] {
        let a = embed_query(bert.path(), |_| {}, text);
        assert_same(&a, &embed_query(xlm_roberta.path(), |_| {}, text), text);
    }
}

#[test]
fn weights_under_a_prefix_and_in_half_precision_load_too() {
    let text = "a b c d";
    for model in [TinyModel::bert(), TinyModel::xlm_roberta()] {
        let plain = embed_query(model.write().path(), |_| {}, text);
        for prefix in ["bert.", "roberta."] {
            let prefixed = TinyModel { prefix, ..model.clone() };
            assert_same(&plain, &embed_query(prefixed.write().path(), |_| {}, text), prefix);
        }
        let half = embed_query(TinyModel { half: true, ..model.clone() }.write().path(), |_| {}, text);
        assert!(plain.cosine(&half) > 0.999, "{}", plain.cosine(&half));
        let other = embed_query(TinyModel { seed: 2, ..model }.write().path(), |_| {}, text);
        assert_differ(&plain, &other, "other weights");
    }
}

#[test]
fn pooling_comes_from_the_folder_unless_it_is_overridden() {
    let text = "a b c";
    let cases =
        [("cls_token", Pooling::Cls), ("mean_tokens", Pooling::Mean), ("lasttoken", Pooling::LastToken)];
    let mut vectors = Vec::new();
    for (flag, pooling) in cases {
        let mut model = TinyModel::bert();
        let overridden = embed_query(model.write().path(), |options| options.pooling = Some(pooling), text);
        model.pooling = json!({"word_embedding_dimension": 8, (format!("pooling_mode_{flag}")): true});
        let stated = embed_query(model.write().path(), |_| {}, text);
        assert_same(&stated, &overridden, flag);
        vectors.push(stated);
    }
    assert_differ(&vectors[0], &vectors[1], "cls and mean");
    assert_differ(&vectors[1], &vectors[2], "mean and last token");
    assert_differ(&vectors[0], &vectors[2], "cls and last token");
}

#[test]
fn each_role_gets_its_prompt() {
    let plain = TinyModel::bert().write();
    let mut model = TinyModel::bert();
    model.prompts = Some(json!({"prompts": {"query": "q: ", "passage": "d: "}, "default_prompt_name": null}));
    let folder = model.write();
    let embedder = load(&options(folder.path())).unwrap();
    let query = embedder.embed(&["a b"], Role::Query).unwrap().remove(0);
    let document = embedder.embed(&["a b"], Role::Document).unwrap().remove(0);
    assert_same(&query, &embed_query(plain.path(), |_| {}, "q: a b"), "query");
    assert_same(&document, &embed_query(plain.path(), |_| {}, "d: a b"), "document");
    assert_differ(&query, &document, "roles");
    let tokens =
        [Role::Document, Role::Query].map(|role| embedder.tokenize(&["a b"], role).unwrap().remove(0));
    let together = embedder.embed_tokenized(&[&tokens[0], &tokens[1]]).unwrap();
    assert_same(&together[0].vector, &document, "roles in one batch");
    assert_same(&together[1].vector, &query, "roles in one batch");
    let tokens = embedder.tokenize(&["a b", ""], Role::Query).unwrap();
    assert_eq!([tokens[0].ids.len(), tokens[1].ids.len()], [5, 3]);
    let overridden = |options: &mut ModelOptions| options.query_prompt = Some(String::new());
    let bare = embed_query(folder.path(), overridden, "a b");
    assert_same(&bare, &embed_query(plain.path(), |_| {}, "a b"), "no prompt");
}

#[test]
fn the_default_prompt_serves_roles_without_one_of_their_own() {
    let mut model = TinyModel::bert();
    model.prompts =
        Some(json!({"prompts": {"query": "q: ", "other": "d: "}, "default_prompt_name": "other"}));
    let prompts = ModelDir::open(model.write().path(), None).unwrap().sentence.prompts;
    assert_eq!((prompts.query.as_str(), prompts.document.as_str()), ("q: ", "d: "));
}

#[test]
fn a_long_text_is_cut_at_its_end_and_keeps_prompt_and_special_tokens() {
    for model in [TinyModel::bert(), TinyModel::xlm_roberta()] {
        let tokenizer =
            TextTokenizer::new(&serde_json::to_vec(&model.tokenizer).unwrap(), 6, 0, false).unwrap();
        let expected = [BEGIN, tiny::id("q:"), tiny::id("a"), tiny::id("b"), tiny::id("c"), END].to_vec();
        assert_eq!(tokenizer.encode("a b c d e f g h", "q: ").unwrap().ids, expected);
        assert_eq!(tokenizer.encode("a b c", "q: ").unwrap().ids, expected);
        assert_eq!(tokenizer.encode(&format!("a b c{}", " d".repeat(500_000)), "q: ").unwrap().ids, expected);
    }
}

#[test]
fn the_maximum_length_comes_from_folder_or_options_and_never_exceeds_the_positions() {
    let long = "a b c d e f g h i j a b c d e f g h i j";
    for (mut model, stated, expected) in [
        (TinyModel::bert(), None, POSITIONS),
        (TinyModel::bert(), Some(5), 5),
        (TinyModel::bert(), Some(9999), POSITIONS),
        (TinyModel::xlm_roberta(), None, POSITIONS),
    ] {
        model.max_seq_length = stated;
        let folder = model.write();
        let embedder = load(&options(folder.path())).unwrap();
        assert_eq!(embedder.model().max_tokens, expected);
        assert_eq!(embedder.tokenize(&[long], Role::Query).unwrap()[0].ids.len(), expected);
        embedder.embed(&[long], Role::Query).unwrap();
    }
    let folder = TinyModel::bert().write();
    let cut = embed_query(folder.path(), |options| options.max_tokens = Some(4), long);
    assert_same(&cut, &embed_query(folder.path(), |_| {}, "a b"), "cut to two words");
    for given in [0, POSITIONS + 1] {
        let options = ModelOptions { max_tokens: Some(given), ..options(folder.path()) };
        assert!(matches!(load(&options), Err(LoadError::MaxTokens { limit: POSITIONS, .. })));
    }
}

#[test]
fn a_limit_that_leaves_no_room_for_text_is_refused() {
    let folder = TinyModel::bert().write();
    for (max_tokens, prompt) in [(2, ""), (3, "q: "), (5, "q: a b c d e")] {
        let options = ModelOptions {
            max_tokens: Some(max_tokens),
            query_prompt: Some(prompt.to_owned()),
            ..options(folder.path())
        };
        let error = load(&options).err().unwrap();
        assert!(matches!(error, LoadError::Tokenizer { .. }), "{error}");
    }
}

#[test]
fn odd_texts_are_embedded_without_complaint() {
    let mut model = TinyModel::bert();
    // Without special tokens an empty text has no tokens at all.
    model.tokenizer["post_processor"] = json!(null);
    for folder in [model.write(), TinyModel::bert().write(), TinyModel::xlm_roberta().write()] {
        let embedder = load(&options(folder.path())).unwrap();
        let texts = ["", " ", "\0", "\u{feff}", "[PAD]", "<pad> a", "</s>", "😀", "群聊", "\u{10ffff}"];
        assert_eq!(embedder.embed(&texts, Role::Query).unwrap().len(), texts.len());
        assert!(embedder.embed(&[], Role::Query).unwrap().is_empty());
    }
}

#[test]
fn the_fingerprint_changes_with_everything_that_changes_a_vector_and_with_nothing_else() {
    let fingerprint = |model: &TinyModel, change: &dyn Fn(&mut ModelOptions)| {
        let folder = model.write();
        let mut options = options(folder.path());
        change(&mut options);
        load(&options).unwrap().model().fingerprint.clone()
    };
    let model = TinyModel::bert();
    let plain = fingerprint(&model, &|_| {});
    assert_eq!(plain.len(), 64);
    assert_eq!(plain, fingerprint(&model, &|options| options.threads = Some(2)), "threads, other folder");
    assert_eq!(plain, fingerprint(&model, &|options| options.pooling = Some(Pooling::Mean)), "same pooling");
    let mut changed = vec![
        fingerprint(&TinyModel { seed: 2, ..model.clone() }, &|_| {}),
        fingerprint(&model, &|options| options.pooling = Some(Pooling::Cls)),
        fingerprint(&model, &|options| options.query_prompt = Some("q: ".to_owned())),
        fingerprint(&model, &|options| options.document_prompt = Some("q: ".to_owned())),
        fingerprint(&model, &|options| options.max_tokens = Some(7)),
        plain,
    ];
    let mut eps = model.clone();
    eps.config["layer_norm_eps"] = json!(1e-6);
    changed.push(fingerprint(&eps, &|_| {}));
    let mut tokenizer = model;
    tokenizer.tokenizer["model"]["unk_token"] = json!("[CLS]");
    changed.push(fingerprint(&tokenizer, &|_| {}));
    let count = changed.len();
    changed.sort_unstable();
    changed.dedup();
    assert_eq!(changed.len(), count);
}

#[test]
fn weights_that_do_not_fit_are_refused_by_name_not_by_panic() {
    let model = TinyModel::bert();
    let mut wider = model.clone();
    wider.config["hidden_size"] = json!(16);
    let mut deeper = model.clone();
    deeper.config["num_hidden_layers"] = json!(3);
    let other = TinyModel { prefix: "decoder.", ..model.clone() };
    for broken in [wider, deeper, other] {
        let folder = broken.write();
        let error = load(&options(folder.path())).err().unwrap();
        assert!(matches!(error, LoadError::Weights { .. }), "{error}");
    }
    let mut small = model.clone();
    small.config["vocab_size"] = json!(5);
    let folder = small.write();
    assert!(matches!(load(&options(folder.path())), Err(LoadError::Vocabulary { vocab_size: 5, .. })));
    let folder = model.write();
    let weights = folder.path().join("model.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    for damaged in [&bytes[..0], &bytes[..4], &bytes[..100], &bytes[..bytes.len() - 1], b"{}", &[0xff; 64]] {
        std::fs::write(&weights, damaged).unwrap();
        let error = load(&options(folder.path())).err().unwrap();
        assert!(matches!(error, LoadError::Weights { .. }), "{} bytes: {error}", damaged.len());
    }
}
