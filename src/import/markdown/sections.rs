//! The sections a document is in at a place: category, ordinals for ids, heading for the source.

use super::{clean, grammar::Numbering};

/// An open section.
#[derive(Debug, Clone)]
struct Open {
    level: u8,
    ordinal: Option<u32>,
    title: String,
}

/// What entries under a heading share.
#[derive(Debug, Clone, Default)]
pub(super) struct Section {
    /// The heading as the author wrote it.
    pub(super) heading: Option<String>,
    /// Titles without their numbering, the widest first.
    pub(super) category: Vec<String>,
    /// Their ordinals.
    pub(super) ordinals: Vec<u32>,
}

/// Sections in reading order. The first one is the document before any heading.
#[derive(Debug)]
pub(super) struct Sections {
    open: Vec<Open>,
    pub(super) all: Vec<Section>,
    /// Whether the document's only first-level heading is its title when sections follow under it.
    has_title: bool,
}

impl Sections {
    pub(super) fn new(has_title: bool) -> Self {
        Self { open: Vec::new(), all: vec![Section::default()], has_title }
    }

    /// Index of the section the reader is in.
    pub(super) fn current(&self) -> usize {
        self.all.len() - 1
    }

    /// Opens a section and closes those that cannot contain it.
    pub(super) fn enter(&mut self, level: u8, numbering: Option<Numbering>, plain: &str) {
        self.open.retain(|open| open.level < level);
        let title = numbering.map_or(plain, |numbering| &plain[numbering.len..]);
        let ordinal = numbering.and_then(|numbering| numbering.number);
        self.open.push(Open { level, ordinal, title: clean::clean(title) });
        let path = match self.open.as_slice() {
            [title, path @ ..] if self.has_title && title.level == 1 && !path.is_empty() => path,
            path => path,
        };
        self.all.push(Section {
            heading: Some(clean::clean(plain)),
            category: path.iter().map(|open| open.title.clone()).filter(|title| !title.is_empty()).collect(),
            ordinals: path.iter().filter_map(|open| open.ordinal).collect(),
        });
    }
}
