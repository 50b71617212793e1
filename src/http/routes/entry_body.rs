//! An entry as JSON: as it is sent, and as it is read.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    faq::{Answer, Entry, EntryId, Source},
    http::{extract::Validate, problem::Problem},
    store::Stored,
};

/// An entry to be written.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct EntryInput {
    /// Stable id; made up when it is missing. In a path, that one counts.
    #[schema(value_type = Option<String>, example = "wecom-faq-3-1")]
    id: Option<EntryId>,
    /// Standard question (标准问).
    #[schema(example = "企业微信建的群能解散吗？")]
    question: String,
    /// Similar questions (相似问): other ways of asking the same.
    #[serde(default)]
    similar: Vec<String>,
    /// Negative questions (反例): they look alike and are not meant.
    #[serde(default)]
    negative: Vec<String>,
    /// The answer, Markdown.
    #[serde(default)]
    answer: String,
    /// From the widest category to the narrowest.
    #[serde(default)]
    category: Vec<String>,
    /// Free labels.
    #[serde(default)]
    tags: Vec<String>,
    /// A disabled entry is kept but never matched.
    #[serde(default = "yes")]
    #[schema(default = true)]
    enabled: bool,
    /// First day on which it is matched.
    #[schema(value_type = Option<String>, format = Date)]
    valid_from: Option<Date>,
    /// Last day on which it is matched.
    #[schema(value_type = Option<String>, format = Date)]
    valid_until: Option<Date>,
    /// Ignored, so that what was read can be sent back.
    #[schema(ignore)]
    #[serde(rename = "source", default)]
    _source: serde::de::IgnoredAny,
    /// Ignored likewise.
    #[schema(ignore)]
    #[serde(rename = "updated_at", default)]
    _updated_at: serde::de::IgnoredAny,
    /// Ignored likewise; the header If-Match counts.
    #[schema(ignore)]
    #[serde(rename = "revision", default)]
    _revision: serde::de::IgnoredAny,
}

fn yes() -> bool {
    true
}

// The editor checks entries, whoever sends them.
impl Validate for EntryInput {}

impl EntryInput {
    /// The id that was sent.
    pub(in crate::http) fn id(&self) -> Option<&EntryId> {
        self.id.as_ref()
    }

    /// The id that was sent, or one that is made up.
    pub(in crate::http) fn id_or_new(&self) -> Result<EntryId, Problem> {
        match &self.id {
            Some(id) => Ok(id.clone()),
            None => EntryId::slug(&Uuid::now_v7().to_string()).map_err(|_| Problem::internal()),
        }
    }

    /// The id that was sent, or one that is made from the question and the group of unanswered questions that it answers:
    /// a request that is sent again, because the first one failed half-way, means the same entry.
    pub(in crate::http) fn id_or_of_group(&self, group: i64) -> Result<EntryId, Problem> {
        if let Some(id) = &self.id {
            return Ok(id.clone());
        }
        let digest = Sha256::digest(format!("{group}\n{}", self.question.trim()));
        let id = format!("asked-{group}-{}", hex::encode(&digest[..6]));
        EntryId::slug(&id).map_err(|_| Problem::internal())
    }

    /// The entry called `id`.
    pub(in crate::http) fn into_entry(self, id: EntryId) -> Entry {
        Entry {
            id,
            question: self.question,
            similar: self.similar,
            negative: self.negative,
            answer: Answer::new(self.answer),
            category: self.category,
            tags: self.tags,
            enabled: self.enabled,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            // Where from and when is the store's to say.
            source: None,
            updated_at: None,
        }
    }
}

/// An entry as it is stored.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct EntryBody {
    /// Stable id.
    #[schema(value_type = String, example = "wecom-faq-3-1")]
    id: EntryId,
    /// Standard question (标准问).
    question: String,
    /// Similar questions (相似问).
    similar: Vec<String>,
    /// Negative questions (反例).
    negative: Vec<String>,
    /// The answer, Markdown.
    answer: String,
    /// From the widest category to the narrowest.
    category: Vec<String>,
    /// Free labels.
    tags: Vec<String>,
    /// A disabled entry is kept but never matched.
    enabled: bool,
    /// First day on which it is matched.
    #[schema(value_type = Option<String>, format = Date)]
    valid_from: Option<Date>,
    /// Last day on which it is matched.
    #[schema(value_type = Option<String>, format = Date)]
    valid_until: Option<Date>,
    /// Where it came from, when it was imported.
    #[schema(value_type = Option<Object>)]
    source: Option<Source>,
    /// Last change.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
    /// Rises with every change; the same number is the entry's `ETag`. An entry that is staged has a revision of its own
    /// there, which is never that of a published one.
    revision: u64,
}

impl From<Stored> for EntryBody {
    fn from(Stored { entry, revision }: Stored) -> Self {
        Self {
            id: entry.id,
            question: entry.question,
            similar: entry.similar,
            negative: entry.negative,
            answer: entry.answer.markdown().to_owned(),
            category: entry.category,
            tags: entry.tags,
            enabled: entry.enabled,
            valid_from: entry.valid_from,
            valid_until: entry.valid_until,
            source: entry.source,
            updated_at: entry.updated_at,
            revision,
        }
    }
}
