//! JSON Lines to rows of named fields.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{RawRow, RowProblem};

/// One row a line; blank lines are skipped but counted.
pub(super) fn rows(text: &str) -> Vec<RawRow> {
    let object = |line| parse::<Map<String, Value>>(line).map(super::normalized_names);
    lines(text).map(|(number, line)| RawRow { number, fields: object(line) }).collect()
}

/// One value a line, of any kind.
pub(super) fn values(text: &str) -> Vec<(usize, Result<Value, RowProblem>)> {
    lines(text).map(|(number, line)| (number, parse(line))).collect()
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty())
}

fn parse<T: DeserializeOwned>(line: &str) -> Result<T, RowProblem> {
    serde_json::from_str(line).map_err(|error| RowProblem::Json { reason: error.to_string() })
}
