//! Edits that wait: staged, looked at, tested, then published as one version or discarded.
//!
//! A draft holds at most one edit an entry. It has a revision of its own, which rises with every change of it: who
//! changes a draft must have seen it as it is. It also remembers the published revision that it was made from, its base;
//! publishing is refused while the entry is at another one. So nobody's change is lost, staged or published.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Committed, Conflict, Edit, EditError, Edition, Error, Store, Stored,
    edits::{PUBLISHED_REVISION, refusals},
    writer::{Writer, read_id, read_time},
};
use crate::faq::{Entry, EntryId};

/// A staged edit of one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Draft {
    /// Which entry.
    #[schema(value_type = String)]
    pub id: EntryId,
    /// What it shall be; `None` when it is to be removed.
    #[schema(value_type = Option<Object>)]
    pub entry: Option<Entry>,
    /// The revision that the edit was made from; `None` for a new entry.
    pub base: Option<u64>,
    /// Rises with every change of the draft, and is never the revision of a published entry; the `ETag` of the entry
    /// as it is staged.
    pub revision: u64,
    /// When it was staged.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
}

impl Draft {
    /// The edit that publishes it.
    fn into_edit(self) -> Edit {
        match (self.entry, self.base) {
            (Some(entry), None) => Edit::Create(entry),
            (Some(entry), revision) => Edit::Put { entry, revision },
            (None, revision) => Edit::Delete { id: self.id, revision },
        }
    }
}

/// Why a draft was not published.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// There is nothing staged.
    #[error("there is no draft: stage edits first")]
    Empty,
    /// Entries were changed after they were staged.
    #[error(
        "the draft does not fit any more: {}; discard the drafts of these entries and stage their changes again",
        conflicts.iter().map(Conflict::to_string).collect::<Vec<_>>().join("; ")
    )]
    Conflicts {
        /// Every edit that does not fit.
        conflicts: Vec<Conflict>,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The revision of an entry as whoever stages sees it: of its draft, if it has one; an entry whose removal is staged is
/// not there.
const STAGED_REVISION: &str = "SELECT revision FROM drafts WHERE entry = ?1 AND body IS NOT NULL
     UNION ALL SELECT revision FROM entries
        WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM drafts WHERE entry = ?1)";

impl Store {
    /// Adds `edits` to the draft, all or none. An edit takes the place of an earlier one of the same entry.
    ///
    /// A staged edit that names the revision of the draft goes on from there: its base stays. One that names none
    /// overwrites whatever is there, and what is published now is its base.
    ///
    /// # Errors
    /// As [`Store::edit`]: edits must fit what is staged and, where nothing is, what is published.
    pub fn stage(&mut self, edits: &[Edit], actor: &str) -> Result<(), EditError> {
        let at = Timestamp::now().to_string();
        self.transact(|transaction| {
            let refusals = refusals(transaction, edits, STAGED_REVISION)?;
            if !refusals.is_empty() {
                return Ok(Err(EditError::Refused { refusals }));
            }
            for edit in edits {
                write_draft(transaction, edit, &at, actor)?;
            }
            Ok(Ok(()))
        })?
    }

    /// All staged edits, oldest first.
    ///
    /// # Errors
    /// When the database fails or a staged entry is damaged.
    pub fn drafts(&self) -> Result<Vec<Draft>, Error> {
        let rows = read_drafts(&self.connection).map_err(self.failed("read"))?;
        rows.into_iter()
            .map(|(draft, body)| {
                let entry = body.map(|body| self.parse(draft.id.as_str(), &body)).transpose()?;
                Ok(Draft { entry, ..draft })
            })
            .collect()
    }

    /// All entries as they would be after publishing; the version is still the one before.
    ///
    /// # Errors
    /// As [`drafts`](Self::drafts) and [`entries`](Self::entries).
    pub fn drafted_edition(&self) -> Result<Edition, Error> {
        let _one_moment = self.connection.unchecked_transaction().map_err(self.failed("read"))?;
        let drafts = self.drafts()?;
        let order: Vec<EntryId> = drafts.iter().map(|draft| draft.id.clone()).collect();
        let mut drafts: HashMap<EntryId, Option<Entry>> =
            drafts.into_iter().map(|draft| (draft.id, draft.entry)).collect();
        let mut entries: Vec<Entry> = self
            .entries()?
            .into_iter()
            .filter_map(|entry| drafts.remove(&entry.id).unwrap_or(Some(entry)))
            .collect();
        entries.extend(order.iter().filter_map(|id| drafts.remove(id)?));
        Ok(Edition { version: self.version()?, entries })
    }

    /// The entry called `id` as it would be after publishing, with the revision that a further edit is made from: the
    /// draft's own, if there is one.
    ///
    /// # Errors
    /// As [`drafts`](Self::drafts).
    pub fn drafted_entry(&self, id: &EntryId) -> Result<Option<Stored>, Error> {
        match self.drafts()?.into_iter().find(|draft| draft.id == *id) {
            Some(draft) => {
                let revision = draft.revision;
                Ok(draft.entry.map(|entry| Stored { entry, revision }))
            }
            None => self.entry(id),
        }
    }

    /// Throws away the staged edit of one entry, or all of them. Returns how many there were.
    ///
    /// # Errors
    /// When the database fails.
    pub fn discard(&mut self, id: Option<&EntryId>) -> Result<usize, Error> {
        self.transact(|transaction| {
            transaction
                .execute("DELETE FROM drafts WHERE ?1 IS NULL OR entry = ?1", [id.map(EntryId::as_str)])
        })
    }

    /// Makes all staged edits as one version; the draft is empty then.
    ///
    /// # Errors
    /// When nothing is staged, or an entry was changed since; the draft stays as it is then.
    pub fn publish(&mut self, actor: &str) -> Result<Committed, DraftError> {
        let edits: Vec<Edit> = self.drafts()?.into_iter().map(Draft::into_edit).collect();
        if edits.is_empty() {
            return Err(DraftError::Empty);
        }
        self.transact(|transaction| {
            let refusals = refusals(transaction, &edits, PUBLISHED_REVISION)?;
            if !refusals.is_empty() {
                let conflicts = refusals.into_iter().map(|refusal| refusal.conflict).collect();
                return Ok(Err(DraftError::Conflicts { conflicts }));
            }
            let mut writer = Writer::new(transaction, actor, "publish")?;
            for edit in &edits {
                writer.edit(edit)?;
                transaction.execute("DELETE FROM drafts WHERE entry = ?1", [edit.id().as_str()])?;
            }
            writer.finish().map(Ok)
        })?
    }
}

/// Drafts without their entries, and those as they are stored.
fn read_drafts(connection: &Connection) -> rusqlite::Result<Vec<(Draft, Option<String>)>> {
    connection
        .prepare_cached("SELECT entry, base, at, actor, revision, body FROM drafts ORDER BY rowid")?
        .query_map([], |row| {
            let base = Some(row.get::<_, i64>(1)?.unsigned_abs()).filter(|&base| base != 0);
            let (id, at) = (read_id(row.get(0)?)?, read_time(row, 2)?);
            let (actor, revision) = (row.get(3)?, row.get::<_, i64>(4)?.unsigned_abs());
            Ok((Draft { id, entry: None, base, revision, at, actor }, row.get(5)?))
        })?
        .collect()
}

fn write_draft(transaction: &Transaction<'_>, edit: &Edit, at: &str, actor: &str) -> rusqlite::Result<()> {
    let id = edit.id().as_str();
    let published = find_number(transaction, PUBLISHED_REVISION, id)?;
    let base = base_of(transaction, edit, published)?;
    if edit.entry().is_none() && (published.is_none() || base == 0) {
        // It was only staged, or somebody removed it already: nothing will be left to remove.
        return transaction.execute("DELETE FROM drafts WHERE entry = ?1", [id]).map(drop);
    }
    let body = edit.entry().map(serde_json::to_string).transpose();
    let body = body.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let revision = next_revision(transaction)?;
    transaction
        .prepare_cached(
            "INSERT INTO drafts (entry, body, base, at, actor, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (entry) DO UPDATE SET body = ?2, base = ?3, at = ?4, actor = ?5, revision = ?6",
        )?
        .execute(params![id, body, base, at, actor, revision])
        .map(drop)
}

/// The published revision that an edit is made from, 0 for none.
///
/// Who changes a draft goes on from its text, which knows nothing of what was published since: its base stays, so that
/// publishing it does not silently overwrite that. Who overwrites whatever is there begins anew.
fn base_of(transaction: &Transaction<'_>, edit: &Edit, published: Option<i64>) -> rusqlite::Result<i64> {
    let goes_on = match edit {
        Edit::Create(_) => false,
        Edit::Put { revision, .. } | Edit::Delete { revision, .. } => revision.is_some(),
    };
    let kept = if goes_on {
        find_number(transaction, "SELECT base FROM drafts WHERE entry = ?1", edit.id().as_str())?
    } else {
        None
    };
    Ok(kept.or(published).unwrap_or(0))
}

/// A revision that no draft ever had, nor any published entry.
fn next_revision(transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
    let sql = "UPDATE counters SET value = value + 1 WHERE name = 'draft' RETURNING value";
    transaction.query_row(sql, [], |row| row.get(0))
}

fn find_number(transaction: &Transaction<'_>, sql: &str, id: &str) -> rusqlite::Result<Option<i64>> {
    transaction.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, question: &str) -> Entry {
        Entry::new(id.parse().unwrap(), question, "答案")
    }

    fn put(id: &str, question: &str, revision: Option<u64>) -> Edit {
        Edit::Put { entry: entry(id, question), revision }
    }

    fn store() -> Store {
        let mut store = Store::in_memory().unwrap();
        store.replace_file("faq.md", &[entry("a", "甲"), entry("b", "乙"), entry("c", "丙")]).unwrap();
        store
    }

    /// The revision of an entry as whoever stages sees it.
    fn revision(store: &Store, id: &str) -> Option<u64> {
        store.drafted_entry(&id.parse().unwrap()).unwrap().map(|stored| stored.revision)
    }

    fn questions(entries: Vec<Entry>) -> Vec<String> {
        entries.into_iter().map(|entry| entry.question).collect()
    }

    #[test]
    fn staged_edits_change_nothing_until_they_are_published_as_one_version() {
        let mut store = store();
        let delete = Edit::Delete { id: "b".parse().unwrap(), revision: Some(1) };
        store.stage(&[Edit::Create(entry("d", "丁")), put("a", "甲甲", Some(1)), delete], "me").unwrap();
        assert_eq!(questions(store.entries().unwrap()), ["甲", "乙", "丙"]);
        assert_eq!(questions(store.drafted_edition().unwrap().entries), ["甲甲", "丙", "丁"]);
        let drafts: Vec<_> = store.drafts().unwrap().iter().map(|d| (d.id.to_string(), d.base)).collect();
        assert_eq!(drafts, [("d".into(), None), ("a".into(), Some(1)), ("b".into(), Some(1))]);

        let committed = store.publish("you").unwrap();
        assert_eq!((committed.version, committed.outcomes.len()), (2, 3));
        assert_eq!(questions(store.entries().unwrap()), ["甲甲", "丙", "丁"]);
        assert!(store.drafts().unwrap().is_empty());
        assert!(matches!(store.publish("you"), Err(DraftError::Empty)));
        store.rollback(1, "you").unwrap();
        assert_eq!(questions(store.entries().unwrap()), ["甲", "乙", "丙"]);
    }

    #[test]
    fn staging_again_replaces_and_removing_what_is_only_staged_leaves_nothing() {
        let mut store = store();
        store.stage(&[put("a", "甲甲", Some(1))], "me").unwrap();
        let staged = revision(&store, "a");
        store.stage(&[put("a", "甲甲甲", staged), Edit::Create(entry("d", "丁"))], "me").unwrap();
        assert!(matches!(
            store.stage(&[Edit::Create(entry("d", "丁"))], "me"),
            Err(EditError::Refused { .. })
        ));
        store.stage(&[put("d", "丁丁", revision(&store, "d"))], "me").unwrap();
        assert_eq!(questions(store.drafted_edition().unwrap().entries), ["甲甲甲", "乙", "丙", "丁丁"]);
        let delete = Edit::Delete { id: "d".parse().unwrap(), revision: revision(&store, "d") };
        store.stage(&[delete], "me").unwrap();
        assert_eq!(store.drafts().unwrap().len(), 1);
        assert_eq!(store.discard(Some(&"none".parse().unwrap())).unwrap(), 0);
        assert_eq!(store.discard(None).unwrap(), 1);
    }

    #[test]
    fn what_was_changed_meanwhile_keeps_the_draft_from_being_published() {
        let mut store = store();
        store.stage(&[put("a", "甲甲", Some(1)), put("b", "乙乙", Some(1))], "me").unwrap();
        store.edit(&[put("a", "又甲", Some(1))], "you").unwrap();
        let error = store.publish("me").unwrap_err();
        assert!(error.to_string().contains("entry a") && !error.to_string().contains("entry b"), "{error}");
        assert_eq!(
            (questions(store.entries().unwrap())[1].as_str(), store.drafts().unwrap().len()),
            ("乙", 2)
        );
        for published in [1, 2] {
            assert!(
                store.stage(&[put("a", "甲甲", Some(published))], "me").is_err(),
                "the draft was not seen"
            );
        }
        let staged = revision(&store, "a");
        store.stage(&[put("a", "甲甲甲", staged)], "me").unwrap();
        assert!(
            store.publish("me").is_err(),
            "a further change of the draft has not seen what was published"
        );
        store.stage(&[put("a", "甲甲", None)], "me").unwrap();
        store.publish("me").unwrap();
        assert_eq!(questions(store.entries().unwrap()), ["甲甲", "乙乙", "丙"]);
    }

    #[test]
    fn of_two_who_change_the_same_draft_the_slower_one_is_refused() {
        let mut store = store();
        store.stage(&[put("a", "甲甲", Some(1))], "me").unwrap();
        let seen = revision(&store, "a");
        store.stage(&[put("a", "我的甲", seen)], "me").unwrap();
        assert!(matches!(store.stage(&[put("a", "你的甲", seen)], "you"), Err(EditError::Refused { .. })));
        assert!(revision(&store, "a") > seen);
        store.discard(None).unwrap();
        store.stage(&[put("a", "甲甲", Some(1))], "me").unwrap();
        assert!(store.stage(&[put("a", "你的甲", seen)], "you").is_err(), "it is another draft");
        assert_eq!(questions(store.drafted_edition().unwrap().entries), ["甲甲", "乙", "丙"]);
    }

    #[test]
    fn an_entry_whose_removal_is_staged_is_not_there_and_can_be_made_again() {
        let mut store = store();
        let delete = Edit::Delete { id: "a".parse().unwrap(), revision: Some(1) };
        store.stage(&[delete], "me").unwrap();
        assert_eq!(revision(&store, "a"), None);
        assert!(store.stage(&[put("a", "甲甲", Some(1))], "me").is_err());
        store.stage(&[Edit::Create(entry("a", "新甲"))], "me").unwrap();
        store.publish("me").unwrap();
        assert_eq!(questions(store.entries().unwrap()), ["新甲", "乙", "丙"]);
    }

    #[test]
    fn taking_back_a_new_entry_leaves_the_one_that_was_published_under_its_id_meanwhile() {
        let mut store = store();
        store.stage(&[Edit::Create(entry("d", "丁"))], "me").unwrap();
        store.edit(&[Edit::Create(entry("d", "别人的丁"))], "you").unwrap();
        let delete = Edit::Delete { id: "d".parse().unwrap(), revision: revision(&store, "d") };
        store.stage(&[delete], "me").unwrap();
        assert!(store.drafts().unwrap().is_empty());
        assert_eq!(questions(store.entries().unwrap()), ["甲", "乙", "丙", "别人的丁"]);
    }
}
