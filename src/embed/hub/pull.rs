//! One download of a model: which files, in which order, verified and put into the cache.

use std::io;
use std::path::{Component, Path, PathBuf};

use hf_hub::Cache;
use hf_hub::api::sync::{Api, ApiError, ApiRepo, Metadata};

use super::cache::{self, CachedRepository};
use super::error::status;
use super::{Download, Hub, HubError, HubId, repo};
use crate::embed::model_dir::{
    CONFIG, LENGTH, MODULES, PROMPTS, TOKENIZER, TOKENIZER_CONFIG, WEIGHTS, pooling_file_of, sha256_file,
};

/// One download of a model, pinned to a commit.
pub(super) struct Pull<'a> {
    pub(super) hub: &'a Hub,
    pub(super) id: &'a HubId,
    pub(super) cached: CachedRepository,
    pub(super) api: Api,
    pub(super) remote: ApiRepo,
    pub(super) commit: String,
    pub(super) progress: &'a mut dyn FnMut(Download<'_>),
}

impl Pull<'_> {
    pub(super) fn all(&mut self) -> Result<PathBuf, HubError> {
        let snapshot = self.cached.snapshot(&self.commit);
        // Small files first: an unfit repository is noticed before its weights are downloaded.
        for file in [CONFIG, TOKENIZER] {
            self.required(file)?;
        }
        for file in [MODULES, PROMPTS, LENGTH, TOKENIZER_CONFIG] {
            self.optional(file)?;
        }
        let pooling = pooling_file_of(&snapshot)?;
        if pooling != CONFIG {
            self.optional(&pooling)?;
        }
        self.required(WEIGHTS)?;
        // Only now does the revision point here: an interrupted download leaves the previous version in use.
        let cache = Cache::new(self.hub.settings.cache.clone());
        cache
            .repo(repo(self.id, self.id.revision()))
            .create_ref(&self.commit)
            .map_err(|source| HubError::Cache { path: snapshot.clone(), source })?;
        Ok(snapshot)
    }

    fn required(&mut self, file: &str) -> Result<(), HubError> {
        if self.is_here(file)? {
            return Ok(());
        }
        match metadata(&self.api, &self.remote, file) {
            Ok(metadata) => self.download(file, &metadata),
            Err(error) => Err(self.hub.request_error(self.id, file, &error)),
        }
    }

    fn optional(&mut self, file: &str) -> Result<(), HubError> {
        if self.cached.is_known_absent(&self.commit, file) || self.is_here(file)? {
            return Ok(());
        }
        match metadata(&self.api, &self.remote, file) {
            Ok(metadata) => self.download(file, &metadata),
            Err(error) if status(&error) == Some(404) => self
                .cached
                .mark_absent(&self.commit, file)
                .map_err(|source| HubError::Cache { path: self.cached.snapshot(&self.commit), source }),
            Err(error) => Err(self.hub.request_error(self.id, file, &error)),
        }
    }

    fn pointer(&self, file: &str) -> PathBuf {
        self.cached.snapshot(&self.commit).join(file)
    }

    /// Whether the file is in the cache, whole; a damaged one is removed.
    fn is_here(&self, file: &str) -> Result<bool, HubError> {
        let pointer = self.pointer(file);
        if cache::is_intact(&pointer) {
            return Ok(true);
        }
        discard(&pointer)?;
        Ok(false)
    }

    fn download(&mut self, file: &str, metadata: &Metadata) -> Result<(), HubError> {
        // The tag names a file in the cache.
        if !is_safe_tag(metadata.etag()) {
            let reason = format!("the hub named `{}` as etag, which is no file name", metadata.etag());
            return Err(self.hub.broken(self.id, file, reason));
        }
        let size = metadata.size() as u64;
        // A remainder that is already too long or complete cannot be continued.
        let partial = self.cached.partial(metadata.etag());
        if partial.metadata().is_ok_and(|partial| partial.len() >= size) {
            discard(&partial)?;
        }
        let meter = Meter { file, bytes: 0, total: size, progress: &mut *self.progress };
        let pointer = match self.remote.download_with_progress(file, meter) {
            Ok(pointer) => pointer,
            Err(ApiError::IoError(source)) if source.kind() == io::ErrorKind::PermissionDenied => {
                return Err(HubError::Cache { path: self.hub.settings.cache.clone(), source });
            }
            Err(error) => return Err(self.hub.request_error(self.id, file, &error)),
        };
        self.verify(file, &pointer, metadata)
    }

    fn verify(&self, file: &str, pointer: &Path, metadata: &Metadata) -> Result<(), HubError> {
        let (bytes, sha256) =
            sha256_file(pointer).map_err(|source| HubError::Cache { path: pointer.to_owned(), source })?;
        let (expected, actual) = if bytes != metadata.size() as u64 {
            (format!("{} bytes", metadata.size()), format!("{bytes} bytes"))
        } else if cache::is_sha256(metadata.etag()) && metadata.etag() != sha256 {
            (format!("SHA-256 {}", metadata.etag()), format!("SHA-256 {sha256}"))
        } else {
            return Ok(());
        };
        discard(pointer)?;
        Err(HubError::Damaged { id: self.id.to_string(), file: file.to_owned(), expected, actual })
    }
}

fn discard(path: &Path) -> Result<(), HubError> {
    cache::remove(path).map_err(|source| HubError::Cache { path: path.to_owned(), source })
}

/// A file's size, digest and commit.
pub(super) fn metadata(api: &Api, remote: &ApiRepo, file: &str) -> Result<Metadata, ApiError> {
    api.metadata(&remote.url(file))
}

fn is_safe_tag(etag: &str) -> bool {
    !etag.is_empty() && Path::new(etag).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Passes hf-hub's progress on.
struct Meter<'a> {
    file: &'a str,
    bytes: u64,
    total: u64,
    progress: &'a mut dyn FnMut(Download<'_>),
}

impl hf_hub::api::Progress for Meter<'_> {
    fn init(&mut self, size: usize, _file: &str) {
        // Called again before every retry, which then reports what is already here.
        self.bytes = 0;
        self.total = size as u64;
    }

    fn update(&mut self, read: usize) {
        self.bytes += read as u64;
        (self.progress)(Download { file: self.file, bytes: self.bytes, total: self.total });
    }

    fn finish(&mut self) {}
}
