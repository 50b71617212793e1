//! The HTTP service without a port, over a small FAQ and a test double of the model.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod load;
mod mcp;
mod support;
mod triage;
mod wecom;
