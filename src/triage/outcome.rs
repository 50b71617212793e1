//! [`Triage`]: what is said of a ticket. The one schema of the API, the command line, webhooks and tools.

use serde::Serialize;
use utoipa::ToSchema;

use super::{CategoryGuess, Duplicate, Field, Reason};
use crate::{
    assets::Addresses,
    faq::{EntryId, Image},
    matcher::Match,
    rank::Decision,
    text::marks::MarkedSpan,
};

/// What is said of a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Triage {
    /// The ticket's id, if it has one.
    pub ticket_id: Option<String>,
    /// The questions in reading order, those of the body before those of the subject.
    pub questions: Vec<Found>,
    /// What the ticket is about.
    pub category: Option<CategoryGuess>,
    /// A reply in Chinese made of the answers and their sources; absent when the FAQ has nothing to say. It claims
    /// nothing that was not done.
    pub draft_reply: Option<String>,
    /// Whether a person must look before anything is sent: true exactly when there are reasons.
    pub needs_human: bool,
    /// Why a person must look.
    pub reasons: Vec<Reason>,
    /// An earlier ticket that says the same.
    pub duplicate_of: Option<Duplicate>,
    /// The body as plain text: what the spans of questions in the body point into. The body itself when that is
    /// plain text, as far as it is read.
    pub text: String,
    /// Version of the FAQ.
    pub index_version: u64,
    /// Name of the model.
    pub model: String,
}

impl Triage {
    /// With stored pictures at the addresses under which they are served: whoever gets it does not know the data
    /// directory.
    #[must_use]
    pub fn at(mut self, pictures: &Addresses) -> Self {
        for found in self.questions.iter_mut().flat_map(|question| &mut question.matches) {
            found.answer = pictures.in_markdown(&found.answer);
            for image in &mut found.images {
                image.src = pictures.of(&image.src);
            }
        }
        self.draft_reply = self.draft_reply.map(|reply| pictures.in_markdown(&reply));
        self
    }
}

/// A question of a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Found {
    /// The question as it was asked of the FAQ: without filler and numbers of orders.
    pub text: String,
    /// Where it stands.
    pub field: Field,
    /// Its place there: in `text` for the body, in the subject as it was sent for the subject.
    pub span: MarkedSpan,
    /// Answer, ask back, or hand over.
    pub decision: Decision,
    /// The decision as ticket systems like to show it.
    pub band: Band,
    /// Calibrated probability that the first match is the right one; 0 without one.
    pub confidence: f32,
    /// Entries that may answer it, most probable first.
    pub matches: Vec<Suggestion>,
}

/// How sure the first match of a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Not worth showing to the requester.
    Low,
    /// Worth offering.
    Medium,
    /// Sure enough to be sent.
    High,
}

impl From<Decision> for Band {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Answer => Self::High,
            Decision::Clarify => Self::Medium,
            Decision::NoAnswer => Self::Low,
        }
    }
}

/// An entry that may answer a question.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Suggestion {
    /// Entry id.
    #[schema(value_type = String, example = "wecom-faq-3-1")]
    pub id: EntryId,
    /// Standard question.
    pub question: String,
    /// The answer, Markdown.
    pub answer: String,
    /// The answer's pictures in reading order.
    pub images: Vec<Image>,
    /// From the widest category to the narrowest.
    pub category: Vec<String>,
    /// Where the entry came from: file, and heading where it has one.
    pub source: Option<String>,
    /// Calibrated probability that this entry is the right one.
    pub confidence: f32,
}

impl From<Match> for Suggestion {
    fn from(found: Match) -> Self {
        let entry = found.entry;
        let source = entry.source.as_ref().map(|source| match &source.heading {
            Some(heading) => format!("{} · {heading}", source.file),
            None => source.file.clone(),
        });
        Self {
            id: entry.id.clone(),
            question: entry.question.clone(),
            answer: entry.answer.markdown().to_owned(),
            images: entry.answer.images(),
            category: entry.category.clone(),
            source,
            confidence: found.confidence,
        }
    }
}
