//! Digests of a model's files, and the one fingerprint over everything that changes a vector.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{SentenceConfig, TransformerConfig};
use crate::embed::{EngineKind, hex};

/// Changes whenever the same files would give other vectors than before.
const FINGERPRINT_VERSION: &str = "dayi-model-2";

const BUFFER_BYTES: usize = 1 << 20;

/// One file of a model folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChecksum {
    /// Path relative to the folder.
    pub file: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

/// What a fingerprint covers. Serialised as JSON and hashed; the order of the fields is part of it.
#[derive(Serialize)]
pub(in crate::embed) struct Identity<'a> {
    /// The engines compute with different precision, so their vectors are kept apart.
    pub(in crate::embed) engine: EngineKind,
    pub(in crate::embed) weights_sha256: String,
    pub(in crate::embed) tokenizer_sha256: String,
    pub(in crate::embed) transformer: &'a TransformerConfig,
    pub(in crate::embed) sentence: &'a SentenceConfig,
}

impl Identity<'_> {
    /// SHA-256 (hex) over all fields.
    pub(in crate::embed) fn fingerprint(&self) -> Result<String, serde_json::Error> {
        let json = serde_json::to_string(&(FINGERPRINT_VERSION, self))?;
        Ok(sha256(json.as_bytes()))
    }
}

/// SHA-256 of bytes in memory, hex.
pub(in crate::embed) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Size and SHA-256 (hex) of a file, read in pieces.
pub(in crate::embed) fn sha256_file(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hex(&hasher.finalize())));
        }
        hasher.update(&buffer[..read]);
        bytes += read as u64;
    }
}
