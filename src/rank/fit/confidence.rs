//! The weights of the confidence: logistic regression, and Platt scaling of what it says.

use super::newton::{Local, minimise};
use crate::rank::ranker::{Evidence, Head};

/// Pull of the standardised weights towards zero, as a multiple of all observations' weight.
const RIDGE: f64 = 0.01;

/// Platt scaling has two parameters: the pull only keeps them finite.
const PLATT_RIDGE: f64 = 1e-4;

/// Share of the other weights' total effect that a differing kind of question (why, how, how much) has at least.
/// Questions that were made from entries hardly ever differ from them in kind, so a fit would ignore it; real
/// questions outside the FAQ often do.
const KIND_SHARE: f64 = 0.1;

/// What the confidence in a first candidate rests on, and whether it should be high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// What is known of the first candidate.
    pub evidence: Evidence,
    /// Whether the question is one for which the confidence should be high.
    pub positive: bool,
}

/// The head that tells positive observations from negative ones. No weight is negative: for all evidence more is
/// better.
#[must_use]
pub fn fit_head(observations: &[Observation]) -> Head {
    let rows: Vec<(Vec<f64>, f64)> = observations
        .iter()
        .map(|o| (o.evidence.to_array().map(f64::from).to_vec(), f64::from(u8::from(o.positive))))
        .collect();
    let (mut weights, bias, deviations) = logistic(&rows, RIDGE);
    let [dense, phrasing_tokens, lead, kind] = [0, 1, 2, 3];
    let effect: f64 = [dense, phrasing_tokens, lead].into_iter().map(|i| weights[i] * deviations[i]).sum();
    if deviations[kind] > f64::EPSILON {
        weights[kind] = weights[kind].max(KIND_SHARE * effect / deviations[kind]);
    }
    Head {
        bias: bias as f32,
        dense: weights[dense] as f32,
        phrasing_tokens: weights[phrasing_tokens] as f32,
        lead: weights[lead] as f32,
        kind: weights[kind] as f32,
    }
}

/// `slope * logit + offset`: what makes log-odds honest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Platt {
    /// How much bolder than the head.
    pub slope: f64,
    /// How much more confident than the head.
    pub offset: f64,
}

impl Platt {
    /// Fitted to pairs of log-odds and outcome (Platt, 1999). The targets are a little inside 0 and 1, as if one
    /// more question of each outcome had been seen: without it a perfect separation would claim certainty.
    #[must_use]
    pub fn fit(outcomes: &[(f64, bool)]) -> Self {
        if outcomes.is_empty() {
            return Self { slope: 1.0, offset: 0.0 };
        }
        let right = outcomes.iter().filter(|(_, right)| *right).count() as f64;
        let wrong = outcomes.len() as f64 - right;
        let target = |is_right: bool| {
            if is_right { (right + 1.0) / (right + 2.0) } else { 1.0 / (wrong + 2.0) }
        };
        let rows: Vec<_> = outcomes.iter().map(|&(logit, right)| (vec![logit], target(right))).collect();
        let (weights, offset, _) = logistic(&rows, PLATT_RIDGE);
        Self { slope: weights[0], offset }
    }

    /// `head`, scaled.
    #[must_use]
    pub fn apply(self, head: Head) -> Head {
        let scale = |weight: f32| (f64::from(weight) * self.slope) as f32;
        let Head { bias, dense, phrasing_tokens, lead, kind } = head;
        Head {
            bias: (f64::from(bias) * self.slope + self.offset) as f32,
            dense: scale(dense),
            phrasing_tokens: scale(phrasing_tokens),
            lead: scale(lead),
            kind: scale(kind),
        }
    }
}

/// Logistic regression with weights that are not negative, on standardised inputs. Returns weights and constant for
/// the inputs as they are, and the inputs' standard deviations.
fn logistic(rows: &[(Vec<f64>, f64)], ridge: f64) -> (Vec<f64>, f64, Vec<f64>) {
    let n = rows.first().map_or(0, |(row, _)| row.len());
    let count = rows.len().max(1) as f64;
    let means: Vec<f64> = (0..n).map(|i| rows.iter().map(|(row, _)| row[i]).sum::<f64>() / count).collect();
    let variance = |i: usize| rows.iter().map(|(row, _)| (row[i] - means[i]).powi(2)).sum::<f64>() / count;
    let deviations: Vec<f64> = (0..n).map(|i| variance(i).sqrt()).collect();
    // An input that never changes carries nothing; scaled by zero it stays out.
    let scales: Vec<f64> = deviations
        .iter()
        .map(|&deviation| if deviation > f64::EPSILON { 1.0 / deviation } else { 0.0 })
        .collect();
    let standardised: Vec<(Vec<f64>, f64)> = rows
        .iter()
        .map(|(row, target)| {
            let inputs = (0..n).map(|i| (row[i] - means[i]) * scales[i]);
            (inputs.chain([1.0]).collect(), *target)
        })
        .collect();
    let loss = |weights: &[f64]| {
        let size = n + 1;
        let mut loss = Local::new(size);
        for (row, target) in &standardised {
            let logit: f64 = row.iter().zip(weights).map(|(x, w)| x * w).sum();
            let probability = 1.0 / (1.0 + (-logit).exp());
            // log(1 + exp(logit)) without overflow.
            loss.value += (logit.max(0.0) + (-logit.abs()).exp().ln_1p() - target * logit) / count;
            let curvature = probability * (1.0 - probability) / count;
            for i in 0..size {
                loss.gradient[i] += (probability - target) * row[i] / count;
                for j in 0..size {
                    loss.hessian[i * size + j] += curvature * row[i] * row[j];
                }
            }
        }
        loss.pull(weights, &vec![0.0; n], ridge);
        loss
    };
    let mut bounded = vec![true; n];
    bounded.push(false);
    let mut found = minimise(loss, vec![0.0; n + 1], &bounded);
    let constant = found.pop().unwrap_or_default();
    let weights: Vec<f64> = found.iter().zip(&scales).map(|(weight, scale)| weight * scale).collect();
    let shift: f64 = weights.iter().zip(&means).map(|(weight, mean)| weight * mean).sum();
    (weights, constant - shift, deviations)
}
