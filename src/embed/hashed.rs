//! [`HashedEmbedder`]: a test double that needs no model.
//!
//! Texts that share characters and character pairs are near each other, all others are about orthogonal. It knows
//! nothing of meaning and is never used to answer anybody. Its tokens are characters, under their code points.

use sha2::{Digest, Sha256};

use super::{Embedded, Embedder, Error, ModelInfo, Role, TokenVectors, Tokens};
use crate::vector::Embedding;

/// Texts are cut after this many characters, so that tests of long inputs have a limit to meet.
const MAX_TOKENS: usize = 512;

/// The token of an empty text; no character.
const FILLER: u32 = u32::MAX;

/// Longest character n-gram that is hashed.
const LONGEST_NGRAM: usize = 3;

/// Embeds a text by hashing its character n-grams (1 to 3) into a vector: fast and the same on every machine.
#[derive(Debug, Clone)]
pub struct HashedEmbedder {
    info: ModelInfo,
}

impl HashedEmbedder {
    /// An embedder of vectors of `dimension` numbers (at least 1). From 64 on, collisions hardly matter.
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        let dimension = dimension.max(1);
        let name = format!("hashed-{dimension}");
        let fingerprint = super::hex(&Sha256::digest(name.as_bytes()));
        Self { info: ModelInfo { name, fingerprint, dimension, max_tokens: MAX_TOKENS, folder: None } }
    }

    fn embed_one(&self, characters: &[u32]) -> Result<Embedding, Error> {
        let dimension = self.info.dimension;
        let mut values = vec![0.0f32; dimension];
        for length in 1..=LONGEST_NGRAM {
            for ngram in characters.windows(length) {
                let hash = fnv1a(ngram);
                // One bit decides the sign: n-grams that share a position then cancel as often as they add.
                let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
                values[(hash % dimension as u64) as usize] += sign;
            }
        }
        if values.iter().all(|x| *x == 0.0) {
            values[0] = 1.0;
        }
        Ok(Embedding::normalized(values, dimension)?)
    }
}

impl Embedder for HashedEmbedder {
    fn model(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, texts: &[&str], _role: Role) -> Result<Vec<Tokens>, Error> {
        let tokens = |text: &&str| {
            let characters: Vec<char> = text.chars().take(MAX_TOKENS).collect();
            let telling = (0..characters.len()).filter(|&at| characters[at].is_alphanumeric()).collect();
            let ids = characters.into_iter().map(u32::from);
            Tokens { ids: if text.is_empty() { vec![FILLER] } else { ids.collect() }, telling }
        };
        Ok(texts.iter().map(tokens).collect())
    }

    fn embed_tokenized(&self, texts: &[&Tokens]) -> Result<Vec<Embedded>, Error> {
        let embed = |text: &&Tokens| {
            let mut values = Vec::new();
            for &token in &text.telling {
                values.extend_from_slice(self.embed_one(&text.ids[token..=token])?.as_slice());
            }
            let tokens = TokenVectors { values, dimension: self.info.dimension };
            Ok(Embedded { vector: self.embed_one(&text.ids)?, tokens })
        };
        texts.iter().map(embed).collect()
    }
}

/// 64-bit FNV-1a with a final mix; the standard library's hasher may change between releases.
fn fnv1a(ngram: &[u32]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in ngram.iter().flat_map(|c| c.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(a: &str, b: &str) -> f32 {
        let vectors = HashedEmbedder::new(256).embed(&[a, b], Role::Query).unwrap();
        vectors[0].cosine(&vectors[1])
    }

    #[test]
    fn overlapping_texts_are_nearer_than_unrelated_ones() {
        let near = cosine("群聊怎么解散", "怎么解散群聊");
        let far = cosine("群聊怎么解散", "发票抬头写错");
        assert!(near > 0.6 && far < 0.3, "near {near}, far {far}");
    }

    #[test]
    fn the_same_text_gives_the_same_vector_alone_and_in_a_batch() {
        let embedder = HashedEmbedder::new(64);
        let alone = embedder.embed(&["你好"], Role::Query).unwrap();
        let batch = embedder.embed(&["再见", "你好"], Role::Document).unwrap();
        assert_eq!(alone[0], batch[1]);
    }

    #[test]
    fn empty_text_and_dimension_one_still_give_unit_vectors() {
        for dimension in [0, 1, 8] {
            let embedder = HashedEmbedder::new(dimension);
            for text in ["", "a", "ab", "很长".repeat(10_000).as_str()] {
                assert_eq!(embedder.embed(&[text], Role::Query).unwrap()[0].dimension(), dimension.max(1));
            }
        }
    }
}
