//! A support ticket to what is to be done with it: its separate questions with a verdict each, a category, a draft
//! reply, whether a person must look and why, and whether it was asked before.
//!
//! Owns how a ticket is read (clean, split, merge back) and what follows from the verdicts. Does not decide which
//! entry answers a question: that is the matcher's, and the confidences here are the matcher's own. Called by
//! `http`, `cli` and `channels`. Everything but [`Desk::triage`] is pure.

mod category;
mod clean;
mod cues;
mod desk;
mod draft;
mod earlier;
mod examples;
mod files;
mod html;
mod mapping;
pub mod measure;
mod outcome;
mod pattern;
mod reasons;
mod select;
mod split;
mod ticket;

pub use category::{CategoryGuess, CategorySource};
pub use desk::Desk;
pub use earlier::{Duplicate, EARLIER_KEPT, Earlier};
pub use examples::{Example, Examples};
pub use files::{TicketRow, read_examples, read_tickets};
pub use mapping::{Mapping, MappingError, Preset};
pub use outcome::{Band, Found, Suggestion, Triage};
pub use reasons::{Reason, ReasonCode};
pub use ticket::{Field, Ticket};
