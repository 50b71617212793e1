//! Which sheets of a workbook its author hid.

use std::io::Cursor;

use calamine::{Reader, SheetVisible, Xlsx};

use crate::sheet::WorkbookError;

/// The names of the sheets that a spreadsheet does not show: drafts and lists of what may be chosen, not meant to be
/// read, let alone given as answers.
///
/// Opens the workbook once more, without its cells. Sets no bounds of its own, so [`sheets`](crate::sheet::sheets) must
/// have read the same bytes before.
pub(in super::super) fn hidden_sheets(bytes: &[u8]) -> Result<Vec<String>, WorkbookError> {
    let workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let sheets = workbook.sheets_metadata().iter();
    Ok(sheets
        .filter(|sheet| sheet.visible != SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect())
}
