//! The parts of a Word document and how they refer to each other.

use std::collections::HashMap;

use roxmltree::{Document, ParsingOptions};

use super::{DocxError, body, numbering::Numbering, styles::Styles};
use crate::sheet::Archive;

/// Relationships of the main document by their id.
pub(super) type Relations = HashMap<String, Target>;

/// What a relationship leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A part, by its name in the archive.
    Part(String),
    /// An address outside.
    Web(String),
}

pub(super) struct Package {
    archive: Archive<Vec<u8>>,
}

impl Package {
    pub(super) fn open(bytes: &[u8]) -> Result<Self, DocxError> {
        Ok(Self { archive: Archive::open(bytes.to_vec())? })
    }

    /// The archive, for the pictures.
    pub(super) fn into_archive(self) -> Archive<Vec<u8>> {
        self.archive
    }

    /// The paragraphs of the main document as Markdown; blank ones too, so that they can be counted.
    pub(super) fn paragraphs(&mut self) -> Result<Vec<String>, DocxError> {
        let main = self.main_part()?;
        let relations = self.relations(&main)?;
        let beside = |name: &str| match main.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{name}"),
            None => name.to_owned(),
        };
        let styles = self.optional(&beside("styles.xml"), Styles::read)?.unwrap_or_default();
        let numbering = self.optional(&beside("numbering.xml"), Numbering::read)?.unwrap_or_default();
        let text = self.text(&main)?.ok_or_else(|| DocxError::NoPart { part: main.clone() })?;
        let document = parse(&main, &text)?;
        Ok(body::paragraphs(document.root_element(), &styles, numbering, &relations))
    }

    /// Name of the main document: `word/document.xml`, unless the package says otherwise.
    fn main_part(&mut self) -> Result<String, DocxError> {
        const RELATIONS: &str = "_rels/.rels";
        let main = self.optional(RELATIONS, |root| {
            let relation = root.children().find(|relation| {
                relation.attribute("Type").is_some_and(|kind| kind.ends_with("/officeDocument"))
            });
            relation
                .and_then(|it| it.attribute("Target"))
                .map(|target| target.trim_start_matches('/').to_owned())
        })?;
        Ok(main.flatten().unwrap_or_else(|| "word/document.xml".to_owned()))
    }

    fn relations(&mut self, main: &str) -> Result<Relations, DocxError> {
        let (folder, name) = main.rsplit_once('/').unwrap_or(("", main));
        let part = format!("{folder}/_rels/{name}.rels");
        let relations = self.optional(part.trim_start_matches('/'), |root| {
            let read = |relation: roxmltree::Node<'_, '_>| {
                let target = relation.attribute("Target")?;
                let target = if relation.attribute("TargetMode") == Some("External") {
                    Target::Web(target.to_owned())
                } else if let Some(absolute) = target.strip_prefix('/') {
                    Target::Part(absolute.to_owned())
                } else {
                    Target::Part(format!("{folder}/{target}").trim_start_matches('/').to_owned())
                };
                Some((relation.attribute("Id")?.to_owned(), target))
            };
            root.children().filter_map(read).collect()
        })?;
        Ok(relations.unwrap_or_default())
    }

    fn text(&mut self, part: &str) -> Result<Option<String>, DocxError> {
        let Some(bytes) = self.archive.read(part)? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| DocxError::Encoding { part: part.to_owned() })?;
        Ok(Some(text))
    }

    /// What `read` makes of a part that may be missing.
    fn optional<T>(
        &mut self,
        part: &str,
        read: impl FnOnce(roxmltree::Node<'_, '_>) -> T,
    ) -> Result<Option<T>, DocxError> {
        let Some(text) = self.text(part)? else { return Ok(None) };
        let document = parse(part, &text)?;
        Ok(Some(read(document.root_element())))
    }
}

/// Parses a part. A document type, and with it every entity that could grow, is refused by the parser.
fn parse<'t>(part: &str, text: &'t str) -> Result<Document<'t>, DocxError> {
    let options = ParsingOptions { nodes_limit: 4_000_000, ..ParsingOptions::default() };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Document::parse_with_options(text, options)
        .map_err(|reason| DocxError::Xml { part: part.to_owned(), reason })
}
