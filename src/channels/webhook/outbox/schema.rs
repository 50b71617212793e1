//! The table of the outbox.

use rusqlite_migration::M;

/// Each element brings the table one version further. Never edit one that was released; add another.
pub(super) const MIGRATIONS: &[M<'static>] = &[M::up(
    "CREATE TABLE deliveries (
        id          TEXT PRIMARY KEY,
        destination TEXT NOT NULL,
        body        BLOB NOT NULL,
        state       TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
        attempts    INTEGER NOT NULL DEFAULT 0,
        created_at  INTEGER NOT NULL,
        -- Milliseconds since 1970, as created_at. Of a delivered or dead message, when that happened.
        due_at      INTEGER NOT NULL,
        last_error  TEXT
    );
    CREATE INDEX deliveries_by_due ON deliveries (state, destination, due_at);",
)];
