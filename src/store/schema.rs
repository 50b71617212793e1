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
        "-- The version that last changed the entry.
    ALTER TABLE entries ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
    UPDATE entries SET revision = (SELECT value FROM counters WHERE name = 'version');

    -- What was before this version is not known.
    INSERT INTO counters SELECT 'history_start', value FROM counters WHERE name = 'version';

    -- A row a changed entry. No `before`: it was added; no `after`: it was removed.
    CREATE TABLE history (
        change      INTEGER PRIMARY KEY AUTOINCREMENT,
        version     INTEGER NOT NULL,
        at          TEXT NOT NULL,
        actor       TEXT NOT NULL,
        action      TEXT NOT NULL,
        entry       TEXT NOT NULL,
        ordinal     INTEGER NOT NULL,
        before      TEXT,
        before_file TEXT,
        after       TEXT,
        after_file  TEXT
    );
    CREATE INDEX history_by_entry ON history (entry, change);
    CREATE INDEX history_by_version ON history (version, entry);

    -- Edits that wait to be published. No `body`: the entry is to be removed; `base` is the revision that the edit
    -- was made from, 0 for a new entry.
    CREATE TABLE drafts (
        entry TEXT PRIMARY KEY,
        body  TEXT,
        base  INTEGER NOT NULL,
        at    TEXT NOT NULL,
        actor TEXT NOT NULL
    );",
    ),
    M::up(
        "-- Times are milliseconds since 1970. `text` is masked; `candidates` is JSON, [[id, confidence], ...], most
        -- probable first; `best` is the first of them.
        CREATE TABLE queries (
            ordinal       INTEGER PRIMARY KEY AUTOINCREMENT,
            id            BLOB NOT NULL UNIQUE,
            asked_at      INTEGER NOT NULL,
            channel       TEXT NOT NULL,
            text          TEXT NOT NULL,
            decision      TEXT NOT NULL,
            best          TEXT,
            candidates    TEXT NOT NULL,
            index_version INTEGER NOT NULL,
            took_us       INTEGER NOT NULL
        );
        CREATE INDEX queries_by_time ON queries (asked_at);

        -- `entry_id` is empty where a verdict is about no entry in particular.
        CREATE TABLE feedback (
            query_id BLOB NOT NULL,
            entry_id TEXT NOT NULL,
            verdict  TEXT NOT NULL,
            chosen   TEXT,
            comment  TEXT,
            given_at INTEGER NOT NULL,
            PRIMARY KEY (query_id, entry_id)
        ) WITHOUT ROWID;
        CREATE INDEX feedback_by_time ON feedback (given_at);",
    ),
    M::up(
        "-- Unanswered questions by meaning: `groups` have `group_questions`, one a wording, and those are asked in
        -- `queries`. `reason` is why a question counted as unanswered when it was asked, `rejected` whether somebody
        -- said so later; `waiting` until it is grouped.
        CREATE TABLE groups (
            id           INTEGER PRIMARY KEY AUTOINCREMENT,
            state        TEXT NOT NULL,
            entry        TEXT,
            decided_by   TEXT,
            decided_at   INTEGER,
            asked_before INTEGER
        );
        CREATE TABLE group_questions (
            id     INTEGER PRIMARY KEY AUTOINCREMENT,
            grp    INTEGER NOT NULL REFERENCES groups (id),
            key    TEXT NOT NULL UNIQUE,
            text   TEXT NOT NULL,
            model  TEXT NOT NULL,
            vector BLOB NOT NULL
        );
        CREATE INDEX group_questions_by_group ON group_questions (grp);
        ALTER TABLE queries ADD COLUMN reason TEXT;
        ALTER TABLE queries ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE queries ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE queries ADD COLUMN question INTEGER REFERENCES group_questions (id);
        CREATE INDEX queries_waiting ON queries (ordinal) WHERE waiting;
        CREATE INDEX queries_by_question ON queries (question) WHERE question IS NOT NULL;",
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
    M::up(
        "-- Counts the edits that were staged. It begins where no version ever gets to, so that the revision of a draft is
    -- never that of a published entry.
    ALTER TABLE drafts ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
    UPDATE drafts SET revision = 1000000000000 + rowid;
    INSERT INTO counters SELECT 'draft', coalesce(max(revision), 1000000000000) FROM drafts;",
    ),
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_migrations_are_valid() {
        rusqlite_migration::Migrations::from_slice(super::MIGRATIONS).validate().unwrap();
    }
}
