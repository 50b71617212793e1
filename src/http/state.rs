//! [`AppState`]: what every handler can reach.

use std::sync::Arc;

use super::metrics::Metrics;
use crate::{assets::Assets, config::HttpConfig, editor::Editor, learn::Journal, matcher::Matcher};

/// Cheap to clone; one for the whole service.
#[derive(Clone)]
pub struct AppState(Arc<App>);

struct App {
    matcher: Arc<Matcher>,
    editor: Editor,
    journal: Arc<Journal>,
    assets: Assets,
    limits: HttpConfig,
    metrics: Arc<Metrics>,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        matcher: Arc<Matcher>,
        editor: Editor,
        journal: Arc<Journal>,
        assets: Assets,
        limits: HttpConfig,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self(Arc::new(App { matcher, editor, journal, assets, limits, metrics }))
    }

    /// What answers questions.
    #[must_use]
    pub fn matcher(&self) -> &Arc<Matcher> {
        &self.0.matcher
    }

    /// What changes the FAQ.
    #[must_use]
    pub fn editor(&self) -> &Editor {
        &self.0.editor
    }

    /// Where questions and feedback are written down.
    #[must_use]
    pub fn journal(&self) -> &Arc<Journal> {
        &self.0.journal
    }

    /// The pictures of answers.
    #[must_use]
    pub fn assets(&self) -> &Assets {
        &self.0.assets
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
