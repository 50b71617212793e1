//! Making a model that knows a FAQ behave as on a FAQ that it does not know.
//!
//! The bundled model was tuned on the very questions that the shipped weights are fitted to, so their vectors lie
//! closer to their entries than those of any other FAQ will. Noise on the vectors of the questions takes that
//! advantage away. It changes which candidates are near, not how high similarities are in general: what the noise
//! adds to a vector's length is given back, because the confidence rests on that level.

use crate::{
    embed::Embedded,
    matcher::{self, Snapshot},
    rank::{Ranker, TokenMatrix, fit::Example},
    vector::{Embedding, VectorError},
};

use super::questions::{Asked, example};

/// How strong the noise is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Jitter {
    /// Standard deviation in every dimension of a sentence's unit vector.
    pub(super) sentence: f32,
    /// Length of the noise on a token's unit vector.
    pub(super) tokens: f32,
}

impl Jitter {
    /// The candidates of a question that is seen through noise; the same `seed`, the same noise.
    pub(super) fn example(
        self,
        asked: &Asked,
        snapshot: &Snapshot,
        seed: u64,
    ) -> Result<Example, VectorError> {
        let mut noise = Noise(fastrand::Rng::with_seed(seed));
        let (seen, sentence_length) = self.see(&asked.embedded, snapshot.ranker(), &mut noise)?;
        let mut considered = snapshot.consider_vectors(&asked.text, &seen)?;
        // In so many dimensions the noise is at a right angle to the token: all tokens grow by the same factor.
        let token_length = (1.0 + self.tokens * self.tokens).sqrt();
        for features in &mut considered.features {
            features.dense *= sentence_length;
            features.negative *= sentence_length;
            features.query_tokens *= token_length;
            features.phrasing_tokens *= token_length;
        }
        Ok(example(considered, &asked.relevant, snapshot))
    }

    /// The noisy question, and the length of its vector before it was made a unit vector again.
    fn see(
        self,
        embedded: &Embedded,
        ranker: &Ranker,
        noise: &mut Noise,
    ) -> Result<(matcher::QueryVectors, f32), VectorError> {
        let on_sentence = noise.vector(embedded.vector.dimension(), self.sentence);
        let vector = add(embedded.vector.as_slice(), &on_sentence);
        let length = norm(&vector);
        let centered = add(&ranker.centered(embedded.vector.as_slice()), &on_sentence);

        let dimension = embedded.tokens.dimension;
        let center = ranker.token_center(dimension);
        let mut tokens = Vec::with_capacity(embedded.tokens.values.len());
        for token in embedded.tokens.values.chunks_exact(dimension.max(1)) {
            let centred: Vec<f32> = token.iter().zip(&center).map(|(x, mean)| x - mean).collect();
            // Noise in proportion to the token's length, as if the token were a unit vector.
            let deviation = self.tokens / (dimension as f32).sqrt() * norm(&centred);
            tokens.extend(add(token, &noise.vector(dimension, deviation)));
        }
        let vector = Embedding::normalized(vector, embedded.vector.dimension())?;
        Ok((matcher::QueryVectors { vector, centered, tokens: TokenMatrix::new(&tokens, &center) }, length))
    }
}

fn add(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn norm(vector: &[f32]) -> f32 {
    vector.iter().map(|x| x * x).sum::<f32>().sqrt()
}

/// Normally distributed numbers.
struct Noise(fastrand::Rng);

impl Noise {
    fn vector(&mut self, dimension: usize, deviation: f32) -> Vec<f32> {
        (0..dimension).map(|_| self.normal() * deviation).collect()
    }

    /// One number of mean 0 and deviation 1 (Box and Muller, 1958).
    fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.0.f32()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.0.f32()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_normal_and_repeats_with_its_seed() {
        let draw = |seed| Noise(fastrand::Rng::with_seed(seed)).vector(20_000, 2.0);
        let values = draw(1);
        let mean = values.iter().sum::<f32>() / 20_000.0;
        let deviation = (values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 20_000.0).sqrt();
        let beyond = values.iter().filter(|x| x.abs() > 4.0).count() as f32 / 20_000.0;
        assert!(mean.abs() < 0.05 && (deviation - 2.0).abs() < 0.05, "{mean} {deviation}");
        assert!((beyond - 0.0455).abs() < 0.005, "{beyond} beyond two deviations");
        assert_eq!(values, draw(1));
        assert_ne!(values, draw(2));
    }
}
