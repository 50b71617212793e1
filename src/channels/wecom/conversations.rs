//! What the bot has to remember of each person: the questions it offered last, and what is left of a long answer.
//!
//! Bounded and forgetful: the least recently used people go first, and nothing is kept longer than
//! [`KEPT`]. Forgetting costs a person one more question, so nothing of this is stored.

use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;
use uuid::Uuid;

use crate::faq::EntryId;

/// How long an offer can be answered with its number.
pub(super) const KEPT: SignedDuration = SignedDuration::from_mins(10);

/// People remembered at once.
const PEOPLE: usize = 10_000;

/// What was said last to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conversation {
    /// The question that was asked, for whoever takes over.
    pub(super) question: String,
    /// Names that question in feedback.
    pub(super) query_id: Uuid,
    /// Entries that were offered, in the order of their numbers.
    pub(super) offered: Vec<EntryId>,
    /// What did not fit into the last message.
    pub(super) rest: String,
    /// When.
    pub(super) at: Timestamp,
}

/// The conversations of all people.
pub(super) struct Conversations(Cache<String, Conversation>);

impl Default for Conversations {
    fn default() -> Self {
        Self(Cache::new(PEOPLE))
    }
}

impl Conversations {
    /// What was said last to `person`, unless that is too long ago.
    pub(super) fn get(&self, person: &str, now: Timestamp) -> Option<Conversation> {
        self.0.get(person).filter(|conversation| now.duration_since(conversation.at) <= KEPT)
    }

    pub(super) fn set(&self, person: &str, conversation: Conversation) {
        self.0.insert(person.to_owned(), conversation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_expires_and_people_do_not_mix() {
        let conversations = Conversations::default();
        let at = Timestamp::UNIX_EPOCH;
        let said = Conversation {
            question: "群怎么弄".into(),
            query_id: Uuid::nil(),
            offered: vec!["a".parse().unwrap()],
            rest: String::new(),
            at,
        };
        conversations.set("zhang", said.clone());
        assert_eq!(conversations.get("zhang", at + KEPT), Some(said));
        assert_eq!(conversations.get("zhang", at + KEPT + SignedDuration::from_secs(1)), None);
        assert_eq!(conversations.get("li", at), None);
    }

    #[test]
    fn only_so_many_people_are_remembered() {
        let conversations = Conversations::default();
        for person in 0..3 * PEOPLE {
            let said = Conversation {
                question: String::new(),
                query_id: Uuid::nil(),
                offered: Vec::new(),
                rest: String::new(),
                at: Timestamp::UNIX_EPOCH,
            };
            conversations.set(&person.to_string(), said);
        }
        assert!(conversations.0.len() <= PEOPLE);
    }
}
