//! What is done with a ranked, calibrated list: answer, ask back, or hand over.

use serde::{Deserialize, Serialize};

/// What dayi does with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Sure enough: the first entry is the answer.
    Answer,
    /// Some entries are worth offering: "did you mean …".
    Clarify,
    /// Nothing fits: hand over to a person.
    NoAnswer,
}
