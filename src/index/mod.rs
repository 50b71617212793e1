//! Finding the nearest of many: vectors (exact or HNSW), words (BM25), and the snapshot on disk.
//!
//! Knows nothing of models, entries or storage: it maps vectors and texts to positions (`u32`, in insertion order).
//!
//! ```
//! use dayi::index::{self, IndexParams, VectorSet};
//! use dayi::vector::Embedding;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let phrasings = [Embedding::normalized(vec![1.0, 0.2], 2)?, Embedding::normalized(vec![0.1, 1.0], 2)?];
//! let vectors = VectorSet::from_embeddings(2, &phrasings)?;
//! let index = index::build(vectors.into(), &IndexParams::default(), &|_done, _total| {})?;
//!
//! let hits = index.search(&Embedding::normalized(vec![0.0, 1.0], 2)?, 1)?;
//! assert_eq!(hits[0].position, 1);
//! # Ok(())
//! # }
//! ```

mod bytes;
mod exact;
mod graph;
mod hnsw;
mod params;
pub mod snapshot;
mod top_k;
mod twins;
mod vectors;

pub use exact::ExactIndex;
pub use graph::{Graph, GraphError};
pub use hnsw::HnswIndex;
pub use params::HnswParams;
pub use vectors::VectorSet;

pub mod lexical;

use crate::vector::{Embedding, VectorError};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A neighbour: the position of a stored vector and its cosine similarity to the query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Position of the vector in the order of insertion, from 0.
    pub position: u32,
    /// Cosine similarity, -1..=1.
    pub similarity: f32,
}

/// Nearest-neighbour search over unit vectors. Two implementations: exact scan and HNSW.
pub trait VectorIndex: std::fmt::Debug + Send + Sync {
    /// The vectors that are searched, shared, not copied.
    fn vectors(&self) -> &Arc<VectorSet>;

    /// The graph, when the index has one that fits its vectors: what a snapshot has to keep beside them.
    fn graph(&self) -> Option<&Graph>;

    /// The `k` nearest vectors, most similar first, equal similarities by position. Fewer come back when fewer are
    /// stored. Similarities are computed from the stored vectors in every implementation, so that they compare.
    ///
    /// # Errors
    /// When the query has another dimension than the stored vectors.
    fn search(&self, query: &Embedding, k: usize) -> Result<Vec<Hit>, VectorError>;

    /// The index over `vectors` without building a graph. `known` says for each of them at which position of this
    /// index the very same vector is.
    fn follow(&self, vectors: Arc<VectorSet>, known: &[Option<u32>]) -> Arc<dyn VectorIndex>;

    /// How many vectors a search compares beside those of a graph, or walks over in vain: all without a graph, those
    /// that were added and removed since with one.
    fn drift(&self) -> usize;

    /// [`search`](Self::search) for each query, in order, on all cores.
    ///
    /// # Errors
    /// When a query has another dimension than the stored vectors.
    fn search_batch(&self, queries: &[Embedding], k: usize) -> Result<Vec<Vec<Hit>>, VectorError> {
        queries.par_iter().map(|query| self.search(query, k)).collect()
    }

    /// How many vectors are stored.
    fn len(&self) -> usize {
        self.vectors().len()
    }

    /// Whether nothing is stored.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// When and how a graph is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IndexParams {
    /// From this many vectors on a graph is built; below it every vector is compared. Default 20,000: an exact scan
    /// of 384 dimensions then takes about 0.4 ms, cannot miss anything and needs no building.
    pub full_scan_threshold: usize,
    /// Shape of the graph.
    pub hnsw: HnswParams,
}

impl Default for IndexParams {
    fn default() -> Self {
        Self { full_scan_threshold: 20_000, hnsw: HnswParams::default() }
    }
}

impl IndexParams {
    /// Whether this many vectors get a graph.
    #[must_use]
    pub fn wants_graph(&self, count: usize) -> bool {
        count > 0 && count >= self.full_scan_threshold
    }
}

/// Why an index cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// A graph parameter is outside its range.
    #[error("expected {name} between {least} and {most}, got {actual}; change it in the configuration")]
    Parameter {
        /// Name of the field of [`HnswParams`].
        name: &'static str,
        /// Smallest allowed value.
        least: usize,
        /// Largest allowed value.
        most: usize,
        /// The value that came.
        actual: usize,
    },
    /// The links of so many vectors cannot be numbered with 32 bits.
    #[error(
        "a graph with {max_connections} connections holds at most {most} vectors, got {count}; lower max_connections"
    )]
    TooMany {
        /// How many vectors came.
        count: usize,
        /// How many can be held.
        most: usize,
        /// The parameter that limits them.
        max_connections: usize,
    },
}

/// What is called while an index is built, with the number of vectors done and the number of all. Calls come from
/// one thread, in rising order, the last one with `done == total`.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Builds the index that fits the number of vectors: exact below `full_scan_threshold`, HNSW from there on.
///
/// # Errors
/// When a parameter is outside its range or there are more vectors than a graph can number.
pub fn build(
    vectors: Arc<VectorSet>,
    params: &IndexParams,
    progress: Progress<'_>,
) -> Result<Arc<dyn VectorIndex>, IndexError> {
    params.hnsw.validate()?;
    if params.wants_graph(vectors.len()) {
        return Ok(Arc::new(HnswIndex::build(vectors, &params.hnsw, progress)?));
    }
    progress(vectors.len(), vectors.len());
    Ok(Arc::new(ExactIndex::new(vectors)))
}

/// A query that fits the vectors, as plain numbers.
fn checked<'q>(vectors: &VectorSet, query: &'q Embedding) -> Result<&'q [f32], VectorError> {
    if query.dimension() != vectors.dimension() {
        return Err(VectorError::Dimension { expected: vectors.dimension(), actual: query.dimension() });
    }
    Ok(query.as_slice())
}

#[cfg(test)]
mod tests;
