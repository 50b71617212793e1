//! Settings: built-in values < `dayi.toml` < `DAYI_*` environment < flags, all under one name.
//!
//! [`Settings`] is what somebody typed, every field optional; [`Config`] is what dayi runs with, complete and
//! checked.

mod channels;
mod settings;

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

pub use channels::{
    GroupRobotSettings, HookSettings, SecretSetting, Variable, WecomAppSettings, WecomBotSettings,
    WecomSettings,
};
pub use settings::{DEFAULT_FILE, LogFormat, Settings};

use crate::{
    embed::{ModelOptions, batcher::BatcherOptions},
    index::{HnswParams, IndexParams},
    keys::Reach,
};

/// Everything dayi runs with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data directory of the whole service.
    pub root: PathBuf,
    /// Which FAQ in it; all of them only where keys are made.
    pub space: Reach,
    /// The data directory of that FAQ: `root` itself for the default one.
    pub data: PathBuf,
    /// Synonyms, when they are not in the data directory.
    pub synonyms: Option<PathBuf>,
    /// Which model, and how to read it.
    pub model: ModelOptions,
    /// When to scan and when to use HNSW.
    pub index: IndexParams,
    /// The queue in front of the model.
    pub queue: QueueConfig,
    /// The HTTP service.
    pub http: HttpConfig,
    /// What is remembered of questions.
    pub learn: LearnConfig,
    /// Names beside loopback under which `/mcp` may be called.
    pub mcp_hosts: Vec<String>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Ways in and out besides the API.
    pub channels: ChannelsConfig,
}

/// Ways in and out besides the API. What stands in it is checked when they are opened, by `serve`: no other command
/// needs their secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelsConfig {
    /// Address under which others reach this service, without a slash at its end.
    pub public_url: Option<String>,
    /// 企业微信.
    pub wecom: WecomSettings,
    /// Addresses at which ticket systems call.
    pub hooks: Vec<HookSettings>,
}

/// The queue in front of the model, and what is remembered of earlier questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueConfig {
    /// Texts that may wait.
    pub capacity: usize,
    /// Tokens in one batch.
    pub max_batch_tokens: usize,
    /// Bytes for the vectors of questions that were asked before; 0 keeps none.
    pub cache_bytes: usize,
    /// Whether the thread that asks a single question embeds it while nobody else is being served. For a service with
    /// threads to spare.
    pub callers_embed: bool,
}

/// What is remembered of questions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnConfig {
    /// Whether questions are logged at all.
    pub query_log: bool,
    /// Days after which they are deleted.
    pub query_log_retention_days: u32,
    /// Cosine similarity to the middle of a group of unanswered questions from which on a question belongs to it.
    pub unanswered_similarity: f32,
}

impl From<QueueConfig> for BatcherOptions {
    fn from(queue: QueueConfig) -> Self {
        let QueueConfig { capacity, max_batch_tokens, cache_bytes: _, callers_embed } = queue;
        Self { max_batch_tokens, max_queued_texts: capacity, callers_embed }
    }
}

/// Who may use the HTTP service, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether callers without a key may ask.
    pub allow_anonymous: bool,
    /// Requests a minute for a key.
    pub key_rate_limit: Option<NonZeroU32>,
    /// Requests a minute for an address without a key.
    pub anonymous_rate_limit: Option<NonZeroU32>,
    /// Largest body, bytes.
    pub max_body_bytes: usize,
    /// Longest question, characters.
    pub max_query_chars: usize,
    /// Most questions in a batch request.
    pub max_batch_queries: usize,
    /// Longest request.
    pub request_timeout: Duration,
    /// What the page tells people whom no entry helps.
    pub handover_text: String,
}

/// Why there is no usable configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not readable.
    #[error("cannot read the configuration file {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no TOML, or holds an unknown key or a value of the wrong type.
    #[error("{path} is not a valid configuration: {message}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Position, reason and excerpt.
        message: String,
    },
    /// Values that cannot work; all of them, not only the first.
    #[error("the settings cannot work:\n{}", problems.join("\n"))]
    Invalid {
        /// One line a problem.
        problems: Vec<String>,
    },
}

impl Config {
    /// Fills what `settings` leave open and checks the whole.
    ///
    /// # Errors
    /// With every problem found, not only the first.
    pub fn resolve(settings: Settings) -> Result<Self, ConfigError> {
        let hnsw = HnswParams::default();
        let index = IndexParams::default();
        let root = settings.data.unwrap_or_else(|| "dayi-data".into());
        let space = settings.space.unwrap_or_default();
        let config = Self {
            data: match &space {
                Reach::One(name) => name.directory_in(&root),
                Reach::All => root.clone(),
            },
            root,
            space,
            synonyms: settings.synonyms,
            model: ModelOptions {
                model: settings.model,
                engine: settings.engine.unwrap_or_default(),
                offline: settings.offline.unwrap_or(false),
                threads: settings.threads,
                pooling: settings.pooling,
                query_prompt: settings.query_prompt,
                document_prompt: settings.document_prompt,
                max_tokens: settings.max_tokens,
            },
            index: IndexParams {
                full_scan_threshold: settings.full_scan_threshold.unwrap_or(index.full_scan_threshold),
                hnsw: HnswParams {
                    max_connections: settings.hnsw_max_connections.unwrap_or(hnsw.max_connections),
                    ef_construction: settings.hnsw_ef_construction.unwrap_or(hnsw.ef_construction),
                    ef_search: settings.hnsw_ef_search.unwrap_or(hnsw.ef_search),
                },
            },
            queue: QueueConfig {
                capacity: settings.queue_capacity.unwrap_or(512),
                max_batch_tokens: settings.max_batch_tokens.unwrap_or(2048),
                cache_bytes: settings.query_cache.unwrap_or(16).saturating_mul(1_000_000),
                callers_embed: false,
            },
            http: HttpConfig {
                listen: settings.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
                allow_anonymous: settings.allow_anonymous.unwrap_or(false),
                key_rate_limit: NonZeroU32::new(settings.key_rate_limit.unwrap_or(6_000)),
                anonymous_rate_limit: NonZeroU32::new(settings.anonymous_rate_limit.unwrap_or(300)),
                max_body_bytes: settings.max_body_bytes.unwrap_or(1 << 20),
                max_query_chars: settings.max_query_chars.unwrap_or(2_000),
                max_batch_queries: settings.max_batch_queries.unwrap_or(256),
                request_timeout: Duration::from_millis(settings.request_timeout_ms.unwrap_or(30_000)),
                handover_text: settings
                    .handover_text
                    .unwrap_or_else(|| "没有找到合适的答案，请联系人工客服。".to_owned()),
            },
            learn: LearnConfig {
                query_log: settings.query_log.unwrap_or(true),
                query_log_retention_days: settings.query_log_retention_days.unwrap_or(90),
                unanswered_similarity: settings.unanswered_similarity.unwrap_or(0.7),
            },
            mcp_hosts: settings.mcp_hosts.unwrap_or_default(),
            log_format: settings.log_format.unwrap_or(LogFormat::Text),
            channels: ChannelsConfig {
                public_url: settings.public_url.map(|url| url.trim_end_matches('/').to_owned()),
                wecom: settings.wecom.unwrap_or_default(),
                hooks: settings.hooks.unwrap_or_default(),
            },
        };
        config.validate()?;
        Ok(config)
    }

    /// Reports every value that cannot work.
    fn validate(&self) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        let mut at_least_one = |name: &str, value: Option<usize>| {
            if value == Some(0) {
                problems.push(format!("{name} must be at least 1"));
            }
        };
        at_least_one("threads", self.model.threads);
        at_least_one("max_tokens", self.model.max_tokens);
        at_least_one("queue_capacity", Some(self.queue.capacity));
        at_least_one("max_batch_tokens", Some(self.queue.max_batch_tokens));
        at_least_one("max_body_bytes", Some(self.http.max_body_bytes));
        at_least_one("max_query_chars", Some(self.http.max_query_chars));
        at_least_one("max_batch_queries", Some(self.http.max_batch_queries));
        at_least_one("query_log_retention_days", Some(self.learn.query_log_retention_days as usize));
        at_least_one("request_timeout_ms", Some(self.http.request_timeout.as_millis() as usize));
        if !(-1.0..=1.0).contains(&self.learn.unanswered_similarity) {
            problems.push("unanswered_similarity must be from -1 to 1".to_owned());
        }
        if let Err(error) = self.index.hnsw.validate() {
            problems.push(error.to_string());
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError::Invalid { problems }) }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(text: &str) -> Settings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_built_in_value() {
        let flags = Settings { queue_capacity: Some(7), ..Settings::default() };
        let file = parse("queue_capacity = 5\nmax_query_chars = 9\nlog_format = 'json'");
        let config = Config::resolve(flags.over(file)).unwrap();
        assert_eq!((config.queue.capacity, config.http.max_query_chars), (7, 9));
        assert_eq!(config.log_format, LogFormat::Json);
        assert_eq!(config.data, Path::new("dayi-data"));
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let settings = parse("threads = 0\nqueue_capacity = 0\nhnsw_max_connections = 100000");
        let error = Config::resolve(settings).unwrap_err().to_string();
        for name in ["threads", "queue_capacity", "max_connections"] {
            assert!(error.contains(name), "{name} is missing in: {error}");
        }
    }

    #[test]
    fn an_unknown_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dayi.toml");
        std::fs::write(&path, "quue_capacity = 5\n").unwrap();
        let error = Settings::from_file(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("quue_capacity") && error.contains("dayi.toml"), "{error}");
    }

    #[test]
    fn a_named_file_must_exist() {
        assert!(matches!(
            Settings::from_file(Some(Path::new("/no/such/dayi.toml"))),
            Err(ConfigError::Read { .. })
        ));
    }
}
