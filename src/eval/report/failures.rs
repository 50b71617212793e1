//! What went wrong, question by question and pair by pair.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{QuestionResult, Report};
use crate::{eval::outcome::Group, faq::EntryId, rank::policy::Decision};

/// How a question failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Answered although nothing in the FAQ answers it.
    AnsweredAnyway,
    /// Another entry came first than the right one, whatever was decided.
    WrongFirst,
    /// The right entry came first and was not given as the answer.
    HeldBack,
}

impl FailureKind {
    /// All of them, the worst first.
    pub const ALL: [Self; 3] = [Self::AnsweredAnyway, Self::WrongFirst, Self::HeldBack];

    /// The name in reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::AnsweredAnyway => "Answered, though the FAQ has no answer",
            Self::WrongFirst => "Another entry came first",
            Self::HeldBack => "Right entry first, but not given as the answer",
        }
    }
}

/// A question that failed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failure<'a> {
    /// How.
    pub kind: FailureKind,
    /// Which.
    pub question: &'a QuestionResult,
}

impl<'a> Failure<'a> {
    fn of(question: &'a QuestionResult) -> Option<Self> {
        let answered = question.decision == Decision::Answer;
        let kind = match question.group {
            Group::Answerable if question.rank != Some(1) => FailureKind::WrongFirst,
            Group::Answerable if !answered => FailureKind::HeldBack,
            Group::NearMiss | Group::OutOfScope | Group::HeldOut if answered => FailureKind::AnsweredAnyway,
            Group::Answerable | Group::NearMiss | Group::OutOfScope | Group::HeldOut => return None,
        };
        Some(Self { kind, question })
    }

    /// The entry that should have won: the best placed of the right ones, else the first of them.
    #[must_use]
    pub fn expected(&self) -> Option<&'a EntryId> {
        expected(self.question)
    }

    /// The confidence in [`Failure::expected`], where the report still has it.
    #[must_use]
    pub fn expected_confidence(&self) -> Option<f32> {
        let expected = self.expected()?;
        self.question.ranked.iter().find(|ranked| ranked.id == *expected).map(|ranked| ranked.confidence)
    }
}

/// Every failed question, the worst kind first, the surest of each kind first.
#[must_use]
pub fn failures(report: &Report) -> Vec<Failure<'_>> {
    let mut failures: Vec<Failure<'_>> = report.questions.iter().filter_map(Failure::of).collect();
    failures.sort_by(|a, b| {
        a.kind.cmp(&b.kind).then_with(|| b.question.confidence().total_cmp(&a.question.confidence()))
    });
    failures
}

/// Two entries that are taken for each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusedPair {
    /// One entry.
    pub a: EntryId,
    /// The other.
    pub b: EntryId,
    /// Questions of `a` that `b` won.
    pub a_lost: usize,
    /// Questions of `b` that `a` won.
    pub b_lost: usize,
}

/// The pairs of entries that are confused, the most often confused first.
#[must_use]
pub fn confused_pairs(report: &Report) -> Vec<ConfusedPair> {
    let mut counts: BTreeMap<(&EntryId, &EntryId), (usize, usize)> = BTreeMap::new();
    for question in &report.questions {
        if question.group != Group::Answerable || question.rank == Some(1) {
            continue;
        }
        if let (Some(lost), Some(won)) = (expected(question), question.ranked.first()) {
            let won = &won.id;
            let count = counts.entry((lost.min(won), lost.max(won))).or_default();
            if lost < won { count.0 += 1 } else { count.1 += 1 }
        }
    }
    let mut pairs: Vec<ConfusedPair> = counts
        .into_iter()
        .map(|((a, b), (a_lost, b_lost))| ConfusedPair { a: a.clone(), b: b.clone(), a_lost, b_lost })
        .collect();
    // Stable: equally frequent pairs stay in the order of their ids.
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.a_lost + pair.b_lost));
    pairs
}

fn expected(question: &QuestionResult) -> Option<&EntryId> {
    question
        .ranked
        .iter()
        .map(|ranked| &ranked.id)
        .find(|id| question.relevant.contains(id))
        .or_else(|| question.relevant.first())
}
