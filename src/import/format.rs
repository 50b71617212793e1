//! Which importer a file is for, by the extension of its name.

use std::path::Path;

use super::{ImportError, Preset};

/// The kinds of files there are importers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Markdown,
    JsonLines,
    Json,
    Html,
    Docx,
    Csv,
    Tsv,
    Xlsx,
    Zip,
}

/// Every file name extension that can be imported.
pub(super) const EXTENSIONS: [(&str, Format); 14] = [
    ("md", Format::Markdown),
    ("markdown", Format::Markdown),
    ("jsonl", Format::JsonLines),
    ("ndjson", Format::JsonLines),
    ("json", Format::Json),
    ("html", Format::Html),
    ("htm", Format::Html),
    ("docx", Format::Docx),
    ("csv", Format::Csv),
    ("tsv", Format::Tsv),
    ("tab", Format::Tsv),
    ("xlsx", Format::Xlsx),
    ("xlsm", Format::Xlsx),
    ("zip", Format::Zip),
];

pub(super) fn supported_kinds() -> String {
    EXTENSIONS.map(|(extension, _)| format!(".{extension}")).join(", ")
}

impl Format {
    pub(super) fn of(name: &str) -> Result<Self, ImportError> {
        let extension =
            Path::new(name).extension().map(|extension| extension.to_string_lossy().to_lowercase());
        let format = EXTENSIONS.iter().find(|(known, _)| extension.as_deref() == Some(*known));
        format.map(|&(_, format)| format).ok_or_else(|| ImportError::unsupported(name, extension.as_deref()))
    }

    /// Whether a product writes files of this kind.
    pub(super) fn may_be_of(self, preset: Preset) -> bool {
        match self {
            Self::Csv | Self::Tsv | Self::Xlsx => preset != Preset::Wechat,
            // What is in it decides.
            Self::Zip => true,
            Self::Json => {
                matches!(preset, Preset::Native | Preset::QnaBot | Preset::Wechat | Preset::WeKnora)
            }
            Self::Markdown | Self::JsonLines | Self::Html | Self::Docx => false,
        }
    }

    /// For messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Markdown => "Markdown",
            Self::JsonLines => "JSON Lines",
            Self::Json => "JSON",
            Self::Html => "HTML",
            Self::Docx => "Word",
            Self::Csv => "CSV",
            Self::Tsv => "TSV",
            Self::Xlsx => "XLSX",
            Self::Zip => "ZIP",
        }
    }
}
