//! FAQs in tables: CSV, TSV, XLSX, one row an entry.
//!
//! `preset` lists the products and their columns, `columns` understands a header, `cells` one cell, and this module
//! makes records of rows. A row that is no entry is reported with its number and kept as it came, so that it can be
//! repaired and imported by itself.

mod cells;
mod columns;
mod preset;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

pub use preset::Preset;

pub(crate) use cells::{joined, joined_path};
pub(super) use columns::FAILURE_COLUMNS;

use self::{
    cells::RowReader,
    columns::{Header, NoHeader},
};
use super::{
    Import, ImportError, Origin, RejectedRow, RejectedRows,
    record::{Collector, Record},
    report::IssueKind,
};
use crate::{
    faq::EntryId,
    sheet::{self, CellRow, Sheet},
};

/// The header stands in one of the first rows; templates put a title or a hint above it.
const HEADER_ROWS: usize = 10;

/// The columns that an export writes, in their order; [`Preset::Native`] reads them.
pub(crate) const NATIVE_HEADER: [&str; 10] =
    ["编号", "标准问", "相似问", "反例", "答案", "分类", "标签", "状态", "生效", "失效"];

/// Imports delimited text.
pub(super) fn import_text(
    origin: &Origin<'_>,
    text: &str,
    delimiter: u8,
    preset: Option<Preset>,
) -> Result<Import, ImportError> {
    let rows = sheet::delimited(text, delimiter).collect();
    import_sheets(origin, vec![Sheet::untitled(rows)], preset)
}

/// Imports the sheets of a workbook that have a header; the others, and hidden ones, are named in the report.
pub(super) fn import_sheets(
    origin: &Origin<'_>,
    sheets: Vec<Sheet>,
    preset: Option<Preset>,
) -> Result<Import, ImportError> {
    let mut collector = Collector::new(origin);
    let filled: Vec<Sheet> = sheets.into_iter().filter(|it| !it.rows.iter().all(CellRow::is_blank)).collect();
    let several = filled.len() > 1;
    let (mut read, mut has_rows, mut first_error) = (0, false, None);
    for (index, sheet) in filled.into_iter().enumerate() {
        if sheet.is_hidden {
            // It keeps its place among the sheets, so that hiding one changes no id of another.
            collector.import.report.push(None, None, IssueKind::HiddenSheet { name: sheet.name });
            continue;
        }
        let place = if sheet.name.is_empty() { String::new() } else { format!("sheet {:?}: ", sheet.name) };
        let (at, header) = match find_header(&sheet.rows, preset) {
            Ok(found) => found,
            Err(NoHeader::Ambiguous { why, fitting }) => {
                return Err(ImportError::Ambiguous { file: origin.file.to_owned(), why, fitting });
            }
            Err(NoHeader::Unknown) => {
                if several {
                    let kind = IssueKind::SheetWithoutHeader { name: sheet.name };
                    collector.import.report.push(None, None, kind);
                }
                first_error = first_error.or_else(|| {
                    let first = sheet.rows.iter().find(|row| !row.is_blank());
                    Some(ImportError::NoHeader {
                        file: origin.file.to_owned(),
                        sheet: place,
                        expected: columns::expected(preset),
                        found: first.map(|row| row.cells.join(", ")).unwrap_or_default(),
                    })
                });
                continue;
            }
        };
        // A merged title above the header does no harm.
        let header_number = sheet.rows[at].number;
        if let Some((_, range)) = sheet.merged.into_iter().find(|(last_row, _)| *last_row >= header_number) {
            return Err(ImportError::MergedCells { file: origin.file.to_owned(), sheet: place, range });
        }
        if several {
            collector.enter_sheet(index, &sheet.name);
        }
        read += 1;
        has_rows |= read_rows(&mut collector, &sheet.name, sheet.rows, at, &header);
    }
    if let Some(error) = first_error
        && read == 0
    {
        return Err(error);
    }
    if read > 0 && !has_rows {
        collector.import.report.push(None, None, IssueKind::NoRows);
    }
    Ok(collector.import)
}

/// The positions of question and answer in a header, when it is one that nobody needs to be asked about.
pub(super) fn question_and_answer(cells: &[String]) -> Option<(usize, usize)> {
    let header = columns::header(cells, None).ok()?;
    let at = |wanted| header.columns.iter().position(|column| *column == Some(wanted));
    Some((at(columns::Column::Question)?, at(columns::Column::Answer)?))
}

fn find_header(rows: &[CellRow], preset: Option<Preset>) -> Result<(usize, Header), NoHeader> {
    for (index, row) in rows.iter().take(HEADER_ROWS).enumerate() {
        match columns::header(&row.cells, preset) {
            Ok(header) => return Ok((index, header)),
            Err(NoHeader::Unknown) => {}
            Err(ambiguous @ NoHeader::Ambiguous { .. }) => return Err(ambiguous),
        }
    }
    Err(NoHeader::Unknown)
}

/// Reads the rows below the header at `at`, and says whether there are any.
fn read_rows(
    collector: &mut Collector<'_, '_>,
    sheet: &str,
    rows: Vec<CellRow>,
    at: usize,
    header: &Header,
) -> bool {
    let mut rows = rows.into_iter().skip(at);
    let Some(CellRow { number, cells: mut names }) = rows.next() else { return false };
    // A spreadsheet that saves CSV fills the header up to the widest row.
    names.truncate(cells::filled(&names));
    for (name, _) in names.iter().zip(&header.columns).filter(|(_, column)| column.is_none()) {
        if !columns::is_no_news(name) {
            collector.note(number, None, IssueKind::UnknownField { field: name.trim().to_owned() });
        }
    }
    let reader = RowReader { header, names: &names };
    let mut rejected = Vec::new();
    let mut grouped: HashSet<EntryId> = HashSet::new();
    let mut has_rows = false;
    for row in rows.filter(|row| !row.is_blank()) {
        has_rows = true;
        let result =
            reader.record(&row.cells).and_then(|record| add(collector, &mut grouped, row.number, record));
        if let Err(kind) = result {
            // What is there already needs no repair.
            if !kind.is_duplicate() {
                rejected.push(RejectedRow { line: row.number, reason: kind.to_string(), cells: row.cells });
            }
            collector.note(row.number, None, kind);
        }
    }
    if !rejected.is_empty() {
        let sheet = sheet.to_owned();
        collector.import.rejected.push(RejectedRows { sheet, header: names, rows: rejected });
    }
    has_rows
}

/// Adds a record, or the question of one whose id and answer are there already (see [`columns::Column::GroupId`]).
fn add(
    collector: &mut Collector<'_, '_>,
    grouped: &mut HashSet<EntryId>,
    line: usize,
    (record, is_group): (Record, bool),
) -> Result<(), IssueKind> {
    if !is_group {
        return collector.add(line, record).map(|_| ());
    }
    let id = record.id.as_deref().and_then(|id| id.trim().parse::<EntryId>().ok());
    if let Some(id) = id.filter(|id| grouped.contains(id))
        && let Some(entry) = collector.entry(&id)
        && entry.answer.markdown() == record.answer.trim()
    {
        let question = record.question.trim();
        if !question.is_empty() && !entry.phrasings().any(|known| known == question) {
            entry.similar.push(question.to_owned());
        }
        return Ok(());
    }
    grouped.insert(collector.add(line, record)?);
    Ok(())
}
