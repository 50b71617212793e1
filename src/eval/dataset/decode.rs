//! Bytes of a text file to text: UTF-8 with or without a mark, UTF-16 with one, GB18030 as Chinese Excel saves CSV.

use std::{fs::File, io::Read, path::Path};

use encoding_rs::{Encoding, GB18030, UTF_8};

use super::{Error, MAX_BYTES};

/// The text of the file at `path`.
pub(super) fn text(path: &Path) -> Result<String, Error> {
    let bytes = bytes(path)?;
    let encoding = match Encoding::for_bom(&bytes) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(&bytes).is_ok() => UTF_8,
        // GBK and GB2312 are parts of GB18030.
        None => GB18030,
    };
    let (text, malformed) = encoding.decode_with_bom_removal(&bytes);
    if malformed { Err(Error::Encoding { path: path.to_owned() }) } else { Ok(text.into_owned()) }
}

/// The bytes of the file at `path`, if there are not too many.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // A limit on what is read, not on what the file says of itself: a pipe or device has no size.
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::TooLarge { path: path.to_owned(), bytes: bytes.len() as u64 });
    }
    Ok(bytes)
}
