//! Entries to files that an import reads back to the same entries: CSV, XLSX, JSON Lines, Markdown.
//!
//! JSON Lines keeps everything. The others leave out where an entry came from and when it was changed, and only hold
//! entries that have an answer. Pictures stay what they are in the entries, references into a folder `assets`; whoever
//! writes the file puts them beside it.

mod markdown;
mod pack;
mod sheet;

#[cfg(test)]
mod tests;

use clap::ValueEnum;
use serde::Deserialize;
use utoipa::ToSchema;

pub use pack::{pack, pictures};

use crate::faq::{Entry, EntryId};

/// The kinds of files that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Comma-separated, for spreadsheets and other systems
    Csv,
    /// A workbook with one sheet
    Xlsx,
    /// One JSON object a line, with everything
    Jsonl,
    /// A document to read and to edit
    Markdown,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Xlsx, Self::Jsonl, Self::Markdown];

    /// Extension of the file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Jsonl => "jsonl",
            Self::Markdown => "md",
        }
    }

    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Jsonl => "application/x-ndjson",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }

    /// Whether an entry without an answer survives.
    #[must_use]
    pub fn keeps_unanswered(self) -> bool {
        match self {
            Self::Jsonl => true,
            Self::Csv | Self::Xlsx | Self::Markdown => false,
        }
    }
}

/// Why entries cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Over what a cell of a workbook holds.
    #[error(
        "the {column} of {id} has {characters} characters, a cell of a workbook holds {limit}; export as csv, jsonl \
         or markdown"
    )]
    CellTooLong {
        /// The entry.
        id: EntryId,
        /// Name of the column.
        column: &'static str,
        /// How long the text is.
        characters: usize,
        /// How long it may be.
        limit: usize,
    },
    /// More rows than a sheet holds.
    #[error("a sheet holds {limit} entries, these are {entries}; export as csv, jsonl or markdown")]
    TooManyRows {
        /// How many there are.
        entries: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A writer failed, which in memory none does.
    #[error("cannot write the entries as {format}")]
    Write {
        /// The kind of file.
        format: &'static str,
        /// What the writer says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ExportError {
    fn write(format: Format) -> impl Fn(Box<dyn std::error::Error + Send + Sync>) -> Self {
        move |source| Self::Write { format: format.extension(), source }
    }
}

/// The content of a file with these entries.
///
/// # Errors
/// When a workbook cannot hold them.
pub fn export(entries: &[Entry], format: Format) -> Result<Vec<u8>, ExportError> {
    match format {
        Format::Csv => sheet::csv(entries).map_err(|error| ExportError::write(format)(error.into())),
        Format::Xlsx => sheet::xlsx(entries),
        Format::Jsonl => {
            let mut lines = Vec::new();
            for entry in entries {
                serde_json::to_writer(&mut lines, entry)
                    .map_err(|error| ExportError::write(format)(error.into()))?;
                lines.push(b'\n');
            }
            Ok(lines)
        }
        Format::Markdown => Ok(markdown::document(entries).into_bytes()),
    }
}
