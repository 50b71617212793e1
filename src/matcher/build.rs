//! From the store to a [`Snapshot`]: embed what was never embedded, build or reopen the index.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use serde::Serialize;

use super::{
    Snapshot,
    snapshot::{Prepared, PreparedAnswer, PreparedNegative},
    wordings::Wordings,
};
use crate::{
    embed::{self, Embedded, Embedder, Role},
    faq::Entry,
    index::{
        self, IndexError, IndexParams, VectorIndex, VectorSet,
        lexical::{LexicalDocument, LexicalError, LexicalIndex, Parameters},
        snapshot::{Identity, SnapshotError},
    },
    rank::{Question, Ranker, TokenMatrix},
    store::{self, Store, StoredVector, TextHash},
    text::{
        filler::core_key,
        normalize::{Normalized, normalize},
        spelling::Spelling,
        synonyms::Synonyms,
        words::Tokenizer,
    },
    vector::{Embedding, VectorError},
};

/// Folder inside a data directory that keeps the index between runs.
pub const INDEX_FOLDER: &str = "index";

/// Texts embedded between two commits: little is lost when the process is killed, and the model sees full batches.
const CHUNK: usize = 128;

/// What takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Texts go through the model.
    Embedding,
    /// The graph is built.
    Indexing,
}

/// Is told how far a build is.
pub trait Progress: Sync {
    /// `done` of `total` steps of `stage` are finished. The last call of a stage has `done == total`.
    fn at(&self, stage: Stage, done: usize, total: usize);
}

/// For callers that show nothing.
impl Progress for () {
    fn at(&self, _: Stage, _: usize, _: usize) {}
}

/// What a build did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BuildReport {
    /// Different texts that the FAQ needs vectors for.
    pub texts: usize,
    /// Those of them that had to be embedded; the rest came from the store.
    pub embedded: usize,
    /// Name of the model.
    pub model: String,
    /// How vectors are searched: `exact scan` or `HNSW`.
    pub search: &'static str,
    /// Whether the index on disk was still right and only had to be opened.
    pub reopened: bool,
}

/// Why no snapshot could be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The model failed.
    #[error("a FAQ text could not be embedded")]
    Embed(#[from] embed::Error),
    /// The model changed the length of its vectors.
    #[error("the model made a vector that does not fit")]
    Vector(#[from] VectorError),
    /// The index parameters cannot work.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The words cannot be indexed.
    #[error(transparent)]
    Lexical(#[from] LexicalError),
}

/// How a FAQ becomes a [`Snapshot`].
pub struct Builder<'a> {
    /// The model.
    pub embedder: &'a dyn Embedder,
    /// Weights, calibration and thresholds.
    pub ranker: Arc<Ranker>,
    /// The customer's own synonyms.
    pub synonyms: Arc<Synonyms>,
    /// When to scan and when to use HNSW.
    pub params: &'a IndexParams,
    /// Where the index is kept between runs, if anywhere.
    pub folder: Option<&'a Path>,
    /// Who is told how far it is.
    pub progress: &'a dyn Progress,
}

impl Builder<'_> {
    /// Embeds and indexes the active entries of `store`.
    ///
    /// Everything that was embedded is committed to the store in chunks, so that an interrupted run is completed by
    /// the next one. An index on disk that is damaged, old or of another model is reported in the log and rebuilt.
    ///
    /// # Errors
    /// When the store or the model fails. An index that cannot be written to disk is only logged: it is a cache.
    pub fn build(&self, store: &mut Store) -> Result<(Snapshot, BuildReport), BuildError> {
        let today = jiff::ZonedDateTime::now().date();
        let entries = store.entries()?.into_iter().filter(|entry| entry.is_active_on(today)).collect();
        self.build_entries(entries, store)
    }

    /// As [`build`](Self::build), of `entries` instead of the stored ones; `store` only gives and keeps vectors.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_entries(
        &self,
        entries: Vec<Entry>,
        store: &mut Store,
    ) -> Result<(Snapshot, BuildReport), BuildError> {
        let model = self.embedder.model();
        let version = store.version()?;
        let texts: Vec<EntryTexts> =
            entries.iter().map(|entry| EntryTexts::of(entry, &self.synonyms)).collect();
        let (vectors, embedded) =
            self.embed(texts.iter().flat_map(EntryTexts::all).map(Normalized::as_str), store)?;

        let phrasings: Vec<(u32, u32)> = (0u32..)
            .zip(&texts)
            .flat_map(|(entry, texts)| (0..texts.questions.len() as u32).map(move |nth| (entry, nth)))
            .collect();
        let hashes: Vec<TextHash> = texts.iter().flat_map(|texts| &texts.questions).map(hash_of).collect();
        let set = VectorSet::from_embeddings(model.dimension, hashes.iter().map(|hash| &vectors[hash].0))?;
        let (index, reopened) = self.index(set, &hashes)?;
        let lexical = lexical_index(&texts)?;
        let mut wordings = Wordings::default();
        for (entry, texts) in (0u32..).zip(&texts) {
            texts.questions.iter().for_each(|text| wordings.add(entry, text));
        }
        // Before synonyms are replaced: whoever types `qiwei` means 企微, whatever the FAQ's own word for it is.
        let written: Vec<Normalized> = entries.iter().flat_map(Entry::phrasings).map(normalize).collect();
        let answers = texts.iter().filter_map(|texts| texts.answer.as_ref());
        let spelling = Spelling::learn(written.iter().chain(answers).map(Normalized::as_str));
        let report = BuildReport {
            texts: vectors.len(),
            embedded,
            model: model.name.clone(),
            search: if index.graph().is_some() { "HNSW" } else { "exact scan" },
            reopened,
        };
        let mut first_vector = 0;
        let entries = entries.into_iter().zip(texts).map(|(entry, texts)| {
            let prepared = self.prepare(entry, &texts, first_vector, &vectors);
            first_vector += texts.questions.len() as u32;
            prepared
        });
        let entries = entries.collect();
        let (ranker, synonyms, model) = (self.ranker.clone(), self.synonyms.clone(), model.clone());
        let snapshot = Snapshot {
            version,
            model,
            ranker,
            synonyms,
            spelling,
            entries,
            phrasings,
            index,
            lexical,
            wordings,
        };
        Ok((snapshot, report))
    }

    fn prepare(&self, entry: Entry, texts: &EntryTexts, first_vector: u32, vectors: &Vectors) -> Prepared {
        let of = |text: &Normalized| &vectors[&hash_of(text)];
        Prepared {
            entry: Arc::new(entry),
            questions: texts
                .questions
                .iter()
                .map(|text| Question::new(text.as_str(), of(text).1.clone()))
                .collect(),
            first_vector,
            answer: texts.answer.as_ref().map(|text| PreparedAnswer {
                centered: self.ranker.centered(of(text).0.as_slice()),
                tokens: of(text).1.clone(),
            }),
            negatives: texts
                .negatives
                .iter()
                .map(|text| PreparedNegative { key: core_key(text), vector: of(text).0.clone() })
                .collect(),
        }
    }

    /// Vectors of all `texts`: from the store, or made now and kept there. Also returns how many were made.
    fn embed<'t>(
        &self,
        texts: impl Iterator<Item = &'t str>,
        store: &mut Store,
    ) -> Result<(Vectors, usize), BuildError> {
        let dimension = self.embedder.model().dimension;
        let center = self.ranker.token_center(dimension);
        let space = self.vector_space();
        let texts: BTreeMap<TextHash, &str> = texts.map(|text| (TextHash::of(text), text)).collect();
        let hashes: Vec<TextHash> = texts.keys().copied().collect();
        let mut vectors = Vectors::with_capacity(hashes.len());
        for (hash, stored) in hashes.iter().zip(store.vectors(&space, &hashes, dimension)?) {
            let usable = stored.and_then(|StoredVector { vector, tokens }| {
                let tokens = TokenMatrix::from_bytes(&tokens, dimension)?;
                Some((Embedding::new(vector, dimension).ok()?, tokens))
            });
            if let Some(usable) = usable {
                vectors.insert(*hash, usable);
            }
        }
        let missing: Vec<TextHash> = hashes.into_iter().filter(|hash| !vectors.contains_key(hash)).collect();
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
                    (*hash, StoredVector { vector, tokens: tokens.to_bytes() })
                }),
            )?;
            vectors.extend(made);
        }
        if !missing.is_empty() {
            self.progress.at(Stage::Embedding, missing.len(), missing.len());
        }
        Ok((vectors, missing.len()))
    }

    /// Names all that a stored vector depends on besides its text.
    fn vector_space(&self) -> String {
        let center: Vec<String> = self.ranker.token_mean.iter().map(f32::to_string).collect();
        format!("{} {}", self.embedder.model().fingerprint, TextHash::of(&center.join(" ")))
    }

    /// Opens the index that was kept when it is of this very content; builds it, and keeps it, otherwise.
    fn index(
        &self,
        vectors: VectorSet,
        hashes: &[TextHash],
    ) -> Result<(Arc<dyn VectorIndex>, bool), BuildError> {
        let content_hash = TextHash::of_all(hashes).to_string();
        let identity =
            Identity { model_fingerprint: &self.embedder.model().fingerprint, content_hash: &content_hash };
        if let Some(folder) = self.folder {
            match index::snapshot::open(folder, &identity, self.params) {
                Ok(opened) => return Ok((opened.index, true)),
                Err(SnapshotError::Missing { .. }) => {}
                Err(error) => tracing::info!(reason = %error, "building the index anew"),
            }
        }
        let progress = |done, total| self.progress.at(Stage::Indexing, done, total);
        let index = index::build(Arc::new(vectors), self.params, &progress)?;
        if let Some(folder) = self.folder
            && let Err(error) = index::snapshot::write(folder, index.as_ref(), &identity)
        {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the index is not kept; it will be built at every start");
        }
        Ok((index, false))
    }
}

/// What the model made of each text.
type Vectors = HashMap<TextHash, (Embedding, TokenMatrix)>;

fn hash_of(text: &Normalized) -> TextHash {
    TextHash::of(text.as_str())
}

/// The texts of an entry as the model and the word index get them.
struct EntryTexts {
    questions: Vec<Normalized>,
    answer: Option<Normalized>,
    negatives: Vec<Normalized>,
}

impl EntryTexts {
    fn of(entry: &Entry, synonyms: &Synonyms) -> Self {
        let read = |text: &str| synonyms.canonicalize(&normalize(text));
        let answer = read(&entry.answer.plain_text());
        Self {
            questions: entry.phrasings().map(read).collect(),
            answer: (!answer.as_str().is_empty()).then_some(answer),
            negatives: entry.negative.iter().map(|text| read(text)).collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Normalized> {
        self.questions.iter().chain(&self.answer).chain(&self.negatives)
    }
}

fn lexical_index(texts: &[EntryTexts]) -> Result<LexicalIndex, LexicalError> {
    let documents: Vec<LexicalDocument<'_>> = texts
        .iter()
        .map(|texts| LexicalDocument {
            question: texts.questions.first().map_or("", Normalized::as_str),
            similar: texts.questions.iter().skip(1).map(Normalized::as_str).collect(),
            answer: texts.answer.as_ref().map_or("", Normalized::as_str),
        })
        .collect();
    LexicalIndex::build(&documents, &Tokenizer::grams(), Parameters::default())
}
