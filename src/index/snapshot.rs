//! An index on disk: written in one step, checked before use, thrown away without harm.
//!
//! A snapshot saves the time of building a graph and of asking the store for every vector. It is a cache: whatever
//! is wrong with it is reported as a [`SnapshotError`], and the caller builds the index from the store again.
//!
//! ```text
//! index/
//!   writer.lock             held by whoever writes; readers share it
//!   writing.tmp/            a snapshot that is not complete
//!   snapshot-0000000007/    complete: the name appears by renaming the folder when all of it is on the disk
//!     manifest              what it is, and a SHA-256 of every file (and of itself)
//!     vectors.f32           rows of little-endian f32, in order of position
//!     graph.u32             links, when the index has a graph
//! ```
//!
//! Files of a snapshot never change, so that a reader needs nothing but the newest folder. Writers wait for each
//! other; a writer that dies leaves `writing.tmp`, which the next one removes.

mod error;
mod files;
mod manifest;

pub use error::SnapshotError;

use super::{ExactIndex, Graph, HnswIndex, IndexParams, VectorIndex, VectorSet};
use files::Folder;
use manifest::{GraphEntry, Manifest};
use std::path::Path;
use std::sync::Arc;

const MANIFEST: &str = "manifest";
const VECTORS: &str = "vectors.f32";
const GRAPH: &str = "graph.u32";

/// What an index was made from. A snapshot is only opened for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// [`ModelInfo::fingerprint`](crate::embed::ModelInfo::fingerprint) of the model that made the vectors.
    pub model_fingerprint: &'a str,
    /// Hash over the phrasings in their order, chosen by the caller; equal hashes must mean equal positions.
    pub content_hash: &'a str,
}

/// A snapshot that was read.
#[derive(Debug)]
pub struct Opened {
    /// Number of the snapshot: rises with every write to the folder.
    pub number: u64,
    /// Ready to search.
    pub index: Arc<dyn VectorIndex>,
}

/// The moments of a write between which a process may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Locked,
    FolderMade,
    VectorsWritten,
    GraphWritten,
    ManifestWritten,
    FolderSynced,
    Renamed,
    Cleaned,
}

/// Writes the index as the newest snapshot in `dir`, makes the folder when it is missing, removes older snapshots
/// and leftovers. Returns the snapshot's number. Waits while another process writes.
///
/// # Errors
/// When a file cannot be written; nothing that was readable before is lost then.
pub fn write(dir: &Path, index: &dyn VectorIndex, identity: &Identity<'_>) -> Result<u64, SnapshotError> {
    write_step_by_step(dir, index, identity, &mut |_| ())
}

fn write_step_by_step(
    dir: &Path,
    index: &dyn VectorIndex,
    identity: &Identity<'_>,
    after: &mut dyn FnMut(Step),
) -> Result<u64, SnapshotError> {
    let _lock = files::lock_for_writing(dir)?;
    after(Step::Locked);
    let number = files::newest(dir)?.map_or(1, |(number, _)| number + 1);
    let folder = Folder::start(dir)?;
    after(Step::FolderMade);
    let written = fill(&folder, index, identity, after).and_then(|()| folder.publish(dir, number));
    if let Err(error) = written {
        folder.discard();
        return Err(error);
    }
    after(Step::Renamed);
    files::remove_older(dir, number);
    after(Step::Cleaned);
    Ok(number)
}

fn fill(
    folder: &Folder,
    index: &dyn VectorIndex,
    identity: &Identity<'_>,
    after: &mut dyn FnMut(Step),
) -> Result<(), SnapshotError> {
    let vectors = index.vectors();
    let numbers =
        vectors.values().chunks(1024).map(|part| part.iter().flat_map(|x| x.to_le_bytes()).collect());
    let vectors_file = folder.write(VECTORS, numbers)?;
    after(Step::VectorsWritten);
    let graph = match index.graph() {
        Some(graph) => {
            let file = folder.write(GRAPH, std::iter::once(graph.to_bytes()))?;
            Some(GraphEntry { built_with: *graph.built_with(), file })
        }
        None => None,
    };
    after(Step::GraphWritten);
    let manifest = Manifest {
        model_fingerprint: identity.model_fingerprint.to_owned(),
        content_hash: identity.content_hash.to_owned(),
        dimension: vectors.dimension(),
        count: vectors.len(),
        vectors: vectors_file,
        graph,
    };
    folder.write(MANIFEST, std::iter::once(manifest.to_bytes()))?;
    after(Step::ManifestWritten);
    folder.sync()?;
    after(Step::FolderSynced);
    Ok(())
}

/// Opens the newest snapshot in `dir` when it was made from the same by the same parameters.
///
/// The width of a search (`ef_search`) is taken from `params`. A graph is left aside when `params` want an exact scan
/// of so many vectors.
///
/// # Errors
/// [`SnapshotError`] tells what is wrong; [`SnapshotError::calls_for_rebuild`] whether to build the index anew.
pub fn open(dir: &Path, identity: &Identity<'_>, params: &IndexParams) -> Result<Opened, SnapshotError> {
    params.hnsw.validate()?;
    let _lock = files::lock_for_reading(dir)?;
    let (number, path) = files::newest(dir)?.ok_or_else(|| SnapshotError::Missing { dir: dir.to_owned() })?;
    let folder = Folder::existing(path);
    let manifest = Manifest::read(&folder)?;
    manifest.check(&folder, identity, params)?;

    let values = folder.read_numbers(VECTORS, &manifest.vectors)?;
    let vectors = VectorSet::from_values(manifest.dimension, values)
        .map_err(|error| folder.damaged(VECTORS, error.to_string()))?;
    if vectors.len() != manifest.count {
        return Err(
            folder.damaged(VECTORS, format!("expected {} vectors, got {}", manifest.count, vectors.len()))
        );
    }
    let vectors = Arc::new(vectors);
    let index: Arc<dyn VectorIndex> = match manifest.graph {
        Some(entry) if params.wants_graph(vectors.len()) => {
            let bytes = folder.read(GRAPH, &entry.file)?;
            let graph = Graph::from_bytes(&bytes, vectors.len(), entry.built_with)
                .map_err(|error| folder.damaged(GRAPH, error.to_string()))?;
            let index = HnswIndex::from_graph(vectors, graph, params.hnsw.ef_search)
                .ok_or_else(|| folder.damaged(GRAPH, "it links another number of vectors".to_owned()))?;
            Arc::new(index)
        }
        Some(_) | None => Arc::new(ExactIndex::new(vectors)),
    };
    Ok(Opened { number, index })
}

#[cfg(test)]
mod tests;
