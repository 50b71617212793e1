//! What an import would do to a FAQ, before it is done.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    faq::{Entry, EntryId},
    store::{self, FileEntries, ImportCounts, Store},
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
    /// Entries that stay as somebody left them who edited or deleted them here, or because a part of the file could not
    /// be used.
    #[schema(value_type = Vec<String>)]
    pub kept: Vec<EntryId>,
}

impl From<&Diff> for ImportCounts {
    fn from(diff: &Diff) -> Self {
        let (added, changed) = (diff.added.len(), diff.changed.len());
        Self { added, changed, unchanged: diff.unchanged, removed: diff.removed.len(), kept: diff.kept.len() }
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

/// Compares what is stored with what a file holds.
///
/// # Errors
/// When the database fails.
pub fn diff(store: &Store, file: &FileEntries) -> Result<Diff, store::Error> {
    let (stored, kept) = (store.entries()?, store.kept_by_import(file)?);
    let by_id: HashMap<&EntryId, &Entry> = stored.iter().map(|entry| (&entry.id, entry)).collect();
    let mut diff = Diff::default();
    for entry in &file.entries {
        match by_id.get(&entry.id) {
            _ if kept.contains(&entry.id) => diff.kept.push(entry.id.clone()),
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
    let named: HashSet<&EntryId> = file.entries.iter().map(|entry| &entry.id).collect();
    let of_file = store.entries_of_file(&file.file)?.into_iter().map(|entry| entry.id);
    let gone = of_file.filter(|id| !named.contains(id));
    if file.is_complete || file.overwrite {
        diff.removed.extend(gone);
    } else {
        diff.kept.extend(gone);
    }
    Ok(diff)
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
    fn a_diff_names_what_an_import_would_do() {
        let mut store = Store::in_memory().unwrap();
        store.replace_file("other.md", &[entry("other", "4")]).unwrap();
        store
            .replace_file(
                "faq.md",
                &[entry("a", "1"), entry("b", "2"), entry("mine", "1"), entry("gone", "3")],
            )
            .unwrap();
        let put = store::Edit::Put { entry: entry("mine", "改"), revision: None };
        store.edit(&[put], "web").unwrap();
        let changed = Entry { tags: vec!["x".into()], ..entry("b", "two") };
        let mut file = FileEntries {
            file: "faq.md".to_owned(),
            entries: vec![entry("a", "1"), changed, entry("mine", "1"), entry("new", "5")],
            is_complete: true,
            overwrite: false,
        };
        let ids = |ids: &[&str]| ids.iter().map(|id| id.parse().unwrap()).collect::<Vec<EntryId>>();
        let expected = Diff {
            added: ids(&["new"]),
            changed: vec![Changed { id: "b".parse().unwrap(), fields: vec!["answer", "tags"] }],
            unchanged: 1,
            removed: ids(&["gone"]),
            kept: ids(&["mine"]),
        };
        assert_eq!(diff(&store, &file).unwrap(), expected);
        assert_eq!(
            store.import(&file, "test").unwrap().1,
            ImportCounts::from(&expected),
            "as it was foretold"
        );

        file.is_complete = false;
        file.entries.truncate(1);
        let kept = diff(&store, &file).unwrap();
        assert_eq!((kept.removed.len(), kept.kept.len()), (0, 3));
        assert_eq!(store.import(&file, "test").unwrap().1, ImportCounts::from(&kept), "as it was foretold");
    }
}
