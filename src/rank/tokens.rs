//! Late interaction: comparing two texts token by token (Khattab & Zaharia, `ColBERT`, SIGIR 2020).
//!
//! One vector a text loses which word stood where; the vectors of the tokens keep it. Each token looks for its best
//! partner in the other text, and the similarities are averaged.

use bytes::Bytes;

use super::token_dots::QueryRows;
use crate::vector::{dot, larger, largest, quantize};

/// Answers are long; what they are about stands at their beginning.
pub const MAX_TOKENS: usize = 160;

/// Bytes of a row's scale.
const SCALE: usize = size_of::<f32>();

/// Centred unit vectors of a text's tokens in 8 bits: a quarter of the memory for a thousandth of a cosine.
///
/// It is read where it lies, which may be a file: a FAQ has far more of these numbers than of anything else, and a
/// question is compared with few of them. A clone shares them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TokenMatrix {
    /// A little-endian `f32` a row: value x scale is the number that was meant. Then the values, row-major
    /// `[tokens x dimension]`.
    bytes: Bytes,
    rows: usize,
}

impl TokenMatrix {
    /// From `tokens`, row-major rows of `center.len()` numbers. `center`, the mean of all tokens of the language, is
    /// taken off first: it is in every token and tells none from another. At most [`MAX_TOKENS`] rows are kept.
    #[must_use]
    pub fn new(tokens: &[f32], center: &[f32]) -> Self {
        let dimension = center.len().max(1);
        let rows = (tokens.len() / dimension).min(MAX_TOKENS);
        let mut bytes = Vec::with_capacity(rows * (SCALE + dimension));
        let mut values = Vec::with_capacity(rows * dimension);
        for row in tokens.chunks_exact(dimension).take(rows) {
            let centred: Vec<f32> = row.iter().zip(center).map(|(x, mean)| x - mean).collect();
            let norm = dot(&centred, &centred).sqrt().max(f32::MIN_POSITIVE);
            let (row, scale) = quantize(&centred);
            values.extend(row.into_iter().map(i8::cast_unsigned));
            bytes.extend((scale / norm).to_le_bytes());
        }
        bytes.append(&mut values);
        Self { bytes: bytes.into(), rows }
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// For the store.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The reverse of [`as_bytes`](Self::as_bytes); `None` when the bytes cannot be one of this dimension.
    #[must_use]
    pub fn from_bytes(bytes: Bytes, dimension: usize) -> Option<Self> {
        let matrix = Self::of_same_bytes(bytes, dimension)?;
        let is_finite = matrix.scales().all(f32::is_finite);
        is_finite.then_some(matrix)
    }

    /// As [`from_bytes`](Self::from_bytes), of bytes that came from a matrix in this process: nothing is read, so that
    /// what lies in a file stays there until it is compared.
    #[must_use]
    pub fn of_same_bytes(bytes: Bytes, dimension: usize) -> Option<Self> {
        let row = SCALE + dimension;
        let rows = bytes.len() / row;
        bytes.len().is_multiple_of(row).then_some(Self { bytes, rows })
    }

    fn scales(&self) -> impl Iterator<Item = f32> {
        let (scales, _) = self.bytes[..self.rows * SCALE].as_chunks::<SCALE>();
        scales.iter().map(|bytes| f32::from_le_bytes(*bytes))
    }

    /// The rows as signed bytes, `[tokens x dimension]`.
    fn values(&self) -> &[u8] {
        &self.bytes[self.rows * SCALE..]
    }

    fn dimension(&self) -> usize {
        self.bytes.len().checked_div(self.rows).map_or(0, |row| row - SCALE)
    }
}

/// A query's tokens, to be compared with those of many texts.
pub struct QueryTokens<'q> {
    rows: QueryRows<'q>,
    scales: Vec<f32>,
    dimension: usize,
    /// Room for the products with a text, and for the similarities of one of its tokens: hundreds of texts are compared.
    products: Vec<i32>,
    cosines: Vec<f32>,
}

/// What the tokens of a query and of a text find in each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Partners {
    /// For each query token, the similarity of its best partner in the text; -1 each for a text without tokens.
    pub of_query: Vec<f32>,
    /// The mean similarity of the text's tokens to their best partners in the query; 0 when either has no token.
    pub of_text: f32,
}

impl<'q> QueryTokens<'q> {
    /// The tokens of `query`.
    #[must_use]
    pub fn new(query: &'q TokenMatrix) -> Self {
        let dimension = query.dimension();
        Self {
            rows: QueryRows::new(query.values(), dimension),
            scales: query.scales().collect(),
            dimension,
            products: Vec::new(),
            cosines: vec![0.0; query.len()],
        }
    }

    /// Compares them with those of `text`. Token vectors of another dimension are like nothing.
    #[must_use]
    pub fn compare(&mut self, text: &TokenMatrix) -> Partners {
        let width = self.scales.len();
        let mut of_query = vec![-1.0; width];
        if width == 0 || text.is_empty() {
            return Partners { of_query, of_text: 0.0 };
        }
        self.products.resize(text.len() * width, 0);
        if text.dimension() == self.dimension && self.dimension > 0 {
            self.rows.dots(text.values(), &mut self.products);
        } else {
            self.products.fill(0);
        }
        let mut sum = 0.0;
        for (products, scale) in self.products.chunks_exact(width).zip(text.scales()) {
            for ((cosine, &product), of_query) in self.cosines.iter_mut().zip(products).zip(&self.scales) {
                *cosine = product as f32 * (scale * of_query);
            }
            for (best, &cosine) in of_query.iter_mut().zip(&self.cosines) {
                *best = larger(*best, cosine);
            }
            sum += largest(&self.cosines);
        }
        Partners { of_query, of_text: sum / text.len() as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[[f32; 4]]) -> TokenMatrix {
        TokenMatrix::new(&rows.concat(), &[0.0; 4])
    }

    #[test]
    fn each_token_finds_its_best_partner() {
        let query = matrix(&[[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]);
        let near = matrix(&[[0.0, 2.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);
        let far = matrix(&[[0.0, 0.0, 1.0, 0.0]]);
        let mut tokens = QueryTokens::new(&query);
        let close = |a: f32, b: f32| (a - b).abs() < 1e-3;
        let Partners { of_query, of_text } = tokens.compare(&near);
        assert!(
            of_query.iter().all(|&x| close(x, 1.0)) && close(of_text, 2.0 / 3.0),
            "{of_query:?} {of_text}"
        );
        let nothing = Partners { of_query: vec![-1.0, -1.0], of_text: 0.0 };
        assert_eq!(tokens.compare(&TokenMatrix::default()), nothing);
        let of_far = tokens.compare(&far).of_query;
        assert!(of_far.iter().all(|&x| close(x, 0.0)), "{of_far:?}");
        let other = TokenMatrix::new(&[1.0; 6], &[0.0; 6]);
        assert_eq!(tokens.compare(&other), Partners { of_query: vec![0.0, 0.0], of_text: 0.0 });
        let none = TokenMatrix::default();
        assert_eq!(QueryTokens::new(&none).compare(&near), Partners { of_query: vec![], of_text: 0.0 });
    }

    #[test]
    fn eight_bits_lose_less_than_a_hundredth_of_a_cosine() {
        let row: Vec<f32> = (0..384).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
        let matrix = TokenMatrix::new(&row, &vec![0.1; 384]);
        let similarity = QueryTokens::new(&matrix).compare(&matrix).of_text;
        assert!((similarity - 1.0).abs() < 1e-2, "{similarity}");
    }

    #[test]
    fn bytes_come_back_as_the_same_matrix_and_wrong_ones_are_refused() {
        let matrix = matrix(&[[1.0, -0.5, 0.25, 0.0], [0.1, 0.2, 0.3, 0.4]]);
        let bytes = matrix.as_bytes().clone();
        assert_eq!(TokenMatrix::from_bytes(bytes.clone(), 4), Some(matrix));
        assert_eq!(TokenMatrix::from_bytes(bytes.slice(1..), 4), None);
        assert_eq!(TokenMatrix::from_bytes(f32::NAN.to_le_bytes().repeat(4).into(), 4), None);
        assert_eq!(TokenMatrix::from_bytes(Bytes::new(), 4), Some(TokenMatrix::default()));
    }
}
