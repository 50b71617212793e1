//! Files of any supported kind to entries and a report. One file per format.
//!
//! An importer never stops at a bad entry: it reports the entry with its line and brings the rest. Only a file
//! of which nothing can be read at all is an [`ImportError`]. Storing the entries is the caller's job.

mod archive;
mod check;
mod diff;
mod docx;
mod error;
mod failed;
mod format;
mod html;
mod json;
mod json_lines;
mod keep_ids;
mod kind;
mod markdown;
pub(crate) mod native;
mod pictures;
mod record;
mod report;
mod table;

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use serde::Serialize;

pub use diff::{Changed, Diff, diff};
pub use error::{ImportError, Unreadable};
pub use failed::write_failed;
pub use report::{ImportReport, Issue, IssueKind, Severity};
pub use table::Preset;

use self::{format::Format, pictures::Pictures};
use crate::{
    assets::{Assets, Picture},
    faq::{Answer, Entry, EntryId},
    sheet,
    store::FileEntries,
};

/// Larger files are refused: a file is read as a whole.
pub use crate::sheet::MAX_BYTES;

/// How a file is to be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Who wrote the file; `None` tells it by its columns or fields, and refuses a file for which that is not clear.
    pub preset: Option<Preset>,
    /// Where relative pictures are looked for; without it, each is reported as missing.
    pub folder: Option<&'a Path>,
    /// The data directory the entries are for: pictures that it holds already are not missing.
    pub data: Option<&'a Path>,
}

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
    /// The pictures that the answers refer to by their names: to be kept before the entries are.
    #[serde(skip)]
    pub pictures: Vec<Picture>,
    /// The rows of tables that could not be used, as they came.
    #[serde(skip)]
    pub rejected: Vec<RejectedRows>,
    /// Ids that stand in the file and were not made up by the importer.
    #[serde(skip)]
    named: HashSet<EntryId>,
    /// Whether the headings of sources are the names of sheets.
    #[serde(skip)]
    named_sheets: bool,
}

/// Rows of one table that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRows {
    /// Name of the sheet; empty when the file is a table itself.
    pub sheet: String,
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<RejectedRow>,
}

/// A row that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
    /// The cells as they came.
    pub cells: Vec<String>,
}

impl Import {
    fn new(report: ImportReport) -> Self {
        Self {
            entries: Vec::new(),
            held_out: Vec::new(),
            report,
            pictures: Vec::new(),
            rejected: Vec::new(),
            named: HashSet::new(),
            named_sheets: false,
        }
    }

    /// What goes into the store. `overwrite`: whatever was done to the entries there.
    #[must_use]
    pub fn file_entries(&self, overwrite: bool) -> FileEntries {
        FileEntries {
            file: self.report.file.clone(),
            entries: self.entries.clone(),
            is_complete: self.report.failed == 0,
            overwrite,
        }
    }

    /// Leaves out, and reports, entries whose id is in `others`, and adds what is left to them: several files are one
    /// FAQ, in which an id stands once.
    pub fn leave_out_taken(&mut self, others: &mut OtherFiles) {
        let report = &mut self.report;
        self.entries.retain(|entry| {
            let line = entry.source.as_ref().and_then(|source| source.line);
            if let Some(first_file) = others.ids.get(&entry.id) {
                let kind = IssueKind::IdInOtherFile { id: entry.id.clone(), first_file: first_file.clone() };
                report.push(line, Some(&entry.id), kind);
                return false;
            }
            let key = check::question_key(entry);
            if let Some(first_file) = others.questions.get(&key).filter(|file| **file != report.file) {
                let (question, first_file) = (entry.question.clone(), first_file.clone());
                report.push(line, Some(&entry.id), IssueKind::QuestionInOtherFile { question, first_file });
            } else {
                others.questions.insert(key, report.file.clone());
            }
            others.ids.insert(entry.id.clone(), report.file.clone());
            true
        });
        self.report.count(self.entries.len());
    }
}

/// What the files before this one hold, and which of them.
#[derive(Debug, Default)]
pub struct OtherFiles {
    ids: HashMap<EntryId, String>,
    questions: HashMap<String, String>,
}

/// One file on its way in: what every importer needs to know besides the text.
struct Origin<'a> {
    /// File name without its folder.
    file: &'a str,
    pictures: RefCell<Pictures<'a>>,
}

impl Origin<'_> {
    /// See [`Pictures::take`].
    fn take_pictures(&self, answer: Answer) -> (Answer, Vec<IssueKind>) {
        self.pictures.borrow_mut().take(answer)
    }
}

/// What is wrong with the pictures of an answer, when relative ones are looked for in `folder` and kept ones in the data
/// directory.
#[must_use]
pub fn check_pictures(answer: &Answer, folder: Option<&Path>, data: Option<&Path>) -> Vec<IssueKind> {
    Pictures::new(folder, data.map(Assets::in_data)).take(answer.clone()).1
}

/// Imports a file; its extension says how. Relative pictures are looked for beside it, unless `options` say where.
///
/// # Errors
/// When the kind is not supported, or the file cannot be read or understood as a whole.
pub fn import_file(path: &Path, options: &Options<'_>) -> Result<Import, ImportError> {
    let name = path.to_string_lossy();
    // The kind is checked first: nobody wants to wait for a video to be read.
    Format::of(&name)?;
    let failed = |source| ImportError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    // A limit on what is read, not on what the file says of itself: a pipe or device has no size.
    File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    let beside = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    import_bytes(&name, &bytes, &Options { folder: options.folder.or(Some(&beside)), ..*options })
}

/// Imports the content of a file called `name`.
///
/// # Errors
/// When the kind is not supported, or the bytes cannot be understood as a whole.
pub fn import_bytes(name: &str, bytes: &[u8], options: &Options<'_>) -> Result<Import, ImportError> {
    let format = Format::of(name)?;
    // An upload may carry a Windows path, whatever this system is.
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ImportError::TooLarge { file: file.to_owned(), limit: MAX_BYTES });
    }
    let pictures = Pictures::new(options.folder, options.data.map(Assets::in_data));
    let origin = Origin { file, pictures: RefCell::new(pictures) };
    let is_empty = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii().is_empty();
    let mut import = if is_empty {
        let mut import = Import::new(ImportReport::new(file));
        import.report.push(None, None, IssueKind::EmptyFile);
        import
    } else {
        read(&origin, format, bytes, options.preset)?
    };
    import.pictures = origin.pictures.into_inner().into_found();
    check::check(&mut import);
    if import.entries.is_empty() && import.report.issues.is_empty() {
        import.report.push(None, None, IssueKind::NoEntries);
    }
    import.report.issues.sort_by_key(|issue| issue.line);
    import.report.count(import.entries.len());
    Ok(import)
}

fn read(
    origin: &Origin<'_>,
    format: Format,
    bytes: &[u8],
    preset: Option<Preset>,
) -> Result<Import, ImportError> {
    let file = origin.file;
    let text = || sheet::decode(bytes).map_err(|why| ImportError::undecodable(file, why));
    let wrong = preset.filter(|preset| !format.may_be_of(*preset));
    if let Some(preset) = wrong {
        return Err(ImportError::wrong_preset(file, preset, format));
    }
    match format {
        Format::Markdown => Ok(markdown::import(origin, &text()?)),
        // A damaged line costs no other.
        Format::JsonLines => Ok(json_lines::import(origin, text().as_deref().map_or(bytes, str::as_bytes))),
        Format::Json => json::import(origin, &text()?, preset),
        Format::Html => html::import(origin, &text()?),
        Format::Docx => docx::import(origin, bytes),
        Format::Csv => {
            let text = text()?;
            table::import_text(origin, &text, sheet::delimiter(&text), preset)
        }
        Format::Zip => archive::import(origin, bytes, preset),
        Format::Tsv => table::import_text(origin, &text()?, b'\t', preset),
        Format::Xlsx => {
            let failed = |why: sheet::WorkbookError| ImportError::unreadable(file, why);
            let sheets = sheet::sheets(bytes).map_err(failed)?;
            table::import_sheets(origin, sheets, preset)
        }
    }
}

#[cfg(test)]
mod tests;
