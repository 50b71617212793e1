//! Files that are made here, so that each test shows what is in them.

use std::io::{Cursor, Write};

use dayi::import::{Import, ImportError, Options, import_bytes};
use rust_xlsxwriter::Workbook;
use zip::{ZipWriter, write::SimpleFileOptions};

/// The shortest bytes that pass for a PNG.
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n1";

pub(crate) fn import(name: &str, bytes: &[u8]) -> Result<Import, ImportError> {
    import_bytes(name, bytes, &Options::default())
}

/// An archive of these parts.
pub(crate) fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A workbook of sheets of rows of texts.
pub(crate) fn workbook(sheets: &[(&str, &[&[&str]])]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    for (name, rows) in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(*name).unwrap();
        for (row, cells) in rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                sheet.write_string(row as u32, column as u16, *cell).unwrap();
            }
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// Codes of the issues with their lines.
pub(crate) fn codes(import: &Import) -> Vec<(Option<usize>, &'static str)> {
    import.report.issues.iter().map(|issue| (issue.line, issue.kind.code())).collect()
}
