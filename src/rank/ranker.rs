//! [`Ranker`]: features to an order and to calibrated probabilities. What `ranker.json` holds.
//!
//! Two linear models, both fitted on labelled questions by [`fit`](super::fit): the first orders the candidates of
//! one question (conditional logit), the second says how probable it is that the first of them is right (logistic
//! regression, then Platt scaling on held-out questions).

use serde::{Deserialize, Serialize};

use super::{features::Features, numbers::numbers, policy::Thresholds, wording::Wording};

/// Format of `ranker.json`; a file of another one is refused.
pub const VERSION: u32 = 2;

/// The confidence in a question that equals a phrasing; the rest is for wrong FAQs.
pub(super) const EXACT_CONFIDENCE: f32 = 0.999;

/// The lead of the first candidate is measured against the mean of so many after it.
const FOLLOWERS: usize = 5;

/// Weights, calibration and thresholds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranker {
    /// [`VERSION`] of the format.
    pub version: u32,
    /// The model whose vectors the weights were fitted to.
    pub model: String,
    /// The command and the data that made this file.
    pub made_by: String,
    /// Weights of the order.
    pub weights: Features,
    /// Weights of the confidence in the first candidate.
    pub confidence: Head,
    /// Where the decisions change.
    pub thresholds: Thresholds,
    /// What all sentence vectors of the language have in common; empty: nothing.
    pub sentence_mean: Vec<f32>,
    /// What all token vectors of the language have in common; empty: nothing.
    pub token_mean: Vec<f32>,
}

/// A logistic model of the confidence in the first candidate.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Constant.
    pub bias: f32,
    /// One a piece of evidence.
    pub weights: Evidence,
}

numbers! {
    /// What the confidence in the first candidate rests on; more is better for all of it. Also its weights.
    pub struct Evidence {
        /// Its [`Features::dense`].
        pub dense,
        /// Its [`Features::phrasing_tokens`].
        pub phrasing_tokens,
        /// Square root of how far its score is ahead of the mean of the next five; 0 when it is alone.
        pub lead,
        /// Its [`Features::kind`].
        pub kind,
    }
}

/// A candidate in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Position in the list that was given.
    pub candidate: usize,
    /// What it was ordered by.
    pub score: f32,
    /// Probability that it is the right entry.
    pub confidence: f32,
}

/// Why a `ranker.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RankerError {
    /// It is no such file.
    #[error("this is no ranker: {reason}; make one with `dayi fit`")]
    Parse {
        /// What the parser said.
        reason: String,
    },
    /// It was made by another version.
    #[error("expected a ranker of version {VERSION}, got {version}; make it anew with `dayi fit`")]
    Version {
        /// The version that came.
        version: u32,
    },
    /// Numbers that cannot work.
    #[error("the ranker is damaged: {what}; make it anew with `dayi fit`")]
    Damaged {
        /// Which numbers.
        what: &'static str,
    },
}

impl Ranker {
    /// Reads the JSON of a `ranker.json` and checks it.
    ///
    /// # Errors
    /// When it is none, of another version, or damaged.
    pub fn from_json(json: &str) -> Result<Self, RankerError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let parse = |error: serde_json::Error| RankerError::Parse { reason: error.to_string() };
        let Version { version } = serde_json::from_str(json).map_err(parse)?;
        if version != VERSION {
            return Err(RankerError::Version { version });
        }
        let ranker: Self = serde_json::from_str(json).map_err(parse)?;
        let Thresholds { answer, clarify } = ranker.thresholds;
        if !(0.0 <= clarify && clarify <= answer && answer <= 1.0) {
            return Err(RankerError::Damaged { what: "thresholds must be 0 <= clarify <= answer <= 1" });
        }
        let means = [&ranker.sentence_mean, &ranker.token_mean];
        if means.iter().any(|mean| mean.iter().any(|x| !x.is_finite())) {
            return Err(RankerError::Damaged { what: "a mean is not finite" });
        }
        Ok(ranker)
    }

    /// The JSON of a `ranker.json`: one line a field, so that two of them can be compared by eye.
    ///
    /// # Errors
    /// Never for numbers that [`from_json`](Self::from_json) accepts.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&serde_json::to_string(self)?)?;
        let lines: Vec<String> =
            fields.iter().map(|(name, value)| format!("  \"{name}\": {value}")).collect();
        Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
    }

    /// The ranker for a model that it was not fitted to: same weights, no means. Its confidence is not calibrated.
    #[must_use]
    pub fn for_other_model(self, model: &str) -> Self {
        Self { model: model.to_owned(), sentence_mean: Vec::new(), token_mean: Vec::new(), ..self }
    }

    /// The mean of token vectors of this dimension, zeros when there is none.
    #[must_use]
    pub fn token_center(&self, dimension: usize) -> Vec<f32> {
        if self.token_mean.len() == dimension { self.token_mean.clone() } else { vec![0.0; dimension] }
    }

    /// `vector` without what all vectors have in common, of length 1.
    #[must_use]
    pub fn centered(&self, vector: &[f32]) -> Vec<f32> {
        let mut centered = vector.to_vec();
        if self.sentence_mean.len() == vector.len() {
            for (x, mean) in centered.iter_mut().zip(&self.sentence_mean) {
                *x -= mean;
            }
        }
        let norm = centered.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        for x in &mut centered {
            *x /= norm;
        }
        centered
    }

    /// Orders candidates, best first, equal ones as they came. `wordings` says which have the question's own wording:
    /// they come first, whatever their scores are.
    #[must_use]
    pub fn rank(&self, features: &[Features], wordings: &[Wording]) -> Vec<Ranked> {
        let wording = |candidate: usize| wordings.get(candidate).copied().unwrap_or_default();
        let mut ranked = order(self.weights, features, wordings);
        let best = ranked.first().map(|ranked| wording(ranked.candidate)).unwrap_or_default();
        let alike = ranked.iter().take_while(|ranked| wording(ranked.candidate) == best).count();
        let (certain, first) = if let Some(confidence) = best.confidence() {
            // Two entries with the same question: each is right with half the probability.
            (alike, confidence / alike as f32)
        } else {
            let evidence = Evidence::of(&ranked, features);
            (1, evidence.map_or(0.0, |evidence| self.confidence.probability(evidence)))
        };
        let certain = certain.min(ranked.len());
        let (best, others) = ranked.split_at_mut(certain);
        for ranked in best {
            ranked.confidence = first;
        }
        let rest = 1.0 - first * certain as f32;
        share_out(others, rest, first);
        ranked
    }
}

/// Orders candidates as [`Ranker::rank`] does, all confidences zero.
pub(super) fn order(weights: Features, features: &[Features], wordings: &[Wording]) -> Vec<Ranked> {
    let wording = |candidate: usize| wordings.get(candidate).copied().unwrap_or_default();
    let ranked = features.iter().enumerate();
    let mut ranked: Vec<Ranked> = ranked
        .map(|(candidate, &features)| Ranked { candidate, score: weights.dot(features), confidence: 0.0 })
        .collect();
    ranked.sort_by(|a, b| wording(b.candidate).cmp(&wording(a.candidate)).then(b.score.total_cmp(&a.score)));
    ranked
}

/// Gives `others` the probability that is left, in proportion to the exponential of their scores, never more than
/// the first has. One that its wording put before a better score counts with that score.
fn share_out(others: &mut [Ranked], rest: f32, first: f32) {
    let mut best = f32::NEG_INFINITY;
    let mut scores: Vec<f32> = Vec::with_capacity(others.len());
    for ranked in others.iter().rev() {
        best = best.max(ranked.score);
        scores.push(best);
    }
    let total: f32 = scores.iter().map(|score| (score - best).exp()).sum();
    for (ranked, score) in others.iter_mut().zip(scores.into_iter().rev()) {
        ranked.confidence = (rest.max(0.0) * (score - best).exp() / total).min(first);
    }
}

impl Evidence {
    /// Of the first of `ranked`; `None` when there is none.
    #[must_use]
    pub fn of(ranked: &[Ranked], features: &[Features]) -> Option<Self> {
        let (first, others) = ranked.split_first()?;
        let features = features.get(first.candidate)?;
        let others = &others[..others.len().min(FOLLOWERS)];
        let mean = others.iter().map(|ranked| ranked.score).sum::<f32>() / others.len().max(1) as f32;
        Some(Self {
            dense: features.dense,
            phrasing_tokens: features.phrasing_tokens,
            lead: if others.is_empty() { 0.0 } else { (first.score - mean).max(0.0).sqrt() },
            kind: features.kind,
        })
    }
}

impl Head {
    /// The log-odds that the first candidate is right.
    #[must_use]
    pub fn logit(self, evidence: Evidence) -> f32 {
        self.bias + self.weights.dot(evidence)
    }

    /// The probability that the first candidate is right.
    #[must_use]
    pub fn probability(self, evidence: Evidence) -> f32 {
        1.0 / (1.0 + (-self.logit(evidence)).exp())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranker() -> Ranker {
        Ranker {
            version: VERSION,
            model: "test".to_owned(),
            made_by: "a test".to_owned(),
            weights: Features { dense: 10.0, ..Features::default() },
            confidence: Head {
                bias: -5.0,
                weights: Evidence { dense: 8.0, lead: 1.0, ..Evidence::default() },
            },
            thresholds: Thresholds { answer: 0.8, clarify: 0.4 },
            sentence_mean: Vec::new(),
            token_mean: Vec::new(),
        }
    }

    fn dense(values: &[f32]) -> Vec<Features> {
        values.iter().map(|&dense| Features { dense, ..Features::default() }).collect()
    }

    #[test]
    fn an_exact_text_comes_first_whatever_the_scores_are() {
        let ranked =
            ranker().rank(&dense(&[0.9, 0.1, 0.5]), &[Wording::Other, Wording::Same, Wording::Other]);
        assert_eq!(ranked.iter().map(|r| r.candidate).collect::<Vec<_>>(), [1, 0, 2]);
        assert!(ranked[0].confidence > 0.99 && ranked[1].confidence < 0.01);
    }

    #[test]
    fn the_same_text_comes_before_the_same_core_and_that_before_the_same_sound() {
        let wordings = [Wording::Other, Wording::SoundsAlike, Wording::Same, Wording::SameCore];
        let ranked = ranker().rank(&dense(&[0.99, 0.9, 0.1, 0.5]), &wordings);
        assert_eq!(ranked.iter().map(|r| r.candidate).collect::<Vec<_>>(), [2, 3, 1, 0]);
        let alone = ranker().rank(&dense(&[0.99, 0.1]), &[Wording::Other, Wording::SoundsAlike]);
        assert!(alone[0].candidate == 1 && alone[0].confidence > 0.9, "{alone:?}");
    }

    #[test]
    fn two_entries_with_the_same_question_share_the_confidence() {
        let ranked = ranker().rank(&dense(&[0.9, 0.8]), &[Wording::Same, Wording::Same]);
        assert!(ranked.iter().all(|r| (r.confidence - 0.4995).abs() < 1e-4), "{ranked:?}");
    }

    #[test]
    fn a_file_comes_back_and_another_version_is_refused() {
        let json = ranker().to_json().unwrap();
        assert_eq!(Ranker::from_json(&json).unwrap(), ranker());
        let newer = json.replace("\"version\": 2", "\"version\": 3");
        assert!(matches!(Ranker::from_json(&newer), Err(RankerError::Version { version: 3 })));
        let reversed = json.replace("0.4", "0.9");
        assert!(matches!(Ranker::from_json(&reversed), Err(RankerError::Damaged { .. })));
    }

    proptest! {
        #[test]
        fn confidences_are_probabilities_that_fall_with_rank(
            values in prop::collection::vec(-1.0f32..1.0, 0..30), wordings in prop::collection::vec(
                prop::sample::select(vec![Wording::Other, Wording::SoundsAlike, Wording::SameCore, Wording::Same]), 30)
        ) {
            let ranked = ranker().rank(&dense(&values), &wordings[..values.len()]);
            prop_assert_eq!(ranked.len(), values.len());
            prop_assert!(ranked.iter().all(|r| (0.0..=1.0).contains(&r.confidence)));
            prop_assert!(ranked.windows(2).all(|pair| pair[0].confidence >= pair[1].confidence));
            prop_assert!(ranked.iter().map(|r| r.confidence).sum::<f32>() <= 1.001);
        }
    }
}
