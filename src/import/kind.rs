//! [`IssueKind`]: everything that can be wrong with a file, and its wording.

use jiff::civil::Date;

use super::report::Severity;
use crate::faq::EntryId;

/// Every problem an importer can find. The text says what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueKind {
    /// Not a single character.
    #[error("the file is empty")]
    EmptyFile,
    /// Text, but nothing that reads as an entry.
    #[error("no question with an answer was found; questions are numbered bold lines or headings")]
    NoEntries,
    /// A table that ends with the names of its columns.
    #[error("there is no row below the header; every row there is a question with its answer")]
    NoRows,
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
        reason: String,
    },
    /// The same id twice.
    #[error("the id {id} is already used on line {first_line}; this one was left out")]
    IdTwice {
        /// The id.
        id: EntryId,
        /// Where it was used first.
        first_line: usize,
    },
    /// An id that another file of the same import has.
    #[error("the id {id} is already used in {first_file}; this one was left out")]
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
    /// A cell that does not say what its column asks for.
    #[error("{column} should be {expected}, not {value:?}; the row was left out")]
    InvalidValue {
        /// The column's name as in the file.
        column: String,
        /// As written.
        value: String,
        /// What would do.
        expected: &'static str,
    },
    /// A row that goes on behind the last column: most likely a comma in an answer.
    #[error(
        "the row has {cells} cells and the header {named}, so the row was left out; put a cell that has a comma or a tab \
         in its text into quotation marks, or name every column"
    )]
    CellsBeyondHeader {
        /// Cells up to the last one that is filled.
        cells: usize,
        /// Columns up to the last one that has a name.
        named: usize,
    },
    /// It ends before it begins.
    #[error("it would be valid from {from} until {until}, that is never; it was left out")]
    NeverValid {
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// A text, or a list of texts, over the limit.
    #[error("{question:?} was left out: it has {has} {what}, at most {limit} are allowed")]
    TooLong {
        /// How the question begins.
        question: String,
        /// How many.
        has: usize,
        /// `characters in its answer` and the like.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The same question with the same answer.
    #[error("{question:?} stands on line {first_line} already, with the same answer; this one was left out")]
    SameTwice {
        /// The question.
        question: String,
        /// Where it stands first.
        first_line: usize,
    },
    /// The same question again: both are kept, but who asks can only get one.
    #[error("{question:?} is already answered on line {first_line}; keep one of them")]
    QuestionTwice {
        /// The question.
        question: String,
        /// Where it stands first.
        first_line: usize,
    },
    /// The same question in another file of the same import.
    #[error("{question:?} is already answered in {first_file}; keep one of them")]
    QuestionInOtherFile {
        /// The question.
        question: String,
        /// The file that has it.
        first_file: String,
    },
    /// A sheet without entries.
    #[error("the sheet {name:?} was left out: no row of it names the columns")]
    SheetWithoutHeader {
        /// Its name.
        name: String,
    },
    /// A sheet that its author does not show.
    #[error("the hidden sheet {name:?} was left out; unhide it to import it")]
    HiddenSheet {
        /// Its name.
        name: String,
    },
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
            Self::NoRows => "no_rows",
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
            Self::InvalidValue { .. } => "invalid_value",
            Self::CellsBeyondHeader { .. } => "cells_beyond_header",
            Self::NeverValid { .. } => "never_valid",
            Self::TooLong { .. } => "too_long",
            Self::SameTwice { .. } => "same_twice",
            Self::QuestionTwice { .. } => "question_twice",
            Self::QuestionInOtherFile { .. } => "question_in_other_file",
            Self::SheetWithoutHeader { .. } => "sheet_without_header",
            Self::HiddenSheet { .. } => "hidden_sheet",
            Self::UnknownField { .. } => "unknown_field",
        }
    }

    /// Whether something was left out because of it.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::TextOutsideEntries { .. }
            | Self::PictureMissing { .. }
            | Self::QuestionTwice { .. }
            | Self::QuestionInOtherFile { .. }
            | Self::SheetWithoutHeader { .. }
            | Self::HiddenSheet { .. }
            | Self::UnknownField { .. } => Severity::Warning,
            Self::EmptyFile
            | Self::NoEntries
            | Self::NoRows
            | Self::QuestionWithoutAnswer { .. }
            | Self::AnswerWithoutQuestion { .. }
            | Self::QuestionWithoutText
            | Self::NumberTwice { .. }
            | Self::PictureRefused { .. }
            | Self::IdTwice { .. }
            | Self::IdInOtherFile { .. }
            | Self::InvalidId { .. }
            | Self::InvalidLine { .. }
            | Self::InvalidValue { .. }
            | Self::CellsBeyondHeader { .. }
            | Self::NeverValid { .. }
            | Self::TooLong { .. }
            | Self::SameTwice { .. }
            | Self::InvalidUtf8 => Severity::Error,
        }
    }

    /// Whether it is about a question that is asked elsewhere too, and was kept.
    #[must_use]
    pub fn is_asked_twice(&self) -> bool {
        matches!(self, Self::QuestionTwice { .. } | Self::QuestionInOtherFile { .. })
    }

    /// Whether something was left out because it is there already.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::SameTwice { .. } | Self::IdTwice { .. } | Self::IdInOtherFile { .. })
    }
}
