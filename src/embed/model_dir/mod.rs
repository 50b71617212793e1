//! A model folder: reads what a sentence-transformers folder says about itself.
//!
//! Owns the files' names and meaning, the search for a folder ([`find`]) and the digests. Loads no weights into an
//! engine and opens no socket: `load.rs` and `hub.rs` do.

mod checksum;
mod locate;
mod sentence;
#[cfg(test)]
mod tests;
mod transformer;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use serde::de::DeserializeOwned;

pub use checksum::FileChecksum;
pub(in crate::embed) use checksum::{Identity, sha256, sha256_file};
pub use locate::{LocateError, MODEL_VARIABLE, ModelSource, bundled_places, find};
pub(in crate::embed) use sentence::{LENGTH, MODULES, PROMPTS, TOKENIZER_CONFIG, pooling_file_of};
pub use sentence::{Prompts, SentenceConfig};
pub use transformer::{Activation, Architecture, TransformerConfig};

pub(in crate::embed) const CONFIG: &str = "config.json";
pub(in crate::embed) const TOKENIZER: &str = "tokenizer.json";
pub(in crate::embed) const WEIGHTS: &str = "model.safetensors";

/// Weights in Python's own format, which is code and is never loaded.
const PYTORCH_WEIGHTS: &str = "pytorch_model.bin";
/// Present when the weights are cut into several files.
const SHARD_INDEX: &str = "model.safetensors.index.json";
/// First bytes of the stand-in that a checkout without Git LFS has in place of a large file.
const LFS_POINTER: &[u8] = b"version https://git-lfs";

/// A folder with a BERT or XLM-RoBERTa sentence-embedding model, its configuration read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelDir {
    /// Folder name or hub id.
    pub name: String,
    /// The folder.
    pub path: PathBuf,
    /// Sizes of the transformer.
    pub transformer: TransformerConfig,
    /// Pooling, prompts and length as the folder states them.
    pub sentence: SentenceConfig,
}

/// Why a folder cannot be used as a model.
#[derive(Debug, thiserror::Error)]
pub enum ModelDirError {
    /// A file that every model needs is not there.
    #[error("the model folder {} has no {file}; is it a complete sentence-transformers folder?", .folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The file, relative to it.
        file: String,
    },
    /// Only pickled weights.
    #[error(
        "the model folder {} has its weights in pytorch_model.bin only; expected model.safetensors. Save it once \
         with Python: SentenceTransformer(folder).save(other_folder, safe_serialization=True)", .folder.display()
    )]
    PytorchOnly {
        /// The folder.
        folder: PathBuf,
    },
    /// Weights in several files.
    #[error(
        "the model folder {} has its weights in several files; expected one model.safetensors", .folder.display()
    )]
    Sharded {
        /// The folder.
        folder: PathBuf,
    },
    /// The large files were never fetched.
    #[error("{} is a Git LFS pointer, not the file itself; run `git lfs pull` in that checkout", .path.display())]
    LfsPointer {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused to read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Not the JSON that was expected.
    #[error("{} is not as expected: {source}", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// Well-formed, but nothing that can be computed here.
    #[error("{}: expected {what} to be {expected}, got `{got}`", .path.display())]
    Unsupported {
        /// The file that says so.
        path: PathBuf,
        /// Name of the setting.
        what: &'static str,
        /// What can be handled.
        expected: &'static str,
        /// What it is.
        got: String,
    },
}

impl ModelDir {
    /// Reads the folder at `path`; `name` is what people call the model, by default the folder's name.
    ///
    /// # Errors
    /// When a file is missing or broken, or the model is of a kind that cannot be computed here.
    pub fn open(path: &Path, name: Option<&str>) -> Result<Self, ModelDirError> {
        let config = path.join(CONFIG);
        require(path, CONFIG)?;
        let transformer = TransformerConfig::read(&config)?;
        require(path, TOKENIZER)?;
        require_weights(path)?;
        let sentence = SentenceConfig::read(path, &transformer)?;
        let name = name.map_or_else(|| folder_name(path), str::to_owned);
        Ok(Self { name, path: path.to_owned(), transformer, sentence })
    }

    /// The bytes of `tokenizer.json`.
    ///
    /// # Errors
    /// When the file cannot be read or is a Git LFS pointer.
    pub fn read_tokenizer(&self) -> Result<Vec<u8>, ModelDirError> {
        let path = self.path.join(TOKENIZER);
        let bytes =
            std::fs::read(&path).map_err(|source| ModelDirError::Read { path: path.clone(), source })?;
        if bytes.starts_with(LFS_POINTER) {
            return Err(ModelDirError::LfsPointer { path });
        }
        Ok(bytes)
    }

    /// The bytes of `model.safetensors`, mapped rather than read: engines convert them once and let go.
    ///
    /// # Errors
    /// When the file cannot be mapped or is a Git LFS pointer.
    pub fn map_weights(&self) -> Result<Mmap, ModelDirError> {
        let path = self.path.join(WEIGHTS);
        let file = File::open(&path).map_err(|source| ModelDirError::Read { path: path.clone(), source })?;
        // SAFETY: the map is read-only and lives only while an engine copies the weights out. Like every program
        // that maps a file, this one relies on nobody truncating it meanwhile; writers replace models by renaming.
        let map = unsafe { Mmap::map(&file) }
            .map_err(|source| ModelDirError::Read { path: path.clone(), source })?;
        if map.starts_with(LFS_POINTER) {
            return Err(ModelDirError::LfsPointer { path });
        }
        Ok(map)
    }

    /// Size and SHA-256 of each file that this program reads, in a fixed order. Reads the weights once in full.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn checksums(&self) -> Result<Vec<FileChecksum>, ModelDirError> {
        let pooling = pooling_file_of(&self.path)?;
        let files = [CONFIG, TOKENIZER, WEIGHTS, MODULES, &pooling, PROMPTS, LENGTH, TOKENIZER_CONFIG];
        files
            .into_iter()
            .map(|file| (file, self.path.join(file)))
            .filter(|(_, path)| path.is_file())
            .map(|(file, path)| match sha256_file(&path) {
                Ok((bytes, sha256)) => Ok(FileChecksum { file: file.to_owned(), bytes, sha256 }),
                Err(source) => Err(ModelDirError::Read { path, source }),
            })
            .collect()
    }
}

fn require(folder: &Path, file: &str) -> Result<(), ModelDirError> {
    if folder.join(file).is_file() {
        return Ok(());
    }
    Err(ModelDirError::Missing { folder: folder.to_owned(), file: file.to_owned() })
}

fn require_weights(folder: &Path) -> Result<(), ModelDirError> {
    let folder_owned = || folder.to_owned();
    match require(folder, WEIGHTS) {
        Ok(()) => Ok(()),
        Err(_) if folder.join(SHARD_INDEX).is_file() => {
            Err(ModelDirError::Sharded { folder: folder_owned() })
        }
        Err(_) if folder.join(PYTORCH_WEIGHTS).is_file() => {
            Err(ModelDirError::PytorchOnly { folder: folder_owned() })
        }
        Err(error) => Err(error),
    }
}

fn folder_name(path: &Path) -> String {
    // `.` and `..` have no name of their own until they are resolved.
    let resolved = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    resolved
        .file_name()
        .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, ModelDirError> {
    match read_json_if_present(path)? {
        Some(value) => Ok(value),
        None => Err(ModelDirError::Read { path: path.to_owned(), source: io::ErrorKind::NotFound.into() }),
    }
}

fn read_json_if_present<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ModelDirError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ModelDirError::Read { path: path.to_owned(), source }),
    };
    if bytes.starts_with(LFS_POINTER) {
        return Err(ModelDirError::LfsPointer { path: path.to_owned() });
    }
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(Some(value)),
        Err(source) => Err(ModelDirError::Json { path: path.to_owned(), source }),
    }
}
