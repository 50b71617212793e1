//! The real binary with the real model.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod binary;
mod cli;
mod crash;
mod import;
mod keys;
mod lint;
mod readme;
mod receiver;
#[expect(dead_code, reason = "the tests of the model loader use more of it")]
#[path = "../../src/embed/tiny.rs"]
mod tiny;
mod webhooks;
mod wecom;
