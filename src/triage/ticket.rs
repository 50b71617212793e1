//! [`Ticket`]: what a ticket system hands over.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A ticket as it came in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The ticket system's own id. Only a ticket with an id is remembered, so that later ones can be compared with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "35436")]
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

/// The part of a ticket in which a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The subject line.
    Subject,
    /// The body, as plain text.
    Body,
}
