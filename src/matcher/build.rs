//! From the store to a [`Snapshot`]: embed what was never embedded, build or reopen the index.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use serde::Serialize;

use super::Snapshot;
use crate::{
    embed::{self, Embedder, Role},
    faq::Entry,
    index::{
        self, IndexError, IndexParams, VectorIndex, VectorSet,
        snapshot::{Identity, SnapshotError},
    },
    store::{self, Store, TextHash},
    vector::{Embedding, VectorError},
};

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
}

/// Embeds and indexes the active entries of `store`. `folder` is where the index is kept between runs, if anywhere.
///
/// Everything that was embedded is committed to the store in chunks, so that an interrupted run is completed by the
/// next one. A snapshot on disk that is damaged, old or of another model is reported in the log and rebuilt.
///
/// # Errors
/// When the store or the model fails. An index that cannot be written to disk is only logged: it is a cache.
pub fn build(
    store: &mut Store,
    embedder: &dyn Embedder,
    params: &IndexParams,
    folder: Option<&Path>,
    progress: &dyn Progress,
) -> Result<(Snapshot, BuildReport), BuildError> {
    let today = jiff::ZonedDateTime::now().date();
    let entries = store.entries()?.into_iter().filter(|entry| entry.is_active_on(today)).collect();
    Builder { store, embedder, params, folder, progress }.run(entries)
}

/// As [`build`], of `entries` instead of the stored ones; `store` only gives and keeps vectors.
///
/// # Errors
/// As [`build`].
pub fn build_entries(
    entries: Vec<Entry>,
    store: &mut Store,
    embedder: &dyn Embedder,
    params: &IndexParams,
) -> Result<Snapshot, BuildError> {
    Ok(Builder { store, embedder, params, folder: None, progress: &() }.run(entries)?.0)
}

struct Builder<'a> {
    store: &'a mut Store,
    embedder: &'a dyn Embedder,
    params: &'a IndexParams,
    folder: Option<&'a Path>,
    progress: &'a dyn Progress,
}

impl Builder<'_> {
    fn run(mut self, entries: Vec<Entry>) -> Result<(Snapshot, BuildReport), BuildError> {
        let version = self.store.version()?;
        let phrasings: Vec<String> =
            entries.iter().flat_map(Entry::phrasings).map(Snapshot::model_text).collect();
        let hashes: Vec<TextHash> = phrasings.iter().map(|text| TextHash::of(text)).collect();
        let content_hash = TextHash::of_all(&hashes).to_string();
        let identity =
            Identity { model_fingerprint: &self.embedder.model().fingerprint, content_hash: &content_hash };
        let (index, embedded, reopened) = match self.reopen(&identity) {
            Some(index) => (index, 0, true),
            None => {
                let (vectors, embedded) = self.vectors(&phrasings, &hashes)?;
                (self.index(vectors, &identity)?, embedded, false)
            }
        };
        let report = BuildReport {
            texts: phrasings.len(),
            embedded,
            model: self.embedder.model().name.clone(),
            search: if index.graph().is_some() { "HNSW" } else { "exact scan" },
            reopened,
        };
        let entries = entries.into_iter().map(Arc::new).collect();
        Ok((Snapshot::new(version, entries, index, self.embedder.model().clone()), report))
    }

    /// The index that was kept, when it is of this very content and model.
    fn reopen(&self, identity: &Identity<'_>) -> Option<Arc<dyn VectorIndex>> {
        match index::snapshot::open(self.folder?, identity, self.params) {
            Ok(opened) => Some(opened.index),
            Err(SnapshotError::Missing { .. }) => None,
            Err(error) => {
                tracing::info!(reason = %error, "building the index anew");
                None
            }
        }
    }

    /// One vector a text: from the store, or embedded now and kept there. Also returns how many were embedded.
    fn vectors(&mut self, texts: &[String], hashes: &[TextHash]) -> Result<(VectorSet, usize), BuildError> {
        let model = self.embedder.model();
        let stored = self.store.vectors(&model.fingerprint, hashes, model.dimension)?;
        let mut vectors: HashMap<TextHash, Embedding> = HashMap::with_capacity(texts.len());
        for (hash, values) in hashes.iter().zip(stored) {
            if let Some(vector) = values.and_then(|values| Embedding::new(values, model.dimension).ok()) {
                vectors.insert(*hash, vector);
            }
        }
        let missing: BTreeMap<TextHash, &str> = hashes
            .iter()
            .zip(texts)
            .filter(|(hash, _)| !vectors.contains_key(hash))
            .map(|(hash, text)| (*hash, text.as_str()))
            .collect();
        let missing: Vec<(TextHash, &str)> = missing.into_iter().collect();
        for (round, chunk) in missing.chunks(CHUNK).enumerate() {
            self.progress.at(Stage::Embedding, round * CHUNK, missing.len());
            let texts: Vec<&str> = chunk.iter().map(|(_, text)| *text).collect();
            let made = self.embedder.embed(&texts, Role::Document)?;
            let rows = chunk.iter().zip(&made).map(|((hash, _), vector)| (*hash, vector.as_slice()));
            self.store.put_vectors(&model.fingerprint, rows)?;
            vectors.extend(chunk.iter().map(|(hash, _)| *hash).zip(made));
        }
        if !missing.is_empty() {
            self.progress.at(Stage::Embedding, missing.len(), missing.len());
        }
        let set = VectorSet::from_embeddings(model.dimension, hashes.iter().map(|hash| &vectors[hash]))?;
        Ok((set, missing.len()))
    }

    /// Builds the index, and keeps it when there is a folder.
    fn index(&self, vectors: VectorSet, identity: &Identity<'_>) -> Result<Arc<dyn VectorIndex>, BuildError> {
        let index = index::build(Arc::new(vectors), self.params, &|done, total| {
            self.progress.at(Stage::Indexing, done, total)
        })?;
        if let Some(folder) = self.folder
            && let Err(error) = index::snapshot::write(folder, index.as_ref(), identity)
        {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the index is not kept; it will be built at every start");
        }
        Ok(index)
    }
}
