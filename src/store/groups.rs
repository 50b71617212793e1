//! The tables of unanswered questions, grouped by meaning.
//!
//! A row of `queries` that got no good answer waits until it is grouped; then it points to a `group_questions` row, one
//! for each different wording, which belongs to a group. How near is near enough is `learn`'s to say.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Error, Store, vectors::encode};
use crate::faq::EntryId;

/// A settled group comes back when it was asked again at least so often.
const COMES_BACK_AFTER: u32 = 10;

/// A question that waits to be grouped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingQuestion {
    /// Its row in the log.
    pub row: i64,
    /// What was asked, masked.
    pub text: String,
}

/// A wording that no group has yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewWording {
    /// The form in which wordings are the same.
    pub key: String,
    /// As it was first asked.
    pub text: String,
    /// Its vector.
    pub vector: Vec<f32>,
    /// Where it belongs.
    pub place: Place,
}

/// A group, or one that is yet to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The group with this id.
    Group(i64),
    /// The n-th new group of this call.
    New(usize),
}

/// Whether a group still waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupState {
    /// Nobody has decided yet.
    #[default]
    Open,
    /// It was added to the FAQ.
    Accepted,
    /// It is not for the FAQ.
    Ignored,
}

impl GroupState {
    /// The name in JSON and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Ignored => "ignored",
        }
    }
}

/// What a person decided about a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDecision {
    /// Which group.
    pub group: i64,
    /// In which state it is now.
    pub state: GroupState,
    /// The entry that answers it, when it was accepted.
    pub entry: Option<EntryId>,
    /// Who decided.
    pub by: String,
}

impl Store {
    /// The first `limit` questions that wait to be grouped, in the order in which they were asked.
    ///
    /// # Errors
    /// When the database fails.
    pub fn waiting_questions(&self, limit: u32) -> Result<Vec<WaitingQuestion>, Error> {
        self.list(
            "SELECT ordinal, text FROM queries WHERE waiting ORDER BY ordinal LIMIT ?1",
            [limit],
            |row| Ok(WaitingQuestion { row: row.get(0)?, text: row.get(1)? }),
        )
    }

    /// Whether some group has this wording.
    ///
    /// # Errors
    /// When the database fails.
    pub fn has_wording(&self, key: &str) -> Result<bool, Error> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM group_questions WHERE key = ?1")
            .map_err(self.failed("read"))?;
        statement.exists([key]).map_err(self.failed("read"))
    }

    /// The group and the vector of every wording that `model` made, oldest first. A damaged vector is left out.
    ///
    /// # Errors
    /// When the database fails.
    pub fn grouped_vectors(&self, model: &str, dimension: usize) -> Result<Vec<(i64, Vec<f32>)>, Error> {
        let rows: Vec<(i64, Vec<u8>)> = self.list(
            "SELECT grp, vector FROM group_questions WHERE model = ?1 ORDER BY id",
            [model],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let decoded =
            |(group, blob): (i64, Vec<u8>)| Some((group, super::vectors::decode(&blob, dimension)?));
        Ok(rows.into_iter().filter_map(decoded).collect())
    }

    /// Up to `limit` wordings whose vectors are of another model than `model`: id and text.
    ///
    /// # Errors
    /// When the database fails.
    pub fn wordings_of_other_models(&self, model: &str, limit: u32) -> Result<Vec<(i64, String)>, Error> {
        self.list(
            "SELECT id, text FROM group_questions WHERE model <> ?1 ORDER BY id LIMIT ?2",
            params![model, limit],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Replaces the vectors of wordings by those of `model`.
    ///
    /// # Errors
    /// When the database fails; none is replaced then.
    pub fn replace_wording_vectors(&mut self, model: &str, vectors: &[(i64, Vec<f32>)]) -> Result<(), Error> {
        self.transact(|transaction| {
            let mut statement = transaction
                .prepare_cached("UPDATE group_questions SET model = ?2, vector = ?3 WHERE id = ?1")?;
            for (id, vector) in vectors {
                statement.execute(params![id, model, encode(vector)])?;
            }
            Ok(())
        })
    }

    /// Stores `wordings`, whose vectors `model` made, and takes the logged questions of `rows` (row, key) off the
    /// waiting list: each to the group that has its key, or to none when the key is empty.
    ///
    /// A settled group that was asked often enough since comes back.
    ///
    /// # Errors
    /// When the database fails; nothing changes then.
    pub fn group_questions(
        &mut self,
        model: &str,
        wordings: &[NewWording],
        rows: &[(i64, String)],
    ) -> Result<(), Error> {
        self.transact(|transaction| {
            let mut made: HashMap<usize, i64> = HashMap::new();
            for NewWording { key, text, vector, place } in wordings {
                let group = match place {
                    Place::Group(id) => *id,
                    Place::New(nth) => {
                        if !made.contains_key(nth) {
                            transaction.execute("INSERT INTO groups (state) VALUES ('open')", [])?;
                            made.insert(*nth, transaction.last_insert_rowid());
                        }
                        made[nth]
                    }
                };
                // Another process may have grouped the same wording meanwhile: then that one counts.
                transaction
                    .prepare_cached(
                        "INSERT OR IGNORE INTO group_questions (grp, key, text, model, vector)
                            VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![group, key, text, model, encode(vector)])?;
            }
            let mut link = transaction.prepare_cached(
                "UPDATE queries SET waiting = 0, question = (SELECT id FROM group_questions WHERE key = ?2)
                    WHERE ordinal = ?1",
            )?;
            for (row, key) in rows {
                link.execute(params![row, key])?;
            }
            bring_back(transaction, rows)
        })
    }

    /// Keeps what a person decided. False when there is no such group.
    ///
    /// # Errors
    /// When the database fails.
    pub fn decide_group(&mut self, decision: &GroupDecision, now: Timestamp) -> Result<bool, Error> {
        let GroupDecision { group, state, entry, by } = decision;
        let settled = match state {
            GroupState::Open => None,
            GroupState::Accepted | GroupState::Ignored => Some(now.as_millisecond()),
        };
        self.transact(|transaction| {
            let changed = transaction.execute(
                "UPDATE groups SET state = ?2, entry = ?3, decided_by = ?4, decided_at = ?5, asked_before =
                    (SELECT count(*) FROM queries q JOIN group_questions w ON q.question = w.id WHERE w.grp = ?1)
                    WHERE id = ?1",
                params![group, state.as_str(), entry.as_ref().map(EntryId::as_str), by, settled],
            )?;
            Ok(changed > 0)
        })
    }
}

/// Opens settled groups to which `rows` were added when they were asked since as often as before, and
/// [`COMES_BACK_AFTER`] times at least.
fn bring_back(transaction: &Transaction<'_>, rows: &[(i64, String)]) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "UPDATE groups SET state = 'open' WHERE state <> 'open'
            AND id = (SELECT w.grp FROM queries q JOIN group_questions w ON q.question = w.id WHERE q.ordinal = ?1)
            AND (SELECT count(*) FROM queries q JOIN group_questions w ON q.question = w.id
                WHERE w.grp = groups.id AND q.asked_at > groups.decided_at) >= max(?2, asked_before)",
    )?;
    for (row, _) in rows {
        statement.execute(params![row, COMES_BACK_AFTER])?;
    }
    Ok(())
}

/// Removes wordings that nobody's question has any more, and groups without wordings.
pub(super) fn remove_empty(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM group_questions WHERE NOT EXISTS (SELECT 1 FROM queries WHERE question = group_questions.id)",
        [],
    )?;
    transaction.execute(
        "DELETE FROM groups WHERE NOT EXISTS (SELECT 1 FROM group_questions WHERE grp = groups.id)",
        [],
    )?;
    Ok(())
}

/// Puts the question of `query_id` on the waiting list when `rejected`, and takes it off when it is not unanswered.
pub(super) fn reconsider(transaction: &Transaction<'_>, query_id: &[u8]) -> rusqlite::Result<()> {
    let rejected: bool = transaction
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM feedback WHERE query_id = ?1 AND verdict IN ('wrong', 'none_of_these'))",
        )?
        .query_row([query_id], |row| row.get(0))?;
    transaction
        .prepare_cached(
            "UPDATE queries SET rejected = ?2,
                waiting = (?2 OR reason IS NOT NULL) AND question IS NULL,
                question = CASE WHEN ?2 OR reason IS NOT NULL THEN question END
                WHERE id = ?1",
        )?
        .execute(params![query_id, rejected])?;
    Ok(())
}
