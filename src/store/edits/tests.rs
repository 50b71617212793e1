use super::*;
use crate::store::ImportCounts;

fn entry(id: &str, question: &str) -> Entry {
    Entry::new(id.parse().unwrap(), question, "答案")
}

fn questions(store: &Store) -> Vec<String> {
    store.entries().unwrap().into_iter().map(|entry| entry.question).collect()
}

fn refused(error: EditError) -> Vec<(usize, Conflict)> {
    match error {
        EditError::Refused { refusals } => {
            refusals.into_iter().map(|refusal| (refusal.position, refusal.conflict)).collect()
        }
        EditError::Store(error) => panic!("{error}"),
    }
}

#[test]
fn importing_a_file_again_adds_changes_and_removes() {
    let mut store = Store::in_memory().unwrap();
    let first = [entry("a", "甲"), entry("b", "乙"), entry("c", "丙")];
    let second = [entry("c", "丙"), entry("b", "乙乙"), entry("d", "丁")];
    assert_eq!(
        store.replace_file("faq.md", &first).unwrap(),
        ImportCounts { added: 3, ..Default::default() }
    );
    let expected = ImportCounts { added: 1, changed: 1, unchanged: 1, removed: 1, kept: 0 };
    assert_eq!(store.replace_file("faq.md", &second).unwrap(), expected);
    assert_eq!(questions(&store), ["乙乙", "丙", "丁"]);
}

#[test]
fn the_version_counts_changes_only() {
    let mut store = Store::in_memory().unwrap();
    assert_eq!(store.version().unwrap(), 0);
    store.replace_file("faq.md", &[entry("a", "甲")]).unwrap();
    store.replace_file("faq.md", &[entry("a", "甲")]).unwrap();
    assert_eq!(store.version().unwrap(), 1);
    assert!(store.entries().unwrap()[0].updated_at.is_some());
}

#[test]
fn files_do_not_touch_each_other() {
    let mut store = Store::in_memory().unwrap();
    store.replace_file("one.md", &[entry("a", "甲")]).unwrap();
    store.replace_file("two.md", &[entry("b", "乙")]).unwrap();
    assert_eq!(store.replace_file("one.md", &[]).unwrap().removed, 1);
    assert_eq!(store.entries().unwrap().len(), 1);
}

#[test]
fn an_edited_entry_still_belongs_to_its_file() {
    let mut store = Store::in_memory().unwrap();
    store.replace_file("faq.md", &[entry("a", "甲")]).unwrap();
    store.edit(&[Edit::Put { entry: entry("a", "甲甲"), revision: Some(1) }], "me").unwrap();
    assert_eq!(store.replace_file("faq.md", &[]).unwrap().removed, 1);
}

#[test]
fn edits_are_made_together_and_say_what_they_did() {
    let mut store = Store::in_memory().unwrap();
    store.replace_file("faq.md", &[entry("a", "甲"), entry("b", "乙"), entry("c", "丙")]).unwrap();
    let edits = [
        Edit::Create(entry("d", "丁")),
        Edit::Put { entry: entry("b", "乙乙"), revision: Some(1) },
        Edit::Put { entry: entry("c", "丙"), revision: None },
        Edit::Delete { id: "a".parse().unwrap(), revision: Some(1) },
    ];
    let committed = store.edit(&edits, "me").unwrap();
    let outcomes: Vec<_> = committed.outcomes.iter().map(|o| (o.written, o.revision)).collect();
    assert_eq!(
        outcomes,
        [
            (Written::Added, Some(2)),
            (Written::Changed, Some(2)),
            (Written::Unchanged, Some(1)),
            (Written::Removed, None)
        ]
    );
    assert_eq!((committed.version, store.version().unwrap()), (2, 2));
    assert_eq!(questions(&store), ["乙乙", "丙", "丁"]);
}

#[test]
fn one_edit_that_does_not_fit_refuses_all_and_every_such_edit_is_named() {
    let mut store = Store::in_memory().unwrap();
    store.replace_file("faq.md", &[entry("a", "甲"), entry("b", "乙")]).unwrap();
    store.edit(&[Edit::Put { entry: entry("b", "乙乙"), revision: None }], "me").unwrap();
    let id = |id: &str| id.parse::<EntryId>().unwrap();
    let edits = [
        Edit::Create(entry("new", "新")),
        Edit::Create(entry("a", "甲")),
        Edit::Put { entry: entry("b", "丙"), revision: Some(1) },
        Edit::Delete { id: id("none"), revision: None },
        Edit::Put { entry: entry("gone", "丁"), revision: Some(1) },
        Edit::Delete { id: id("new"), revision: None },
    ];
    let conflicts = refused(store.edit(&edits, "me").unwrap_err());
    assert_eq!(
        conflicts,
        [
            (1, Conflict::Exists { id: id("a") }),
            (2, Conflict::Stale { id: id("b"), expected: 1, actual: 2 }),
            (3, Conflict::Missing { id: id("none") }),
            (4, Conflict::Missing { id: id("gone") }),
            (5, Conflict::Twice { id: id("new") }),
        ]
    );
    assert_eq!((questions(&store), store.version().unwrap()), (vec!["甲".to_owned(), "乙乙".to_owned()], 2));
}

#[test]
fn an_entry_that_comes_back_has_another_revision() {
    let mut store = Store::in_memory().unwrap();
    let id: EntryId = "a".parse().unwrap();
    store.edit(&[Edit::Create(entry("a", "甲"))], "me").unwrap();
    store.edit(&[Edit::Delete { id: id.clone(), revision: None }], "me").unwrap();
    store.edit(&[Edit::Create(entry("a", "甲"))], "me").unwrap();
    assert_eq!(store.entry(&id).unwrap().unwrap().revision, 3);
    let late = Edit::Delete { id: id.clone(), revision: Some(1) };
    let conflicts = refused(store.edit(&[late], "me").unwrap_err());
    assert_eq!(conflicts, [(0, Conflict::Stale { id, expected: 1, actual: 3 })]);
}
