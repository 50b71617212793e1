//! Where people already are: the ways in and out besides dayi's own API.
//!
//! A channel owns a foreign protocol: its signatures, its messages, its limits. What a question is answered with is
//! the matcher's; status codes are `http`'s.

pub mod mcp;
pub mod once;
mod open;
pub mod webhook;
pub mod wecom;

use jiff::SignedDuration;

pub use open::{Channels, OpenError};

/// How far the time in a signed message may be from now, either way. As Standard Webhooks 1.0 has it.
pub const MESSAGE_AGE: SignedDuration = SignedDuration::from_mins(5);
