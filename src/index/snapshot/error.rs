//! Why a snapshot cannot be used or written.

use crate::index::IndexError;
use std::io;
use std::path::PathBuf;

/// Why a snapshot cannot be used or written. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// There is none.
    #[error("there is no index snapshot in {dir}; run `dayi index` to make one")]
    Missing {
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// A file was cut, changed or lost.
    #[error(
        "the index snapshot is damaged: {path}: {reason}; run `dayi index` to build it again from the store"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Written by an older dayi.
    #[error(
        "expected index snapshot format {supported}, {path} has the older {found}; run `dayi index` to build it again"
    )]
    OldFormat {
        /// The manifest.
        path: PathBuf,
        /// Format on disk.
        found: u32,
        /// Format that this program reads and writes.
        supported: u32,
    },
    /// Written by a newer dayi.
    #[error(
        "expected index snapshot format {supported}, {path} has the newer {found}; use the dayi that wrote it, or run `dayi index` to replace it"
    )]
    NewerFormat {
        /// The manifest.
        path: PathBuf,
        /// Format on disk.
        found: u32,
        /// Format that this program reads and writes.
        supported: u32,
    },
    /// Vectors of different models cannot be compared.
    #[error(
        "the index was made with model {found}, not with {expected}; run `dayi index` with the model you use now"
    )]
    OtherModel {
        /// Fingerprint of the model in use.
        expected: String,
        /// Fingerprint in the snapshot.
        found: String,
    },
    /// The FAQ has changed since.
    #[error(
        "the index was made from other phrasings ({found}, now {expected}); run `dayi index` to bring it up to date"
    )]
    OtherContent {
        /// Content hash of the phrasings now.
        expected: String,
        /// Content hash in the snapshot.
        found: String,
    },
    /// The graph was built in another way, or there is none and one is asked for.
    #[error(
        "the index was built with other parameters ({found}, configured {expected}); run `dayi index` to build it again"
    )]
    OtherParameters {
        /// What the configuration asks for.
        expected: String,
        /// What the snapshot has.
        found: String,
    },
    /// The configured parameters are no good.
    #[error(transparent)]
    Parameters(#[from] IndexError),
    /// The file system refused something.
    #[error("cannot {action} {path}; check the permissions and the free space of the data directory")]
    Io {
        /// What was tried: a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl SnapshotError {
    /// Whether building the index from the store and writing it again puts things right.
    #[must_use]
    pub fn calls_for_rebuild(&self) -> bool {
        match self {
            Self::Missing { .. }
            | Self::Damaged { .. }
            | Self::OldFormat { .. }
            | Self::NewerFormat { .. }
            | Self::OtherModel { .. }
            | Self::OtherContent { .. }
            | Self::OtherParameters { .. } => true,
            Self::Parameters(_) | Self::Io { .. } => false,
        }
    }
}
