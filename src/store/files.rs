//! Bringing files into the FAQ, and which entries came from which file.
//!
//! What was done to an entry here outlives the file: when a file says of an entry what it said before, the entry stays as
//! it is, edited or deleted. What the file says anew counts.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    COMMAND_LINE, Committed, Error, Outcome, Store, Written,
    writer::{State, Writer, read_id, says_the_same},
};
use crate::faq::{Entry, EntryId};

/// The entries of a file on their way in.
#[derive(Debug, Clone, PartialEq)]
pub struct FileEntries {
    /// Name of the file.
    pub file: String,
    /// All that could be read of it.
    pub entries: Vec<Entry>,
    /// Whether that is all there is in it. What an incomplete file lacks stays in the FAQ.
    pub is_complete: bool,
    /// Take the file's word also for entries that were edited or deleted here since.
    pub overwrite: bool,
}

/// What an import did to the stored entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportCounts {
    /// Entries that were not there before.
    pub added: usize,
    /// Entries whose content changed.
    pub changed: usize,
    /// Entries that were there already, word for word.
    pub unchanged: usize,
    /// Entries of the same file that the file no longer has.
    pub removed: usize,
    /// Entries that stay as somebody left them who edited or deleted them here, or because a part of the file could not
    /// be used.
    pub kept: usize,
}

impl ImportCounts {
    /// Whether the store differs from before.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.added + self.changed + self.removed > 0
    }

    fn count(outcomes: &[Outcome]) -> Self {
        let of = |written| outcomes.iter().filter(|outcome| outcome.written == written).count();
        Self {
            added: of(Written::Added),
            changed: of(Written::Changed),
            unchanged: of(Written::Unchanged),
            removed: of(Written::Removed),
            kept: of(Written::Kept),
        }
    }
}

impl std::ops::AddAssign for ImportCounts {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.removed += other.removed;
        self.kept += other.kept;
    }
}

impl Store {
    /// Makes the entries of `file` equal to `entries`, in the name of the command line. See [`import`](Self::import).
    ///
    /// # Errors
    /// As [`import`](Self::import).
    pub fn replace_file(&mut self, file: &str, entries: &[Entry]) -> Result<ImportCounts, Error> {
        let file = FileEntries {
            file: file.to_owned(),
            entries: entries.to_vec(),
            is_complete: true,
            overwrite: false,
        };
        Ok(self.import(&file, COMMAND_LINE)?.1)
    }

    /// Makes the entries of a file what it says: adds, changes and removes in one transaction. Also says which version
    /// that made.
    ///
    /// Entries of other files stay; an id that moves from another file to this one is a change.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub fn import(&mut self, file: &FileEntries, actor: &str) -> Result<(Committed, ImportCounts), Error> {
        let committed = self.transact(|transaction| write_file(transaction, file, actor)?.finish())?;
        let counts = ImportCounts::count(&committed.outcomes);
        Ok((committed, counts))
    }

    /// Those entries of a file that an import would leave as somebody left them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn kept_by_import(&self, file: &FileEntries) -> Result<HashSet<EntryId>, Error> {
        kept(&self.connection, file).map_err(self.failed("read"))
    }

    /// The entries that were imported from `file`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn entries_of_file(&self, file: &str) -> Result<Vec<Entry>, Error> {
        let bodies: Vec<String> =
            self.list("SELECT body FROM entries WHERE file = ?1 ORDER BY ordinal", [file], |row| row.get(0))?;
        // A row that cannot be read is reported where all entries are read.
        Ok(bodies.iter().filter_map(|body| serde_json::from_str(body).ok()).collect())
    }
}

fn write_file<'t>(
    transaction: &'t Transaction<'t>,
    file: &FileEntries,
    actor: &str,
) -> rusqlite::Result<Writer<'t>> {
    let FileEntries { file: name, entries, is_complete, overwrite } = file;
    let mut writer = Writer::new(transaction, actor, "import")?;
    let kept = kept(transaction, file)?;
    for entry in entries {
        if kept.contains(&entry.id) {
            writer.keep(&entry.id)?;
        } else {
            let state = State { entry: entry.clone(), file: Some(name.clone()), ordinal: None };
            writer.set(&entry.id, Some(state))?;
        }
    }
    let named: HashSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let mut statement = transaction.prepare_cached("SELECT id FROM entries WHERE file = ?1")?;
    let stored: Vec<String> = statement.query_map([name], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in stored.into_iter().filter(|id| !named.contains(id.as_str())) {
        let id = read_id(id)?;
        if *is_complete || *overwrite { writer.set(&id, None)? } else { writer.keep(&id)? }
    }
    Ok(writer)
}

/// The entries of which the file says what it said when it was last imported, and which somebody has changed since.
fn kept(connection: &Connection, file: &FileEntries) -> rusqlite::Result<HashSet<EntryId>> {
    let mut kept = HashSet::new();
    if file.overwrite {
        return Ok(kept);
    }
    // SQLite takes the other columns from the row with the maximum.
    let mut edited = connection.prepare_cached(
        "SELECT entry FROM (SELECT entry, max(change), action FROM history GROUP BY entry) WHERE action <> 'import'",
    )?;
    let edited: HashSet<String> = edited.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut imported = connection.prepare_cached(
        "SELECT after, after_file FROM history WHERE entry = ?1 AND action = 'import' ORDER BY change DESC LIMIT 1",
    )?;
    for entry in file.entries.iter().filter(|entry| edited.contains(entry.id.as_str())) {
        let last: Option<(Option<String>, Option<String>)> =
            imported.query_row([entry.id.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let Some((Some(said), Some(from))) = last
            && from == file.file
            && says_the_same(&said, entry)
        {
            kept.insert(entry.id.clone());
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Edit;

    fn entry(id: &str, answer: &str) -> Entry {
        Entry::new(id.parse().unwrap(), format!("问题{id}"), answer)
    }

    fn answers(store: &Store) -> Vec<String> {
        let entries = store.entries().unwrap();
        entries.iter().map(|entry| format!("{}={}", entry.id, entry.answer.markdown())).collect()
    }

    /// Imported, then one entry edited and one deleted.
    fn edited() -> Store {
        let mut store = Store::in_memory().unwrap();
        store.replace_file("faq.csv", &[entry("a", "1"), entry("b", "2"), entry("c", "3")]).unwrap();
        let put = Edit::Put { entry: entry("a", "改"), revision: None };
        store.edit(&[put, Edit::Delete { id: "b".parse().unwrap(), revision: None }], "web").unwrap();
        store
    }

    #[test]
    fn what_was_done_here_outlives_a_file_that_says_nothing_new() {
        let mut store = edited();
        let same = [entry("a", "1"), entry("b", "2"), entry("c", "3")];
        let counts = store.replace_file("faq.csv", &same).unwrap();
        assert_eq!((counts.kept, counts.unchanged, counts.is_change()), (2, 1, false));
        assert_eq!(answers(&store), ["a=改", "c=3"]);
    }

    #[test]
    fn what_a_file_says_anew_counts_and_everything_when_that_is_wanted() {
        let mut store = edited();
        let counts =
            store.replace_file("faq.csv", &[entry("a", "新"), entry("b", "2"), entry("c", "3")]).unwrap();
        assert_eq!((counts.changed, counts.kept), (1, 1));
        assert_eq!(answers(&store), ["a=新", "c=3"]);
        let file = FileEntries {
            file: "faq.csv".to_owned(),
            entries: vec![entry("a", "1"), entry("b", "2"), entry("c", "3")],
            is_complete: true,
            overwrite: true,
        };
        assert!(store.kept_by_import(&file).unwrap().is_empty());
        store.import(&file, COMMAND_LINE).unwrap();
        let mut all = answers(&store);
        all.sort_unstable();
        assert_eq!(all, ["a=1", "b=2", "c=3"]);
    }

    #[test]
    fn what_an_incomplete_file_lacks_stays() {
        let mut store = Store::in_memory().unwrap();
        store.replace_file("faq.csv", &[entry("a", "1"), entry("b", "2")]).unwrap();
        let file = FileEntries {
            file: "faq.csv".to_owned(),
            entries: vec![entry("a", "新")],
            is_complete: false,
            overwrite: false,
        };
        let (_, counts) = store.import(&file, COMMAND_LINE).unwrap();
        assert_eq!((counts.changed, counts.removed, counts.kept), (1, 0, 1));
        assert_eq!(answers(&store), ["a=新", "b=2"]);
    }
}
