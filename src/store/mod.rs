//! What must not be lost, in one `SQLite` file: entries with their history and drafts, the vectors that were already
//! computed, what was asked and what people said of the answers.
//!
//! Everything else in the data directory (index snapshots) can be rebuilt from here. Vectors are plain rows of
//! numbers under the fingerprint of the model that made them; this module knows nothing of models or indexes.

mod drafts;
mod edits;
mod entries;
mod files;
mod groups;
mod history;
mod journal;
mod schema;
mod statistics;
mod tickets;
mod unanswered;
mod vectors;
mod writer;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;

use crate::sqlite::{self, OpenError};

pub use drafts::{Draft, DraftError};
pub use edits::{COMMAND_LINE, Committed, Conflict, Edit, EditError, Outcome, Refusal, Written};
pub use entries::{Cursor, Edition, Filter, Page, Stored};
pub use files::{FileEntries, ImportCounts};
pub use groups::{GroupDecision, GroupState, NewWording, Place, WaitingQuestion};
pub use history::{Change, HistoryFilter, UndoError};
pub use journal::{Feedback, FeedbackFate, FeedbackVerdict, LoggedQuery, UnansweredReason};
pub use statistics::{EntryUsage, PIECE, Period, PieceCount, UsageOrder, WordingOrder, WordingUsage};
pub use unanswered::{GroupCounts, GroupFilter, GroupPage, GroupWording};
pub use vectors::{StoredVector, TextHash};

/// File name of the database inside the data directory.
pub const FILE_NAME: &str = "dayi.sqlite3";

/// The open database of one data directory.
///
/// A write is durable when its method returns: write-ahead log with `synchronous = FULL`.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is a file, or the place for one, but it cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no database in this folder.
    #[error("{path} holds no FAQ yet: run `dayi index FILE --data {path}` first")]
    NotFound {
        /// The data directory.
        path: PathBuf,
    },
    /// The file is damaged, locked for too long, or the disk is full.
    #[error("cannot {action} {path}")]
    Database {
        /// What was being done.
        action: &'static str,
        /// The database file.
        path: PathBuf,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
    /// A stored entry is not readable.
    #[error("entry {id} in {path} is damaged: import its file again, or restore a backup")]
    DamagedEntry {
        /// Its id.
        id: String,
        /// The database file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl Store {
    /// Opens the store in `directory`, which is created when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be written, the file is damaged, or a newer dayi wrote it.
    pub fn open_or_create(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(FILE_NAME);
        let connection = sqlite::open_or_create(&path, schema::MIGRATIONS)?;
        Ok(Self { connection, path })
    }

    /// Opens the store in `directory`, which must hold one.
    ///
    /// # Errors
    /// As [`Store::open_or_create`], and [`Error::NotFound`].
    pub fn open(directory: &Path) -> Result<Self, Error> {
        if !directory.join(FILE_NAME).is_file() {
            return Err(Error::NotFound { path: directory.to_owned() });
        }
        Self::open_or_create(directory)
    }

    /// A store that is gone when it is dropped.
    ///
    /// # Errors
    /// When `SQLite` itself fails.
    pub fn in_memory() -> Result<Self, Error> {
        let connection = sqlite::in_memory(schema::MIGRATIONS)?;
        Ok(Self { connection, path: PathBuf::from(":memory:") })
    }

    /// Counts every change of entries, from 0 for an empty store. Becomes the `index_version` of answers.
    ///
    /// # Errors
    /// When the database fails.
    pub fn version(&self) -> Result<u64, Error> {
        self.connection
            .query_row("SELECT value FROM counters WHERE name = 'version'", [], |row| row.get::<_, i64>(0))
            .map(i64::unsigned_abs)
            .map_err(self.failed("read"))
    }

    /// What `read` makes of each row of a query.
    fn list<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.connection.prepare_cached(sql).map_err(self.failed("read"))?;
        let rows = statement.query_map(parameters, read).map_err(self.failed("read"))?;
        rows.collect::<rusqlite::Result<_>>().map_err(self.failed("read"))
    }

    /// Turns a `SQLite` error into ours: `.map_err(self.failed("read"))`.
    fn failed(&self, action: &'static str) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
        let path = self.path.clone();
        move |source| Error::Database { action, path, source }
    }
}

/// Milliseconds since 1970; what no calendar holds is as long ago as can be.
fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_what_is_not_there_says_what_to_run() {
        let directory = tempfile::tempdir().unwrap();
        let error = Store::open(directory.path()).unwrap_err();
        assert!(error.to_string().contains("dayi index"), "{error}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing may be created");
    }
}
