//! [`Earlier`]: the tickets before, as vectors, to tell when one comes twice.

use std::collections::VecDeque;

use parking_lot::Mutex;
use serde::Serialize;
use utoipa::ToSchema;

use crate::vector::dot;

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

/// Ids and vectors of tickets, without what all vectors have in common; never their words.
#[derive(Debug, Default)]
pub struct Earlier {
    tickets: Mutex<VecDeque<(String, Vec<f32>)>>,
}

impl Earlier {
    /// The earlier ticket that says what `vector` says, and remembers this one under its id, if it has one. A ticket
    /// that comes again under its own id is an update, and no duplicate of itself.
    pub(super) fn place(&self, id: Option<&str>, vector: Vec<f32>) -> Option<Duplicate> {
        let mut tickets = self.tickets.lock();
        let others = tickets.iter().filter(|(other, _)| Some(other.as_str()) != id);
        let nearest = others
            .map(|(other, known)| (other, dot(known, &vector)))
            .filter(|(_, similarity)| *similarity >= SAME)
            // The first of equals, which is the oldest: all copies then point to the original.
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .map(|(other, similarity)| Duplicate { ticket_id: other.clone(), similarity: similarity.min(1.0) });
        if let Some(id) = id {
            tickets.retain(|(other, _)| other != id);
            tickets.push_back((id.to_owned(), vector));
            if tickets.len() > EARLIER_KEPT {
                tickets.pop_front();
            }
        }
        nearest
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
}
