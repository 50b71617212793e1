//! Vectors that were already computed, by model and text, so that nothing is embedded twice.

use std::fmt;

use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::{Error, Store};

/// SHA-256 of a text as it is given to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextHash([u8; 32]);

impl TextHash {
    /// Hashes `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Hashes a sequence of hashes: equal only for the same texts in the same order.
    #[must_use]
    pub fn of_all(hashes: &[Self]) -> Self {
        let mut digest = Sha256::new();
        for hash in hashes {
            digest.update(hash.0);
        }
        Self(digest.finalize().into())
    }
}

/// In hexadecimal.
impl fmt::Display for TextHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a model made of a text, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredVector {
    /// The vector of the text.
    pub vector: Vec<f32>,
    /// Its token vectors; the store does not look into them.
    pub tokens: Vec<u8>,
}

impl Store {
    /// What is stored of `texts` under `model`, in the same order; `None` where there is nothing, or where it is
    /// damaged and must be computed again.
    ///
    /// # Errors
    /// When the database fails.
    pub fn vectors(
        &self,
        model: &str,
        texts: &[TextHash],
        dimension: usize,
    ) -> Result<Vec<Option<StoredVector>>, Error> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT vector, tokens FROM vectors WHERE model = ?1 AND text_hash = ?2")
            .map_err(self.failed("read"))?;
        let mut find = |text: &TextHash| -> rusqlite::Result<Option<StoredVector>> {
            let row: Option<(Vec<u8>, Vec<u8>)> = statement
                .query_row(params![model, text.0], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            Ok(row.and_then(|(vector, tokens)| {
                Some(StoredVector { vector: decode(&vector, dimension)?, tokens })
            }))
        };
        texts.iter().map(|text| find(text).map_err(self.failed("read"))).collect()
    }

    /// Keeps `vectors` under `model` in one transaction, replacing what is there.
    ///
    /// # Errors
    /// When the database fails; none is kept then.
    pub fn put_vectors(
        &mut self,
        model: &str,
        vectors: impl IntoIterator<Item = (TextHash, StoredVector)>,
    ) -> Result<(), Error> {
        self.transact(|transaction| {
            let mut statement =
                transaction.prepare_cached("INSERT OR REPLACE INTO vectors VALUES (?1, ?2, ?3, ?4)")?;
            for (text, StoredVector { vector, tokens }) in vectors {
                statement.execute(params![model, text.0, encode(&vector), tokens])?;
            }
            Ok(())
        })
    }
}

pub(super) fn encode(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|x| x.to_le_bytes()).collect()
}

pub(super) fn decode(blob: &[u8], dimension: usize) -> Option<Vec<f32>> {
    let (numbers, rest) = blob.as_chunks::<4>();
    let vector: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    (rest.is_empty() && vector.len() == dimension && vector.iter().all(|x| x.is_finite())).then_some(vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_comes_back_for_its_model_and_text_only() {
        let mut store = Store::in_memory().unwrap();
        let (known, unknown) = (TextHash::of("群能解散吗"), TextHash::of("群能解散么"));
        let stored = StoredVector { vector: vec![0.6, 0.8], tokens: vec![1, 2, 3] };
        store.put_vectors("model-a", [(known, stored.clone())]).unwrap();
        assert_eq!(store.vectors("model-a", &[unknown, known], 2).unwrap(), [None, Some(stored)]);
        assert_eq!(store.vectors("model-b", &[known], 2).unwrap(), [None]);
    }

    #[test]
    fn a_damaged_vector_counts_as_missing() {
        let store = Store::in_memory().unwrap();
        let text = TextHash::of("群");
        for blob in [vec![1u8, 2, 3], 1.0f32.to_le_bytes().to_vec(), f32::NAN.to_le_bytes().repeat(2)] {
            store
                .connection
                .execute("INSERT OR REPLACE INTO vectors VALUES ('m', ?1, ?2, x'')", params![text.0, blob])
                .unwrap();
            assert_eq!(store.vectors("m", &[text], 2).unwrap(), [None]);
        }
    }
}
