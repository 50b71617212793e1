//! [`Token`]: the text that a client sends, `dayi_<id>_<secret>`. The only file that sees a secret.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// So that secret scanners and people know one when they see it.
const PREFIX: &str = "dayi_";

/// Hexadecimal digits of an id.
const ID_DIGITS: usize = 16;

/// 256 bits: nothing that can be tried out.
const SECRET_BYTES: usize = 32;

/// Names a key in lists, histories and logs. No secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u64);

/// Why a text is not the id of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{id:?} is no id of a key: `dayi key list` shows them, {ID_DIGITS} digits from 0 to f")]
pub struct KeyIdError {
    /// What was given.
    pub id: String,
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let all_digits = text.len() == ID_DIGITS && text.bytes().all(is_digit);
        let number = if all_digits { u64::from_str_radix(text, 16).ok() } else { None };
        // Whoever pastes the whole key here must not find it in an error text or a log.
        number.map(Self).ok_or_else(|| KeyIdError { id: text.chars().take(ID_DIGITS).collect() })
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl ToSql for KeyId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl FromSql for KeyId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(FromSqlError::other)
    }
}

/// A key as its holder has it. Never stored, never logged.
pub struct Token {
    /// Which key it claims to be.
    pub id: KeyId,
    secret: String,
}

/// What is stored of a secret.
///
/// A single SHA-256: a slow password hash protects secrets that can be guessed, and 256 random bits cannot.
pub(super) struct SecretHash([u8; 32]);

impl Token {
    /// A new one, from the operating system's source of randomness.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut id = [0; ID_DIGITS / 2];
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut secret)?;
        Ok(Self { id: KeyId(u64::from_be_bytes(id)), secret: URL_SAFE_NO_PAD.encode(secret) })
    }

    /// Reads what a client sent; `None` when it has not the form of a key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let well_formed = URL_SAFE_NO_PAD.decode(secret).is_ok_and(|bytes| bytes.len() == SECRET_BYTES);
        let id = id.parse().ok()?;
        well_formed.then(|| Self { id, secret: secret.to_owned() })
    }

    /// The whole text, for the one time that it is shown.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, self.secret)
    }

    /// What a page proves with that it is a page of this service. Tells nothing of the secret.
    #[must_use]
    pub fn csrf(&self) -> String {
        hex::encode(Sha256::digest(format!("csrf {}", self.secret)))
    }

    pub(super) fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.secret.as_bytes()).into())
    }
}

/// Without the secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SecretHash {
    /// Compares in a time that does not depend on where the two differ.
    pub(super) fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl ToSql for SecretHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for SecretHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        FromSql::column_result(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_shown() {
        let token = Token::generate().unwrap();
        let text = token.reveal();
        assert_eq!(text.len(), PREFIX.len() + ID_DIGITS + 1 + 43, "{text}");
        let read = Token::parse(&text).unwrap();
        assert_eq!(read.id, token.id);
        assert!(read.hash().matches(&token.hash()));
    }

    #[test]
    fn no_two_are_alike_and_none_opens_for_another() {
        let (one, two) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_ne!(one.id, two.id);
        assert!(!one.hash().matches(&two.hash()));
    }

    #[test]
    fn everything_else_is_no_token() {
        let text = Token::generate().unwrap().reveal();
        let upper = text.to_uppercase();
        for bad in ["", "dayi_", "dayi__", &text[1..], &text[..text.len() - 1], &format!("{text}A"), &upper] {
            assert!(Token::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn neither_debug_nor_an_error_shows_a_secret() {
        let token = Token::generate().unwrap();
        assert!(!format!("{token:?}").contains(&token.secret));
        let error = token.reveal().parse::<KeyId>().unwrap_err();
        assert!(!error.to_string().contains(&token.secret), "{error}");
    }
}
