//! [`ByteSet`]: the vectors of a set once more, in 8 bits, for the first look of a search.
//!
//! A search waits for memory more than for arithmetic, and this is a quarter of the memory. What it says is off by a known
//! bound at most, so whoever compares in full all that the bound does not rule out misses nothing.

use crate::vector::{dot, quantize};

/// What is added to each number of a stored vector: instructions want one side of a product unsigned.
const OFFSET: i32 = 1 << 7;

/// Room for the rounding of `f32` sums.
const ROUNDING: f32 = 1e-5;

/// Unit vectors, each scaled so that its largest number just fits. Row-major, `[len x dimension]`.
#[derive(Debug, Clone)]
pub(super) struct ByteSet {
    dimension: usize,
    /// [`OFFSET`] more than they are.
    values: Vec<u8>,
    /// Of each vector: number x scale is what was meant.
    scales: Vec<f32>,
    /// Length of the largest difference between a vector and what became of it.
    error: f32,
}

/// A query in 8 bits.
#[derive(Debug, Clone)]
pub(super) struct ByteQuery {
    values: Vec<i8>,
    scale: f32,
    /// What the offset of stored vectors adds to each sum of products.
    excess: i32,
    /// Length of the difference to the query.
    error: f32,
}

impl ByteSet {
    /// Of rows of `dimension` numbers.
    pub(super) fn new(dimension: usize, rows: &[f32]) -> Self {
        let dimension = dimension.max(1);
        let mut set = Self {
            dimension,
            values: Vec::with_capacity(rows.len()),
            scales: Vec::with_capacity(rows.len() / dimension),
            error: 0.0,
        };
        for row in rows.chunks_exact(dimension) {
            let ByteQuery { values, scale, excess: _, error } = ByteQuery::new(row);
            set.values.extend(values.iter().map(|value| value.cast_unsigned() ^ (1 << 7)));
            set.scales.push(scale);
            set.error = set.error.max(error);
        }
        set
    }

    /// Nearly the cosine similarity of the query and the vector at a position; see [`bound`](Self::bound).
    pub(super) fn similarity(&self, query: &ByteQuery, position: u32) -> f32 {
        let products = products(self.row(position), &query.values) - query.excess;
        products as f32 * (query.scale * self.scales[position as usize])
    }

    /// How far off a similarity is at most. By Cauchy and Schwarz, for unit vectors `q` and `v` that became `r` and `w`:
    /// `|qv - rw| = |(q - r)v + r(v - w)| <= |q - r| + |r||v - w|`.
    pub(super) fn bound(&self, query: &ByteQuery) -> f32 {
        query.error + (1.0 + query.error) * self.error + ROUNDING
    }

    /// The bytes of the vector at a position.
    pub(super) fn row(&self, position: u32) -> &[u8] {
        let start = position as usize * self.dimension;
        &self.values[start..start + self.dimension]
    }
}

impl ByteQuery {
    /// Of a unit vector.
    pub(super) fn new(vector: &[f32]) -> Self {
        let (values, scale) = quantize(vector);
        let difference: Vec<f32> =
            vector.iter().zip(&values).map(|(x, value)| x - f32::from(*value) * scale).collect();
        let excess = OFFSET * values.iter().map(|value| i32::from(*value)).sum::<i32>();
        Self { values, scale, excess, error: dot(&difference, &difference).sqrt() }
    }
}

/// The sum of the products of numbers at the same places.
fn products(row: &[u8], query: &[i8]) -> i32 {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni") {
            // SAFETY: the processor has what the function is compiled for.
            return unsafe { products_vnni(row, query) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { products_avx2(row, query) };
        }
    }
    products_portable(row, query)
}

#[expect(clippy::inline_always, reason = "otherwise it would not be compiled for the features of its caller")]
#[inline(always)]
fn products_portable(row: &[u8], query: &[i8]) -> i32 {
    row.iter().zip(query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn products_avx2(row: &[u8], query: &[i8]) -> i32 {
    products_portable(row, query)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw,avx512vnni")]
fn products_vnni(row: &[u8], query: &[i8]) -> i32 {
    use std::arch::x86_64::{
        _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_reduce_add_epi32, _mm512_setzero_si512,
    };

    /// Bytes of a register.
    const WIDTH: usize = 64;
    let ((rows, row_tail), (queries, query_tail)) = (row.as_chunks::<WIDTH>(), query.as_chunks::<WIDTH>());
    let mut sums = _mm512_setzero_si512();
    for (row, query) in rows.iter().zip(queries) {
        // SAFETY: both arrays are as long as a register.
        let (row, query) =
            unsafe { (_mm512_loadu_si512(row.as_ptr().cast()), _mm512_loadu_si512(query.as_ptr().cast())) };
        sums = _mm512_dpbusd_epi32(sums, row, query);
    }
    _mm512_reduce_add_epi32(sums) + products_portable(row_tail, query_tail)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::vector::Embedding;

    proptest! {
        #[test]
        fn every_kernel_multiplies_exactly(pairs in vec((any::<u8>(), any::<i8>()), 0..300)) {
            let (row, query): (Vec<u8>, Vec<i8>) = pairs.into_iter().unzip();
            prop_assert_eq!(products(&row, &query), products_portable(&row, &query));
        }

        #[test]
        fn a_similarity_is_off_by_the_bound_at_most(
            (query, rows) in (1usize..130).prop_flat_map(|dimension| {
                let row = move || vec(-1.0f32..1.0, dimension);
                (row(), vec(row(), 1..6))
            })
        ) {
            let dimension = query.len();
            let unit = |values: Vec<f32>| Embedding::normalized(values, dimension).ok();
            let (Some(query), Some(rows)) = (unit(query), rows.into_iter().map(unit).collect::<Option<Vec<_>>>())
            else { return Ok(()) };
            let values: Vec<f32> = rows.iter().flat_map(|row| row.as_slice().to_vec()).collect();
            let set = ByteSet::new(dimension, &values);
            let rough = ByteQuery::new(query.as_slice());
            for (position, row) in (0..).zip(&rows) {
                let off = (set.similarity(&rough, position) - query.cosine(row)).abs();
                prop_assert!(off <= set.bound(&rough), "{off} > {}", set.bound(&rough));
            }
        }
    }
}
