//! Edits that wait: staged, looked at, tested, then published as one version or discarded.
//!
//! A draft holds at most one edit an entry and remembers the revision it was made from. Publishing is refused while
//! an entry is at another one: nobody's change is lost.

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
        "the draft does not fit any more: {}; stage these entries again or discard their drafts",
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

/// The revision of an entry as whoever stages sees it: 0 for one that is only staged.
const STAGED_REVISION: &str = "SELECT revision FROM entries WHERE id = ?1
     UNION ALL SELECT 0 FROM drafts WHERE entry = ?1 AND body IS NOT NULL LIMIT 1";

impl Store {
    /// Adds `edits` to the draft, all or none. An edit takes the place of an earlier one of the same entry.
    ///
    /// # Errors
    /// As [`Store::edit`]: edits must fit what is published. An entry that is only staged is at revision 0.
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

    /// The entry called `id` as it would be after publishing, with the revision that a further edit is made from.
    ///
    /// # Errors
    /// As [`drafts`](Self::drafts).
    pub fn drafted_entry(&self, id: &EntryId) -> Result<Option<Stored>, Error> {
        match self.drafts()?.into_iter().find(|draft| draft.id == *id) {
            Some(draft) => {
                let revision = draft.base.unwrap_or(0);
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
        .prepare_cached("SELECT entry, base, at, actor, body FROM drafts ORDER BY rowid")?
        .query_map([], |row| {
            let base = Some(row.get::<_, i64>(1)?.unsigned_abs()).filter(|&base| base != 0);
            let (id, at) = (read_id(row.get(0)?)?, read_time(row, 2)?);
            Ok((Draft { id, entry: None, base, at, actor: row.get(3)? }, row.get(4)?))
        })?
        .collect()
}

fn write_draft(transaction: &Transaction<'_>, edit: &Edit, at: &str, actor: &str) -> rusqlite::Result<()> {
    let id = edit.id().as_str();
    let base: Option<i64> =
        transaction.prepare_cached(PUBLISHED_REVISION)?.query_row([id], |row| row.get(0)).optional()?;
    if edit.entry().is_none() && base.is_none() {
        // It was only staged: nothing will be left to remove.
        return transaction.execute("DELETE FROM drafts WHERE entry = ?1", [id]).map(drop);
    }
    let body = edit.entry().map(serde_json::to_string).transpose();
    let body = body.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    transaction
        .prepare_cached(
            "INSERT INTO drafts (entry, body, base, at, actor) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (entry) DO UPDATE SET body = ?2, base = ?3, at = ?4, actor = ?5",
        )?
        .execute(params![id, body, base.unwrap_or(0), at, actor])
        .map(drop)
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
        store.stage(&[put("a", "甲甲甲", Some(1)), Edit::Create(entry("d", "丁"))], "me").unwrap();
        assert!(matches!(
            store.stage(&[Edit::Create(entry("d", "丁"))], "me"),
            Err(EditError::Refused { .. })
        ));
        store.stage(&[put("d", "丁丁", Some(0))], "me").unwrap();
        assert_eq!(questions(store.drafted_edition().unwrap().entries), ["甲甲甲", "乙", "丙", "丁丁"]);
        store.stage(&[Edit::Delete { id: "d".parse().unwrap(), revision: Some(0) }], "me").unwrap();
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
        assert!(store.stage(&[put("a", "甲甲", Some(1))], "me").is_err(), "made from an old revision");
        store.stage(&[put("a", "甲甲", Some(2))], "me").unwrap();
        store.publish("me").unwrap();
        assert_eq!(questions(store.entries().unwrap()), ["甲甲", "乙乙", "丙"]);
    }
}
