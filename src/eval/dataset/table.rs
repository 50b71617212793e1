//! Rows of cells to rows of named fields.

use std::path::Path;

use serde_json::{Map, Value};

use super::{
    Error, RawRow,
    columns::{self, Field},
};
use crate::sheet::CellRow;

/// The header stands in one of the first rows; templates put a title or a hint above it.
const HEADER_ROWS: usize = 10;

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
