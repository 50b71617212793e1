//! Which ranker goes with a model: fitted by the customer > shipped with the model > the bundled one.

use std::path::{Path, PathBuf};

use crate::{
    embed::ModelInfo,
    rank::{Ranker, RankerError},
};

/// File name in a model folder and in a data directory.
pub const RANKER_FILE: &str = "ranker.json";

/// The weights that were fitted to the bundled model.
const BUNDLED: &str = include_str!("../../models/zh-small/ranker.json");

/// Why there is no ranker.
#[derive(Debug, thiserror::Error)]
pub enum FindRankerError {
    /// The file is not readable.
    #[error("cannot read {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file cannot be used.
    #[error("cannot use {path}")]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: RankerError,
    },
}

/// The ranker for `model`: the one in the data directory, the one in the model's folder, or the bundled one.
///
/// A ranker that was fitted to another model still orders well, but its confidence means little: the log says so and
/// how to fit one.
///
/// # Errors
/// When a file is there and cannot be used.
pub fn find_ranker(model: &ModelInfo, data: Option<&Path>) -> Result<Ranker, FindRankerError> {
    let places = [data, model.folder.as_deref()];
    for path in places.into_iter().flatten().map(|folder| folder.join(RANKER_FILE)) {
        if !path.exists() {
            continue;
        }
        let json = std::fs::read_to_string(&path)
            .map_err(|source| FindRankerError::Read { path: path.clone(), source })?;
        let ranker = Ranker::from_json(&json)
            .map_err(|source| FindRankerError::Invalid { path: path.clone(), source })?;
        if ranker.model == model.name {
            return Ok(ranker);
        }
        tracing::warn!(path = %path.display(), fitted_to = ranker.model, "this ranker is of another model: left aside");
    }
    let bundled = Ranker::from_json(BUNDLED)
        .map_err(|source| FindRankerError::Invalid { path: RANKER_FILE.into(), source })?;
    if bundled.model == model.name {
        return Ok(bundled);
    }
    tracing::warn!(
        model = model.name,
        "no ranker was fitted to this model: confidences are rough until you run `dayi fit`"
    );
    Ok(bundled.for_other_model(&model.name))
}
