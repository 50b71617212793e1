//! From settings to channels: everything that is wrong is told at once, before anything is served.

use std::{collections::HashSet, path::Path, sync::Arc};

use super::{
    webhook::{
        deliver::{Deliveries, Destination, Kind},
        hook::{Hook, Reply},
        outbox::{Outbox, OutboxError},
        verify::Verifier,
    },
    wecom::{
        Callback, Wecom,
        app::App,
        bot::Bot,
        crypto::Crypto,
        group_robot::{self, GroupRobot},
        layout::Wording,
    },
};
use crate::{
    config::{ChannelsConfig, HookSettings, SecretSetting, WecomSettings},
    triage::Preset,
};

/// Why the channels cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Settings that cannot work; all of them, not only the first.
    #[error("the channels in the configuration file cannot be opened:\n{}", problems.join("\n"))]
    Settings {
        /// One line a problem.
        problems: Vec<String>,
    },
    /// The outbox cannot be opened.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// No thread.
    #[error("the system gives no thread to deliver messages")]
    Thread {
        /// What the system said.
        source: std::io::Error,
    },
}

/// All channels of one service.
pub struct Channels {
    /// 企业微信.
    pub wecom: Wecom,
    /// Addresses at which ticket systems call.
    pub hooks: Vec<Hook>,
    /// What sends messages, when there is anybody to send them to.
    pub deliveries: Option<Arc<Deliveries>>,
}

impl Channels {
    /// Opens what is configured. Messages that have to be delivered are kept in `directory`.
    ///
    /// # Errors
    /// When settings cannot work, or the outbox cannot be opened.
    pub fn open(config: &ChannelsConfig, directory: &Path) -> Result<Self, OpenError> {
        let mut opening = Opening::default();
        let ChannelsConfig { public_url, wecom, hooks } = config;
        if let Some(url) = public_url {
            opening.check_address("public_url", url);
        }
        let mut channels = Self { wecom: opening.wecom(config), hooks: Vec::new(), deliveries: None };
        for hook in hooks {
            channels.hooks.extend(opening.hook(hook));
        }
        if let Some(robot) = &wecom.group_robot
            && let Some(url) = opening.reveal("wecom.group_robot.url", &robot.url)
        {
            opening.check_address("wecom.group_robot.url", &url);
            opening.destinations.push(Destination {
                name: group_robot::DESTINATION.to_owned(),
                url,
                kind: Kind::GroupRobot { quota: group_robot::quota() },
                allow_private_address: robot.allow_private_address,
            });
        }
        if !opening.problems.is_empty() {
            return Err(OpenError::Settings { problems: opening.problems });
        }
        if !opening.destinations.is_empty() {
            let outbox = Arc::new(Outbox::open_or_create(directory)?);
            let deliveries = Deliveries::start(outbox, opening.destinations)
                .map_err(|source| OpenError::Thread { source })?;
            channels.deliveries = Some(Arc::new(deliveries));
        }
        if wecom.group_robot.is_some() {
            channels.wecom.group_robot =
                channels.deliveries.clone().map(|deliveries| Arc::new(GroupRobot::new(deliveries)));
        }
        Ok(channels)
    }
}

/// What was found on the way.
#[derive(Default)]
struct Opening {
    problems: Vec<String>,
    destinations: Vec<Destination>,
    /// Names of the hooks so far.
    hooks: HashSet<String>,
}

impl Opening {
    fn reveal(&mut self, name: &str, setting: &SecretSetting) -> Option<String> {
        setting.reveal(name).map_err(|problem| self.problems.push(problem)).ok()
    }

    /// Says what is wrong with an address without showing it: some hold a key.
    fn check_address(&mut self, name: &str, address: &str) {
        let uri = address.parse::<ureq::http::Uri>().ok();
        let is_web =
            uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
        if !is_web {
            self.problems.push(format!("{name} must be an address that begins with https:// or http://"));
        }
    }

    fn hook(&mut self, settings: &HookSettings) -> Option<Hook> {
        let HookSettings {
            name,
            verify,
            space,
            secret,
            preset,
            reply,
            deliver_to,
            deliver_secret,
            allow_private_address,
        } = settings;
        let table = format!("hooks.{name}");
        let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 40 || !name.chars().all(is_fit) {
            self.problems.push(format!("the hook name {name:?} must be 1 to 40 of a-z, 0-9 and -"));
        }
        if !self.hooks.insert(name.clone()) {
            self.problems.push(format!("two hooks are called {name:?}"));
        }
        let verifier = self.reveal(&format!("{table}.secret"), secret).and_then(|secret| {
            let verifier = Verifier::new(*verify, secret);
            verifier.map_err(|problem| self.problems.push(format!("{table}.secret: {problem}"))).ok()
        });
        match (reply, deliver_to, deliver_secret) {
            (Reply::Response, None, None) => {}
            (Reply::Deliver, Some(to), Some(secret)) => {
                let (to_name, secret_name) =
                    (format!("{table}.deliver_to"), format!("{table}.deliver_secret"));
                let url = self.reveal(&to_name, to).inspect(|url| self.check_address(&to_name, url));
                let secret = self.reveal(&secret_name, secret).and_then(|secret| {
                    secret.parse().map_err(|error| self.problems.push(format!("{secret_name}: {error}"))).ok()
                });
                if let (Some(url), Some(secret)) = (url, secret) {
                    let (name, kind) = (name.clone(), Kind::Signed(secret));
                    let allow_private_address = *allow_private_address;
                    self.destinations.push(Destination { name, url, kind, allow_private_address });
                }
            }
            (Reply::Response, _, _) => {
                self.problems
                    .push(format!("{table} has an address to deliver to: set reply = \"deliver\" too"));
            }
            (Reply::Deliver, _, _) => {
                self.problems
                    .push(format!("{table} delivers its replies: set deliver_to and deliver_secret"));
            }
        }
        let address = (name.clone(), space.clone());
        Some(Hook::new(address, verifier?, preset.map(Preset::mapping), *reply))
    }

    fn wecom(&mut self, config: &ChannelsConfig) -> Wecom {
        let WecomSettings { space, app, bot, group_robot: _, hand_over, welcome } = &config.wecom;
        let default = Wording::default();
        let wording = Wording {
            hand_over: hand_over.clone().unwrap_or(default.hand_over),
            welcome: welcome.clone().unwrap_or(default.welcome),
        };
        let app = app.as_ref().and_then(|app| {
            if app.corp_id.trim().is_empty() {
                let where_it_is = "copy 企业ID from 我的企业 in WeCom's console";
                self.problems.push(format!("wecom.app.corp_id is empty: {where_it_is}"));
            }
            let crypto = self.crypto("wecom.app", [&app.token, &app.encoding_aes_key], &app.corp_id)?;
            let callback = Callback::new(crypto, wording.clone());
            Some(App { callback, public_url: config.public_url.clone() })
        });
        let bot = bot.as_ref().and_then(|bot| {
            // The receiver of a company's own bot is empty.
            let crypto = self.crypto("wecom.bot", [&bot.token, &bot.encoding_aes_key], "")?;
            Some(Bot { callback: Callback::new(crypto, wording), name: bot.name.clone() })
        });
        Wecom { space: space.clone(), app, bot, group_robot: None }
    }

    fn crypto(&mut self, table: &str, [token, key]: [&SecretSetting; 2], receiver: &str) -> Option<Crypto> {
        let token = self.reveal(&format!("{table}.token"), token);
        let key = self.reveal(&format!("{table}.encoding_aes_key"), key);
        Crypto::new(&token?, &key?, receiver)
            .map_err(|error| self.problems.push(format!("{table}.encoding_aes_key: {error}")))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Settings};

    fn open(text: &str) -> (tempfile::TempDir, Result<Channels, OpenError>) {
        let settings: Settings = toml::from_str(text).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let opened = Channels::open(&Config::resolve(settings).unwrap().channels, directory.path());
        (directory, opened)
    }

    #[test]
    fn nothing_is_opened_that_is_not_configured() {
        let (directory, channels) = open("");
        let Channels { wecom: Wecom { space: _, app, bot, group_robot }, hooks, deliveries } =
            channels.unwrap();
        assert!(
            app.is_none()
                && bot.is_none()
                && group_robot.is_none()
                && hooks.is_empty()
                && deliveries.is_none()
        );
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn every_problem_is_told_at_once_and_no_secret_with_it() {
        let (directory, channels) = open(
            "public_url = 'faq.example.com'\n[wecom.app]\ncorp_id = ''\ntoken = { env = 'DAYI_TEST_NO_SUCH' }\n\
             encoding_aes_key = 'hunter2'\n[wecom.bot]\ntoken = 't'\nencoding_aes_key = 'hunter2'\n\
             [wecom.group_robot]\nurl = 'ftp://e.cn/?key=hunter2'\n",
        );
        let Err(error) = channels else { panic!("opened") };
        let text = error.to_string();
        for expected in [
            "public_url",
            "wecom.app.corp_id",
            "DAYI_TEST_NO_SUCH",
            "wecom.bot.encoding_aes_key",
            "wecom.group_robot.url",
        ] {
            assert!(text.contains(expected), "{expected} is missing in {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_hook_that_cannot_work_is_refused_with_what_to_do() {
        let hook =
            |more: &str| format!("[[hooks]]\nname = 'a'\nverify = 'bearer'\nsecret = 'hunter2'\n{more}\n");
        let deliver = "reply = 'deliver'\ndeliver_to = 'https://e.cn'";
        let (_directory, opened) = open(&hook(""));
        assert_eq!(opened.unwrap().hooks.len(), 1);
        for (settings, expected) in [
            (hook("reply = 'deliver'"), "deliver_to and deliver_secret"),
            (hook("deliver_to = 'https://e.cn'"), "reply = \"deliver\""),
            (hook(&format!("{deliver}\ndeliver_secret = 'hunter2'")), "whsec_"),
            (hook("").replace("'a'", "'A b'"), "a-z"),
            (hook("").replace("bearer", "standard-webhooks"), "whsec_"),
            ([hook(""), hook("")].concat(), "two hooks"),
        ] {
            let (_directory, opened) = open(&settings);
            let Err(error) = opened else { panic!("opened {settings}") };
            assert!(error.to_string().contains(expected), "{expected} is missing in {error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
