//! [`ImportReport`]: what an import left out or wants looked at.
//!
//! Owns the list of everything that can be wrong and its wording; the importers decide when.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::faq::EntryId;

/// What happened to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// File name without its folder.
    pub file: String,
    /// How many entries were imported.
    pub imported: usize,
    /// Everything worth saying, by line.
    pub issues: Vec<Issue>,
}

/// One thing worth saying about a file.
///
/// As JSON: `{"severity", "line", "entry", "kind", "message"}`, with `kind` a stable code such as `number_twice`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Whether something was left out.
    pub severity: Severity,
    /// Line in the file, from 1.
    pub line: Option<usize>,
    /// The entry it is about, when that entry was imported.
    pub entry: Option<EntryId>,
    /// What it is.
    pub kind: IssueKind,
}

/// How bad an [`Issue`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Everything was imported, but somebody should look.
    Warning,
    /// Something was left out.
    Error,
}

/// Every problem an importer can find. The text says what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueKind {
    /// Not a single character.
    #[error("the file is empty")]
    EmptyFile,
    /// Text, but nothing that reads as an entry.
    #[error("no question with an answer was found; questions are numbered bold lines or headings")]
    NoEntries,
    /// A question that nothing follows.
    #[error("the question {question:?} has no answer and was left out")]
    QuestionWithoutAnswer {
        /// The question.
        question: String,
    },
    /// An answer marker that no question precedes.
    #[error("an answer without a question was left out: {excerpt:?}")]
    AnswerWithoutQuestion {
        /// How the answer begins.
        excerpt: String,
    },
    /// A number without words.
    #[error("a question without text was left out")]
    QuestionWithoutText,
    /// The same number twice under one heading.
    #[error(
        "number {number} is already used on line {first_line}; {question:?} was left out, give it its own number"
    )]
    NumberTwice {
        /// The number.
        number: u32,
        /// Where it was used first.
        first_line: usize,
        /// The question that was left out.
        question: String,
    },
    /// Words that belong to no question.
    #[error("text that belongs to no question was left out: {excerpt:?}")]
    TextOutsideEntries {
        /// How the text begins.
        excerpt: String,
    },
    /// A picture file that is not there.
    #[error("the picture {src:?} was not found beside the file; copy it there or upload it")]
    PictureMissing {
        /// Path as written.
        src: String,
    },
    /// A picture that must not be read.
    #[error("the picture {src:?} was removed: {reason}")]
    PictureRefused {
        /// Path as written.
        src: String,
        /// Why.
        reason: &'static str,
    },
    /// The same id twice.
    #[error("the id {id:?} is already used on line {first_line}; this one was left out")]
    IdTwice {
        /// The id.
        id: EntryId,
        /// Where it was used first.
        first_line: usize,
    },
    /// An id that another file of the same import has.
    #[error("the id {id:?} is already used in {first_file}; this one was left out")]
    IdInOtherFile {
        /// The id.
        id: EntryId,
        /// The file that has it.
        first_file: String,
    },
    /// An id that cannot be one.
    #[error("{id:?} cannot be an id, the line was left out: {reason}")]
    InvalidId {
        /// As written.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A line that is not the JSON expected there.
    #[error("the line is not an entry and was left out: {reason}")]
    InvalidLine {
        /// What the JSON parser says.
        reason: String,
    },
    /// A line that is not text.
    #[error("the line is not valid UTF-8 and was left out; save the file as UTF-8")]
    InvalidUtf8,
    /// A field that has no meaning here: most likely a slip of the pen.
    #[error("the field {field:?} is not known and was ignored, here and on any later line")]
    UnknownField {
        /// Its name.
        field: String,
    },
}

impl IssueKind {
    /// Stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptyFile => "empty_file",
            Self::NoEntries => "no_entries",
            Self::QuestionWithoutAnswer { .. } => "question_without_answer",
            Self::AnswerWithoutQuestion { .. } => "answer_without_question",
            Self::QuestionWithoutText => "question_without_text",
            Self::NumberTwice { .. } => "number_twice",
            Self::TextOutsideEntries { .. } => "text_outside_entries",
            Self::PictureMissing { .. } => "picture_missing",
            Self::PictureRefused { .. } => "picture_refused",
            Self::IdTwice { .. } => "id_twice",
            Self::IdInOtherFile { .. } => "id_in_other_file",
            Self::InvalidId { .. } => "invalid_id",
            Self::InvalidLine { .. } => "invalid_line",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::UnknownField { .. } => "unknown_field",
        }
    }

    /// Whether something was left out because of it.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::TextOutsideEntries { .. } | Self::PictureMissing { .. } | Self::UnknownField { .. } => {
                Severity::Warning
            }
            Self::EmptyFile
            | Self::NoEntries
            | Self::QuestionWithoutAnswer { .. }
            | Self::AnswerWithoutQuestion { .. }
            | Self::QuestionWithoutText
            | Self::NumberTwice { .. }
            | Self::PictureRefused { .. }
            | Self::IdTwice { .. }
            | Self::IdInOtherFile { .. }
            | Self::InvalidId { .. }
            | Self::InvalidLine { .. }
            | Self::InvalidUtf8 => Severity::Error,
        }
    }
}

impl ImportReport {
    pub(super) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), imported: 0, issues: Vec::new() }
    }

    pub(super) fn push(&mut self, line: Option<usize>, entry: Option<&EntryId>, kind: IssueKind) {
        self.issues.push(Issue { severity: kind.severity(), line, entry: entry.cloned(), kind });
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(entry) = &self.entry {
            write!(f, "{entry}: ")?;
        }
        write!(f, "{}", self.kind)
    }
}

impl Serialize for Issue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Issue", 5)?;
        fields.serialize_field("severity", &self.severity)?;
        fields.serialize_field("line", &self.line)?;
        fields.serialize_field("entry", &self.entry)?;
        fields.serialize_field("kind", self.kind.code())?;
        fields.serialize_field("message", &self.kind.to_string())?;
        fields.end()
    }
}

/// The first words of a text that may be long, for a message.
pub(super) fn excerpt(text: &str) -> String {
    const CHARACTERS: usize = 30;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_reads_well_for_people_and_for_programs() {
        let kind = IssueKind::PictureMissing { src: "a.png".into() };
        let mut report = ImportReport::new("faq.md");
        report.push(Some(7), Some(&"faq-3-9".parse().unwrap()), kind);
        assert_eq!(
            report.issues[0].to_string(),
            "line 7: faq-3-9: the picture \"a.png\" was not found beside the file; copy it there or upload it"
        );
        assert_eq!(
            serde_json::to_value(&report.issues[0]).unwrap(),
            serde_json::json!({
                "severity": "warning", "line": 7, "entry": "faq-3-9", "kind": "picture_missing",
                "message": "the picture \"a.png\" was not found beside the file; copy it there or upload it",
            })
        );
    }

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        assert_eq!(excerpt("短"), "短");
        assert_eq!(excerpt(&"群".repeat(40)), format!("{}…", "群".repeat(30)));
    }
}
