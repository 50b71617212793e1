//! Standard Webhooks 1.0 (<https://www.standardwebhooks.com>): how a message is signed, out and in.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Header with the id of a message; the same however often it is sent.
pub const ID: &str = "webhook-id";
/// Header with the time of sending, seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// Header with one or more signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// In front of a secret.
const PREFIX: &str = "whsec_";
/// In front of a signature of the symmetric kind.
const VERSION: &str = "v1,";

/// A secret that both sides know.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

/// A text is no secret of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a Standard Webhooks secret is `whsec_` and 24 to 64 random bytes in base64: make one with \
     `echo whsec_$(openssl rand -base64 32)`"
)]
pub struct SecretError;

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl std::str::FromStr for Secret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).map_err(|_| SecretError)?;
        if !(24..=64).contains(&bytes.len()) {
            return Err(SecretError);
        }
        Hmac::new_from_slice(&bytes).map(Self).map_err(|_| SecretError)
    }
}

impl Secret {
    /// The signature over a message: the value of [`SIGNATURE`].
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let code = self.code(id, &timestamp.to_string(), body).finalize().into_bytes();
        format!("{VERSION}{}", STANDARD.encode(code))
    }

    /// Whether one of `signatures` is right for the message. Takes the same time wherever a wrong one differs.
    #[must_use]
    pub fn verify(&self, signatures: &str, id: &str, timestamp: &str, body: &[u8]) -> bool {
        let code = self.code(id, timestamp, body);
        let mut candidates = signatures.split(' ').filter_map(|signature| signature.strip_prefix(VERSION));
        candidates.any(|candidate| {
            STANDARD.decode(candidate).is_ok_and(|bytes| code.clone().verify_slice(&bytes).is_ok())
        })
    }

    fn code(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(format!("{id}.{timestamp}.")).chain_update(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of the Standard Webhooks libraries: secret, id, timestamp, body, signature.
    const VECTORS: [(&str, &str, i64, &str, &str); 2] = [
        (
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            r#"{"email":"test@example.com","username":"test_user"}"#,
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ];

    #[test]
    fn the_published_vectors_are_signed_and_verified() {
        for (secret, id, timestamp, body, signature) in VECTORS {
            let secret: Secret = secret.parse().unwrap();
            assert_eq!(secret.sign(id, timestamp, body.as_bytes()), signature);
            assert!(secret.verify(signature, id, &timestamp.to_string(), body.as_bytes()));
        }
    }

    #[test]
    fn one_right_signature_among_several_is_enough_and_a_wrong_or_partial_one_is_not() {
        let (secret, id, timestamp, body, signature) = VECTORS[0];
        let secret: Secret = secret.parse().unwrap();
        let verify =
            |signatures: &str| secret.verify(signatures, id, &timestamp.to_string(), body.as_bytes());
        let several = format!(
            "v1,tFtCZ5RDCPxzWQRWXWPgrCgE2frDBe9gjpbWQxnVfsQ= v1,Mm7xgUVICxZfQ3bgf0h0Dof65L/IFx+PnZvnDWPCX6Q= \
             {signature} v1,9DfC1c3eeOrXB6w/5dIDydLNQaEyww5KalE5jLBZucE="
        );
        assert!(verify(&several));
        for wrong in [
            "v1,R3PTzyfHASBKHH98a7yexTwaJ4yNIcGhFQc1yuN+BPU=",
            &signature[..11],
            "v1,",
            "",
            &signature.replace("v1,", "v1a,"),
            &signature.replace("v1,", ""),
        ] {
            assert!(!verify(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_signed_cannot_be_changed() {
        let (secret, id, timestamp, body, signature) = VECTORS[0];
        let right: Secret = secret.parse().unwrap();
        let other: Secret = VECTORS[1].0.parse().unwrap();
        let (time, body) = (timestamp.to_string(), body.as_bytes());
        assert!(!right.verify(signature, "msg_other", &time, body));
        assert!(!right.verify(signature, id, "1649367554", body));
        assert!(!right.verify(signature, id, &time, &body[1..]));
        assert!(!other.verify(signature, id, &time, body));
    }

    #[test]
    fn a_secret_that_is_empty_short_or_no_base64_is_refused() {
        let (long, short) = ("A".repeat(88), "A".repeat(28));
        for text in ["", "whsec_", "whsec_!!!", "test-secret", long.as_str(), short.as_str()] {
            assert_eq!(text.parse::<Secret>().err(), Some(SecretError), "{text:?}");
        }
        assert_eq!(format!("{:?}", VECTORS[0].0.parse::<Secret>().unwrap()), "Secret(…)");
    }
}
