//! FAQs in Markdown: the family of documents that Word converters write, and tidier ones.
//!
//! `blocks` turns `CommonMark` into lines, `grammar` reads what a line says about itself, `outline` decides what it
//! is among its neighbours, `assemble` builds the entries and `render` their answers; `clean` knows white space in
//! Chinese; `exported` reads what dayi itself wrote. Every step is linear in the size of the document.

mod assemble;
mod blocks;
mod clean;
mod exported;
mod grammar;
mod html;
mod inline;
mod outline;
mod render;
mod sections;

#[cfg(test)]
mod tests;

use std::{borrow::Cow, path::Path};

pub(super) use html::{markdown_address, markdown_picture};

use self::inline::Line;
use super::{Import, Origin, report::ImportReport};
use crate::faq::EntryId;

/// Imports a document.
pub(super) fn import(origin: &Origin<'_>, text: &str) -> Import {
    if exported::is_exported(text) {
        return exported::import(origin, text);
    }
    assemble(origin, blocks::lines(&with_plain_line_ends(text)))
}

/// Imports a document of another kind whose paragraphs are written as Markdown. Line numbers count the paragraphs.
pub(super) fn import_paragraphs(origin: &Origin<'_>, paragraphs: &[String]) -> Import {
    let mut first_lines = Vec::with_capacity(paragraphs.len());
    let mut line = 1;
    for paragraph in paragraphs {
        first_lines.push(line);
        line += 2 + paragraph.matches('\n').count();
    }
    let text = paragraphs.join("\n\n");
    let mut lines = blocks::lines(&text);
    for line in &mut lines {
        line.number = first_lines.partition_point(|&first| first <= line.number);
    }
    assemble(origin, lines)
}

fn assemble(origin: &Origin<'_>, lines: Vec<Line<'_>>) -> Import {
    let mut report = ImportReport::new(origin.file);
    let roles = outline::roles(&lines);
    let mut assembler = assemble::Assembler::new(assemble::has_title(&lines), &mut report);
    let mut lines = lines.into_iter().zip(&roles).peekable();
    while let Some((line, &role)) = lines.next() {
        let before_answer = lines.peek().is_some_and(|(_, next)| matches!(next, outline::Role::Answer(_)));
        assembler.read(line, role, before_answer);
    }
    let entries = assembler.finish(origin, &stem_id(origin.file));
    Import { entries, ..Import::new(report) }
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
