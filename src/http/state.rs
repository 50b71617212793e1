//! [`AppState`]: what every handler can reach.

use std::sync::Arc;

use super::{blocking::blocking, limit::RateLimits, metrics::Metrics, problem::Problem};
use crate::{
    channels::Channels,
    config::{Config, HttpConfig},
    faq::SpaceName,
    keys::Keys,
    spaces::{Space, Spaces},
};

/// Cheap to clone; one for the whole service.
#[derive(Clone)]
pub struct AppState(Arc<App>);

struct App {
    spaces: Spaces,
    keys: Keys,
    channels: Channels,
    mcp_hosts: Vec<String>,
    limits: HttpConfig,
    rate_limits: RateLimits,
    metrics: Arc<Metrics>,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        spaces: Spaces,
        keys: Keys,
        channels: Channels,
        config: &Config,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (mcp_hosts, limits) = (config.mcp_hosts.clone(), config.http.clone());
        let rate_limits = RateLimits::new(&limits);
        Self(Arc::new(App { spaces, keys, channels, mcp_hosts, limits, rate_limits, metrics }))
    }

    /// The FAQs that are served.
    #[must_use]
    pub fn spaces(&self) -> &Spaces {
        &self.0.spaces
    }

    /// The space of this name, which is opened when it is not open yet.
    ///
    /// # Errors
    /// 404 when there is none.
    pub async fn space(&self, name: SpaceName) -> Result<Arc<Space>, Problem> {
        if let Some(space) = self.spaces().opened(&name) {
            return Ok(space);
        }
        Ok(self.blocking(move |app| app.spaces().get(&name, &())).await??)
    }

    /// Does what blocks, as writing to the disk, on a thread where nobody waits for it.
    ///
    /// # Errors
    /// 500 when `work` panics.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let app = self.clone();
        blocking(move || work(&app)).await
    }

    /// Who may do what.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Ways in and out besides HTTP's own. Each names the space that it answers from.
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

    /// How often somebody may call.
    pub(super) fn rate_limits(&self) -> &RateLimits {
        &self.0.rate_limits
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Takes no more questions, finishes those that wait and writes down what is not written yet.
    pub async fn close(&self) {
        self.spaces().close().await;
    }
}
