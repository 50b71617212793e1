//! Who sent this? The ways in which ticket systems sign what they send.
//!
//! A signature is compared in constant time, before anything of the body is read; a signed time must be near now, so
//! that a recording cannot be played again.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::standard;
use crate::channels::MESSAGE_AGE;

/// GLPI signs when an event happens and sends when its cron comes round.
const GLPI_AGE: SignedDuration = SignedDuration::from_hours(24);

/// How a sender shows that it is the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Standard Webhooks 1.0.
    StandardWebhooks,
    /// Zendesk: base64 of HMAC-SHA256 over time and body.
    Zendesk,
    /// GitHub's older form, which Zammad uses: `X-Hub-Signature: sha1=`.
    HubSha1,
    /// GitHub's newer form: `X-Hub-Signature-256: sha256=`.
    HubSha256,
    /// GLPI 11: HMAC-SHA256 over body and time.
    Glpi,
    /// 美洽: SHA-1 over body and secret.
    Meiqia,
    /// `Authorization: Bearer`: for senders that sign nothing (Jira, Freshdesk, Odoo).
    Bearer,
}

/// A scheme with the secret that the sender shares.
#[derive(Clone)]
pub enum Verifier {
    /// See [`Scheme::StandardWebhooks`].
    Standard(standard::Secret),
    /// See [`Scheme::Zendesk`].
    Zendesk(Hmac<Sha256>),
    /// See [`Scheme::HubSha1`].
    HubSha1(Hmac<Sha1>),
    /// See [`Scheme::HubSha256`].
    HubSha256(Hmac<Sha256>),
    /// See [`Scheme::Glpi`].
    Glpi(Hmac<Sha256>),
    /// See [`Scheme::Meiqia`].
    Meiqia(String),
    /// See [`Scheme::Bearer`].
    Bearer(String),
}

/// Why a message is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A header is not there.
    #[error("the header {header} is missing: check which way of signing the sender uses")]
    Missing {
        /// Which one.
        header: &'static str,
    },
    /// The signature is wrong.
    #[error(
        "the signature is wrong: check that both sides have the same secret, and that nothing changes the body"
    )]
    Signature,
    /// Signed correctly, but not now.
    #[error("the message was signed at {timestamp:?}, too far from now: check the clocks of both sides")]
    Stale {
        /// The time as sent.
        timestamp: String,
    },
}

/// A request before anything of it is believed.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The value of a header, by its lower-case name.
    pub header: &'a (dyn Fn(&str) -> Option<&'a str> + Sync),
    /// The body, byte for byte.
    pub body: &'a [u8],
}

impl Incoming<'_> {
    fn required(&self, header: &'static str) -> Result<&str, VerifyError> {
        (self.header)(header).ok_or(VerifyError::Missing { header })
    }
}

impl Verifier {
    /// Checks the secret against the scheme.
    ///
    /// # Errors
    /// A sentence that says what the secret should be.
    pub fn new(scheme: Scheme, secret: String) -> Result<Self, String> {
        let hmac = || Hmac::new_from_slice(secret.as_bytes()).map_err(|error| error.to_string());
        Ok(match scheme {
            Scheme::StandardWebhooks => {
                Self::Standard(secret.parse().map_err(|error: standard::SecretError| error.to_string())?)
            }
            Scheme::Zendesk => Self::Zendesk(hmac()?),
            Scheme::HubSha1 => {
                Self::HubSha1(Hmac::new_from_slice(secret.as_bytes()).map_err(|error| error.to_string())?)
            }
            Scheme::HubSha256 => Self::HubSha256(hmac()?),
            Scheme::Glpi => Self::Glpi(hmac()?),
            Scheme::Meiqia => Self::Meiqia(secret),
            Scheme::Bearer => Self::Bearer(secret),
        })
    }

    /// The id under which the sender sends this message, and again if it must.
    ///
    /// Where a sender that signs gives no id, the signed content is the id: what comes twice, to the byte, is one
    /// message.
    ///
    /// # Errors
    /// When the sender is not the right one, or this is an old recording.
    pub fn verify(&self, incoming: Incoming<'_>, now: Timestamp) -> Result<Option<String>, VerifyError> {
        let id = |header: &str| (incoming.header)(header).filter(|id| !id.is_empty()).map(str::to_owned);
        let content = |time: &str| {
            Some(hex::encode(Sha256::new().chain_update(incoming.body).chain_update(time).finalize()))
        };
        match self {
            Self::Standard(secret) => standard_webhooks(secret, incoming, now).map(Some),
            Self::Zendesk(code) => {
                let time = incoming.required("x-zendesk-webhook-signature-timestamp")?;
                let given = incoming.required("x-zendesk-webhook-signature")?;
                let given = STANDARD.decode(given).map_err(|_| VerifyError::Signature)?;
                check(code.clone().chain_update(time).chain_update(incoming.body), &given)?;
                fresh(time, time.parse().ok(), MESSAGE_AGE, now)?;
                Ok(id("x-zendesk-webhook-invocation-id").or_else(|| content(time)))
            }
            Self::HubSha1(code) => {
                let given = unhex(incoming.required("x-hub-signature")?, "sha1=")?;
                check(code.clone().chain_update(incoming.body), &given)?;
                Ok(id("x-zammad-delivery").or_else(|| id("x-github-delivery")).or_else(|| content("")))
            }
            Self::HubSha256(code) => {
                let given = unhex(incoming.required("x-hub-signature-256")?, "sha256=")?;
                check(code.clone().chain_update(incoming.body), &given)?;
                Ok(id("x-github-delivery").or_else(|| content("")))
            }
            Self::Glpi(code) => {
                let time = incoming.required("x-glpi-timestamp")?;
                let given = unhex(incoming.required("x-glpi-signature")?, "")?;
                check(code.clone().chain_update(incoming.body).chain_update(time), &given)?;
                fresh(time, seconds(time), GLPI_AGE, now)?;
                Ok(content(time))
            }
            Self::Meiqia(secret) => {
                // The vendor's article says one name and its example another.
                let given =
                    (incoming.header)("meiqia-signature").or_else(|| (incoming.header)("meiqia-sign"));
                let given = unhex(given.ok_or(VerifyError::Missing { header: "meiqia-signature" })?, "")?;
                let right = Sha1::new().chain_update(incoming.body).chain_update(secret).finalize();
                same(&right, &given)?;
                Ok(content(""))
            }
            Self::Bearer(secret) => {
                let (scheme, given) = incoming.required("authorization")?.split_once(' ').unwrap_or_default();
                // Compared as digests: the time tells nothing of the secret's length either.
                same(&Sha256::digest(secret), &Sha256::digest(given.trim()))?;
                if !scheme.eq_ignore_ascii_case("bearer") {
                    return Err(VerifyError::Signature);
                }
                Ok(id("idempotency-key").or_else(|| id(standard::ID)))
            }
        }
    }
}

fn standard_webhooks(
    secret: &standard::Secret,
    incoming: Incoming<'_>,
    now: Timestamp,
) -> Result<String, VerifyError> {
    let id = incoming.required(standard::ID)?;
    let time = incoming.required(standard::TIMESTAMP)?;
    if !secret.verify(incoming.required(standard::SIGNATURE)?, id, time, incoming.body) {
        return Err(VerifyError::Signature);
    }
    fresh(time, seconds(time), MESSAGE_AGE, now)?;
    Ok(id.to_owned())
}

fn check(code: impl Mac, given: &[u8]) -> Result<(), VerifyError> {
    code.verify_slice(given).map_err(|_| VerifyError::Signature)
}

fn same(right: &[u8], given: &[u8]) -> Result<(), VerifyError> {
    if bool::from(right.ct_eq(given)) { Ok(()) } else { Err(VerifyError::Signature) }
}

fn unhex(text: &str, prefix: &str) -> Result<Vec<u8>, VerifyError> {
    let digits = text.trim().strip_prefix(prefix).ok_or(VerifyError::Signature)?;
    hex::decode(digits).map_err(|_| VerifyError::Signature)
}

fn seconds(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.parse().ok()?).ok()
}

fn fresh(
    text: &str,
    time: Option<Timestamp>,
    age: SignedDuration,
    now: Timestamp,
) -> Result<(), VerifyError> {
    let since = time.map(|time| now.duration_since(time));
    // However late a sender may be, it cannot be early.
    if since.is_some_and(|since| since <= age && since >= -MESSAGE_AGE) {
        Ok(())
    } else {
        Err(VerifyError::Stale { timestamp: text.to_owned() })
    }
}

#[cfg(test)]
mod tests;
