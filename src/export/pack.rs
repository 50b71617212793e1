//! The pictures that an export needs, and an archive that holds both.

use std::{
    collections::BTreeSet,
    io::{Cursor, Write},
};

use zip::{CompressionMethod, ZipWriter, result::ZipResult, write::SimpleFileOptions};

use crate::{assets::AssetName, faq::Entry};

/// The stored pictures that entries refer to.
#[must_use]
pub fn pictures(entries: &[Entry]) -> BTreeSet<AssetName> {
    let images = entries.iter().flat_map(|entry| entry.answer.images());
    images.filter_map(|image| AssetName::from_reference(&image.src)).collect()
}

/// An archive of a file and its pictures, which an import reads as one.
///
/// # Errors
/// When the archive cannot be written, which in memory does not happen.
pub fn pack<'a>(
    name: &str,
    content: &[u8],
    pictures: impl IntoIterator<Item = (&'a AssetName, Vec<u8>)>,
) -> ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(name, SimpleFileOptions::default())?;
    archive.write_all(content)?;
    for (name, bytes) in pictures {
        // Pictures are packed already.
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        archive.start_file(name.reference(), stored)?;
        archive.write_all(&bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}
