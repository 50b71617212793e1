//! Models from the Hugging Face hub, through its cache.
//!
//! Honours `HF_ENDPOINT`, `HF_TOKEN` and `HF_HOME` as the hub's own tools do and shares their cache folder. Verifies
//! what it downloads: sizes always, SHA-256 where the hub states one (large files). Offline it only looks into the
//! cache. The token is sent to the endpoint and appears in no text.

mod cache;
mod id;
#[cfg(test)]
mod test_hub;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};

use hf_hub::api::sync::{Api, ApiBuilder, ApiError, ApiRepo, Metadata};
use hf_hub::{Cache, Repo, RepoType};

pub use cache::CachedModel;
pub use id::{HubId, HubIdError};

use super::model_dir::{
    CONFIG, LENGTH, MODULES, ModelDirError, PROMPTS, TOKENIZER, TOKENIZER_CONFIG, WEIGHTS, pooling_file_of,
    sha256_file,
};
use cache::CachedRepository;

const DEFAULT_ENDPOINT: &str = "https://huggingface.co";
/// Attempts after the first, each continuing where the last one broke.
const DEFAULT_RETRIES: usize = 2;

/// Where the hub is and who asks.
#[derive(Clone)]
pub struct HubSettings {
    /// Base URL.
    pub endpoint: String,
    /// The cache folder (`…/huggingface/hub`).
    pub cache: PathBuf,
    /// Bearer token, sent to the endpoint.
    pub token: Option<String>,
    /// Never open a socket.
    pub offline: bool,
    /// Attempts after the first.
    pub retries: usize,
}

/// Leaves the token out.
impl fmt::Debug for HubSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubSettings")
            .field("endpoint", &without_credentials(&self.endpoint))
            .field("cache", &self.cache)
            .field("token", &self.token.as_ref().map(|_| "<hidden>"))
            .field("offline", &self.offline)
            .field("retries", &self.retries)
            .finish()
    }
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Download<'a> {
    /// The file, relative to the repository.
    pub file: &'a str,
    /// Bytes that are here.
    pub bytes: u64,
    /// Bytes that there are.
    pub total: u64,
}

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
        id: HubId,
        /// The cache folder.
        cache: PathBuf,
        /// What is missing.
        files: Vec<String>,
    },
    /// Offline, and asked to download.
    #[error("offline: {id} cannot be fetched from the hub; run again without --offline")]
    Offline {
        /// The model.
        id: HubId,
    },
    /// The repository, revision or file does not exist.
    #[error(
        "{endpoint} has no {file} of {id}; check the spelling and that it is a sentence-transformers model with \
         safetensors weights (and no folder of this name is here)"
    )]
    NotFound {
        /// The model.
        id: HubId,
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
        id: HubId,
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
        id: HubId,
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
        id: HubId,
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

/// A hub and its cache.
#[derive(Debug)]
pub struct Hub {
    settings: HubSettings,
}

impl Hub {
    /// A hub as the environment says: `HF_ENDPOINT`, `HF_HOME`, and as token `HF_TOKEN` or the one that
    /// `hf auth login` stored.
    ///
    /// # Errors
    /// When no cache folder is known.
    pub fn from_env(offline: bool) -> Result<Self, HubError> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let home = match variable("HF_HOME") {
            Some(home) => PathBuf::from(home),
            None => std::env::home_dir().ok_or(HubError::NoCacheFolder)?.join(".cache").join("huggingface"),
        };
        let cache = home.join("hub");
        let token = variable("HF_TOKEN").or_else(|| Cache::new(cache.clone()).token());
        let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
        Ok(Self::new(HubSettings { endpoint, cache, token, offline, retries: DEFAULT_RETRIES }))
    }

    /// A hub with these settings.
    #[must_use]
    pub fn new(mut settings: HubSettings) -> Self {
        let trimmed = settings.endpoint.trim_end_matches('/').len();
        settings.endpoint.truncate(trimmed);
        Self { settings }
    }

    /// Every model in the cache, by name; opens no socket.
    #[must_use]
    pub fn cached(&self) -> Vec<CachedModel> {
        cache::list(&self.settings.cache)
    }

    /// The folder of a model: from the cache when it is complete there (without asking the hub for news), else
    /// downloaded.
    ///
    /// # Errors
    /// When files are missing and cannot be downloaded.
    pub fn fetch(&self, id: &HubId, progress: &mut dyn FnMut(Download<'_>)) -> Result<PathBuf, HubError> {
        let repository = CachedRepository::new(&self.settings.cache, id);
        let commit = repository.commit_of(id.revision());
        let missing = match &commit {
            Some(commit) => repository.missing(commit),
            None => [CONFIG, TOKENIZER, WEIGHTS, MODULES].map(str::to_owned).to_vec(),
        };
        match commit {
            Some(commit) if missing.is_empty() => Ok(repository.snapshot(&commit)),
            Some(_) | None if self.settings.offline => Err(HubError::NotCached {
                id: id.clone(),
                cache: self.settings.cache.clone(),
                files: missing,
            }),
            Some(_) | None => self.pull(id, progress),
        }
    }

    /// Asks the hub where the revision stands now and downloads what the cache lacks or holds damaged.
    ///
    /// # Errors
    /// When offline, or the download fails or is damaged.
    pub fn pull(&self, id: &HubId, progress: &mut dyn FnMut(Download<'_>)) -> Result<PathBuf, HubError> {
        if self.settings.offline {
            return Err(HubError::Offline { id: id.clone() });
        }
        let api = self.api(id)?;
        let named = api.repo(repo(id, id.revision()));
        let head = metadata(&api, &named, CONFIG).map_err(|error| self.request_error(id, CONFIG, &error))?;
        let commit = head.commit_hash().to_owned();
        if !cache::is_commit(&commit) {
            let reason = format!("the hub named `{commit}` as commit, expected 40 hexadecimal digits");
            return Err(self.broken(id, CONFIG, reason));
        }
        // From here on everything is asked for at this commit: a push meanwhile cannot mix two versions.
        let mut pull = Pull {
            hub: self,
            id,
            cached: CachedRepository::new(&self.settings.cache, id),
            remote: api.repo(repo(id, &commit)),
            api,
            commit,
            progress,
        };
        pull.all()
    }

    fn api(&self, id: &HubId) -> Result<Api, HubError> {
        let settings = &self.settings;
        ApiBuilder::from_cache(Cache::new(settings.cache.clone()))
            .with_endpoint(settings.endpoint.clone())
            .with_token(settings.token.clone())
            .with_progress(false)
            .with_retries(settings.retries)
            .build()
            .map_err(|error| self.broken(id, CONFIG, error.to_string()))
    }

    fn endpoint(&self) -> String {
        without_credentials(&self.settings.endpoint)
    }

    fn broken(&self, id: &HubId, file: &str, reason: String) -> HubError {
        HubError::Broken { id: id.clone(), file: file.to_owned(), endpoint: self.endpoint(), reason }
    }

    fn request_error(&self, id: &HubId, file: &str, error: &ApiError) -> HubError {
        match status(error) {
            Some(404 | 410) => {
                HubError::NotFound { id: id.clone(), file: file.to_owned(), endpoint: self.endpoint() }
            }
            Some(status @ (401 | 403)) => {
                HubError::Refused { id: id.clone(), endpoint: self.endpoint(), status }
            }
            Some(_) | None => self.broken(id, file, reason(error)),
        }
    }
}

fn repo(id: &HubId, revision: &str) -> Repo {
    Repo::with_revision(id.repository().to_owned(), RepoType::Model, revision.to_owned())
}

/// One download of a model, pinned to a commit.
struct Pull<'a> {
    hub: &'a Hub,
    id: &'a HubId,
    cached: CachedRepository,
    api: Api,
    remote: ApiRepo,
    commit: String,
    progress: &'a mut dyn FnMut(Download<'_>),
}

impl Pull<'_> {
    fn all(&mut self) -> Result<PathBuf, HubError> {
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
        self.discard(&pointer)?;
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
            self.discard(&partial)?;
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
        self.discard(pointer)?;
        Err(HubError::Damaged { id: self.id.clone(), file: file.to_owned(), expected, actual })
    }

    fn discard(&self, path: &Path) -> Result<(), HubError> {
        cache::remove(path).map_err(|source| HubError::Cache { path: path.to_owned(), source })
    }
}

/// A file's size, digest and commit.
fn metadata(api: &Api, remote: &ApiRepo, file: &str) -> Result<Metadata, ApiError> {
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

/// The HTTP status behind an error, if an answer came at all.
fn status(error: &ApiError) -> Option<u16> {
    match error {
        ApiError::RequestError(request) => match request.as_ref() {
            ureq::Error::StatusCode(status) => Some(*status),
            _ => None,
        },
        ApiError::TooManyRetries(last) => status(last),
        ApiError::MissingHeader(_)
        | ApiError::InvalidHeader(_)
        | ApiError::ParseIntError(_)
        | ApiError::IoError(_)
        | ApiError::InvalidResume
        | ApiError::LockAcquisition(_) => None,
    }
}

fn reason(error: &ApiError) -> String {
    match error {
        ApiError::LockAcquisition(_) => "another process is downloading the same file".to_owned(),
        ApiError::MissingHeader(_) | ApiError::InvalidHeader(_) | ApiError::ParseIntError(_) => {
            format!("it does not answer like a model hub ({error})")
        }
        ApiError::TooManyRetries(last) => reason(last),
        ApiError::RequestError(_) | ApiError::IoError(_) | ApiError::InvalidResume => error.to_string(),
    }
}

/// A URL without the `user:password@` part.
fn without_credentials(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => url.to_owned(),
    }
}
