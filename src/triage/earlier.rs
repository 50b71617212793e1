//! [`Earlier`]: the tickets before, as vectors, to tell when one comes twice.

use std::{collections::VecDeque, fmt, sync::Arc};

use parking_lot::Mutex;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    embed::ModelInfo,
    store::{self, Store},
    vector::dot,
};

/// Tickets that are remembered; the oldest is forgotten first.
pub const EARLIER_KEPT: usize = 10_000;

/// From this similarity on two tickets say the same.
const SAME: f32 = 0.95;

/// An earlier ticket that says the same.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Duplicate {
    /// Its id.
    pub ticket_id: String,
    /// How alike the two are, up to 1.
    pub similarity: f32,
}

/// Ids and vectors of tickets, without what all vectors have in common; never their words. Cheap to clone: all clones
/// are one memory.
#[derive(Clone, Default)]
pub struct Earlier(Arc<Mutex<Memory>>);

#[derive(Default)]
struct Memory {
    tickets: VecDeque<(String, Vec<f32>)>,
    /// Where they are kept, and under which model, if anywhere.
    kept: Option<(Store, String)>,
}

impl Earlier {
    /// Remembers in `store` under `model`, beginning with what is there.
    ///
    /// # Errors
    /// When the database fails.
    pub fn open(store: Store, model: &ModelInfo) -> Result<Self, store::Error> {
        let tickets = store.tickets(&model.fingerprint, model.dimension)?.into();
        let kept = Some((store, model.fingerprint.clone()));
        Ok(Self(Arc::new(Mutex::new(Memory { tickets, kept }))))
    }

    /// The earlier ticket that says what `vector` says, and remembers this one under its id, if it has one. A ticket
    /// that comes again under its own id is an update, and no duplicate of itself. Writes to the disk.
    pub(super) fn place(&self, id: Option<&str>, vector: Vec<f32>) -> Option<Duplicate> {
        let mut memory = self.0.lock();
        let nearest = memory.nearest(id, &vector);
        if let Some(id) = id {
            memory.remember(id, vector);
        }
        nearest
    }
}

impl Memory {
    fn nearest(&self, id: Option<&str>, vector: &[f32]) -> Option<Duplicate> {
        let others = self.tickets.iter().filter(|(other, _)| Some(other.as_str()) != id);
        others
            .map(|(other, known)| (other, dot(known, vector)))
            .filter(|(_, similarity)| *similarity >= SAME)
            // The first of equals, which is the oldest: all copies then point to the original.
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .map(|(other, similarity)| Duplicate {
                ticket_id: other.clone(),
                similarity: similarity.min(1.0),
            })
    }

    fn remember(&mut self, id: &str, vector: Vec<f32>) {
        if let Some((store, model)) = &mut self.kept
            && let Err(error) = store.remember_ticket(model, id, &vector, EARLIER_KEPT)
        {
            // The ticket is answered all the same; only a copy of it may go unnoticed after a restart.
            tracing::error!(error = &error as &dyn std::error::Error, "cannot remember a ticket");
        }
        self.tickets.retain(|(other, _)| other != id);
        self.tickets.push_back((id.to_owned(), vector));
        if self.tickets.len() > EARLIER_KEPT {
            self.tickets.pop_front();
        }
    }
}

impl fmt::Debug for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Earlier").field("tickets", &self.0.lock().tickets.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(x: f32, y: f32) -> Vec<f32> {
        vec![x, y]
    }

    #[test]
    fn a_ticket_that_says_the_same_points_to_the_first_one() {
        let earlier = Earlier::default();
        assert_eq!(earlier.place(Some("1"), vector(1.0, 0.0)), None);
        assert_eq!(earlier.place(Some("2"), vector(0.0, 1.0)), None);
        for id in [Some("3"), Some("4"), None] {
            let duplicate = earlier.place(id, vector(1.0, 0.0)).unwrap();
            assert_eq!(duplicate.ticket_id, "1");
        }
    }

    #[test]
    fn an_update_is_no_duplicate_of_itself() {
        let earlier = Earlier::default();
        earlier.place(Some("1"), vector(1.0, 0.0));
        assert_eq!(earlier.place(Some("1"), vector(1.0, 0.0)), None);
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let earlier = Earlier::default();
        earlier.place(Some("first"), vector(1.0, 0.0));
        for n in 0..EARLIER_KEPT {
            earlier.place(Some(&n.to_string()), vector(0.0, 1.0));
        }
        assert_eq!(earlier.place(None, vector(1.0, 0.0)), None);
    }

    #[test]
    fn what_is_kept_is_known_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let open = || {
            let model = ModelInfo {
                name: "m".into(),
                fingerprint: "f".into(),
                dimension: 2,
                max_tokens: 8,
                folder: None,
            };
            Earlier::open(Store::open_or_create(directory.path()).unwrap(), &model).unwrap()
        };
        open().place(Some("1"), vector(1.0, 0.0));
        assert_eq!(open().place(Some("2"), vector(1.0, 0.0)).unwrap().ticket_id, "1");
    }
}
