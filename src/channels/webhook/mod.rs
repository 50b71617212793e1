//! Webhooks: signed messages in ([`verify`], [`hook`]) and out ([`standard`], [`outbox`], [`deliver`]).
//!
//! What a ticket is answered with is triage's; this room owns who sent it, whether it came before, and that the answer
//! arrives.

pub mod address;
pub mod deliver;
pub mod hook;
pub mod outbox;
pub mod standard;
pub mod verify;
