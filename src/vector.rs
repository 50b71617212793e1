//! [`Embedding`]: the one vector type that models produce, indexes search and the store keeps.
//!
//! It lives below `embed`, `index` and `store` so that none of them has to name another.

/// Squared norms may be off from 1 by this much: f16 weights and f32 sums stay well below it.
const NORM_TOLERANCE: f32 = 1e-3;

/// A unit vector of finite numbers: the only thing an index accepts.
///
/// Why so strict: in an HNSW graph a zero or NaN vector is at distance 0 from everything and would be the nearest
/// neighbour of every question.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Box<[f32]>);

/// Why a row of numbers is not an [`Embedding`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum VectorError {
    /// The vector has another length than the model or index works with.
    #[error("expected a vector of {expected} numbers, got {actual}; was it made by another model?")]
    Dimension {
        /// The length that was asked for.
        expected: usize,
        /// The length that came.
        actual: usize,
    },
    /// NaN or infinity at this position.
    #[error("the vector is not finite at position {position}")]
    NotFinite {
        /// Index of the first bad number.
        position: usize,
    },
    /// Squared length too far from 1.
    #[error("expected a unit vector, got squared norm {squared_norm}")]
    NotUnit {
        /// Sum of squares.
        squared_norm: f32,
    },
}

impl Embedding {
    /// Takes `values` as they are.
    ///
    /// # Errors
    /// When the length is not `dimension`, a number is not finite, or the norm is not 1.
    pub fn new(values: Vec<f32>, dimension: usize) -> Result<Self, VectorError> {
        if values.len() != dimension {
            return Err(VectorError::Dimension { expected: dimension, actual: values.len() });
        }
        if let Some(position) = values.iter().position(|x| !x.is_finite()) {
            return Err(VectorError::NotFinite { position });
        }
        let squared_norm = dot(&values, &values);
        if (squared_norm - 1.0).abs() > NORM_TOLERANCE {
            return Err(VectorError::NotUnit { squared_norm });
        }
        Ok(Self(values.into_boxed_slice()))
    }

    /// Scales `values` to length 1 first.
    ///
    /// # Errors
    /// When the length is wrong or the values cannot be scaled (all zero, NaN, infinite).
    pub fn normalized(mut values: Vec<f32>, dimension: usize) -> Result<Self, VectorError> {
        let norm = dot(&values, &values).sqrt();
        if norm.is_finite() && norm > f32::MIN_POSITIVE {
            for value in &mut values {
                *value /= norm;
            }
        }
        Self::new(values, dimension)
    }

    /// The numbers.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// How many numbers there are.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.0.len()
    }

    /// Cosine similarity, in -1..=1 up to rounding. Both are unit vectors, so it is their dot product.
    ///
    /// # Panics
    /// Never; vectors of different length compare over the shorter one, and an index refuses them before that.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f32 {
        dot(&self.0, &other.0)
    }
}

/// Dot product with eight running sums, which the compiler turns into vector instructions.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut sums = [0.0f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_vector_is_refused() {
        assert!(matches!(Embedding::normalized(vec![0.0; 4], 4), Err(VectorError::NotUnit { .. })));
    }

    #[test]
    fn nan_and_infinity_are_refused_with_their_position() {
        assert_eq!(Embedding::new(vec![1.0, f32::NAN], 2), Err(VectorError::NotFinite { position: 1 }));
        assert_eq!(
            Embedding::normalized(vec![f32::INFINITY, 1.0], 2),
            Err(VectorError::NotFinite { position: 0 })
        );
    }

    #[test]
    fn a_wrong_length_says_both_lengths() {
        assert_eq!(Embedding::new(vec![1.0], 384), Err(VectorError::Dimension { expected: 384, actual: 1 }));
    }

    #[test]
    fn dot_handles_lengths_that_are_no_multiple_of_eight() {
        let a: Vec<f32> = (0..19).map(|x| x as f32).collect();
        assert!((dot(&a, &a) - 2109.0).abs() < 1e-3);
    }
}
