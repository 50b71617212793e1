//! Tables and migrations of the service's own database.

use rusqlite_migration::M;

/// Each element brings the tables one version further. Never edit one that was released; add another.
pub(super) const MIGRATIONS: &[M<'static>] = &[M::up(
    "-- Times are RFC 3339 in UTC. A revoked key stays: its id is in histories, and a service that had keys never
    -- goes back to letting everybody in.
    CREATE TABLE keys (
        id          TEXT PRIMARY KEY,
        name        TEXT NOT NULL,
        secret_hash BLOB NOT NULL,
        scopes      TEXT NOT NULL,
        space       TEXT NOT NULL,
        created_at  TEXT NOT NULL,
        expires_at  TEXT,
        revoked_at  TEXT
    ) WITHOUT ROWID;

    CREATE TABLE audit (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        at      TEXT NOT NULL,
        actor   TEXT NOT NULL,
        action  TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail  TEXT NOT NULL
    );",
)];

#[cfg(test)]
mod tests {
    #[test]
    fn the_migrations_are_valid() {
        rusqlite_migration::Migrations::from_slice(super::MIGRATIONS).validate().unwrap();
    }
}
