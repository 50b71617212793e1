//! The files that dayi writes itself, as far as writing and reading them must agree: the columns of its sheet and the
//! marks of its Markdown documents.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub(crate) use super::table::{NATIVE_HEADER as HEADER, joined, joined_path};
use crate::faq::{Entry, EntryId};

/// The first line of a document in which answers stand word for word.
pub(crate) const DOCUMENT_MARK: &str = "<!-- dayi:faq -->";
/// What the line above a question begins and ends with.
const ENTRY_MARK: (&str, &str) = ("<!-- dayi:entry ", " -->");
/// What no line of an answer may begin with.
const RESERVED: &str = "<!-- dayi:";

/// What a document says of an entry besides its question and answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Details {
    pub(crate) id: EntryId,
    /// The question, where a heading cannot hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) question: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) similar: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) negative: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) category: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) valid_from: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) valid_until: Option<Date>,
}

impl Details {
    /// What is to be said of `entry`.
    pub(crate) fn of(entry: &Entry) -> Self {
        let fits_a_heading =
            !entry.question.contains(char::is_control) && entry.question == entry.question.trim();
        Self {
            id: entry.id.clone(),
            question: (!fits_a_heading).then(|| entry.question.clone()),
            similar: entry.similar.clone(),
            negative: entry.negative.clone(),
            category: entry.category.clone(),
            tags: entry.tags.clone(),
            enabled: (!entry.enabled).then_some(false),
            valid_from: entry.valid_from,
            valid_until: entry.valid_until,
        }
    }
}

/// The line above a question.
pub(crate) fn entry_mark(details: &Details) -> String {
    let json = serde_json::to_string(details).unwrap_or_default();
    // A comment ends at the first `-->`, whatever is quoted.
    format!("{}{}{}", ENTRY_MARK.0, json.replace('>', "\\u003e"), ENTRY_MARK.1)
}

/// The details that a line holds; `None` when it is an ordinary line.
pub(crate) fn details(line: &str) -> Option<Result<Details, serde_json::Error>> {
    let json = line.strip_prefix(ENTRY_MARK.0)?.trim_end().strip_suffix(ENTRY_MARK.1.trim_start())?;
    Some(serde_json::from_str(json))
}

/// A line of an answer that cannot be taken for a mark.
pub(crate) fn escaped_line(line: &str) -> String {
    if line.trim_start_matches('\\').starts_with(RESERVED) { format!("\\{line}") } else { line.to_owned() }
}

/// The opposite of [`escaped_line`].
pub(crate) fn unescaped_line(line: &str) -> &str {
    match line.strip_prefix('\\') {
        Some(rest) if rest.trim_start_matches('\\').starts_with(RESERVED) => rest,
        Some(_) | None => line,
    }
}
