//! [`Gather`]: what the model makes of texts goes straight to where the snapshot keeps it. A FAQ's vectors are most of
//! its memory, and are never held twice.

use std::{collections::HashMap, io, sync::Arc};

use super::{BuildError, parts::Parts, spill::Spill};
use crate::{
    index::VectorSet,
    matcher::{Snapshot, prepared::Vectors},
    rank::{Ranker, TokenMatrix},
    store::TextHash,
    vector::Embedding,
};

/// Vectors of a snapshot in the making.
pub(super) struct Gather<'a> {
    ranker: &'a Ranker,
    dimension: usize,
    /// The vectors of all phrasings, `[phrasings x dimension]`.
    rows: Vec<f32>,
    /// Which rows have which text, sorted by text.
    places: Vec<(TextHash, u32)>,
    /// Those of answers, centred, and of negative questions; empty until they come.
    vectors: Vectors,
    tokens: Spill<'a>,
}

impl<'a> Gather<'a> {
    /// For all phrasings of `parts`, of which `known` says where `old` has them, and the other texts of its new entries.
    pub(super) fn new(
        parts: &Parts,
        (old, known): (Option<&Snapshot>, &[Option<u32>]),
        hashes: &[TextHash],
        ranker: &'a Ranker,
        tokens: Spill<'a>,
    ) -> Self {
        let dimension = tokens.dimension();
        let mut rows = vec![0.0; hashes.len() * dimension];
        let mut places = Vec::new();
        let each = (0u32..).zip(known).zip(hashes).zip(rows.chunks_exact_mut(dimension.max(1)));
        for (((position, known), hash), row) in each {
            match old.zip(*known) {
                Some((old, known)) => row.copy_from_slice(old.index.vectors().vector(known)),
                None => places.push((*hash, position)),
            }
        }
        places.sort_unstable();
        let none = |text: &str| (TextHash::of(text), Arc::default());
        let vectors = Vectors {
            answers: parts.new_answers().map(none).collect(),
            negatives: parts.new_negatives().map(none).collect(),
            tokens: HashMap::new(),
        };
        Self { ranker, dimension, rows, places, vectors, tokens }
    }

    /// Takes what the model made of one text.
    ///
    /// # Errors
    /// When the working file cannot be written.
    pub(super) fn put(&mut self, text: TextHash, vector: &Embedding, tokens: TokenMatrix) -> io::Result<()> {
        let from = self.places.partition_point(|(other, _)| *other < text);
        for (_, position) in self.places[from..].iter().take_while(|(other, _)| *other == text) {
            let start = *position as usize * self.dimension;
            self.rows[start..start + self.dimension].copy_from_slice(vector.as_slice());
        }
        if let Some(answer) = self.vectors.answers.get_mut(&text) {
            *answer = self.ranker.centered(vector.as_slice()).into();
        }
        if let Some(negative) = self.vectors.negatives.get_mut(&text) {
            *negative = vector.as_slice().into();
        }
        self.tokens.push(text, tokens)
    }

    /// All that was taken.
    ///
    /// # Errors
    /// When the working file cannot be written or read, or a phrasing has no vector.
    pub(super) fn finish(self) -> Result<(VectorSet, Vectors), BuildError> {
        let tokens = self.tokens.finish()?.into_iter().collect();
        Ok((VectorSet::from_values(self.dimension, self.rows)?, Vectors { tokens, ..self.vectors }))
    }
}
