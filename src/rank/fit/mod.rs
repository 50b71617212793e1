//! Fitting a [`Ranker`](super::Ranker) to labelled questions. Pure: features and labels in, weights out.
//!
//! Where the features come from, which questions are held out and what is written where is the business of
//! [`training`](crate::training).

mod confidence;
mod newton;
mod order;
#[cfg(test)]
mod tests;
mod thresholds;

pub use confidence::{Observation, Platt, fit_head};
pub use order::OrderFit;
pub use thresholds::choose_thresholds;

use super::{
    Features,
    ranker::{Evidence, Ranked, order},
    wording::Wording,
};

/// A labelled question with its candidates.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Example {
    /// Of each candidate.
    pub features: Vec<Features>,
    /// How far the wording of each is the question's.
    pub wordings: Vec<Wording>,
    /// Which candidates answer it; none when the FAQ has no answer or it was not found.
    pub right: Vec<bool>,
}

impl Example {
    /// Whether the weights decide if this one comes out right.
    fn tells_order(&self) -> bool {
        !self.is_exact() && self.right.contains(&true) && self.right.contains(&false)
    }

    /// Whether a phrasing has the question's wording, so that no weight has a say.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.wordings.iter().any(|&wording| wording != Wording::Other)
    }

    /// What the confidence rests on when `weights` order the candidates, and whether the first is right; `None` when
    /// there is no candidate.
    #[must_use]
    pub fn first(&self, weights: Features) -> Option<(Evidence, bool)> {
        let ranked: Vec<Ranked> = order(weights, &self.features, &self.wordings);
        let evidence = Evidence::of(&ranked, &self.features)?;
        Some((evidence, self.right[ranked.first()?.candidate]))
    }
}
