//! Which problem each error of the rest of the crate is to a client: status, and what may be said of it.
//!
//! What the client did wrong is told to the client; what we did wrong is logged once, here, and told as a bare 500.

use super::problem::{FieldError, Problem};
use crate::{
    editor, keys,
    learn::{AcceptError, FeedbackError, JournalError},
    matcher, spaces,
    store::{Conflict, DraftError, UndoError},
};

impl From<matcher::Error> for Problem {
    fn from(error: matcher::Error) -> Self {
        match error {
            matcher::Error::Overloaded => Self::overloaded(),
            matcher::Error::ShuttingDown => Self::unavailable("the service is shutting down"),
            error @ (matcher::Error::Embed { .. }
            | matcher::Error::Index { .. }
            | matcher::Error::Interrupted) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot match a question");
                Self::internal()
            }
        }
    }
}

impl From<editor::Error> for Problem {
    fn from(error: editor::Error) -> Self {
        match error {
            editor::Error::Invalid { problems } => Self::invalid(
                problems.into_iter().map(|p| FieldError { pointer: p.pointer, detail: p.detail }).collect(),
            ),
            editor::Error::Refused { refusals } => match refusals.into_iter().next() {
                Some(refusal) => Self::from(refusal.conflict),
                None => Self::internal(),
            },
            editor::Error::Undo(error) => match error {
                UndoError::UnknownChange { .. } => Self::missing(error.to_string()),
                UndoError::Superseded { .. } | UndoError::UnknownVersion { .. } => {
                    Self::conflict(error.to_string())
                }
                UndoError::Store(error) => Self::from(editor::Error::Store(error)),
            },
            editor::Error::Draft(error) => match error {
                DraftError::Empty | DraftError::Conflicts { .. } => Self::conflict(error.to_string()),
                DraftError::Store(error) => Self::from(editor::Error::Store(error)),
            },
            error @ (editor::Error::Store(_) | editor::Error::Build(_) | editor::Error::Interrupted) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot change or read the FAQ");
                Self::internal()
            }
        }
    }
}

impl From<FeedbackError> for Problem {
    fn from(error: FeedbackError) -> Self {
        match error {
            FeedbackError::UnknownQuery { .. } => Self::missing(error.to_string()),
            FeedbackError::UnknownEntry { field, .. } => {
                Self::invalid(vec![FieldError { pointer: format!("/{field}"), detail: error.to_string() }])
            }
            FeedbackError::Overloaded => Self::overloaded(),
            FeedbackError::Closed => Self::unavailable("the service is shutting down"),
            FeedbackError::Store { .. } => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot keep feedback");
                Self::internal()
            }
        }
    }
}

impl From<keys::Error> for Problem {
    fn from(error: keys::Error) -> Self {
        match error {
            keys::Error::NotFound { id } => Self::missing(format!("there is no key {id}")),
            error @ keys::Error::AlreadyExpired { .. } => Self::invalid(vec![FieldError {
                pointer: "/expires_at".to_owned(),
                detail: error.to_string(),
            }]),
            error @ (keys::Error::Open(_)
            | keys::Error::Database { .. }
            | keys::Error::NoRandomness { .. }) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot read or write a key");
                Self::internal()
            }
        }
    }
}

impl From<Conflict> for Problem {
    fn from(conflict: Conflict) -> Self {
        let detail = conflict.to_string();
        match conflict {
            Conflict::Exists { .. } | Conflict::Twice { .. } => Self::conflict(detail),
            Conflict::Missing { .. } => Self::missing(detail),
            Conflict::Stale { .. } => Self::stale(detail),
        }
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::UnknownGroup { .. } => Self::missing(error.to_string()),
            JournalError::Overloaded => Self::overloaded(),
            JournalError::Closed => Self::unavailable("the service is shutting down"),
            JournalError::Store(_) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "cannot read or change what was learned"
                );
                Self::internal()
            }
        }
    }
}

impl From<spaces::Error> for Problem {
    fn from(error: spaces::Error) -> Self {
        match error {
            spaces::Error::Name(error) => Self::unknown_space(error.to_string()),
            spaces::Error::NotFound { name } => Self::unknown_space(format!("there is no space {name}")),
            error @ (spaces::Error::Exists { .. } | spaces::Error::DefaultStays) => {
                Self::conflict(error.to_string())
            }
            error @ (spaces::Error::Folder { .. }
            | spaces::Error::Store(_)
            | spaces::Error::Ranker(_)
            | spaces::Error::Synonyms(_)
            | spaces::Error::Build(_)
            | spaces::Error::Editor(_)
            | spaces::Error::Journal(_)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot open a space");
                Self::internal()
            }
        }
    }
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::UnknownGroup { .. } | AcceptError::UnknownEntry { .. } => {
                Self::missing(error.to_string())
            }
            AcceptError::Store(error) => Self::from(JournalError::Store(error)),
        }
    }
}
