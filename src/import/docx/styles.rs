//! What a paragraph or a run inherits from its style: heading level, bold, numbering.

use std::collections::HashMap;

use roxmltree::Node;

use super::numbering::NumberedBy;

/// Styles refer to each other; a chain longer than this is a circle.
const MAX_CHAIN: usize = 20;

/// A style as it is written, without what it inherits.
#[derive(Debug, Clone, Default)]
struct Style {
    based_on: Option<String>,
    /// From 1.
    heading: Option<u8>,
    bold: Option<bool>,
    numbered: Option<NumberedBy>,
    is_contents: bool,
}

/// All styles by their id.
#[derive(Debug, Default)]
pub(super) struct Styles {
    by_id: HashMap<String, Style>,
}

/// An element's child by its local name.
pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name_local(name))
}

/// The `val` of an element's child.
pub(super) fn value<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    attribute(child(node, name)?, "val")
}

/// An attribute by its local name.
pub(super) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value())
}

/// Whether a property is switched on; `None` when it is not mentioned.
pub(super) fn switch(properties: Node<'_, '_>, name: &str) -> Option<bool> {
    let property = child(properties, name)?;
    Some(!matches!(attribute(property, "val"), Some("0" | "false" | "off" | "none")))
}

/// Names are compared without their namespace: Word has two sets of them.
pub(super) trait LocalName {
    /// Whether the element is called so.
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

impl Styles {
    pub(super) fn read(root: Node<'_, '_>) -> Self {
        let styles = root.children().filter(|node| node.has_tag_name_local("style"));
        let by_id =
            styles.filter_map(|node| Some((attribute(node, "styleId")?.to_owned(), Style::read(node))));
        Self { by_id: by_id.collect() }
    }

    /// The first answer along the chain of styles that begins with `id`.
    fn inherited<T>(&self, id: Option<&str>, find: impl Fn(&Style) -> Option<T>) -> Option<T> {
        let mut style = self.by_id.get(id?);
        for _ in 0..MAX_CHAIN {
            let here = style?;
            if let Some(found) = find(here) {
                return Some(found);
            }
            style = self.by_id.get(here.based_on.as_deref()?);
        }
        None
    }

    pub(super) fn heading(&self, id: Option<&str>) -> Option<u8> {
        self.inherited(id, |style| style.heading)
    }

    pub(super) fn bold(&self, id: Option<&str>) -> Option<bool> {
        self.inherited(id, |style| style.bold)
    }

    pub(super) fn numbered(&self, id: Option<&str>) -> Option<NumberedBy> {
        self.inherited(id, |style| style.numbered.clone())
    }

    /// Whether the paragraph is a line of a table of contents.
    pub(super) fn is_contents(&self, id: Option<&str>) -> bool {
        self.inherited(id, |style| style.is_contents.then_some(true)).unwrap_or(false)
    }
}

impl Style {
    fn read(node: Node<'_, '_>) -> Self {
        let name = value(node, "name").unwrap_or_default().to_lowercase();
        let paragraph = child(node, "pPr");
        // Level 9 is "body text".
        let outline =
            paragraph.and_then(|it| value(it, "outlineLvl")?.parse::<u8>().ok()).filter(|it| *it < 9);
        let named = name.strip_prefix("heading ").or_else(|| name.strip_prefix("标题 "));
        let named = named.and_then(|level| level.parse::<u8>().ok());
        let title = (name == "title").then_some(1);
        Self {
            based_on: value(node, "basedOn").map(str::to_owned),
            heading: outline
                .map(|level| level + 1)
                .or(named)
                .or(title)
                .filter(|level| (1..=9).contains(level)),
            bold: child(node, "rPr").and_then(|run| switch(run, "b")),
            numbered: paragraph.and_then(NumberedBy::read),
            is_contents: name.starts_with("toc "),
        }
    }
}
