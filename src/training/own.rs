//! A customer's own labels: the shipped ranker, recalibrated for the customer's FAQ.
//!
//! Three things may change, and each only as far as the labels carry it. Thresholds are always chosen anew. The
//! calibration is replaced when that makes the confidences of held-out questions more honest. The weights of the
//! order are replaced when that puts more held-out questions right than chance would. "Held out" is by entry, see
//! `folds`: no number in the report was measured on a question about an entry that the fit knew.

use std::collections::HashSet;

use serde::Serialize;

use super::{
    Case, Error, check_wrong_rate,
    folds::{FOLDS, Folds},
    questions::predict,
};
use crate::{
    eval::calibration::{Prediction, coverage_at, ece, ece_by_chance},
    faq::EntryId,
    rank::{
        Features, Ranker, Thresholds,
        fit::{Example, OrderFit, Platt, choose_thresholds},
    },
};

/// Fewer answerable questions are refused.
pub const MIN_QUESTIONS: usize = 50;
/// Questions about fewer entries are refused: three for each part that is held out.
pub const MIN_ENTRIES: usize = 15;

/// How many questions it takes to pull the weights half-way from the shipped ones to the customer's.
const PULL: f64 = 20.0;

/// Weights that a customer's labels may change. `contrast` and `negative` stay: labels hardly ever show them at
/// work, and losing them would swap 开启 and 关闭.
const FITTED: Features = Features {
    dense: 1.0,
    answer_dense: 1.0,
    query_tokens: 1.0,
    phrasing_tokens: 1.0,
    answer_words: 1.0,
    overlap: 1.0,
    contrast: 0.0,
    negative: 0.0,
    kind: 0.0,
};

/// How many standard deviations more questions have to come right: chance does that once in twenty times.
const BEYOND_CHANCE: f64 = 1.645;

/// What was measured on questions that the fit did not know.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Share of the answerable questions with a right entry first.
    pub hit_at_1: f64,
    /// Expected calibration error over all questions.
    pub ece: f64,
    /// What honest confidences would show as `ece` on as many questions.
    pub ece_by_chance: f64,
    /// Largest share of all questions that some threshold answers within the rate of wrong answers.
    pub coverage: f64,
    /// Share of all questions that the thresholds answer.
    pub answered: f64,
    /// Share of wrong ones among those answers; 0 without any.
    pub wrong_answer_rate: f64,
    /// Share of the unanswerable questions that are answered nevertheless, if there are any.
    pub unanswerable_answered: Option<f64>,
}

/// The shipped ranker beside the fitted one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// The shipped ranker, as it is.
    pub before: Figures,
    /// The fitted one, out of fold, thresholds included.
    pub after: Figures,
}

/// Whether a part of the ranker was replaced, and why.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trial {
    /// Whether it was.
    pub replaced: bool,
    /// How good the shipped part is on held-out questions.
    pub before: f64,
    /// How good the fitted part is on them.
    pub after: f64,
}

/// What was fitted and what it is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnReport {
    /// Questions that the FAQ answers.
    pub questions: usize,
    /// Entries with such a question.
    pub entries: usize,
    /// Questions that nothing answers.
    pub unanswerable: usize,
    /// The rate of wrong answers that was asked for.
    pub max_wrong_rate: f64,
    /// The weights of the order, by Hit@1 (more is better).
    pub order: Trial,
    /// The calibration, by log loss (less is better).
    pub calibration: Trial,
    /// Before and after.
    pub figures: Comparison,
    /// The thresholds that were in force.
    pub thresholds_before: Thresholds,
    /// The new ones.
    pub thresholds: Thresholds,
}

/// Which parts of the ranker are fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    order: bool,
    calibration: bool,
}

/// Fits `shipped` to `cases`: questions that the FAQ answers and, with nothing relevant, questions that it does not.
/// The latter count as wrong whatever comes first. `made_by` is kept in the file.
///
/// # Errors
/// With fewer than [`MIN_QUESTIONS`] answerable questions or [`MIN_ENTRIES`] entries, or a rate that is none.
pub fn fit(
    shipped: &Ranker,
    cases: &[Case],
    max_wrong_rate: f64,
    made_by: String,
) -> Result<(Ranker, OwnReport), Error> {
    let (questions, entries) = check(cases.iter().map(|case| case.relevant.as_slice()), max_wrong_rate)?;
    let labels = Labels { cases, folds: Folds::by_entry(cases) };

    let as_shipped = labels.out_of_fold(shipped, Parts { order: false, calibration: false });
    let reordered = labels.out_of_fold(shipped, Parts { order: true, calibration: false });
    let order = Trial {
        replaced: labels.is_beyond_chance(&as_shipped, &reordered),
        before: labels.hit_at_1(&as_shipped),
        after: labels.hit_at_1(&reordered),
    };
    let uncalibrated = if order.replaced { &reordered } else { &as_shipped };
    let calibrated = labels.out_of_fold(shipped, Parts { order: order.replaced, calibration: true });
    let (before, after) = (log_loss(uncalibrated), log_loss(&calibrated));
    let calibration = Trial { replaced: after < before, before, after };

    let parts = Parts { order: order.replaced, calibration: calibration.replaced };
    let predictions = if calibration.replaced { &calibrated } else { uncalibrated };
    let all: Vec<&Example> = cases.iter().map(|case| &case.example).collect();
    let mut ranker = fitted(shipped, &all, parts);
    ranker.thresholds = labels.choose(shipped, predictions.iter(), max_wrong_rate);
    ranker.made_by = made_by;
    let unchanging = vec![shipped.thresholds; cases.len()];
    let report = OwnReport {
        questions,
        entries,
        unanswerable: cases.len() - questions,
        max_wrong_rate,
        order,
        calibration,
        figures: Comparison {
            before: labels.figures(&as_shipped, &unchanging, max_wrong_rate),
            after: labels.figures(
                predictions,
                &labels.thresholds(shipped, predictions, max_wrong_rate),
                max_wrong_rate,
            ),
        },
        thresholds_before: shipped.thresholds,
        thresholds: ranker.thresholds,
    };
    Ok((ranker, report))
}

/// What [`fit`] would refuse, known before any question goes through the model. `relevant`: the entries that answer
/// each question. Returns how many questions have an answer, and how many entries are asked for.
///
/// # Errors
/// As [`fit`].
pub fn check<'a>(
    relevant: impl Iterator<Item = &'a [EntryId]>,
    max_wrong_rate: f64,
) -> Result<(usize, usize), Error> {
    check_wrong_rate(max_wrong_rate)?;
    let (mut questions, mut entries) = (0, HashSet::new());
    for relevant in relevant.filter(|relevant| !relevant.is_empty()) {
        questions += 1;
        entries.extend(relevant);
    }
    if questions < MIN_QUESTIONS || entries.len() < MIN_ENTRIES {
        return Err(Error::TooFewLabels { questions, entries: entries.len() });
    }
    Ok((questions, entries.len()))
}

/// `shipped` with some parts fitted to `examples`.
fn fitted(shipped: &Ranker, examples: &[&Example], parts: Parts) -> Ranker {
    let mut ranker = shipped.clone();
    if parts.order {
        let fitted = FITTED.to_array().map(|x| x > 0.0);
        ranker.weights = OrderFit { start: shipped.weights, fitted, pull: PULL }.fit(examples);
    }
    if parts.calibration {
        let logits: Vec<(f64, bool)> = examples
            .iter()
            .filter(|example| !example.is_exact())
            .filter_map(|example| example.first(ranker.weights))
            .map(|(evidence, right)| (f64::from(ranker.confidence.logit(evidence)), right))
            .collect();
        ranker.confidence = Platt::fit(&logits).apply(ranker.confidence);
    }
    ranker
}

fn pairs<'a>(predictions: impl IntoIterator<Item = &'a Prediction>) -> Vec<(f32, bool)> {
    predictions.into_iter().map(|p| (p.confidence as f32, p.right)).collect()
}

/// Mean surprise at the truth, in nats.
fn log_loss(predictions: &[Prediction]) -> f64 {
    let surprise = |p: &Prediction| {
        let probability = if p.right { p.confidence } else { 1.0 - p.confidence };
        -probability.max(1e-6).ln()
    };
    predictions.iter().map(surprise).sum::<f64>() / predictions.len().max(1) as f64
}

/// Labelled questions, split for cross-validation.
struct Labels<'a> {
    cases: &'a [Case],
    folds: Folds,
}

impl Labels<'_> {
    /// Each case's prediction by a ranker that was fitted without the case's part.
    fn out_of_fold(&self, shipped: &Ranker, parts: Parts) -> Vec<Prediction> {
        let rankers: Vec<Ranker> = (0..FOLDS)
            .map(|fold| {
                let others = self.cases.iter().zip(&self.folds.folds).filter(|(_, f)| **f != fold);
                fitted(shipped, &others.map(|(case, _)| &case.example).collect::<Vec<_>>(), parts)
            })
            .collect();
        let cases = self.cases.iter().zip(&self.folds.folds);
        cases.map(|(case, &fold)| predict(&rankers[fold], &case.example)).collect()
    }

    /// The thresholds that `predictions` ask for. Where no question without an answer was given, nothing is known of
    /// what a lower answer threshold would let through: it does not go below the shipped one.
    fn choose<'p>(
        &self,
        shipped: &Ranker,
        predictions: impl Iterator<Item = &'p Prediction>,
        max_wrong_rate: f64,
    ) -> Thresholds {
        let mut chosen = choose_thresholds(&pairs(predictions), max_wrong_rate);
        if self.cases.iter().all(|case| !case.relevant.is_empty()) {
            chosen.answer = chosen.answer.max(shipped.thresholds.answer);
        }
        chosen
    }

    /// For each case, the thresholds that the other parts' predictions would choose.
    fn thresholds(
        &self,
        shipped: &Ranker,
        predictions: &[Prediction],
        max_wrong_rate: f64,
    ) -> Vec<Thresholds> {
        let chosen: Vec<Thresholds> = (0..FOLDS)
            .map(|fold| {
                let others = predictions.iter().zip(&self.folds.folds).filter(|(_, f)| **f != fold);
                self.choose(shipped, others.map(|(prediction, _)| prediction), max_wrong_rate)
            })
            .collect();
        self.folds.folds.iter().map(|&fold| chosen[fold]).collect()
    }

    /// Whether `after` has more right than `before` by more than chance: the gains and losses of each group of
    /// entries are summed up first, because questions about the same entry come right or wrong together.
    fn is_beyond_chance(&self, before: &[Prediction], after: &[Prediction]) -> bool {
        let mut gains = vec![0.0f64; self.cases.len()];
        for ((before, after), &group) in before.iter().zip(after).zip(&self.folds.groups) {
            gains[group] += f64::from(after.right) - f64::from(before.right);
        }
        let deviation = gains.iter().map(|gain| gain * gain).sum::<f64>().sqrt();
        gains.iter().sum::<f64>() > BEYOND_CHANCE * deviation
    }

    fn hit_at_1(&self, predictions: &[Prediction]) -> f64 {
        let answerable = self.cases.iter().zip(predictions).filter(|(case, _)| !case.relevant.is_empty());
        share(answerable.map(|(_, prediction)| prediction.right)).unwrap_or_default()
    }

    fn figures(&self, predictions: &[Prediction], thresholds: &[Thresholds], max_wrong_rate: f64) -> Figures {
        let is_answered: Vec<bool> =
            predictions.iter().zip(thresholds).map(|(p, t)| p.confidence as f32 >= t.answer).collect();
        let answers = predictions.iter().zip(&is_answered).filter(|(_, answered)| **answered);
        let unanswerable = self.cases.iter().zip(&is_answered).filter(|(case, _)| case.relevant.is_empty());
        Figures {
            hit_at_1: self.hit_at_1(predictions),
            ece: ece(predictions).unwrap_or_default(),
            ece_by_chance: ece_by_chance(predictions).unwrap_or_default(),
            coverage: coverage_at(max_wrong_rate, predictions).unwrap_or_default(),
            answered: share(is_answered.iter().copied()).unwrap_or_default(),
            wrong_answer_rate: share(answers.map(|(p, _)| !p.right)).unwrap_or_default(),
            unanswerable_answered: share(unanswerable.map(|(_, answered)| *answered)),
        }
    }
}

/// Share of true ones; `None` of nothing.
fn share(values: impl Iterator<Item = bool>) -> Option<f64> {
    let (yes, all) = values.fold((0usize, 0usize), |(yes, all), x| (yes + usize::from(x), all + 1));
    (all > 0).then(|| yes as f64 / all as f64)
}
