//! [`accept`]: from a group of unanswered questions to the edit that answers it. Makes no change itself.

use super::unanswered::draft;
use crate::{
    faq::{Entry, EntryId},
    store::{self, Edit, Store, Stored},
    text::normalize::normalize,
};

/// What a person wants to become of a group.
#[derive(Debug, Clone, PartialEq)]
pub enum Acceptance {
    /// An entry that is there answers it.
    Similar {
        /// Which one.
        entry: EntryId,
        /// The similar questions that it gets; the draft's question when nothing is said.
        questions: Option<Vec<String>>,
    },
    /// A new entry answers it. An empty question becomes the draft's. An entry that is there already with the same id
    /// and content is that one: an attempt before got no further than making it.
    New(Box<Entry>),
}

/// How the FAQ is to change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The entry that answers the group.
    pub entry: EntryId,
    /// Questions that it does not have yet.
    pub added: Vec<String>,
    /// What adds them; `None` when the entry is there and has them all.
    pub edit: Option<Edit>,
}

/// Why a group cannot be accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// There is no such group.
    #[error(
        "there is no group {group} of unanswered questions: its questions may be older than the log's retention"
    )]
    UnknownGroup {
        /// Which one.
        group: i64,
    },
    /// There is no such entry.
    #[error("there is no entry {id}: name one that is in the FAQ, or make a new one")]
    UnknownEntry {
        /// Which one.
        id: EntryId,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The edit by which `group` is answered as `acceptance` says. The edit is refused later when the entry was changed
/// meanwhile.
///
/// # Errors
/// When the group or the entry is not there, or the database fails.
pub fn accept(store: &Store, group: i64, acceptance: Acceptance) -> Result<Change, AcceptError> {
    let wordings = store.wordings(group)?;
    if wordings.is_empty() {
        return Err(AcceptError::UnknownGroup { group });
    }
    let drafted = draft(&wordings).question;
    match acceptance {
        Acceptance::New(entry) => Ok(new_entry(store, *entry, drafted)?),
        Acceptance::Similar { entry, questions } => {
            similar_questions(store, entry, questions.unwrap_or_else(|| vec![drafted]))
        }
    }
}

/// Makes `entry`, unless it is there already.
fn new_entry(store: &Store, mut entry: Entry, drafted: String) -> Result<Change, store::Error> {
    if entry.question.trim().is_empty() {
        entry.question = drafted;
    }
    let id = entry.id.clone();
    if store.entry(&id)?.is_some_and(|stored| stored.entry.has_content_of(&entry)) {
        return Ok(Change { entry: id, added: Vec::new(), edit: None });
    }
    let added = entry.phrasings().map(str::to_owned).collect();
    Ok(Change { entry: id, added, edit: Some(Edit::Create(entry)) })
}

/// Adds `questions` to the entry called `id`.
fn similar_questions(store: &Store, id: EntryId, questions: Vec<String>) -> Result<Change, AcceptError> {
    let Some(Stored { mut entry, revision }) = store.entry(&id)? else {
        return Err(AcceptError::UnknownEntry { id });
    };
    let added = add_similar(&mut entry, questions);
    // The store says when, as with any change by a person.
    entry.updated_at = None;
    let edit = (!added.is_empty()).then_some(Edit::Put { entry, revision: Some(revision) });
    Ok(Change { entry: id, added, edit })
}

/// Adds those of `questions` whose wording `entry` does not have; they are returned.
fn add_similar(entry: &mut Entry, questions: Vec<String>) -> Vec<String> {
    let key = |text: &str| normalize(text).comparison_key();
    let mut known: Vec<String> = entry.phrasings().map(key).collect();
    let mut added = Vec::new();
    for question in questions {
        let wording = key(&question);
        if !known.contains(&wording) {
            known.push(wording);
            entry.similar.push(question.clone());
            added.push(question);
        }
    }
    added
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wordings_that_are_new_are_added() {
        let mut entry = Entry::new("a".parse().unwrap(), "群能解散吗？", "能");
        let asked = ["群能解散嗎", "怎么解散群", "怎么解散群？"].map(str::to_owned).to_vec();
        assert_eq!(add_similar(&mut entry, asked), ["怎么解散群"]);
        assert_eq!(entry.similar, ["怎么解散群"]);
    }
}
