//! One file a resource. A handler extracts, calls the matcher, and maps; nothing more.

pub(super) mod health;
pub(super) mod hooks;
pub(super) mod matching;
pub(super) mod mcp;
pub(super) mod triage;
pub(super) mod wecom;
