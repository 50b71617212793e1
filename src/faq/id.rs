//! [`EntryId`]: the name of an entry in URLs, files and query logs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Longest id, in bytes: fits every URL, log line and spreadsheet cell.
const MAX_BYTES: usize = 128;

/// A stable identifier such as `wecom-faq-3-12`.
///
/// Letters and digits of any script, `-`, `_`, `.` and `:`, so that an id needs no quoting on a command line and
/// cannot leave its path segment in a URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryId(String);

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryIdError {
    /// Nothing there.
    #[error("an id must not be empty")]
    Empty,
    /// Over the limit.
    #[error("an id may have at most {MAX_BYTES} bytes, this one has {bytes}")]
    TooLong {
        /// Length in bytes.
        bytes: usize,
    },
    /// A character that URLs or command lines would trip over.
    #[error(
        "an id may hold letters, digits, '-', '_', '.' and ':', not {character:?}; it must not start with '.'"
    )]
    Character {
        /// The first one that is not allowed.
        character: char,
    },
}

impl EntryId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id nearest to `text`: every character that an id may not hold becomes `-`.
    ///
    /// # Errors
    /// When nothing usable is left.
    pub fn slug(text: &str) -> Result<Self, EntryIdError> {
        let mut slug = String::with_capacity(text.len());
        for character in text.trim().chars() {
            let character = if is_allowed(character) { character } else { '-' };
            if !(character == '-' && slug.ends_with('-')) {
                slug.push(character);
            }
        }
        let slug = slug.trim_matches(['-', '.']);
        let cut = slug.floor_char_boundary(MAX_BYTES);
        slug[..cut].parse()
    }
}

fn is_allowed(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | ':')
}

impl FromStr for EntryId {
    type Err = EntryIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(EntryIdError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(EntryIdError::TooLong { bytes: text.len() });
        }
        if let Some(character) = text.chars().find(|&c| !is_allowed(c)) {
            return Err(EntryIdError::Character { character });
        }
        if text.starts_with('.') {
            return Err(EntryIdError::Character { character: '.' });
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for EntryId {
    type Error = EntryIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> Self {
        id.0
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_leave_their_path_segment_are_refused() {
        for text in ["", "a/b", "..", "a b", "a\n", "a?b", "%2e"] {
            assert!(text.parse::<EntryId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_slug_keeps_chinese_and_replaces_the_rest() {
        assert_eq!(EntryId::slug(" 企微 FAQ (v2)/3 ").unwrap().as_str(), "企微-FAQ-v2-3");
        assert_eq!(EntryId::slug("（）"), Err(EntryIdError::Empty));
    }

    #[test]
    fn a_slug_is_cut_at_a_character_boundary() {
        let id = EntryId::slug(&"群".repeat(100)).unwrap();
        assert_eq!(id.as_str().len(), 126);
    }
}
