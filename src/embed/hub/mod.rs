//! Models from the Hugging Face hub, through its cache.
//!
//! Honours `HF_ENDPOINT`, `HF_TOKEN` and `HF_HOME` as the hub's own tools do and shares their cache folder. Verifies
//! what it downloads: sizes always, SHA-256 where the hub states one (large files). Offline it only looks into the
//! cache. The token is sent to the endpoint and appears in no text.

mod cache;
mod error;
mod id;
mod pull;
#[cfg(test)]
mod test_hub;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};

pub use cache::CachedModel;
pub use error::HubError;
pub use id::{HubId, HubIdError};

use self::cache::CachedRepository;
use self::error::{reason, status};
use self::pull::{Pull, metadata};
use super::model_dir::{CONFIG, MODULES, TOKENIZER, WEIGHTS};

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
                id: id.to_string(),
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
            return Err(HubError::Offline { id: id.to_string() });
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
        HubError::Broken { id: id.to_string(), file: file.to_owned(), endpoint: self.endpoint(), reason }
    }

    fn request_error(&self, id: &HubId, file: &str, error: &ApiError) -> HubError {
        match status(error) {
            Some(404 | 410) => {
                HubError::NotFound { id: id.to_string(), file: file.to_owned(), endpoint: self.endpoint() }
            }
            Some(status @ (401 | 403)) => {
                HubError::Refused { id: id.to_string(), endpoint: self.endpoint(), status }
            }
            Some(_) | None => self.broken(id, file, reason(error)),
        }
    }
}

fn repo(id: &HubId, revision: &str) -> Repo {
    Repo::with_revision(id.repository().to_owned(), RepoType::Model, revision.to_owned())
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
