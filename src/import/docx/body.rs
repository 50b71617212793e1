//! The body of a document to paragraphs of Markdown.

use std::mem;

use roxmltree::Node;

use super::{
    numbering::{Label, NumberedBy, Numbering},
    package::{Relations, Target},
    styles::{Styles, attribute, child, switch, value},
    text::Paragraph,
};
use crate::import::{markdown::markdown_picture, table};

/// What is never shown, or shown a second time for old programs.
const SKIPPED: [&str; 16] = [
    "del",
    "moveFrom",
    "delText",
    "instrText",
    "Fallback",
    "pPr",
    "rPr",
    "sdtPr",
    "sdtEndPr",
    "tblPr",
    "trPr",
    "tcPr",
    "tblGrid",
    "sectPr",
    "tblPrEx",
    "fldData",
];

/// The paragraphs in their order, blank ones too; a table is one paragraph.
pub(super) fn paragraphs(
    root: Node<'_, '_>,
    styles: &Styles,
    numbering: Numbering,
    relations: &Relations,
) -> Vec<String> {
    let mut reader = Reader {
        styles,
        numbering,
        relations,
        open: Vec::new(),
        tables: Vec::new(),
        depth: None,
        out: Vec::new(),
    };
    // Elements may be nested as deep as their author likes, so nothing here calls itself.
    let mut steps = vec![Step::Enter(root)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Enter(node) if !node.is_element() => {}
            Step::Enter(node) => {
                if reader.enter(node) {
                    steps.push(Step::Leave(node));
                    let from = steps.len();
                    steps.extend(node.children().map(Step::Enter));
                    steps[from..].reverse();
                }
            }
            Step::Leave(node) => reader.leave(node),
        }
    }
    reader.out
}

enum Step<'a, 'i> {
    Enter(Node<'a, 'i>),
    Leave(Node<'a, 'i>),
}

/// A paragraph that is open.
struct Open {
    text: Paragraph,
    /// What stands before the text: the marks of a heading, a bullet.
    head: String,
    /// The number that Word shows.
    number: String,
    /// Whether runs are bold that say nothing of it.
    bold: bool,
    /// Whether the run that is being read is.
    run_bold: bool,
    /// Words for those who cannot see the next picture.
    alt: String,
}

/// A table that is open: rows of cells of paragraphs.
#[derive(Default)]
struct Table {
    rows: Vec<Vec<Vec<String>>>,
}

struct Reader<'r> {
    styles: &'r Styles,
    numbering: Numbering,
    relations: &'r Relations,
    /// Text boxes hold paragraphs inside a paragraph.
    open: Vec<Open>,
    tables: Vec<Table>,
    /// How deep the bulleted list is in which the last paragraph was.
    depth: Option<usize>,
    out: Vec<String>,
}

impl Reader<'_> {
    /// Reads the beginning of an element and says whether to read what is in it.
    fn enter(&mut self, node: Node<'_, '_>) -> bool {
        let name = node.tag_name().name();
        match name {
            "p" => return self.begin_paragraph(node),
            "r" => return self.begin_run(node),
            "tbl" => self.tables.push(Table::default()),
            "tr" => {
                if let Some(table) = self.tables.last_mut() {
                    table.rows.push(Vec::new());
                }
            }
            "tc" => {
                if let Some(row) = self.tables.last_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(Vec::new());
                }
            }
            _ if SKIPPED.contains(&name) => return false,
            _ => self.inline(name, node),
        }
        true
    }

    fn inline(&mut self, name: &str, node: Node<'_, '_>) {
        let relations = self.relations;
        let target =
            |attributes: &[&str]| attributes.iter().find_map(|name| relations.get(attribute(node, name)?));
        let Some(open) = self.open.last_mut() else { return };
        match name {
            "t" => {
                for text in node.children().filter_map(|child| child.text()) {
                    open.text.words(text, open.run_bold);
                }
            }
            "tab" | "ptab" => open.text.words(" ", open.run_bold),
            "noBreakHyphen" => open.text.words("-", open.run_bold),
            "br" if matches!(attribute(node, "type"), Some("page" | "column")) => {}
            "br" | "cr" => open.text.line_break(),
            "docPr" => attribute(node, "descr").unwrap_or_default().clone_into(&mut open.alt),
            "blip" | "imagedata" => {
                if let Some(Target::Part(src) | Target::Web(src)) = target(&["embed", "link", "id"]) {
                    let alt = mem::take(&mut open.alt);
                    open.text.markup(markdown_picture(src, &alt));
                }
            }
            "hyperlink" if matches!(target(&["id"]), Some(Target::Web(_))) => {
                open.text.markup("[".to_owned());
            }
            _ => {}
        }
    }

    fn begin_paragraph(&mut self, node: Node<'_, '_>) -> bool {
        let properties = child(node, "pPr");
        let style = properties.and_then(|properties| value(properties, "pStyle"));
        if self.styles.is_contents(style) {
            return false;
        }
        let outline =
            properties.and_then(|it| value(it, "outlineLvl")?.parse::<u8>().ok()).filter(|it| *it < 9);
        let heading = outline.map(|level| level + 1).or_else(|| self.styles.heading(style));
        let styled = self.styles.numbered(style);
        let numbered = match properties.and_then(NumberedBy::read) {
            Some(own) => Some(own.or(styled)),
            None => styled,
        };
        let label = numbered.and_then(|numbered| self.numbering.next(&numbered));
        let bold = self.styles.bold(style).unwrap_or(false);
        let mut head =
            heading.map_or_else(String::new, |level| format!("{} ", "#".repeat(usize::from(level.min(6)))));
        let mut number = String::new();
        self.depth = match label {
            Some(Label::Number(shown)) => {
                number = shown;
                None
            }
            Some(Label::Bullet(level)) if heading.is_none() => {
                // Deeper than one below the last is no list in Markdown.
                let depth = level.min(self.depth.map_or(0, |depth| depth + 1));
                head = format!("{}- ", "    ".repeat(depth));
                Some(depth)
            }
            Some(Label::Bullet(_)) | None => None,
        };
        self.open.push(Open {
            text: Paragraph::default(),
            head,
            number,
            bold,
            run_bold: bold,
            alt: String::new(),
        });
        true
    }

    fn begin_run(&mut self, node: Node<'_, '_>) -> bool {
        let properties = child(node, "rPr");
        if properties.is_some_and(|properties| switch(properties, "vanish") == Some(true)) {
            return false;
        }
        let own = properties.and_then(|properties| switch(properties, "b"));
        let style = properties.and_then(|properties| value(properties, "rStyle"));
        if let Some(open) = self.open.last_mut() {
            open.run_bold = own.or_else(|| self.styles.bold(style)).unwrap_or(open.bold);
        }
        true
    }

    fn leave(&mut self, node: Node<'_, '_>) {
        match node.tag_name().name() {
            "p" => {
                let Some(mut open) = self.open.pop() else { return };
                open.text.number(&open.number);
                let text = open.text.markdown();
                let text = if text.is_empty() { text } else { open.head + &text };
                self.put(text);
            }
            "hyperlink" => {
                let id = attribute(node, "id").and_then(|id| self.relations.get(id));
                if let (Some(Target::Web(address)), Some(open)) = (id, self.open.last_mut()) {
                    open.text.markup(format!("]({})", crate::import::markdown::markdown_address(address)));
                }
            }
            "tbl" => {
                let Some(table) = self.tables.pop() else { return };
                for paragraph in table.paragraphs() {
                    self.put(paragraph);
                }
            }
            _ => {}
        }
    }

    /// Puts a paragraph into the cell that is open, or into the document.
    fn put(&mut self, paragraph: String) {
        let cell = self.tables.last_mut().and_then(|table| table.rows.last_mut()?.last_mut());
        cell.unwrap_or(&mut self.out).push(paragraph);
    }
}

impl Table {
    /// A table of questions and answers as such; one of a single column as what is in it; any other as a table.
    fn paragraphs(self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        if columns <= 1 {
            return self.rows.into_iter().flatten().flatten().collect();
        }
        let first: Vec<String> = self.rows.first().into_iter().flatten().map(|cell| cell.join(" ")).collect();
        if let Some((question, answer)) = table::question_and_answer(&first) {
            return self
                .rows
                .into_iter()
                .skip(1)
                .flat_map(|row| as_question(row, question, answer))
                .collect();
        }
        let mut lines = Vec::with_capacity(self.rows.len() + 1);
        for (index, row) in self.rows.iter().enumerate() {
            let cell = |index: usize| row.get(index).map_or_else(String::new, |cell| in_a_row(cell));
            lines.push(format!("| {} |", (0..columns).map(cell).collect::<Vec<_>>().join(" | ")));
            if index == 0 {
                lines.push(format!("|{}", " --- |".repeat(columns)));
            }
        }
        vec![lines.join("\n")]
    }
}

/// A row of a table of questions and answers.
fn as_question(mut row: Vec<Vec<String>>, question: usize, answer: usize) -> Vec<String> {
    let mut take = |index: usize| row.get_mut(index).map(mem::take).unwrap_or_default();
    let question = take(question).join(" ").replace("**", "").replace("\\\n", " ");
    let mut paragraphs = vec![format!("**问：{}**", question.trim())];
    let answer = take(answer);
    let first = answer.iter().position(|paragraph| !paragraph.is_empty()).unwrap_or_default();
    for (index, paragraph) in answer.into_iter().enumerate() {
        paragraphs.push(if index == first { format!("答：{paragraph}") } else { paragraph });
    }
    paragraphs
}

fn in_a_row(cell: &[String]) -> String {
    let filled: Vec<&str> =
        cell.iter().map(String::as_str).filter(|paragraph| !paragraph.is_empty()).collect();
    filled.join("<br>").replace("\\\n", "<br>").replace('\n', " ").replace('|', "\\|")
}
