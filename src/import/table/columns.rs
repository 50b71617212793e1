//! What the columns of a table mean: the names in its header, and which preset reads them.

use std::collections::HashMap;

use super::preset::{LAYOUTS, Layout, Preset};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Id,
    /// An id that the rows of alternative questions share.
    GroupId,
    /// A running number.
    Number,
    Question,
    /// A heading that is the question when it is there.
    Title,
    /// `question1`, `question2` …
    Numbered,
    Similar,
    Negative,
    Answer,
    /// The answer again, as Markdown.
    Markdown,
    /// A level of the category path.
    Category(u8),
    Tags,
    /// `Key1:Value1 | Key2:Value2`
    Metadata,
    Enabled,
    Disabled,
    ValidFrom,
    ValidUntil,
    /// Known, and nothing a FAQ needs.
    Ignored,
}

impl Column {
    /// Whether a table may have it more than once.
    fn may_repeat(self) -> bool {
        matches!(self, Self::Similar | Self::Numbered | Self::Ignored)
    }

    /// Whether an importer that does not know the column would lose questions or answers.
    fn is_content(self) -> bool {
        matches!(self, Self::Question | Self::Similar | Self::Numbered | Self::Negative | Self::Answer)
    }
}

/// A header that is understood.
pub(super) struct Header {
    pub(super) layout: &'static Layout,
    /// Meaning of each column; `None` when nobody knows it.
    pub(super) columns: Vec<Option<Column>>,
}

impl Header {
    /// Whether rows may go on behind the last column: in the templates that `FastGPT` gives out, a further index stands
    /// there under no name.
    pub(super) fn goes_on(&self) -> bool {
        self.layout.preset == Preset::FastGpt
            && self.columns.iter().flatten().next_back() == Some(&Column::Similar)
    }
}

/// Why a row is no header.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// Most likely a title, or data.
    Unknown,
    /// It is one, but of which product?
    Ambiguous { why: String, fitting: Vec<Preset> },
}

/// Columns that [`failed rows`](super::super::write_failed) carry besides those of their file.
pub(in super::super) const FAILURE_COLUMNS: [&str; 3] = ["原因", "行", "文件"];

/// A name as it is compared: without brackets and what is in them, white space, `*`, `_`, `-`, case.
pub(super) fn normalize(name: &str) -> String {
    let mut depth = 0_usize;
    let mut plain = String::new();
    for c in name.chars() {
        match c {
            '（' | '(' | '【' | '[' => depth += 1,
            // MaxKB's own template closes a bracket twice.
            '）' | ')' | '】' | ']' => depth = depth.saturating_sub(1),
            '_' | '-' | '*' | '\u{feff}' => {}
            _ if depth > 0 || c.is_whitespace() => {}
            _ => plain.extend(c.to_lowercase()),
        }
    }
    plain
}

/// Understands a row as a header, of `preset` when one was asked for.
pub(super) fn header(cells: &[String], preset: Option<Preset>) -> Result<Header, NoHeader> {
    let names: Vec<String> = cells.iter().map(|cell| normalize(cell)).collect();
    if let Some(layout) = preset.and_then(Preset::layout) {
        return match meanings(layout, &names, cells) {
            Ok(Some(columns)) => Ok(Header { layout, columns }),
            Ok(None) => Err(NoHeader::Unknown),
            Err(why) => Err(NoHeader::Ambiguous { why, fitting: fitting(&names, cells) }),
        };
    }
    let mut readings: Vec<Header> = Vec::new();
    let mut doubt = None;
    for layout in &LAYOUTS {
        match meanings(layout, &names, cells) {
            Ok(Some(columns)) if is_certain(layout, &names, &columns) => {
                return Ok(Header { layout, columns });
            }
            Ok(Some(columns)) if bears_signature(layout, &names) => readings.push(Header { layout, columns }),
            Ok(Some(_) | None) => {}
            Err(why) => doubt = doubt.or(Some(why)),
        }
    }
    let conflict = readings
        .iter()
        .enumerate()
        .find_map(|(index, a)| readings[index + 1..].iter().find_map(|b| conflict(a, b, cells)));
    if let Some(why) = conflict.or(doubt) {
        return Err(NoHeader::Ambiguous { why, fitting: fitting(&names, cells) });
    }
    // Readings that do not contradict each other: the one that knows most columns.
    let known = |header: &Header| header.columns.iter().flatten().count();
    readings.into_iter().rev().max_by_key(known).ok_or(NoHeader::Unknown)
}

/// The presets with which the row could be read.
fn fitting(names: &[String], cells: &[String]) -> Vec<Preset> {
    let fits = |layout: &&Layout| {
        matches!(meanings(layout, names, cells), Ok(Some(_))) && bears_signature(layout, names)
    };
    LAYOUTS.iter().filter(fits).map(|layout| layout.preset).collect()
}

/// What the columns mean under a layout; `None` when a required one is missing, an error when two say the same.
fn meanings(
    layout: &Layout,
    names: &[String],
    cells: &[String],
) -> Result<Option<Vec<Option<Column>>>, String> {
    let columns: Vec<Option<Column>> = names.iter().map(|name| meaning(layout, name)).collect();
    if !layout.required.iter().all(|required| columns.contains(&Some(*required))) {
        return Ok(None);
    }
    let mut first: HashMap<Column, usize> = HashMap::new();
    for (index, column) in columns.iter().enumerate() {
        let Some(column) = column.filter(|column| !column.may_repeat()) else { continue };
        if let Some(&other) = first.get(&column) {
            return Err(format!(
                "{:?} and {:?} would mean the same",
                cells[other].trim(),
                cells[index].trim()
            ));
        }
        first.insert(column, index);
    }
    Ok(Some(columns))
}

fn meaning(layout: &Layout, name: &str) -> Option<Column> {
    let known = layout.columns.iter().find(|(_, names)| names.contains(&name)).map(|&(column, _)| column);
    known.or_else(|| {
        let (word, number) = name.split_at(name.find(|c: char| c.is_ascii_digit())?);
        let numbered = word == "question" && number.bytes().all(|byte| byte.is_ascii_digit());
        match layout.preset {
            Preset::QnaBot if numbered => Some(Column::Numbered),
            Preset::Native if numbered => Some(Column::Similar),
            Preset::QnaBot
                if ["displaytext", "buttonvalue", "attributename", "attributevalue", "enabletranslation"]
                    .contains(&word) =>
            {
                Some(Column::Ignored)
            }
            Preset::Native
            | Preset::MaxKb
            | Preset::FastGpt
            | Preset::Dify
            | Preset::QnaMaker
            | Preset::QnaBot
            | Preset::Wechat
            | Preset::WeKnora => None,
        }
    })
}

/// Whether only this preset has such a header, and nothing in it would be lost.
fn is_certain(layout: &Layout, names: &[String], columns: &[Option<Column>]) -> bool {
    let is_lost = |name: &str| meaning(&LAYOUTS[0], name).is_some_and(Column::is_content);
    layout.preset != Preset::Native
        && !layout.signature.is_empty()
        && bears_signature(layout, names)
        && names.iter().zip(columns).all(|(name, column)| column.is_some() || !is_lost(name))
}

fn bears_signature(layout: &Layout, names: &[String]) -> bool {
    layout.signature.iter().all(|spellings| names.iter().any(|name| spellings.contains(&name.as_str())))
}

/// What two readings disagree about.
fn conflict(a: &Header, b: &Header, cells: &[String]) -> Option<String> {
    let index = a.columns.iter().zip(&b.columns).position(
        |(a, b)| matches!((a, b), (Some(a), Some(b)) if a != b && a.is_content() && b.is_content()),
    )?;
    Some(format!(
        "{:?} means one thing to {} and another to {}",
        cells[index].trim(),
        a.layout.preset.name(),
        b.layout.preset.name()
    ))
}

/// The columns that must be there, for a message.
pub(super) fn expected(preset: Option<Preset>) -> String {
    let Some(layout) = preset.and_then(Preset::layout) else {
        return "标准问 and 答案, or the columns of a product that --preset knows".to_owned();
    };
    let names = |required: &Column| {
        if *required == Column::Numbered {
            return "question1".to_owned();
        }
        let known = layout.columns.iter().find(|(column, _)| column == required);
        known.map_or_else(String::new, |(_, names)| names.join(" or "))
    };
    layout.required.iter().map(names).collect::<Vec<_>>().join("; ")
}

/// Whether a name that no preset knows needs no word: it is empty, or ours.
pub(super) fn is_no_news(name: &str) -> bool {
    let plain = normalize(name);
    plain.is_empty() || FAILURE_COLUMNS.contains(&plain.as_str())
}
