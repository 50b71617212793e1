//! From options to a ready [`Embedder`]: find the model, fetch it if need be, read it, check it, build the engine.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::candle_bert::CandleEncoder;
use super::hub::{Download, Hub, HubError};
use super::int8::{Int8Encoder, Int8Options};
use super::model_dir::{self, Identity, LocateError, ModelDir, ModelDirError, ModelSource};
use super::pipeline::Pipeline;
use super::tokenize::{TextTokenizer, TokenizerError};
use super::{Embedder, Encoder, ModelInfo, Pooling};

/// What an engine says when it cannot be built; each has errors of its own.
type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// Which code computes token vectors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Weights in 8 bits: several times as fast, vectors within a cosine of 0.995 of the exact ones.
    #[default]
    Int8,
    /// candle, in f32.
    Candle,
}

/// A name that is no [`EngineKind`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the engine int8 or candle, got `{given}`")]
pub struct UnknownEngine {
    /// What was given.
    pub given: String,
}

impl FromStr for EngineKind {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "int8" => Ok(Self::Int8),
            "candle" => Ok(Self::Candle),
            _ => Err(UnknownEngine { given: name.to_owned() }),
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int8 => "int8",
            Self::Candle => "candle",
        })
    }
}

/// Which model to load, and what to do otherwise than its folder says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelOptions {
    /// A folder or a hub id; `None` looks in `DAYI_MODEL`, beside the executable and in the checkout.
    pub model: Option<String>,
    /// The engine.
    pub engine: EngineKind,
    /// Never open a socket: hub ids must be in the cache.
    pub offline: bool,
    /// Threads that compute at once; `None` is one a core.
    pub threads: Option<usize>,
    /// Pooling other than the folder's.
    pub pooling: Option<Pooling>,
    /// Prompt for questions other than the folder's.
    pub query_prompt: Option<String>,
    /// Prompt for stored texts other than the folder's.
    pub document_prompt: Option<String>,
    /// Longest input in tokens other than the folder's; at most what the model's position table allows.
    pub max_tokens: Option<usize>,
}

/// Why no model could be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is none.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// The hub or its cache did not deliver it.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The folder is incomplete or of an unknown kind.
    #[error(transparent)]
    Folder(#[from] ModelDirError),
    /// The tokenizer cannot be used.
    #[error("cannot use the tokenizer of {}: {source}", .folder.display())]
    Tokenizer {
        /// The model folder.
        folder: PathBuf,
        /// What is wrong.
        source: TokenizerError,
    },
    /// The tokenizer knows tokens that the model has no vector for.
    #[error(
        "the tokenizer in {} makes token ids up to {largest}, but config.json says the model knows {vocab_size}; \
         tokenizer.json and model.safetensors are of different models", .folder.display()
    )]
    Vocabulary {
        /// The model folder.
        folder: PathBuf,
        /// Largest id of the tokenizer.
        largest: u32,
        /// Rows of the model's token table.
        vocab_size: usize,
    },
    /// The weights cannot be used.
    #[error("cannot use the weights of {}: {source}", .folder.display())]
    Weights {
        /// The model folder.
        folder: PathBuf,
        /// What the engine said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// More tokens were asked for than the model has positions.
    #[error(
        "expected a maximum length of 1 to {limit} tokens, got {given}; this model has no more positions"
    )]
    MaxTokens {
        /// What was asked for.
        given: usize,
        /// The model's limit.
        limit: usize,
    },
    /// The fingerprint could not be written down.
    #[error("cannot describe the model for its fingerprint: {source}")]
    Fingerprint {
        /// What the JSON writer said.
        source: serde_json::Error,
    },
}

/// Loads the model that `options` name. Takes a fraction of a second for a small model; a hub id that is not in the
/// cache is downloaded first, unless `offline`.
///
/// # Errors
/// When no model is found, it cannot be fetched, or it cannot be used; the text says what to do.
pub fn load(options: &ModelOptions) -> Result<Arc<dyn Embedder>, LoadError> {
    load_dir(open(options, &mut |_| {})?, options)
}

/// Finds the model that `options` name, fetches it if need be (telling `progress`), and reads its configuration.
///
/// # Errors
/// As [`load`], up to the configuration.
pub fn open(options: &ModelOptions, progress: &mut dyn FnMut(Download<'_>)) -> Result<ModelDir, LoadError> {
    Ok(match model_dir::find(options.model.as_deref())? {
        ModelSource::Folder(path) => ModelDir::open(&path, None)?,
        ModelSource::Hub(id) => {
            let folder = Hub::from_env(options.offline)?.fetch(&id, progress)?;
            ModelDir::open(&folder, Some(&id.to_string()))?
        }
    })
}

/// Builds the embedder of a folder that was opened, with the overrides in `options`.
///
/// # Errors
/// As [`load`], from the configuration on.
pub fn load_dir(mut dir: ModelDir, options: &ModelOptions) -> Result<Arc<dyn Embedder>, LoadError> {
    apply_overrides(&mut dir, options)?;
    let tokenizer_json = dir.read_tokenizer()?;
    let weights = dir.map_weights()?;
    // Hashing and converting both read all of the weights; side by side they read the file once. The tokenizer takes
    // about as long as the difference.
    let (beside, encoder) = std::thread::scope(|scope| {
        let beside = scope.spawn(|| (load_tokenizer(&dir, &tokenizer_json), model_dir::sha256(&weights)));
        let encoder = build_encoder(&dir, &weights, options);
        (beside.join(), encoder)
    });
    let (tokenizer, weights_sha256) = beside.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let (tokenizer, encoder) = (tokenizer?, encoder?);
    let fingerprint = Identity {
        engine: options.engine,
        weights_sha256,
        tokenizer_sha256: model_dir::sha256(&tokenizer_json),
        transformer: &dir.transformer,
        sentence: &dir.sentence,
    }
    .fingerprint()
    .map_err(|source| LoadError::Fingerprint { source })?;
    Ok(Arc::new(Pipeline {
        info: ModelInfo {
            name: dir.name,
            fingerprint,
            dimension: dir.transformer.hidden_size,
            max_tokens: dir.sentence.max_tokens,
            folder: Some(dir.path),
        },
        tokenizer,
        encoder,
        pooling: dir.sentence.pooling,
        prompts: dir.sentence.prompts,
    }))
}

/// The one place that knows all engines.
fn build_encoder(
    dir: &ModelDir,
    weights: &[u8],
    options: &ModelOptions,
) -> Result<Box<dyn Encoder>, LoadError> {
    let encoder: Result<Box<dyn Encoder>, BoxedError> = match options.engine {
        EngineKind::Int8 => {
            let options = Int8Options { threads: options.threads, kernel: None };
            boxed(Int8Encoder::load(&dir.transformer, weights, options))
        }
        EngineKind::Candle => boxed(CandleEncoder::new(&dir.transformer, weights, options.threads)),
    };
    encoder.map_err(|source| LoadError::Weights { folder: dir.path.clone(), source })
}

/// An engine and its error without their types.
fn boxed<E, F>(encoder: Result<E, F>) -> Result<Box<dyn Encoder>, BoxedError>
where
    E: Encoder + 'static,
    F: std::error::Error + Send + Sync + 'static,
{
    match encoder {
        Ok(encoder) => Ok(Box::new(encoder)),
        Err(error) => Err(Box::new(error)),
    }
}

fn apply_overrides(dir: &mut ModelDir, options: &ModelOptions) -> Result<(), LoadError> {
    let sentence = &mut dir.sentence;
    if let Some(pooling) = options.pooling {
        sentence.pooling = pooling;
    }
    if let Some(prompt) = &options.query_prompt {
        sentence.prompts.query.clone_from(prompt);
    }
    if let Some(prompt) = &options.document_prompt {
        sentence.prompts.document.clone_from(prompt);
    }
    if let Some(given) = options.max_tokens {
        let limit = dir.transformer.max_tokens();
        if given == 0 || given > limit {
            return Err(LoadError::MaxTokens { given, limit });
        }
        sentence.max_tokens = given;
    }
    Ok(())
}

fn load_tokenizer(dir: &ModelDir, json: &[u8]) -> Result<TextTokenizer, LoadError> {
    let unusable = |source| LoadError::Tokenizer { folder: dir.path.clone(), source };
    let sentence = &dir.sentence;
    let filler = dir.transformer.pad_token_id;
    let tokenizer =
        TextTokenizer::new(json, sentence.max_tokens, filler, sentence.lowercase).map_err(unusable)?;
    for prompt in [&sentence.prompts.query, &sentence.prompts.document] {
        tokenizer.check_prompt(prompt).map_err(unusable)?;
    }
    let (largest, vocab_size) = (tokenizer.largest_id(), dir.transformer.vocab_size);
    if largest as usize >= vocab_size {
        return Err(LoadError::Vocabulary { folder: dir.path.clone(), largest, vocab_size });
    }
    Ok(tokenizer)
}
