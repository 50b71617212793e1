//! [`Features`]: one candidate entry as numbers. Nothing here knows an index, a model or a weight.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{
    numbers::numbers,
    tokens::{Partners, QueryTokens, TokenMatrix},
};
use crate::text::{contrast::Contrasts, grams::grams, question_kind::QuestionKinds};

/// A question, asked or stored, taken apart for comparison.
#[derive(Debug, Clone)]
pub struct Question {
    /// Hashes of its characters, bigrams and Latin words; sorted, none twice.
    grams: Box<[u64]>,
    contrasts: Contrasts,
    kinds: QuestionKinds,
    tokens: TokenMatrix,
}

impl Question {
    /// Takes a normalised text apart.
    #[must_use]
    pub fn new(normalized: &str, tokens: TokenMatrix) -> Self {
        let mut hashes: Vec<u64> = grams(normalized).iter().map(|token| hash(token.text)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self {
            grams: hashes.into(),
            contrasts: Contrasts::of(normalized),
            kinds: QuestionKinds::of(normalized),
            tokens,
        }
    }

    /// The opposites in which the two differ.
    #[must_use]
    pub fn contrasts(&self) -> &Contrasts {
        &self.contrasts
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// An entry that may answer a query, with what is known of it so far.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// Its nearest phrasings.
    pub phrasings: Vec<&'a Question>,
    /// Cosine of the query and the nearest phrasing.
    pub dense: f32,
    /// Cosine of the query and the nearest negative question, if it has one.
    pub negative: Option<f32>,
    /// What its answer has in common with the query, if it has an answer.
    pub answer: Option<AnswerMatch<'a>>,
}

/// What an answer has in common with a query.
#[derive(Debug)]
pub struct AnswerMatch<'a> {
    /// Cosine of the query and the answer, both centred.
    pub dense: f32,
    /// BM25 as a share of the best answer's in the FAQ, 0..=1.
    pub words: f32,
    /// Its tokens.
    pub tokens: &'a TokenMatrix,
}

numbers! {
    /// A candidate as numbers; more is better for all of them. Also the weights of a linear score, one a feature.
    pub struct Features {
        /// Cosine of the query and the nearest phrasing.
        pub dense,
        /// Centred cosine of the query and the answer.
        pub answer_dense,
        /// How well the query's tokens are found in phrasings and answer, mean of the best cosines.
        pub query_tokens,
        /// How well the phrasing's tokens are found in the query, mean of the best cosines.
        pub phrasing_tokens,
        /// BM25 of the answer as a share of the best answer's.
        pub answer_words,
        /// Dice coefficient of the characters, bigrams and Latin words of query and phrasing.
        pub overlap,
        /// Minus the number of opposites (开启/关闭, numbers) in which they differ.
        pub contrast,
        /// Minus how much nearer the query is to a negative question than to any phrasing.
        pub negative,
        /// Minus the number of question kinds (why, how, how much …) in which they differ.
        pub kind,
    }
}

/// The features of every candidate. Depends on the candidates together only where one has no answer while others
/// have: it is then taken to gain from its answer what the others gain on average, neither more nor less.
#[must_use]
pub fn extract(query: &Question, candidates: &[Candidate<'_>]) -> Vec<Features> {
    let mut tokens = QueryTokens::new(&query.tokens);
    let raw: Vec<Raw> = candidates.iter().map(|candidate| Raw::new(query, &mut tokens, candidate)).collect();

    let gains = || raw.iter().filter_map(|raw| raw.answer.as_ref());
    let count = gains().count().max(1) as f32;
    let mean_dense = gains().map(|gain| gain.dense).sum::<f32>() / count;
    let mean_tokens = gains().map(|gain| gain.tokens).sum::<f32>() / count;
    raw.into_iter()
        .map(|Raw { features, answer }| {
            let gain = answer.unwrap_or(AnswerGain { dense: mean_dense, tokens: mean_tokens });
            Features {
                answer_dense: gain.dense,
                query_tokens: features.query_tokens + gain.tokens,
                ..features
            }
        })
        .collect()
}

/// A candidate's features without its answer, and what the answer adds.
struct Raw {
    features: Features,
    answer: Option<AnswerGain>,
}

struct AnswerGain {
    dense: f32,
    /// How much better the query's tokens are found with the answer than without.
    tokens: f32,
}

impl Raw {
    /// `tokens` are those of `query`.
    fn new(query: &Question, tokens: &mut QueryTokens<'_>, candidate: &Candidate<'_>) -> Self {
        let mut features = Features {
            dense: candidate.dense,
            negative: -candidate.negative.map_or(0.0, |negative| (negative - candidate.dense).max(0.0)),
            phrasing_tokens: f32::NEG_INFINITY,
            overlap: f32::NEG_INFINITY,
            contrast: f32::NEG_INFINITY,
            kind: f32::NEG_INFINITY,
            ..Features::default()
        };
        let mut in_phrasings = vec![-1.0; query.tokens.len()];
        let mut query_tokens = f32::NEG_INFINITY;
        for phrasing in &candidate.phrasings {
            let Partners { of_query, of_text } = tokens.compare(&phrasing.tokens);
            query_tokens = query_tokens.max(mean(&of_query));
            keep_better(&mut in_phrasings, &of_query);
            features.phrasing_tokens = features.phrasing_tokens.max(of_text);
            features.overlap = features.overlap.max(dice(&query.grams, &phrasing.grams));
            let difference = query.contrasts.difference(&phrasing.contrasts).count();
            features.contrast = features.contrast.max(-(difference as f32));
            features.kind = features.kind.max(-(query.kinds.difference(phrasing.kinds) as f32));
        }
        features.query_tokens = query_tokens;
        let answer = candidate.answer.as_ref().map(|answer| {
            features.answer_words = answer.words;
            let mut in_all = in_phrasings;
            keep_better(&mut in_all, &tokens.compare(answer.tokens).of_query);
            AnswerGain { dense: answer.dense, tokens: mean(&in_all) - query_tokens }
        });
        Self { features, answer }
    }
}

fn keep_better(best: &mut [f32], found: &[f32]) {
    for (best, &found) in best.iter_mut().zip(found) {
        *best = best.max(found);
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// Dice coefficient of two sorted sets, 0..=1.
fn dice(a: &[u64], b: &[u64]) -> f32 {
    let (mut i, mut j, mut common) = (0, 0, 0u32);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        common += u32::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    2.0 * common as f32 / (a.len() + b.len()).max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &str, tokens: &[[f32; 4]]) -> Question {
        Question::new(text, TokenMatrix::new(&tokens.concat(), &[0.0; 4]))
    }

    fn candidate<'a>(phrasing: &'a Question, answer: Option<&'a TokenMatrix>) -> Candidate<'a> {
        let answer = answer.map(|tokens| AnswerMatch { dense: 0.5, words: 1.0, tokens });
        Candidate { phrasings: vec![phrasing], dense: 0.5, negative: None, answer }
    }

    const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];
    const Y: [f32; 4] = [0.0, 1.0, 0.0, 0.0];

    #[test]
    fn a_candidate_is_compared_with_its_own_texts() {
        let query = question("怎么退款", &[X]);
        let (other, same) = (question("怎么开票", &[Y]), question("怎么退款", &[X]));
        let answer = TokenMatrix::new(&Y, &[0.0; 4]);
        for answer in [None, Some(&answer)] {
            let candidates = [candidate(&other, None), candidate(&other, None), candidate(&same, answer)];
            let found: Vec<(f32, f32)> = extract(&query, &candidates)
                .iter()
                .map(|features| (features.phrasing_tokens.round(), features.overlap.round()))
                .collect();
            assert_eq!(found, [(0.0, 0.0), (0.0, 0.0), (1.0, 1.0)]);
        }
    }
}
