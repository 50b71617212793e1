//! [`Settings`]: what somebody typed. The command line derives its flags and its environment variables from this very
//! struct, and `dayi.toml` its keys.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::{ConfigError, HookSettings, WecomSettings};
use crate::{
    embed::{EngineKind, Pooling},
    keys::Reach,
};

/// The file that is read when it exists and `--config` names no other.
pub const DEFAULT_FILE: &str = "dayi.toml";

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Declares every setting once: [`Settings`] with its flags, variables and file keys, and the overlaying of two.
macro_rules! settings {
    ($($(#[$attribute:meta])* $name:ident: $type:ty),* $(,)?) => {
        /// Settings as typed in a file, the environment or flags; `None` where nothing was said.
        #[derive(Debug, Clone, Default, PartialEq, Args, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Settings {
            $(
                $(#[$attribute])*
                pub $name: Option<$type>,
            )*
        }

        impl Settings {
            /// These settings where they say something, `lower` elsewhere.
            #[must_use]
            pub fn over(self, lower: Self) -> Self {
                Self { $($name: self.$name.or(lower.$name),)* }
            }
        }
    };
}

settings! {
    /// Data directory [default: dayi-data]
    #[arg(long, env = "DAYI_DATA", value_name = "DIR", global = true, help_heading = "Settings")]
    data: PathBuf,
    /// Which of several FAQs in the data directory; `dayi space` makes them [default: default]
    #[arg(long, env = "DAYI_SPACE", value_name = "NAME", global = true, help_heading = "Settings")]
    space: Reach,
    /// Terms that mean the same, a group a line: 企业微信=企微=WeCom [default: synonyms.tsv in the data directory]
    #[arg(long, env = "DAYI_SYNONYMS", value_name = "FILE", global = true, help_heading = "Settings")]
    synonyms: PathBuf,
    /// Model folder or hub id, e.g. models/zh-small or BAAI/bge-small-zh-v1.5 [default: the bundled zh-small]
    #[arg(long, env = "DAYI_MODEL", value_name = "PATH|ID", global = true, help_heading = "Settings")]
    model: String,
    /// What computes the vectors
    #[arg(long, env = "DAYI_ENGINE", global = true, help_heading = "Settings")]
    engine: EngineKind,
    /// Never open a connection to the model hub; use what is cached
    #[arg(long, env = "DAYI_OFFLINE", global = true, num_args = 0..=1, default_missing_value = "true",
          value_name = "BOOL", help_heading = "Settings")]
    offline: bool,
    /// Threads for embedding [default: one a physical core]
    #[arg(long, env = "DAYI_THREADS", value_name = "N", global = true, help_heading = "Settings")]
    threads: usize,
    /// Pooling of token vectors, when the model folder does not say the right one
    #[arg(long, env = "DAYI_POOLING", global = true, hide_short_help = true, help_heading = "Settings")]
    pooling: Pooling,
    /// Text in front of every question that is asked, instead of the model's own
    #[arg(long, env = "DAYI_QUERY_PROMPT", value_name = "TEXT", global = true, hide_short_help = true,
          help_heading = "Settings")]
    query_prompt: String,
    /// Text in front of every text that is stored, instead of the model's own
    #[arg(long, env = "DAYI_DOCUMENT_PROMPT", value_name = "TEXT", global = true, hide_short_help = true,
          help_heading = "Settings")]
    document_prompt: String,
    /// Longest text in tokens; the rest is cut [default: what the model allows]
    #[arg(long, env = "DAYI_MAX_TOKENS", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    max_tokens: usize,
    /// Up to this many vectors every one is compared; above, HNSW is used
    #[arg(long, env = "DAYI_FULL_SCAN_THRESHOLD", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    full_scan_threshold: usize,
    /// HNSW: neighbours kept for each vector
    #[arg(long, env = "DAYI_HNSW_MAX_CONNECTIONS", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    hnsw_max_connections: usize,
    /// HNSW: candidates looked at while building
    #[arg(long, env = "DAYI_HNSW_EF_CONSTRUCTION", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    hnsw_ef_construction: usize,
    /// HNSW: candidates looked at while searching
    #[arg(long, env = "DAYI_HNSW_EF_SEARCH", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    hnsw_ef_search: usize,
    /// Address to serve on; port 0 picks a free one and prints it [default: 127.0.0.1:8080]
    #[arg(long, env = "DAYI_LISTEN", value_name = "ADDR", global = true, help_heading = "Settings")]
    listen: SocketAddr,
    /// Let callers without a key ask and give feedback in the default space, from any address
    #[arg(long, env = "DAYI_ALLOW_ANONYMOUS", global = true, num_args = 0..=1, default_missing_value = "true",
          value_name = "BOOL", help_heading = "Settings")]
    allow_anonymous: bool,
    /// Requests a minute that a key may make; 0 is no limit [default: 6000]
    #[arg(long, env = "DAYI_KEY_RATE_LIMIT", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    key_rate_limit: u32,
    /// Requests a minute that an address may make without a key; 0 is no limit [default: 300]
    #[arg(long, env = "DAYI_ANONYMOUS_RATE_LIMIT", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    anonymous_rate_limit: u32,
    /// Largest request body in bytes [default: 1048576]
    #[arg(long, env = "DAYI_MAX_BODY_BYTES", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    max_body_bytes: usize,
    /// Longest question in characters [default: 2000]
    #[arg(long, env = "DAYI_MAX_QUERY_CHARS", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    max_query_chars: usize,
    /// Most questions in one batch request [default: 256]
    #[arg(long, env = "DAYI_MAX_BATCH_QUERIES", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    max_batch_queries: usize,
    /// A request that takes longer is answered with 503, in milliseconds [default: 30000]
    #[arg(long, env = "DAYI_REQUEST_TIMEOUT_MS", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    request_timeout_ms: u64,
    /// What the page tells people whom no entry helps [default: 没有找到合适的答案，请联系人工客服。]
    #[arg(long, env = "DAYI_HANDOVER_TEXT", value_name = "TEXT", global = true, hide_short_help = true,
          help_heading = "Settings")]
    handover_text: String,
    /// Names beside localhost under which /mcp may be called, e.g. faq.example.com [default: none]
    #[arg(long, env = "DAYI_MCP_HOSTS", value_name = "HOST", value_delimiter = ',', global = true,
          hide_short_help = true, help_heading = "Settings")]
    mcp_hosts: Vec<String>,
    /// Texts that may wait for the model before requests are answered with 429 [default: 512]
    #[arg(long, env = "DAYI_QUEUE_CAPACITY", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    queue_capacity: usize,
    /// Tokens that the model works on at once [default: 2048]
    #[arg(long, env = "DAYI_MAX_BATCH_TOKENS", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    max_batch_tokens: usize,
    /// Megabytes for the vectors of questions that were asked before; 0 keeps none [default: 16]
    #[arg(long, env = "DAYI_QUERY_CACHE", value_name = "MB", global = true, hide_short_help = true,
          help_heading = "Settings")]
    query_cache: usize,
    /// Keep the questions that are asked, without personal data, for statistics and the list of unanswered ones
    /// [default: true]
    #[arg(long, env = "DAYI_QUERY_LOG", global = true, num_args = 0..=1, default_missing_value = "true",
          value_name = "BOOL", hide_short_help = true, help_heading = "Settings")]
    query_log: bool,
    /// Days after which logged questions and feedback are deleted [default: 90]
    #[arg(long, env = "DAYI_QUERY_LOG_RETENTION_DAYS", value_name = "N", global = true, hide_short_help = true,
          help_heading = "Settings")]
    query_log_retention_days: u32,
    /// Unanswered questions belong together from this cosine similarity on; depends on the model [default: 0.7]
    #[arg(long, env = "DAYI_UNANSWERED_SIMILARITY", value_name = "X", global = true, hide_short_help = true,
          help_heading = "Settings")]
    unanswered_similarity: f32,
    /// How log lines look [default: text]
    #[arg(long, env = "DAYI_LOG_FORMAT", global = true, hide_short_help = true, help_heading = "Settings")]
    log_format: LogFormat,
    /// Address under which others reach this service, for pictures in chats and tickets
    #[arg(long, env = "DAYI_PUBLIC_URL", value_name = "URL", global = true, hide_short_help = true,
          help_heading = "Settings")]
    public_url: String,
    /// 企业微信 (WeCom), in the file only.
    #[arg(skip)]
    wecom: WecomSettings,
    /// Addresses at which ticket systems call, in the file only.
    #[arg(skip)]
    hooks: Vec<HookSettings>,
}

impl Settings {
    /// Reads `file`, or [`DEFAULT_FILE`] in the current folder when it exists and no file is named.
    ///
    /// # Errors
    /// When a named file is missing, or the file is not valid.
    pub fn from_file(file: Option<&Path>) -> Result<Self, ConfigError> {
        let path = match file {
            Some(path) => path,
            None if Path::new(DEFAULT_FILE).exists() => Path::new(DEFAULT_FILE),
            None => return Ok(Self::default()),
        };
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|error| ConfigError::Parse { path: path.to_owned(), message: error.to_string() })
    }
}
