//! [`Snapshot`]: a FAQ ready to answer, immutable and numbered.
//!
//! Owns the way from a question to its candidates; what makes one candidate better than another is `rank`'s.

use std::sync::Arc;

use jiff::civil::Date;

use super::{
    prepared::Prepared,
    query::{MAX_BEST, Match, Query, Verdict},
    wordings::{Reading, Wordings},
};
use crate::{
    embed::{Embedded, ModelInfo},
    faq::Entry,
    index::{VectorIndex, lexical::LexicalIndex},
    rank::{
        AnswerMatch, Candidate, Decision, Features, Question, Ranked, Ranker, Scores, TokenMatrix, Wording,
        extract, policy,
    },
    text::{
        filler::core_key,
        normalize::{Normalized, normalize},
        spelling::Spelling,
        synonyms::Synonyms,
    },
    vector::{Embedding, VectorError, dot},
};

/// A FAQ up to this size is compared as a whole: cheaper than missing an entry, as legs alone do for one question in a
/// hundred of `data/wecom-faq`.
const COMPARE_ALL: usize = 64;

/// Entries taken from each leg, vectors and words, of a larger FAQ.
const ENTRIES_PER_LEG: usize = 10;

/// Entries taken from the third leg, sounds: it is there for what the other two miss.
const ENTRIES_BY_SOUND: usize = 3;

/// Neighbours asked of the vector index: an entry may take several places with its phrasings.
const NEIGHBOURS: usize = 64;

/// An entry's phrasings that are compared word by word: its nearest ones.
const PHRASINGS_COMPARED: usize = 4;

/// Entries with everything that is needed to compare a question with them. A clone shares it all.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) version: u64,
    pub(super) day: Date,
    pub(super) model: ModelInfo,
    pub(super) ranker: Arc<Ranker>,
    pub(super) synonyms: Arc<Synonyms>,
    pub(super) spelling: Arc<Spelling>,
    pub(super) entries: Vec<Arc<Prepared>>,
    /// For each vector of the index: its entry and which of the entry's phrasings it is.
    pub(super) phrasings: Vec<(u32, u32)>,
    /// Position of each entry's first phrasing in the vector index; its others follow.
    pub(super) first_vectors: Vec<u32>,
    pub(super) index: Arc<dyn VectorIndex>,
    pub(super) lexical: Arc<LexicalIndex>,
    pub(super) wordings: Arc<Wordings>,
}

/// What the model makes of a question, in the forms in which it is compared.
#[derive(Debug, Clone)]
pub struct QueryVectors {
    /// For the comparison with phrasings.
    pub vector: Embedding,
    /// Without what all vectors have in common, for the comparison with answers.
    pub centered: Vec<f32>,
    /// For the comparison token by token.
    pub tokens: TokenMatrix,
}

impl QueryVectors {
    /// Takes off what `ranker` says that all vectors have in common.
    #[must_use]
    pub fn new(embedded: &Embedded, ranker: &Ranker) -> Self {
        let center = ranker.token_center(embedded.tokens.dimension);
        Self {
            vector: embedded.vector.clone(),
            centered: ranker.centered(embedded.vector.as_slice()),
            tokens: TokenMatrix::new(&embedded.tokens.values, &center),
        }
    }
}

/// A question on its way to a verdict: candidates, their numbers, their order.
#[derive(Debug)]
pub struct Considered {
    /// Positions of the candidate entries.
    pub candidates: Vec<u32>,
    /// Their features.
    pub features: Vec<Features>,
    /// Which of them have the question's own wording.
    pub wordings: Vec<Wording>,
    /// Their lexical scores, as a share of the best entry's.
    pub lexical: Vec<f32>,
    /// For each, which of its phrasings is nearest.
    pub nearest: Vec<usize>,
}

/// A question that is taken apart.
pub(super) struct Asked<'a> {
    pub(super) normalized: &'a Normalized,
    /// Entries with the same wording, and how far it is the same.
    pub(super) alike: Vec<(u32, Wording)>,
    pub(super) question: &'a Question,
    pub(super) vector: &'a Embedding,
    /// The vector without what all vectors have in common.
    pub(super) centered: &'a [f32],
    /// An entry and one of its phrasings that is treated as if it were not in the FAQ.
    pub(super) left_out: Option<(u32, usize)>,
}

impl Considered {
    /// Whether a candidate's nearest phrasings all differ from the question in a word that turns it round.
    #[must_use]
    pub fn opposes(&self, candidate: usize) -> bool {
        self.features[candidate].contrast < 0.0 && self.wordings[candidate] < Wording::SameCore
    }
}

impl Snapshot {
    /// Number of the FAQ's version, rising with every change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The day on which its entries are valid.
    #[must_use]
    pub fn day(&self) -> Date {
        self.day
    }

    /// The model that made the vectors.
    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        &self.model
    }

    /// Weights, calibration and thresholds.
    #[must_use]
    pub fn ranker(&self) -> &Arc<Ranker> {
        &self.ranker
    }

    /// How vectors are searched: `exact scan` or `HNSW`.
    #[must_use]
    pub fn search(&self) -> &'static str {
        if self.index.graph().is_some() { "HNSW" } else { "exact scan" }
    }

    /// How far the vectors have drifted from the graph that searches them, and how many vectors there are. See
    /// [`VectorIndex::drift`].
    #[must_use]
    pub fn drift(&self) -> (usize, usize) {
        (self.index.drift(), self.index.len())
    }

    /// The active entries.
    #[must_use]
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Arc<Entry>> {
        self.entries.iter().map(|prepared| &prepared.entry)
    }

    /// The entry at a position that [`Considered::candidates`] names.
    #[must_use]
    pub fn entry(&self, position: u32) -> Option<&Arc<Entry>> {
        self.entries.get(position as usize).map(|prepared| &prepared.entry)
    }

    /// The customer's own synonyms.
    #[must_use]
    pub fn synonyms(&self) -> &Arc<Synonyms> {
        &self.synonyms
    }

    /// A question in the form in which the model gets it: normalised, with the customer's synonyms replaced, and with
    /// pinyin in the characters of this FAQ.
    #[must_use]
    pub fn model_text(&self, question: &str) -> String {
        self.read(question).text().as_str().to_owned()
    }

    /// A question in the ways in which it can be compared.
    pub(super) fn read(&self, question: &str) -> Reading {
        let typed = self.synonyms.canonicalize(&normalize(question));
        let spelled = self.spelling.spell(&typed).map(|spelled| self.synonyms.canonicalize(&spelled));
        Reading { typed, spelled }
    }

    /// The verdict on a question of which the model made `embedded`.
    ///
    /// # Errors
    /// When the vector does not fit the index.
    pub fn verdict(&self, query: &Query, embedded: &Embedded) -> Result<Verdict, VectorError> {
        self.verdict_on(query, &self.read(&query.text), embedded)
    }

    /// As [`verdict`](Self::verdict), of a question that was read already.
    pub(super) fn verdict_on(
        &self,
        query: &Query,
        reading: &Reading,
        embedded: &Embedded,
    ) -> Result<Verdict, VectorError> {
        let considered = self.consider_read(reading, &QueryVectors::new(embedded, &self.ranker))?;
        Ok(self.conclude(query, &considered))
    }

    /// The verdict on a question whose candidates are known.
    #[must_use]
    pub fn conclude(&self, query: &Query, considered: &Considered) -> Verdict {
        let ranked = self.ranker.rank(&considered.features, &considered.wordings);
        let decision = self.decide(considered, &ranked);
        let entry_of =
            |ranked: &Ranked| &self.entries[considered.candidates[ranked.candidate] as usize].entry;
        let admitted = ranked.iter().filter(|ranked| query.admits(entry_of(ranked)));
        let matches = admitted.take(query.top_k).map(|ranked| Match {
            explanation: query.explain.then(|| self.explain_match(&query.text, considered, ranked)),
            ..self.found(considered, ranked)
        });
        Verdict {
            decision,
            matches: matches.collect(),
            best: ranked
                .iter()
                .take(MAX_BEST)
                .map(|ranked| (entry_of(ranked).clone(), ranked.confidence))
                .collect(),
            index_version: self.version,
            model: self.model.name.clone(),
            explanation: query.explain.then(|| self.explain(&query.text, decision, considered, &ranked)),
        }
    }

    /// What is done with candidates in this order.
    pub(super) fn decide(&self, considered: &Considered, ranked: &[Ranked]) -> Decision {
        let confidences: Vec<f32> = ranked.iter().map(|ranked| ranked.confidence).collect();
        let opposed = ranked.first().is_some_and(|best| considered.opposes(best.candidate));
        policy::decide(&confidences, self.ranker.thresholds, opposed)
    }

    fn found(&self, considered: &Considered, ranked: &Ranked) -> Match {
        let at = ranked.candidate;
        let entry = self.entries[considered.candidates[at] as usize].entry.clone();
        let features = considered.features[at];
        let matched_phrasing = entry.phrasings().nth(considered.nearest[at]).unwrap_or_default().to_owned();
        Match {
            matched_phrasing,
            confidence: ranked.confidence,
            scores: Scores {
                dense: features.dense,
                lexical: considered.lexical[at],
                exact: f32::from(u8::from(considered.wordings[at] == Wording::Same)),
                negative: -features.negative,
            },
            entry,
            explanation: None,
        }
    }

    /// Finds the candidates for a question and describes them. A question that says nothing has none.
    ///
    /// # Errors
    /// When the vector does not fit the index.
    pub fn consider(&self, text: &str, embedded: &Embedded) -> Result<Considered, VectorError> {
        self.consider_vectors(text, &QueryVectors::new(embedded, &self.ranker))
    }

    /// As [`consider`](Self::consider), for a caller who changes how the model sees the question.
    ///
    /// # Errors
    /// When the vector does not fit the index.
    pub fn consider_vectors(&self, text: &str, vectors: &QueryVectors) -> Result<Considered, VectorError> {
        self.consider_read(&self.read(text), vectors)
    }

    fn consider_read(&self, reading: &Reading, vectors: &QueryVectors) -> Result<Considered, VectorError> {
        let asked = Asked {
            alike: self.wordings.find(reading),
            normalized: reading.text(),
            question: &Question::new(reading.text().as_str(), vectors.tokens.clone()),
            vector: &vectors.vector,
            centered: &vectors.centered,
            left_out: None,
        };
        self.consider_asked(&asked)
    }

    /// As [`consider`](Self::consider), of a question that is taken apart already.
    pub(super) fn consider_asked(&self, asked: &Asked<'_>) -> Result<Considered, VectorError> {
        let Asked { alike, normalized, question, vector, centered, left_out } = asked;
        let mut considered = Considered {
            candidates: Vec::new(),
            features: Vec::new(),
            wordings: Vec::new(),
            lexical: Vec::new(),
            nearest: Vec::new(),
        };
        if normalized.is_blank() || self.entries.is_empty() {
            return Ok(considered);
        }
        let hits = self.index.search(vector, NEIGHBOURS)?;
        let words = self.lexical.search(normalized.as_str());
        considered.candidates = if self.entries.len() <= COMPARE_ALL {
            (0..self.entries.len() as u32).collect()
        } else {
            let near = hits.iter().map(|hit| self.phrasings[hit.position as usize].0);
            let worded = words.top(ENTRIES_PER_LEG, 0.0);
            let sounding = self.wordings.alike_in_sound(normalized, ENTRIES_BY_SOUND);
            let alike = alike.iter().map(|&(entry, _)| entry);
            union(
                alike.chain(sounding),
                first_distinct(near, ENTRIES_PER_LEG),
                worded.iter().map(|hit| hit.entry),
            )
        };
        // A negative question that was asked word for word is meant to keep its entry out.
        let core = core_key(normalized);
        let is_negative =
            |entry: u32| self.entries[entry as usize].negatives.iter().any(|negative| negative.key == core);
        let left_out_of = |entry: u32| left_out.filter(|&(of, _)| of == entry).map(|(_, phrasing)| phrasing);
        let has_phrasing = |entry: u32| {
            self.entries[entry as usize].questions.len() > usize::from(left_out_of(entry).is_some())
        };
        considered.candidates.retain(|&entry| !is_negative(entry) && has_phrasing(entry));
        let wording = |candidate: u32| {
            let same = alike.iter().filter(|&&(entry, _)| entry == candidate);
            let wording = same.map(|&(_, wording)| wording).max().unwrap_or_default();
            if left_out_of(candidate).is_some() { Wording::Other } else { wording }
        };
        considered.wordings = considered.candidates.iter().map(|&entry| wording(entry)).collect();

        let best_answer = words.best_answer_score().max(f32::MIN_POSITIVE);
        let best_phrasing = words.best_phrasing_score().max(f32::MIN_POSITIVE);
        let mut candidates = Vec::with_capacity(considered.candidates.len());
        for &entry in &considered.candidates {
            let prepared = &self.entries[entry as usize];
            let scores = words.entry(entry);
            let nearest = self.nearest_phrasings(entry, vector, left_out_of(entry));
            considered.lexical.push(scores.phrasing().bm25 / best_phrasing);
            considered.nearest.push(nearest.first().map_or(0, |&(nth, _)| nth));
            candidates.push(Candidate {
                phrasings: nearest.iter().map(|&(nth, _)| &prepared.questions[nth]).collect(),
                dense: nearest.first().map_or(0.0, |&(_, similarity)| similarity),
                negative: prepared
                    .negatives
                    .iter()
                    .map(|negative| dot(&negative.vector, vector.as_slice()))
                    .reduce(f32::max),
                answer: prepared.answer.as_ref().map(|answer| AnswerMatch {
                    dense: dot(&answer.centered, centered),
                    words: scores.answer.bm25 / best_answer,
                    tokens: &answer.tokens,
                }),
            });
        }
        considered.features = extract(question, &candidates);
        Ok(considered)
    }

    /// An entry's phrasings that are nearest to `query`, nearest first, with their similarities.
    fn nearest_phrasings(&self, entry: u32, query: &Embedding, left_out: Option<usize>) -> Vec<(usize, f32)> {
        let (vectors, entry) = (self.index.vectors(), entry as usize);
        let mut nearest: Vec<(usize, f32)> = (0..self.entries[entry].questions.len())
            .filter(|&nth| left_out != Some(nth))
            .map(|nth| (nth, dot(vectors.vector(self.first_vectors[entry] + nth as u32), query.as_slice())))
            .collect();
        nearest.sort_by(|a, b| b.1.total_cmp(&a.1));
        nearest.truncate(PHRASINGS_COMPARED);
        nearest
    }
}

/// The first `n` different ones.
fn first_distinct(entries: impl Iterator<Item = u32>, n: usize) -> Vec<u32> {
    let mut distinct = Vec::with_capacity(n);
    for entry in entries {
        if distinct.len() == n {
            break;
        }
        if !distinct.contains(&entry) {
            distinct.push(entry);
        }
    }
    distinct
}

/// All of them, each once, in ascending order.
fn union(
    alike: impl Iterator<Item = u32>,
    near: impl IntoIterator<Item = u32>,
    worded: impl Iterator<Item = u32>,
) -> Vec<u32> {
    let mut all: Vec<u32> = alike.chain(near).chain(worded).collect();
    all.sort_unstable();
    all.dedup();
    all
}
