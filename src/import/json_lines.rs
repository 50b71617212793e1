//! JSON Lines: one entry as a JSON object per line.
//!
//! The fields are those of an [`Entry`], all optional but `question`; `category` may be a text or a list, and
//! `heldout_for_oos` marks an entry of a labelled data set (see [`super::Import::held_out`]).

use std::collections::{BTreeMap, HashSet};

use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use super::{
    Import, Origin,
    record::{Collector, Record},
    report::IssueKind,
};
use crate::faq::Source;

#[derive(Deserialize)]
struct Line {
    id: Option<Id>,
    question: String,
    similar: Option<Vec<String>>,
    negative: Option<Vec<String>>,
    answer: Option<String>,
    category: Option<Category>,
    tags: Option<Vec<String>>,
    enabled: Option<bool>,
    valid_from: Option<Date>,
    valid_until: Option<Date>,
    source: Option<Source>,
    updated_at: Option<Timestamp>,
    heldout_for_oos: Option<bool>,
    #[serde(flatten)]
    unknown: BTreeMap<String, serde_json::Value>,
}

/// Spreadsheets and scripts like to write `"id": 12`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Category {
    One(String),
    Path(Vec<String>),
}

pub(super) fn import(origin: &Origin<'_>, bytes: &[u8]) -> Import {
    let mut collector = Collector::new(origin);
    let mut unknown = UnknownFields::default();
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if !line.trim_ascii().is_empty() {
            add(&mut collector, index + 1, parse(line), &mut unknown);
        }
    }
    collector.import
}

/// Fields that were reported already: one that every line has needs one word, not thousands.
pub(super) type UnknownFields = HashSet<String>;

/// Adds what a line says, or what is wrong with it.
pub(super) fn add(
    collector: &mut Collector<'_, '_>,
    number: usize,
    parsed: Result<Parsed, IssueKind>,
    unknown_fields: &mut UnknownFields,
) {
    let added = parsed.and_then(|Parsed { record, held_out, unknown }| {
        Ok((collector.add(number, record)?, held_out, unknown))
    });
    match added {
        Err(kind) => collector.note(number, None, kind),
        Ok((id, held_out, unknown)) => {
            for field in unknown {
                if unknown_fields.insert(field.clone()) {
                    collector.note(number, Some(&id), IssueKind::UnknownField { field });
                }
            }
            if held_out {
                collector.import.held_out.push(id);
            }
        }
    }
}

/// What a line says.
pub(super) struct Parsed {
    record: Record,
    held_out: bool,
    /// Fields that nobody knows.
    unknown: Vec<String>,
}

fn parse(line: &[u8]) -> Result<Parsed, IssueKind> {
    let text = str::from_utf8(line).map_err(|_| IssueKind::InvalidUtf8)?;
    let line: Line = serde_json::from_str(text).map_err(|error| {
        // The parser counts lines of its own input, always 1; the issue carries the real one.
        let reason = error.to_string();
        IssueKind::InvalidLine { reason: reason.replace(" at line 1 column ", " at column ") }
    })?;
    Ok(Parsed::from(line))
}

/// As [`parse`], of an object that was read already.
pub(super) fn parse_value(value: &serde_json::Value) -> Result<Parsed, IssueKind> {
    let line =
        Line::deserialize(value).map_err(|error| IssueKind::InvalidLine { reason: error.to_string() })?;
    Ok(Parsed::from(line))
}

impl From<Line> for Parsed {
    fn from(line: Line) -> Self {
        let record = Record {
            id: line.id.map(|id| match id {
                Id::Text(id) => id,
                Id::Number(id) => id.to_string(),
            }),
            number: None,
            question: line.question,
            similar: line.similar.unwrap_or_default(),
            negative: line.negative.unwrap_or_default(),
            answer: line.answer.unwrap_or_default(),
            category: match line.category {
                Some(Category::One(name)) => vec![name],
                Some(Category::Path(path)) => path,
                None => Vec::new(),
            },
            tags: line.tags.unwrap_or_default(),
            enabled: line.enabled,
            valid_from: line.valid_from,
            valid_until: line.valid_until,
            source: line.source,
            updated_at: line.updated_at,
        };
        let held_out = line.heldout_for_oos.unwrap_or(false);
        Self { record, held_out, unknown: line.unknown.into_keys().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Options, *};

    fn import(text: &[u8]) -> Import {
        super::super::import_bytes("corpus.jsonl", text, &Options::default()).unwrap()
    }

    #[test]
    fn every_field_arrives() {
        let import = import(
            "{\"id\":\"a\",\"question\":\" 问 \",\"similar\":[\"s\"],\"negative\":[\"n\"],\"answer\":\"答\",\
             \"category\":[\"x\",\"y\"],\"tags\":[\"t\"],\"enabled\":false,\"valid_from\":\"2026-01-02\"}\r\n\
             \n{\"id\":7,\"question\":\"q\",\"category\":\"x\",\"answer\":null,\"heldout_for_oos\":true}\n\
             {\"question\":\"ohne\"}"
                .as_bytes(),
        );
        assert_eq!(import.report.issues, []);
        let [first, second, third] = import.entries.as_slice() else { panic!("{import:?}") };
        assert_eq!((first.question.as_str(), first.answer.markdown()), ("问", "答"));
        assert_eq!(
            (&first.similar, &first.negative, &first.tags),
            (&vec!["s".into()], &vec!["n".into()], &vec!["t".into()])
        );
        assert_eq!(
            (first.category.as_slice(), first.enabled),
            (["x".to_owned(), "y".to_owned()].as_slice(), false)
        );
        assert_eq!(first.valid_from.unwrap().to_string(), "2026-01-02");
        assert_eq!((second.id.as_str(), second.category.as_slice()), ("7", ["x".to_owned()].as_slice()));
        assert_eq!(import.held_out, ["7".parse().unwrap()]);
        assert_eq!((third.id.as_str(), third.source.as_ref().unwrap().line), ("corpus-4", Some(4)));
    }

    #[test]
    fn a_bad_line_is_reported_with_its_number_and_the_rest_is_imported() {
        let import = import(
            b"{\"id\":\"a\",\"question\":\"q\"}\n{\"id\":\"b\"\n[1]\n\xff\n{\"id\":\"c\"}\n{\"id\":\"a b\",\"question\":\"q\"}\n\
              {\"id\":\"d\",\"question\":\"  \"}\n{\"id\":\"a\",\"question\":\"q\"}\n\
              {\"id\":\"e\",\"question\":\"r\",\"anwser\":1}\n{\"id\":\"f\",\"question\":\"q\",\"similar\":\"s\"}",
        );
        let issues: Vec<_> =
            import.report.issues.iter().map(|it| (it.line.unwrap(), it.kind.code())).collect();
        assert_eq!(
            issues,
            [
                (2, "invalid_line"),
                (3, "invalid_line"),
                (4, "invalid_utf8"),
                (5, "invalid_line"),
                (6, "invalid_id"),
                (7, "question_without_text"),
                (8, "id_twice"),
                (9, "unknown_field"),
                (10, "invalid_line"),
            ]
        );
        let ids: Vec<_> = import.entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids, ["a", "e"]);
        assert!(import.report.issues[3].kind.to_string().contains("missing field `question`"));
        assert_eq!(import.report.imported, 2);
    }

    #[test]
    fn a_field_nobody_knows_is_reported_once() {
        let import = import(b"{\"question\":\"q\",\"split\":1}\n{\"question\":\"r\",\"split\":2}");
        let lines: Vec<_> = import.report.issues.iter().map(|issue| issue.line).collect();
        assert_eq!((lines, import.entries.len()), (vec![Some(1)], 2));
    }

    #[test]
    fn an_exported_entry_comes_back_as_it_was() {
        let entry =
            import("{\"id\":\"a\",\"question\":\"问\",\"answer\":\"答\"}".as_bytes()).entries.remove(0);
        let line = serde_json::to_vec(&entry).unwrap();
        assert_eq!(import(&line).entries, [entry]);
    }

    #[test]
    fn pictures_are_checked_here_too() {
        let import = import(br#"{"id":"a","question":"q","answer":"x ![](../b.png)![](c.png)"}"#);
        let codes: Vec<_> = import.report.issues.iter().map(|issue| issue.kind.code()).collect();
        assert_eq!(codes, ["picture_refused", "picture_missing"]);
        assert_eq!(import.entries[0].answer.markdown(), "x ![](c.png)");
    }
}
