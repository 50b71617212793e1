//! Delimited text (CSV, TSV) to rows of cells.

use super::CellRow;

/// What separates the cells: what the first line has most of. Files named `.csv` are written with all of these.
pub(crate) fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: u8| first.bytes().filter(|&byte| byte == delimiter).count();
    // The last of equals wins, so a line without any is read as CSV.
    [b';', b'\t', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

/// The rows of delimited `text`.
pub(crate) fn rows(text: &str, delimiter: u8) -> impl Iterator<Item = CellRow> {
    let reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let bytes = text.as_bytes();
    // The parser says where it began to look for a record, which is before the line ends and blank lines that it
    // skipped. A spreadsheet counts those, and counts a cell of several lines as one row.
    let (mut number, mut counted, mut inner) = (1, 0, 0);
    // The text is valid UTF-8 and rows may be of any length, so no record of it is an error.
    reader.into_records().filter_map(Result::ok).map(move |record| {
        let from = record.position().map_or(0, csv::Position::byte) as usize;
        let blank = bytes[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = from + blank;
        number += line_ends(&bytes[counted..start]) - inner;
        counted = start;
        inner = record.iter().map(|cell| line_ends(cell.as_bytes())).sum();
        CellRow { number, cells: record.iter().map(str::to_owned).collect() }
    })
}

/// Line ends of any system: `\n`, `\r\n`, `\r`.
fn line_ends(bytes: &[u8]) -> usize {
    let pairs = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    bytes.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count() - pairs
}
