//! The HTTP service without a port, over a small FAQ and a test double of the model.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod assets;
mod contract;
mod drafts;
mod entries;
mod evaluations;
mod files;
mod history;
mod hooks;
mod learning;
mod load;
mod mcp;
mod page;
mod session;
mod spaces;
mod support;
mod triage;
mod unanswered;
mod wecom;
