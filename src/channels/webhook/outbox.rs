//! [`Outbox`]: messages that have to arrive somewhere, kept until they did.
//!
//! A message is on the disk before its sender is told that it was taken, and stays there until its receiver has taken
//! it or every attempt failed; then it waits among the dead for somebody to look. It is sent at least once, and always
//! under the same id, by which a receiver knows it again. This module owns that bookkeeping; [`super::deliver`] sends.

mod schema;

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::sqlite;

/// File name of the database inside the data directory.
pub const FILE_NAME: &str = "outbox.sqlite3";

/// How long after an attempt the next one follows. Standard Webhooks suggests these; they go over three days.
const PAUSES: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];

/// Longest pause that a receiver can ask for.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);

/// Delivered messages are known this long, so that one that comes in again is not sent again.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(48);

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not taken by its receiver yet.
    Pending,
    /// Taken.
    Delivered,
    /// Given up.
    Dead,
}

/// What is known of a message, without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Delivery {
    /// The same over all attempts: the header `webhook-id`.
    pub id: String,
    /// Name of the hook whose receiver gets it.
    pub destination: String,
    /// Where it stands.
    pub state: State,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was taken in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When the next attempt is due; of a delivered or dead message, when that happened.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// A message that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Its id.
    pub id: String,
    /// Its body.
    pub body: Vec<u8>,
    /// Attempts so far.
    attempts: u32,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The receiver has it.
    Delivered,
    /// It may work later.
    Failed {
        /// What went wrong, for people.
        error: String,
        /// How long the receiver wants to be left alone.
        retry_after: Option<SignedDuration>,
    },
    /// It will never work.
    Refused {
        /// What went wrong, for people.
        error: String,
    },
}

/// Why the outbox could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] sqlite::OpenError),
    /// The file is damaged, locked for too long, or the disk is full.
    #[error("cannot {action} the outbox {path}")]
    Database {
        /// What was being done.
        action: &'static str,
        /// The database file.
        path: PathBuf,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
}

/// All messages of one service. Share it in an `Arc`.
#[derive(Debug)]
pub struct Outbox {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl Outbox {
    /// Opens the outbox in `directory`, which is created when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be written, the file is damaged, or a newer dayi wrote it.
    pub fn open_or_create(directory: &Path) -> Result<Self, OutboxError> {
        let path = directory.join(FILE_NAME);
        let connection = sqlite::open_or_create(&path, schema::MIGRATIONS)?;
        Ok(Self { connection: Mutex::new(connection), path })
    }

    /// Takes a message in; durable when this returns. `false` when one of this id was taken before.
    ///
    /// # Errors
    /// When the database fails.
    pub fn put(&self, id: &str, destination: &str, body: &[u8], now: Timestamp) -> Result<bool, OutboxError> {
        self.run("write", |connection| {
            let mut insert = connection.prepare_cached(
                "INSERT INTO deliveries (id, destination, body, state, created_at, due_at)
                 VALUES (?1, ?2, ?3, 'pending', ?4, ?4) ON CONFLICT (id) DO NOTHING",
            )?;
            Ok(insert.execute(params![id, destination, body, now.as_millisecond()])? == 1)
        })
    }

    /// At most `most` messages for `destination` that are due, the longest waiting first.
    pub(super) fn due(&self, destination: &str, most: u32, now: Timestamp) -> Result<Vec<Due>, OutboxError> {
        self.run("read", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, body, attempts FROM deliveries
                 WHERE state = 'pending' AND destination = ?1 AND due_at <= ?2 ORDER BY due_at, rowid LIMIT ?3",
            )?;
            let due = |row: &Row<'_>| Ok(Due { id: row.get(0)?, body: row.get(1)?, attempts: row.get(2)? });
            select.query_map(params![destination, now.as_millisecond(), most], due)?.collect()
        })
    }

    /// When the next message for `destination` is due.
    pub(super) fn next_due(&self, destination: &str) -> Result<Option<Timestamp>, OutboxError> {
        self.run("read", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT min(due_at) FROM deliveries WHERE state = 'pending' AND destination = ?1",
            )?;
            let due: Option<i64> = select.query_row([destination], |row| row.get(0))?;
            due.map(timestamp).transpose()
        })
    }

    /// Notes how attempts went, all or none of them; durable when this returns.
    pub(super) fn record(&self, attempts: &[(Due, Attempt)], now: Timestamp) -> Result<(), OutboxError> {
        self.run("write", |connection| {
            let transaction = connection.transaction()?;
            for (due, attempt) in attempts {
                let (state, due_at, error) = fate(due.attempts, attempt, now);
                // What has arrived is not kept: it is somebody's ticket.
                transaction
                    .prepare_cached(
                        "UPDATE deliveries SET state = ?2, attempts = attempts + 1, due_at = ?3, last_error = ?4,
                         body = CASE ?2 WHEN 'delivered' THEN x'' ELSE body END WHERE id = ?1",
                    )?
                    .execute(params![due.id, name(state), due_at.as_millisecond(), error])?;
            }
            transaction.commit()
        })
    }

    /// Puts messages off without an attempt.
    pub(super) fn postpone(&self, due: &[Due], until: Timestamp) -> Result<(), OutboxError> {
        self.run("write", |connection| {
            let transaction = connection.transaction()?;
            for due in due {
                transaction
                    .prepare_cached("UPDATE deliveries SET due_at = ?2 WHERE id = ?1")?
                    .execute(params![due.id, until.as_millisecond()])?;
            }
            transaction.commit()
        })
    }

    /// Forgets what was delivered long ago.
    pub(super) fn forget(&self, now: Timestamp) -> Result<usize, OutboxError> {
        self.run("write", |connection| {
            let before = (now - REMEMBERED).as_millisecond();
            connection.execute("DELETE FROM deliveries WHERE state = 'delivered' AND due_at < ?1", [before])
        })
    }

    /// Messages in `state`, or all, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn list(&self, state: Option<State>, most: u32) -> Result<Vec<Delivery>, OutboxError> {
        self.run("read", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, destination, state, attempts, created_at, due_at, last_error FROM deliveries
                 WHERE ?1 IS NULL OR state = ?1 ORDER BY created_at DESC, rowid DESC LIMIT ?2",
            )?;
            select.query_map(params![state.map(name), most], delivery)?.collect()
        })
    }

    /// Messages that wait for `destination`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn waiting(&self, destination: &str) -> Result<u32, OutboxError> {
        self.run("read", |connection| {
            connection
                .prepare_cached(
                    "SELECT count(*) FROM deliveries WHERE state = 'pending' AND destination = ?1",
                )?
                .query_row([destination], |row| row.get(0))
        })
    }

    /// Makes a message due now with all its attempts before it again; `None` when there is no such message that is
    /// not delivered.
    ///
    /// # Errors
    /// When the database fails.
    pub fn retry(&self, id: &str, now: Timestamp) -> Result<Option<Delivery>, OutboxError> {
        self.run("write", |connection| {
            connection
                .prepare_cached(
                    "UPDATE deliveries SET state = 'pending', attempts = 0, due_at = ?2
                     WHERE id = ?1 AND state <> 'delivered'
                     RETURNING id, destination, state, attempts, created_at, due_at, last_error",
                )?
                .query_row(params![id, now.as_millisecond()], delivery)
                .optional()
        })
    }

    fn run<T>(
        &self,
        action: &'static str,
        query: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, OutboxError> {
        query(&mut self.connection.lock()).map_err(|source| OutboxError::Database {
            action,
            path: self.path.clone(),
            source,
        })
    }
}

/// State, time and error of a message after an attempt.
fn fate(before: u32, attempt: &Attempt, now: Timestamp) -> (State, Timestamp, Option<&str>) {
    match attempt {
        Attempt::Delivered => (State::Delivered, now, None),
        Attempt::Refused { error } => (State::Dead, now, Some(error)),
        Attempt::Failed { error, retry_after } => match PAUSES.get(before as usize) {
            None => (State::Dead, now, Some(error)),
            Some(&pause) => {
                // Up to a tenth more: messages that failed together must not all come back together.
                let jitter = SignedDuration::from_millis(fastrand::i64(0..=pause.as_millis() as i64 / 10));
                let asked = retry_after.unwrap_or_default().min(LONGEST_PAUSE);
                (State::Pending, now + (pause + jitter).max(asked), Some(error))
            }
        },
    }
}

fn name(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Delivered => "delivered",
        State::Dead => "dead",
    }
}

fn timestamp(milliseconds: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(milliseconds)
        .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, milliseconds))
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let state: String = row.get(2)?;
    let state = [State::Pending, State::Delivered, State::Dead].into_iter().find(|&it| name(it) == state);
    Ok(Delivery {
        id: row.get(0)?,
        destination: row.get(1)?,
        state: state.ok_or(rusqlite::Error::InvalidQuery)?,
        attempts: row.get(3)?,
        created_at: timestamp(row.get(4)?)?,
        due_at: timestamp(row.get(5)?)?,
        last_error: row.get(6)?,
    })
}

#[cfg(test)]
mod tests;
