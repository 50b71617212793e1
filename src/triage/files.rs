//! Files of tickets and of labelled examples: JSON, JSON Lines, CSV, TSV, XLSX, mail and plain text.

use std::path::Path;

use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Map, Value};

use super::{Example, Mapping, Ticket};
use crate::eval::dataset::{self, Error, Field, Loaded, RowIssue, RowProblem};

/// What the requester wrote.
const BODY: Field = Field::new(
    "body",
    &[
        "body",
        "内容",
        "正文",
        "描述",
        "工单内容",
        "问题描述",
        "description",
        "content",
        "text",
        "message",
        "问题",
    ],
);

/// The subject line.
const SUBJECT: Field = Field::new("subject", &["subject", "主题", "标题", "工单标题", "title", "summary"]);

/// The id.
const ID: Field = Field::new("id", &["id", "编号", "工单号", "工单编号", "ticketid", "key", "number"]);

/// How many files came along.
const ATTACHMENTS: Field = Field::new("attachments", &["attachments", "附件数", "附件"]);

/// The category that somebody gave a ticket.
const CATEGORY: Field =
    Field::new("label", &["label", "category", "分类", "类别", "标签", "工单分类", "问题分类"]);

/// A ticket with its row in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRow {
    /// Row or line, from 1.
    pub row: usize,
    /// The ticket.
    pub ticket: Ticket,
}

/// Reads the tickets of `path`, whatever format it has. `mapping` says where they stand in JSON that is not ours.
///
/// # Errors
/// When the file cannot be read or holds no ticket.
pub fn read_tickets(path: &Path, mapping: Option<&Mapping>) -> Result<Loaded<TicketRow>, Error> {
    let row = |row, ticket| TicketRow { row, ticket };
    let read = match dataset::extension(path).as_str() {
        "json" | "jsonl" | "ndjson" => {
            dataset::read_values(path, |number, value| Ok(row(number, of_value(value, mapping)?)))
        }
        "csv" | "tsv" | "tab" | "xlsx" | "xlsm" => {
            dataset::read(path, &BODY, |number, fields| Ok(row(number, of_fields(fields)?)))
        }
        "eml" => {
            one(path, MessageParser::default().parse(&dataset::read_bytes(path)?).map(|mail| of_mail(&mail)))
        }
        _ => {
            let body = dataset::read_text(path)?;
            one(path, (!body.trim().is_empty()).then(|| Ticket { body, ..Ticket::default() }))
        }
    };
    about_tickets(read)
}

/// Reads labelled tickets: a text, or subject and body, with its label.
///
/// # Errors
/// When the file cannot be read or holds no labelled ticket.
pub fn read_examples(path: &Path) -> Result<Loaded<Example>, Error> {
    about_tickets(dataset::read(path, &BODY, |_, fields| {
        let subject = dataset::optional_text(fields, &SUBJECT)?;
        let body = dataset::required_text(fields, &BODY)?;
        let text = subject.map_or_else(|| body.clone(), |subject| format!("{subject}，{body}"));
        Ok(Example { text, label: dataset::required_text(fields, &CATEGORY)? })
    }))
}

/// What was read, where the hint at a line that is no JSON shows a ticket: the reader of files knows only of questions.
pub(super) fn about_tickets<T>(read: Result<Loaded<T>, Error>) -> Result<Loaded<T>, Error> {
    match read {
        Ok(Loaded { rows, issues }) => {
            Ok(Loaded { rows, issues: issues.into_iter().map(about_a_ticket).collect() })
        }
        Err(Error::NoRows { path, first }) => Err(Error::NoRows { path, first: first.map(about_a_ticket) }),
        Err(error) => Err(error),
    }
}

fn about_a_ticket(issue: RowIssue) -> RowIssue {
    let RowIssue { row, problem } = issue;
    let problem =
        if let RowProblem::Json { reason } = problem { RowProblem::Ticket { reason } } else { problem };
    RowIssue { row, problem }
}

fn one(path: &Path, ticket: Option<Ticket>) -> Result<Loaded<TicketRow>, Error> {
    match ticket {
        Some(ticket) => Ok(Loaded { rows: vec![TicketRow { row: 1, ticket }], issues: Vec::new() }),
        None => Err(Error::NoRows { path: path.to_owned(), first: None }),
    }
}

fn of_value(value: Value, mapping: Option<&Mapping>) -> Result<Ticket, RowProblem> {
    let wrong = |reason: String| RowProblem::Ticket { reason };
    match (mapping, value) {
        (Some(mapping), value) => mapping.ticket(&value).map_err(|error| wrong(error.to_string())),
        (None, Value::Object(fields)) => of_fields(&dataset::normalized_names(fields)),
        (None, other) => Err(wrong(format!("got {other}"))),
    }
}

fn of_fields(fields: &Map<String, Value>) -> Result<Ticket, RowProblem> {
    let attachments = match dataset::optional_text(fields, &ATTACHMENTS)? {
        Some(text) => text.parse().unwrap_or(1),
        None => 0,
    };
    let ticket = Ticket {
        id: dataset::optional_text(fields, &ID)?,
        subject: dataset::optional_text(fields, &SUBJECT)?,
        body: dataset::optional_text(fields, &BODY)?.unwrap_or_default(),
        attachments,
    };
    if ticket.body.is_empty() && ticket.subject.is_none() && attachments == 0 {
        let reason = "there is no body, or it is blank; a subject or attachments would do, too".to_owned();
        return Err(RowProblem::Ticket { reason });
    }
    Ok(ticket)
}

/// The plain part of a mail where it has one, else the HTML part.
fn of_mail(mail: &mail_parser::Message<'_>) -> Ticket {
    let is_html = mail.text_body.first().is_some_and(|part| mail.html_body.first() == Some(part));
    let body = if is_html { mail.body_html(0) } else { mail.body_text(0) };
    let inline = mail.attachments().filter(|part| part.content_id().is_some()).count();
    Ticket {
        id: mail.message_id().map(str::to_owned),
        subject: mail.subject().map(str::to_owned),
        body: body.map(std::borrow::Cow::into_owned).unwrap_or_default(),
        attachments: mail.attachment_count() - inline,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of the rows of a file that are no tickets.
    fn hints(name: &str, content: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        match read_tickets(&path, None) {
            Ok(loaded) => loaded.issues.iter().map(ToString::to_string).collect(),
            Err(error) => vec![error.to_string()],
        }
    }

    #[test]
    fn what_is_no_ticket_is_told_with_what_a_ticket_looks_like() {
        let ticket = r#"{"id": "1", "body": "群怎么解散？"}"#;
        for (name, content) in [
            ("t.jsonl", format!("{ticket}\n{{\"body\": \n")),
            ("t.jsonl", format!("{ticket}\n[1]\n")),
            ("t.jsonl", "{".to_owned()),
            ("t.json", "{".to_owned()),
        ] {
            let hints = hints(name, &content);
            assert_eq!(hints.len(), 1, "{content}");
            assert!(hints[0].contains(r#"{"id": …, "subject": …, "body": …}"#), "{hints:?}");
            assert!(!hints[0].contains("query"), "{hints:?}");
        }
    }

    #[test]
    fn a_subject_or_attachments_make_up_for_a_blank_body() {
        let rows = r#"{"subject": "群怎么解散？"}
{"attachments": 1}
{"id": "3", "body": " "}"#;
        let hints = hints("t.jsonl", rows);
        assert_eq!(hints.len(), 1, "{hints:?}");
        assert!(
            hints[0].starts_with("row 3: ") && hints[0].contains("a subject or attachments"),
            "{hints:?}"
        );
    }
}
