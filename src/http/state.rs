//! [`AppState`]: what every handler can reach.

use std::sync::Arc;

use super::metrics::Metrics;
use crate::{
    assets::Assets,
    channels::Channels,
    config::{Config, HttpConfig},
    editor::Editor,
    learn::Journal,
    matcher::Matcher,
    triage::Desk,
};

/// Cheap to clone; one for the whole service.
#[derive(Clone)]
pub struct AppState(Arc<App>);

/// One FAQ as it is served.
pub struct Faq {
    /// What answers questions.
    pub matcher: Arc<Matcher>,
    /// What changes the FAQ.
    pub editor: Editor,
    /// Where questions and feedback are written down.
    pub journal: Arc<Journal>,
    /// The pictures of answers.
    pub assets: Assets,
    /// Where tickets come in.
    pub desk: Arc<Desk>,
}

struct App {
    faq: Faq,
    channels: Channels,
    mcp_hosts: Vec<String>,
    limits: HttpConfig,
    metrics: Arc<Metrics>,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(faq: Faq, channels: Channels, config: &Config, metrics: Arc<Metrics>) -> Self {
        let (mcp_hosts, limits) = (config.mcp_hosts.clone(), config.http.clone());
        Self(Arc::new(App { faq, channels, mcp_hosts, limits, metrics }))
    }

    /// What answers questions.
    #[must_use]
    pub fn matcher(&self) -> &Arc<Matcher> {
        &self.0.faq.matcher
    }

    /// What changes the FAQ.
    #[must_use]
    pub fn editor(&self) -> &Editor {
        &self.0.faq.editor
    }

    /// Where questions and feedback are written down.
    #[must_use]
    pub fn journal(&self) -> &Arc<Journal> {
        &self.0.faq.journal
    }

    /// The pictures of answers.
    #[must_use]
    pub fn assets(&self) -> &Assets {
        &self.0.faq.assets
    }

    /// Where tickets come in.
    #[must_use]
    pub fn desk(&self) -> &Arc<Desk> {
        &self.0.faq.desk
    }

    /// Ways in and out besides HTTP's own.
    #[must_use]
    pub fn channels(&self) -> &Channels {
        &self.0.channels
    }

    /// Names beside loopback under which `/mcp` may be called.
    #[must_use]
    pub fn mcp_hosts(&self) -> &[String] {
        &self.0.mcp_hosts
    }

    /// Limits on requests.
    #[must_use]
    pub fn limits(&self) -> &HttpConfig {
        &self.0.limits
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}
