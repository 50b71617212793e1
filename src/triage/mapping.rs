//! [`Mapping`]: where in a ticket system's JSON the parts of a ticket stand, as JSON pointers (RFC 6901).
//!
//! Payloads differ between versions and are mostly put together by the customer, so each part has several places,
//! the best first. A preset is only a mapping that somebody else wrote down.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Ticket;

/// Deepest nesting of a rich-text document that is read.
const MOST_DEPTH: usize = 32;

/// A ticket system whose payloads are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[clap(rename_all = "snake_case")]
pub enum Preset {
    /// Zendesk: ticket events, and triggers with placeholders.
    Zendesk,
    /// Jira: automation and webhooks, Cloud and Data Center.
    Jira,
    /// Freshdesk: automation rules.
    Freshdesk,
    /// Zammad: triggers.
    Zammad,
    /// GLPI 11: webhooks.
    Glpi,
    /// Odoo: automation rules.
    Odoo,
    /// osTicket: its API's ticket, which plugins send.
    Osticket,
    /// 飞书服务台: events.
    Feishu,
}

/// Where the parts of a ticket stand. Of several places the first that holds something counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    /// The id.
    pub id: Vec<String>,
    /// The subject line.
    pub subject: Vec<String>,
    /// The body.
    pub body: Vec<String>,
    /// A list of attachments, or their number.
    pub attachments: Vec<String>,
}

/// Why a payload gives no ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// There is neither a subject nor a body.
    #[error("expected a ticket's text at one of {}; got nothing there. Send another payload, or name the right places", places.join(", "))]
    NoText {
        /// Where it was looked for.
        places: Vec<String>,
    },
    /// A pointer that is none.
    #[error("expected a JSON pointer such as /ticket/description, got {pointer:?}")]
    Pointer {
        /// As it was given.
        pointer: String,
    },
}

impl Preset {
    /// Its mapping.
    #[must_use]
    pub fn mapping(self) -> Mapping {
        let places =
            |places: &str| places.split(' ').filter(|place| !place.is_empty()).map(str::to_owned).collect();
        let [id, subject, body, attachments] = match self {
            Self::Zendesk => [
                "/ticket/id /detail/id /ticket_id /id",
                "/ticket/subject /ticket/title /detail/subject /subject /title",
                "/ticket/description /ticket/latest_comment /detail/description /event/comment/body /description /comment",
                "/ticket/attachments /attachments",
            ],
            Self::Jira => [
                "/issue/key /key /issue/id /id",
                "/issue/fields/summary /fields/summary /summary",
                "/issue/fields/description /fields/description /description",
                "/issue/fields/attachment /fields/attachment",
            ],
            Self::Freshdesk => [
                "/freshdesk_webhook/ticket_id /ticket/id /ticket_id /id",
                "/freshdesk_webhook/ticket_subject /ticket/subject /ticket_subject /subject",
                "/freshdesk_webhook/ticket_description /freshdesk_webhook/ticket_latest_public_comment /ticket/description /ticket_description /description_text /description",
                "/freshdesk_webhook/ticket_attachments /ticket/attachments /attachments",
            ],
            Self::Zammad => [
                "/ticket/number /ticket/id",
                "/ticket/title /article/subject",
                "/article/body",
                "/article/attachments",
            ],
            Self::Glpi => [
                "/item/id /item/ticket/id /id",
                "/item/name /item/ticket/name /name",
                "/item/content /item/ticket/content /content",
                "/item/documents /item/_documents",
            ],
            Self::Odoo => [
                "/_id /id",
                "/name /display_name",
                "/description",
                "/message_attachment_count /attachment_ids",
            ],
            Self::Osticket => [
                "/ticket/number /number /ticket_id /id",
                "/ticket/subject /subject",
                "/ticket/message /message /body",
                "/ticket/attachments /attachments",
            ],
            Self::Feishu => [
                "/event/ticket/ticket_id /event/ticket_id /event/object/ticket_id",
                "/event/ticket/title /event/title",
                "/event/content/content /event/text /event/ticket/description /event/description /event/content",
                "/event/content/image_keys /event/content/image_key",
            ],
        };
        Mapping {
            id: places(id),
            subject: places(subject),
            body: places(body),
            attachments: places(attachments),
        }
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        <Self as clap::ValueEnum>::from_str(text, true)
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        clap::ValueEnum::to_possible_value(self).map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

impl Mapping {
    /// Refuses pointers that are none.
    ///
    /// # Errors
    /// With the first of them.
    pub fn check(&self) -> Result<(), MappingError> {
        let Self { id, subject, body, attachments } = self;
        let mut all = id.iter().chain(subject).chain(body).chain(attachments);
        match all.find(|pointer| !pointer.starts_with('/')) {
            Some(pointer) => Err(MappingError::Pointer { pointer: pointer.clone() }),
            None => Ok(()),
        }
    }

    /// The ticket in `payload`.
    ///
    /// # Errors
    /// When there is neither a subject nor a body nor anything attached.
    pub fn ticket(&self, payload: &Value) -> Result<Ticket, MappingError> {
        let text = |places: &[String]| {
            places
                .iter()
                .filter_map(|place| payload.pointer(place))
                .map(text)
                .find(|text| !text.trim().is_empty())
        };
        let attachments = self.attachments.iter().find_map(|place| payload.pointer(place)).map_or(0, count);
        let ticket = Ticket {
            id: text(&self.id),
            subject: text(&self.subject),
            body: text(&self.body).unwrap_or_default(),
            attachments,
        };
        if ticket.subject.is_none() && ticket.body.is_empty() && attachments == 0 {
            return Err(MappingError::NoText {
                places: self.body.iter().chain(&self.subject).cloned().collect(),
            });
        }
        Ok(ticket)
    }
}

/// What a value says: a text, a number, or a rich-text document as Jira Cloud has it, a line a paragraph.
fn text(value: &Value) -> String {
    let mut text = String::new();
    append(value, 0, &mut text);
    text.truncate(text.trim_end().len());
    text
}

fn append(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::String(words) => text.push_str(words),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::Array(items) if depth < MOST_DEPTH => {
            for item in items {
                append(item, depth + 1, text);
            }
        }
        Value::Object(node) if depth < MOST_DEPTH => {
            let kind = node.get("type").and_then(Value::as_str).unwrap_or_default();
            if kind == "listItem" {
                text.push_str("- ");
            }
            for part in ["text", "content"] {
                if let Some(part) = node.get(part) {
                    append(part, depth + 1, text);
                }
            }
            if matches!(kind, "paragraph" | "heading" | "hardBreak" | "codeBlock") {
                text.push('\n');
            }
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
    }
}

/// How many attachments a value stands for.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Number(number) => number.as_u64().unwrap_or_default() as usize,
        Value::String(text) => usize::from(!text.is_empty()),
        Value::Object(fields) => usize::from(!fields.is_empty()),
        Value::Null | Value::Bool(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ticket(id: &str, subject: Option<&str>, body: &str, attachments: usize) -> Ticket {
        Ticket { id: Some(id.into()), subject: subject.map(str::to_owned), body: body.into(), attachments }
    }

    #[test]
    fn every_system_s_payload_gives_its_ticket() {
        let subject = Some("打印机连不上");
        let body = "VPN 也登录不上";
        for (preset, payload, wanted) in [
            (
                Preset::Zendesk,
                json!({"type": "zen:event-type:ticket.created", "account_id": 1, "subject": "zen:ticket:35436",
                       "zendesk_event_version": "2022-11-06",
                       "detail": {"id": "35436", "status": "NEW", "subject": "打印机连不上", "description": body}}),
                ticket("35436", subject, body, 0),
            ),
            (
                Preset::Zendesk,
                json!({"ticket": {"id": 35436, "title": "打印机连不上", "description": body}}),
                ticket("35436", subject, body, 0),
            ),
            (
                Preset::Jira,
                json!({"self": "https://jira/1", "id": "10001", "key": "IT-7",
                       "fields": {"summary": "打印机连不上", "issuetype": {"name": "Service Request"},
                       "attachment": [{"id": "1"}, {"id": "2"}],
                       "description": {"type": "doc", "version": 1, "content": [
                           {"type": "paragraph", "content": [{"type": "text", "text": "VPN 也"}, {"type": "text", "text": "登录不上"}]}]}}}),
                ticket("IT-7", subject, body, 2),
            ),
            (
                Preset::Jira,
                json!({"issue": {"id": 10001, "key": "IT-7", "fields": {"summary": "打印机连不上", "description": body}},
                       "timestamp": 1_462_941_258_113_u64}),
                ticket("IT-7", subject, body, 0),
            ),
            (
                Preset::Freshdesk,
                json!({"freshdesk_webhook": {"ticket_id": 12, "ticket_subject": "打印机连不上",
                       "ticket_description": "<div>VPN 也登录不上</div>"}}),
                ticket("12", subject, "<div>VPN 也登录不上</div>", 0),
            ),
            (
                Preset::Zammad,
                json!({"ticket": {"id": 3, "number": "31003", "title": "打印机连不上"},
                       "article": {"content_type": "text/html", "body": "VPN 也登录不上", "attachments": [{"id": 1}]}}),
                ticket("31003", subject, body, 1),
            ),
            (
                Preset::Glpi,
                json!({"event": "new", "item": {"id": 5, "name": "打印机连不上", "content": "&lt;p&gt;VPN 也登录不上&lt;/p&gt;"}}),
                ticket("5", subject, "&lt;p&gt;VPN 也登录不上&lt;/p&gt;", 0),
            ),
            (
                Preset::Odoo,
                json!({"_model": "helpdesk.ticket", "_id": 8, "_action": "on_create", "name": "打印机连不上",
                       "description": "<p>VPN 也登录不上</p>"}),
                ticket("8", subject, "<p>VPN 也登录不上</p>", 0),
            ),
            (
                Preset::Osticket,
                json!({"number": "814522", "email": "a@example.com", "subject": "打印机连不上",
                       "message": "data:text/html,<p>VPN 也登录不上</p>", "attachments": [{"a.png": "data:image/png;base64,"}]}),
                ticket("814522", subject, "data:text/html,<p>VPN 也登录不上</p>", 1),
            ),
            (
                Preset::Feishu,
                json!({"schema": "2.0", "header": {"event_type": "helpdesk.ticket_message.created_v1"},
                       "event": {"ticket": {"ticket_id": "6626871355780366331"}, "msg_type": "text",
                       "content": {"content": "VPN 也登录不上", "image_keys": ["img_1"]}}}),
                ticket("6626871355780366331", None, body, 1),
            ),
        ] {
            assert_eq!(preset.mapping().ticket(&payload), Ok(wanted), "{preset}");
        }
    }

    #[test]
    fn a_payload_without_a_text_says_where_it_was_looked_for() {
        let error = Preset::Zammad.mapping().ticket(&json!({"ticket": {"id": 1}})).unwrap_err();
        assert!(error.to_string().contains("/article/body"), "{error}");
    }

    #[test]
    fn every_preset_is_made_of_pointers() {
        for preset in <Preset as clap::ValueEnum>::value_variants() {
            preset.mapping().check().unwrap();
        }
        let mapping = Mapping { body: vec!["ticket/body".into()], ..Mapping::default() };
        assert!(mapping.check().is_err());
    }

    #[test]
    fn a_document_without_end_is_cut() {
        let mut document = json!({"type": "text", "text": "怎么退款"});
        for _ in 0..100 {
            document = json!({"type": "doc", "content": [document]});
        }
        let mapping = Mapping {
            body: vec!["/body".into()],
            id: vec![],
            subject: vec!["/subject".into()],
            attachments: vec![],
        };
        let payload = json!({"subject": "急", "body": document});
        assert_eq!(mapping.ticket(&payload).unwrap().body, "");
    }
}
