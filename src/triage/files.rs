//! Files of tickets and of labelled examples: JSON, JSON Lines, CSV, TSV, XLSX, mail and plain text.

use std::path::Path;

use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Map, Value};

use super::{Example, Mapping, Ticket};
use crate::eval::dataset::{self, Error, Field, Loaded, RowProblem};

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
    match dataset::extension(path).as_str() {
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
    }
}

/// Reads labelled tickets: a text, or subject and body, with its label.
///
/// # Errors
/// When the file cannot be read or holds no labelled ticket.
pub fn read_examples(path: &Path) -> Result<Loaded<Example>, Error> {
    dataset::read(path, &BODY, |_, fields| {
        let subject = dataset::optional_text(fields, &SUBJECT)?;
        let body = dataset::required_text(fields, &BODY)?;
        let text = subject.map_or_else(|| body.clone(), |subject| format!("{subject}，{body}"));
        Ok(Example { text, label: dataset::required_text(fields, &CATEGORY)? })
    })
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
        return Err(RowProblem::Missing { field: BODY.name });
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
