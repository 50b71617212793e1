//! dayi (答疑) answers free-form Chinese questions from a FAQ.
//!
//! Every phrasing of every FAQ entry is embedded with a Chinese sentence-embedding model and indexed; a question
//! is matched against the index and comes back as a `Verdict`: the best entries, a calibrated confidence, and
//! the decision to answer, to ask back, or to hand over to a person.
//!
//! Dependencies between the modules point one way only:
//!
//! ```text
//! main -> cli -> http, lint, import, export, training -> keys, channels -> spaces -> triage -> editor, eval, learn
//! -> matcher -> rank, index, embed, store -> text, faq, assets, sheet, plot, vector, sqlite
//! ```

pub mod assets;
pub mod channels;
pub mod cli;
pub mod config;
pub mod editor;
pub mod embed;
pub mod eval;
pub mod export;
pub mod faq;
pub mod http;
pub mod import;
pub mod index;
pub mod keys;
pub mod learn;
pub mod lint;
pub mod matcher;
pub mod plot;
pub mod rank;
mod sheet;
pub mod spaces;
pub mod sqlite;
pub mod store;
pub mod text;
pub mod training;
pub mod triage;
pub mod vector;
