//! The rows that could not be used as CSV: repaired in place, the file can be imported by itself.

use std::io::Write;

use super::{Import, table::FAILURE_COLUMNS};
use crate::sheet;

/// Writes what `imports` left out as CSV in UTF-8: for tables the cells as they came under the names of their
/// columns, and behind the place those that stood under no name; for the other formats nothing but the reason and the
/// place.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_failed<'a>(
    imports: impl Iterator<Item = &'a Import> + Clone,
    out: impl Write,
) -> csv::Result<()> {
    let mut header: Vec<&str> = Vec::new();
    for name in imports.clone().flat_map(|import| &import.rejected).flat_map(|rows| &rows.header) {
        if !header.contains(&name.as_str()) && !FAILURE_COLUMNS.contains(&name.as_str()) {
            header.push(name);
        }
    }
    let mut out = csv::WriterBuilder::new().flexible(true).from_writer(marked(out)?);
    out.write_record(header.iter().copied().chain(FAILURE_COLUMNS))?;
    for import in imports {
        let mut write = |cells: Vec<&str>, reason: &str, line: Option<usize>, beyond: &[String]| {
            let line = line.map(|line| line.to_string()).unwrap_or_default();
            let ours = [reason, &line, &import.report.file];
            let beyond = beyond.iter().map(String::as_str);
            out.write_record(cells.into_iter().chain(ours).chain(beyond).map(sheet::guard))
        };
        let mut written = Vec::new();
        for rows in &import.rejected {
            for row in &rows.rows {
                let cell = |name: &&str| {
                    let index = rows.header.iter().position(|known| known == name);
                    index.and_then(|index| row.cells.get(index)).map_or("", String::as_str)
                };
                // Behind everything that has a name: the row is refused again unless somebody moves them.
                let beyond = row.cells.get(rows.header.len()..).unwrap_or_default();
                let beyond: &[String] =
                    if beyond.iter().all(|cell| cell.trim().is_empty()) { &[] } else { beyond };
                write(header.iter().map(cell).collect(), &row.reason, Some(row.line), beyond)?;
                written.push(row.line);
            }
        }
        let others = import.report.issues.iter().filter(|issue| {
            let is_written = issue.line.is_some_and(|line| written.contains(&line));
            issue.is_entry_left_out() && !issue.kind.is_duplicate() && !is_written
        });
        for issue in others {
            write(vec![""; header.len()], &issue.kind.to_string(), issue.line, &[])?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Begins with a byte order mark: without it, spreadsheets take UTF-8 for the encoding of the system.
fn marked(mut out: impl Write) -> csv::Result<impl Write> {
    out.write_all("\u{feff}".as_bytes())?;
    Ok(out)
}
