//! Writing entries: each call one transaction, one new version, and one history row a changed entry.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Error, Store, writer::Writer};
use crate::faq::{Entry, EntryId};

/// Finds the revision of an entry by its id.
pub(super) const PUBLISHED_REVISION: &str = "SELECT revision FROM entries WHERE id = ?1";

/// Who changed something through the command line.
pub const COMMAND_LINE: &str = "cli";

/// A change of one entry that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Adds an entry; refused when its id is taken.
    Create(Entry),
    /// Makes the entry of this id equal to `entry`.
    Put {
        /// What it shall be.
        entry: Entry,
        /// The revision that was read before; refused when the entry is at another one. `None` creates the entry or
        /// overwrites whatever is there.
        revision: Option<u64>,
    },
    /// Removes an entry; refused when there is none.
    Delete {
        /// Which one.
        id: EntryId,
        /// As in [`Edit::Put`].
        revision: Option<u64>,
    },
}

impl Edit {
    /// The entry that it changes.
    #[must_use]
    pub fn id(&self) -> &EntryId {
        match self {
            Self::Create(entry) | Self::Put { entry, .. } => &entry.id,
            Self::Delete { id, .. } => id,
        }
    }

    /// What the entry becomes; `None` removes it.
    #[must_use]
    pub fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Create(entry) | Self::Put { entry, .. } => Some(entry),
            Self::Delete { .. } => None,
        }
    }
}

/// Why an edit does not fit what is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The id is taken.
    #[error("there is an entry {id} already: change that one, or choose another id")]
    Exists {
        /// The id.
        id: EntryId,
    },
    /// Nothing to change.
    #[error("there is no entry {id}")]
    Missing {
        /// The id.
        id: EntryId,
    },
    /// Somebody else was faster.
    #[error(
        "entry {id} was changed meanwhile: expected revision {expected}, it is at {actual}; read it again and \
         repeat the change"
    )]
    Stale {
        /// The id.
        id: EntryId,
        /// The revision that the edit was made from.
        expected: u64,
        /// The stored one.
        actual: u64,
    },
    /// It is not clear which of the two is meant.
    #[error("entry {id} occurs twice in one request")]
    Twice {
        /// The id.
        id: EntryId,
    },
}

/// An edit that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which of the edits, from 0.
    pub position: usize,
    /// Why.
    pub conflict: Conflict,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// Edits do not fit what is stored; all that do not are named.
    #[error("{}", refusals.iter().map(|refusal| refusal.conflict.to_string()).collect::<Vec<_>>().join("; "))]
    Refused {
        /// In the order of the edits.
        refusals: Vec<Refusal>,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What happened to one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// It was not there before.
    Added,
    /// Its content is another one now.
    Changed,
    /// It was there already, word for word.
    Unchanged,
    /// It is gone.
    Removed,
    /// Somebody edited or deleted it here after the file had said the same before: it stays as they left it.
    Kept,
}

impl Written {
    /// In one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Kept => "kept",
            Self::Removed => "removed",
        }
    }
}

/// One entry of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which one.
    pub id: EntryId,
    /// What happened to it.
    pub written: Written,
    /// Its revision now; `None` when it is gone.
    pub revision: Option<u64>,
}

/// What is durable now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Version of the FAQ.
    pub version: u64,
    /// The entries that were written, in order.
    pub outcomes: Vec<Outcome>,
}

impl Store {
    /// Makes all `edits` or, when one of them does not fit what is stored, none. An entry still
    /// belongs to the file that it came from.
    ///
    /// # Errors
    /// [`EditError::Refused`] with every edit that does not fit; or when the database fails.
    pub fn edit(&mut self, edits: &[Edit], actor: &str) -> Result<Committed, EditError> {
        self.transact(|transaction| {
            let refusals = refusals(transaction, edits, PUBLISHED_REVISION)?;
            if !refusals.is_empty() {
                return Ok(Err(EditError::Refused { refusals }));
            }
            let mut writer = Writer::new(transaction, actor, "edit")?;
            for edit in edits {
                writer.edit(edit)?;
            }
            writer.finish().map(Ok)
        })?
    }

    /// Runs `work` in a transaction that is durable when this returns.
    pub(super) fn transact<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let failed = self.failed("write");
        let write = |store: &mut Self| -> rusqlite::Result<T> {
            let transaction = store.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let made = work(&transaction)?;
            transaction.commit()?;
            Ok(made)
        };
        write(self).map_err(failed)
    }
}

/// Every edit that does not fit what is stored; the statement `revision` finds the revision of an id.
pub(super) fn refusals(
    transaction: &Transaction<'_>,
    edits: &[Edit],
    revision: &str,
) -> rusqlite::Result<Vec<Refusal>> {
    let mut find = transaction.prepare_cached(revision)?;
    let (mut refusals, mut seen) = (Vec::new(), HashSet::new());
    for (position, edit) in edits.iter().enumerate() {
        let id = edit.id();
        let stored: Option<i64> = find.query_row([id.as_str()], |row| row.get(0)).optional()?;
        let conflict = if seen.insert(id) {
            conflict(edit, stored.map(i64::unsigned_abs))
        } else {
            Some(Conflict::Twice { id: id.clone() })
        };
        refusals.extend(conflict.map(|conflict| Refusal { position, conflict }));
    }
    Ok(refusals)
}

fn conflict(edit: &Edit, stored: Option<u64>) -> Option<Conflict> {
    let id = edit.id().clone();
    match (edit, stored) {
        (Edit::Create(_), Some(_)) => Some(Conflict::Exists { id }),
        (Edit::Delete { .. } | Edit::Put { revision: Some(_), .. }, None) => Some(Conflict::Missing { id }),
        (
            Edit::Put { revision: Some(expected), .. } | Edit::Delete { revision: Some(expected), .. },
            Some(actual),
        ) if *expected != actual => Some(Conflict::Stale { id, expected: *expected, actual }),
        (Edit::Create(_) | Edit::Put { revision: None, .. }, None)
        | (Edit::Put { .. } | Edit::Delete { .. }, Some(_)) => None,
    }
}

#[cfg(test)]
mod tests;
