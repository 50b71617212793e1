//! ZIP archives, unpacked within bounds: what an archive says of its sizes is never believed.

use std::{
    borrow::Cow,
    io::{Cursor, Read},
};

use encoding_rs::GB18030;
use zip::{ZipArchive, result::ZipError};

use super::MAX_BYTES;

/// More parts than this are no FAQ.
const MAX_PARTS: usize = 10_000;

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// Truncated, damaged, encrypted, or no archive at all.
    #[error("it is damaged, incomplete or protected by a password; save it again")]
    Damaged {
        /// What the reader says.
        source: ZipError,
    },
    /// A part that does not unpack to its end.
    #[error("its part {name:?} is damaged; save it again")]
    DamagedPart {
        /// The part.
        name: String,
        /// What the reader says.
        source: std::io::Error,
    },
    /// Over the limit: a zip bomb, or simply too much.
    #[error("it unpacks to more than {MAX_BYTES} bytes; split it")]
    TooLarge,
    /// Over the limit.
    #[error("it holds {parts} files, at most {MAX_PARTS} are read; split it")]
    TooManyParts {
        /// How many.
        parts: usize,
    },
}

/// An archive that gives out at most [`MAX_BYTES`], over all its parts.
#[derive(Debug)]
pub(crate) struct Archive<B> {
    zip: ZipArchive<Cursor<B>>,
    names: Vec<String>,
    left: u64,
}

impl<B: AsRef<[u8]>> Archive<B> {
    /// Reads the directory of the archive.
    pub(crate) fn open(bytes: B) -> Result<Self, ArchiveError> {
        let damaged = |source| ArchiveError::Damaged { source };
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        if zip.len() > MAX_PARTS {
            return Err(ArchiveError::TooManyParts { parts: zip.len() });
        }
        let mut names = Vec::with_capacity(zip.len());
        for index in 0..zip.len() {
            let part = zip.by_index_raw(index).map_err(damaged)?;
            names.push(readable(part.name_raw()));
        }
        Ok(Self { zip, names, left: MAX_BYTES })
    }

    /// The names of all parts with `/` between folders. They are only ever compared, never used as a path.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The content of the part called `name`; `None` when there is none.
    pub(crate) fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(index) = self.names.iter().position(|known| known == name) else { return Ok(None) };
        let mut content = Vec::new();
        self.unpack(index, &mut content)?;
        Ok(Some(content))
    }

    /// Unpacks everything into nothing: an error when it is too much or damaged. For readers that set no bounds of
    /// their own.
    pub(crate) fn check(&mut self) -> Result<(), ArchiveError> {
        (0..self.names.len()).try_for_each(|index| self.unpack(index, &mut std::io::sink()))
    }

    fn unpack(&mut self, index: usize, out: &mut impl std::io::Write) -> Result<(), ArchiveError> {
        let part = self.zip.by_index(index).map_err(|source| ArchiveError::Damaged { source })?;
        let copied = std::io::copy(&mut part.take(self.left + 1), out)
            .map_err(|source| ArchiveError::DamagedPart { name: self.names[index].clone(), source })?;
        self.left = self.left.checked_sub(copied).ok_or(ArchiveError::TooLarge)?;
        Ok(())
    }
}

/// A name as its author typed it: Chinese Windows writes GBK and says nothing of it.
fn readable(raw: &[u8]) -> String {
    let name = std::str::from_utf8(raw).map_or_else(|_| GB18030.decode(raw).0, Cow::Borrowed);
    name.replace('\\', "/")
}
