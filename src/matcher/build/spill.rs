//! [`Spill`]: token vectors on their way into a snapshot, kept in a file instead of in memory when there are many.
//!
//! The file is a working copy of what the store has. It has no name and is gone when the last snapshot that reads from
//! it is, or the process.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    ops::Range,
    path::Path,
};

use bytes::Bytes;
use memmap2::Mmap;

use crate::{rank::TokenMatrix, store::TextHash};

/// Fewer bytes than this stay in memory: a change of some entries is no reason for a file.
const KEPT_IN_MEMORY: usize = 16 << 20;

/// Token matrices of texts.
pub(super) struct Spill<'a> {
    folder: Option<&'a Path>,
    dimension: usize,
    kept: Vec<(TextHash, TokenMatrix)>,
    kept_bytes: usize,
    file: Option<BufWriter<File>>,
    /// Where in the file each text's matrix is.
    places: Vec<(TextHash, Range<usize>)>,
    end: usize,
}

impl<'a> Spill<'a> {
    /// For matrices of `dimension`, in a file in `folder`, or the system's folder for such files.
    pub(super) fn new(folder: Option<&'a Path>, dimension: usize) -> Self {
        Self { folder, dimension, kept: vec![], kept_bytes: 0, file: None, places: vec![], end: 0 }
    }

    /// How many numbers a vector has.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Takes one matrix.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn push(&mut self, text: TextHash, tokens: TokenMatrix) -> io::Result<()> {
        self.kept_bytes += tokens.as_bytes().len();
        self.kept.push((text, tokens));
        if self.kept_bytes > KEPT_IN_MEMORY { self.write_out() } else { Ok(()) }
    }

    fn write_out(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(unnamed_file(self.folder)?)),
        };
        for (text, tokens) in self.kept.drain(..) {
            file.write_all(tokens.as_bytes())?;
            let start = self.end;
            self.end += tokens.as_bytes().len();
            self.places.push((text, start..self.end));
        }
        self.kept_bytes = 0;
        Ok(())
    }

    /// All that was taken.
    ///
    /// # Errors
    /// When the file cannot be written or read.
    pub(super) fn finish(mut self) -> io::Result<Vec<(TextHash, TokenMatrix)>> {
        let Some(mut file) = self.file.take() else { return Ok(self.kept) };
        file.flush()?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        // SAFETY: the file has no name, so that no other process changes or cuts it, and nobody writes to it any more.
        let map = Bytes::from_owner(unsafe { Mmap::map(&file)? });
        // What was written is what was taken.
        let lost = || io::Error::new(io::ErrorKind::InvalidData, "the working file came back different");
        let mut all = self.kept;
        for (text, place) in self.places {
            let tokens = TokenMatrix::of_same_bytes(map.slice(place), self.dimension).ok_or_else(lost)?;
            all.push((text, tokens));
        }
        Ok(all)
    }
}

/// A file without a name in `folder`, when that can be written to.
fn unnamed_file(folder: Option<&Path>) -> io::Result<File> {
    match folder.map(tempfile::tempfile_in) {
        Some(Ok(file)) => Ok(file),
        Some(Err(_)) | None => tempfile::tempfile(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_to_the_file_comes_back_the_same_beside_what_stays_in_memory() {
        let matrix = |seed: usize| {
            let numbers: Vec<f32> =
                (0..100 * 64).map(|i| ((i * 31 + seed * 17) % 97) as f32 - 48.0).collect();
            TokenMatrix::new(&numbers, &[0.5; 64])
        };
        let texts: Vec<TextHash> = (0..3_000).map(|i: u32| TextHash::of(&i.to_string())).collect();
        let folder = tempfile::tempdir().unwrap();
        for folder in [None, Some(folder.path())] {
            let mut spill = Spill::new(folder, 64);
            for (seed, text) in texts.iter().enumerate() {
                spill.push(*text, matrix(seed % 50)).unwrap();
            }
            assert!(spill.file.is_some() && !spill.kept.is_empty(), "both are in use");
            let all: std::collections::HashMap<_, _> = spill.finish().unwrap().into_iter().collect();
            assert_eq!(all.len(), texts.len());
            for (seed, text) in texts.iter().enumerate() {
                assert_eq!(all[text], matrix(seed % 50));
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
    }
}
