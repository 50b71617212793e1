//! [`Pipeline`]: tokenizer, engine, pooling and prompts put together as an [`Embedder`].

use super::tokenize::TextTokenizer;
use super::{
    Embedded, Embedder, Encoder, Error, Lanes, ModelInfo, Pooling, Prompts, Role, TokenVectors, Tokens,
};

/// Tokens, padding included, that go to the engine at once. Large enough to fill a few cores, small enough that the
/// token vectors of a whole import never lie in memory together.
const TOKENS_PER_CALL: usize = 1024;

/// A loaded model of any engine.
pub(super) struct Pipeline {
    pub(super) info: ModelInfo,
    pub(super) tokenizer: TextTokenizer,
    pub(super) encoder: Box<dyn Encoder>,
    pub(super) pooling: Pooling,
    pub(super) prompts: Prompts,
}

impl Embedder for Pipeline {
    fn model(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, texts: &[&str], role: Role) -> Result<Vec<Tokens>, Error> {
        let prompt = self.prompts.of(role);
        texts.iter().map(|text| self.tokenizer.encode(text, prompt)).collect()
    }

    fn embed_tokenized(&self, texts: &[&Tokens]) -> Result<Vec<Embedded>, Error> {
        self.embed_with(texts, |batch| self.encoder.encode(batch))
    }

    fn lanes(&self) -> Lanes {
        self.encoder.lanes()
    }

    fn embed_alone(&self, texts: &[&Tokens]) -> Result<Vec<Embedded>, Error> {
        self.embed_with(texts, |batch| self.encoder.encode_alone(batch))
    }
}

impl Pipeline {
    fn embed_with(
        &self,
        texts: &[&Tokens],
        encode: impl Fn(&[Vec<u32>]) -> Result<Vec<TokenVectors>, Error>,
    ) -> Result<Vec<Embedded>, Error> {
        let lengths: Vec<usize> = texts.iter().map(|text| text.ids.len()).collect();
        let mut embeddings = vec![None; texts.len()];
        for batch in by_length(&lengths, TOKENS_PER_CALL) {
            let batch_ids: Vec<Vec<u32>> = batch.iter().map(|&text| texts[text].ids.clone()).collect();
            let vectors = encode(&batch_ids)?;
            for (&text, tokens) in batch.iter().zip(&vectors) {
                let vector = self.pooling.pool(tokens)?;
                embeddings[text] = Some(Embedded { vector, tokens: tokens.rows(&texts[text].telling) });
            }
        }
        // An engine that returned fewer texts than it was given left a hole.
        embeddings.into_iter().collect::<Option<Vec<_>>>().ok_or_else(|| Error::Engine {
            engine: "embedding",
            reason: "it returned fewer texts than it was given".to_owned(),
        })
    }
}

/// Positions of texts, packed so that texts of similar length are together and no pack, padded to its longest text,
/// holds more than `budget` tokens (a longer text comes alone).
fn by_length(lengths: &[usize], budget: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&text| lengths[text]);
    let mut packs: Vec<Vec<usize>> = Vec::new();
    for text in order {
        match packs.last_mut() {
            // Ascending order: this text is the longest so far.
            Some(pack) if (pack.len() + 1) * lengths[text] <= budget => pack.push(text),
            Some(_) | None => packs.push(vec![text]),
        }
    }
    packs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_hold_every_text_once_within_the_budget() {
        let lengths = [9, 1, 30, 2, 2, 8, 1, 1, 9, 10];
        let packs = by_length(&lengths, 20);
        let mut all: Vec<usize> = packs.concat();
        all.sort_unstable();
        assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
        for pack in packs {
            let longest = pack.iter().map(|&text| lengths[text]).max().unwrap();
            assert!(pack.len() == 1 || pack.len() * longest <= 20, "{pack:?}");
        }
        assert!(by_length(&[], 20).is_empty());
    }
}
