//! The real binary with the real model.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod binary;
mod cli;
mod keys;
mod lint;
mod readme;
