//! Text to vectors: model folders, the hub, tokenizers, engines, batching.
//!
//! Knows nothing of FAQs, indexes or storage. The matcher and the importer's indexing step call it.

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
}

/// An engine that turns texts into vectors. Object-safe: `Arc<dyn Embedder>` is what the rest of dayi holds.
///
/// Calls block and use the CPU: never call from an async task, queue them on a thread of their own.
pub trait Embedder: Send + Sync {
    /// The loaded model.
    fn model(&self) -> &ModelInfo;

    /// Number of tokens that each text costs, prompt and special tokens included, after cutting.
    ///
    /// # Errors
    /// When the tokenizer refuses a text.
    fn count_tokens(&self, texts: &[&str], role: Role) -> Result<Vec<usize>, Error>;

    /// One unit vector a text, in order, each the same whether a text comes alone or in a batch.
    ///
    /// # Errors
    /// When the engine fails; an empty text is not an error.
    fn embed(&self, texts: &[&str], role: Role) -> Result<Vec<Embedding>, Error>;
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
    /// The engine made something that is no unit vector.
    #[error("the model produced an unusable vector")]
    Vector {
        /// What is wrong with it.
        #[from]
        source: crate::vector::VectorError,
    },
}
