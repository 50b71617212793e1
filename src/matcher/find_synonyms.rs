//! Which synonyms go with a FAQ: the file that is named, else the one in the data directory, else none.

use std::path::{Path, PathBuf};

use crate::text::synonyms::{SynonymError, Synonyms};

/// File name in a data directory.
pub const SYNONYMS_FILE: &str = "synonyms.tsv";

/// Why there are no usable synonyms.
#[derive(Debug, thiserror::Error)]
pub enum FindSynonymsError {
    /// The file is not readable.
    #[error("cannot read the synonyms in {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Some lines are wrong.
    #[error("cannot use {path}")]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Every bad line with its number.
        source: SynonymError,
    },
}

/// The synonyms in `file`; without one those in the data directory, if it has any.
///
/// # Errors
/// When a named file is missing, or a file has bad lines.
pub fn find_synonyms(file: Option<&Path>, data: Option<&Path>) -> Result<Synonyms, FindSynonymsError> {
    let in_data = || data.map(|data| data.join(SYNONYMS_FILE)).filter(|path| path.exists());
    let Some(path) = file.map(Path::to_owned).or_else(in_data) else { return Ok(Synonyms::default()) };
    let bytes =
        std::fs::read(&path).map_err(|source| FindSynonymsError::Read { path: path.clone(), source })?;
    let synonyms = Synonyms::parse(&bytes)
        .map_err(|source| FindSynonymsError::Invalid { path: path.clone(), source })?;
    tracing::debug!(path = %path.display(), groups = synonyms.len(), "synonyms are read");
    Ok(synonyms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::normalize::normalize;

    #[test]
    fn a_named_file_wins_over_the_one_in_the_data_directory() {
        let data = tempfile::tempdir().unwrap();
        let says = |file: Option<&Path>| {
            let synonyms = find_synonyms(file, Some(data.path())).unwrap();
            synonyms.canonicalize(&normalize("企微")).as_str().to_owned()
        };
        assert_eq!(says(None), "企微");
        std::fs::write(data.path().join(SYNONYMS_FILE), "企业微信=企微").unwrap();
        assert_eq!(says(None), "企业微信");
        let named = data.path().join("mine.tsv");
        std::fs::write(&named, "wecom=企微").unwrap();
        assert_eq!(says(Some(&named)), "wecom");
    }

    #[test]
    fn a_named_file_must_exist_and_bad_lines_are_told_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.tsv");
        assert!(matches!(find_synonyms(Some(&path), None), Err(FindSynonymsError::Read { .. })));
        std::fs::write(&path, "a=b\nonly").unwrap();
        let error = find_synonyms(Some(&path), None).unwrap_err();
        assert!(error.to_string().contains("s.tsv"), "{error}");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("line 2"), "{source}");
    }
}
