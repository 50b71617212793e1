//! [`ImportReport`]: what an import left out or wants looked at.
//!
//! What can be wrong, and its wording, is in `kind`; the importers decide when.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};
use utoipa::ToSchema;

pub use super::kind::IssueKind;
use crate::faq::EntryId;

/// What happened to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportReport {
    /// File name without its folder.
    pub file: String,
    /// How many entries were imported.
    pub imported: usize,
    /// How many were left out because they are there already.
    pub skipped: usize,
    /// How many rows, lines or questions could not be used.
    pub failed: usize,
    /// Everything worth saying, by line.
    #[schema(value_type = Vec<Object>)]
    pub issues: Vec<Issue>,
}

/// One thing worth saying about a file.
///
/// As JSON: `{"severity", "sheet"?, "line", "entry", "kind", "message"}`, with `kind` a stable code such as
/// `number_twice`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Whether something was left out.
    pub severity: Severity,
    /// Sheet of the file, where it has several.
    pub sheet: Option<String>,
    /// Line in the file, or row of the sheet, from 1.
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

impl ImportReport {
    pub(super) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), imported: 0, skipped: 0, failed: 0, issues: Vec::new() }
    }

    pub(super) fn push(&mut self, line: Option<usize>, entry: Option<&EntryId>, kind: IssueKind) {
        self.push_in(None, line, entry, kind);
    }

    /// As [`push`](Self::push), about a line of one of several sheets.
    pub(super) fn push_in(
        &mut self,
        sheet: Option<&str>,
        line: Option<usize>,
        entry: Option<&EntryId>,
        kind: IssueKind,
    ) {
        let (severity, sheet) = (kind.severity(), sheet.map(str::to_owned));
        self.issues.push(Issue { severity, sheet, line, entry: entry.cloned(), kind });
    }

    /// Counts what was left out.
    pub(super) fn count(&mut self, imported: usize) {
        let left_out = self.issues.iter().filter(|issue| issue.is_entry_left_out());
        let (skipped, failed): (Vec<_>, Vec<_>) = left_out.partition(|issue| issue.kind.is_duplicate());
        (self.imported, self.skipped, self.failed) = (imported, skipped.len(), failed.len());
    }
}

impl Issue {
    /// Whether it is about something that would have been an entry and is none.
    #[must_use]
    pub fn is_entry_left_out(&self) -> bool {
        let is_other = matches!(
            self.kind,
            IssueKind::PictureRefused { .. }
                | IssueKind::EmptyFile
                | IssueKind::NoEntries
                | IssueKind::NoRows
        );
        self.severity == Severity::Error && !is_other
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sheet) = &self.sheet {
            write!(f, "sheet {sheet}, ")?;
        }
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
        let mut fields = serializer.serialize_struct("Issue", 5 + usize::from(self.sheet.is_some()))?;
        fields.serialize_field("severity", &self.severity)?;
        match &self.sheet {
            Some(sheet) => fields.serialize_field("sheet", sheet)?,
            None => fields.skip_field("sheet")?,
        }
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
