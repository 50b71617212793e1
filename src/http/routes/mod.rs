//! One file a resource. A handler extracts, calls the matcher or the editor, and maps; nothing more.

pub(super) mod assets;
pub(super) mod bulk;
pub(super) mod check;
mod commit_body;
pub(super) mod drafts;
pub(super) mod entries;
mod entry_body;
pub(super) mod evaluations;
pub(super) mod feedback;
pub(super) mod files;
pub(super) mod health;
pub(super) mod history;
pub(super) mod hooks;
pub(super) mod keys;
pub(super) mod matching;
pub(super) mod mcp;
pub(super) mod preview;
pub(super) mod session;
pub(super) mod spaces;
pub(super) mod statistics;
pub(super) mod triage;
pub(super) mod unanswered;
pub(super) mod wecom;
pub(super) mod welcome;
