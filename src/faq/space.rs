//! [`SpaceName`]: which of several FAQs.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// Longest name, in bytes.
const MAX_BYTES: usize = 40;

/// Folder of all spaces but the default one, inside the data directory.
const FOLDER: &str = "spaces";

/// The name of one FAQ in a service, such as `hr`; `default` is the one in the data directory itself.
///
/// Lower-case letters, digits and `-`, so that a name is the same on every file system and cannot leave its folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SpaceName(String);

/// Why a text is not the name of a space.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no name of a space: use 1 to {MAX_BYTES} of the characters a-z, 0-9 and '-'")]
pub struct SpaceNameError {
    /// What was given.
    pub name: String,
}

impl SpaceName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the space in the data directory itself.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Where this space lives in the data directory `root`. Every space has the same files in a folder of its own.
    #[must_use]
    pub fn directory_in(&self, root: &Path) -> PathBuf {
        if self.is_default() { root.to_owned() } else { Self::folder_in(root).join(&self.0) }
    }

    /// The folder in the data directory `root` that holds all spaces but the default one.
    #[must_use]
    pub fn folder_in(root: &Path) -> PathBuf {
        root.join(FOLDER)
    }
}

impl Default for SpaceName {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl FromStr for SpaceName {
    type Err = SpaceNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            // A name is echoed in errors: a long one would drown what is wrong with it.
            Err(SpaceNameError { name: text.chars().take(MAX_BYTES + 1).collect() })
        }
    }
}

impl TryFrom<String> for SpaceName {
    type Error = SpaceNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SpaceName> for String {
    fn from(name: SpaceName) -> Self {
        name.0
    }
}

impl fmt::Display for SpaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        let root = Path::new("data");
        assert_eq!(SpaceName::default().directory_in(root), root);
        for good in ["hr", "a", "it-2", "-", &"x".repeat(40)] {
            let directory = good.parse::<SpaceName>().unwrap().directory_in(root);
            assert_eq!(directory.parent(), Some(SpaceName::folder_in(root).as_path()), "{good}");
        }
        for bad in ["", "..", "a/b", "HR", "人事", "a b", "a.b", "*", &"x".repeat(41), "a\0"] {
            assert!(bad.parse::<SpaceName>().is_err(), "{bad:?}");
        }
    }
}
