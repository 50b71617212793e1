//! The hub's cache folder, laid out as every Hugging Face tool lays it out:
//! `models--org--name/{refs/<revision>, snapshots/<commit>/<file> -> blobs/<etag>, .no_exist/<commit>/<file>}`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::HubId;
use crate::embed::model_dir::{CONFIG, MODULES, TOKENIZER, WEIGHTS, pooling_file_of, sha256_file};

/// A model in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedModel {
    /// `organisation/name`.
    pub repository: String,
    /// The commit it was downloaded at.
    pub commit: String,
    /// The folder, fit for `--model`.
    pub path: PathBuf,
}

/// One repository's part of the cache.
#[derive(Debug)]
pub(super) struct CachedRepository {
    root: PathBuf,
}

impl CachedRepository {
    pub(super) fn new(cache: &Path, id: &HubId) -> Self {
        Self { root: cache.join(format!("models--{}", id.repository().replace('/', "--"))) }
    }

    /// The commit that a revision stood at when it was last fetched in full.
    pub(super) fn commit_of(&self, revision: &str) -> Option<String> {
        if let Ok(commit) = fs::read_to_string(self.root.join("refs").join(revision)) {
            let commit = commit.trim();
            return is_commit(commit).then(|| commit.to_owned());
        }
        (is_commit(revision) && self.snapshot(revision).is_dir()).then(|| revision.to_owned())
    }

    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.root.join("snapshots").join(commit)
    }

    /// Files that must still be fetched before the snapshot of `commit` can be used.
    ///
    /// Without `modules.json` nobody can tell whether the repository has none or it was never fetched; taking the
    /// defaults could give wrong vectors silently. So it must be there or be marked as absent. With it, whoever
    /// filled the cache fetched a sentence-transformers model, of which only the pooling file is vital.
    pub(super) fn missing(&self, commit: &str) -> Vec<String> {
        let snapshot = self.snapshot(commit);
        let has = |file: &str| snapshot.join(file).is_file();
        let mut missing: Vec<String> =
            [CONFIG, TOKENIZER, WEIGHTS].into_iter().filter(|file| !has(file)).map(str::to_owned).collect();
        if has(MODULES) {
            let pooling = pooling_file_of(&snapshot).unwrap_or_default();
            if !pooling.is_empty() && !has(&pooling) {
                missing.push(pooling);
            }
        } else if !self.is_known_absent(commit, MODULES) {
            missing.push(MODULES.to_owned());
        }
        missing
    }

    pub(super) fn is_known_absent(&self, commit: &str, file: &str) -> bool {
        self.root.join(".no_exist").join(commit).join(file).is_file()
    }

    /// Notes that the repository has no such file at `commit`.
    pub(super) fn mark_absent(&self, commit: &str, file: &str) -> io::Result<()> {
        let marker = self.root.join(".no_exist").join(commit).join(file);
        if let Some(folder) = marker.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(marker, "")
    }

    /// The half of `blob` that a broken download left.
    pub(super) fn partial(&self, etag: &str) -> PathBuf {
        let mut blob = self.root.join("blobs").join(etag);
        blob.set_extension("part");
        blob
    }
}

/// Removes a file of a snapshot and the blob behind it, so that the next fetch starts anew.
pub(super) fn remove(pointer: &Path) -> io::Result<()> {
    if let Ok(blob) = pointer.canonicalize()
        && blob != pointer
    {
        remove_if_present(&blob)?;
    }
    remove_if_present(pointer)
}

pub(super) fn remove_if_present(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether a cached file is what its blob's name promises; files that are not named after their SHA-256 pass.
pub(super) fn is_intact(pointer: &Path) -> bool {
    let Ok(blob) = pointer.canonicalize() else { return false };
    match blob.file_name().and_then(|name| name.to_str()) {
        Some(name) if is_sha256(name) => sha256_file(&blob).is_ok_and(|(_, sha256)| sha256 == name),
        Some(_) | None => true,
    }
}

pub(super) fn is_sha256(etag: &str) -> bool {
    etag.len() == 64 && is_hex(etag)
}

pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Every usable model in a cache folder, by name.
pub(super) fn list(cache: &Path) -> Vec<CachedModel> {
    let mut models = Vec::new();
    for root in folders(cache) {
        let Some(name) = file_name(&root).and_then(|name| name.strip_prefix("models--").map(str::to_owned))
        else {
            continue;
        };
        for path in folders(&root.join("snapshots")) {
            if [CONFIG, TOKENIZER, WEIGHTS].iter().all(|file| path.join(file).is_file()) {
                let commit = file_name(&path).unwrap_or_default();
                models.push(CachedModel { repository: name.replacen("--", "/", 1), commit, path });
            }
        }
    }
    models.sort_by(|a, b| (&a.repository, &a.commit).cmp(&(&b.repository, &b.commit)));
    models
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn file_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}
