//! Entries as a Markdown document: a heading a question, its answer below, everything else in a comment above.
//!
//! [`native::DOCUMENT_MARK`] at the beginning tells an import that answers stand there word for word.

use std::fmt::Write;

use crate::{
    faq::Entry,
    import::native::{self, Details},
};

/// The document.
pub(super) fn document(entries: &[Entry]) -> String {
    let mut out = format!("{}\n", native::DOCUMENT_MARK);
    for entry in entries {
        let details = Details::of(entry);
        let heading: String = entry.question.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // Writing into a text cannot fail.
        let _ = write!(out, "\n{}\n## {heading}\n\n", native::entry_mark(&details));
        for line in entry.answer.markdown().split_inclusive('\n') {
            out.push_str(&native::escaped_line(line));
        }
        out.push('\n');
    }
    out
}
