//! Bytes of a text file to text: UTF-8 and UTF-16 with or without a mark, GB18030 as Chinese Excel saves CSV.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes that are no text in any encoding known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// Nearly all of it is UTF-8, but not this line: the file is damaged, or was put together from two.
    DamagedUtf8 {
        /// From 1.
        line: usize,
    },
    /// Neither UTF-8 nor UTF-16 nor GB18030.
    Unknown,
}

/// The text in `bytes`, without a byte order mark.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Undecodable> {
    let encoding = match Encoding::for_bom(bytes).map(|(encoding, _)| encoding).or_else(|| utf16(bytes)) {
        Some(encoding) => encoding,
        None => match std::str::from_utf8(bytes) {
            Ok(_) => UTF_8,
            Err(error) if is_nearly_utf8(bytes) => {
                let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
                return Err(Undecodable::DamagedUtf8 { line });
            }
            // GBK and GB2312 are parts of GB18030.
            Err(_) => GB18030,
        },
    };
    let (text, malformed) = encoding.decode_with_bom_removal(bytes);
    if malformed { Err(Undecodable::Unknown) } else { Ok(text) }
}

/// UTF-16 without a mark, when it is certain: the marks between cells and lines all have their zero on the same side. No
/// other encoding of text has zeros.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    const SEPARATORS: [u8; 4] = *b",\t\n\r";
    let (pairs, rest) = bytes.as_chunks::<2>();
    let little = pairs.iter().any(|[first, second]| SEPARATORS.contains(first) && *second == 0);
    let big = pairs.iter().any(|[first, second]| *first == 0 && SEPARATORS.contains(second));
    match (rest, little, big) {
        ([], true, false) => Some(UTF_16LE),
        ([], false, true) => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether most of what is not ASCII is valid UTF-8. In GBK, every second character or so is not.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (mut valid, mut invalid) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    valid > 4 * invalid
}
