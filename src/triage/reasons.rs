//! Why a person must look at a ticket.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Found, Ticket, cues, outcome::Band, split::Clause};

/// A reason to have a person look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reason {
    /// What kind, for programs.
    pub code: ReasonCode,
    /// The question it is about, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<usize>,
    /// The requester's words it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// Kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// The FAQ answers a question not at all.
    UnansweredQuestion,
    /// Entries were found for a question, none of them surely enough.
    LowConfidence,
    /// The right entry has no answer yet.
    EmptyAnswer,
    /// The requester wants a person.
    AsksForPerson,
    /// The requester complains.
    Complaint,
    /// There is no text beside what was attached.
    AttachmentOnly,
    /// There is text, and no question in it.
    NoQuestion,
    /// The ticket is longer than what is read of one.
    TooLong,
}

/// Below this confidence a person had better look, though entries can be offered. Tuned on `data/triage/dev.jsonl`.
const SURE_ENOUGH: f32 = 0.7;

/// A question of so few characters leans on what was said before it (能退吗): that it matches less surely says little,
/// and it must only be answered at all. Tuned as above.
const LEANING_CHARS: usize = 6;

impl ReasonCode {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnansweredQuestion => "unanswered_question",
            Self::LowConfidence => "low_confidence",
            Self::EmptyAnswer => "empty_answer",
            Self::AsksForPerson => "asks_for_person",
            Self::Complaint => "complaint",
            Self::AttachmentOnly => "attachment_only",
            Self::NoQuestion => "no_question",
            Self::TooLong => "too_long",
        }
    }
}

impl Reason {
    fn of(code: ReasonCode) -> Self {
        Self { code, question: None, evidence: None }
    }
}

/// What a ticket was read as.
pub(super) struct Reading<'a> {
    pub(super) ticket: &'a Ticket,
    pub(super) clauses: &'a [Clause],
    /// What the requester wrote, line by line.
    pub(super) lines: &'a [&'a str],
    pub(super) pictures: usize,
    pub(super) questions: &'a [Found],
    pub(super) too_long: bool,
}

/// All reasons, the questions' first.
pub(super) fn reasons(reading: &Reading<'_>) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = reading
        .questions
        .iter()
        .enumerate()
        .filter_map(|(nth, question)| of_question(nth, question))
        .collect();
    reasons.extend(of_words(reading.lines, cues::person, ReasonCode::AsksForPerson));
    reasons.extend(of_words(reading.lines, cues::complaint, ReasonCode::Complaint));
    if reading.too_long {
        reasons.push(Reason::of(ReasonCode::TooLong));
    }
    if reading.questions.is_empty() && reasons.is_empty() {
        let has_files = reading.ticket.attachments + reading.pictures > 0;
        let says_nothing = reading.clauses.is_empty();
        let code =
            if has_files && says_nothing { ReasonCode::AttachmentOnly } else { ReasonCode::NoQuestion };
        reasons.push(Reason::of(code));
    }
    reasons
}

fn of_question(nth: usize, question: &Found) -> Option<Reason> {
    let answers = question.matches.first().is_some_and(|best| !best.answer.is_empty());
    let code = match question.band {
        Band::Low => ReasonCode::UnansweredQuestion,
        Band::Medium
            if question.confidence < SURE_ENOUGH && question.text.chars().count() > LEANING_CHARS =>
        {
            ReasonCode::LowConfidence
        }
        Band::Medium | Band::High if !answers => ReasonCode::EmptyAnswer,
        Band::Medium | Band::High => return None,
    };
    Some(Reason { code, question: Some(nth), evidence: Some(question.text.clone()) })
}

/// The first words that `find` hears. Whoever asks how to complain, or how to reach somebody, only asks.
fn of_words(lines: &[&str], find: fn(&str) -> Option<&str>, code: ReasonCode) -> Option<Reason> {
    let clauses = lines
        .iter()
        .flat_map(|line| line.split_inclusive(['。', '！', '？', '!', '?', '；', ';', '，', ',']));
    let heard = clauses.filter(|clause| !cues::asks_how(clause)).find_map(find)?;
    Some(Reason { evidence: Some(heard.to_owned()), ..Reason::of(code) })
}

/// Whether a clause only complains or calls for somebody, and is therefore no question of its own.
pub(super) fn is_call(clause: &Clause) -> bool {
    let called = cues::person(&clause.text).is_some() || cues::complaint(&clause.text).is_some();
    called && !cues::asks_how(&clause.text)
}
