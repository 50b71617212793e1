//! Settings of the channels. They stand in `dayi.toml` only: they are tables and lists, and most hold a secret, which
//! has no place on a command line.

use std::fmt;

use serde::Deserialize;

use crate::{
    channels::webhook::{hook::Reply, verify::Scheme},
    faq::SpaceName,
    triage::Preset,
};

/// `[wecom]`: 企业微信.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WecomSettings {
    /// The FAQ that answers; the default space when it is left out.
    #[serde(default)]
    pub space: SpaceName,
    /// `[wecom.app]`: a self-built app (自建应用).
    pub app: Option<WecomAppSettings>,
    /// `[wecom.bot]`: an AI bot (智能机器人).
    pub bot: Option<WecomBotSettings>,
    /// `[wecom.group_robot]`: a group robot (群机器人) that tells what was not answered.
    pub group_robot: Option<GroupRobotSettings>,
    /// Whom to turn to, in the customer's words.
    pub hand_over: Option<String>,
    /// The first message of the day.
    pub welcome: Option<String>,
}

/// `[wecom.app]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WecomAppSettings {
    /// 企业 ID.
    pub corp_id: String,
    /// Token of the callback.
    pub token: SecretSetting,
    /// `EncodingAESKey` of the callback.
    pub encoding_aes_key: SecretSetting,
}

/// `[wecom.bot]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WecomBotSettings {
    /// Its name as group messages mention it; needed when the name has a space in it.
    pub name: Option<String>,
    /// Token of the callback.
    pub token: SecretSetting,
    /// `EncodingAESKey` of the callback.
    pub encoding_aes_key: SecretSetting,
}

/// `[wecom.group_robot]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRobotSettings {
    /// Its webhook address. The key in it makes it a secret.
    pub url: SecretSetting,
    /// Whether it may stand in this service's own network, as that of a WeCom on one's own machines does.
    #[serde(default)]
    pub allow_private_address: bool,
}

/// `[[hooks]]`: an address at which a ticket system calls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookSettings {
    /// Its name in the address: `/v1/hooks/NAME`.
    pub name: String,
    /// How the ticket system shows that it is the one.
    pub verify: Scheme,
    /// The FAQ that answers; the default space when it is left out.
    #[serde(default)]
    pub space: SpaceName,
    /// What it shares with this service.
    pub secret: SecretSetting,
    /// Which ticket system's JSON it sends; without one, that of `POST /v1/triage`.
    pub preset: Option<Preset>,
    /// Where the outcome goes.
    #[serde(default)]
    pub reply: Reply,
    /// The address to which outcomes are delivered.
    pub deliver_to: Option<SecretSetting>,
    /// The secret with which they are signed.
    pub deliver_secret: Option<SecretSetting>,
    /// Whether that address may be in this service's own network.
    #[serde(default)]
    pub allow_private_address: bool,
}

/// A secret: itself, or `{ env = "NAME" }` for the environment variable that holds it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a secret is a text, or { env = \"NAME\" }")]
pub enum SecretSetting {
    /// As it is.
    Text(String),
    /// Somewhere else.
    Variable(Variable),
}

/// The name of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name.
    pub env: String,
}

/// Settings end up in logs; secrets must not.
impl fmt::Debug for SecretSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(…)"),
            Self::Variable(variable) => variable.fmt(f),
        }
    }
}

impl SecretSetting {
    /// The secret. `name` says where it is set, for the error.
    ///
    /// # Errors
    /// A sentence when it is empty or its variable is not set.
    pub fn reveal(&self, name: &str) -> Result<String, String> {
        let (secret, from) = match self {
            Self::Text(text) => (Some(text.clone()), String::new()),
            Self::Variable(Variable { env }) => {
                (std::env::var(env).ok(), format!(": set the environment variable {env}"))
            }
        };
        secret.filter(|secret| !secret.trim().is_empty()).ok_or_else(|| format!("{name} is empty{from}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let settings: WecomSettings = toml::from_str(
            "group_robot.url = 'https://e.cn/send?key=hunter2'\n[bot]\ntoken = 'hunter2'\n\
                 encoding_aes_key = { env = 'KEY' }",
        )
        .unwrap();
        let shown = format!("{settings:?}");
        assert!(!shown.contains("hunter2") && shown.contains("KEY"), "{shown}");
    }

    #[test]
    fn a_secret_that_is_not_there_is_asked_for_by_name() {
        let missing = SecretSetting::Variable(Variable { env: "DAYI_TEST_NO_SUCH_VARIABLE".into() });
        let error = missing.reveal("wecom.bot.token").unwrap_err();
        assert_eq!(
            error,
            "wecom.bot.token is empty: set the environment variable DAYI_TEST_NO_SUCH_VARIABLE"
        );
        assert!(SecretSetting::Text(" ".into()).reveal("a").is_err());
        assert_eq!(SecretSetting::Text("x".into()).reveal("a").unwrap(), "x");
        let error = toml::from_str::<WecomSettings>("group_robot.url = 7").unwrap_err().to_string();
        assert!(error.contains("{ env = \"NAME\" }"), "{error}");
    }
}
