//! From the store to a [`Snapshot`]: embed what was never embedded, build or reopen the index.

use std::{collections::HashMap, path::Path, sync::Arc};

use serde::Serialize;
use sha2::{Digest, Sha256};

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
pub trait Progress {
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
    let version = store.version()?;
    let today = jiff::Zoned::now().date();
    let entries: Vec<Arc<Entry>> =
        store.entries()?.into_iter().filter(|entry| entry.is_active_on(today)).map(Arc::new).collect();
    let mut texts = Texts::default();
    let phrasings: Vec<usize> =
        entries.iter().flat_map(|entry| entry.phrasings()).map(|text| texts.add(text)).collect();

    let embedded = texts.embed(store, embedder, progress)?;
    let dimension = embedder.model().dimension;
    let vectors = VectorSet::from_embeddings(dimension, phrasings.iter().map(|&text| texts.vector(text)))?;
    let (index, reopened) = open_or_build(vectors, embedder, params, folder, progress)?;
    let report = BuildReport {
        texts: texts.all.len(),
        embedded,
        model: embedder.model().name.clone(),
        search: if index.graph().is_some() { "HNSW" } else { "exact scan" },
        reopened,
    };
    Ok((Snapshot::new(version, entries, index, embedder.model().clone()), report))
}

/// The texts of a FAQ, each once, and their vectors.
#[derive(Default)]
struct Texts {
    /// As they are given to the model.
    all: Vec<String>,
    position: HashMap<String, usize>,
    vectors: Vec<Embedding>,
}

impl Texts {
    fn add(&mut self, text: &str) -> usize {
        let text = Snapshot::model_text(text);
        *self.position.entry(text).or_insert_with_key(|text| {
            self.all.push(text.clone());
            self.all.len() - 1
        })
    }

    fn vector(&self, text: usize) -> &Embedding {
        &self.vectors[text]
    }

    /// Takes vectors from the store, embeds the rest, and keeps those in the store. Returns how many were embedded.
    fn embed(
        &mut self,
        store: &mut Store,
        embedder: &dyn Embedder,
        progress: &dyn Progress,
    ) -> Result<usize, BuildError> {
        let model = embedder.model();
        let hashes: Vec<TextHash> = self.all.iter().map(|text| TextHash::of(text)).collect();
        let stored = store.vectors(&model.fingerprint, &hashes, model.dimension)?;
        let mut vectors: Vec<Option<Embedding>> = stored
            .into_iter()
            .map(|vector| vector.and_then(|values| Embedding::new(values, model.dimension).ok()))
            .collect();
        let missing: Vec<usize> = (0..self.all.len()).filter(|&text| vectors[text].is_none()).collect();
        if !missing.is_empty() {
            progress.at(Stage::Embedding, 0, missing.len());
        }
        let mut done = 0;
        for chunk in missing.chunks(CHUNK) {
            let texts: Vec<&str> = chunk.iter().map(|&text| self.all[text].as_str()).collect();
            let made = embedder.embed(&texts, Role::Document)?;
            let rows = chunk.iter().zip(&made).map(|(&text, vector)| (hashes[text], vector.as_slice()));
            store.put_vectors(&model.fingerprint, rows)?;
            for (&text, vector) in chunk.iter().zip(made) {
                vectors[text] = Some(vector);
            }
            done += chunk.len();
            progress.at(Stage::Embedding, done, missing.len());
        }
        self.vectors = vectors.into_iter().flatten().collect();
        Ok(missing.len())
    }
}

/// Opens the index in `folder` when it holds exactly `vectors`' texts; builds it, and keeps it there, otherwise.
fn open_or_build(
    vectors: VectorSet,
    embedder: &dyn Embedder,
    params: &IndexParams,
    folder: Option<&Path>,
    progress: &dyn Progress,
) -> Result<(Arc<dyn VectorIndex>, bool), BuildError> {
    let content_hash = content_hash(&vectors);
    let identity =
        Identity { model_fingerprint: &embedder.model().fingerprint, content_hash: &content_hash };
    if let Some(folder) = folder {
        match index::snapshot::open(folder, &identity, params) {
            Ok(opened) => return Ok((opened.index, true)),
            Err(SnapshotError::Missing { .. }) => {}
            Err(error) => tracing::info!(reason = %error, "building the index anew"),
        }
    }
    let total = vectors.len();
    let index = index::build(Arc::new(vectors), params, &|done, _| progress.at(Stage::Indexing, done, total))?;
    if let Some(folder) = folder
        && let Err(error) = index::snapshot::write(folder, index.as_ref(), &identity)
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "the index is not kept; it is built at every start");
    }
    Ok((index, false))
}

/// Equal hashes mean the same vectors at the same positions.
fn content_hash(vectors: &VectorSet) -> String {
    let mut hasher = Sha256::new();
    for value in vectors.values() {
        hasher.update(value.to_le_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
