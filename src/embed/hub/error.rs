//! What can go wrong between here and the hub, in words that say what to do.

use std::io;
use std::path::PathBuf;

use hf_hub::api::sync::ApiError;

use crate::embed::model_dir::ModelDirError;

/// Why the hub or its cache did not deliver a model.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Nowhere to keep downloads.
    #[error("no home folder is known to keep models in; set HF_HOME to a folder")]
    NoCacheFolder,
    /// Offline, and the cache does not have it all.
    #[error(
        "offline, and the cache {} lacks these files of {id}: {}. Fetch them once with `dayi model pull {id}` while \
         online, or name a model folder with --model", .cache.display(), .files.join(", ")
    )]
    NotCached {
        /// The model.
        id: String,
        /// The cache folder.
        cache: PathBuf,
        /// What is missing.
        files: Vec<String>,
    },
    /// Offline, and asked to download.
    #[error("offline: {id} cannot be fetched from the hub; run again without --offline")]
    Offline {
        /// The model.
        id: String,
    },
    /// The repository, revision or file does not exist.
    #[error(
        "{endpoint} has no {file} of {id}; check the spelling and that it is a sentence-transformers model with \
         safetensors weights (and no folder of this name is here)"
    )]
    NotFound {
        /// The model.
        id: String,
        /// The file that was asked for.
        file: String,
        /// The hub.
        endpoint: String,
    },
    /// The hub wants another token, or one at all.
    #[error(
        "{endpoint} refused access to {id} (status {status}): it does not exist, or it is private or gated; check \
         the spelling, or set HF_TOKEN to a token that may read it"
    )]
    Refused {
        /// The model.
        id: String,
        /// The hub.
        endpoint: String,
        /// HTTP status.
        status: u16,
    },
    /// The connection failed or broke.
    #[error(
        "the download of {file} of {id} from {endpoint} broke: {reason}. Run the same command again to continue it, \
         or set HF_ENDPOINT to a mirror"
    )]
    Broken {
        /// The model.
        id: String,
        /// The file.
        file: String,
        /// The hub.
        endpoint: String,
        /// What happened.
        reason: String,
    },
    /// The content is not what the hub announced. The file was removed.
    #[error(
        "{file} of {id} arrived damaged: expected {expected}, got {actual}. The file was removed; run the same \
         command again, and if it stays damaged set HF_ENDPOINT to another mirror"
    )]
    Damaged {
        /// The model.
        id: String,
        /// The file.
        file: String,
        /// Size or SHA-256 that was announced.
        expected: String,
        /// Size or SHA-256 that came.
        actual: String,
    },
    /// The cache folder cannot be used.
    #[error("cannot use the model cache {}: {source}; check its permissions or set HF_HOME", .path.display())]
    Cache {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was downloaded is no model.
    #[error(transparent)]
    Folder(#[from] ModelDirError),
}

/// The HTTP status behind an error, if an answer came at all.
pub(super) fn status(error: &ApiError) -> Option<u16> {
    match error {
        ApiError::RequestError(request) => {
            if let ureq::Error::StatusCode(status) = request.as_ref() {
                Some(*status)
            } else {
                None
            }
        }
        ApiError::TooManyRetries(last) => status(last),
        ApiError::MissingHeader(_)
        | ApiError::InvalidHeader(_)
        | ApiError::ParseIntError(_)
        | ApiError::IoError(_)
        | ApiError::InvalidResume
        | ApiError::LockAcquisition(_) => None,
    }
}

pub(super) fn reason(error: &ApiError) -> String {
    match error {
        ApiError::LockAcquisition(_) => "another process is downloading the same file".to_owned(),
        ApiError::MissingHeader(_) | ApiError::InvalidHeader(_) | ApiError::ParseIntError(_) => {
            format!("it does not answer like a model hub ({error})")
        }
        ApiError::TooManyRetries(last) => reason(last),
        ApiError::RequestError(_) | ApiError::IoError(_) | ApiError::InvalidResume => error.to_string(),
    }
}
