//! What goes into the matcher and what comes out.

use std::sync::Arc;

use serde::Serialize;

use super::explain::{Explanation, MatchExplanation};
use crate::{
    faq::Entry,
    rank::{Decision, Scores},
};

/// Most entries a question may ask for.
pub const MAX_TOP_K: usize = 50;

/// Entries that [`Verdict::best`] holds at most: as many as are worth offering.
pub const MAX_BEST: usize = 5;

/// A question and which entries to return. Only `text` decides confidence and decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The question as typed.
    pub text: String,
    /// How many entries to return, at most [`MAX_TOP_K`].
    pub top_k: usize,
    /// Only entries of this category: one name of its path, or the beginning of the path joined by `/`.
    pub category: Option<String>,
    /// Only entries that carry all of these.
    pub tags: Vec<String>,
    /// Whether to say why. Changes nothing else.
    pub explain: bool,
}

impl Default for Query {
    fn default() -> Self {
        Self { text: String::new(), top_k: 5, category: None, tags: Vec::new(), explain: false }
    }
}

impl Query {
    /// Whether filters let `entry` through.
    pub(super) fn admits(&self, entry: &Entry) -> bool {
        let in_category = self.category.as_deref().is_none_or(|wanted| {
            let wanted = wanted.trim_matches('/');
            entry.category.iter().any(|name| name == wanted)
                || (1..=entry.category.len()).any(|depth| entry.category[..depth].join("/") == wanted)
        });
        in_category && self.tags.iter().all(|tag| entry.tags.contains(tag))
    }
}

/// The decision and the best entries, most probable first.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// Answer, ask back, or hand over.
    pub decision: Decision,
    /// At most `top_k` entries that the filters let through.
    pub matches: Vec<Match>,
    /// The most probable entries of all, whatever `top_k` and filters hide, at most [`MAX_BEST`]: for the query log.
    #[serde(skip)]
    pub best: Vec<(Arc<Entry>, f32)>,
    /// Version of the FAQ.
    pub index_version: u64,
    /// Name of the model.
    pub model: String,
    /// Why the decision fell as it did, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// An entry that may answer the question.
#[derive(Debug, Clone, Serialize)]
pub struct Match {
    /// The entry, shared with the snapshot.
    #[serde(serialize_with = "entry")]
    pub entry: Arc<Entry>,
    /// The phrasing that is nearest to the question.
    pub matched_phrasing: String,
    /// Calibrated probability that this entry is the right one.
    pub confidence: f32,
    /// What the confidence was made from.
    pub scores: Scores,
    /// Why it has its place, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<MatchExplanation>,
}

fn entry<S: serde::Serializer>(entry: &Arc<Entry>, serializer: S) -> Result<S::Ok, S::Error> {
    entry.as_ref().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let entry = Entry::new("a".parse().unwrap(), "群能解散吗", "可以");
        Entry {
            category: vec!["客户联系".into(), "群聊".into()],
            tags: vec!["群".into(), "权限".into()],
            ..entry
        }
    }

    #[test]
    fn a_category_is_a_name_or_the_beginning_of_a_path() {
        let admits =
            |category: &str| Query { category: Some(category.into()), ..Query::default() }.admits(&entry());
        assert!(admits("群聊") && admits("客户联系") && admits("客户联系/群聊") && admits("/客户联系/"));
        assert!(!admits("群") && !admits("群聊/客户联系") && !admits("客户"));
    }

    #[test]
    fn every_tag_is_wanted() {
        let admits = |tags: &[&str]| {
            Query { tags: tags.iter().map(|&t| t.into()).collect(), ..Query::default() }.admits(&entry())
        };
        assert!(admits(&[]) && admits(&["权限", "群"]) && !admits(&["群", "其他"]));
    }
}
