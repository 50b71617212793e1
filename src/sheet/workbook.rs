//! XLSX to rows of cells.
//!
//! Cells are streamed: a sheet with one cell in its last corner would otherwise be laid out as 17 billion cells.

use std::{collections::BTreeMap, io::Cursor};

use calamine::{DataRef, Reader, SheetVisible, Xlsx, XlsxError};

use super::{Archive, ArchiveError, CellRow, MAX_BYTES};

/// Columns beyond this one hold nothing of a FAQ.
const MAX_COLUMNS: u32 = 256;

/// Why the cells of a workbook are not there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkbookError {
    /// The package around the sheets.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The sheets themselves.
    #[error("it is no workbook that can be read; save it as .xlsx again")]
    Workbook(#[from] Box<XlsxError>),
    /// The unpacked cells are over the limit, whatever the packed file's size is.
    #[error("its cells take more than {MAX_BYTES} bytes; split it")]
    TooLarge,
}

impl From<XlsxError> for WorkbookError {
    fn from(error: XlsxError) -> Self {
        Self::Workbook(Box::new(error))
    }
}

/// A sheet of a workbook.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    /// The rows that have a cell, by number.
    pub(crate) rows: Vec<CellRow>,
    /// Ranges of merged cells: the last row of each, from 1, and the range as `A2:A5`.
    pub(crate) merged: Vec<(usize, String)>,
    /// Whether a spreadsheet does not show it: a draft, or a list of what may be chosen, not meant to be read.
    pub(crate) is_hidden: bool,
}

impl Sheet {
    /// The only sheet of a file that has no others.
    pub(crate) fn untitled(rows: Vec<CellRow>) -> Self {
        Self { name: String::new(), rows, merged: Vec::new(), is_hidden: false }
    }
}

/// The sheets in their order. Charts and macros are left out.
pub(crate) fn sheets(bytes: &[u8]) -> Result<Vec<Sheet>, WorkbookError> {
    // The reader unpacks the shared texts as a whole, so the bounds are looked at before.
    Archive::open(bytes)?.check()?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let mut sheets = Vec::new();
    let mut left = MAX_BYTES;
    let names: Vec<(String, bool)> = workbook
        .sheets_metadata()
        .iter()
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect();
    for (name, is_hidden) in names {
        match cell_rows(&mut workbook, &name, &mut left) {
            Ok(rows) => {
                let merged = workbook.merge_cells_by_sheet_name(&name)?;
                let merged =
                    merged.iter().map(|it| (it.end.0 as usize + 1, range(it.start, it.end))).collect();
                sheets.push(Sheet { name, rows, merged, is_hidden });
            }
            Err(WorkbookError::Workbook(error)) if matches!(*error, XlsxError::NotAWorksheet(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sheets)
}

fn cell_rows(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &str,
    left: &mut u64,
) -> Result<Vec<CellRow>, WorkbookError> {
    let mut reader = workbook.worksheet_cells_reader(sheet)?;
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    while let Some(cell) = reader.next_cell()? {
        let (row, column) = cell.get_position();
        let text = display(cell.get_value());
        if column >= MAX_COLUMNS || text.is_empty() {
            continue;
        }
        let cells = rows.entry(row).or_default();
        let (before, width) = (cells.len(), cells.len().max(column as usize + 1));
        let bytes = (text.len() + (width - before) * size_of::<String>()) as u64;
        *left = left.checked_sub(bytes).ok_or(WorkbookError::TooLarge)?;
        cells.resize(width, String::new());
        cells[column as usize] = text;
    }
    Ok(rows.into_iter().map(|(row, cells)| CellRow { number: row as usize + 1, cells }).collect())
}

/// The cell as its author sees it: an id 12 is stored as 12.0, a day as a count of days.
fn display(value: &DataRef<'_>) -> String {
    match value {
        DataRef::String(text) => unescaped(text),
        DataRef::SharedString(text) => unescaped(text),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(value) => {
            let (year, month, day, hour, minute, second, _) = value.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
            }
        }
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// Characters that XML cannot hold are written as `_x000D_` in a workbook, and an underscore before such a thing as
/// `_x005F_`.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let code = rest.get(2..6).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let character = code
            .filter(|_| rest.as_bytes().get(6) == Some(&b'_'))
            .and_then(|hex| char::from_u32(u32::from_str_radix(hex, 16).ok()?));
        let taken = if let Some(character) = character {
            out.push(character);
            7
        } else {
            out.push_str("_x");
            2
        };
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

/// `A2:B5`
fn range(start: (u32, u32), end: (u32, u32)) -> String {
    format!("{}{}:{}{}", letters(start.1), start.0 + 1, letters(end.1), end.0 + 1)
}

fn letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}
