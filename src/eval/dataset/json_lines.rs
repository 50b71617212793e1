//! JSON Lines to rows of named fields.

use serde_json::{Map, Value};

use super::{RawRow, RowProblem, columns};

/// One row a line; blank lines are skipped but counted.
pub(super) fn rows(text: &str) -> Vec<RawRow> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| RawRow { number: index + 1, fields: object(line) })
        .collect()
}

fn object(line: &str) -> Result<Map<String, Value>, RowProblem> {
    match serde_json::from_str::<Map<String, Value>>(line) {
        Ok(map) => Ok(map.into_iter().map(|(key, value)| (columns::normalize(&key), value)).collect()),
        Err(error) => Err(RowProblem::Json { reason: error.to_string() }),
    }
}
