//! Labelled files: questions with the entries that answer them, questions that nothing answers, pairs of texts.
//!
//! JSON Lines, CSV, TSV and XLSX; one reader per format turns a file into rows of named fields, and this module
//! gives the fields their meaning. A bad row never stops a file: it is reported with its number and the rest is
//! used. Whether an expected entry exists is a question to the FAQ, which [`check_ids`] asks.

mod columns;
mod fields;
mod json_lines;
mod table;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

pub use columns::Field;
pub use fields::{normalized_names, optional_text, required_text};

use crate::{
    faq::{Entry, EntryId},
    sheet::{self, MAX_BYTES, WorkbookError},
};
use columns::{LABEL, QUERY, RELEVANT, TEXT_A, TEXT_B};

/// A question as a file has it: what is asked and, as text, what should come out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Row in the file as an editor or a spreadsheet numbers it, from 1.
    pub row: usize,
    /// What is asked.
    pub query: String,
    /// The expected entries as written: ids or standard questions. Empty for questions that nothing answers.
    pub expected: Vec<String>,
}

/// A question whose expected entries exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// Row in the file, from 1.
    pub row: usize,
    /// What is asked.
    pub query: String,
    /// The entries that answer it, at least one, none twice.
    pub relevant: Vec<EntryId>,
}

/// Two texts and how alike people say they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Row in the file, from 1.
    pub row: usize,
    /// One text.
    pub a: String,
    /// The other.
    pub b: String,
    /// 0 or 1, or a grade; more is more alike.
    pub label: f64,
}

/// What could be read from a file, and what could not.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded<T> {
    /// The usable rows in their order.
    pub rows: Vec<T>,
    /// The others.
    pub issues: Vec<RowIssue>,
}

/// A row, or a part of it, that is left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}: {problem}")]
pub struct RowIssue {
    /// Row in the file, from 1.
    pub row: usize,
    /// What is wrong.
    pub problem: RowProblem,
}

/// Why a row is left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// The line is no JSON object.
    #[error("expected a JSON object such as {{\"query\": \"…\"}}: {reason}")]
    Json {
        /// What the parser says.
        reason: String,
    },
    /// A field that has to be there is missing or blank.
    #[error("there is no {field}, or it is blank")]
    Missing {
        /// The field's name in JSON.
        field: &'static str,
    },
    /// A field holds something else than text (or numbers, or a list of them).
    #[error("{field} should be a text or a list of texts, got {found}")]
    Type {
        /// The field's name in JSON.
        field: &'static str,
        /// What is there.
        found: String,
    },
    /// The value gives no ticket.
    #[error("expected a ticket such as {{\"id\": …, \"subject\": …, \"body\": …}}: {reason}")]
    Ticket {
        /// What is wrong with it.
        reason: String,
    },
    /// A label that is no number.
    #[error("the label should be a number such as 0 or 1, got {found:?}")]
    Label {
        /// What is there.
        found: String,
    },
    /// No entry of the FAQ has this id or standard question.
    #[error("the FAQ has no entry with the id or standard question {expected:?}")]
    UnknownEntry {
        /// As written in the file.
        expected: String,
    },
}

/// Why a file gives nothing at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Over the limit.
    #[error("{} has {bytes} bytes; at most {MAX_BYTES} are read, split the file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// The ending of the name tells no known format.
    #[error("{} should end in .jsonl, .csv, .tsv or .xlsx", path.display())]
    UnknownKind {
        /// The file.
        path: PathBuf,
    },
    /// Neither UTF-8 nor UTF-16 nor GB18030.
    #[error("{} is neither UTF-8 nor GB18030; save it as UTF-8", path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
    },
    /// The workbook cannot be opened.
    #[error("cannot open the workbook {}", path.display())]
    Workbook {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No row names the columns.
    #[error(
        "{} needs a first row that names the columns, one of them {wanted}; found: {found}",
        path.display()
    )]
    NoHeader {
        /// The file.
        path: PathBuf,
        /// Names that would do.
        wanted: String,
        /// The first row as it is.
        found: String,
    },
    /// Nothing usable.
    #[error("no row of {} can be used{}", path.display(), first.as_ref().map_or_else(|| ": it is empty".to_owned(), |issue| format!("; {issue}")))]
    NoRows {
        /// The file.
        path: PathBuf,
        /// The first bad row, if there is any row.
        first: Option<RowIssue>,
    },
}

/// A row of named fields, or why it is none.
struct RawRow {
    number: usize,
    fields: Result<Map<String, Value>, RowProblem>,
}

/// Questions with the entries that answer them: `{"query", "relevant": [ids]}` or the columns 问题 and 期望条目.
///
/// # Errors
/// When the file cannot be read or holds no usable row.
pub fn read_questions(path: &Path) -> Result<Loaded<Question>, Error> {
    read_questions_from(path, &read_bytes(path)?)
}

/// As [`read_questions`], from the content of a file whose name says what it is.
///
/// # Errors
/// When it holds no usable row.
pub fn read_questions_from(name: &Path, content: &[u8]) -> Result<Loaded<Question>, Error> {
    read_from(name, content, &QUERY, |number, named| {
        let query = required_text(named, &QUERY)?;
        let expected = fields::texts(named, &RELEVANT)?;
        if expected.is_empty() {
            return Err(RowProblem::Missing { field: RELEVANT.name });
        }
        Ok(Question { row: number, query, expected })
    })
}

/// Questions that nothing answers (near misses, out of scope): `{"query"}`; every other field is ignored.
///
/// # Errors
/// When the file cannot be read or holds no usable row.
pub fn read_unanswerable(path: &Path) -> Result<Loaded<Question>, Error> {
    read(path, &QUERY, |number, fields| {
        Ok(Question { row: number, query: required_text(fields, &QUERY)?, expected: Vec::new() })
    })
}

/// Pairs of texts: `{"a", "b", "label"}`.
///
/// # Errors
/// When the file cannot be read or holds no usable row.
pub fn read_pairs(path: &Path) -> Result<Loaded<Pair>, Error> {
    read(path, &TEXT_A, |number, fields| {
        let label = required_text(fields, &LABEL)?;
        let value = label.parse::<f64>().ok().filter(|value| value.is_finite());
        Ok(Pair {
            row: number,
            a: required_text(fields, &TEXT_A)?,
            b: required_text(fields, &TEXT_B)?,
            label: value.ok_or(RowProblem::Label { found: label })?,
        })
    })
}

/// Looks every expected entry up in the FAQ, by id or, as people fill in spreadsheets, by standard question.
///
/// An unknown one is reported; a question is left out only when none of its expected entries exists, because
/// nobody could answer it right. A standard question that several entries share stands for all of them.
#[must_use]
pub fn check_ids(questions: Vec<Question>, entries: &[Entry]) -> Loaded<Labelled> {
    let ids: HashSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let mut by_key: HashMap<&str, Vec<&EntryId>> = HashMap::with_capacity(entries.len() * 2);
    for entry in entries {
        by_key.entry(entry.id.as_str()).or_default().push(&entry.id);
        let question = entry.question.trim();
        // An id means its own entry even if it is the question of another one.
        if !ids.contains(question) {
            by_key.entry(question).or_default().push(&entry.id);
        }
    }
    let mut checked = Loaded { rows: Vec::with_capacity(questions.len()), issues: Vec::new() };
    for Question { row, query, expected } in questions {
        let mut relevant = BTreeSet::new();
        for text in expected {
            match by_key.get(text.trim()) {
                Some(found) => relevant.extend(found.iter().map(|&id| id.clone())),
                None => checked
                    .issues
                    .push(RowIssue { row, problem: RowProblem::UnknownEntry { expected: text } }),
            }
        }
        if !relevant.is_empty() {
            checked.rows.push(Labelled { row, query, relevant: relevant.into_iter().collect() });
        }
    }
    checked
}

/// Reads the rows of `path` in whatever format it has and gives each its meaning. The names of fields come without
/// case, spaces and underscores; `key` is the column by which a header is known.
///
/// # Errors
/// When the file cannot be read or holds no usable row.
pub fn read<T>(
    path: &Path,
    key: &Field,
    meaning: impl Fn(usize, &Map<String, Value>) -> Result<T, RowProblem>,
) -> Result<Loaded<T>, Error> {
    read_from(path, &read_bytes(path)?, key, meaning)
}

fn read_from<T>(
    path: &Path,
    content: &[u8],
    key: &Field,
    meaning: impl Fn(usize, &Map<String, Value>) -> Result<T, RowProblem>,
) -> Result<Loaded<T>, Error> {
    let raw = match extension(path).as_str() {
        "jsonl" | "ndjson" => json_lines::rows(&text(path, content)?),
        "csv" => table::named(path, sheet::delimited(&text(path, content)?, b',').collect(), key)?,
        "tsv" | "tab" => table::named(path, sheet::delimited(&text(path, content)?, b'\t').collect(), key)?,
        "xlsx" | "xlsm" => workbook(path, content, key)?,
        _ => return Err(Error::UnknownKind { path: path.to_owned() }),
    };
    let rows = raw.into_iter();
    collect(path, rows.map(|row| (row.number, row.fields.and_then(|fields| meaning(row.number, &fields)))))
}

/// Reads the values of `path`, which is JSON Lines, or JSON: one value, or a list of them.
///
/// # Errors
/// When the file cannot be read or holds no usable value.
pub fn read_values<T>(
    path: &Path,
    meaning: impl Fn(usize, Value) -> Result<T, RowProblem>,
) -> Result<Loaded<T>, Error> {
    let text = read_text(path)?;
    let values: Vec<(usize, Result<Value, RowProblem>)> = if extension(path) == "json" {
        match serde_json::from_str(&text) {
            Ok(Value::Array(values)) => (1..).zip(values.into_iter().map(Ok)).collect(),
            Ok(value) => vec![(1, Ok(value))],
            Err(error) => vec![(1, Err(RowProblem::Json { reason: error.to_string() }))],
        }
    } else {
        json_lines::values(&text)
    };
    collect(path, values.into_iter().map(|(row, value)| (row, value.and_then(|value| meaning(row, value)))))
}

/// The ending of a file's name in lower case, empty when there is none.
#[must_use]
pub fn extension(path: &Path) -> String {
    path.extension().map(|text| text.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn collect<T>(
    path: &Path,
    rows: impl Iterator<Item = (usize, Result<T, RowProblem>)>,
) -> Result<Loaded<T>, Error> {
    let mut loaded = Loaded { rows: Vec::new(), issues: Vec::new() };
    for (row, usable) in rows {
        match usable {
            Ok(usable) => loaded.rows.push(usable),
            Err(problem) => loaded.issues.push(RowIssue { row, problem }),
        }
    }
    if loaded.rows.is_empty() {
        return Err(Error::NoRows { path: path.to_owned(), first: loaded.issues.into_iter().next() });
    }
    Ok(loaded)
}

/// The rows of the first sheet that has a header and is shown, else the error of the first sheet.
fn workbook(path: &Path, content: &[u8], key: &Field) -> Result<Vec<RawRow>, Error> {
    let failed = |source: WorkbookError| Error::Workbook { path: path.to_owned(), source: source.into() };
    let mut first_error = None;
    let sheets = sheet::sheets(content).map_err(failed)?;
    for sheet in sheets.into_iter().filter(|sheet| !sheet.is_hidden) {
        match table::named(path, sheet.rows, key) {
            Ok(rows) => return Ok(rows),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(Error::NoRows { path: path.to_owned(), first: None }))
}

/// The text of `path` in any of the encodings that Chinese files have.
///
/// # Errors
/// When the file cannot be read or decoded.
pub fn read_text(path: &Path) -> Result<String, Error> {
    text(path, &read_bytes(path)?)
}

fn text(path: &Path, content: &[u8]) -> Result<String, Error> {
    let text = sheet::decode(content).map_err(|_| Error::Encoding { path: path.to_owned() })?;
    Ok(text.into_owned())
}

/// The bytes of `path`, if there are not too many.
///
/// # Errors
/// When the file cannot be read.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // A limit on what is read, not on what the file says of itself: a pipe or device has no size.
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::TooLarge { path: path.to_owned(), bytes: bytes.len() as u64 });
    }
    Ok(bytes)
}
#[cfg(test)]
mod tests;
