//! Files of any supported kind to entries and a report. One file per format.
//!
//! An importer never stops at a bad entry: it reports the entry with its line and brings the rest. Only a file
//! of which nothing can be read at all is an [`ImportError`]. Storing the entries is the caller's job.

mod json_lines;
mod markdown;
mod pictures;
mod report;

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    str,
};

use serde::Serialize;

pub use report::{ImportReport, Issue, IssueKind, Severity};

use crate::faq::{Answer, Entry, EntryId};

/// What a file holds and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Import {
    /// The entries in the order of the file; every id is there once.
    pub entries: Vec<Entry>,
    /// Ids of those entries that an evaluation leaves out of the index, to see whether their questions are then
    /// rejected. A property of a labelled data set, not of a FAQ, therefore not a field of [`Entry`].
    pub held_out: Vec<EntryId>,
    /// What was left out or deserves a look.
    pub report: ImportReport,
}

impl Import {
    /// Leaves out, and reports, entries whose id is in `taken`, and adds the ids of the others: several files are
    /// one FAQ, in which an id stands once. The values of `taken` are the names of the files.
    pub fn leave_out_taken(&mut self, taken: &mut HashMap<EntryId, String>) {
        let report = &mut self.report;
        self.entries.retain(|entry| {
            if let Some(first_file) = taken.get(&entry.id) {
                let line = entry.source.as_ref().and_then(|source| source.line);
                let kind = IssueKind::IdInOtherFile { id: entry.id.clone(), first_file: first_file.clone() };
                report.push(line, Some(&entry.id), kind);
                return false;
            }
            taken.insert(entry.id.clone(), report.file.clone());
            true
        });
        report.imported = self.entries.len();
    }
}

/// Why a file could not be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No importer for this kind of file.
    #[error("{file}: cannot import {found}; supported are {}", supported_kinds())]
    UnsupportedKind {
        /// The file as named by the caller.
        file: String,
        /// `files of kind .docx` or `a file without an extension`.
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
    /// The bytes are no text in UTF-8.
    #[error("{file}: line {line} is not valid UTF-8{hint}; save the file as UTF-8 and import it again")]
    NotUtf8 {
        /// The file as named by the caller.
        file: String,
        /// First line with an invalid byte, from 1.
        line: usize,
        /// A guess at the real encoding, or nothing.
        hint: &'static str,
    },
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Markdown,
    JsonLines,
}

/// Every file name extension that can be imported.
const EXTENSIONS: [(&str, Format); 4] = [
    ("md", Format::Markdown),
    ("markdown", Format::Markdown),
    ("jsonl", Format::JsonLines),
    ("ndjson", Format::JsonLines),
];

fn supported_kinds() -> String {
    EXTENSIONS.map(|(extension, _)| format!(".{extension}")).join(", ")
}

/// One file on its way in: what every importer needs to know besides the text.
struct Origin<'a> {
    /// File name without its folder.
    file: &'a str,
    /// Where relative pictures are looked for; `None` when only the file itself came.
    folder: Option<&'a Path>,
}

/// What is wrong with the pictures of an answer, when relative ones are looked for in `folder`.
#[must_use]
pub fn check_pictures(answer: &Answer, folder: &Path) -> Vec<IssueKind> {
    pictures::check(answer.clone(), Some(folder)).1
}

/// Imports a file; its extension says how. Relative pictures are looked for beside it.
///
/// # Errors
/// When the kind is not supported, the file cannot be read, or it is not UTF-8.
pub fn import_file(path: &Path) -> Result<Import, ImportError> {
    // The kind is checked first: nobody wants to wait for a video to be read.
    format_of(&path.to_string_lossy())?;
    let bytes = fs::read(path).map_err(|source| ImportError::Read { path: path.to_owned(), source })?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    import_bytes(&path.to_string_lossy(), &bytes, Some(folder))
}

/// Imports the content of a file called `name`. Relative pictures are looked for in `folder`; without one, each is
/// reported as missing.
///
/// # Errors
/// When the kind is not supported or the bytes are not UTF-8.
pub fn import_bytes(name: &str, bytes: &[u8], folder: Option<&Path>) -> Result<Import, ImportError> {
    let format = format_of(name)?;
    // An upload may carry a Windows path, whatever this system is.
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let origin = Origin { file, folder };
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut import = match format {
        Format::Markdown => markdown::import(&origin, decode(file, body)?),
        Format::JsonLines => json_lines::import(&origin, body),
    };
    if import.entries.is_empty() && import.report.issues.is_empty() {
        let kind = if body.trim_ascii().is_empty() { IssueKind::EmptyFile } else { IssueKind::NoEntries };
        import.report.push(None, None, kind);
    }
    import.report.imported = import.entries.len();
    import.report.issues.sort_by_key(|issue| issue.line);
    Ok(import)
}

fn format_of(name: &str) -> Result<Format, ImportError> {
    let extension = Path::new(name).extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let format = EXTENSIONS.iter().find(|(known, _)| extension.as_deref() == Some(*known));
    format.map(|&(_, format)| format).ok_or_else(|| ImportError::UnsupportedKind {
        file: name.to_owned(),
        found: extension
            .map_or_else(|| "a file without an extension".to_owned(), |it| format!("files of kind .{it}")),
    })
}

fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, ImportError> {
    str::from_utf8(bytes).map_err(|error| {
        let valid = &bytes[..error.valid_up_to()];
        let hint = match bytes {
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => " (it looks like UTF-16)",
            _ => " (perhaps it is GBK or GB18030)",
        };
        ImportError::NotUtf8 { file: file.to_owned(), line: valid.split(|&byte| byte == b'\n').count(), hint }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_kind_is_refused_with_the_list_of_known_ones() {
        for (name, found) in
            [("faq.docx", "kind .docx"), ("faq", "without an extension"), ("a.md/faq", "without")]
        {
            let text = import_bytes(name, b"", None).unwrap_err().to_string();
            assert!(text.contains(found) && text.contains(".md, .markdown, .jsonl, .ndjson"), "{text}");
        }
        assert!(import_bytes("FAQ.MD", b"", None).is_ok(), "the case of the extension does not matter");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = import_file(Path::new("no-such-folder/faq.md")).unwrap_err();
        assert_eq!(error.to_string(), "cannot read no-such-folder/faq.md");
    }

    #[test]
    fn invalid_utf8_is_reported_with_its_line_and_what_to_do() {
        let text = import_bytes("faq.md", b"ok\n\xB4\xF0", None).unwrap_err().to_string();
        assert!(
            text.contains("line 2") && text.contains("GBK") && text.contains("save the file as UTF-8"),
            "{text}"
        );
        let text = import_bytes("faq.md", b"\xFF\xFE*\0", None).unwrap_err().to_string();
        assert!(text.contains("UTF-16"), "{text}");
    }

    #[test]
    fn an_empty_file_is_reported_in_every_format() {
        for (name, _) in EXTENSIONS {
            for bytes in [&b""[..], b"\xEF\xBB\xBF", b" \r\n\n"] {
                let import = import_bytes(&format!("faq.{name}"), bytes, None).unwrap();
                let kinds: Vec<_> = import.report.issues.iter().map(|issue| &issue.kind).collect();
                assert_eq!(
                    (kinds, import.entries.len()),
                    (vec![&IssueKind::EmptyFile], 0),
                    "{name} {bytes:?}"
                );
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        for (name, text) in [
            ("faq.md", "\u{feff}**1、问题？**\n\n答：答案。"),
            ("faq.jsonl", "\u{feff}{\"id\":\"faq-1\",\"question\":\"问题？\"}"),
        ] {
            let import = import_bytes(name, text.as_bytes(), None).unwrap();
            assert_eq!(import.report.issues, []);
            assert_eq!(
                (import.entries[0].id.as_str(), import.entries[0].question.as_str()),
                ("faq-1", "问题？")
            );
        }
    }
}
