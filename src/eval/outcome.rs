//! What came back for each labelled question: the raw material of every metric.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::dataset::Labelled;
use crate::{
    embed::Embedded,
    faq::EntryId,
    matcher::{Query, Snapshot},
    rank::policy::Decision,
    vector::VectorError,
};

/// How deep a ranked list is looked at.
pub const DEPTH: usize = 10;

/// One question and what the matcher made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What was asked.
    pub query: String,
    /// The entries that answer it; empty when nothing should.
    pub relevant: Vec<EntryId>,
    /// The entries found, best first; at most [`DEPTH`] count.
    pub ranked: Vec<Ranked>,
    /// What the policy decided.
    pub decision: Decision,
    /// Where a right entry would be if one score alone ordered the candidates.
    pub alone: Alone<Option<usize>>,
    /// From question to verdict.
    pub took: Duration,
}

/// Something for each of the two scores that could order candidates on their own.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Alone<T> {
    /// The similarity of the vectors.
    pub dense: T,
    /// The words in common (BM25).
    pub lexical: T,
}

/// Rank, from 1, of the first right candidate when `scores` alone order them, within the first [`DEPTH`]. A candidate
/// that scores nothing is not found; of equal ones the first in the list comes first.
#[must_use]
pub fn rank_by(scores: &[f32], right: &[bool]) -> Option<usize> {
    let better = |at: usize| {
        let before = |other: usize| scores[other].total_cmp(&scores[at]).then(at.cmp(&other)).is_gt();
        (0..scores.len()).filter(|&other| before(other)).count()
    };
    let candidates = scores.iter().zip(right).enumerate();
    let found = candidates.filter(|(_, (score, right))| **score > 0.0 && **right);
    found.map(|(at, _)| better(at) + 1).min().filter(|&rank| rank <= DEPTH)
}

/// An entry in a ranked list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// Which entry.
    pub id: EntryId,
    /// Probability, 0..=1, that this entry is the right one.
    pub confidence: f32,
    /// The parts of the score by name (`dense`, `lexical`, …), where the matcher tells them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<String, f32>,
}

impl Ranked {
    /// The confidence within 0..=1; 0 when it is no number.
    #[must_use]
    pub fn probability(&self) -> f64 {
        let confidence = f64::from(self.confidence);
        if confidence.is_nan() { 0.0 } else { confidence.clamp(0.0, 1.0) }
    }
}

/// Kinds of labelled questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The FAQ answers it.
    Answerable,
    /// Looks like an entry, asks something else.
    NearMiss,
    /// Nothing to do with the FAQ.
    OutOfScope,
    /// Its entry was taken out of the FAQ.
    HeldOut,
}

impl Group {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Answerable, Self::NearMiss, Self::OutOfScope, Self::HeldOut];

    /// The name in reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Answerable => "answerable",
            Self::NearMiss => "near miss",
            Self::OutOfScope => "out of scope",
            Self::HeldOut => "held out",
        }
    }
}

/// All outcomes of an evaluation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// Questions with an answer.
    pub answerable: Vec<Outcome>,
    /// Questions that look like an entry and are none.
    pub near_miss: Vec<Outcome>,
    /// Questions far from the FAQ.
    pub out_of_scope: Vec<Outcome>,
    /// Questions whose entries were left out of the FAQ that was asked.
    pub held_out: Vec<Outcome>,
    /// The answerable questions asked of that same reduced FAQ.
    ///
    /// Left empty when the other groups were asked of the reduced FAQ as well. When it is not empty, the held-out
    /// questions are an experiment of their own: they give their AUC and their decisions, and stay out of the
    /// numbers over all questions, because the answerable ones already contain them.
    pub held_out_control: Vec<Outcome>,
}

impl Run {
    /// The outcomes of a group.
    #[must_use]
    pub fn group(&self, group: Group) -> &[Outcome] {
        match group {
            Group::Answerable => &self.answerable,
            Group::NearMiss => &self.near_miss,
            Group::OutOfScope => &self.out_of_scope,
            Group::HeldOut => &self.held_out,
        }
    }

    /// The groups that calibration is measured over: all with questions, asked of one and the same FAQ.
    #[must_use]
    pub fn pooled(&self) -> Vec<Group> {
        let separate = !self.held_out_control.is_empty();
        Group::ALL
            .into_iter()
            .filter(|&group| !self.group(group).is_empty())
            .filter(|&group| !(separate && group == Group::HeldOut))
            .collect()
    }
}

impl Outcome {
    /// What `snapshot` makes of `question`, which was asked at `start` and of which the model made `embedded`.
    ///
    /// # Errors
    /// When the vector does not fit the index.
    pub fn judge(
        question: &Labelled,
        snapshot: &Snapshot,
        embedded: &Embedded,
        start: Instant,
    ) -> Result<Self, VectorError> {
        let query = Query { text: question.query.clone(), top_k: DEPTH, ..Query::default() };
        let considered = snapshot.consider(&query.text, embedded)?;
        let verdict = snapshot.conclude(&query, &considered);
        let took = start.elapsed();
        let is_right =
            |&entry: &u32| snapshot.entry(entry).is_some_and(|e| question.relevant.contains(&e.id));
        let right: Vec<bool> = considered.candidates.iter().map(is_right).collect();
        let dense: Vec<f32> = considered.features.iter().map(|features| features.dense).collect();
        let alone = Alone { dense: rank_by(&dense, &right), lexical: rank_by(&considered.lexical, &right) };
        let ranked = verdict.matches.iter().map(|found| Ranked {
            id: found.entry.id.clone(),
            confidence: found.confidence,
            scores: found.scores.named().map(|(name, value)| (name.to_owned(), value)).into(),
        });
        let (ranked, decision) = (ranked.collect(), verdict.decision);
        Ok(Self { query: query.text, relevant: question.relevant.clone(), ranked, decision, alone, took })
    }

    /// The entries of the ranked list, none twice, at most [`DEPTH`].
    pub fn ranking(&self) -> impl Iterator<Item = &Ranked> {
        self.ranked
            .iter()
            .enumerate()
            .filter(|(index, ranked)| self.ranked[..*index].iter().all(|earlier| earlier.id != ranked.id))
            .map(|(_, ranked)| ranked)
            .take(DEPTH)
    }

    /// Rank, from 1, of the first entry that answers the question.
    #[must_use]
    pub fn rank(&self) -> Option<usize> {
        self.ranking().position(|ranked| self.relevant.contains(&ranked.id)).map(|index| index + 1)
    }

    /// Confidence in the first entry, within 0..=1; 0 when nothing was found or it is no number.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.ranked.first().map_or(0.0, Ranked::probability)
    }

    /// Whether the first entry is right.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.rank() == Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_score_alone_ranks_by_size_then_by_place_and_does_not_find_what_scores_nothing() {
        let right = [false, true, false, true];
        assert_eq!(rank_by(&[0.9, 0.5, 0.7, 0.1], &right), Some(3));
        assert_eq!(rank_by(&[0.5, 0.5, 0.5, 0.5], &right), Some(2));
        assert_eq!(rank_by(&[0.9, 0.0, 0.7, 0.0], &right), None);
        assert_eq!(rank_by(&[0.9, 0.8], &[false, false]), None);
        let many: Vec<f32> = (0..12u8).rev().map(|score| f32::from(score) + 1.0).collect();
        let only = |at: usize| (0..12).map(|nth| nth == at).collect::<Vec<bool>>();
        assert_eq!(rank_by(&many, &only(9)), Some(10));
        assert_eq!(rank_by(&many, &only(10)), None, "beyond the first ten");
    }
}
