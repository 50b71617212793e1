//! Cells that a spreadsheet would take for a formula.
//!
//! `=HYPERLINK(…)` in an answer must not come alive when somebody opens an export. Such a cell gets an apostrophe in
//! front, which spreadsheets read as "this is text", and which an import takes away again.

/// The cell as it is written: text that begins like a formula gets an apostrophe in front.
pub(crate) fn guard(cell: &str) -> String {
    if begins_like_a_formula(cell.trim_start_matches('\'')) { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell as it was meant: the opposite of [`guard`], for every text.
pub(crate) fn unguard(cell: String) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if begins_like_a_formula(rest.trim_start_matches('\'')) => rest.to_owned(),
        Some(_) | None => cell,
    }
}

fn begins_like_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}
