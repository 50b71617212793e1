//! Why a verdict is what it is, on request: [`Explanation`] of the decision, [`MatchExplanation`] of each match.
//!
//! Made from the numbers of a ranking that is finished; a question that asks for no explanation pays nothing.

use serde::Serialize;
use utoipa::ToSchema;

use super::snapshot::{Considered, Snapshot};
use crate::{
    faq::EntryId,
    rank::{
        Decision, Ranked, Thresholds, Wording,
        explain::{ConfidenceParts, Part, Reason, Standing, score_parts},
        ranker::Evidence,
    },
    text::{
        contrast::Contrasts,
        filler::core_key,
        marks::{MarkedText, mark},
        normalize::normalize,
    },
};

/// Why the decision fell as it did. It rests on all entries, whatever `top_k` and filters let through.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Explanation {
    /// Why, for programs.
    pub reason: Reason,
    /// Why, for people, in Chinese.
    pub sentence: String,
    /// Where the decisions change, as probabilities.
    pub thresholds: Thresholds,
    /// The most probable entry: the decision is about this one.
    pub best: Option<Contender>,
    /// The next one.
    pub runner_up: Option<Contender>,
    /// How the confidence in the best came about; absent for a question that an entry has word for word, whose
    /// confidence is fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<ConfidenceParts>,
    /// Entries that were left out because one of their negative questions is this very question.
    #[schema(value_type = Vec<String>)]
    pub kept_out: Vec<EntryId>,
}

/// An entry at the top.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Contender {
    /// Entry id.
    #[schema(value_type = String)]
    pub id: EntryId,
    /// Standard question.
    pub question: String,
    /// Probability that it is the right entry.
    pub confidence: f32,
    /// What it was ordered by. Has no unit and no threshold; only differences within one question mean something.
    pub score: f32,
}

/// Why a match has its place.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MatchExplanation {
    /// What it was ordered by: the sum of all contributions.
    pub score: f32,
    /// Whether it is the question word for word; such a match comes first whatever its score is.
    pub exact: bool,
    /// The parts of the score. More is better for every value; counts of differences are therefore negative.
    pub features: Vec<Part>,
    /// Opposites in which the question and the matched phrasing differ, e.g. `on/off` or `numbers`.
    pub contrasts: Vec<&'static str>,
    /// The question, with the words that the matched phrasing has too.
    pub query: MarkedText,
    /// The matched phrasing, with the words that the question has too.
    pub phrasing: MarkedText,
}

impl Snapshot {
    /// Explains the decision on `text`, of which `ranked` is the outcome.
    pub(super) fn explain(
        &self,
        text: &str,
        decision: Decision,
        considered: &Considered,
        ranked: &[Ranked],
    ) -> Explanation {
        let reading = self.read(text);
        let normalized = reading.text();
        let thresholds = self.ranker.thresholds;
        let confidences: Vec<f32> = ranked.iter().map(|ranked| ranked.confidence).collect();
        let first = ranked.first().map(|first| first.candidate);
        let wording = first.map_or(Wording::Other, |first| considered.wordings[first]);
        let standing = Standing {
            wording,
            sharing: considered.wordings.iter().filter(|&&other| other == wording).count(),
            opposed: first.is_some_and(|first| considered.opposes(first)),
        };
        let reason = Reason::of(normalized.is_blank(), &confidences, standing, thresholds);
        let by_model = wording == Wording::Other;
        let evidence = if by_model { Evidence::of(ranked, &considered.features) } else { None };
        let key = core_key(normalized);
        let kept_out = self.entries.iter().filter(|prepared| {
            !normalized.is_blank() && prepared.negatives.iter().any(|negative| negative.key == key)
        });
        let mut contenders = ranked.iter().map(|ranked| {
            let entry = &self.entries[considered.candidates[ranked.candidate] as usize].entry;
            Contender {
                id: entry.id.clone(),
                question: entry.question.clone(),
                confidence: ranked.confidence,
                score: ranked.score,
            }
        });
        Explanation {
            reason,
            sentence: reason.sentence(decision, confidences.first().copied().unwrap_or(0.0), thresholds),
            thresholds,
            best: contenders.next(),
            runner_up: contenders.next(),
            confidence: evidence.map(|evidence| ConfidenceParts::new(self.ranker.confidence, evidence)),
            kept_out: kept_out.map(|prepared| prepared.entry.id.clone()).collect(),
        }
    }

    /// Explains one of the candidates for `text`.
    pub(super) fn explain_match(
        &self,
        text: &str,
        considered: &Considered,
        ranked: &Ranked,
    ) -> MatchExplanation {
        let at = ranked.candidate;
        let entry = &self.entries[considered.candidates[at] as usize].entry;
        let phrasing = entry.phrasings().nth(considered.nearest[at]).unwrap_or_default();
        let contrasts = |text: &str| Contrasts::of(normalize(text).as_str());
        let [query, matched] = mark(text, phrasing);
        MatchExplanation {
            score: ranked.score,
            exact: considered.wordings[at] == Wording::Same,
            features: score_parts(self.ranker.weights, considered.features[at]),
            contrasts: contrasts(text).difference(&contrasts(phrasing)).names().collect(),
            query,
            phrasing: matched,
        }
    }
}
