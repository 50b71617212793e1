//! API keys and what they may do, and the audit of changes of keys and spaces: the service's own small database.
//!
//! Owns `service.sqlite3` in the data directory; knows nothing of HTTP. The command line makes and revokes keys, the
//! service looks every key up when it is used: what another process changes holds from the next request on.

mod audit;
mod grant;
mod schema;
#[cfg(test)]
mod tests;
mod token;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params, types::Type};
use serde::Serialize;

pub use audit::{Action, AuditRecord};
pub use grant::{Actor, Grant, Reach, Scope, Scopes, ScopesError};
pub use token::{KeyId, KeyIdError, Token};

use self::token::SecretHash;
use crate::{
    faq::SpaceName,
    sqlite::{self, OpenError},
};

/// File name of the database inside the data directory.
pub const FILE_NAME: &str = "service.sqlite3";

/// The keys of one service. Share it in an `Arc`.
#[derive(Debug)]
pub struct Keys {
    connection: Mutex<Connection>,
    path: PathBuf,
}

/// A key as it may be shown: without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// What it is for, in somebody's words; may be empty.
    pub name: String,
    /// What it may do.
    #[serde(flatten)]
    pub grant: Grant,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl Key {
    /// Whether it works at `now`, and if not, why.
    ///
    /// # Errors
    /// When it was revoked or is past its time.
    pub fn usable(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.revoked_at.is_some() {
            return Err(Refusal::Revoked);
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Refusal::Expired);
        }
        Ok(())
    }

    /// Its holder, for histories.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Key { id: self.id, name: self.name.clone() }
    }
}

/// A key that is to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub grant: Grant,
    /// When it is to stop working by itself.
    pub expires_at: Option<Timestamp>,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No key has this id and secret.
    #[error("this key is unknown")]
    Unknown,
    /// It was revoked.
    #[error("this key was revoked")]
    Revoked,
    /// It is past its time.
    #[error("this key has expired")]
    Expired,
}

/// Why the database of keys could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is a file, or the place for one, but it cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
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
    /// No secret can be made.
    #[error("the operating system gives no random numbers, so no key can be made")]
    NoRandomness {
        /// What the system said.
        source: getrandom::Error,
    },
    /// A key that would never work.
    #[error("the key would end at {expires_at}, which is past: give a later day")]
    AlreadyExpired {
        /// Its end.
        expires_at: Timestamp,
    },
    /// No key has this id.
    #[error("there is no key {id}: `dayi key list` shows all of them")]
    NotFound {
        /// What was asked for.
        id: KeyId,
    },
}

impl Keys {
    /// Opens the database in the data directory `root`, both of which are made when they are missing.
    ///
    /// # Errors
    /// When the folder cannot be written, the file is damaged, or a newer dayi wrote it.
    pub fn open_or_create(root: &Path) -> Result<Self, Error> {
        let path = root.join(FILE_NAME);
        let connection = sqlite::open_or_create(&path, schema::MIGRATIONS)?;
        Ok(Self { connection: Mutex::new(connection), path })
    }

    /// Makes a key. The token is not kept: this is the one time that it can be shown.
    ///
    /// # Errors
    /// When it would be expired already, or the database or the system fails; there is no new key then.
    pub fn create(&self, wanted: &NewKey, actor: &Actor) -> Result<(Key, Token), Error> {
        let created_at = Timestamp::now();
        if let Some(expires_at) = wanted.expires_at.filter(|&end| end <= created_at) {
            return Err(Error::AlreadyExpired { expires_at });
        }
        let token = Token::generate().map_err(|source| Error::NoRandomness { source })?;
        let NewKey { name, grant, expires_at } = wanted.clone();
        let key = Key { id: token.id, name, grant, created_at, expires_at, revoked_at: None };
        self.write(|connection| insert(connection, &key, &token.hash(), actor))?;
        Ok((key, token))
    }

    /// All keys, oldest first, revoked ones too.
    ///
    /// # Errors
    /// When the database fails or a row is damaged.
    pub fn list(&self) -> Result<Vec<Key>, Error> {
        let connection = self.connection.lock();
        let read_all = || -> rusqlite::Result<Vec<Key>> {
            connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM keys ORDER BY created_at, id"))?
                .query_map([], read)?
                .collect()
        };
        read_all().map_err(self.failed("read"))
    }

    /// Ends a key for good. Doing it again changes nothing.
    ///
    /// # Errors
    /// When there is no such key, or the database fails.
    pub fn revoke(&self, id: KeyId, actor: &Actor) -> Result<(), Error> {
        let known = self.write(|connection| {
            let now = Timestamp::now().to_string();
            let revoked = connection.execute(
                "UPDATE keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
                params![id, now],
            )?;
            if revoked > 0 {
                audit::record(connection, actor, Action::KeyRevoked, &id.to_string(), "")?;
            }
            connection.query_row("SELECT EXISTS (SELECT 1 FROM keys WHERE id = ?1)", [id], |row| row.get(0))
        })?;
        if known { Ok(()) } else { Err(Error::NotFound { id }) }
    }

    /// Records that a space was made. Keys of an earlier one of this name are ended, should its deletion have been
    /// interrupted: this one may be for somebody else.
    ///
    /// # Errors
    /// When the database fails; no key is ended then.
    pub fn space_created(&self, space: &SpaceName, actor: &Actor) -> Result<(), Error> {
        self.space_changed(space, actor, Action::SpaceCreated)
    }

    /// Ends the keys that were for this space alone, and records that it was deleted.
    ///
    /// # Errors
    /// When the database fails; no key is ended then.
    pub fn space_deleted(&self, space: &SpaceName, actor: &Actor) -> Result<(), Error> {
        self.space_changed(space, actor, Action::SpaceDeleted)
    }

    fn space_changed(&self, space: &SpaceName, actor: &Actor, change: Action) -> Result<(), Error> {
        self.write(|connection| {
            let now = Timestamp::now().to_string();
            let ended: Vec<KeyId> = connection
                .prepare_cached(
                    "UPDATE keys SET revoked_at = ?2 WHERE space = ?1 AND revoked_at IS NULL RETURNING id",
                )?
                .query_map(params![space.as_str(), now], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for id in ended {
                audit::record(
                    connection,
                    actor,
                    Action::KeyRevoked,
                    &id.to_string(),
                    "its space was deleted",
                )?;
            }
            audit::record(connection, actor, change, space.as_str(), "")
        })
    }

    /// The key that `token` opens at `now`. One look at an indexed row in memory: fit for every request.
    ///
    /// # Errors
    /// When the database fails; the inner one says why the token opens nothing.
    pub fn authenticate(&self, token: &Token, now: Timestamp) -> Result<Result<Key, Refusal>, Error> {
        let connection = self.connection.lock();
        let find = || -> rusqlite::Result<Option<(Key, SecretHash)>> {
            connection
                .prepare_cached(&format!("SELECT {COLUMNS}, secret_hash FROM keys WHERE id = ?1"))?
                .query_row([token.id], |row| Ok((read(row)?, row.get("secret_hash")?)))
                .optional()
        };
        let found = find().map_err(self.failed("read"))?;
        // Only who has the secret learns that the key is revoked or expired.
        Ok(match found {
            Some((key, hash)) if hash.matches(&token.hash()) => key.usable(now).map(|()| key),
            Some(_) | None => Err(Refusal::Unknown),
        })
    }

    /// Whether a key was ever made. From then on nobody is let in for being on the same machine.
    ///
    /// # Errors
    /// When the database fails.
    pub fn were_ever_made(&self) -> Result<bool, Error> {
        let connection = self.connection.lock();
        let exists = || -> rusqlite::Result<bool> {
            connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM keys)")?.query_row([], |row| row.get(0))
        };
        exists().map_err(self.failed("read"))
    }

    /// Changes something in one durable transaction.
    fn write<T>(&self, change: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let mut connection = self.connection.lock();
        let run = || -> rusqlite::Result<T> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = change(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        run().map_err(self.failed("write"))
    }

    /// Turns a `SQLite` error into ours: `.map_err(self.failed("read"))`.
    fn failed(&self, action: &'static str) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
        let path = self.path.clone();
        move |source| Error::Database { action, path, source }
    }
}

/// What [`read`] reads.
const COLUMNS: &str = "id, name, scopes, space, created_at, expires_at, revoked_at";

fn insert(connection: &Connection, key: &Key, hash: &SecretHash, actor: &Actor) -> rusqlite::Result<()> {
    let Key { id, name, grant, created_at, expires_at, revoked_at: _ } = key;
    connection.execute(
        "INSERT INTO keys (id, name, secret_hash, scopes, space, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            id,
            name,
            hash,
            grant.scopes.to_string(),
            grant.space.to_string(),
            created_at.to_string(),
            expires_at.map(|end| end.to_string())
        ],
    )?;
    let detail = format!("{name}: {} in {}", grant.scopes, grant.space);
    audit::record(connection, actor, Action::KeyCreated, &id.to_string(), &detail)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Key> {
    let text = |column: &str| row.get::<_, String>(column);
    let time = |column: &str| row.get::<_, Option<String>>(column)?.as_deref().map(parsed).transpose();
    Ok(Key {
        id: row.get("id")?,
        name: text("name")?,
        grant: Grant { scopes: parsed(&text("scopes")?)?, space: parsed(&text("space")?)? },
        created_at: parsed(&text("created_at")?)?,
        expires_at: time("expires_at")?,
        revoked_at: time("revoked_at")?,
    })
}

fn parsed<T>(text: &str) -> rusqlite::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
