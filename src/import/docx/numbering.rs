//! Word's automatic numbering: the number that is shown before a paragraph and stands nowhere in its text.

use std::collections::HashMap;

use roxmltree::Node;

use super::{
    label::{self, Format},
    styles::{LocalName, attribute, child, value},
};

/// Lists have nine levels.
const LEVELS: usize = 9;

/// The list and level that number a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NumberedBy {
    list: Option<String>,
    level: Option<usize>,
}

impl NumberedBy {
    /// Reads `numPr` of paragraph properties.
    pub(super) fn read(properties: Node<'_, '_>) -> Option<Self> {
        let node = child(properties, "numPr")?;
        let list = value(node, "numId").map(str::to_owned);
        Some(Self { list, level: value(node, "ilvl").and_then(|level| level.parse().ok()) })
    }

    /// What stands in the paragraph, with what its style says of the rest.
    pub(super) fn or(self, style: Option<Self>) -> Self {
        let (list, level) = style.map_or((None, None), |style| (style.list, style.level));
        Self { list: self.list.or(list), level: self.level.or(level) }
    }
}

/// What is shown before a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Label {
    /// `1、` and the like.
    Number(String),
    /// A bullet, this deep.
    Bullet(usize),
}

/// A level of a list.
#[derive(Debug, Clone)]
struct Level {
    start: u32,
    format: Format,
    /// `%1.%2、`
    text: String,
    /// Whether a space or tab follows.
    spaced: bool,
}

/// A list as paragraphs refer to it.
#[derive(Debug)]
struct List {
    /// Lists of one abstract list count on together.
    kind: String,
    /// Levels that begin anew where this list begins.
    restarts: HashMap<usize, u32>,
}

/// All lists, and how far each has counted.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    kinds: HashMap<String, Vec<Level>>,
    lists: HashMap<String, List>,
    counters: HashMap<String, [Option<u32>; LEVELS]>,
    begun: Vec<String>,
}

impl Numbering {
    pub(super) fn read(root: Node<'_, '_>) -> Self {
        let all = |name: &'static str| root.children().filter(move |node| node.has_tag_name_local(name));
        let kinds = all("abstractNum").filter_map(|node| {
            let mut levels = vec![Level::default(); LEVELS];
            for level in node.children().filter(|node| node.has_tag_name_local("lvl")) {
                let index: usize = attribute(level, "ilvl")?.parse().ok()?;
                if let Some(slot) = levels.get_mut(index) {
                    *slot = Level::read(level);
                }
            }
            Some((attribute(node, "abstractNumId")?.to_owned(), levels))
        });
        let lists = all("num").filter_map(|node| {
            let overrides = node.children().filter(|node| node.has_tag_name_local("lvlOverride"));
            let restarts = overrides.filter_map(|node| {
                Some((attribute(node, "ilvl")?.parse().ok()?, value(node, "startOverride")?.parse().ok()?))
            });
            let list = List { kind: value(node, "abstractNumId")?.to_owned(), restarts: restarts.collect() };
            Some((attribute(node, "numId")?.to_owned(), list))
        });
        let (kinds, lists) = (kinds.collect(), lists.collect());
        Self { kinds, lists, counters: HashMap::new(), begun: Vec::new() }
    }

    /// Counts a paragraph and says what is shown before it; `None` when nothing is.
    pub(super) fn next(&mut self, by: &NumberedBy) -> Option<Label> {
        let id = by.list.as_deref()?;
        let level = by.level.unwrap_or(0).min(LEVELS - 1);
        // A list of this id is how a paragraph says that it is in none.
        let list = self.lists.get(id).filter(|_| id != "0")?;
        let levels = self.kinds.get(&list.kind)?;
        let counters = self.counters.entry(list.kind.clone()).or_default();
        if !self.begun.iter().any(|begun| begun == id) {
            self.begun.push(id.to_owned());
            for (&level, &start) in &list.restarts {
                if let Some(counter) = counters.get_mut(level) {
                    *counter = start.checked_sub(1);
                    counters.iter_mut().skip(level + 1).for_each(|deeper| *deeper = None);
                }
            }
        }
        let here = &levels[level];
        counters[level] = Some(counters[level].map_or(here.start, |count| count.saturating_add(1)));
        for deeper in counters.iter_mut().skip(level + 1) {
            *deeper = None;
        }
        match here.format {
            Format::Bullet => return Some(Label::Bullet(level)),
            Format::None => return None,
            Format::Number(_) => {}
        }
        let mut text = String::new();
        let mut rest = here.text.as_str();
        while let Some(at) = rest.find('%') {
            text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let index = rest.bytes().next().filter(|digit| matches!(digit, b'1'..=b'9'));
            let Some(index) = index.map(|digit| usize::from(digit - b'1')) else { continue };
            rest = &rest[1..];
            // A level that has not been counted yet shows where it would begin.
            let count = counters[index].unwrap_or(levels[index].start);
            if let Format::Number(style) = levels[index].format {
                text.push_str(&label::number(style, count));
            }
        }
        text.push_str(rest);
        if here.spaced && !text.is_empty() {
            text.push(' ');
        }
        Some(Label::Number(text))
    }
}

impl Default for Level {
    fn default() -> Self {
        Self { start: 1, format: Format::None, text: String::new(), spaced: true }
    }
}

impl Level {
    fn read(node: Node<'_, '_>) -> Self {
        Self {
            start: value(node, "start").and_then(|start| start.parse().ok()).unwrap_or(1),
            format: Format::of(value(node, "numFmt").unwrap_or("decimal")),
            text: value(node, "lvlText").unwrap_or_default().to_owned(),
            spaced: value(node, "suff") != Some("nothing"),
        }
    }
}
