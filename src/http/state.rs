//! [`AppState`]: what every handler can reach.

use std::sync::Arc;

use super::metrics::Metrics;
use crate::{channels::Channels, config::HttpConfig, matcher::Matcher};

/// Cheap to clone; one for the whole service.
#[derive(Clone)]
pub struct AppState(Arc<App>);

struct App {
    matcher: Arc<Matcher>,
    limits: HttpConfig,
    metrics: Arc<Metrics>,
    channels: Channels,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(matcher: Arc<Matcher>, limits: HttpConfig, metrics: Arc<Metrics>, channels: Channels) -> Self {
        Self(Arc::new(App { matcher, limits, metrics, channels }))
    }

    /// What answers questions.
    #[must_use]
    pub fn matcher(&self) -> &Arc<Matcher> {
        &self.0.matcher
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
