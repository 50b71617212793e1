//! The sections a document is in at a place: category, ordinals for ids, heading for the source.

use super::{clean, grammar::Numbering};

/// Level of the deepest heading of Markdown; sections that are made otherwise have higher ones.
const DEEPEST_HEADING: u8 = 6;

/// An open section.
#[derive(Debug, Clone)]
struct Open {
    level: u8,
    ordinal: Option<u32>,
    title: String,
    /// The heading as the author wrote it.
    heading: String,
    /// Level of the first question in it that is a heading.
    questions: Option<u8>,
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
        let (title, heading) = (clean::clean(title), clean::clean(plain));
        self.open.push(Open { level, ordinal, title, heading, questions: None });
        let is_title = self.open.len() == 1 && self.has_title && level == 1;
        self.enter_open(!is_title);
    }

    /// Closes the sections that cannot contain a question which is a heading of this level: those that are no wider than
    /// it and whose own questions are deeper. Where questions have the level of their section, they stay in it, and a
    /// section that is no heading has no level to compare.
    pub(super) fn ask(&mut self, level: u8) {
        let ends = |open: &Open| {
            (level..=DEEPEST_HEADING).contains(&open.level)
                && open.questions.is_some_and(|deeper| deeper > level)
        };
        if let Some(first) = self.open.iter().position(ends) {
            self.open.truncate(first);
            self.enter_open(true);
        }
        for open in &mut self.open {
            open.questions.get_or_insert(level);
        }
    }

    /// Adds the section that the open ones make. Where sections follow under it, the document's title is none of them.
    fn enter_open(&mut self, follows_title: bool) {
        let path = match self.open.as_slice() {
            [title, path @ ..] if self.has_title && title.level == 1 && follows_title => path,
            path => path,
        };
        self.all.push(Section {
            heading: self.open.last().map(|open| open.heading.clone()),
            category: path.iter().map(|open| open.title.clone()).filter(|title| !title.is_empty()).collect(),
            ordinals: path.iter().filter_map(|open| open.ordinal).collect(),
        });
    }
}
