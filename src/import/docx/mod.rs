//! Word documents (.docx) to the Markdown that `markdown` reads.
//!
//! `package` opens the archive, `styles` and `numbering` know what a paragraph inherits and what number Word shows
//! before it, and `body` writes paragraphs, headings, bold words, pictures and tables as Markdown, each in its place.
//! Questions, answers and sections are then found by the same rules as in a Markdown file.

mod body;
mod label;
mod numbering;
mod package;
mod styles;
mod text;

#[cfg(test)]
mod tests;

use super::{Import, ImportError, Origin, markdown};

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error)]
enum DocxError {
    /// The archive around it.
    #[error(transparent)]
    Archive(#[from] crate::sheet::ArchiveError),
    /// It is an archive, but of something else.
    #[error("it has no part {part}, so it is no Word document; save it as .docx again")]
    NoPart {
        /// The part.
        part: String,
    },
    /// Not XML, or XML with what no Word document has: a document type, entities of its own.
    #[error("its part {part} is damaged ({reason}); save it again")]
    Xml {
        /// The part.
        part: String,
        /// What the parser says.
        reason: roxmltree::Error,
    },
    /// A part is not UTF-8.
    #[error("its part {part} is not UTF-8; save it again")]
    Encoding {
        /// The part.
        part: String,
    },
}

/// Imports a document. Line numbers in the report count its paragraphs.
pub(super) fn import(origin: &Origin<'_>, bytes: &[u8]) -> Result<Import, ImportError> {
    let failed = |why: DocxError| ImportError::unreadable(origin.file, why);
    let mut package = package::Package::open(bytes).map_err(failed)?;
    let paragraphs = package.paragraphs().map_err(failed)?;
    origin.pictures.borrow_mut().archive = Some((package.into_archive(), String::new()));
    Ok(markdown::import_paragraphs(origin, &paragraphs))
}
