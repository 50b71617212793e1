//! Probability to decision: answer, ask back, or hand over. A threshold is only ever put on a calibrated
//! probability, never on a raw cosine.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What dayi does with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Sure enough: the first entry is the answer.
    Answer,
    /// Some entries are worth offering: "您是不是想问".
    Clarify,
    /// Nothing fits: hand over to a person.
    NoAnswer,
}

impl Decision {
    /// The name in JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Clarify => "clarify",
            Self::NoAnswer => "no_answer",
        }
    }
}

/// Where the decisions change, as probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// From this confidence in the best entry on it is the answer.
    pub answer: f32,
    /// From this confidence in the best entry on it is worth offering.
    pub clarify: f32,
}

/// Decides on the confidences of all candidates, most probable first.
///
/// `opposed`: the best one differs from the question in a word that turns it round (开启/关闭, 个人/企业, a number).
/// However alike the two are otherwise, it is then offered at most: whoever wants to close something must not be told
/// how to open it.
#[must_use]
pub fn decide(confidences: &[f32], thresholds: Thresholds, opposed: bool) -> Decision {
    match confidences.first() {
        Some(&best) if best >= thresholds.answer && !opposed => Decision::Answer,
        Some(&best) if best >= thresholds.clarify => Decision::Clarify,
        Some(_) | None => Decision::NoAnswer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLDS: Thresholds = Thresholds { answer: 0.7, clarify: 0.3 };

    #[test]
    fn the_best_confidence_decides() {
        assert_eq!(decide(&[0.7, 0.2], THRESHOLDS, false), Decision::Answer);
        assert_eq!(decide(&[0.69, 0.2], THRESHOLDS, false), Decision::Clarify);
        assert_eq!(decide(&[0.29, 0.2], THRESHOLDS, false), Decision::NoAnswer);
    }

    #[test]
    fn an_opposed_question_is_offered_at_most() {
        assert_eq!(decide(&[0.99, 0.0], THRESHOLDS, true), Decision::Clarify);
        assert_eq!(decide(&[0.29, 0.0], THRESHOLDS, true), Decision::NoAnswer);
    }

    #[test]
    fn nothing_found_is_no_answer() {
        assert_eq!(decide(&[], THRESHOLDS, false), Decision::NoAnswer);
    }
}
