//! XLSX to rows of named fields.
//!
//! Cells are streamed: a sheet with one cell in its last corner would otherwise be laid out as 17 billion cells.

use std::{collections::BTreeMap, io::Cursor, path::Path};

use calamine::{DataRef, Reader, Xlsx, XlsxError};

use super::{
    Error, MAX_BYTES, RawRow,
    columns::Field,
    decode,
    table::{self, CellRow},
};

/// Columns beyond this one are no labels.
const MAX_COLUMNS: u32 = 64;

/// Why the cells of a sheet are not there.
enum Stopped {
    Workbook(XlsxError),
    /// The unpacked cells are over the limit, whatever the packed file's size is.
    TooLarge(u64),
}

impl From<XlsxError> for Stopped {
    fn from(error: XlsxError) -> Self {
        Self::Workbook(error)
    }
}

/// The rows of the first sheet that has a header, else the error of the first sheet.
pub(super) fn rows(path: &Path, key: &Field) -> Result<Vec<RawRow>, Error> {
    let failed = |source| Error::Workbook { path: path.to_owned(), source: Box::new(source) };
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(decode::bytes(path)?)).map_err(failed)?;
    let mut first_error = None;
    for sheet in workbook.sheet_names() {
        let cells = match cell_rows(&mut workbook, &sheet) {
            Ok(cells) => cells,
            // Charts and macros are sheets too.
            Err(Stopped::Workbook(XlsxError::NotAWorksheet(_))) => continue,
            Err(Stopped::Workbook(source)) => return Err(failed(source)),
            Err(Stopped::TooLarge(bytes)) => return Err(Error::TooLarge { path: path.to_owned(), bytes }),
        };
        match table::named(path, cells, key) {
            Ok(rows) => return Ok(rows),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(Error::NoRows { path: path.to_owned(), first: None }))
}

fn cell_rows(workbook: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Result<Vec<CellRow>, Stopped> {
    let mut reader = workbook.worksheet_cells_reader(sheet)?;
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut bytes = 0;
    while let Some(cell) = reader.next_cell()? {
        let (row, column) = cell.get_position();
        let text = display(cell.get_value());
        if column >= MAX_COLUMNS || text.is_empty() {
            continue;
        }
        let cells = rows.entry(row).or_default();
        let (before, width) = (cells.len(), cells.len().max(column as usize + 1));
        bytes += (text.len() + (width - before) * size_of::<String>()) as u64;
        if bytes > MAX_BYTES {
            return Err(Stopped::TooLarge(bytes));
        }
        cells.resize(width, String::new());
        cells[column as usize] = text;
    }
    Ok(rows.into_iter().map(|(row, cells)| CellRow { number: row as usize + 1, cells }).collect())
}

/// The cell as its author sees it, as far as labels need it: an id 12 is stored as 12.0.
fn display(value: &DataRef<'_>) -> String {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(value) => value.to_string(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}
