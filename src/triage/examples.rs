//! [`Examples`]: tickets that people put into categories, and the category of the nearest of them.

use super::category::{CategoryGuess, CategorySource};
use crate::{
    matcher::{self, Matcher},
    vector::dot,
};

/// Neighbours that vote. Chosen by leaving one out of a noisy set of 10,000; see README, Triage.
const VOTERS: usize = 20;

/// How much more a nearer neighbour counts: the weight of a vote is e to this times its similarity.
const SHARPNESS: f32 = 20.0;

/// Examples embedded in one go.
const CHUNK: usize = 64;

/// A ticket with its category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What was written.
    pub text: String,
    /// The category, a path joined by `/`.
    pub label: String,
}

/// Labelled tickets as vectors.
#[derive(Debug)]
pub struct Examples {
    labels: Vec<String>,
    /// A label's position and a vector without what all vectors have in common.
    vectors: Vec<(usize, Vec<f32>)>,
}

impl Examples {
    /// Embeds `examples`.
    ///
    /// # Errors
    /// When the model fails, or its queue is closed or full.
    pub async fn embed(examples: &[Example], matcher: &Matcher) -> Result<Self, matcher::Error> {
        let ranker = matcher.snapshot().ranker().clone();
        let mut labels: Vec<String> = Vec::new();
        let mut vectors = Vec::with_capacity(examples.len());
        for chunk in examples.chunks(CHUNK) {
            let texts: Vec<&str> = chunk.iter().map(|example| example.text.as_str()).collect();
            for (example, vector) in chunk.iter().zip(matcher.embed(&texts).await?) {
                let known = labels.iter().position(|label| *label == example.label);
                let label = known.unwrap_or_else(|| {
                    labels.push(example.label.clone());
                    labels.len() - 1
                });
                vectors.push((label, ranker.centered(vector.as_slice())));
            }
        }
        Ok(Self { labels, vectors })
    }

    /// The category for which the nearest examples vote; `None` without examples.
    #[must_use]
    pub fn classify(&self, centered: &[f32]) -> Option<CategoryGuess> {
        let mut near: Vec<(usize, f32)> =
            self.vectors.iter().map(|(label, vector)| (*label, dot(vector, centered))).collect();
        if near.len() > VOTERS {
            near.select_nth_unstable_by(VOTERS - 1, |a, b| b.1.total_cmp(&a.1));
            near.truncate(VOTERS);
        }
        let nearest = near.iter().map(|&(_, similarity)| similarity).reduce(f32::max)?;
        let mut votes = vec![0.0_f32; self.labels.len()];
        for (label, similarity) in near {
            votes[label] += (SHARPNESS * (similarity - nearest)).exp();
        }
        let all: f32 = votes.iter().sum();
        let (label, most) = votes.into_iter().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(CategoryGuess {
            path: self.labels[label].split('/').map(str::to_owned).collect(),
            confidence: most / all,
            source: CategorySource::Examples,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(known: &[(&str, [f32; 2])]) -> Examples {
        let labels: Vec<String> = known.iter().map(|(label, _)| (*label).to_owned()).collect();
        let vectors = known.iter().enumerate().map(|(nth, (_, vector))| (nth, vector.to_vec())).collect();
        Examples { labels, vectors }
    }

    #[test]
    fn the_nearest_examples_decide() {
        let examples = examples(&[("物流/催单", [1.0, 0.0]), ("售后", [0.0, 1.0])]);
        let guess = examples.classify(&[0.9, 0.1]).unwrap();
        assert_eq!(guess.path, ["物流", "催单"]);
        assert!(guess.confidence > 0.9 && guess.source == CategorySource::Examples, "{guess:?}");
        assert_eq!(examples.classify(&[0.1, 0.9]).unwrap().path, ["售后"]);
    }

    #[test]
    fn without_examples_there_is_no_category() {
        assert_eq!(examples(&[]).classify(&[1.0, 0.0]), None);
    }
}
