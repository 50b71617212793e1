//! Hub ids: `organisation/name[@revision]`.

use std::fmt;
use std::str::FromStr;

/// The branch that is meant when no revision is given.
const DEFAULT_REVISION: &str = "main";

/// A model repository on the hub, at a branch, tag or commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HubId {
    repository: String,
    revision: Option<String>,
}

/// Why a text is no [`HubId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected organisation/name or organisation/name@revision, such as BAAI/bge-small-zh-v1.5, got `{given}`"
)]
pub struct HubIdError {
    /// What was given.
    pub given: String,
}

impl HubId {
    /// `organisation/name`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The branch, tag or commit.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or(DEFAULT_REVISION)
    }
}

impl FromStr for HubId {
    type Err = HubIdError;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        // Ids become parts of paths and URLs, so only names that mean themselves in both are let through.
        let (repository, revision) = match given.split_once('@') {
            Some((repository, revision)) => (repository, Some(revision)),
            None => (given, None),
        };
        let valid_repository =
            repository.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name));
        let valid_revision = revision.is_none_or(|revision| revision.split('/').all(is_name));
        if valid_repository && valid_revision {
            Ok(Self { repository: repository.to_owned(), revision: revision.map(str::to_owned) })
        } else {
            Err(HubIdError { given: given.to_owned() })
        }
    }
}

impl fmt::Display for HubId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.revision {
            Some(revision) => write!(f, "{}@{revision}", self.repository),
            None => f.write_str(&self.repository),
        }
    }
}

fn is_name(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('.')
        && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_as_written() {
        for id in ["BAAI/bge-small-zh-v1.5", "a/b@refs/pr/3", "a/b@v1.0"] {
            assert_eq!(id.parse::<HubId>().unwrap().to_string(), id);
        }
        assert_eq!("a/b".parse::<HubId>().unwrap().revision(), "main");
    }

    #[test]
    fn anything_that_could_leave_the_cache_or_the_url_is_refused() {
        for bad in [
            "",
            "name",
            "a/",
            "/b",
            "a/b/c",
            "../b",
            "a/..",
            "./model",
            "a/b@",
            "a/b@../x",
            "a/b@x//y",
            "a b/c",
            "a/b?x",
            "a/b#c",
            "a\\b/c",
            "模型/小",
        ] {
            assert!(bad.parse::<HubId>().is_err(), "{bad}");
        }
    }
}
