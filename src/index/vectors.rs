//! [`VectorSet`]: all vectors of an index in one block of memory, shared by the indexes and whoever ranks.
//!
//! Owns the numbers and the one similarity that every index computes. Knows nothing of searching.

use std::sync::OnceLock;

use super::bytes::ByteSet;
use crate::vector::{Embedding, VectorError, dot};

/// Unit vectors of one dimension, `[len x dimension]`, row by row. A row's number is its *position*.
#[derive(Debug, Clone)]
pub struct VectorSet {
    dimension: usize,
    values: Vec<f32>,
    /// The same in 8 bits, once somebody searches.
    bytes: OnceLock<ByteSet>,
}

impl PartialEq for VectorSet {
    fn eq(&self, other: &Self) -> bool {
        (self.dimension, &self.values) == (other.dimension, &other.values)
    }
}

impl VectorSet {
    /// Copies the embeddings into one block, in order.
    ///
    /// # Errors
    /// When one has another dimension.
    pub fn from_embeddings<'e, I>(dimension: usize, embeddings: I) -> Result<Self, VectorError>
    where
        I: IntoIterator<Item = &'e Embedding>,
    {
        Self::from_rows(dimension, embeddings.into_iter().map(Embedding::as_slice))
    }

    /// Copies rows that are known to be unit vectors, such as those of another set, into one block.
    ///
    /// # Errors
    /// When one has another length.
    pub fn from_rows<'r, I>(dimension: usize, rows: I) -> Result<Self, VectorError>
    where
        I: IntoIterator<Item = &'r [f32]>,
    {
        let rows = rows.into_iter();
        let mut values = Vec::with_capacity(rows.size_hint().0.saturating_mul(dimension));
        for row in rows {
            if row.len() != dimension {
                return Err(VectorError::Dimension { expected: dimension, actual: row.len() });
            }
            values.extend_from_slice(row);
        }
        Ok(Self { dimension, values, bytes: OnceLock::new() })
    }

    /// Takes rows that lie one after another, without copying.
    ///
    /// # Errors
    /// When the last row is not whole, a number is not finite, or a row is not of length 1.
    pub fn from_values(dimension: usize, values: Vec<f32>) -> Result<Self, VectorError> {
        let rest = values.len().checked_rem(dimension).unwrap_or(values.len());
        if rest != 0 {
            return Err(VectorError::Dimension { expected: dimension, actual: rest });
        }
        let set = Self { dimension, values, bytes: OnceLock::new() };
        set.rows().try_for_each(|row| Embedding::new(row.to_vec(), dimension).map(drop))?;
        Ok(set)
    }

    /// Length of each vector.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// How many vectors there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.dimension.max(1)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The vector at a position.
    ///
    /// # Panics
    /// When the position is not below [`len`](Self::len), as slices do.
    #[must_use]
    pub fn vector(&self, position: u32) -> &[f32] {
        let start = position as usize * self.dimension;
        &self.values[start..start + self.dimension]
    }

    /// Vectors in order of position.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.dimension.max(1))
    }

    /// The vectors in 8 bits. Whoever builds or saves an index does not need them, so they are made for the first search.
    pub(super) fn bytes(&self) -> &ByteSet {
        self.bytes.get_or_init(|| ByteSet::new(self.dimension, &self.values))
    }

    /// All numbers, row by row.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// Cosine similarity of two unit vectors, in -1..=1.
///
/// Clamped, because the dot product of a unit vector with itself is above 1 by rounding about every second time, and
/// a negative distance is a panic in HNSW code. Adding zero turns -0 into 0, which would otherwise break ties.
pub(super) fn similarity(a: &[f32], b: &[f32]) -> f32 {
    dot(a, b).clamp(-1.0, 1.0) + 0.0
}

/// Asks memory for a vector, without waiting for it.
pub(super) fn prefetch<T>(vector: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        /// Bytes of a cache line.
        const LINE: usize = 64;
        for line in vector.chunks(LINE / size_of::<T>()) {
            // SAFETY: a prefetch has no effect but on caches, whatever the address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = vector;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_went_in() {
        let embeddings = [vec![0.6, 0.8], vec![1.0, 0.0]].map(|v| Embedding::new(v, 2).unwrap());
        let set = VectorSet::from_embeddings(2, &embeddings).unwrap();
        assert_eq!((set.len(), set.dimension()), (2, 2));
        assert_eq!(set.vector(1), &[1.0, 0.0]);
        assert_eq!(VectorSet::from_values(2, set.values().to_vec()), Ok(set));
    }

    #[test]
    fn an_embedding_of_another_dimension_is_refused() {
        let embedding = Embedding::new(vec![1.0], 1).unwrap();
        assert_eq!(
            VectorSet::from_embeddings(2, [&embedding]),
            Err(VectorError::Dimension { expected: 2, actual: 1 })
        );
    }

    #[test]
    fn raw_numbers_that_are_no_unit_vectors_are_refused() {
        for values in [vec![1.0, 0.0, 1.0], vec![0.0, 0.0], vec![f32::NAN, 0.0], vec![3.0, 4.0]] {
            assert!(VectorSet::from_values(2, values.clone()).is_err(), "{values:?}");
        }
        assert!(VectorSet::from_values(0, vec![1.0]).is_err());
    }

    #[test]
    fn an_empty_set_has_no_rows_whatever_its_dimension() {
        for dimension in [0, 3] {
            let set = VectorSet::from_values(dimension, Vec::new()).unwrap();
            assert_eq!((set.len(), set.rows().len(), set.is_empty()), (0, 0, true));
        }
    }

    #[test]
    fn similarity_stays_within_one_and_has_no_negative_zero() {
        let long: Vec<f32> = vec![0.500_1; 4];
        assert!((similarity(&long, &long) - 1.0).abs() < f32::EPSILON);
        assert!(similarity(&[-0.0, 1.0], &[1.0, -0.0]).is_sign_positive());
    }
}
