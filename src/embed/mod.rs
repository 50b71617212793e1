//! Text to vectors: model folders, the hub, tokenizers, engines, batching.
//!
//! Knows nothing of FAQs, indexes or storage. The matcher and the importer's indexing step call it.

pub mod batcher;
mod candle_bert;
mod hashed;
pub mod hub;
pub mod int8;
mod load;
pub mod model_dir;
mod pipeline;
mod pooling;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tiny;
mod tokenize;

pub use candle_bert::WeightsError;
pub use hashed::HashedEmbedder;
pub use load::{EngineKind, LoadError, ModelOptions, UnknownEngine, load, load_dir, open};
pub use model_dir::Prompts;
pub use pooling::{Pooling, UnknownPooling};
pub use tokenize::TokenizerError;

use std::path::PathBuf;

use crate::vector::Embedding;

/// On which side of a comparison a text stands; some models want another prompt for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A question somebody asks.
    Query,
    /// A text that is stored and searched: a phrasing or an answer.
    Document,
}

/// What identifies a model and its vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// Folder name or hub id, for people.
    pub name: String,
    /// SHA-256 (hex) over everything that changes a vector: weights, tokenizer, pooling, prompts, maximum length.
    /// Vectors with different fingerprints are never compared.
    pub fingerprint: String,
    /// Length of each vector.
    pub dimension: usize,
    /// Longest input in tokens, special tokens and prompt included; longer texts are cut.
    pub max_tokens: usize,
    /// The folder it was loaded from; `None` for a test double.
    pub folder: Option<PathBuf>,
}

/// An engine that turns texts into vectors. Object-safe: `Arc<dyn Embedder>` is what the rest of dayi holds.
///
/// Calls block and use the CPU: never embed in an async task, queue that on a thread of its own. Splitting a short text
/// into tokens takes some ten microseconds.
pub trait Embedder: Send + Sync {
    /// The loaded model.
    fn model(&self) -> &ModelInfo;

    /// Splits each text into tokens, behind the prompt of its `role` and cut to what the model takes. Cheap beside
    /// embedding, and the number of tokens tells what that will cost.
    ///
    /// # Errors
    /// When the tokenizer refuses a text; an empty text is not an error.
    fn tokenize(&self, texts: &[&str], role: Role) -> Result<Vec<Tokens>, Error>;

    /// Each text's vector and those of its tokens, in order, the same whether a text comes alone or in a batch.
    ///
    /// # Errors
    /// When the engine fails.
    fn embed_tokenized(&self, texts: &[&Tokens]) -> Result<Vec<Embedded>, Error>;

    /// How many callers can embed side by side.
    fn lanes(&self) -> Lanes {
        Lanes::default()
    }

    /// As [`embed_tokenized`](Self::embed_tokenized), on the calling thread alone: slower for the one, but callers on as
    /// many threads as there are [`lanes`](Self::lanes) never wait for each other.
    ///
    /// # Errors
    /// As [`embed_tokenized`](Self::embed_tokenized).
    fn embed_alone(&self, texts: &[&Tokens]) -> Result<Vec<Embedded>, Error> {
        self.embed_tokenized(texts)
    }

    /// [`tokenize`](Self::tokenize) and [`embed_tokenized`](Self::embed_tokenized) in one.
    ///
    /// # Errors
    /// As those two.
    fn embed_tokens(&self, texts: &[&str], role: Role) -> Result<Vec<Embedded>, Error> {
        let tokens = self.tokenize(texts, role)?;
        self.embed_tokenized(&tokens.iter().collect::<Vec<_>>())
    }

    /// [`embed_tokens`](Self::embed_tokens) without the tokens.
    ///
    /// # Errors
    /// As [`embed_tokens`](Self::embed_tokens).
    fn embed(&self, texts: &[&str], role: Role) -> Result<Vec<Embedding>, Error> {
        Ok(self.embed_tokens(texts, role)?.into_iter().map(|embedded| embedded.vector).collect())
    }
}

/// How an engine shares out its threads between callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lanes {
    /// Callers that can embed side by side, each on a thread of its own; 1 when they would wait for each other.
    pub count: usize,
    /// Tokens that one of them takes at once: with fewer the weights are read too often, with more others wait longer.
    pub tokens: usize,
}

impl Default for Lanes {
    /// One caller at a time, with whatever it has.
    fn default() -> Self {
        Self { count: 1, tokens: usize::MAX }
    }
}

/// A text as the model takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Ids with prompt and special tokens; never empty.
    pub ids: Vec<u32>,
    /// Positions of the text's own tokens that have a letter or digit in them.
    pub telling: Vec<usize>,
}

/// What a model makes of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// The vector of the whole text.
    pub vector: Embedding,
    /// The vectors of the tokens that say something: no special token, none of the prompt, no punctuation. May be
    /// empty.
    pub tokens: TokenVectors,
}

/// Last-layer vectors of one text's tokens, row-major `[tokens x dimension]`.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenVectors {
    /// The numbers, one row of `dimension` a token.
    pub values: Vec<f32>,
    /// Length of each row.
    pub dimension: usize,
}

impl TokenVectors {
    /// The rows at `positions`; positions beyond the end are passed over.
    #[must_use]
    pub fn rows(&self, positions: &[usize]) -> Self {
        let rows = positions
            .iter()
            .filter_map(|&row| self.values.get(row * self.dimension..(row + 1) * self.dimension));
        Self { values: rows.flatten().copied().collect(), dimension: self.dimension }
    }
}

/// Token ids to token vectors: what an engine computes. Tokenizing, prompts and pooling are the same for all
/// engines.
pub trait Encoder: Send + Sync {
    /// `batch`: token ids of each text, special tokens included, none empty, none longer than the model allows.
    ///
    /// # Errors
    /// When the computation fails.
    fn encode(&self, batch: &[Vec<u32>]) -> Result<Vec<TokenVectors>, Error>;

    /// How many callers of [`encode_alone`](Self::encode_alone) compute side by side.
    fn lanes(&self) -> Lanes {
        Lanes::default()
    }

    /// As [`encode`](Self::encode), on the calling thread alone.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    fn encode_alone(&self, batch: &[Vec<u32>]) -> Result<Vec<TokenVectors>, Error> {
        self.encode(batch)
    }
}

/// Why a text could not be embedded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tokenizer refused the text.
    #[error("cannot split the text into tokens: {reason}")]
    Tokenize {
        /// What the tokenizer said.
        reason: String,
    },
    /// The engine could not compute.
    #[error("the {engine} engine failed: {reason}")]
    Engine {
        /// Name of the engine.
        engine: &'static str,
        /// What it said.
        reason: String,
    },
    /// The engine made something that is no unit vector.
    #[error("the model produced an unusable vector")]
    Vector {
        /// What is wrong with it.
        #[from]
        source: crate::vector::VectorError,
    },
}

/// Bytes as lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
