//! What an import would do to a FAQ, before it is done.

use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasher,
};

use serde::Serialize;

use utoipa::ToSchema;

use crate::{
    faq::{Entry, EntryId},
    store::ImportCounts,
};

/// What an import would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Diff {
    /// Entries that are not there yet.
    #[schema(value_type = Vec<String>)]
    pub added: Vec<EntryId>,
    /// Entries that would read differently.
    pub changed: Vec<Changed>,
    /// Entries that are there already, word for word.
    pub unchanged: usize,
    /// Entries of the same file that the file no longer has.
    #[schema(value_type = Vec<String>)]
    pub removed: Vec<EntryId>,
}

impl From<&Diff> for ImportCounts {
    fn from(diff: &Diff) -> Self {
        let (added, changed) = (diff.added.len(), diff.changed.len());
        Self { added, changed, unchanged: diff.unchanged, removed: diff.removed.len() }
    }
}

/// An entry that would read differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Changed {
    /// Which one.
    #[schema(value_type = String)]
    pub id: EntryId,
    /// The fields that differ.
    pub fields: Vec<&'static str>,
}

/// Compares what is stored with what a file holds. `of_file` are the stored ids that came from this very file: those
/// that it no longer has would be removed.
#[must_use]
pub fn diff<S: BuildHasher>(stored: &[Entry], of_file: &HashSet<EntryId, S>, imported: &[Entry]) -> Diff {
    let by_id: HashMap<&EntryId, &Entry> = stored.iter().map(|entry| (&entry.id, entry)).collect();
    let mut diff = Diff::default();
    for entry in imported {
        match by_id.get(&entry.id) {
            None => diff.added.push(entry.id.clone()),
            Some(before) => {
                let fields = changed_fields(before, entry);
                if fields.is_empty() {
                    diff.unchanged += 1;
                } else {
                    diff.changed.push(Changed { id: entry.id.clone(), fields });
                }
            }
        }
    }
    let kept: HashSet<&EntryId> = imported.iter().map(|entry| &entry.id).collect();
    let gone = |entry: &&Entry| of_file.contains(&entry.id) && !kept.contains(&entry.id);
    diff.removed = stored.iter().filter(gone).map(|entry| entry.id.clone()).collect();
    diff
}

fn changed_fields(before: &Entry, after: &Entry) -> Vec<&'static str> {
    [
        ("question", before.question != after.question),
        ("similar", before.similar != after.similar),
        ("negative", before.negative != after.negative),
        ("answer", before.answer != after.answer),
        ("category", before.category != after.category),
        ("tags", before.tags != after.tags),
        ("enabled", before.enabled != after.enabled),
        ("valid_from", before.valid_from != after.valid_from),
        ("valid_until", before.valid_until != after.valid_until),
        ("source", before.source != after.source),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, answer: &str) -> Entry {
        Entry::new(id.parse().unwrap(), "问", answer)
    }

    #[test]
    fn a_diff_names_what_is_added_changed_and_removed() {
        let stored = [entry("a", "1"), entry("b", "2"), entry("gone", "3"), entry("other", "4")];
        let of_file: HashSet<EntryId> = ["a", "b", "gone"].iter().map(|id| id.parse().unwrap()).collect();
        let changed = Entry { tags: vec!["x".into()], ..entry("b", "two") };
        let found = diff(&stored, &of_file, &[entry("a", "1"), changed, entry("new", "5")]);
        let expected = Diff {
            added: vec!["new".parse().unwrap()],
            changed: vec![Changed { id: "b".parse().unwrap(), fields: vec!["answer", "tags"] }],
            unchanged: 1,
            removed: vec!["gone".parse().unwrap()],
        };
        assert_eq!(found, expected);
    }
}
