//! The difference between two reports: what a change to the FAQ, the model or the weights did.
//!
//! Owns no metric: it goes by [`Metric`]. The caller decides what a regression means for its exit code.

use std::{
    collections::HashMap,
    fmt::{Result, Write},
};

use super::{
    measure::Metric,
    outcome::Group,
    report::{QuestionResult, Report, decision_label, terminal},
};
use crate::rank::policy::Decision;

/// So many questions of a kind are printed.
const SHOWN: usize = 20;

/// Smaller differences are rounding.
const EPSILON: f64 = 1e-9;

/// What changed from a baseline to now.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison<'a> {
    /// Every metric that either report has.
    pub metrics: Vec<MetricChange>,
    /// Every question of both reports that is now answered or ranked otherwise.
    pub questions: Vec<QuestionChange<'a>>,
    /// Questions that only the baseline has.
    pub removed: usize,
    /// Questions that only the new report has.
    pub added: usize,
    /// What was evaluated then and now, as model and index, where that differs.
    pub setup: Option<[(&'a str, &'a str); 2]>,
}

/// A metric then and now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricChange {
    /// Which.
    pub metric: Metric,
    /// Its value in the baseline.
    pub before: Option<f64>,
    /// Its value now.
    pub after: Option<f64>,
}

/// A question then and now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuestionChange<'a> {
    /// What became of it.
    pub kind: ChangeKind,
    /// In the baseline.
    pub before: &'a QuestionResult,
    /// Now.
    pub after: &'a QuestionResult,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It was right and is wrong now.
    NewlyWrong,
    /// It was wrong and is right now.
    NewlyRight,
    /// As right or wrong as before, but another decision.
    DecisionChanged,
}

impl MetricChange {
    /// By how much it got better (negative: worse), whichever direction that is; `None` unless both reports have it.
    #[must_use]
    pub fn gain(&self) -> Option<f64> {
        let difference = self.after? - self.before?;
        Some(if self.metric.higher_is_better() { difference } else { -difference })
    }
}

impl ChangeKind {
    /// The name in reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NewlyWrong => "newly wrong",
            Self::NewlyRight => "newly right",
            Self::DecisionChanged => "decided otherwise",
        }
    }
}

impl<'a> Comparison<'a> {
    /// Compares `after` with `before`. Questions are matched by group and text; one asked several times is matched
    /// in order.
    #[must_use]
    pub fn new(before: &'a Report, after: &'a Report) -> Self {
        let metrics = Metric::ALL
            .into_iter()
            .map(|metric| MetricChange {
                metric,
                before: before.summary.value(metric),
                after: after.summary.value(metric),
            })
            .filter(|change| change.before.is_some() || change.after.is_some())
            .collect();
        let mut known: HashMap<(Group, &str), Vec<&QuestionResult>> = HashMap::new();
        // Reversed, so that popping gives them back in order.
        for question in before.questions.iter().rev() {
            known.entry((question.group, &question.query)).or_default().push(question);
        }
        let (mut questions, mut matched) = (Vec::new(), 0);
        for question in &after.questions {
            if let Some(earlier) =
                known.get_mut(&(question.group, question.query.as_str())).and_then(Vec::pop)
            {
                matched += 1;
                questions.extend(change(earlier, question));
            }
        }
        questions.sort_by_key(|change: &QuestionChange<'_>| change.kind);
        Self {
            metrics,
            questions,
            removed: before.questions.len() - matched,
            added: after.questions.len() - matched,
            setup: (setup(before) != setup(after)).then(|| [setup(before), setup(after)]),
        }
    }

    /// The metrics that got worse by more than `tolerance` (0.01 is one percentage point), and those that the
    /// baseline has and the new report no longer measures: a check that went missing is no success.
    #[must_use]
    pub fn regressions(&self, tolerance: f64) -> Vec<MetricChange> {
        self.metrics
            .iter()
            .filter(|change| match change.gain() {
                Some(gain) => gain < -(tolerance + EPSILON),
                None => change.before.is_some(),
            })
            .copied()
            .collect()
    }

    /// The comparison for a terminal; metrics that got worse by more than `tolerance` are marked.
    #[must_use]
    pub fn text(&self, tolerance: f64) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_text(tolerance, &mut out);
        out
    }

    fn write_text(&self, tolerance: f64, out: &mut String) -> Result {
        if let Some([(model, index), (new_model, new_index)]) = self.setup.map(|setup| setup.map(both_plain))
        {
            writeln!(out, "{model} on {index} -> {new_model} on {new_index}\n")?;
        }
        let regressions = self.regressions(tolerance);
        writeln!(out, "{:<24}{:>9}{:>9}{:>9}", "metric", "baseline", "now", "change")?;
        for change in &self.metrics {
            let number =
                |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
            let difference = change.after.zip(change.before).map_or_else(String::new, |(after, before)| {
                let difference = after - before;
                if difference.abs() < EPSILON { "=".to_owned() } else { format!("{difference:+.3}") }
            });
            let mark = if regressions.contains(change) { "  worse" } else { "" };
            let (before, after) = (number(change.before), number(change.after));
            writeln!(out, "{:<24}{before:>9}{after:>9}{difference:>9}{mark}", change.metric.label())?;
        }
        if self.removed + self.added > 0 {
            writeln!(
                out,
                "\nThe questions differ: {} of the baseline are gone, {} are new.",
                self.removed, self.added
            )?;
        }
        for changes in self.questions.chunk_by(|a, b| a.kind == b.kind) {
            let kind = changes.first().map_or("", |change| change.kind.label());
            writeln!(out, "\n{kind}: {}", changes.len())?;
            for change in changes.iter().take(SHOWN) {
                writeln!(
                    out,
                    "  {}: {} -> {}",
                    terminal(&change.after.query),
                    verdict(change.before),
                    verdict(change.after)
                )?;
            }
            if changes.len() > SHOWN {
                writeln!(out, "  … and {} more", changes.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}

fn setup(report: &Report) -> (&str, &str) {
    (&report.summary.model, &report.summary.index)
}

fn both_plain((model, index): (&str, &str)) -> (String, String) {
    (terminal(model), terminal(index))
}

/// `first-entry .93 (answer)`.
fn verdict(question: &QuestionResult) -> String {
    let decision = decision_label(question.decision);
    match question.ranked.first() {
        Some(first) => format!("{} {:.2} ({decision})", terminal(first.id.as_str()), first.confidence),
        None => format!("nothing ({decision})"),
    }
}

/// What is right: for an answerable question that a right entry comes first, for any other that it is not answered.
fn is_right(question: &QuestionResult) -> bool {
    match question.group {
        Group::Answerable => question.rank == Some(1),
        Group::NearMiss | Group::OutOfScope | Group::HeldOut => question.decision != Decision::Answer,
    }
}

fn change<'a>(before: &'a QuestionResult, after: &'a QuestionResult) -> Option<QuestionChange<'a>> {
    let kind = match (is_right(before), is_right(after)) {
        (true, false) => ChangeKind::NewlyWrong,
        (false, true) => ChangeKind::NewlyRight,
        (true, true) | (false, false) if before.decision != after.decision => ChangeKind::DecisionChanged,
        (true, true) | (false, false) => return None,
    };
    Some(QuestionChange { kind, before, after })
}

#[cfg(test)]
mod tests;
