//! Tables, migrations and pragmas.

use std::{path::Path, time::Duration};

use rusqlite::Connection;
use rusqlite_migration::{M, MigrationDefinitionError, Migrations};

use super::Error;

/// Each element brings the tables one version further. Never edit one that was released; add another.
const MIGRATIONS: &[M<'static>] = &[
    M::up(
    "CREATE TABLE counters (
        name  TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    ) WITHOUT ROWID;
    INSERT INTO counters VALUES ('version', 0);

    -- `body` is the entry as JSON; the other columns exist to find it.
    CREATE TABLE entries (
        ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
        id      TEXT NOT NULL UNIQUE,
        file    TEXT,
        body    TEXT NOT NULL
    );
    CREATE INDEX entries_by_file ON entries (file);

    -- `vector`: little-endian f32; `tokens`: as the ranker packs them. A row depends on nothing but the model and
    -- the text, so it never goes stale.
    CREATE TABLE vectors (
        model     TEXT NOT NULL,
        text_hash BLOB NOT NULL,
        vector    BLOB NOT NULL,
        tokens    BLOB NOT NULL,
        PRIMARY KEY (model, text_hash)
    );",
    ),
    M::up(
        "-- Tickets to compare later ones with: never their words. `vector`: little-endian f32.
    CREATE TABLE tickets (
        ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
        id      TEXT NOT NULL UNIQUE,
        model   TEXT NOT NULL,
        vector  BLOB NOT NULL
    );",
    ),
];

/// Settings of the connection, before anything else touches the file.
pub(super) fn pragmas(connection: &Connection, busy_timeout: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(busy_timeout)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Brings the tables to the newest version in one transaction.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    use rusqlite_migration::Error::MigrationDefinition;

    let Err(source) = Migrations::from_slice(MIGRATIONS).to_latest(connection) else { return Ok(()) };
    let path = path.to_owned();
    if matches!(source, MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead)) {
        return Err(Error::NewerSchema { path });
    }
    Err(Error::Migrate { path, source })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_migrations_are_valid() {
        super::Migrations::from_slice(super::MIGRATIONS).validate().unwrap();
    }
}
