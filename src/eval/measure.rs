//! The list of metrics, and all of them taken of a [`Run`] with their intervals.
//!
//! [`Metric`] is the one place that names them: JSON key, label, direction. Reports and comparisons go by it.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    bootstrap::{self, Draw, Interval},
    calibration::{self, Prediction},
    metrics::{self, Position},
    outcome::{Group, Outcome, Run},
};
use crate::{faq::EntryId, rank::policy::Decision};

/// A number that tells how good the matcher is. Serialised as its path in the JSON report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Metric {
    /// Right entry first.
    #[serde(rename = "hit_at_1")]
    HitAt1,
    /// Right entry among the first three.
    #[serde(rename = "hit_at_3")]
    HitAt3,
    /// Right entry among the first five.
    #[serde(rename = "hit_at_5")]
    HitAt5,
    /// Mean reciprocal rank.
    #[serde(rename = "mrr_at_10")]
    MrrAt10,
    /// Normalised discounted cumulative gain.
    #[serde(rename = "ndcg_at_10")]
    NdcgAt10,
    /// Hit@1 averaged over entries.
    #[serde(rename = "macro_hit_at_1")]
    MacroHitAt1,
    /// Confidence told apart: answerable and near miss.
    #[serde(rename = "rejection.near_miss_auc")]
    NearMissAuc,
    /// Confidence told apart: answerable and out of scope.
    #[serde(rename = "rejection.out_of_scope_auc")]
    OutOfScopeAuc,
    /// Confidence told apart: answerable and held out.
    #[serde(rename = "rejection.held_out_auc")]
    HeldOutAuc,
    /// Expected calibration error.
    #[serde(rename = "calibration.ece")]
    Ece,
    /// Brier score.
    #[serde(rename = "calibration.brier")]
    Brier,
    /// Share answered with at most 5 % of the answers wrong.
    #[serde(rename = "calibration.coverage_at_5pct_wrong")]
    CoverageAt5PctWrong,
    /// Wrong answers over answers.
    #[serde(rename = "calibration.wrong_answer_rate")]
    WrongAnswerRate,
}

/// How many metrics there are.
const COUNT: usize = Metric::ALL.len();

/// A value, or none, for every metric in the order of [`Metric::ALL`].
pub type Values = [Option<f64>; COUNT];

impl Metric {
    /// All of them, in the order of reports and of [`Values`].
    pub const ALL: [Self; 13] = [
        Self::HitAt1,
        Self::HitAt3,
        Self::HitAt5,
        Self::MrrAt10,
        Self::NdcgAt10,
        Self::MacroHitAt1,
        Self::NearMissAuc,
        Self::OutOfScopeAuc,
        Self::HeldOutAuc,
        Self::Ece,
        Self::Brier,
        Self::CoverageAt5PctWrong,
        Self::WrongAnswerRate,
    ];

    /// The name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::HitAt1 => "Hit@1",
            Self::HitAt3 => "Hit@3",
            Self::HitAt5 => "Hit@5",
            Self::MrrAt10 => "MRR@10",
            Self::NdcgAt10 => "nDCG@10",
            Self::MacroHitAt1 => "macro Hit@1",
            Self::NearMissAuc => "near-miss AUC",
            Self::OutOfScopeAuc => "out-of-scope AUC",
            Self::HeldOutAuc => "held-out AUC",
            Self::Ece => "ECE",
            Self::Brier => "Brier score",
            Self::CoverageAt5PctWrong => "coverage at 5 % wrong",
            Self::WrongAnswerRate => "wrong-answer rate",
        }
    }

    /// What it tells, in a few words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::HitAt1 => "a right entry comes first",
            Self::HitAt3 => "a right entry is among the first three",
            Self::HitAt5 => "a right entry is among the first five",
            Self::MrrAt10 => "mean of 1 / rank of the first right entry",
            Self::NdcgAt10 => "gain of all right entries, discounted by rank",
            Self::MacroHitAt1 => "Hit@1 with every entry weighing alike",
            Self::NearMissAuc => "an answerable question is surer than a near miss",
            Self::OutOfScopeAuc => "an answerable question is surer than one out of scope",
            Self::HeldOutAuc => "an answerable question is surer than one whose entry is gone",
            Self::Ece => "mean distance of confidence and accuracy",
            Self::Brier => "mean squared distance of confidence and truth",
            Self::CoverageAt5PctWrong => "share that can be answered with 5 % of the answers wrong",
            Self::WrongAnswerRate => "share of the given answers that is wrong",
        }
    }

    /// Whether more is better.
    #[must_use]
    pub fn higher_is_better(self) -> bool {
        match self {
            Self::HitAt1
            | Self::HitAt3
            | Self::HitAt5
            | Self::MrrAt10
            | Self::NdcgAt10
            | Self::MacroHitAt1
            | Self::NearMissAuc
            | Self::OutOfScopeAuc
            | Self::HeldOutAuc
            | Self::CoverageAt5PctWrong => true,
            Self::Ece | Self::Brier | Self::WrongAnswerRate => false,
        }
    }
}

/// One question in numbers.
struct Scored {
    position: Position,
    prediction: Prediction,
    answered: bool,
}

/// A run in numbers, ready to be measured again and again.
pub struct Measured {
    groups: [Vec<Scored>; 4],
    control: Vec<Scored>,
    /// Which of [`Group::ALL`] calibration is taken over.
    pooled: [bool; 4],
}

impl Measured {
    /// Reduces a run to the numbers that metrics need.
    #[must_use]
    pub fn new(run: &Run) -> Self {
        let mut numbers = HashMap::new();
        let pooled = run.pooled();
        Self {
            groups: Group::ALL.map(|group| scored(run.group(group), &mut numbers)),
            control: scored(&run.held_out_control, &mut numbers),
            pooled: Group::ALL.map(|group| pooled.contains(&group)),
        }
    }

    /// All metrics.
    #[must_use]
    pub fn values(&self) -> Values {
        self.take(
            &self.groups.each_ref().map(|group| group.iter().collect()),
            &self.control.iter().collect::<Vec<_>>(),
        )
    }

    /// What honest confidences would show as [`Metric::Ece`] on as many questions.
    #[must_use]
    pub fn ece_by_chance(&self) -> Option<f64> {
        let groups = self.groups.each_ref().map(|group| group.iter().collect());
        let predictions: Vec<Prediction> =
            self.pool(&groups).iter().map(|scored| scored.prediction).collect();
        calibration::ece_by_chance(&predictions)
    }

    /// The questions of `groups` that calibration is taken over.
    fn pool<'s>(&self, groups: &[Vec<&'s Scored>; 4]) -> Vec<&'s Scored> {
        let groups = groups.iter().zip(self.pooled).filter(|(_, pooled)| *pooled);
        groups.flat_map(|(group, _)| group.iter().copied()).collect()
    }

    /// The 95 % intervals of the metrics.
    #[must_use]
    pub fn intervals(&self) -> BTreeMap<Metric, Interval> {
        let intervals = bootstrap::intervals(|draw: &mut Draw| {
            let groups = self.groups.each_ref().map(|group| draw.resample(group));
            self.take(&groups, &draw.resample(&self.control))
        });
        Metric::ALL
            .into_iter()
            .zip(intervals)
            .filter_map(|(metric, interval)| Some((metric, interval?)))
            .collect()
    }

    fn take(&self, groups: &[Vec<&Scored>; 4], control: &[&Scored]) -> Values {
        let [answerable, near_miss, out_of_scope, held_out] = groups;
        let confidences =
            |group: &[&Scored]| -> Vec<f64> { group.iter().map(|s| s.prediction.confidence).collect() };
        let positions: Vec<&Position> = answerable.iter().map(|scored| &scored.position).collect();
        let ranks: Vec<Option<usize>> = positions.iter().map(|position| position.rank).collect();
        let sure = confidences(answerable);
        let control = if control.is_empty() { &sure } else { &confidences(control) };
        let pool = self.pool(groups);
        let predictions: Vec<Prediction> = pool.iter().map(|scored| scored.prediction).collect();
        let answers = pool.iter().filter(|scored| scored.answered).map(|scored| scored.prediction.right);
        Metric::ALL.map(|metric| match metric {
            Metric::HitAt1 => metrics::hit_at(1, &ranks),
            Metric::HitAt3 => metrics::hit_at(3, &ranks),
            Metric::HitAt5 => metrics::hit_at(5, &ranks),
            Metric::MrrAt10 => metrics::mrr(&ranks),
            Metric::NdcgAt10 => metrics::mean_ndcg(&positions),
            Metric::MacroHitAt1 => metrics::macro_hit_at_1(&positions),
            Metric::NearMissAuc => calibration::auc(&sure, &confidences(near_miss)),
            Metric::OutOfScopeAuc => calibration::auc(&sure, &confidences(out_of_scope)),
            Metric::HeldOutAuc => calibration::auc(control, &confidences(held_out)),
            Metric::Ece => calibration::ece(&predictions),
            Metric::Brier => calibration::brier(&predictions),
            Metric::CoverageAt5PctWrong => calibration::coverage_at(calibration::WRONG_SHARE, &predictions),
            Metric::WrongAnswerRate => calibration::wrong_answer_rate(answers.clone()),
        })
    }
}

fn scored<'a>(outcomes: &'a [Outcome], numbers: &mut HashMap<&'a EntryId, usize>) -> Vec<Scored> {
    outcomes
        .iter()
        .map(|outcome| {
            let mut entries: Vec<usize> = outcome
                .relevant
                .iter()
                .map(|id| {
                    let next = numbers.len();
                    *numbers.entry(id).or_insert(next)
                })
                .collect();
            entries.sort_unstable();
            entries.dedup();
            Scored {
                position: Position { rank: outcome.rank(), ndcg: metrics::ndcg_at_10(outcome), entries },
                prediction: Prediction { confidence: outcome.confidence(), right: outcome.is_right() },
                answered: outcome.decision == Decision::Answer,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::fixture::{self, outcome};

    fn value(run: &Run, metric: Metric) -> Option<f64> {
        let index = Metric::ALL.iter().position(|&m| m == metric).unwrap();
        Measured::new(run).values()[index]
    }

    fn close(actual: Option<f64>, expected: f64) {
        assert!((actual.unwrap() - expected).abs() < 1e-6, "expected {expected}, got {actual:?}");
    }

    #[test]
    fn the_metrics_of_a_small_run_match_a_count_by_hand() {
        let run = fixture::run();
        // Ranks 1, 2, 1, 1, none.
        close(value(&run, Metric::HitAt1), 0.6);
        close(value(&run, Metric::HitAt3), 0.8);
        close(value(&run, Metric::MrrAt10), (1.0 + 0.5 + 1.0 + 1.0) / 5.0);
        // dissolve 1 of 2, quit 1 of 1, reply 1 of 2.
        close(value(&run, Metric::MacroHitAt1), 2.0 / 3.0);
        // .97 .86 .92 .55 .31 against .83 .42: three win both, .55 wins one, .31 none.
        close(value(&run, Metric::NearMissAuc), 0.7);
        close(value(&run, Metric::OutOfScopeAuc), 1.0);
        assert_eq!(value(&run, Metric::HeldOutAuc), None);
        // Answered: .97 right, .86 wrong, .92 right, .83 near miss.
        close(value(&run, Metric::WrongAnswerRate), 0.5);
        close(value(&run, Metric::CoverageAt5PctWrong), 2.0 / 9.0);
    }

    #[test]
    fn a_held_out_experiment_of_its_own_changes_its_auc_alone() {
        let plain = fixture::run();
        let run = Run {
            held_out: vec![outcome("quit", "gone", 0.9)],
            held_out_control: vec![outcome("quit", "quit", 0.95), outcome("quit", "quit", 0.1)],
            ..plain.clone()
        };
        close(value(&run, Metric::HeldOutAuc), 0.5);
        for metric in Metric::ALL.into_iter().filter(|&metric| metric != Metric::HeldOutAuc) {
            assert_eq!(value(&run, metric), value(&plain, metric), "{metric:?}");
        }
    }

    #[test]
    fn held_out_questions_asked_of_the_same_faq_count_as_wrong_answers() {
        let run = Run { held_out: vec![outcome("quit", "gone", 0.9)], ..fixture::run() };
        close(value(&run, Metric::WrongAnswerRate), 0.6);
        assert!(run.pooled().contains(&Group::HeldOut));
    }

    #[test]
    fn nothing_asked_gives_no_value_and_no_interval() {
        let measured = Measured::new(&Run::default());
        assert_eq!(measured.values(), [None; COUNT]);
        assert!(measured.intervals().is_empty());
    }

    #[test]
    fn confidences_that_are_no_probabilities_do_no_harm() {
        let run = Run {
            answerable: vec![outcome("a", "a", f32::NAN), outcome("a", "a", 7.0), outcome("a", "a", -1.0)],
            ..Run::default()
        };
        // Taken as 0, 1 and 0.
        close(value(&run, Metric::Brier), 2.0 / 3.0);
    }

    #[test]
    fn every_interval_holds_its_value_on_a_mixed_run() {
        let measured = Measured::new(&fixture::run());
        let values = measured.values();
        for (metric, interval) in measured.intervals() {
            let value = values[Metric::ALL.iter().position(|&m| m == metric).unwrap()].unwrap();
            assert!(interval.low <= value && value <= interval.high, "{metric:?} {value} {interval:?}");
        }
    }
}
