//! [`ImportError`]: why a file gives nothing at all.

use std::{error::Error, fmt, path::PathBuf};

use super::{
    format::{Format, supported_kinds},
    table::Preset,
};
use crate::sheet::Undecodable;

/// Why a file could not be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No importer for this kind of file.
    #[error("{file}: cannot import {found}; supported are {}", supported_kinds())]
    UnsupportedKind {
        /// The file as named by the caller.
        file: String,
        /// `files of kind .doc (save it as .docx)` or `a file without an extension`.
        found: String,
    },
    /// The file system said no.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Over the limit.
    #[error("{file} has more than {limit} bytes, which is more than any FAQ has; split it")]
    TooLarge {
        /// The file as named by the caller.
        file: String,
        /// The limit.
        limit: u64,
    },
    /// A page whose elements are nested without end.
    #[error("{file}: its elements are nested more than {limit} deep, which no page is; save it again")]
    TooDeep {
        /// The file as named by the caller.
        file: String,
        /// The limit.
        limit: usize,
    },
    /// Not JSON.
    #[error("{file} is not valid JSON: {reason}")]
    Json {
        /// The file as named by the caller.
        file: String,
        /// What the parser says; part of the text, and therefore no source that would say it again.
        reason: serde_json::Error,
    },
    /// JSON of something else.
    #[error(
        "{file}: this JSON is no FAQ that is known; expected a list of {{\"question\", \"answer\"}}, a schema.org FAQPage, \
         or an export of qnabot, wechat or weknora"
    )]
    UnknownJson {
        /// The file as named by the caller.
        file: String,
    },
    /// Nearly UTF-8.
    #[error(
        "{file}: line {line} is not valid UTF-8, unlike the rest; repair it or save the file as UTF-8 again"
    )]
    DamagedUtf8 {
        /// The file as named by the caller.
        file: String,
        /// First line with an invalid byte, from 1.
        line: usize,
    },
    /// The bytes are no text.
    #[error("{file} is neither UTF-8 nor UTF-16 nor GB18030 (GBK); save it as UTF-8 and import it again")]
    UnknownEncoding {
        /// The file as named by the caller.
        file: String,
    },
    /// A packed file that cannot be unpacked.
    #[error(transparent)]
    Archive(Unreadable),
    /// An archive from which it is not clear what to read.
    #[error("{file} should hold one FAQ file and its pictures, it holds {found}")]
    NotOneFile {
        /// The file as named by the caller.
        file: String,
        /// `no file that can be imported`, or the names.
        found: String,
    },
    /// No row names the columns.
    #[error("{file}: {sheet}no row names the columns; expected {expected}, the first row is: {found}")]
    NoHeader {
        /// The file as named by the caller.
        file: String,
        /// `sheet "FAQ": `, or nothing.
        sheet: String,
        /// The columns that must be there.
        expected: String,
        /// The first row as it is.
        found: String,
    },
    /// The columns mean different things in different products.
    #[error(
        "{file}: the columns can be read in more than one way ({why}): say which product wrote the file with \
         --preset ({}), or rename the columns",
        names(fitting)
    )]
    Ambiguous {
        /// The file as named by the caller.
        file: String,
        /// What is not clear.
        why: String,
        /// The presets that fit.
        fitting: Vec<Preset>,
    },
    /// Cells that stand for several rows.
    #[error(
        "{file}: {sheet}the cells {range} are merged, so it is not clear which row their text belongs to; unmerge \
         them, fill every row and import the file again"
    )]
    MergedCells {
        /// The file as named by the caller.
        file: String,
        /// `sheet "FAQ": `, or nothing.
        sheet: String,
        /// Such as `A2:A5`.
        range: String,
    },
    /// A preset was asked for that this file cannot have.
    #[error("{file}: the preset {} is for {expected}, this is {found}; leave --preset out, or name another file", preset.name())]
    WrongPreset {
        /// The file as named by the caller.
        file: String,
        /// The preset that was asked for.
        preset: Preset,
        /// Kinds of files it has.
        expected: &'static str,
        /// What the file is.
        found: String,
    },
}

/// A packed file that cannot be unpacked.
///
/// Its text tells what is wrong with the file, for those who show the text alone; its source is what caused that, so that
/// who shows all causes says nothing twice.
#[derive(Debug)]
pub struct Unreadable {
    /// The file as named by the caller.
    file: String,
    /// What is wrong with it.
    why: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read {}: {}", self.file, self.why)
    }
}

impl Error for Unreadable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.why.source()
    }
}

fn names(presets: &[Preset]) -> String {
    presets.iter().map(|preset| preset.name()).collect::<Vec<_>>().join(", ")
}

impl ImportError {
    pub(super) fn undecodable(file: &str, why: Undecodable) -> Self {
        let file = file.to_owned();
        match why {
            Undecodable::DamagedUtf8 { line } => Self::DamagedUtf8 { file, line },
            Undecodable::Unknown => Self::UnknownEncoding { file },
        }
    }

    pub(super) fn unreadable(file: &str, why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Archive(Unreadable { file: file.to_owned(), why: why.into() })
    }

    pub(super) fn unsupported(name: &str, extension: Option<&str>) -> Self {
        let found = match extension {
            None => "a file without an extension".to_owned(),
            Some(old @ ("doc" | "xls" | "wps" | "et" | "rtf")) => {
                let new = if matches!(old, "xls" | "et") { ".xlsx" } else { ".docx" };
                format!("files of kind .{old} (open it and save it as {new})")
            }
            Some(other) => format!("files of kind .{other}"),
        };
        Self::UnsupportedKind { file: name.to_owned(), found }
    }

    pub(super) fn wrong_preset(file: &str, preset: Preset, format: Format) -> Self {
        let found = format!("a {} file", format.name());
        Self::WrongPreset { file: file.to_owned(), preset, expected: preset.kinds(), found }
    }
}
