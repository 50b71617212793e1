//! [`Picture`]: bytes that are a picture which a browser shows and which can do no harm.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::AssetName;

/// Larger pictures are refused: they are to be seen in a chat.
pub const MAX_PICTURE_BYTES: u64 = 20 << 20;

/// The kinds of pictures that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Png, Self::Jpeg, Self::Gif, Self::Webp];

    /// Extension of the name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }

    /// Media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }

    /// The kind by the first bytes; what the file is called says nothing.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }
}

/// Why bytes are no picture that is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Nothing there.
    #[error("the file is empty")]
    Empty,
    /// Over the limit.
    #[error("it has more than {MAX_PICTURE_BYTES} bytes; make it smaller")]
    TooLarge,
    /// May hold scripts.
    #[error("it is SVG, which can hold scripts; save it as PNG")]
    Svg,
    /// What Word makes of drawings.
    #[error("it is a Windows metafile ({kind}), which browsers do not show; save it as PNG")]
    Metafile {
        /// `EMF` or `WMF`.
        kind: &'static str,
    },
    /// Anything else.
    #[error("it is no PNG, JPEG, GIF or WebP; save it as one of these")]
    Unknown,
}

/// A picture and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    name: AssetName,
    bytes: Vec<u8>,
}

impl Picture {
    /// Checks what `bytes` are.
    ///
    /// # Errors
    /// When they are no picture that is kept.
    pub fn new(bytes: Vec<u8>) -> Result<Self, PictureError> {
        if bytes.is_empty() {
            return Err(PictureError::Empty);
        }
        if bytes.len() as u64 > MAX_PICTURE_BYTES {
            return Err(PictureError::TooLarge);
        }
        let kind = Kind::of(&bytes).ok_or_else(|| refusal(&bytes))?;
        let mut name = String::with_capacity(69);
        for byte in Sha256::digest(&bytes) {
            // Writing into a text cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        Ok(Self { name: AssetName(format!("{name}.{}", kind.extension())), bytes })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &AssetName {
        &self.name
    }

    /// Its content.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn refusal(bytes: &[u8]) -> PictureError {
    if bytes.get(40..44) == Some(b" EMF") {
        return PictureError::Metafile { kind: "EMF" };
    }
    if bytes.starts_with(&[0xD7, 0xCD, 0xC6, 0x9A]) || bytes.starts_with(&[1, 0, 9, 0]) {
        return PictureError::Metafile { kind: "WMF" };
    }
    let head = bytes.get(..1024).unwrap_or(bytes).to_ascii_lowercase();
    if head.windows(4).any(|window| window == b"<svg") { PictureError::Svg } else { PictureError::Unknown }
}
