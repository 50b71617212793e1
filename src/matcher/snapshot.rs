//! [`Snapshot`]: a FAQ ready to answer, immutable and numbered.

use std::{collections::HashMap, sync::Arc};

use super::query::{Match, Query, Verdict};
use crate::{
    embed::ModelInfo,
    faq::Entry,
    index::VectorIndex,
    rank::{Decision, Scores, policy},
    vector::{Embedding, VectorError},
};

/// Nearest phrasings that are looked at.
const CANDIDATES: usize = 100;

/// Entries with everything that is needed to compare a question with them.
#[derive(Debug)]
pub struct Snapshot {
    version: u64,
    model: ModelInfo,
    entries: Vec<Arc<Entry>>,
    /// For each vector of the index: its entry and which of the entry's phrasings it is.
    phrasings: Vec<(u32, u32)>,
    index: Arc<dyn VectorIndex>,
}
