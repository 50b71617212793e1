//! Vectors of texts: from the store, or made now and kept there.

use std::collections::BTreeMap;

use super::{BuildError, Builder, Stage, gather::Gather};
use crate::{
    embed::{Embedded, Role},
    rank::TokenMatrix,
    store::{Store, StoredVector, TextHash},
    vector::Embedding,
};

/// Texts embedded between two commits: little is lost when the process is killed, and the model sees full batches.
const CHUNK: usize = 128;

impl Builder<'_> {
    /// Gives `gather` the vectors of all `texts`: from the store, or made now and kept there. Returns how many different
    /// texts there are, and how many of them were embedded.
    pub(super) fn embed<'t>(
        &self,
        texts: impl Iterator<Item = &'t str>,
        store: &mut Store,
        gather: &mut Gather<'_>,
    ) -> Result<(usize, usize), BuildError> {
        let dimension = self.embedder.model().dimension;
        let center = self.ranker.token_center(dimension);
        let space = self.vector_space();
        let texts: BTreeMap<TextHash, &str> = texts.map(|text| (TextHash::of(text), text)).collect();
        let hashes: Vec<TextHash> = texts.keys().copied().collect();
        let mut missing: Vec<TextHash> = Vec::new();
        for chunk in hashes.chunks(CHUNK) {
            for (hash, stored) in chunk.iter().zip(store.vectors(&space, chunk, dimension)?) {
                let usable = stored.and_then(|StoredVector { vector, tokens }| {
                    let tokens = TokenMatrix::from_bytes(tokens.into(), dimension)?;
                    Some((Embedding::new(vector, dimension).ok()?, tokens))
                });
                match usable {
                    Some((vector, tokens)) => gather.put(*hash, &vector, tokens)?,
                    None => missing.push(*hash),
                }
            }
        }
        for (round, chunk) in missing.chunks(CHUNK).enumerate() {
            self.progress.at(Stage::Embedding, round * CHUNK, missing.len());
            let batch: Vec<&str> = chunk.iter().map(|hash| texts[hash]).collect();
            let made = self.embedder.embed_tokens(&batch, Role::Document)?;
            let made: Vec<(TextHash, (Embedding, TokenMatrix))> = chunk
                .iter()
                .zip(made)
                .map(|(hash, Embedded { vector, tokens })| {
                    (*hash, (vector, TokenMatrix::new(&tokens.values, &center)))
                })
                .collect();
            store.put_vectors(
                &space,
                made.iter().map(|(hash, (vector, tokens))| {
                    let vector = vector.as_slice().to_vec();
                    (*hash, StoredVector { vector, tokens: tokens.as_bytes().to_vec() })
                }),
            )?;
            for (hash, (vector, tokens)) in made {
                gather.put(hash, &vector, tokens)?;
            }
        }
        if !missing.is_empty() {
            self.progress.at(Stage::Embedding, missing.len(), missing.len());
        }
        Ok((hashes.len(), missing.len()))
    }

    /// Names all that a stored vector depends on besides its text.
    fn vector_space(&self) -> String {
        let center: Vec<String> = self.ranker.token_mean.iter().map(f32::to_string).collect();
        format!("{} {}", self.embedder.model().fingerprint, TextHash::of(&center.join(" ")))
    }
}
