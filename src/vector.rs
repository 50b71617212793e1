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

/// A vector in 8 bits, and a scale: number x scale is what was meant. The largest magnitude becomes 127.
#[must_use]
pub fn quantize(vector: &[f32]) -> (Vec<i8>, f32) {
    const LARGEST: f32 = 127.0;
    let magnitudes: Vec<f32> = vector.iter().map(|x| x.abs()).collect();
    let scale = largest(&magnitudes).max(f32::MIN_POSITIVE * LARGEST) / LARGEST;
    // Rounds to the nearest: the cast cuts off, and unlike `round` it is no call of a function.
    (vector.iter().map(|x| (x / scale + f32::copysign(0.5, *x)) as i8).collect(), scale)
}

/// The larger of two numbers, none of which is NaN: a single instruction, other than [`f32::max`].
#[must_use]
pub fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The largest of some numbers, none of which is NaN. In fours, which the compiler computes at once; one after the other
/// would wait for each.
#[must_use]
pub fn largest(numbers: &[f32]) -> f32 {
    let (fours, rest) = numbers.as_chunks::<4>();
    let mut best = [f32::NEG_INFINITY; 4];
    for four in fours {
        for (best, &number) in best.iter_mut().zip(four) {
            *best = larger(*best, number);
        }
    }
    best.into_iter().chain(rest.iter().copied()).fold(f32::NEG_INFINITY, larger)
}

/// Dot product, over the shorter of both. Uses the widest vector instructions of the processor, so that the last bits
/// of a sum may differ between machines.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has what the function is compiled for.
            return unsafe { dot_avx512(a, b) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: as above.
            return unsafe { dot_avx2(a, b) };
        }
    }
    dot_in_lanes::<8>(a, b, |x, y, sum| x * y + sum)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn dot_avx512(a: &[f32], b: &[f32]) -> f32 {
    dot_in_lanes::<64>(a, b, f32::mul_add)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn dot_avx2(a: &[f32], b: &[f32]) -> f32 {
    dot_in_lanes::<32>(a, b, f32::mul_add)
}

/// With `LANES` running sums, which the compiler turns into vector instructions of whoever it is inlined into.
#[expect(clippy::inline_always, reason = "otherwise it would not be compiled for the features of its caller")]
#[inline(always)]
fn dot_in_lanes<const LANES: usize>(
    a: &[f32],
    b: &[f32],
    multiply_add: impl Fn(f32, f32, f32) -> f32,
) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (a_chunks, a_tail) = a.as_chunks::<LANES>();
    let (b_chunks, b_tail) = b.as_chunks::<LANES>();
    let tail: f32 = a_tail.iter().zip(b_tail).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] = multiply_add(x[lane], y[lane], sums[lane]);
        }
    }
    // In pairs, so that the compiler need not add one after another.
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0] + tail
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
    fn every_width_of_instructions_computes_the_same_dot_product_over_every_length() {
        for length in 0..200 {
            let a: Vec<f32> = (0..length).map(|x| (x % 7) as f32 - 3.0).collect();
            let b: Vec<f32> = (0..length).map(|x| (x % 5) as f32).collect();
            // Small whole numbers: exact in any order.
            let expected: f32 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
            for result in [
                dot(&a, &b),
                dot_in_lanes::<8>(&a, &b, f32::mul_add),
                dot_in_lanes::<64>(&a, &b, f32::mul_add),
            ] {
                assert!((result - expected).abs() < f32::EPSILON, "{length}: {result} instead of {expected}");
            }
        }
    }
}
