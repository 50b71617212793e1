//! The weights of the order: conditional logit (`McFadden`, 1974).
//!
//! Each question is a choice among its candidates. The weights make the right one probable under
//! `exp(score) / sum of exp(score)`, averaged over the questions.

use super::{
    Example,
    newton::{Local, minimise},
};
use crate::rank::Features;

/// Which weights are fitted, and where they come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderFit {
    /// Weights that the fitted ones are pulled towards; those that are not fitted keep these.
    pub start: Features,
    /// Which are fitted, in the order of [`Features::to_array`]. None of them becomes negative: for every feature
    /// more is better.
    pub fitted: [bool; Features::COUNT],
    /// How strong the pull is, as a multiple of one question's weight.
    pub pull: f64,
}

impl OrderFit {
    /// The weights that order `examples` best. Examples without a right candidate, or with an exact one, say nothing
    /// of the weights and are passed over; a feature that is the same for all candidates keeps its weight.
    #[must_use]
    pub fn fit(&self, examples: &[&Example]) -> Features {
        let start = self.start.to_array().map(f64::from);
        let telling: Vec<&Example> =
            examples.iter().copied().filter(|example| example.tells_order()).collect();
        let spread = spread(&telling);
        let fitted: Vec<usize> =
            (0..Features::COUNT).filter(|&i| self.fitted[i] && spread[i] > f64::EPSILON).collect();
        if fitted.is_empty() {
            return self.start;
        }
        let choices: Vec<Choice> = telling.iter().map(|e| Choice::new(e, &start, &fitted, &spread)).collect();
        // In units of the spread all features are alike, and one pull suits them all.
        let center: Vec<f64> = fitted.iter().map(|&i| start[i] * spread[i]).collect();
        let loss = |weights: &[f64]| {
            let mut loss = Local::new(weights.len());
            for choice in &choices {
                choice.add_to(&mut loss, weights);
            }
            loss.pull(weights, &center, self.pull);
            loss
        };
        let found = minimise(loss, center.clone(), &vec![true; fitted.len()]);
        let mut weights = self.start.to_array();
        for (&i, weight) in fitted.iter().zip(found) {
            weights[i] = (weight / spread[i]) as f32;
        }
        Features::from_array(weights)
    }
}

/// How much each feature differs between the candidates of one question: standard deviation around their mean.
fn spread(examples: &[&Example]) -> [f64; Features::COUNT] {
    let mut squares = [0.0; Features::COUNT];
    let mut count = 0;
    for example in examples {
        let rows: Vec<_> = example.features.iter().map(|row| row.to_array().map(f64::from)).collect();
        for (i, square) in squares.iter_mut().enumerate() {
            let mean = rows.iter().map(|row| row[i]).sum::<f64>() / rows.len() as f64;
            *square += rows.iter().map(|row| (row[i] - mean).powi(2)).sum::<f64>();
        }
        count += rows.len();
    }
    squares.map(|square| (square / f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX))).sqrt())
}

/// One question: the scaled fitted features of its candidates and what the other weights give them.
struct Choice {
    rows: Vec<Vec<f64>>,
    offsets: Vec<f64>,
    right: Vec<bool>,
}

impl Choice {
    fn new(
        example: &Example,
        start: &[f64; Features::COUNT],
        fitted: &[usize],
        spread: &[f64; Features::COUNT],
    ) -> Self {
        let values: Vec<_> = example.features.iter().map(|row| row.to_array().map(f64::from)).collect();
        let kept = |row: &[f64; Features::COUNT]| {
            (0..Features::COUNT).filter(|i| !fitted.contains(i)).map(|i| start[i] * row[i]).sum()
        };
        Self {
            offsets: values.iter().map(kept).collect(),
            rows: values.iter().map(|row| fitted.iter().map(|&i| row[i] / spread[i]).collect()).collect(),
            right: example.right.clone(),
        }
    }

    /// Adds `-log(sum over right exp(s) / sum over all exp(s))`. The curvature is that of the second sum alone: an
    /// upper bound, exact when one candidate is right.
    fn add_to(&self, loss: &mut Local, weights: &[f64]) {
        let n = weights.len();
        let score = |row: &Vec<f64>| row.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>();
        let scores: Vec<f64> = self.rows.iter().zip(&self.offsets).map(|(row, o)| score(row) + o).collect();
        let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = scores.iter().map(|score| (score - highest).exp()).collect();
        let all: f64 = powers.iter().sum();
        let right = powers.iter().zip(&self.right).filter(|(_, right)| **right).map(|(power, _)| power);
        let right = right.sum::<f64>().max(f64::MIN_POSITIVE);
        loss.value += all.ln() - right.ln();
        let mut mean = vec![0.0; n];
        for ((row, power), is_right) in self.rows.iter().zip(&powers).zip(&self.right) {
            let share = power / all;
            let excess = share - if *is_right { power / right } else { 0.0 };
            for i in 0..n {
                mean[i] += share * row[i];
                loss.gradient[i] += excess * row[i];
                for j in 0..n {
                    loss.hessian[i * n + j] += share * row[i] * row[j];
                }
            }
        }
        for i in 0..n {
            for j in 0..n {
                loss.hessian[i * n + j] -= mean[i] * mean[j];
            }
        }
    }
}
