//! The cells of a file: text in the encodings that Chinese offices save, CSV and TSV, XLSX.
//!
//! Knows nothing of what the cells mean; `import` reads FAQs from them and `eval` labelled questions. Every reader is
//! bounded in memory whatever a file claims of itself.

mod decode;
mod delimited;
mod guard;
mod unpack;
mod workbook;

pub(crate) use decode::{Undecodable, decode};
pub(crate) use delimited::{delimiter, rows as delimited};
pub(crate) use guard::{guard, unguard};
pub(crate) use unpack::{Archive, ArchiveError};
pub(crate) use workbook::{Sheet, WorkbookError, sheets};

/// Larger files are refused: a file is read as a whole. Also the limit on what a packed file may unpack to.
pub const MAX_BYTES: u64 = 256 << 20;

/// A row of cells with its number in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CellRow {
    /// As a spreadsheet numbers it, from 1: a cell of several lines is one row.
    pub(crate) number: usize,
    pub(crate) cells: Vec<String>,
}

impl CellRow {
    /// Whether there is nothing in it.
    pub(crate) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

#[cfg(test)]
mod tests;
