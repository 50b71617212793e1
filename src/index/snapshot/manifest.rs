//! The manifest of a snapshot: one line with format and checksum, then JSON.

use super::files::{Folder, sha256};
use super::{Identity, MANIFEST, SnapshotError};
use crate::index::{HnswParams, IndexParams};
use serde::{Deserialize, Serialize};

/// Raised with every change of the files.
pub(super) const FORMAT: u32 = 1;
const MAGIC: &str = "dayi-index-snapshot";
/// A manifest has some 700 bytes; more is not one.
const MAX_BYTES: u64 = 64 * 1024;

/// What a snapshot holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) model_fingerprint: String,
    pub(super) content_hash: String,
    pub(super) dimension: usize,
    pub(super) count: usize,
    pub(super) vectors: FileSum,
    pub(super) graph: Option<GraphEntry>,
}

/// A graph and how it was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GraphEntry {
    pub(super) built_with: HnswParams,
    pub(super) file: FileSum,
}

/// What a file must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSum {
    pub(super) bytes: u64,
    /// Lower-case hex.
    pub(super) sha256: String,
}

impl Manifest {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Serialising plain strings and numbers to memory has no way to fail.
        let body = serde_json::to_vec_pretty(self).unwrap_or_default();
        let mut bytes = format!("{MAGIC} {FORMAT} {}\n", sha256(&body)).into_bytes();
        bytes.extend(body);
        bytes
    }

    pub(super) fn read(folder: &Folder) -> Result<Self, SnapshotError> {
        let bytes = folder.read_small(MANIFEST, MAX_BYTES)?;
        let damaged = |reason: &str| folder.damaged(MANIFEST, reason.to_owned());
        let line_end =
            bytes.iter().position(|b| *b == b'\n').ok_or_else(|| damaged("it has no first line"))?;
        let (line, body) = (&bytes[..line_end], &bytes[line_end + 1..]);
        let line = std::str::from_utf8(line).map_err(|_| damaged("its first line is not text"))?;
        let [magic, format, sum] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(damaged("its first line is not `magic format checksum`"));
        };
        if magic != MAGIC {
            return Err(damaged("it does not start as a manifest does"));
        }
        let found: u32 = format.parse().map_err(|_| damaged("its format is not a number"))?;
        let (path, supported) = (folder.path(MANIFEST), FORMAT);
        match found.cmp(&FORMAT) {
            std::cmp::Ordering::Less => return Err(SnapshotError::OldFormat { path, found, supported }),
            std::cmp::Ordering::Greater => return Err(SnapshotError::NewerFormat { path, found, supported }),
            std::cmp::Ordering::Equal => {}
        }
        // The number itself is compared as text: `+1` and `01` are damage.
        if format != FORMAT.to_string() || sum != sha256(body) {
            return Err(damaged("its checksum does not fit"));
        }
        serde_json::from_slice(body).map_err(|error| folder.damaged(MANIFEST, error.to_string()))
    }

    /// Whether the snapshot was made from the same by the same parameters, and its numbers agree.
    pub(super) fn check(
        &self,
        folder: &Folder,
        identity: &Identity<'_>,
        params: &IndexParams,
    ) -> Result<(), SnapshotError> {
        if self.model_fingerprint != identity.model_fingerprint {
            return Err(SnapshotError::OtherModel {
                expected: identity.model_fingerprint.to_owned(),
                found: self.model_fingerprint.clone(),
            });
        }
        if self.content_hash != identity.content_hash {
            return Err(SnapshotError::OtherContent {
                expected: identity.content_hash.to_owned(),
                found: self.content_hash.clone(),
            });
        }
        let built_with = self.graph.as_ref().map(|graph| &graph.built_with);
        if params.wants_graph(self.count) && !built_with.is_some_and(|built| built.builds_like(&params.hnsw))
        {
            return Err(SnapshotError::OtherParameters {
                expected: describe(Some(&params.hnsw)),
                found: describe(built_with),
            });
        }
        let bytes = self.count.checked_mul(self.dimension).and_then(|n| n.checked_mul(size_of::<f32>()));
        if bytes.map(|n| n as u64) != Some(self.vectors.bytes) {
            return Err(folder.damaged(MANIFEST, "its sizes do not agree".to_owned()));
        }
        Ok(())
    }
}

fn describe(params: Option<&HnswParams>) -> String {
    params.map_or_else(
        || "no graph".to_owned(),
        |p| format!("max_connections {}, ef_construction {}", p.max_connections, p.ef_construction),
    )
}
