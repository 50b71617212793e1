//! [`Problem`]: everything that can be wrong with a FAQ, how bad it is, and what to do about it.

use crate::import::{IssueKind, Severity};

/// What is wrong. The text says what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The import left something out or missed a picture.
    #[error(transparent)]
    Import(IssueKind),
    /// A standard question of punctuation or emoji.
    #[error("the question {text:?} has no words, so nobody can ask it; write it out or delete the entry")]
    BlankQuestion {
        /// As written.
        text: String,
    },
    /// A similar question of punctuation or emoji, or none at all.
    #[error("the similar question {text:?} has no words; delete it")]
    BlankSimilar {
        /// As written.
        text: String,
    },
    /// Nothing to say.
    #[error("there is no answer, so whoever asks gets an empty one; write it or disable the entry")]
    NoAnswer,
    /// No entry has an answer: a column was not read, or it is no FAQ.
    #[error("none of the {entries} entries has an answer; is the field of the answers called `answer`?")]
    NoAnswers {
        /// How many entries there are.
        entries: usize,
    },
    /// The same phrasing twice in one entry.
    #[error("the similar question {text:?} is in the entry already; delete it")]
    RepeatedSimilar {
        /// As written.
        text: String,
    },
    /// A negative question that shuts its own entry out.
    #[error(
        "{text:?} is both a question and a negative question here, so it never finds the entry; delete one"
    )]
    OwnNegative {
        /// As written.
        text: String,
    },
    /// Two entries, one question, one answer.
    #[error("both ask {text:?} and give the same answer, so which one counts is left to chance; merge them")]
    AskedTwice {
        /// As the first entry writes it.
        text: String,
    },
    /// Two entries, one question, different answers.
    #[error("{text:?} is answered in two ways; keep one answer, or word the questions so that they differ")]
    TwoAnswers {
        /// As the first entry writes it.
        text: String,
    },
    /// Nearly the same question, nearly the same answer.
    #[error(
        "{text:?} and {other:?} ask and answer nearly the same ({confidence:.2}); merge them, one as a similar question"
    )]
    NearDuplicate {
        /// A question of the first entry.
        text: String,
        /// A question of the second entry.
        other: String,
        /// How sure dayi is that the second entry answers `text`.
        confidence: f32,
    },
    /// Nearly the same question, another answer.
    #[error(
        "{text:?} is easily taken for {other:?} ({confidence:.2}); if they differ, make each a negative question of the \
         other entry, else merge them"
    )]
    Confusable {
        /// A question of the first entry.
        text: String,
        /// A question of the second entry.
        other: String,
        /// How sure dayi is that the second entry answers `text`.
        confidence: f32,
    },
    /// A phrasing that lies nearer to another entry than to the rest of its own.
    #[error(
        "{text:?} is nearer to {other:?} of the second entry than to the rest of its own ({confidence:.2}); move it \
         there, or add similar questions like it"
    )]
    FindsOther {
        /// The phrasing.
        text: String,
        /// The phrasing of the other entry.
        other: String,
        /// How sure dayi would be of the other entry.
        confidence: f32,
    },
}

impl Problem {
    /// Stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Import(kind) => kind.code(),
            Self::BlankQuestion { .. } => "blank_question",
            Self::BlankSimilar { .. } => "blank_similar",
            Self::NoAnswer => "no_answer",
            Self::NoAnswers { .. } => "no_answers",
            Self::RepeatedSimilar { .. } => "repeated_similar",
            Self::OwnNegative { .. } => "own_negative",
            Self::AskedTwice { .. } => "asked_twice",
            Self::TwoAnswers { .. } => "two_answers",
            Self::NearDuplicate { .. } => "near_duplicate",
            Self::Confusable { .. } => "confusable",
            Self::FindsOther { .. } => "finds_other",
        }
    }

    /// An error is certain and costs answers; a warning is for somebody to look at.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Import(kind) => kind.severity(),
            Self::BlankQuestion { .. }
            | Self::NoAnswer
            | Self::NoAnswers { .. }
            | Self::OwnNegative { .. }
            | Self::AskedTwice { .. }
            | Self::TwoAnswers { .. } => Severity::Error,
            Self::BlankSimilar { .. }
            | Self::RepeatedSimilar { .. }
            | Self::NearDuplicate { .. }
            | Self::Confusable { .. }
            | Self::FindsOther { .. } => Severity::Warning,
        }
    }

    /// Calibrated probability behind it, for what the model found.
    #[must_use]
    pub fn confidence(&self) -> Option<f32> {
        match self {
            Self::NearDuplicate { confidence, .. }
            | Self::Confusable { confidence, .. }
            | Self::FindsOther { confidence, .. } => Some(*confidence),
            Self::Import(_)
            | Self::BlankQuestion { .. }
            | Self::BlankSimilar { .. }
            | Self::NoAnswer
            | Self::NoAnswers { .. }
            | Self::RepeatedSimilar { .. }
            | Self::OwnNegative { .. }
            | Self::AskedTwice { .. }
            | Self::TwoAnswers { .. } => None,
        }
    }
}
