//! Late interaction: comparing two texts token by token (Khattab & Zaharia, `ColBERT`, SIGIR 2020).
//!
//! One vector a text loses which word stood where; the vectors of the tokens keep it. Each token looks for its best
//! partner in the other text, and the similarities are averaged.

use bytes::Bytes;

use super::token_dots::QueryRows;

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
            let norm = centred.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            let largest =
                centred.iter().fold(0.0f32, |largest, x| largest.max(x.abs())).max(f32::MIN_POSITIVE);
            values.extend(centred.iter().map(|x| ((x / largest * 127.0).round() as i8).to_ne_bytes()[0]));
            bytes.extend((largest / 127.0 / norm).to_le_bytes());
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

/// The similarities of a query's tokens to those of several texts.
pub struct TokenSimilarities {
    /// `[tokens of all texts x query tokens]`.
    cosines: Vec<f32>,
    /// Tokens of the query.
    width: usize,
    /// At which token each text begins, and the end.
    starts: Vec<usize>,
}

impl TokenSimilarities {
    /// Compares `query` with all of `texts`. Token vectors of another dimension are like nothing.
    #[must_use]
    pub fn new(query: &TokenMatrix, texts: &[&TokenMatrix]) -> Self {
        let rows = QueryRows::new(query.values(), query.dimension());
        let scales: Vec<f32> = query.scales().collect();
        let total: usize = texts.iter().map(|text| text.len()).sum();
        let mut cosines = Vec::with_capacity(total * rows.len());
        let mut starts = Vec::with_capacity(texts.len() + 1);
        let mut products = vec![0; rows.len()];
        starts.push(0);
        for text in texts {
            for (row, scale) in text.values().chunks_exact(text.dimension().max(1)).zip(text.scales()) {
                rows.dots(row, &mut products);
                cosines.extend(
                    products.iter().zip(&scales).map(|(&dot, of_query)| dot as f32 * (scale * of_query)),
                );
            }
            starts.push(starts.last().unwrap_or(&0) + text.len());
        }
        Self { cosines, width: rows.len(), starts }
    }

    /// For each token of `text`, its similarities to the query's tokens.
    fn rows(&self, text: usize) -> impl Iterator<Item = &[f32]> {
        let width = self.width;
        self.cosines[self.starts[text] * width..self.starts[text + 1] * width].chunks_exact(width.max(1))
    }

    /// For each query token, its best partner in `text`; -1 each for a text without tokens.
    #[must_use]
    pub fn of_query(&self, text: usize) -> Vec<f32> {
        let mut best = vec![-1.0; self.width];
        for row in self.rows(text) {
            for (best, &similarity) in best.iter_mut().zip(row) {
                *best = f32::max(*best, similarity);
            }
        }
        best
    }

    /// For each token of `text`, its best partner in the query; none when either has no token.
    #[must_use]
    pub fn of_text(&self, text: usize) -> Vec<f32> {
        self.rows(text).map(|row| row.iter().copied().fold(-1.0, f32::max)).collect()
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
        let similarities = TokenSimilarities::new(&query, &[&near, &TokenMatrix::default(), &far]);
        let close = |a: f32, b: f32| (a - b).abs() < 1e-3;
        assert!(similarities.of_query(0).iter().all(|&x| close(x, 1.0)));
        assert_eq!(similarities.of_query(1), [-1.0, -1.0]);
        assert!(similarities.of_query(2).iter().all(|&x| close(x, 0.0)));
        let of_near = similarities.of_text(0);
        assert!(of_near.iter().zip([1.0, 1.0, 0.0]).all(|(&x, wanted)| close(x, wanted)), "{of_near:?}");
        assert!(similarities.of_text(1).is_empty());
    }

    #[test]
    fn eight_bits_lose_less_than_a_hundredth_of_a_cosine() {
        let row: Vec<f32> = (0..384).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
        let matrix = TokenMatrix::new(&row, &vec![0.1; 384]);
        let similarity = TokenSimilarities::new(&matrix, &[&matrix]).of_text(0);
        assert!((similarity[0] - 1.0).abs() < 1e-2, "{similarity:?}");
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
