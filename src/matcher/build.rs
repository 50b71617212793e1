//! From the store to a [`Snapshot`]: embed what was never embedded, build or reopen the index. What a snapshot before
//! has of the same entries is taken over.

mod embedding;
mod gather;
mod parts;
mod spill;

use std::{io, path::Path, sync::Arc};

use jiff::civil::Date;
use serde::Serialize;

use self::{gather::Gather, parts::Parts, spill::Spill};
use super::{Snapshot, wordings::Wordings};
use crate::{
    embed::{self, Embedder},
    faq::Entry,
    index::{
        self, IndexError, IndexParams, VectorIndex, VectorSet,
        lexical::{LexicalDocument, LexicalError, LexicalIndex, Parameters},
        snapshot::{Identity, SnapshotError},
    },
    rank::Ranker,
    store::{self, Edition, Store, TextHash},
    text::{spelling::Spelling, synonyms::Synonyms},
    vector::VectorError,
};

/// Folder inside a data directory that keeps the index between runs.
pub const INDEX_FOLDER: &str = "index";

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
    /// Different texts that vectors were needed for, beside those of a snapshot before.
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
    /// The token vectors cannot be put aside.
    #[error("cannot write or read the working file of token vectors")]
    Spill(#[from] io::Error),
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
        let (edition, day) = (store.edition()?, jiff::ZonedDateTime::now().date());
        self.assemble(active(edition, day), day, None, store)
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
        let edition = Edition { version: store.version()?, entries };
        self.assemble(edition, jiff::ZonedDateTime::now().date(), None, store)
    }

    /// As [`build`](Self::build), of those entries of `edition` that are active on `day`. Only what `old` lacks is
    /// prepared and embedded; its index is followed instead of built anew, and is not kept on disk.
    ///
    /// The snapshot answers as one that is built from nothing, up to what a graph may miss.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn update(
        &self,
        old: &Snapshot,
        edition: Edition,
        day: Date,
        store: &mut Store,
    ) -> Result<(Snapshot, BuildReport), BuildError> {
        // Everything else that a prepared entry depends on.
        let same = old.model.fingerprint == self.embedder.model().fingerprint
            && Arc::ptr_eq(&old.ranker, &self.ranker)
            && Arc::ptr_eq(&old.synonyms, &self.synonyms);
        self.assemble(active(edition, day), day, same.then_some(old), store)
    }

    /// `snapshot` with an index that is built anew over the same vectors, and kept on disk. Takes long when that is a
    /// graph.
    ///
    /// # Errors
    /// When the index parameters cannot work.
    pub fn reindex(&self, snapshot: &Snapshot) -> Result<Snapshot, BuildError> {
        let phrasings = snapshot.entries.iter().flat_map(|prepared| &prepared.texts.phrasings);
        let hashes: Vec<TextHash> = phrasings.map(|phrasing| phrasing.hash).collect();
        let (index, _) = self.index(snapshot.index.vectors().clone(), &hashes)?;
        Ok(Snapshot { index, ..snapshot.clone() })
    }

    fn assemble(
        &self,
        Edition { version, entries }: Edition,
        day: Date,
        old: Option<&Snapshot>,
        store: &mut Store,
    ) -> Result<(Snapshot, BuildReport), BuildError> {
        let model = self.embedder.model().clone();
        let parts = Parts::new(entries, old, &self.synonyms);
        let (hashes, known) = (parts.hashes(), parts.known_vectors(old));
        let spill = Spill::new(self.folder, model.dimension);
        let mut gather = Gather::new(&parts, (old, &known), &hashes, &self.ranker, spill);
        let (texts, embedded) = self.embed(parts.new_texts(), store, &mut gather)?;
        let (set, vectors) = gather.finish()?;
        let set = Arc::new(set);
        let documents: Vec<LexicalDocument<'_>> = parts.texts().map(|texts| texts.document()).collect();
        let lexical = match old {
            Some(old) => old.lexical.updated(&documents, parts.known())?,
            None => LexicalIndex::build(&documents, Parameters::default())?,
        };
        let spelling = match old {
            Some(old) => old.spelling.relearn(parts.gone(old), parts.new_spelled()),
            None => Spelling::learn(parts.new_spelled()),
        };
        let entries = parts.prepare(&vectors);
        let (index, reopened) = match old {
            Some(old) => (old.index.follow(set, &known), false),
            None => self.index(set, &hashes)?,
        };
        let report = BuildReport {
            texts,
            embedded,
            model: model.name.clone(),
            search: if index.graph().is_some() { "HNSW" } else { "exact scan" },
            reopened,
        };
        let (mut wordings, mut phrasings, mut first_vectors) = (Wordings::default(), vec![], vec![]);
        for (entry, prepared) in (0u32..).zip(&entries) {
            first_vectors.push(phrasings.len() as u32);
            for (nth, phrasing) in (0u32..).zip(&prepared.texts.phrasings) {
                phrasings.push((entry, nth));
                wordings.add(entry, &phrasing.worded);
            }
        }
        let snapshot = Snapshot {
            version,
            day,
            model,
            ranker: self.ranker.clone(),
            synonyms: self.synonyms.clone(),
            spelling: Arc::new(spelling),
            entries,
            phrasings,
            first_vectors,
            index,
            lexical: Arc::new(lexical),
            wordings: Arc::new(wordings),
        };
        Ok((snapshot, report))
    }

    /// Opens the index that was kept when it is of this very content; builds it, and keeps it, otherwise.
    fn index(
        &self,
        vectors: Arc<VectorSet>,
        hashes: &[TextHash],
    ) -> Result<(Arc<dyn VectorIndex>, bool), BuildError> {
        let content_hash = TextHash::of_all(hashes).to_string();
        let identity =
            Identity { model_fingerprint: &self.embedder.model().fingerprint, content_hash: &content_hash };
        if let Some(folder) = self.folder {
            match index::snapshot::open(folder, &identity, self.params) {
                Ok(opened) => return Ok((opened.index, true)),
                Err(SnapshotError::Missing { .. }) => {}
                // So it is after every edit: nothing that anybody has to look after.
                Err(error @ SnapshotError::OtherContent { .. }) => {
                    tracing::debug!(reason = %error, "building the index anew");
                }
                Err(error) => tracing::info!(reason = %error, "building the index anew"),
            }
        }
        let progress = |done, total| self.progress.at(Stage::Indexing, done, total);
        let index = index::build(vectors, self.params, &progress)?;
        if let Some(folder) = self.folder
            && let Err(error) = index::snapshot::write(folder, index.as_ref(), &identity)
        {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the index is not kept; it will be built at every start");
        }
        Ok((index, false))
    }
}

/// The edition with those entries alone that are active on `day`.
fn active(mut edition: Edition, day: Date) -> Edition {
    edition.entries.retain(|entry| entry.is_active_on(day));
    edition
}
