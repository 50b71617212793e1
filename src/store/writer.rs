//! [`Writer`]: entries into one version of the FAQ, each with its row in the history. Every write of an entry, edits,
//! imports, undoing and publishing alike, goes through it.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params, types::Type};

use super::edits::{Committed, Edit, Outcome, Written};
use crate::faq::{Entry, EntryId};

/// What an entry becomes, and where it stands.
pub(super) struct State {
    pub(super) entry: Entry,
    /// The file that it belongs to.
    pub(super) file: Option<String>,
    /// Its place among the entries, when it had one.
    pub(super) ordinal: Option<i64>,
}

/// Writes entries into one version, with their history.
pub(super) struct Writer<'t> {
    transaction: &'t Transaction<'t>,
    version: u64,
    at: Timestamp,
    actor: String,
    action: String,
    pub(super) outcomes: Vec<Outcome>,
}

/// A row as it is before it is written.
struct Row {
    ordinal: i64,
    revision: u64,
    file: Option<String>,
    body: String,
}

impl<'t> Writer<'t> {
    /// `action` says in history what it was: an edit, an import, an undo.
    pub(super) fn new(transaction: &'t Transaction<'t>, actor: &str, action: &str) -> rusqlite::Result<Self> {
        let version = current_version(transaction)? + 1;
        let (actor, action) = (actor.to_owned(), action.to_owned());
        Ok(Self { transaction, version, at: Timestamp::now(), actor, action, outcomes: Vec::new() })
    }

    /// The version before this one.
    pub(super) fn last_version(&self) -> u64 {
        self.version - 1
    }

    /// Makes an edit that was found to fit. An entry still belongs to the file that it came from.
    pub(super) fn edit(&mut self, edit: &Edit) -> rusqlite::Result<()> {
        let Some(entry) = edit.entry() else { return self.set(edit.id(), None) };
        let (mut entry, mut file) = (entry.clone(), None);
        if let Some(before) = self.stored(edit.id())? {
            let source = serde_json::from_str::<Entry>(&before.body).ok().and_then(|entry| entry.source);
            entry.source = entry.source.or(source);
            file = before.file;
        }
        self.set(edit.id(), Some(State { entry, file, ordinal: None }))
    }

    /// Makes the entry called `id` what `state` says, or removes it.
    pub(super) fn set(&mut self, id: &EntryId, state: Option<State>) -> rusqlite::Result<()> {
        let before = self.stored(id)?;
        let same = |before: &Row, state: &State| {
            before.file == state.file
                && state.ordinal.is_none_or(|ordinal| ordinal == before.ordinal)
                && is_same_content(&before.body, &state.entry)
        };
        let (written, revision) = match (&before, state) {
            (None, None) => (Written::Unchanged, None),
            (Some(before), Some(state)) if same(before, &state) => {
                (Written::Unchanged, Some(before.revision))
            }
            (before, Some(state)) => {
                self.put(before.as_ref(), state)?;
                let written = if before.is_some() { Written::Changed } else { Written::Added };
                (written, Some(self.version))
            }
            (Some(before), None) => {
                self.transaction
                    .prepare_cached("DELETE FROM entries WHERE id = ?1")?
                    .execute([id.as_str()])?;
                self.record(id, before.ordinal, Some(before), None)?;
                (Written::Removed, None)
            }
        };
        self.outcomes.push(Outcome { id: id.clone(), written, revision });
        Ok(())
    }

    /// Leaves the entry called `id` as it is, or gone.
    pub(super) fn keep(&mut self, id: &EntryId) -> rusqlite::Result<()> {
        let revision = self.stored(id)?.map(|row| row.revision);
        self.outcomes.push(Outcome { id: id.clone(), written: Written::Kept, revision });
        Ok(())
    }

    fn put(&self, before: Option<&Row>, state: State) -> rusqlite::Result<()> {
        let State { entry, file, ordinal } = state;
        let id = entry.id.clone();
        let entry = Entry { updated_at: entry.updated_at.or(Some(self.at)), ..entry };
        let body = serde_json::to_string(&entry)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let ordinal: i64 = self
            .transaction
            .prepare_cached(
                "INSERT INTO entries (ordinal, id, file, body, revision) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE
                 SET ordinal = coalesce(?1, ordinal), file = ?3, body = ?4, revision = ?5 RETURNING ordinal",
            )?
            .query_row(params![ordinal, id.as_str(), file, body, self.version.cast_signed()], |row| {
                row.get(0)
            })?;
        // Where it stood before is where undoing puts it again.
        let ordinal = before.map_or(ordinal, |row| row.ordinal);
        self.record(&id, ordinal, before, Some((&body, file.as_deref())))
    }

    fn record(
        &self,
        id: &EntryId,
        ordinal: i64,
        before: Option<&Row>,
        after: Option<(&str, Option<&str>)>,
    ) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached(
                "INSERT INTO history (version, at, actor, action, entry, ordinal, before, before_file, after, after_file)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                self.version.cast_signed(),
                self.at.to_string(),
                self.actor,
                self.action,
                id.as_str(),
                ordinal,
                before.map(|row| &row.body),
                before.and_then(|row| row.file.as_deref()),
                after.map(|(body, _)| body),
                after.and_then(|(_, file)| file),
            ])
            .map(drop)
    }

    fn stored(&self, id: &EntryId) -> rusqlite::Result<Option<Row>> {
        self.transaction
            .prepare_cached("SELECT ordinal, revision, file, body FROM entries WHERE id = ?1")?
            .query_row([id.as_str()], |row| {
                let (revision, file, body) = (row.get::<_, i64>(1)?, row.get(2)?, row.get(3)?);
                Ok(Row { ordinal: row.get(0)?, revision: revision.unsigned_abs(), file, body })
            })
            .optional()
    }

    /// Counts the version, if there is anything new in it.
    pub(super) fn finish(self) -> rusqlite::Result<Committed> {
        let is_change = self
            .outcomes
            .iter()
            .any(|outcome| !matches!(outcome.written, Written::Unchanged | Written::Kept));
        if is_change {
            self.transaction.execute("UPDATE counters SET value = value + 1 WHERE name = 'version'", [])?;
        }
        let version = if is_change { self.version } else { self.last_version() };
        Ok(Committed { version, outcomes: self.outcomes })
    }
}

fn current_version(transaction: &Transaction<'_>) -> rusqlite::Result<u64> {
    transaction
        .query_row("SELECT value FROM counters WHERE name = 'version'", [], |row| row.get::<_, i64>(0))
        .map(i64::unsigned_abs)
}

/// Whether the stored entry says the same as `entry`, whenever that was written. What cannot be read is not the same.
fn is_same_content(stored: &str, entry: &Entry) -> bool {
    serde_json::from_str::<Entry>(stored)
        .is_ok_and(|stored| Entry { updated_at: entry.updated_at, ..stored } == *entry)
}

/// As [`is_same_content`], wherever in its file the entry stands.
pub(super) fn says_the_same(stored: &str, entry: &Entry) -> bool {
    serde_json::from_str::<Entry>(stored).is_ok_and(|stored| {
        Entry { updated_at: entry.updated_at, source: entry.source.clone(), ..stored } == *entry
    })
}

/// An id that was stored.
pub(super) fn read_id(id: String) -> rusqlite::Result<EntryId> {
    EntryId::try_from(id)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

/// A moment that was stored.
pub(super) fn read_time(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get::<_, String>(column)?.parse().map_err(|error: jiff::Error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}
