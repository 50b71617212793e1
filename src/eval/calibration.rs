//! What the confidence is worth: separation (AUC), honesty (ECE, Brier), and the trade between answering much and
//! answering wrongly. Plain functions of confidences; every metric of nothing is `None`.
//!
//! A question that nothing answers has no right entry, so whatever came first for it is wrong.

use super::metrics::{mean, tied};

/// Bins of [`ece`] and [`reliability`]: 15 of equal width, as Guo et al. (2017) use.
pub const BINS: usize = 15;

/// How often [`ece_by_chance`] draws: enough for the third digit.
const HONEST_DRAWS: usize = 200;

/// An arbitrary constant: the same confidences give the same number on every machine.
const HONEST_SEED: u64 = 0x6563_6521;

/// The share of wrong answers that [`coverage_at`] allows by default.
pub const WRONG_SHARE: f64 = 0.05;

/// The confidence in the entry that came first, and whether it is right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Probability, 0..=1.
    pub confidence: f64,
    /// Whether that entry answers the question.
    pub right: bool,
}

/// Questions of similar confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Lower edge; the bin holds confidences from here up to, but without, the next edge; the last one holds 1.
    pub lower: f64,
    /// Questions in the bin.
    pub count: usize,
    /// Mean confidence, `None` when the bin is empty.
    pub confidence: Option<f64>,
    /// Share that is right, `None` when the bin is empty.
    pub accuracy: Option<f64>,
}

/// A point of the trade: answer everything at or above a confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tradeoff {
    /// Lowest confidence that is answered.
    pub threshold: f64,
    /// Share of all questions that is answered, 0..=1.
    pub coverage: f64,
    /// Share of the answered ones that is wrong, 0..=1.
    pub wrong_rate: f64,
}

/// Area under the ROC curve: the chance that a positive has a higher score than a negative, ties counting half
/// (Mann–Whitney U over the product of the counts).
#[must_use]
pub fn auc(positives: &[f64], negatives: &[f64]) -> Option<f64> {
    if positives.is_empty() || negatives.is_empty() {
        return None;
    }
    let mut scores: Vec<(f64, bool)> = positives.iter().map(|&score| (score, true)).collect();
    scores.extend(negatives.iter().map(|&score| (score, false)));
    scores.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut wins, mut below) = (0.0, 0.0);
    for equal in scores.chunk_by(|a, b| tied(a.0, b.0)) {
        let above = equal.iter().filter(|(_, positive)| *positive).count() as f64;
        let level = equal.len() as f64 - above;
        wins += above * (below + level / 2.0);
        below += level;
    }
    Some(wins / (positives.len() as f64 * negatives.len() as f64))
}

/// Confidence against accuracy in [`BINS`] bins of equal width.
#[must_use]
pub fn reliability(predictions: &[Prediction]) -> Vec<Bin> {
    let mut sums = [(0_usize, 0.0, 0_usize); BINS];
    for prediction in predictions {
        let sum = &mut sums[((prediction.confidence * BINS as f64) as usize).min(BINS - 1)];
        sum.0 += 1;
        sum.1 += prediction.confidence;
        sum.2 += usize::from(prediction.right);
    }
    sums.into_iter()
        .enumerate()
        .map(|(index, (count, confidence, right))| Bin {
            lower: index as f64 / BINS as f64,
            count,
            confidence: (count > 0).then(|| confidence / count as f64),
            accuracy: (count > 0).then(|| right as f64 / count as f64),
        })
        .collect()
}

/// Expected calibration error: the distance between mean confidence and accuracy, averaged over the bins of
/// [`reliability`] with their share of the questions as weight (Naeini et al. 2015).
#[must_use]
pub fn ece(predictions: &[Prediction]) -> Option<f64> {
    (!predictions.is_empty()).then(|| {
        reliability(predictions)
            .into_iter()
            .filter_map(|bin| Some(bin.count as f64 * (bin.confidence? - bin.accuracy?).abs()))
            .sum::<f64>()
            / predictions.len() as f64
    })
}

/// The [`ece`] that confidences such as these show on average when they are perfectly honest: with few questions,
/// chance alone moves every bin. Mean over `HONEST_DRAWS` draws of what could have come true.
#[must_use]
pub fn ece_by_chance(predictions: &[Prediction]) -> Option<f64> {
    let mut random = fastrand::Rng::with_seed(HONEST_SEED);
    let mut drawn = predictions.to_vec();
    mean((0..HONEST_DRAWS).filter_map(|_| {
        for prediction in &mut drawn {
            prediction.right = random.f64() < prediction.confidence;
        }
        ece(&drawn)
    }))
}

/// Brier score: mean squared distance between confidence and truth (1 right, 0 wrong).
#[must_use]
pub fn brier(predictions: &[Prediction]) -> Option<f64> {
    mean(predictions.iter().map(|p| (p.confidence - f64::from(p.right)).powi(2)))
}

/// The trade at every distinct confidence, from answering least to answering all. Equally confident questions
/// are answered together: no threshold could tell them apart.
#[must_use]
pub fn risk_coverage(predictions: &[Prediction]) -> Vec<Tradeoff> {
    let mut sorted = predictions.to_vec();
    sorted.sort_unstable_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let (mut answered, mut wrong) = (0, 0);
    sorted
        .chunk_by(|a, b| tied(a.confidence, b.confidence))
        .map(|level| {
            answered += level.len();
            wrong += level.iter().filter(|prediction| !prediction.right).count();
            Tradeoff {
                threshold: level[0].confidence,
                coverage: answered as f64 / predictions.len() as f64,
                wrong_rate: wrong as f64 / answered as f64,
            }
        })
        .collect()
}

/// The largest share of questions that some threshold answers with at most `wrong_share` of the answers wrong;
/// 0 when no threshold does.
#[must_use]
pub fn coverage_at(wrong_share: f64, predictions: &[Prediction]) -> Option<f64> {
    (!predictions.is_empty()).then(|| {
        risk_coverage(predictions)
            .into_iter()
            .filter(|point| point.wrong_rate <= wrong_share)
            .map(|point| point.coverage)
            .fold(0.0, f64::max)
    })
}

/// Wrong answers over all answers, at the decisions that were really made; `answers` tells of each answered
/// question whether it was right.
#[must_use]
pub fn wrong_answer_rate(answers: impl Iterator<Item = bool>) -> Option<f64> {
    mean(answers.map(|right| f64::from(!right)))
}

#[cfg(test)]
mod tests;
