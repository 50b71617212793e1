//! Tables and migrations.

use rusqlite_migration::M;

/// Each element brings the tables one version further. Never edit one that was released; add another.
pub(super) const MIGRATIONS: &[M<'static>] = &[
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

#[cfg(test)]
mod tests {
    #[test]
    fn the_migrations_are_valid() {
        rusqlite_migration::Migrations::from_slice(super::MIGRATIONS).validate().unwrap();
    }
}
