//! Which ranker goes with a model: fitted by the customer > shipped with the model > the bundled one. Reads and
//! writes `ranker.json`.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

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
        let ranker = read_ranker(&path)?;
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

/// The ranker in a file.
///
/// # Errors
/// When the file is not there or cannot be used.
pub fn read_ranker(path: &Path) -> Result<Ranker, FindRankerError> {
    let json = std::fs::read_to_string(path)
        .map_err(|source| FindRankerError::Read { path: path.to_owned(), source })?;
    Ranker::from_json(&json).map_err(|source| FindRankerError::Invalid { path: path.to_owned(), source })
}

/// Why a ranker is not on the disk.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}")]
pub struct SaveRankerError {
    /// Which file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// Writes `ranker` to `path` so that a reader, and a machine that loses power, sees the old file or the new one.
///
/// # Errors
/// When the folder is not there or not writable; what was at `path` is then still there.
pub fn save_ranker(ranker: &Ranker, path: &Path) -> Result<(), SaveRankerError> {
    let write = || -> io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::{fs::Permissions, os::unix::fs::PermissionsExt};
            // As any other file, less the umask: the service may run as another user than the one who fits.
            builder.permissions(Permissions::from_mode(0o666));
        }
        let mut file = builder.prefix(".ranker-").tempfile_in(folder)?;
        file.write_all(ranker.to_json()?.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        if cfg!(unix) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|source| SaveRankerError { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_ranker_replaces_the_old_one_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(RANKER_FILE);
        std::fs::write(&path, "old").unwrap();
        let ranker = Ranker::from_json(BUNDLED).unwrap();
        save_ranker(&ranker, &path).unwrap();
        assert_eq!(read_ranker(&path).unwrap(), ranker);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        // A folder is in the way: the last step, the rename, fails.
        let path = folder.path().join(RANKER_FILE);
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("kept"), "").unwrap();
        let error = save_ranker(&Ranker::from_json(BUNDLED).unwrap(), &path).unwrap_err();
        assert!(error.to_string().contains(RANKER_FILE), "{error}");
        assert!(path.join("kept").exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
        let nowhere = folder.path().join("missing").join(RANKER_FILE);
        assert!(save_ranker(&Ranker::from_json(BUNDLED).unwrap(), &nowhere).is_err());
    }
}
