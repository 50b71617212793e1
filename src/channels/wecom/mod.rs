//! 企业微信 (WeCom): the self-built app's XML callback ([`app`]) and the AI bot's JSON callback ([`bot`]).
//!
//! Both share one way of signing and encrypting ([`crypto`]), one [`dialogue`] and one [`layout`]; they differ in their
//! envelopes and in what a message may hold.

pub mod app;
pub mod bot;
mod bot_message;
mod command;
mod conversations;
pub mod crypto;
pub mod dialogue;
pub mod group_robot;
pub mod layout;
mod plain;
mod xml;

use std::sync::Arc;

use jiff::Timestamp;

use self::{
    app::App,
    bot::Bot,
    crypto::{Crypto, CryptoError, Signed},
    dialogue::{Dialogue, Resources},
    group_robot::GroupRobot,
    layout::Wording,
};
use crate::{faq::SpaceName, learn::FeedbackError, matcher, spaces::Space};

/// The callbacks that are configured, and what their answers need.
pub struct Wecom {
    /// The FAQ that answers.
    pub space: SpaceName,
    /// 自建应用.
    pub app: Option<App>,
    /// 智能机器人.
    pub bot: Option<Bot>,
    /// 群机器人.
    pub group_robot: Option<Arc<GroupRobot>>,
}

impl Wecom {
    /// What its conversations need, where `space` is the one that it names.
    #[must_use]
    pub fn resources<'a>(&'a self, space: &'a Space) -> Resources<'a> {
        Resources { space, robot: self.group_robot.as_ref() }
    }
}

/// What every callback address has.
pub struct Callback {
    crypto: Crypto,
    dialogue: Dialogue,
    wording: Wording,
}

impl Callback {
    /// A callback in which nobody has said anything yet.
    #[must_use]
    pub fn new(crypto: Crypto, wording: Wording) -> Self {
        Self { crypto, dialogue: Dialogue::default(), wording }
    }

    /// What to answer when WeCom verifies the address: the decrypted text, nothing else.
    ///
    /// # Errors
    /// When it is not WeCom that asks.
    pub fn verify(&self, signed: &Signed<'_>, echo: &str, now: Timestamp) -> Result<String, CryptoError> {
        self.crypto.open(signed, echo, now)
    }
}

/// Why a callback gets no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not signed, not now, or not for us.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The body is no envelope.
    #[error("the body must be {expected}: {reason}")]
    Envelope {
        /// What it should be.
        expected: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// What was decrypted is no message.
    #[error("the decrypted text is not a message: {reason}")]
    Message {
        /// What is wrong with it.
        reason: String,
    },
    /// The reply could not be written.
    #[error("the reply cannot be written as XML")]
    Reply {
        /// Why.
        source: std::io::Error,
    },
    /// The question could not be matched.
    #[error(transparent)]
    Match(#[from] matcher::Error),
    /// The feedback could not be stored.
    #[error(transparent)]
    Feedback(#[from] FeedbackError),
}

impl Error {
    /// WeCom's error code, where it has one.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Crypto(error) => Some(error.code()),
            Self::Envelope { .. } | Self::Message { .. } => Some(-40002),
            Self::Reply { .. } => Some(-40011),
            Self::Match(_) | Self::Feedback(_) => None,
        }
    }
}
