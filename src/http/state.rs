//! [`AppState`]: what every handler can reach.

use std::sync::Arc;

use super::metrics::Metrics;
use crate::{
    channels::Channels,
    config::{Config, HttpConfig},
    matcher::Matcher,
    triage::Desk,
};

/// Cheap to clone; one for the whole service.
#[derive(Clone)]
pub struct AppState(Arc<App>);

struct App {
    matcher: Arc<Matcher>,
    desk: Arc<Desk>,
    mcp_hosts: Vec<String>,
    limits: HttpConfig,
    metrics: Arc<Metrics>,
    channels: Channels,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        matcher: Arc<Matcher>,
        desk: Desk,
        config: &Config,
        metrics: Arc<Metrics>,
        channels: Channels,
    ) -> Self {
        let (limits, mcp_hosts) = (config.http, config.mcp_hosts.clone());
        Self(Arc::new(App { matcher, desk: Arc::new(desk), mcp_hosts, limits, metrics, channels }))
    }

    /// What answers questions.
    #[must_use]
    pub fn matcher(&self) -> &Arc<Matcher> {
        &self.0.matcher
    }

    /// Where tickets come in.
    #[must_use]
    pub fn desk(&self) -> &Arc<Desk> {
        &self.0.desk
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

    /// Ways in and out besides this one.
    #[must_use]
    pub fn channels(&self) -> &Channels {
        &self.0.channels
    }
}
