//! The weights of the confidence: logistic regression, and Platt scaling of what it says.

use super::newton::{Local, minimise};
use crate::rank::ranker::{Evidence, Head};

/// Pull of the standardised weights towards zero, as a multiple of all observations' weight.
const RIDGE: f64 = 0.01;

/// Pull of Platt's two parameters towards leaving everything as it is: a prior with a standard deviation of 2.5, as
/// Gelman et al. (Annals of Applied Statistics 2, 2008) recommend for logistic regression. It
/// decides only where there are few questions, or where all of them came out alike.
const PLATT_PULL: f64 = 0.16;

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
    let rows: Vec<Row> =
        observations.iter().map(|o| Row::new(o.evidence.to_array().map(f64::from), o.positive)).collect();
    if rows.is_empty() {
        return Head::default();
    }
    let Logistic { mut weights, constant, deviations } = Logistic::fit(&rows, RIDGE);
    if let Some(kind) = Evidence::NAMES.iter().position(|&name| name == "kind")
        && deviations[kind] > f64::EPSILON
    {
        let others = (0..Evidence::COUNT).filter(|&i| i != kind);
        let effect: f64 = others.map(|i| weights[i] * deviations[i]).sum();
        weights[kind] = weights[kind].max(KIND_SHARE * effect / deviations[kind]);
    }
    Head { bias: constant as f32, weights: Evidence::from_array(std::array::from_fn(|i| weights[i] as f32)) }
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
    /// Fitted to pairs of log-odds and outcome (Platt, 1999). Instead of Platt's smoothed targets, which pull towards
    /// "as often right as wrong", a weak pull leads back to slope 1 and offset 0: the head is a better guess.
    #[must_use]
    pub fn fit(outcomes: &[(f64, bool)]) -> Self {
        let rows: Vec<Row> = outcomes.iter().map(|&(logit, right)| Row::new([logit], right)).collect();
        let loss = |weights: &[f64]| {
            let mut loss = surprise(&rows, weights);
            loss.pull(weights, &[1.0, 0.0], PLATT_PULL);
            loss
        };
        let found = minimise(loss, vec![1.0, 0.0], &[true, false]);
        Self { slope: found[0], offset: found[1] }
    }

    /// `head`, scaled.
    #[must_use]
    pub fn apply(self, head: Head) -> Head {
        let scale = |weight: f32| (f64::from(weight) * self.slope) as f32;
        Head {
            bias: (f64::from(head.bias) * self.slope + self.offset) as f32,
            weights: Evidence::from_array(head.weights.to_array().map(scale)),
        }
    }
}

/// Inputs, a 1 for the constant, and the outcome.
struct Row {
    inputs: Vec<f64>,
    positive: bool,
}

impl Row {
    fn new(inputs: impl IntoIterator<Item = f64>, positive: bool) -> Self {
        Self { inputs: inputs.into_iter().chain([1.0]).collect(), positive }
    }
}

/// Sum of `-log(probability of what came out)`; the last weight is the constant.
fn surprise(rows: &[Row], weights: &[f64]) -> Local {
    let n = weights.len();
    let mut sum = Local::new(n);
    for Row { inputs, positive } in rows {
        let logit: f64 = inputs.iter().zip(weights).map(|(x, w)| x * w).sum();
        let target = f64::from(u8::from(*positive));
        let probability = 1.0 / (1.0 + (-logit).exp());
        // log(1 + exp(logit)) without overflow.
        sum.value += logit.max(0.0) + (-logit.abs()).exp().ln_1p() - target * logit;
        let curvature = probability * (1.0 - probability);
        for i in 0..n {
            sum.gradient[i] += (probability - target) * inputs[i];
            for j in 0..n {
                sum.hessian[i * n + j] += curvature * inputs[i] * inputs[j];
            }
        }
    }
    sum
}

/// What logistic regression finds, for the inputs as they are.
struct Logistic {
    weights: Vec<f64>,
    constant: f64,
    /// Standard deviation of each input.
    deviations: Vec<f64>,
}

impl Logistic {
    /// With weights that are not negative, pulled towards zero after standardising the inputs.
    fn fit(rows: &[Row], ridge: f64) -> Self {
        let n = rows.first().map_or(0, |row| row.inputs.len() - 1);
        let count = rows.len().max(1) as f64;
        let mean = |i: usize| rows.iter().map(|row| row.inputs[i]).sum::<f64>() / count;
        let means: Vec<f64> = (0..n).map(mean).collect();
        let variance =
            |i: usize| rows.iter().map(|row| (row.inputs[i] - means[i]).powi(2)).sum::<f64>() / count;
        let deviations: Vec<f64> = (0..n).map(|i| variance(i).sqrt()).collect();
        // An input that never changes carries nothing; scaled by zero it stays out.
        let scale = |deviation: &f64| if *deviation > f64::EPSILON { 1.0 / deviation } else { 0.0 };
        let scales: Vec<f64> = deviations.iter().map(scale).collect();
        let standardised: Vec<Row> = rows
            .iter()
            .map(|row| Row::new((0..n).map(|i| (row.inputs[i] - means[i]) * scales[i]), row.positive))
            .collect();
        let loss = |weights: &[f64]| {
            let mut loss = surprise(&standardised, weights);
            loss.pull(weights, &vec![0.0; n], ridge * count);
            loss
        };
        let mut bounded = vec![true; n];
        bounded.push(false);
        let mut found = minimise(loss, vec![0.0; n + 1], &bounded);
        let constant = found.pop().unwrap_or_default();
        let weights: Vec<f64> = found.iter().zip(&scales).map(|(weight, scale)| weight * scale).collect();
        let shift: f64 = weights.iter().zip(&means).map(|(weight, mean)| weight * mean).sum();
        Self { weights, constant: constant - shift, deviations }
    }
}
