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

impl Snapshot {
    /// Puts the parts together. `index` holds the vectors of all phrasings, entry by entry.
    pub(super) fn new(
        version: u64,
        entries: Vec<Arc<Entry>>,
        index: Arc<dyn VectorIndex>,
        model: ModelInfo,
    ) -> Self {
        let phrasings = entries
            .iter()
            .enumerate()
            .flat_map(|(entry, content)| {
                (0..content.phrasings().count()).map(move |nth| (entry as u32, nth as u32))
            })
            .collect();
        Self { version, model, entries, phrasings, index }
    }

    /// Number of the FAQ's version, rising with every change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The model that made the vectors.
    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        &self.model
    }

    /// The active entries.
    #[must_use]
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// A text, asked or stored, in the form in which the model gets it.
    #[must_use]
    pub fn model_text(text: &str) -> String {
        text.trim().to_owned()
    }

    /// The verdict on a question whose vector is `embedding`.
    ///
    /// # Errors
    /// When the vector does not fit the index.
    pub fn verdict(&self, query: &Query, embedding: &Embedding) -> Result<Verdict, VectorError> {
        let mut best: HashMap<u32, (f32, u32)> = HashMap::new();
        for hit in self.index.search(embedding, CANDIDATES)? {
            let (entry, nth) = self.phrasings[hit.position as usize];
            best.entry(entry).or_insert((hit.similarity, nth));
        }
        let mut ranked: Vec<_> = best.into_iter().collect();
        ranked.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(&b.0)));
        let decision = policy::decide(&[], policy::Thresholds { answer: 0.9, clarify: 0.8 });
        let matches = ranked
            .into_iter()
            .filter(|(entry, _)| query.admits(&self.entries[*entry as usize]))
            .take(query.top_k)
            .map(|(entry, (dense, nth))| {
                let entry = self.entries[entry as usize].clone();
                Match {
                    matched_phrasing: entry.phrasings().nth(nth as usize).unwrap_or_default().to_owned(),
                    entry: entry.clone(),
                    confidence: dense,
                    scores: Scores { dense, ..Scores::default() },
                }
            })
            .collect();
        Ok(Verdict {
            decision: if ranked_is_empty() { Decision::NoAnswer } else { decision },
            matches,
            index_version: self.version,
            model: self.model.name.clone(),
        })
    }
}
fn ranked_is_empty() -> bool {
    false
}
