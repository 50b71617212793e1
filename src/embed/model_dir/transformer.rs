//! `config.json`: the numbers of a BERT or XLM-RoBERTa transformer.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ModelDirError;

/// The families of transformers whose weights can be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// Positions count from 0.
    Bert,
    /// `RoBERTa` and XLM-RoBERTa: positions count from the padding id + 1.
    XlmRoberta,
}

/// The activation between the two feed-forward matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// Exact GELU (with erf).
    Gelu,
    /// GELU approximated with tanh.
    GeluTanh,
    /// max(0, x).
    Relu,
}

/// Sizes and constants of a transformer, checked: no size is 0 and the heads divide the width.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransformerConfig {
    /// The family.
    pub architecture: Architecture,
    /// Width of every token vector.
    pub hidden_size: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// Width inside the feed-forward part.
    pub intermediate_size: usize,
    /// Rows of the token table.
    pub vocab_size: usize,
    /// Rows of the position table.
    pub max_position_embeddings: usize,
    /// Rows of the segment table; all tokens are in segment 0.
    pub type_vocab_size: usize,
    /// Added to the variance in layer norms.
    pub layer_norm_eps: f64,
    /// Id of the padding token.
    pub pad_token_id: u32,
    /// The feed-forward activation.
    pub activation: Activation,
}

#[derive(Deserialize)]
struct RawConfig {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f64>,
    pad_token_id: Option<u32>,
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
}

impl TransformerConfig {
    /// Longest input in tokens that the position table allows.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        match self.architecture {
            Architecture::Bert => self.max_position_embeddings,
            Architecture::XlmRoberta => {
                self.max_position_embeddings.saturating_sub(self.pad_token_id as usize + 1)
            }
        }
    }

    /// Reads `config.json` at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, ModelDirError> {
        // Read in two steps: a model of another family lacks our keys, and its name explains more than they do.
        let json: serde_json::Value = super::read_json(path)?;
        let model_type = json.get("model_type").and_then(serde_json::Value::as_str).unwrap_or_default();
        let class = json.pointer("/architectures/0").and_then(serde_json::Value::as_str).unwrap_or_default();
        let architecture = architecture(model_type, class).ok_or_else(|| ModelDirError::Unsupported {
            path: path.to_owned(),
            what: "architecture",
            expected: "bert, roberta or xlm-roberta",
            got: if model_type.is_empty() { class.to_owned() } else { model_type.to_owned() },
        })?;
        let raw: RawConfig = serde_json::from_value(json)
            .map_err(|source| ModelDirError::Json { path: path.to_owned(), source })?;
        Self::checked(&raw, architecture, path)
    }

    fn checked(raw: &RawConfig, architecture: Architecture, path: &Path) -> Result<Self, ModelDirError> {
        let unsupported = |what, expected, got: &str| ModelDirError::Unsupported {
            path: path.to_owned(),
            what,
            expected,
            got: got.to_owned(),
        };
        let positions = raw.position_embedding_type.as_deref().unwrap_or("absolute");
        if positions != "absolute" {
            return Err(unsupported("position_embedding_type", "absolute", positions));
        }
        let activation = match raw.hidden_act.as_deref().unwrap_or("gelu") {
            "gelu" => Activation::Gelu,
            "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => Activation::GeluTanh,
            "relu" => Activation::Relu,
            other => {
                return Err(unsupported("hidden_act", "gelu, gelu_new, gelu_pytorch_tanh or relu", other));
            }
        };
        let default_pad = match architecture {
            Architecture::Bert => 0,
            Architecture::XlmRoberta => 1,
        };
        let config = Self {
            architecture,
            hidden_size: raw.hidden_size,
            layers: raw.num_hidden_layers,
            heads: raw.num_attention_heads,
            intermediate_size: raw.intermediate_size,
            vocab_size: raw.vocab_size,
            max_position_embeddings: raw.max_position_embeddings,
            type_vocab_size: raw.type_vocab_size.unwrap_or(2),
            layer_norm_eps: raw.layer_norm_eps.unwrap_or(1e-12),
            pad_token_id: raw.pad_token_id.unwrap_or(default_pad),
            activation,
        };
        let sizes = [
            ("hidden_size", config.hidden_size),
            ("num_hidden_layers", config.layers),
            ("num_attention_heads", config.heads),
            ("intermediate_size", config.intermediate_size),
            ("vocab_size", config.vocab_size),
            ("max_position_embeddings", config.max_tokens()),
            ("type_vocab_size", config.type_vocab_size),
        ];
        if let Some((what, _)) = sizes.into_iter().find(|(_, size)| *size == 0) {
            return Err(unsupported(what, "a larger number", "one that leaves nothing"));
        }
        if !config.hidden_size.is_multiple_of(config.heads) {
            let got = format!("{} and {}", config.hidden_size, config.heads);
            return Err(unsupported("num_attention_heads", "heads that divide hidden_size", &got));
        }
        if config.pad_token_id as usize >= config.vocab_size {
            let got = config.pad_token_id.to_string();
            return Err(unsupported("pad_token_id", "an id below vocab_size", &got));
        }
        Ok(config)
    }
}

fn architecture(model_type: &str, class: &str) -> Option<Architecture> {
    match model_type {
        "bert" => Some(Architecture::Bert),
        "roberta" | "xlm-roberta" | "camembert" => Some(Architecture::XlmRoberta),
        "" if class.starts_with("Bert") => Some(Architecture::Bert),
        "" if class.starts_with("XLMRoberta") || class.starts_with("Roberta") => {
            Some(Architecture::XlmRoberta)
        }
        _ => None,
    }
}
