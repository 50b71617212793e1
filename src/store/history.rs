//! What was changed by whom, and how to take it back.
//!
//! A *change* is one entry in one version. Nothing is ever taken out of the history: undoing is a further change.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Committed, Error, Store,
    writer::{State, Writer, read_id, read_time},
};
use crate::faq::{Entry, EntryId};

/// One entry, before and after somebody changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// Its number, rising.
    pub change: u64,
    /// Version of the FAQ that it belongs to; one version may hold many changes.
    pub version: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What it was: `edit`, `import`, `publish`, `undo of change 7`, `rollback to version 3`.
    pub action: String,
    /// Which entry.
    #[schema(value_type = String)]
    pub entry: EntryId,
    /// The entry before; `None` when it was added.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Entry>,
    /// The entry after; `None` when it was removed.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Entry>,
}

/// Which changes to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Only those of this entry.
    pub entry: Option<EntryId>,
    /// Only those that came before this one.
    pub before: Option<u64>,
}

/// Why nothing was taken back.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// There is no such change.
    #[error("there is no change {change}: see the history for those there are")]
    UnknownChange {
        /// Its number.
        change: u64,
    },
    /// The entry is not any more what the change made of it.
    #[error(
        "change {change} cannot be undone: entry {entry} was changed again by {}; undo the later ones first, newest \
         first, or go back to a version",
        list(later)
    )]
    Superseded {
        /// The change.
        change: u64,
        /// Its entry.
        entry: EntryId,
        /// The changes of the entry after it.
        later: Vec<u64>,
    },
    /// What the FAQ was then is not known.
    #[error("expected a version from {first} to {last}, got {version}")]
    UnknownVersion {
        /// The version that was asked for.
        version: u64,
        /// The first one that can be brought back.
        first: u64,
        /// The present one.
        last: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] Error),
}

fn list(changes: &[u64]) -> String {
    let changes: Vec<String> = changes.iter().map(u64::to_string).collect();
    format!("change {}", changes.join(", "))
}

/// One side of a change, as it is stored.
struct Side {
    body: Option<String>,
    file: Option<String>,
}

impl Side {
    /// `None` where there was no entry.
    fn state(self, id: &EntryId, ordinal: i64) -> rusqlite::Result<Option<State>> {
        let Some(body) = self.body else { return Ok(None) };
        let entry = serde_json::from_str(&body).map_err(|error| {
            let error = format!("entry {id} in the history: {error}");
            rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
        })?;
        Ok(Some(State { entry, file: self.file, ordinal: Some(ordinal) }))
    }
}

impl Store {
    /// At most `limit` changes, newest first.
    ///
    /// # Errors
    /// When the database fails or an entry in it is damaged.
    pub fn history(&self, filter: &HistoryFilter, limit: usize) -> Result<Vec<Change>, Error> {
        let entry = filter.entry.as_ref().map(EntryId::as_str);
        let before = filter.before.map(u64::cast_signed);
        let read = || -> rusqlite::Result<Vec<(Change, Side, Side)>> {
            self.connection
                .prepare_cached(
                    "SELECT change, version, at, actor, action, entry, before, before_file, after, after_file
                     FROM history WHERE (?1 IS NULL OR entry = ?1) AND (?2 IS NULL OR change < ?2)
                     ORDER BY change DESC LIMIT ?3",
                )?
                .query_map(params![entry, before, i64::try_from(limit).unwrap_or(i64::MAX)], read_change)?
                .collect()
        };
        let rows = read().map_err(self.failed("read"))?;
        let parse = |id: &EntryId, side: Side| -> Result<Option<Entry>, Error> {
            side.body.map(|body| self.parse(id.as_str(), &body)).transpose()
        };
        rows.into_iter()
            .map(|(change, before, after)| {
                let (before, after) = (parse(&change.entry, before)?, parse(&change.entry, after)?);
                Ok(Change { before, after, ..change })
            })
            .collect()
    }

    /// Makes the entry of `change` what it was before. That is a change too, and can be undone.
    ///
    /// # Errors
    /// When there is no such change, or the entry was changed again since.
    pub fn undo(&mut self, change: u64, actor: &str) -> Result<Committed, UndoError> {
        self.transact(|transaction| {
            let found = transaction
                .prepare_cached("SELECT entry, ordinal, before, before_file FROM history WHERE change = ?1")?
                .query_row([change.cast_signed()], |row| {
                    let side = Side { body: row.get(2)?, file: row.get(3)? };
                    Ok((read_id(row.get(0)?)?, row.get::<_, i64>(1)?, side))
                })
                .optional()?;
            let Some((entry, ordinal, before)) = found else {
                return Ok(Err(UndoError::UnknownChange { change }));
            };
            let later: Vec<u64> = transaction
                .prepare_cached(
                    "SELECT change FROM history WHERE entry = ?1 AND change > ?2 ORDER BY change",
                )?
                .query_map(params![entry.as_str(), change.cast_signed()], |row| row.get::<_, i64>(0))?
                .map(|change| change.map(i64::unsigned_abs))
                .collect::<rusqlite::Result<_>>()?;
            if !later.is_empty() {
                return Ok(Err(UndoError::Superseded { change, entry, later }));
            }
            let mut writer = Writer::new(transaction, actor, &format!("undo of change {change}"))?;
            writer.set(&entry, before.state(&entry, ordinal)?)?;
            writer.finish().map(Ok)
        })?
    }

    /// Makes every entry what it was in `version`, as one further version.
    ///
    /// # Errors
    /// When there is no such version, or it is from before the history begins.
    pub fn rollback(&mut self, version: u64, actor: &str) -> Result<Committed, UndoError> {
        self.transact(|transaction| {
            let first: i64 = transaction.query_row(
                "SELECT value FROM counters WHERE name = 'history_start'",
                [],
                |row| row.get(0),
            )?;
            let mut writer = Writer::new(transaction, actor, &format!("rollback to version {version}"))?;
            let (first, last) = (first.unsigned_abs(), writer.last_version());
            if !(first..=last).contains(&version) {
                return Ok(Err(UndoError::UnknownVersion { version, first, last }));
            }
            // What an entry was then is what the first change after it found.
            let mut first_changes = transaction.prepare_cached(
                "SELECT entry, ordinal, before, before_file, min(change) AS first FROM history
                 WHERE version > ?1 GROUP BY entry ORDER BY first",
            )?;
            let states = first_changes
                .query_map([version.cast_signed()], |row| {
                    let side = Side { body: row.get(2)?, file: row.get(3)? };
                    Ok((read_id(row.get(0)?)?, row.get::<_, i64>(1)?, side))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            for (entry, ordinal, side) in states {
                writer.set(&entry, side.state(&entry, ordinal)?)?;
            }
            writer.finish().map(Ok)
        })?
    }
}

/// A change without its entries, and those as they are stored.
fn read_change(row: &Row<'_>) -> rusqlite::Result<(Change, Side, Side)> {
    let change = Change {
        change: row.get::<_, i64>(0)?.unsigned_abs(),
        version: row.get::<_, i64>(1)?.unsigned_abs(),
        at: read_time(row, 2)?,
        actor: row.get(3)?,
        action: row.get(4)?,
        entry: read_id(row.get(5)?)?,
        before: None,
        after: None,
    };
    Ok((change, Side { body: row.get(6)?, file: row.get(7)? }, Side { body: row.get(8)?, file: row.get(9)? }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::Edit;

    fn entry(id: &str, question: &str) -> Entry {
        Entry::new(id.parse().unwrap(), question, "答案")
    }

    fn put(store: &mut Store, id: &str, question: &str) -> u64 {
        store.edit(&[Edit::Put { entry: entry(id, question), revision: None }], "me").unwrap().version
    }

    fn delete(store: &mut Store, id: &str) {
        store.edit(&[Edit::Delete { id: id.parse().unwrap(), revision: None }], "me").unwrap();
    }

    /// Ids and questions in order.
    fn content(store: &Store) -> Vec<(String, String)> {
        let entries = store.entries().unwrap();
        entries.into_iter().map(|entry| (entry.id.to_string(), entry.question)).collect()
    }

    #[test]
    fn every_change_is_kept_with_who_when_before_and_after() {
        let mut store = Store::in_memory().unwrap();
        store.replace_file("faq.md", &[entry("a", "甲"), entry("b", "乙")]).unwrap();
        put(&mut store, "a", "甲甲");
        delete(&mut store, "b");
        let changes = store.history(&HistoryFilter::default(), 10).unwrap();
        let told: Vec<_> = changes
            .iter()
            .map(|change| {
                let question = |entry: &Option<Entry>| entry.as_ref().map(|entry| entry.question.clone());
                let (before, after) = (question(&change.before), question(&change.after));
                (change.version, change.actor.as_str(), change.action.as_str(), before, after)
            })
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                (3, "me", "edit", some("乙"), None),
                (2, "me", "edit", some("甲"), some("甲甲")),
                (1, "cli", "import", None, some("乙")),
                (1, "cli", "import", None, some("甲")),
            ]
        );
        let of_a = HistoryFilter { entry: Some("a".parse().unwrap()), before: Some(3) };
        assert_eq!(store.history(&of_a, 10).unwrap().iter().map(|c| c.change).collect::<Vec<_>>(), [1]);
        assert_eq!(store.history(&HistoryFilter::default(), 1).unwrap().len(), 1);
    }

    #[test]
    fn an_undone_removal_brings_the_entry_back_to_its_place_and_file() {
        let mut store = Store::in_memory().unwrap();
        store.replace_file("faq.md", &[entry("a", "甲"), entry("b", "乙"), entry("c", "丙")]).unwrap();
        let before = content(&store);
        delete(&mut store, "b");
        store.undo(4, "me").unwrap();
        assert_eq!(content(&store), before);
        assert_eq!(store.replace_file("faq.md", &[]).unwrap().removed, 3, "it belongs to its file again");
    }

    #[test]
    fn an_undo_can_be_undone() {
        let mut store = Store::in_memory().unwrap();
        put(&mut store, "a", "甲");
        put(&mut store, "a", "甲甲");
        store.undo(2, "me").unwrap();
        assert_eq!(content(&store)[0].1, "甲");
        store.undo(3, "me").unwrap();
        assert_eq!(content(&store)[0].1, "甲甲");
        assert_eq!(store.history(&HistoryFilter::default(), 1).unwrap()[0].action, "undo of change 3");
    }

    #[test]
    fn a_change_that_was_built_upon_is_not_undone() {
        let mut store = Store::in_memory().unwrap();
        put(&mut store, "a", "甲");
        put(&mut store, "a", "甲甲");
        put(&mut store, "b", "乙");
        let error = store.undo(1, "me").unwrap_err();
        assert!(matches!(&error, UndoError::Superseded { later, .. } if later == &[2]), "{error}");
        assert!(error.to_string().contains("change 2"), "{error}");
        assert!(matches!(store.undo(9, "me"), Err(UndoError::UnknownChange { change: 9 })));
        assert_eq!(store.version().unwrap(), 3);
    }

    #[test]
    fn what_was_before_the_history_cannot_be_brought_back() {
        let mut store = Store::in_memory().unwrap();
        put(&mut store, "a", "甲");
        store.connection.execute("UPDATE counters SET value = 1 WHERE name = 'history_start'", []).unwrap();
        for version in [0, 2] {
            let error = store.rollback(version, "me").unwrap_err();
            assert!(matches!(error, UndoError::UnknownVersion { first: 1, last: 1, .. }), "{error}");
        }
        assert!(store.rollback(1, "me").unwrap().outcomes.is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_rollback_brings_back_exactly_what_was(
            steps in prop::collection::vec((0usize..4, 0usize..3), 1..12),
            back_to in 0usize..12,
        ) {
            let mut store = Store::in_memory().unwrap();
            let mut versions = vec![content(&store)];
            for (id, text) in steps {
                let id = ["a", "b", "c", "d"][id];
                match ["", "甲", "乙"][text] {
                    "" if store.entry(&id.parse().unwrap()).unwrap().is_some() => delete(&mut store, id),
                    "" => {}
                    question => { put(&mut store, id, question); }
                }
                if store.version().unwrap() as usize == versions.len() {
                    versions.push(content(&store));
                }
            }
            let back_to = back_to % versions.len();
            store.rollback(back_to as u64, "me").unwrap();
            prop_assert_eq!(content(&store), versions[back_to].clone());
        }
    }
}
