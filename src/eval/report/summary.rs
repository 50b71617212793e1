//! [`Summary`]: the numbers of an evaluation under the names of the JSON contract.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    eval::{
        bootstrap::Interval,
        measure::{Measured, Metric},
        metrics::{hit_at, latency_percentile, mrr},
        outcome::{Alone, Group, Outcome, Run},
    },
    faq::Entry,
    rank::policy::Decision,
};

/// What was evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// The FAQ.
    pub entries: &'a [Entry],
    /// Name of the model.
    pub model: &'a str,
    /// What was searched, such as `exact` or `hnsw`.
    pub index: &'a str,
}

/// The numbers of an evaluation: what `dayi eval --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Entries of the FAQ.
    pub entries: usize,
    /// Answerable questions.
    pub queries: usize,
    /// Share of answerable questions with a right entry first.
    pub hit_at_1: Option<f64>,
    /// … among the first three.
    pub hit_at_3: Option<f64>,
    /// … among the first five.
    pub hit_at_5: Option<f64>,
    /// Mean reciprocal rank within the first ten.
    pub mrr_at_10: Option<f64>,
    /// Normalised discounted cumulative gain of the first ten.
    pub ndcg_at_10: Option<f64>,
    /// Hit@1 averaged over entries.
    pub macro_hit_at_1: Option<f64>,
    /// The same of the same candidates, had one score alone ordered them.
    #[serde(default)]
    pub alone: Alone<Order>,
    /// How well confidence tells answerable questions from the others.
    pub rejection: Rejection,
    /// What the confidence is worth, over the groups in `pooled`.
    pub calibration: Calibration,
    /// Time from question to verdict.
    pub latency_ms: Latency,
    /// Name of the model.
    pub model: String,
    /// What was searched.
    pub index: String,
    /// 95 % intervals by metric.
    #[serde(default)]
    pub ci: BTreeMap<Metric, Interval>,
    /// What was decided, by group.
    #[serde(default)]
    pub decisions: BTreeMap<Group, Decisions>,
    /// The groups that `calibration` is taken over.
    #[serde(default)]
    pub pooled: Vec<Group>,
}

/// How good an order of the candidates is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Order {
    /// Share of answerable questions with a right entry first.
    pub hit_at_1: Option<f64>,
    /// … among the first three.
    pub hit_at_3: Option<f64>,
    /// Mean reciprocal rank within the first ten.
    pub mrr_at_10: Option<f64>,
}

impl Order {
    fn of(ranks: impl Iterator<Item = Option<usize>>) -> Self {
        let ranks: Vec<Option<usize>> = ranks.collect();
        Self { hit_at_1: hit_at(1, &ranks), hit_at_3: hit_at(3, &ranks), mrr_at_10: mrr(&ranks) }
    }

    /// The value of a metric, if it is one of an order.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::HitAt1 => self.hit_at_1,
            Metric::HitAt3 => self.hit_at_3,
            Metric::MrrAt10 => self.mrr_at_10,
            Metric::HitAt5
            | Metric::NdcgAt10
            | Metric::MacroHitAt1
            | Metric::NearMissAuc
            | Metric::OutOfScopeAuc
            | Metric::HeldOutAuc
            | Metric::Ece
            | Metric::Brier
            | Metric::CoverageAt5PctWrong
            | Metric::WrongAnswerRate => None,
        }
    }
}

/// Areas under the ROC curve: chance that an answerable question has the higher confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rejection {
    /// Against near misses.
    pub near_miss_auc: Option<f64>,
    /// Against questions out of scope.
    pub out_of_scope_auc: Option<f64>,
    /// Against questions whose entry was taken out.
    pub held_out_auc: Option<f64>,
}

/// What the confidence in the first entry is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Expected calibration error over 15 bins of equal width.
    pub ece: Option<f64>,
    /// What honest confidences would show as `ece` on as many questions.
    #[serde(default)]
    pub ece_by_chance: Option<f64>,
    /// Brier score.
    pub brier: Option<f64>,
    /// Largest share of questions answered with at most 5 % of the answers wrong.
    pub coverage_at_5pct_wrong: Option<f64>,
    /// Wrong answers over answers, as decided.
    pub wrong_answer_rate: Option<f64>,
}

/// Milliseconds within which so many per cent of the questions were through.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of them.
    pub p50: Option<f64>,
    /// 95 %.
    pub p95: Option<f64>,
    /// 99 %.
    pub p99: Option<f64>,
}

/// How often what was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Decisions {
    /// Answered, and right.
    pub answer_right: usize,
    /// Answered, and wrong.
    pub answer_wrong: usize,
    /// Asked back.
    pub clarify: usize,
    /// Handed over.
    pub no_answer: usize,
}

impl Summary {
    /// Measures `run`.
    pub(super) fn new(run: &Run, setup: Setup<'_>) -> Self {
        let measured = Measured::new(run);
        let [
            hit_at_1,
            hit_at_3,
            hit_at_5,
            mrr_at_10,
            ndcg_at_10,
            macro_hit_at_1,
            near_miss_auc,
            out_of_scope_auc,
            held_out_auc,
            ece,
            brier,
            coverage_at_5pct_wrong,
            wrong_answer_rate,
        ] = measured.values();
        let mut times: Vec<Duration> =
            Group::ALL.into_iter().flat_map(|group| run.group(group)).map(|outcome| outcome.took).collect();
        times.sort_unstable();
        let within = |percent| latency_percentile(percent, &times);
        Self {
            entries: setup.entries.len(),
            queries: run.answerable.len(),
            hit_at_1,
            hit_at_3,
            hit_at_5,
            mrr_at_10,
            ndcg_at_10,
            macro_hit_at_1,
            alone: Alone {
                dense: Order::of(run.answerable.iter().map(|outcome| outcome.alone.dense)),
                lexical: Order::of(run.answerable.iter().map(|outcome| outcome.alone.lexical)),
            },
            rejection: Rejection { near_miss_auc, out_of_scope_auc, held_out_auc },
            calibration: Calibration {
                ece,
                ece_by_chance: measured.ece_by_chance(),
                brier,
                coverage_at_5pct_wrong,
                wrong_answer_rate,
            },
            latency_ms: Latency { p50: within(50.0), p95: within(95.0), p99: within(99.0) },
            model: setup.model.to_owned(),
            index: setup.index.to_owned(),
            ci: measured.intervals(),
            decisions: Group::ALL
                .into_iter()
                .filter(|&group| !run.group(group).is_empty())
                .map(|group| (group, Decisions::of(run.group(group))))
                .collect(),
            pooled: run.pooled(),
        }
    }

    /// The value of a metric.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::HitAt1 => self.hit_at_1,
            Metric::HitAt3 => self.hit_at_3,
            Metric::HitAt5 => self.hit_at_5,
            Metric::MrrAt10 => self.mrr_at_10,
            Metric::NdcgAt10 => self.ndcg_at_10,
            Metric::MacroHitAt1 => self.macro_hit_at_1,
            Metric::NearMissAuc => self.rejection.near_miss_auc,
            Metric::OutOfScopeAuc => self.rejection.out_of_scope_auc,
            Metric::HeldOutAuc => self.rejection.held_out_auc,
            Metric::Ece => self.calibration.ece,
            Metric::Brier => self.calibration.brier,
            Metric::CoverageAt5PctWrong => self.calibration.coverage_at_5pct_wrong,
            Metric::WrongAnswerRate => self.calibration.wrong_answer_rate,
        }
    }
}

impl Decisions {
    fn of(outcomes: &[Outcome]) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            match (outcome.decision, outcome.is_right()) {
                (Decision::Answer, true) => counts.answer_right += 1,
                (Decision::Answer, false) => counts.answer_wrong += 1,
                (Decision::Clarify, _) => counts.clarify += 1,
                (Decision::NoAnswer, _) => counts.no_answer += 1,
            }
        }
        counts
    }

    /// How many questions.
    #[must_use]
    pub fn total(&self) -> usize {
        self.answer_right + self.answer_wrong + self.clarify + self.no_answer
    }
}
