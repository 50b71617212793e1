//! The real binary with the real model.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod binary;
mod cli;
mod lint;
mod readme;
mod receiver;
mod webhooks;
mod wecom;
