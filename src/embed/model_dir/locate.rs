//! Where a model comes from: what was asked for, the environment, beside the executable, the checkout.

use std::fmt;
use std::path::{Path, PathBuf};

use super::CONFIG;
use crate::embed::hub::{HubId, HubIdError};

/// Environment variable that names a model folder or hub id.
pub const MODEL_VARIABLE: &str = "DAYI_MODEL";

/// The bundled model, relative to the executable's folder and to the checkout.
const BUNDLED: &str = "models/zh-small";

/// A model that was found or is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// A folder on this machine.
    Folder(PathBuf),
    /// A repository on the hub, perhaps in its cache.
    Hub(HubId),
}

impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Hub(id) => id.fmt(f),
        }
    }
}

/// Why no model was found.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// Neither a folder nor a hub id.
    #[error("the model `{given}` ({from}) is no folder here, and no hub id either: {source}")]
    NoSuchModel {
        /// What was given.
        given: String,
        /// `--model` or the environment variable.
        from: &'static str,
        /// Why it is no hub id.
        source: HubIdError,
    },
    /// Nothing was given and nothing is bundled.
    #[error(
        "no model found; looked at --model (not given), {MODEL_VARIABLE} (not set) and {}. \
         Name a model folder or a hub id such as BAAI/bge-small-zh-v1.5 with --model",
        places(.looked)
    )]
    NotFound {
        /// The folders that were tried.
        looked: Vec<PathBuf>,
    },
}

fn places(looked: &[PathBuf]) -> String {
    looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Finds the model to use: `requested` (a folder or hub id), else [`MODEL_VARIABLE`], else a bundled one.
///
/// # Errors
/// When a given name is neither folder nor hub id, or nothing is given and no bundled model exists.
pub fn find(requested: Option<&str>) -> Result<ModelSource, LocateError> {
    find_among(requested, std::env::var(MODEL_VARIABLE).ok().as_deref(), bundled_places())
}

/// The folders where a bundled model may lie, in the order in which they are tried.
#[must_use]
pub fn bundled_places() -> Vec<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(BUNDLED)));
    beside.into_iter().chain([Path::new(env!("CARGO_MANIFEST_DIR")).join(BUNDLED)]).collect()
}

fn find_among(
    requested: Option<&str>,
    environment: Option<&str>,
    bundled: Vec<PathBuf>,
) -> Result<ModelSource, LocateError> {
    let given = [(requested, "--model"), (environment, MODEL_VARIABLE)];
    if let Some((given, from)) =
        given.into_iter().find_map(|(name, from)| Some((name.filter(|name| !name.is_empty())?, from)))
    {
        if Path::new(given).is_dir() {
            return Ok(ModelSource::Folder(PathBuf::from(given)));
        }
        return given.parse().map(ModelSource::Hub).map_err(|source| LocateError::NoSuchModel {
            given: given.to_owned(),
            from,
            source,
        });
    }
    match bundled.iter().find(|folder| folder.join(CONFIG).is_file()) {
        Some(folder) => Ok(ModelSource::Folder(folder.clone())),
        None => Err(LocateError::NotFound { looked: bundled }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with_config() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(CONFIG), "{}").unwrap();
        folder
    }

    #[test]
    fn the_request_wins_over_the_environment_and_that_over_the_bundled_model() {
        let (asked, set, bundled) = (folder_with_config(), folder_with_config(), folder_with_config());
        let [asked, set] = [&asked, &set].map(|folder| folder.path().to_str().unwrap());
        let places = || vec![PathBuf::from("/nowhere"), bundled.path().to_owned()];
        let find = |requested, environment| find_among(requested, environment, places()).unwrap().to_string();
        assert_eq!(find(Some(asked), Some(set)), asked);
        assert_eq!(find(None, Some(set)), set);
        assert_eq!(find(None, Some("")), bundled.path().to_str().unwrap());
    }

    #[test]
    fn a_hub_id_is_recognised_when_no_such_folder_exists() {
        let source = find_among(Some("BAAI/bge-small-zh-v1.5@main"), None, vec![]).unwrap();
        assert_eq!(source.to_string(), "BAAI/bge-small-zh-v1.5@main");
        assert!(matches!(source, ModelSource::Hub(_)));
    }

    #[test]
    fn finding_nothing_says_where_it_looked() {
        let error = find_among(None, None, vec!["/opt/a".into(), "/opt/b".into()]).unwrap_err().to_string();
        for part in ["--model", "DAYI_MODEL", "/opt/a", "/opt/b"] {
            assert!(error.contains(part), "{part} is not in: {error}");
        }
    }

    #[test]
    fn a_missing_path_names_itself_and_the_option_it_came_from() {
        let error = find_among(None, Some("./no/such/model"), vec![]).unwrap_err().to_string();
        assert!(error.contains("./no/such/model") && error.contains("DAYI_MODEL"), "{error}");
    }

    #[test]
    fn the_checkout_holds_a_bundled_model() {
        assert!(matches!(find_among(None, None, bundled_places()), Ok(ModelSource::Folder(_))));
    }
}
