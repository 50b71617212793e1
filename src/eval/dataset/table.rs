//! Delimited text (CSV, TSV) to rows of named fields; the part that XLSX shares: cells and a header.

use std::path::Path;

use serde_json::{Map, Value};

use super::{
    Error, RawRow,
    columns::{self, Field},
};

/// The header stands in one of the first rows; templates put a title or a hint above it.
const HEADER_ROWS: usize = 10;

/// A row of cells with its number in the file.
pub(super) struct CellRow {
    pub(super) number: usize,
    pub(super) cells: Vec<String>,
}

/// The rows of delimited `text`; `path` is for messages only.
pub(super) fn rows(path: &Path, text: &str, delimiter: u8, key: &Field) -> Result<Vec<RawRow>, Error> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let bytes = text.as_bytes();
    let mut rows = Vec::new();
    // The parser says where it began to look for a record, which is before the line ends and blank lines that it
    // skipped. A spreadsheet counts those, and counts a cell of several lines as one row.
    let (mut number, mut counted, mut inner) = (1, 0, 0);
    for record in reader.records() {
        // The text is valid UTF-8 and rows may be of any length, so no record of it is an error.
        let Ok(record) = record else { continue };
        let from = record.position().map_or(0, csv::Position::byte) as usize;
        let blank = bytes[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = from + blank;
        number += line_ends(&bytes[counted..start]) - inner;
        counted = start;
        inner = record.iter().map(|cell| line_ends(cell.as_bytes())).sum();
        rows.push(CellRow { number, cells: record.iter().map(str::to_owned).collect() });
    }
    named(path, rows, key)
}

/// Line ends of any system: `\n`, `\r\n`, `\r`.
fn line_ends(bytes: &[u8]) -> usize {
    let pairs = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    bytes.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count() - pairs
}

/// Finds the header (the first row with a cell named like `key`) and names the cells of the rows below it.
pub(super) fn named(path: &Path, rows: Vec<CellRow>, key: &Field) -> Result<Vec<RawRow>, Error> {
    let header = rows.iter().take(HEADER_ROWS).enumerate().find_map(|(index, row)| {
        let names: Vec<String> = row.cells.iter().map(|cell| columns::normalize(cell)).collect();
        key.is_among(&names).then_some((index, names))
    });
    let Some((header_index, names)) = header else {
        if rows.is_empty() {
            return Err(Error::NoRows { path: path.to_owned(), first: None });
        }
        return Err(Error::NoHeader {
            path: path.to_owned(),
            wanted: key.names(),
            found: rows.first().map(|row| row.cells.join(", ")).unwrap_or_default(),
        });
    };
    Ok(rows
        .into_iter()
        .skip(header_index + 1)
        .filter(|row| row.cells.iter().any(|cell| !cell.trim().is_empty()))
        .map(|row| {
            let mut fields = Map::new();
            for (name, cell) in names.iter().zip(row.cells) {
                // Of two columns with one name the first counts; an empty cell is no value.
                if !name.is_empty() && !cell.trim().is_empty() {
                    fields.entry(name.clone()).or_insert(Value::String(cell));
                }
            }
            RawRow { number: row.number, fields: Ok(fields) }
        })
        .collect())
}
