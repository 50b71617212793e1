//! [`Ticket`]: what a ticket system hands over.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A ticket as it came in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The ticket system's own id. Only a ticket with an id is remembered, so that later ones can be compared with it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text_of_id")]
    #[schema(value_type = Option<TicketId>)]
    pub id: Option<String>,
    /// The subject line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "企业微信两个问题")]
    pub subject: Option<String>,
    /// What the requester wrote: plain text or HTML.
    #[serde(default)]
    #[schema(example = "您好，群怎么解散？另外，员工离职了客户怎么继承？谢谢")]
    pub body: String,
    /// How many files came along. Pictures within an HTML body need not be counted.
    #[serde(default)]
    pub attachments: usize,
}

/// An id as ticket systems send it; as text it is the same one.
#[derive(Deserialize, ToSchema)]
#[serde(untagged, expecting = "an id must be a text or a whole number")]
enum TicketId {
    /// As text.
    #[schema(example = "35436")]
    Text(String),
    /// As a whole number.
    #[schema(example = 35436)]
    Number(u64),
}

fn text_of_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let id = Option::<TicketId>::deserialize(deserializer)?;
    Ok(id.map(|id| match id {
        TicketId::Text(text) => text,
        TicketId::Number(number) => number.to_string(),
    }))
}

/// The part of a ticket in which a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The subject line.
    Subject,
    /// The body, as plain text.
    Body,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_id_may_be_a_number_and_is_the_same_as_its_text() {
        let id = |id: Value| {
            serde_json::from_value::<Ticket>(json!({"id": id, "body": "群怎么解散？"}))
                .map(|ticket| ticket.id)
        };
        assert_eq!(id(json!(12345)).unwrap().as_deref(), Some("12345"));
        assert_eq!(id(json!("12345")).unwrap().as_deref(), Some("12345"));
        assert_eq!(id(json!(u64::MAX)).unwrap(), Some(u64::MAX.to_string()));
        assert_eq!(id(json!(null)).unwrap(), None);
        assert_eq!(serde_json::from_value::<Ticket>(json!({"body": "群怎么解散？"})).unwrap().id, None);
        for wrong in [json!(1.5), json!(true), json!(["1"])] {
            let error = id(wrong).unwrap_err().to_string();
            assert!(error.contains("a text or a whole number"), "{error}");
        }
    }
}
