//! The pictures of answers: checked, named after their content, kept as files in the data directory.
//!
//! An entry refers to a picture as `assets/<sha256>.<extension>`, relative to the data directory, to an export and to
//! `/v1/` alike. Equal pictures are one file; a file never changes, so it can be cached for ever. Pictures that no
//! entry refers to any more stay: an older version of the FAQ may come back.

mod addresses;
mod folder;
mod picture;

pub use addresses::Addresses;
pub use folder::{AssetError, Assets};
pub use picture::{Kind, MAX_PICTURE_BYTES, Picture, PictureError};

use std::{fmt, str::FromStr};

/// Name of the folder inside the data directory, and what references begin with.
pub const FOLDER: &str = "assets";

/// The name of a stored picture: the SHA-256 of its content in hexadecimal, and the extension of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetName(String);

/// A text that names no stored picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits and .png, .jpg, .gif or .webp")]
pub struct InvalidName;

impl AssetName {
    /// The name that a reference in an answer holds, if it refers to a stored picture.
    #[must_use]
    pub fn from_reference(src: &str) -> Option<Self> {
        src.strip_prefix(FOLDER)?.strip_prefix('/')?.parse().ok()
    }

    /// How an answer refers to it.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{FOLDER}/{self}")
    }

    /// What it is a picture of, technically.
    #[must_use]
    pub fn kind(&self) -> Kind {
        // Only names of a known kind can be made.
        Kind::ALL.into_iter().find(|kind| self.0.ends_with(kind.extension())).unwrap_or(Kind::Png)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AssetName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (hash, extension) = text.split_once('.').ok_or(InvalidName)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_known = Kind::ALL.into_iter().any(|kind| kind.extension() == extension);
        if is_hash && is_known { Ok(Self(text.to_owned())) } else { Err(InvalidName) }
    }
}

impl fmt::Display for AssetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text with every reference to a stored picture replaced by the address that `address` gives it.
#[must_use]
pub fn readdressed(markdown: &str, address: impl Fn(&AssetName) -> String) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some(at) = rest.find(FOLDER) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '.')));
        let (reference, behind) = after.split_at(end.unwrap_or(after.len()));
        // Only where an address begins: `![](`, `<img src="`, never inside a longer path or a sentence.
        let begins = before.ends_with(['(', '<', '"', '\'', '=']);
        if let Some(name) = AssetName::from_reference(reference).filter(|_| begins) {
            out.push_str(&address(&name));
            rest = behind;
        } else {
            out.push_str(FOLDER);
            rest = &after[FOLDER.len()..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
