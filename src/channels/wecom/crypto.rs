//! How WeCom signs and encrypts what it sends and expects (its `WXBizMsgCrypt`).
//!
//! A message is `base64(AES-256-CBC(random(16) + length(4, big-endian) + text + receiver))`, padded to whole blocks of
//! 32 bytes. CBC carries no authentication of its own, so [`Crypto::open`] looks at nothing of a message before the
//! signature over it and its age are right.

use aes::{
    Aes256,
    cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::NoPadding},
};
use base64::{
    Engine, alphabet,
    engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
};
use jiff::Timestamp;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::channels::MESSAGE_AGE;

/// Padding goes to whole multiples of this, although an AES block has 16 bytes.
const BLOCK: usize = 32;
/// Random bytes in front of a message.
const RANDOM: usize = 16;
/// Those and the length of the text.
const HEADER: usize = RANDOM + 4;

/// 43 characters carry 258 bits: the last two are left over, and WeCom makes keys in which they are not zero.
const KEY_ENCODING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Why a message was refused. [`CryptoError::code`] gives WeCom's own number for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// Nobody who knows the token signed this.
    #[error("the signature is wrong: check that the token is the one shown in WeCom's console")]
    Signature,
    /// Signed correctly, but not now: a recording, or a clock that is wrong.
    #[error(
        "the message was signed at {timestamp:?}, more than {MESSAGE_AGE:#} from now: check the server's clock"
    )]
    Stale {
        /// The timestamp as sent.
        timestamp: String,
    },
    /// The key cannot be one of WeCom's.
    #[error("an EncodingAESKey has 43 letters and digits, this one has {characters} characters or others")]
    Key {
        /// Its length.
        characters: usize,
    },
    /// Meant for somebody else.
    #[error("the message is for {receiver:?}, not for this one: check the corp id")]
    Receiver {
        /// For whom it is.
        receiver: String,
    },
    /// The encrypted text is no base64.
    #[error("the encrypted text is not base64")]
    Base64,
    /// The encrypted text is cut, or encrypted under another key.
    #[error("the message cannot be decrypted: check the EncodingAESKey")]
    Decrypt,
    /// The system gave no random bytes to encrypt with.
    #[error("the reply cannot be encrypted: {reason}")]
    Encrypt {
        /// What the system said.
        reason: String,
    },
    /// Decrypted, but its parts do not fit.
    #[error("the decrypted message is damaged: its length or text cannot be right")]
    Buffer,
}

impl CryptoError {
    /// WeCom's error code.
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            Self::Signature | Self::Stale { .. } => -40001,
            Self::Key { .. } => -40004,
            Self::Receiver { .. } => -40005,
            Self::Encrypt { .. } => -40006,
            Self::Decrypt => -40007,
            Self::Buffer => -40008,
            Self::Base64 => -40010,
        }
    }
}

/// What stands in the address of a callback.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// SHA-1 over token, timestamp, nonce and encrypted text, as lower-case hexadecimal digits.
    pub signature: &'a str,
    /// Seconds since 1970.
    pub timestamp: &'a str,
    /// Chosen by the sender.
    pub nonce: &'a str,
}

/// An encrypted and signed reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The encrypted text.
    pub encrypt: String,
    /// The signature over it.
    pub signature: String,
    /// Seconds since 1970.
    pub timestamp: i64,
    /// The nonce of the message that is replied to.
    pub nonce: String,
}

/// Token and key of one callback address.
pub struct Crypto {
    token: String,
    key: [u8; 32],
    receiver: String,
}

impl Crypto {
    /// `receiver` is the corp id for a self-built app and empty for a company's own AI bot.
    ///
    /// # Errors
    /// When `encoding_aes_key` is no key.
    pub fn new(token: &str, encoding_aes_key: &str, receiver: &str) -> Result<Self, CryptoError> {
        let wrong = || CryptoError::Key { characters: encoding_aes_key.chars().count() };
        let bytes = KEY_ENCODING.decode(format!("{encoding_aes_key}=")).map_err(|_| wrong())?;
        let key = bytes.try_into().map_err(|_| wrong())?;
        Ok(Self { token: token.to_owned(), key, receiver: receiver.to_owned() })
    }

    /// The text of an encrypted message, once its signature and its age are right.
    ///
    /// # Errors
    /// See [`CryptoError`].
    pub fn open(&self, signed: &Signed<'_>, encrypt: &str, now: Timestamp) -> Result<String, CryptoError> {
        let signature = self.signature(signed.timestamp, signed.nonce, encrypt);
        if !bool::from(signature.as_bytes().ct_eq(signed.signature.as_bytes())) {
            return Err(CryptoError::Signature);
        }
        let fresh = signed
            .timestamp
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .is_some_and(|sent| now.duration_since(sent).abs() <= MESSAGE_AGE);
        if !fresh {
            return Err(CryptoError::Stale { timestamp: signed.timestamp.to_owned() });
        }
        self.text(&STANDARD.decode(encrypt).map_err(|_| CryptoError::Base64)?)
    }

    fn decrypt(&self, encrypted: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut plain = cbc::Decryptor::<Aes256>::new(&self.key.into(), &self.initial_vector().into())
            .decrypt_padded_vec::<NoPadding>(encrypted)
            .map_err(|_| CryptoError::Decrypt)?;
        // A library's PKCS#7 goes by the cipher's 16 bytes and would refuse what WeCom pads to 32.
        let pad = plain.last().copied().map_or(0, usize::from);
        let kept = plain.len().checked_sub(pad).ok_or(CryptoError::Decrypt)?;
        if !(1..=BLOCK).contains(&pad) || plain[kept..].iter().any(|&byte| usize::from(byte) != pad) {
            return Err(CryptoError::Decrypt);
        }
        plain.truncate(kept);
        Ok(plain)
    }

    fn text(&self, encrypted: &[u8]) -> Result<String, CryptoError> {
        let plain = self.decrypt(encrypted)?;
        let (header, rest) = plain.split_at_checked(HEADER).ok_or(CryptoError::Buffer)?;
        let length = header[RANDOM..].iter().fold(0_usize, |length, &byte| (length << 8) | usize::from(byte));
        let (text, receiver) = rest.split_at_checked(length).ok_or(CryptoError::Buffer)?;
        if receiver != self.receiver.as_bytes() {
            return Err(CryptoError::Receiver { receiver: String::from_utf8_lossy(receiver).into_owned() });
        }
        String::from_utf8(text.to_vec()).map_err(|_| CryptoError::Buffer)
    }

    /// Encrypts and signs a reply to the message that came with `nonce`.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn seal(&self, text: &str, nonce: &str, now: Timestamp) -> Result<Sealed, CryptoError> {
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random).map_err(|error| CryptoError::Encrypt { reason: error.to_string() })?;
        Ok(self.seal_with(random, text, nonce, now))
    }

    fn seal_with(&self, random: [u8; RANDOM], text: &str, nonce: &str, now: Timestamp) -> Sealed {
        let mut plain = Vec::with_capacity(HEADER + text.len() + self.receiver.len() + BLOCK);
        plain.extend_from_slice(&random);
        plain.extend_from_slice(&(text.len() as u32).to_be_bytes());
        plain.extend_from_slice(text.as_bytes());
        plain.extend_from_slice(self.receiver.as_bytes());
        let pad = BLOCK - plain.len() % BLOCK;
        plain.resize(plain.len() + pad, pad as u8);
        let encrypted = cbc::Encryptor::<Aes256>::new(&self.key.into(), &self.initial_vector().into())
            .encrypt_padded_vec::<NoPadding>(&plain);
        let encrypt = STANDARD.encode(encrypted);
        let timestamp = now.as_second();
        let signature = self.signature(&timestamp.to_string(), nonce, &encrypt);
        Sealed { encrypt, signature, timestamp, nonce: nonce.to_owned() }
    }

    fn initial_vector(&self) -> [u8; 16] {
        let mut vector = [0; 16];
        vector.copy_from_slice(&self.key[..16]);
        vector
    }

    /// SHA-1 of the four values, sorted as texts and joined.
    fn signature(&self, timestamp: &str, nonce: &str, encrypt: &str) -> String {
        let mut values = [self.token.as_str(), timestamp, nonce, encrypt];
        values.sort_unstable();
        hex::encode(Sha1::digest(values.concat()))
    }
}

#[cfg(test)]
mod tests;
