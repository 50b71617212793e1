//! Asking a FAQ its own questions, each one left out of the comparison: who would answer it then?
//!
//! Works on the vectors of the snapshot and embeds nothing. The stored vectors were made for documents; for a model
//! that treats questions differently the confidences are a little off.

use super::snapshot::{Asked, Considered, Snapshot};
use crate::{
    rank::Decision,
    vector::{Embedding, VectorError},
};

/// The first entry for a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Winner {
    /// Its position among [`Snapshot::entries`].
    pub entry: usize,
    /// Which of its phrasings is nearest.
    pub phrasing: usize,
    /// Calibrated probability.
    pub confidence: f32,
    /// What would be done with it.
    pub decision: Decision,
}

/// What the FAQ makes of one of its own phrasings that it is told to forget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelfAsked {
    /// The first of all entries, the phrasing's own among them; `None` when its own has no other phrasing to be
    /// found by.
    pub winner: Option<Winner>,
    /// The first of the other entries, as if the phrasing's own did not exist.
    pub stand_in: Option<Winner>,
}

impl Snapshot {
    /// Asks phrasing `phrasing` of the entry at `entry`, both counted from 0, with that phrasing left out. `None`
    /// when there is no such phrasing, or it says nothing.
    ///
    /// # Errors
    /// When a stored vector is damaged.
    pub fn ask_itself(&self, entry: usize, phrasing: usize) -> Result<Option<SelfAsked>, VectorError> {
        let prepared = self.entries.get(entry);
        let asked = prepared.and_then(|prepared| {
            Some((prepared.questions.get(phrasing)?, prepared.entry.phrasings().nth(phrasing)?))
        });
        let Some((question, text)) = asked else { return Ok(None) };
        let reading = self.read(text);
        if reading.text().is_blank() {
            return Ok(None);
        }
        let row = self.index.vectors().vector(self.first_vectors[entry] + phrasing as u32);
        let vector = Embedding::new(row.to_vec(), self.model.dimension)?;
        let considered = self.consider_asked(&Asked {
            alike: self.wordings.find(&reading),
            normalized: reading.text(),
            question,
            vector: &vector,
            centered: &self.ranker.centered(vector.as_slice()),
            left_out: Some((entry as u32, phrasing)),
        })?;
        let own = considered.candidates.iter().position(|&candidate| candidate as usize == entry);
        let winner = own.and_then(|_| self.winner(&considered));
        let stand_in = self.winner(&match own {
            Some(own) => without(considered, own),
            None => considered,
        });
        Ok(Some(SelfAsked { winner, stand_in }))
    }

    fn winner(&self, considered: &Considered) -> Option<Winner> {
        let ranked = self.ranker.rank(&considered.features, &considered.wordings);
        let first = ranked.first()?;
        Some(Winner {
            decision: self.decide(considered, &ranked),
            entry: considered.candidates[first.candidate] as usize,
            phrasing: considered.nearest[first.candidate],
            confidence: first.confidence,
        })
    }
}

fn without(mut considered: Considered, candidate: usize) -> Considered {
    let Considered { candidates, features, wordings, lexical, nearest } = &mut considered;
    candidates.remove(candidate);
    features.remove(candidate);
    wordings.remove(candidate);
    lexical.remove(candidate);
    nearest.remove(candidate);
    considered
}
