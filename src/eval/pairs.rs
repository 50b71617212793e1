//! Pairs of texts: does the model's similarity follow what people say? This is how embedding models are compared
//! in public (STS and pair classification); it says nothing of a FAQ.

use serde::{Deserialize, Serialize};

use super::{
    calibration::auc,
    metrics::{mean, tied},
};

/// What the similarities of labelled pairs are worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairReport {
    /// How many pairs.
    pub pairs: usize,
    /// Spearman's rank correlation of similarity and label, -1..=1; `None` when either never changes.
    pub spearman: Option<f64>,
    /// Area under the ROC curve, pairs above the middle label being positive; `None` with one kind only.
    pub auc: Option<f64>,
    /// Share of pairs on their right side of the best threshold; `None` without pairs.
    pub best_accuracy: Option<f64>,
    /// That threshold: a pair at or above it counts as positive. `None` when the best is to call all pairs alike.
    pub best_threshold: Option<f64>,
}

impl PairReport {
    /// Compares `scored`: a similarity and a label each. With labels 0 and 1 the positives are the ones; with grades
    /// they are the labels above the middle of the range (of 0, 1, 2 only 2).
    #[must_use]
    pub fn new(scored: &[(f64, f64)]) -> Self {
        let labels = || scored.iter().map(|&(_, label)| label);
        let (low, high) =
            (labels().fold(f64::INFINITY, f64::min), labels().fold(f64::NEG_INFINITY, f64::max));
        let middle = f64::midpoint(low, high);
        // One kind of label only: 1 and above is positive, as with both.
        let is_positive = |label: f64| if low < high { label > middle } else { label >= 1.0 };
        let of = |positive: bool| -> Vec<f64> {
            scored
                .iter()
                .filter(|(_, label)| is_positive(*label) == positive)
                .map(|&(score, _)| score)
                .collect()
        };
        let (positives, negatives) = (of(true), of(false));
        let best = best_cut(&positives, &negatives);
        Self {
            pairs: scored.len(),
            spearman: spearman(scored),
            auc: auc(&positives, &negatives),
            best_accuracy: best.map(|(accuracy, _)| accuracy),
            best_threshold: best.and_then(|(_, threshold)| threshold),
        }
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
        format!(
            "pairs          {}\nSpearman       {}\nAUC            {}\nbest accuracy  {} at {}\n",
            self.pairs,
            number(self.spearman),
            number(self.auc),
            number(self.best_accuracy),
            number(self.best_threshold),
        )
    }
}

/// Spearman's rank correlation: Pearson's correlation of the ranks, equal values sharing their mean rank.
#[must_use]
pub fn spearman(points: &[(f64, f64)]) -> Option<f64> {
    let (a, b): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    let (a, b) = (ranks(&a), ranks(&b));
    let (mean_a, mean_b) = (mean(a.iter().copied())?, mean(b.iter().copied())?);
    let (mut covariance, mut variance_a, mut variance_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(&b) {
        covariance += (a - mean_a) * (b - mean_b);
        variance_a += (a - mean_a).powi(2);
        variance_b += (b - mean_b).powi(2);
    }
    let spread = (variance_a * variance_b).sqrt();
    (spread > 0.0).then(|| (covariance / spread).clamp(-1.0, 1.0))
}

/// The rank of every value from 1, equal values sharing the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for level in order.chunk_by(|&i, &j| tied(values[i], values[j])) {
        let rank = before as f64 + f64::midpoint(level.len() as f64, 1.0);
        for &index in level {
            ranks[index] = rank;
        }
        before += level.len();
    }
    ranks
}

/// The best accuracy of any threshold, and the threshold: halfway between two scores, the highest of equally good
/// ones. No threshold stands for calling no pair, or every pair, positive.
fn best_cut(positives: &[f64], negatives: &[f64]) -> Option<(f64, Option<f64>)> {
    let total = (positives.len() + negatives.len()) as f64;
    let mut scores: Vec<(f64, bool)> = positives.iter().map(|&score| (score, true)).collect();
    scores.extend(negatives.iter().map(|&score| (score, false)));
    scores.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let levels: Vec<&[(f64, bool)]> = scores.chunk_by(|a, b| tied(a.0, b.0)).collect();
    let mut correct = negatives.len();
    let mut best = (correct, None);
    for (index, level) in levels.iter().enumerate() {
        let gained = level.iter().filter(|(_, positive)| *positive).count();
        correct = correct + gained - (level.len() - gained);
        if correct > best.0 {
            best = (correct, levels.get(index + 1).map(|next| f64::midpoint(level[0].0, next[0].0)));
        }
    }
    (total > 0.0).then_some((best.0 as f64 / total, best.1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eval::fixture::series;

    fn scored(tied: bool) -> Vec<(f64, f64)> {
        series(tied).into_iter().map(|(score, label)| (score, f64::from(label))).collect()
    }

    /// The same scores with three grades: `(i*5 + int(4*s)) % 3` over the scores `s` without ties.
    fn graded() -> Vec<(f64, f64)> {
        let grades = (1..=60_u32)
            .zip(series(false))
            .map(|(i, (score, _))| f64::from((i * 5 + (score * 4.0).floor() as u32) % 3));
        series(true).into_iter().zip(grades).map(|((score, _), grade)| (score, grade)).collect()
    }

    fn close(actual: Option<f64>, expected: f64) {
        assert!((actual.unwrap() - expected).abs() < 1e-12, "expected {expected}, got {actual:?}");
    }

    /// Expected values: scipy 1.17, `spearmanr(score, label).statistic`.
    #[test]
    fn spearman_matches_scipy_with_ties_on_either_side() {
        close(spearman(&scored(false)), 0.407_031_621_621_077_5);
        close(spearman(&scored(true)), 0.401_068_806_856_575_87);
        close(spearman(&graded()), -0.045_888_555_905_799_724);
    }

    /// Expected values: scikit-learn 1.9 `roc_auc_score`, and a search over the midpoints of all scores in numpy.
    #[test]
    fn auc_and_best_accuracy_match_other_implementations() {
        let report = PairReport::new(&scored(true));
        close(report.auc, 0.731_026_785_714_285_7);
        close(report.best_accuracy, 0.7);
        close(report.best_threshold, 0.65);
        close(PairReport::new(&graded()).auc, 0.521_181_001_283_697);
    }

    #[test]
    fn one_kind_of_label_has_accuracy_alone() {
        let report = PairReport::new(&[(0.2, 1.0), (0.9, 1.0)]);
        let expected = PairReport {
            pairs: 2,
            spearman: None,
            auc: None,
            best_accuracy: Some(1.0),
            best_threshold: None,
        };
        assert_eq!(report, expected);
    }

    #[test]
    fn no_pairs_give_no_numbers() {
        let report = PairReport::new(&[]);
        assert_eq!((report.spearman, report.auc, report.best_accuracy), (None, None, None));
        assert!(serde_json::to_string(&report).unwrap().contains("\"best_accuracy\":null"));
    }

    proptest! {
        #[test]
        fn a_growing_function_of_the_scores_changes_no_rank_statistic(
            pairs in prop::collection::vec((0_u8..30, 0_u8..2), 2..50),
        ) {
            let plain: Vec<(f64, f64)> = pairs.iter().map(|&(s, l)| (f64::from(s), f64::from(l))).collect();
            let bent: Vec<(f64, f64)> = plain.iter().map(|&(s, l)| (s.powi(3) + 1.0, l)).collect();
            let (plain, bent) = (PairReport::new(&plain), PairReport::new(&bent));
            prop_assert_eq!(plain.spearman, bent.spearman);
            prop_assert_eq!(plain.auc, bent.auc);
            prop_assert_eq!(plain.best_accuracy, bent.best_accuracy);
            prop_assert!(plain.spearman.is_none_or(|value| (-1.0..=1.0).contains(&value)));
            prop_assert!(plain.best_accuracy.is_some_and(|value| (0.5..=1.0).contains(&value)));
        }
    }
}
