//! The entries table.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, Transaction, params};
use serde::Serialize;

use super::{Error, Store};
use crate::faq::{Entry, EntryId};

/// What an import did to the stored entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ImportCounts {
    /// Entries that were not there before.
    pub added: usize,
    /// Entries whose content changed.
    pub changed: usize,
    /// Entries that were there already, word for word.
    pub unchanged: usize,
    /// Entries of the same file that the file no longer has.
    pub removed: usize,
}

impl ImportCounts {
    /// Whether the store differs from before.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.added + self.changed + self.removed > 0
    }
}

impl std::ops::AddAssign for ImportCounts {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.removed += other.removed;
    }
}

/// What happened to one entry.
enum Written {
    Added,
    Changed,
    Unchanged,
}

impl Store {
    /// All entries, in the order in which they were first imported.
    ///
    /// # Errors
    /// When the database fails or an entry is damaged.
    pub fn entries(&self) -> Result<Vec<Entry>, Error> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, body FROM entries ORDER BY ordinal")
            .map_err(self.failed("read"))?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .map_err(self.failed("read"))?;
        let mut entries = Vec::new();
        for row in rows {
            let (id, body) = row.map_err(self.failed("read"))?;
            let entry = serde_json::from_str(&body).map_err(|source| Error::DamagedEntry {
                id,
                path: self.path.clone(),
                source,
            })?;
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Makes the entries of `file` equal to `entries`: adds, changes and removes in one transaction.
    ///
    /// Entries of other files stay; an id that moves from another file to this one is a change.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub fn replace_file(&mut self, file: &str, entries: &[Entry]) -> Result<ImportCounts, Error> {
        let failed = self.failed("write");
        let run = |transaction: &Transaction<'_>| -> rusqlite::Result<ImportCounts> {
            let mut counts = ImportCounts::default();
            for entry in entries {
                match write_entry(transaction, file, entry)? {
                    Written::Added => counts.added += 1,
                    Written::Changed => counts.changed += 1,
                    Written::Unchanged => counts.unchanged += 1,
                }
            }
            counts.removed = remove_others(transaction, file, entries)?;
            if counts.is_change() {
                transaction.execute("UPDATE counters SET value = value + 1 WHERE name = 'version'", [])?;
            }
            Ok(counts)
        };
        let write = |store: &mut Self| -> rusqlite::Result<ImportCounts> {
            let transaction =
                store.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let counts = run(&transaction)?;
            transaction.commit()?;
            Ok(counts)
        };
        write(self).map_err(failed)
    }
}

fn write_entry(transaction: &Transaction<'_>, file: &str, entry: &Entry) -> rusqlite::Result<Written> {
    let body = serde_json::to_string(entry)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let id = entry.id.as_str();
    let stored: Option<(Option<String>, String)> = transaction
        .prepare_cached("SELECT file, body FROM entries WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match stored {
        None => {
            transaction
                .prepare_cached("INSERT INTO entries (id, file, body) VALUES (?1, ?2, ?3)")?
                .execute(params![id, file, body])?;
            Ok(Written::Added)
        }
        Some((stored_file, stored_body)) if stored_body == body && stored_file.as_deref() == Some(file) => {
            Ok(Written::Unchanged)
        }
        Some(_) => {
            transaction
                .prepare_cached("UPDATE entries SET file = ?2, body = ?3 WHERE id = ?1")?
                .execute(params![id, file, body])?;
            Ok(Written::Changed)
        }
    }
}

fn remove_others(transaction: &Transaction<'_>, file: &str, entries: &[Entry]) -> rusqlite::Result<usize> {
    let kept: HashSet<&str> = entries.iter().map(|entry| EntryId::as_str(&entry.id)).collect();
    let mut statement = transaction.prepare_cached("SELECT id FROM entries WHERE file = ?1")?;
    let stored: Vec<String> = statement.query_map([file], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut delete = transaction.prepare_cached("DELETE FROM entries WHERE id = ?1")?;
    let mut removed = 0;
    for id in stored.iter().filter(|id| !kept.contains(id.as_str())) {
        removed += delete.execute([id])?;
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, question: &str) -> Entry {
        Entry::new(id.parse().unwrap(), question, "答案")
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
        assert_eq!(
            store.replace_file("faq.md", &second).unwrap(),
            ImportCounts { added: 1, changed: 1, unchanged: 1, removed: 1 }
        );
        let questions: Vec<String> =
            store.entries().unwrap().into_iter().map(|entry| entry.question).collect();
        assert_eq!(questions, ["乙乙", "丙", "丁"]);
    }

    #[test]
    fn the_version_counts_changes_only() {
        let mut store = Store::in_memory().unwrap();
        assert_eq!(store.version().unwrap(), 0);
        store.replace_file("faq.md", &[entry("a", "甲")]).unwrap();
        store.replace_file("faq.md", &[entry("a", "甲")]).unwrap();
        assert_eq!(store.version().unwrap(), 1);
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
    fn a_damaged_entry_is_named() {
        let mut store = Store::in_memory().unwrap();
        store.replace_file("faq.md", &[entry("a", "甲")]).unwrap();
        store.connection.execute("UPDATE entries SET body = '{'", []).unwrap();
        let error = store.entries().unwrap_err();
        assert!(matches!(&error, Error::DamagedEntry { id, .. } if id == "a"), "{error}");
    }
}
