//! The domain: what a FAQ is made of. No I/O here.
//!
//! Terms, once in Chinese: an *entry* is one answer with its *standard question* (标准问), its *similar questions*
//! (相似问: other phrasings of the same question) and its *negative questions* (反例: look alike, are not meant).

mod answer;
mod id;
mod limits;
mod space;

pub use answer::{Answer, Image};
pub use id::{EntryId, EntryIdError};
pub use limits::{MAX_ANSWER_CHARS, MAX_PHRASINGS, MAX_QUESTION_CHARS};
pub use space::{SpaceName, SpaceNameError};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// One answer and the questions it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Stable identifier, unique in its FAQ.
    pub id: EntryId,
    /// Standard question (标准问).
    pub question: String,
    /// Similar questions (相似问).
    #[serde(default)]
    pub similar: Vec<String>,
    /// Negative questions (反例).
    #[serde(default)]
    pub negative: Vec<String>,
    /// The answer, Markdown.
    #[serde(default)]
    pub answer: Answer,
    /// Path from the widest category to the narrowest.
    #[serde(default)]
    pub category: Vec<String>,
    /// Free labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// A disabled entry is kept but never matched.
    #[serde(default = "enabled_by_default")]
    pub enabled: bool,
    /// First day on which the entry is valid.
    #[serde(default)]
    pub valid_from: Option<Date>,
    /// Last day on which the entry is valid.
    #[serde(default)]
    pub valid_until: Option<Date>,
    /// Where the entry came from.
    #[serde(default)]
    pub source: Option<Source>,
    /// Last change.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
}

fn enabled_by_default() -> bool {
    true
}

/// Where in which file an entry was found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    /// File name without its folder.
    pub file: String,
    /// The heading above the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// The number the author gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// First line of the entry in the file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

impl Entry {
    /// An enabled entry with nothing but its question and answer.
    #[must_use]
    pub fn new(id: EntryId, question: impl Into<String>, answer: impl Into<String>) -> Self {
        Self {
            id,
            question: question.into(),
            similar: Vec::new(),
            negative: Vec::new(),
            answer: Answer::new(answer),
            category: Vec::new(),
            tags: Vec::new(),
            enabled: true,
            valid_from: None,
            valid_until: None,
            source: None,
            updated_at: None,
        }
    }

    /// Every way of asking for this entry: the standard question first, then the similar ones.
    pub fn phrasings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.question.as_str()).chain(self.similar.iter().map(String::as_str))
    }

    /// Whether the two say the same: all but where they came from and when they were changed.
    #[must_use]
    pub fn has_content_of(&self, other: &Self) -> bool {
        let bare = |entry: &Self| Self { source: None, updated_at: None, ..entry.clone() };
        bare(self) == bare(other)
    }

    /// Whether the entry may be matched on `day`.
    #[must_use]
    pub fn is_active_on(&self, day: Date) -> bool {
        self.enabled
            && self.valid_from.is_none_or(|from| from <= day)
            && self.valid_until.is_none_or(|until| day <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry::new("a-1".parse().unwrap(), "群能解散吗", "可以")
    }

    #[test]
    fn validity_includes_the_first_and_the_last_day() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let entry =
            Entry { valid_from: Some(day("2026-01-02")), valid_until: Some(day("2026-01-03")), ..entry() };
        let active: Vec<bool> = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]
            .map(|text| entry.is_active_on(day(text)))
            .to_vec();
        assert_eq!(active, [false, true, true, false]);
    }

    #[test]
    fn a_disabled_entry_is_never_active() {
        let entry = Entry { enabled: false, ..entry() };
        assert!(!entry.is_active_on("2026-01-01".parse().unwrap()));
    }

    #[test]
    fn an_unknown_field_in_json_is_refused() {
        let error = serde_json::from_str::<Entry>(r#"{"id":"a","question":"b","anwser":"c"}"#).unwrap_err();
        assert!(error.to_string().contains("anwser"), "{error}");
    }
}
