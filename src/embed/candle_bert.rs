//! The portable engine: candle's BERT and XLM-RoBERTa on the CPU, in f32.
//!
//! The only file that names candle. Pads what it is given to one rectangle a call; callers pass texts of similar
//! length together (see `pipeline.rs`).

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::{bert, xlm_roberta};
use rayon::ThreadPool;

use super::model_dir::{Activation, Architecture, TransformerConfig};
use super::{Encoder, Error, TokenVectors};

const ENGINE: &str = "candle";

/// Names that checkpoints put in front of the encoder's tensors.
const PREFIXES: [&str; 3] = ["", "bert", "roberta"];

/// Why weights could not become a model.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file has no tensor that a BERT must have.
    #[error(
        "expected the tensor embeddings.word_embeddings.weight, perhaps after `bert.` or `roberta.`, and found \
         none; is it the model of another architecture?"
    )]
    NoEncoder,
    /// A tensor is missing, of another shape than `config.json` says, or the file is damaged.
    #[error("the weights do not fit config.json or are damaged: {reason}")]
    Mismatch {
        /// What candle said.
        reason: String,
    },
    /// The threads for computing could not be started.
    #[error("cannot start {threads} threads: {source}; ask for fewer with --threads")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system said.
        source: rayon::ThreadPoolBuildError,
    },
}

enum Model {
    Bert(bert::BertModel),
    XlmRoberta(xlm_roberta::XLMRobertaModel),
}

/// A transformer in f32 and the threads that compute it.
pub(super) struct CandleEncoder {
    model: Model,
    pad_token_id: u32,
    hidden_size: usize,
    threads: ThreadPool,
}

impl CandleEncoder {
    /// Builds the model from the bytes of a safetensors file (f32, f16 or bf16), copying the weights out as f32.
    /// `threads`: how many compute at once, by default one a core.
    ///
    /// # Errors
    /// When the bytes are damaged or do not fit `config`.
    pub(super) fn new(
        config: &TransformerConfig,
        safetensors: &[u8],
        threads: Option<usize>,
    ) -> Result<Self, WeightsError> {
        let mismatch = |error: candle_core::Error| WeightsError::Mismatch { reason: error.to_string() };
        let weights =
            VarBuilder::from_slice_safetensors(safetensors, DType::F32, &Device::Cpu).map_err(mismatch)?;
        let weights = find_encoder(&weights).ok_or(WeightsError::NoEncoder)?;
        let model = match config.architecture {
            Architecture::Bert => bert::BertModel::load(weights, &bert_config(config)).map(Model::Bert),
            Architecture::XlmRoberta => {
                xlm_roberta::XLMRobertaModel::new(&xlm_roberta_config(config), weights).map(Model::XlmRoberta)
            }
        }
        .map_err(mismatch)?;
        // candle hands its matrix products to the rayon pool it is called in: a pool of our own bounds them.
        let threads = threads.unwrap_or(0);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|number| format!("dayi-candle-{number}"))
            .build()
            .map_err(|source| WeightsError::Threads { threads, source })?;
        Ok(Self { model, pad_token_id: config.pad_token_id, hidden_size: config.hidden_size, threads: pool })
    }

    fn forward(&self, batch: &[Vec<u32>]) -> candle_core::Result<Vec<TokenVectors>> {
        let longest = batch.iter().map(Vec::len).max().unwrap_or(0);
        if longest == 0 {
            return Ok(Vec::new());
        }
        let mut ids = Vec::with_capacity(batch.len() * longest);
        let mut mask = Vec::with_capacity(batch.len() * longest);
        for text in batch {
            ids.extend(text);
            ids.resize(ids.len() + longest - text.len(), self.pad_token_id);
            mask.resize(mask.len() + text.len(), 1u32);
            mask.resize(ids.len(), 0);
        }
        let shape = (batch.len(), longest);
        let ids = Tensor::from_vec(ids, shape, &Device::Cpu)?;
        let mask = Tensor::from_vec(mask, shape, &Device::Cpu)?;
        let segments = ids.zeros_like()?;
        let output = match &self.model {
            Model::Bert(model) => model.forward(&ids, &segments, Some(&mask))?,
            Model::XlmRoberta(model) => model.forward(&ids, &mask, &segments, None, None, None)?,
        };
        let values = output.flatten_all()?.to_vec1::<f32>()?;
        let row = longest * self.hidden_size;
        // Padding is dropped here, so that nothing after this point can see it.
        Ok(batch
            .iter()
            .zip(values.chunks_exact(row))
            .map(|(text, vectors)| TokenVectors {
                values: vectors[..text.len() * self.hidden_size].to_vec(),
                dimension: self.hidden_size,
            })
            .collect())
    }
}

impl Encoder for CandleEncoder {
    fn encode(&self, batch: &[Vec<u32>]) -> Result<Vec<TokenVectors>, Error> {
        self.threads
            .install(|| self.forward(batch))
            .map_err(|error| Error::Engine { engine: ENGINE, reason: error.to_string() })
    }
}

/// Steps into the prefix under which the encoder's tensors lie.
fn find_encoder<'a>(weights: &VarBuilder<'a>) -> Option<VarBuilder<'a>> {
    PREFIXES.into_iter().find_map(|prefix| {
        let inner = if prefix.is_empty() { weights.clone() } else { weights.pp(prefix) };
        inner.contains_tensor("embeddings.word_embeddings.weight").then_some(inner)
    })
}

fn bert_config(config: &TransformerConfig) -> bert::Config {
    bert::Config {
        vocab_size: config.vocab_size,
        hidden_size: config.hidden_size,
        num_hidden_layers: config.layers,
        num_attention_heads: config.heads,
        intermediate_size: config.intermediate_size,
        hidden_act: match config.activation {
            Activation::Gelu => bert::HiddenAct::Gelu,
            Activation::GeluTanh => bert::HiddenAct::GeluApproximate,
            Activation::Relu => bert::HiddenAct::Relu,
        },
        hidden_dropout_prob: 0.0,
        max_position_embeddings: config.max_position_embeddings,
        type_vocab_size: config.type_vocab_size,
        initializer_range: 0.0,
        layer_norm_eps: config.layer_norm_eps,
        pad_token_id: config.pad_token_id as usize,
        position_embedding_type: bert::PositionEmbeddingType::Absolute,
        use_cache: false,
        classifier_dropout: None,
        // With a type candle would search prefixes a second time and report the wrong tensor as missing.
        model_type: None,
    }
}

fn xlm_roberta_config(config: &TransformerConfig) -> xlm_roberta::Config {
    xlm_roberta::Config {
        hidden_size: config.hidden_size,
        layer_norm_eps: config.layer_norm_eps,
        attention_probs_dropout_prob: 0.0,
        hidden_dropout_prob: 0.0,
        num_attention_heads: config.heads,
        position_embedding_type: "absolute".to_owned(),
        intermediate_size: config.intermediate_size,
        hidden_act: match config.activation {
            Activation::Gelu => candle_nn::Activation::Gelu,
            Activation::GeluTanh => candle_nn::Activation::GeluPytorchTanh,
            Activation::Relu => candle_nn::Activation::Relu,
        },
        num_hidden_layers: config.layers,
        vocab_size: config.vocab_size,
        max_position_embeddings: config.max_position_embeddings,
        type_vocab_size: config.type_vocab_size,
        pad_token_id: config.pad_token_id,
    }
}
