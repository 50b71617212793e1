//! Who changed keys and spaces, and when. Changes of entries are in the history of their space.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Actor, Error, Keys};

/// A change that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A key was made.
    KeyCreated,
    /// A key was revoked.
    KeyRevoked,
    /// A space was made.
    SpaceCreated,
    /// A space was deleted with all that was in it.
    SpaceDeleted,
}

impl Action {
    /// Its name in the audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyCreated => "key.created",
            Self::KeyRevoked => "key.revoked",
            Self::SpaceCreated => "space.created",
            Self::SpaceDeleted => "space.deleted",
        }
    }
}

/// One line of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditRecord {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who, as [`Actor`] is written.
    pub actor: String,
    /// What was done, as [`Action`] is named.
    pub action: String,
    /// To which key or space.
    pub subject: String,
    /// What else is worth knowing.
    pub detail: String,
}

/// Writes a line; inside the transaction of the change where there is one.
pub(super) fn record(
    connection: &Connection,
    actor: &Actor,
    action: Action,
    subject: &str,
    detail: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO audit (at, actor, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            Timestamp::now().to_string(),
            actor.to_string(),
            action.as_str(),
            subject,
            detail
        ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    Ok(AuditRecord {
        at: super::parsed(&row.get::<_, String>(0)?)?,
        actor: row.get(1)?,
        action: row.get(2)?,
        subject: row.get(3)?,
        detail: row.get(4)?,
    })
}

impl Keys {
    /// Records a change of a space.
    ///
    /// # Errors
    /// When the database fails.
    pub fn record(&self, actor: &Actor, action: Action, subject: &str) -> Result<(), Error> {
        record(&self.connection.lock(), actor, action, subject, "").map_err(self.failed("write"))
    }

    /// The last changes, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn audit(&self, at_most: u32) -> Result<Vec<AuditRecord>, Error> {
        let connection = self.connection.lock();
        let read_all = || -> rusqlite::Result<Vec<AuditRecord>> {
            connection
                .prepare_cached(
                    "SELECT at, actor, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?1",
                )?
                .query_map([at_most], read)?
                .collect()
        };
        read_all().map_err(self.failed("read"))
    }
}
