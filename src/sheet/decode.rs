//! Bytes of a text file to text: UTF-8 with or without a mark, UTF-16 with one, GB18030 as Chinese Excel saves CSV.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8};

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
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
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

/// Whether most of what is not ASCII is valid UTF-8. In GBK, every second character or so is not.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (mut valid, mut invalid) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    valid > 4 * invalid
}
