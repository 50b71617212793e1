//! Entries as rows of the native sheet.

use rust_xlsxwriter::{Format as Style, FormatAlign, Workbook};

use super::{ExportError, Format};
use crate::{faq::Entry, import::native, sheet::guard};

/// Longest text of a cell, in characters.
const CELL_CHARS: usize = 32_767;
/// Rows of a sheet, the header among them.
const SHEET_ROWS: usize = 1_048_576;

/// The cells of an entry, in the order of [`native::HEADER`]. None can come alive as a formula.
fn cells(entry: &Entry) -> [String; native::HEADER.len()] {
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    [
        entry.id.to_string(),
        entry.question.clone(),
        native::joined(&entry.similar),
        native::joined(&entry.negative),
        entry.answer.markdown().to_owned(),
        native::joined_path(&entry.category),
        native::joined(&entry.tags),
        if entry.enabled { "启用" } else { "停用" }.to_owned(),
        day(entry.valid_from),
        day(entry.valid_until),
    ]
    .map(|cell| guard(&cell))
}

/// CSV with a byte order mark, without which spreadsheets take UTF-8 for the encoding of the system.
pub(super) fn csv(entries: &[Entry]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(native::HEADER)?;
    for entry in entries {
        writer.write_record(cells(entry))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// A workbook with one sheet.
pub(super) fn xlsx(entries: &[Entry]) -> Result<Vec<u8>, ExportError> {
    if entries.len() >= SHEET_ROWS {
        return Err(ExportError::TooManyRows { entries: entries.len(), limit: SHEET_ROWS - 1 });
    }
    for entry in entries {
        let cells = cells(entry);
        let too_long =
            cells.iter().zip(native::HEADER).find(|(cell, _)| cell.encode_utf16().count() > CELL_CHARS);
        if let Some((cell, column)) = too_long {
            let characters = cell.encode_utf16().count();
            return Err(ExportError::CellTooLong {
                id: entry.id.clone(),
                column,
                characters,
                limit: CELL_CHARS,
            });
        }
    }
    write(entries).map_err(|error| ExportError::write(Format::Xlsx)(error.into()))
}

fn write(entries: &[Entry]) -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("FAQ")?;
    let (head, body) = (Style::new().set_bold(), Style::new().set_text_wrap().set_align(FormatAlign::Top));
    for (column, name) in native::HEADER.into_iter().enumerate() {
        sheet.write_string_with_format(0, column as u16, name, &head)?;
        sheet.set_column_width(
            column as u16,
            if matches!(name, "标准问" | "相似问" | "答案") { 40.0 } else { 14.0 },
        )?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (row, entry) in entries.iter().enumerate() {
        for (column, cell) in cells(entry).into_iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            // Always a text: a number or a formula would come back as something else.
            sheet.write_string_with_format(row as u32 + 1, column as u16, escaped(&cell), &body)?;
        }
    }
    workbook.save_to_buffer()
}

/// `_x0041_` is how a workbook writes the character A; who means these seven characters writes `_x005F_x0041_`.
fn escaped(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    for (index, part) in cell.split("_x").enumerate() {
        if index > 0 {
            let is_code = part.as_bytes().get(4) == Some(&b'_')
                && part.bytes().take(4).all(|byte| byte.is_ascii_hexdigit());
            out.push_str(if is_code { "_x005F_x" } else { "_x" });
        }
        out.push_str(part);
    }
    out
}
