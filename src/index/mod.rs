//! Finding the nearest of many: vectors (exact or HNSW), words (BM25), and the snapshot on disk.
//!
//! Knows nothing of models, entries or storage: it maps vectors and texts to positions (`u32`, in insertion order).

pub mod lexical;

use crate::vector::{Embedding, VectorError};

/// A neighbour: the position of a stored vector and its cosine similarity to the query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Position of the vector in the order of insertion, from 0.
    pub position: u32,
    /// Cosine similarity, -1..=1.
    pub similarity: f32,
}

/// Nearest-neighbour search over unit vectors. Two implementations: exact scan and HNSW.
pub trait VectorIndex: Send + Sync {
    /// How many vectors are stored.
    fn len(&self) -> usize;

    /// Whether nothing is stored.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The `k` nearest vectors, most similar first, equal similarities by position.
    ///
    /// # Errors
    /// When the query has another dimension than the stored vectors.
    fn search(&self, query: &Embedding, k: usize) -> Result<Vec<Hit>, VectorError>;
}
