//! Tiny random models that tests write to disk: right in shape, fast, the same in every run.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use half::f16;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(super) const HIDDEN: usize = 8;
pub(super) const LAYERS: usize = 2;
pub(super) const INTERMEDIATE: usize = 16;
/// Positions that a text can use.
pub(super) const POSITIONS: usize = 16;
pub(super) const BEGIN: u32 = 2;
pub(super) const END: u32 = 3;
/// Words that the tokenizers know, after four special tokens.
pub(super) const WORDS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "q:", "d:"];

/// A model to be written; start from [`TinyModel::bert`] or [`TinyModel::xlm_roberta`] and change what matters.
#[derive(Clone)]
pub(super) struct TinyModel {
    pub(super) config: Value,
    pub(super) tokenizer: Value,
    /// Put before each tensor's name, such as `bert.`.
    pub(super) prefix: &'static str,
    pub(super) half: bool,
    pub(super) seed: u64,
    pub(super) pooling: Value,
    pub(super) prompts: Option<Value>,
    pub(super) modules: Value,
    pub(super) max_seq_length: Option<usize>,
    /// Position rows in front of the first that is used.
    pub(super) unused_positions: usize,
}

impl TinyModel {
    pub(super) fn bert() -> Self {
        Self::new(json!({"model_type": "bert", "pad_token_id": 0}), word_level(), 0)
    }

    pub(super) fn xlm_roberta() -> Self {
        Self::new(json!({"model_type": "xlm-roberta", "pad_token_id": 1}), unigram(), 2)
    }

    fn new(mut config: Value, tokenizer: Value, unused_positions: usize) -> Self {
        let sizes = json!({
            "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": 2,
            "intermediate_size": INTERMEDIATE, "vocab_size": vocab_size(),
            "max_position_embeddings": POSITIONS + unused_positions, "type_vocab_size": 2,
            "layer_norm_eps": 1e-5, "hidden_act": "gelu",
        });
        for (key, value) in sizes.as_object().unwrap() {
            config[key] = value.clone();
        }
        Self {
            config,
            tokenizer,
            prefix: "",
            half: false,
            seed: 1,
            pooling: json!({"pooling_mode_mean_tokens": true}),
            prompts: None,
            modules: json!([
                {"path": "", "type": "sentence_transformers.models.Transformer"},
                {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
                {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
            ]),
            max_seq_length: None,
            unused_positions,
        }
    }

    /// Writes the model into a new temporary folder.
    pub(super) fn write(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, value: &Value| {
            fs::write(folder.path().join(file), serde_json::to_vec(value).unwrap()).unwrap();
        };
        fs::create_dir(folder.path().join("1_Pooling")).unwrap();
        write("config.json", &self.config);
        write("tokenizer.json", &self.tokenizer);
        write("modules.json", &self.modules);
        write("1_Pooling/config.json", &self.pooling);
        if let Some(prompts) = &self.prompts {
            write("config_sentence_transformers.json", prompts);
        }
        if let Some(length) = self.max_seq_length {
            write("sentence_bert_config.json", &json!({"max_seq_length": length}));
        }
        self.write_weights(&folder.path().join("model.safetensors"));
        folder
    }

    fn write_weights(&self, path: &Path) {
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        let mut add = |name: &str, shape: &[usize], skip_rows: usize| {
            let values = self.values(name, shape, skip_rows);
            let bytes = if self.half {
                values.iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect()
            } else {
                values.iter().flat_map(|x| x.to_le_bytes()).collect()
            };
            tensors.push((format!("{}{name}", self.prefix), shape.to_vec(), bytes));
        };
        add("embeddings.word_embeddings.weight", &[vocab_size(), HIDDEN], 0);
        let positions = [POSITIONS + self.unused_positions, HIDDEN];
        add("embeddings.position_embeddings.weight", &positions, self.unused_positions);
        add("embeddings.token_type_embeddings.weight", &[2, HIDDEN], 0);
        let mut modules = vec![("embeddings.LayerNorm".to_owned(), vec![HIDDEN])];
        for layer in 0..LAYERS {
            for (name, rows, columns) in [
                ("attention.self.query", HIDDEN, HIDDEN),
                ("attention.self.key", HIDDEN, HIDDEN),
                ("attention.self.value", HIDDEN, HIDDEN),
                ("attention.output.dense", HIDDEN, HIDDEN),
                ("intermediate.dense", INTERMEDIATE, HIDDEN),
                ("output.dense", HIDDEN, INTERMEDIATE),
            ] {
                modules.push((format!("encoder.layer.{layer}.{name}"), vec![rows, columns]));
            }
            for name in ["attention.output.LayerNorm", "output.LayerNorm"] {
                modules.push((format!("encoder.layer.{layer}.{name}"), vec![HIDDEN]));
            }
        }
        for (name, shape) in modules {
            add(&format!("{name}.weight"), &shape, 0);
            add(&format!("{name}.bias"), &shape[..1], 0);
        }
        let dtype = if self.half { Dtype::F16 } else { Dtype::F32 };
        let views: HashMap<&str, TensorView<'_>> = tensors
            .iter()
            .map(|(name, shape, bytes)| {
                (name.as_str(), TensorView::new(dtype, shape.clone(), bytes).unwrap())
            })
            .collect();
        fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
    }

    /// Numbers that depend on the tensor's name and the seed alone. The rows after `skip_rows` are the same
    /// whatever `skip_rows` is, so that tables with and without unused rows agree where they are used.
    fn values(&self, name: &str, shape: &[usize], skip_rows: usize) -> Vec<f32> {
        let mut state = name
            .bytes()
            .fold(self.seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let is_bias = name.rsplit('.').next() == Some("bias");
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = (state >> 40) as f32 / (1u32 << 23) as f32 - 1.0;
            // Biases as large as the rest would drown what tells one token from another.
            if name.ends_with("LayerNorm.weight") {
                1.0 + 0.2 * number
            } else if is_bias {
                0.1 * number
            } else {
                number
            }
        };
        let count: usize = shape.iter().product();
        let skipped = skip_rows * shape.last().unwrap();
        let mut values = vec![9.0; skipped];
        values.extend((skipped..count).map(|_| next()));
        values
    }
}

pub(super) fn vocab_size() -> usize {
    4 + WORDS.len()
}

/// Id of one of [`WORDS`].
pub(super) fn id(word: &str) -> u32 {
    4 + WORDS.iter().position(|known| *known == word).unwrap() as u32
}

fn template(begin: &str, end: &str) -> Value {
    let special = |token: &str, id: u32| json!({"id": token, "ids": [id], "tokens": [token]});
    json!({
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": begin, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": end, "type_id": 0}},
        ],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {begin: special(begin, BEGIN), end: special(end, END)},
    })
}

/// Words between blanks; `[PAD]` 0, `[UNK]` 1, `[CLS]` 2, `[SEP]` 3. Carries padding and truncation of its own, as
/// saved tokenizers often do, which must not count.
fn word_level() -> Value {
    let vocab: serde_json::Map<String, Value> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
        .iter()
        .chain(&WORDS)
        .enumerate()
        .map(|(id, word)| ((*word).to_owned(), json!(id)))
        .collect();
    json!({
        "version": "1.0",
        "truncation": {"direction": "Left", "max_length": 5, "strategy": "LongestFirst", "stride": 0},
        "padding": {
            "strategy": {"Fixed": 14}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
            "pad_type_id": 0, "pad_token": "[PAD]",
        },
        "added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": template("[CLS]", "[SEP]"), "decoder": null,
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "[UNK]"},
    })
}

/// The same words as sentence pieces; `<unk>` 0, `<pad>` 1, `<s>` 2, `</s>` 3.
fn unigram() -> Value {
    let special = [("<unk>", 0.0), ("<pad>", 0.0), ("<s>", 0.0), ("</s>", 0.0)];
    let vocab: Vec<Value> = special
        .iter()
        .map(|(word, score)| json!([word, score]))
        .chain(WORDS.iter().map(|word| json!([format!("▁{word}"), -1.0])))
        .collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
        "post_processor": template("<s>", "</s>"), "decoder": null,
        "model": {"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": false},
    })
}
