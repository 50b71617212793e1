//! JSON Lines: one entry as a JSON object per line.
//!
//! The fields are those of an [`Entry`], all optional but `question`; `category` may be a text or a list, and
//! `heldout_for_oos` marks an entry of a labelled data set (see [`super::Import::held_out`]).

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use super::{
    Import, Origin, markdown, pictures,
    report::{ImportReport, IssueKind},
};
use crate::faq::{Answer, Entry, EntryId, Source};

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
    let mut import =
        Import { entries: Vec::new(), held_out: Vec::new(), report: ImportReport::new(origin.file) };
    let mut first_lines: HashMap<EntryId, usize> = HashMap::new();
    let mut unknown_fields: HashSet<String> = HashSet::new();
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let number = index + 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match parse(origin, number, line) {
            Err(kind) => import.report.push(Some(number), None, kind),
            Ok((entry, held_out, unknown)) => {
                for field in unknown {
                    // A field that every line has needs one word, not thousands.
                    if unknown_fields.insert(field.clone()) {
                        import.report.push(Some(number), Some(&entry.id), IssueKind::UnknownField { field });
                    }
                }
                if let Some(&first_line) = first_lines.get(&entry.id) {
                    let kind = IssueKind::IdTwice { id: entry.id, first_line };
                    import.report.push(Some(number), None, kind);
                    continue;
                }
                first_lines.insert(entry.id.clone(), number);
                import.entries.push(with_checked_pictures(entry, origin, number, &mut import.report));
                if held_out {
                    import.held_out.extend(import.entries.last().map(|entry| entry.id.clone()));
                }
            }
        }
    }
    import
}

/// The entry, whether it is held out, and the fields nobody knows.
fn parse(origin: &Origin<'_>, number: usize, line: &[u8]) -> Result<(Entry, bool, Vec<String>), IssueKind> {
    let text = str::from_utf8(line).map_err(|_| IssueKind::InvalidUtf8)?;
    let line: Line = serde_json::from_str(text).map_err(|error| {
        // The parser counts lines of its own input, always 1; the issue carries the real one.
        let reason = error.to_string();
        IssueKind::InvalidLine { reason: reason.replace(" at line 1 column ", " at column ") }
    })?;
    let Line { id, question, similar, negative, answer, category, tags, enabled, .. } = line;
    if question.trim().is_empty() {
        return Err(IssueKind::QuestionWithoutText);
    }
    let id = match id {
        Some(Id::Text(id)) => id,
        Some(Id::Number(id)) => id.to_string(),
        None => format!("{}-{number}", markdown::stem_id(origin.file)),
    };
    let id = id.parse().map_err(|error: crate::faq::EntryIdError| IssueKind::InvalidId {
        id: id.clone(),
        reason: error.to_string(),
    })?;
    let source = Source { file: origin.file.to_owned(), line: Some(number), ..Source::default() };
    let entry = Entry {
        id,
        question: question.trim().to_owned(),
        similar: similar.unwrap_or_default(),
        negative: negative.unwrap_or_default(),
        answer: Answer::new(answer.unwrap_or_default()),
        category: match category {
            Some(Category::One(name)) => vec![name],
            Some(Category::Path(path)) => path,
            None => Vec::new(),
        },
        tags: tags.unwrap_or_default(),
        enabled: enabled.unwrap_or(true),
        valid_from: line.valid_from,
        valid_until: line.valid_until,
        source: Some(line.source.unwrap_or(source)),
        updated_at: line.updated_at,
    };
    Ok((entry, line.heldout_for_oos.unwrap_or(false), line.unknown.into_keys().collect()))
}

fn with_checked_pictures(
    mut entry: Entry,
    origin: &Origin<'_>,
    line: usize,
    report: &mut ImportReport,
) -> Entry {
    let (answer, issues) = pictures::check(entry.answer, origin.folder);
    entry.answer = answer;
    for kind in issues {
        report.push(Some(line), Some(&entry.id), kind);
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(text: &[u8]) -> Import {
        super::super::import_bytes("corpus.jsonl", text, None).unwrap()
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
              {\"id\":\"e\",\"question\":\"q\",\"anwser\":1}\n{\"id\":\"f\",\"question\":\"q\",\"similar\":\"s\"}",
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
        let import = import(b"{\"question\":\"q\",\"split\":1}\n{\"question\":\"q\",\"split\":2}");
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
