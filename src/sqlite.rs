//! How every SQLite file of dayi is opened: durable writes, migrations in one transaction, a newer schema refused
//! and left untouched. What is in the file is the caller's.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::Connection;
use rusqlite_migration::{M, MigrationDefinitionError, Migrations};

/// How long a writer waits for another one before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder could not be made.
    #[error("cannot create the data directory {path}: check that the folder above it is writable")]
    CreateDirectory {
        /// The data directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is damaged, locked for too long, or the disk is full.
    #[error("cannot open {path}")]
    Open {
        /// The database file.
        path: PathBuf,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
    /// A later dayi wrote this file. It is left untouched.
    #[error("{path} was written by a newer dayi: use that version, or another --data directory")]
    NewerSchema {
        /// The database file.
        path: PathBuf,
    },
    /// The tables could not be brought to the current form.
    #[error("cannot upgrade the tables of {path}; it is unchanged")]
    Migrate {
        /// The database file.
        path: PathBuf,
        /// What went wrong.
        source: rusqlite_migration::Error,
    },
}

/// Opens the database at `path`, which is created with its folder when it is missing, and brings its tables to the
/// newest version.
///
/// A write is durable when its transaction is committed: write-ahead log with `synchronous = FULL`.
pub(crate) fn open_or_create(path: &Path, migrations: &[M<'_>]) -> Result<Connection, OpenError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|source| OpenError::CreateDirectory { path: folder.to_owned(), source })?;
    }
    prepare(Connection::open(path), path, migrations)
}

/// A database that is gone when it is closed.
pub(crate) fn in_memory(migrations: &[M<'_>]) -> Result<Connection, OpenError> {
    prepare(Connection::open_in_memory(), Path::new(":memory:"), migrations)
}

fn prepare(
    opened: rusqlite::Result<Connection>,
    path: &Path,
    migrations: &[M<'_>],
) -> Result<Connection, OpenError> {
    let with_pragmas = opened.and_then(|connection| {
        pragmas(&connection)?;
        Ok(connection)
    });
    let mut connection = with_pragmas.map_err(|source| OpenError::Open { path: path.to_owned(), source })?;
    migrate(&mut connection, path, migrations)?;
    Ok(connection)
}

/// Settings of the connection, before anything else touches the file.
fn pragmas(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Brings the tables to the newest version in one transaction.
fn migrate(connection: &mut Connection, path: &Path, migrations: &[M<'_>]) -> Result<(), OpenError> {
    use rusqlite_migration::Error::MigrationDefinition;

    let Err(source) = Migrations::from_slice(migrations).to_latest(connection) else { return Ok(()) };
    let path = path.to_owned();
    if matches!(source, MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead)) {
        return Err(OpenError::NewerSchema { path });
    }
    Err(OpenError::Migrate { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &[M<'static>] = &[M::up("CREATE TABLE things (name TEXT)")];

    #[test]
    fn a_file_that_is_no_database_is_reported_and_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("things.sqlite3");
        std::fs::write(&path, "this is no database, only text of more than one hundred bytes".repeat(9))
            .unwrap();
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(open_or_create(&path, TABLES), Err(OpenError::Open { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_newer_schema_is_refused_and_left_untouched() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("things.sqlite3");
        open_or_create(&path, TABLES).unwrap().pragma_update(None, "user_version", 999).unwrap();

        assert!(matches!(open_or_create(&path, TABLES), Err(OpenError::NewerSchema { .. })));
        let connection = Connection::open(&path).unwrap();
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, 999);
    }
}
