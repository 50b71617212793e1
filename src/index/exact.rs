//! Exact search: every vector is compared. Nothing is missed, nothing has to be built; the oracle of recall tests.

use super::top_k::TopK;
use super::vectors::similarity;
use super::{Graph, Hit, VectorIndex, VectorSet, checked};
use crate::vector::{Embedding, VectorError};
use rayon::prelude::*;
use std::sync::Arc;

/// Multiplications above which a scan is spread over the cores, some 2 ms. A scan is bound by memory rather than by
/// arithmetic: below this, two threads were no faster than one, and many queries come at once anyway.
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
    let work = vectors.values().len();
    if work <= parallel_work {
        return scan_rows(vectors.values(), 0, query, k).into_hits();
    }
    let rows = vectors.len().div_ceil(rayon::current_num_threads()).max(1);
    vectors
        .values()
        .par_chunks(rows * vectors.dimension())
        .enumerate()
        .map(|(chunk, values)| scan_rows(values, chunk * rows, query, k))
        .reduce(|| TopK::new(k), TopK::merge)
        .into_hits()
}

fn scan_rows(values: &[f32], first: usize, query: &[f32], k: usize) -> TopK {
    let mut top = TopK::new(k);
    for (row, vector) in values.chunks_exact(query.len()).enumerate() {
        top.push(Hit { position: (first + row) as u32, similarity: similarity(query, vector) });
    }
    top
}
