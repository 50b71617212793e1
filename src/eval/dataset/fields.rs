//! What is in the fields of a row.

use serde_json::{Map, Value};

use super::{
    RowProblem,
    columns::{self, Field},
};

/// The names of `fields` as `read` gives them.
#[must_use]
pub fn normalized_names(fields: Map<String, Value>) -> Map<String, Value> {
    fields.into_iter().map(|(key, value)| (columns::normalize(&key), value)).collect()
}

/// The text of a field that has to be there.
///
/// # Errors
/// When it is missing, blank, or no text.
pub fn required_text(fields: &Map<String, Value>, field: &Field) -> Result<String, RowProblem> {
    optional_text(fields, field)?.ok_or(RowProblem::Missing { field: field.name })
}

/// The text of a field, if it is there and not blank.
///
/// # Errors
/// When it is no text.
pub fn optional_text(fields: &Map<String, Value>, field: &Field) -> Result<Option<String>, RowProblem> {
    match field.find(fields) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(other @ (Value::Bool(_) | Value::Array(_) | Value::Object(_))) => {
            Err(RowProblem::Type { field: field.name, found: other.to_string() })
        }
    }
}

/// The texts of a list, or of one text that holds several: spreadsheets put them on lines or between `|` and `;`.
pub(super) fn texts(fields: &Map<String, Value>, field: &Field) -> Result<Vec<String>, RowProblem> {
    let wrong = |found: &Value| RowProblem::Type { field: field.name, found: found.to_string() };
    let mut texts = Vec::new();
    match field.find(fields) {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => {
            texts.extend(text.split(['\n', '\r', '|', ';', '；']).map(str::to_owned));
        }
        Some(Value::Number(number)) => texts.push(number.to_string()),
        Some(Value::Array(items)) => {
            for item in items {
                match item {
                    Value::String(text) => texts.push(text.clone()),
                    Value::Number(number) => texts.push(number.to_string()),
                    Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                        return Err(wrong(item));
                    }
                }
            }
        }
        Some(other @ (Value::Bool(_) | Value::Object(_))) => return Err(wrong(other)),
    }
    Ok(texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).map(str::to_owned).collect())
}
