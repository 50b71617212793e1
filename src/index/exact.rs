//! Exact search: every vector is compared, first in 8 bits, and in full where that leaves it open. Nothing is missed,
//! nothing has to be built; the oracle of recall tests.

use super::bytes::ByteQuery;
use super::top_k::TopK;
use super::vectors::similarity;
use super::{Graph, Hit, VectorIndex, VectorSet, checked};
use crate::vector::{Embedding, VectorError};
use rayon::prelude::*;
use std::sync::Arc;

/// Multiplications above which a scan is spread over the cores. A scan is bound by memory rather than by arithmetic:
/// below this, two threads were no faster than one, and many queries come at once anyway.
pub(super) const PARALLEL_WORK: usize = 20_000_000;

/// Scans all vectors for each query.
#[derive(Debug, Clone)]
pub struct ExactIndex {
    vectors: Arc<VectorSet>,
}

impl ExactIndex {
    /// Searches these vectors.
    #[must_use]
    pub fn new(vectors: Arc<VectorSet>) -> Self {
        Self { vectors }
    }
}

impl VectorIndex for ExactIndex {
    fn vectors(&self) -> &Arc<VectorSet> {
        &self.vectors
    }

    fn graph(&self) -> Option<&Graph> {
        None
    }

    fn search(&self, query: &Embedding, k: usize) -> Result<Vec<Hit>, VectorError> {
        let query = checked(&self.vectors, query)?;
        Ok(scan(&self.vectors, query, k, PARALLEL_WORK))
    }

    fn follow(&self, vectors: Arc<VectorSet>, _known: &[Option<u32>]) -> Arc<dyn VectorIndex> {
        Arc::new(Self { vectors })
    }

    fn drift(&self) -> usize {
        self.len()
    }
}

/// The `k` nearest of all, in parallel when there is more than `parallel_work` to do. The order of hits is total, so
/// the result does not depend on how the work is cut.
pub(super) fn scan(vectors: &VectorSet, query: &[f32], k: usize, parallel_work: usize) -> Vec<Hit> {
    let in_full = |position: u32| Hit { position, similarity: similarity(query, vectors.vector(position)) };
    let all = 0..vectors.len() as u32;
    if k >= vectors.len() {
        return nearest(all.map(in_full), k).into_hits();
    }
    let byte_query = ByteQuery::new(query);
    let rough = rough_similarities(vectors, &byte_query, parallel_work);
    let hits = (0u32..).zip(&rough).map(|(position, &similarity)| Hit { position, similarity });
    let Some(last) = nearest(hits, k).worst() else { return Vec::new() };
    // The last of the nearest may be less near than it looks, and another nearer, each by the bound.
    let least = last.similarity - 2.0 * vectors.bytes().bound(&byte_query);
    let open = all.zip(&rough).filter(|(_, similarity)| **similarity >= least);
    nearest(open.map(|(position, _)| in_full(position)), k).into_hits()
}

fn nearest(hits: impl Iterator<Item = Hit>, k: usize) -> TopK {
    let mut top = TopK::new(k);
    hits.for_each(|hit| top.push(hit));
    top
}

/// What the query's similarity to each vector is in 8 bits.
fn rough_similarities(vectors: &VectorSet, query: &ByteQuery, parallel_work: usize) -> Vec<f32> {
    let bytes = vectors.bytes();
    let all = 0..vectors.len() as u32;
    if vectors.values().len() <= parallel_work {
        return all.map(|position| bytes.similarity(query, position)).collect();
    }
    let at_once = vectors.len().div_ceil(rayon::current_num_threads()).max(1);
    all.into_par_iter().with_min_len(at_once).map(|position| bytes.similarity(query, position)).collect()
}
