//! FAQs in Markdown: the family of documents that Word converters write, and tidier ones.
//!
//! `blocks` turns `CommonMark` into lines, `grammar` reads what a line says about itself, `outline` decides what it
//! is among its neighbours, `assemble` builds the entries and `render` their answers; `clean` knows white space in
//! Chinese. Every step is linear in the size of the document.

mod assemble;
mod blocks;
mod clean;
mod grammar;
mod html;
mod inline;
mod outline;
mod render;
mod sections;

#[cfg(test)]
mod tests;

use std::{borrow::Cow, path::Path};

use super::{Import, Origin, report::ImportReport};
use crate::faq::EntryId;

/// Imports a document.
pub(super) fn import(origin: &Origin<'_>, text: &str) -> Import {
    let text = with_plain_line_ends(text);
    let mut report = ImportReport::new(origin.file);
    let lines = blocks::lines(&text);
    let roles = outline::roles(&lines);
    let mut assembler = assemble::Assembler::new(assemble::has_title(&lines), &mut report);
    let mut lines = lines.into_iter().zip(&roles).peekable();
    while let Some((line, &role)) = lines.next() {
        let before_answer = lines.peek().is_some_and(|(_, next)| matches!(next, outline::Role::Answer(_)));
        assembler.read(line, role, before_answer);
    }
    let entries = assembler.finish(origin, &stem_id(origin.file));
    Import { entries, held_out: Vec::new(), report }
}

/// Old Mac line ends count as well: some converters still write them.
fn with_plain_line_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// What ids made from a file begin with: its name without the extension, short enough to put numbers behind it.
pub(super) fn stem_id(file: &str) -> String {
    const MAX_BYTES: usize = 64;
    let stem = Path::new(file).file_stem().map_or(Cow::Borrowed(""), |stem| stem.to_string_lossy());
    let stem = EntryId::slug(&stem).map_or_else(|_| "faq".to_owned(), String::from);
    let cut = stem.floor_char_boundary(MAX_BYTES);
    stem[..cut].trim_end_matches('-').to_owned()
}
