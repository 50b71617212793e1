//! [`AppState`]: what every handler can reach.

use std::sync::Arc;

use super::metrics::Metrics;
use crate::{assets::Assets, config::HttpConfig, editor::Editor, learn::Journal, matcher::Matcher};

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
}

struct App {
    faq: Faq,
    limits: HttpConfig,
    metrics: Arc<Metrics>,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(faq: Faq, limits: HttpConfig, metrics: Arc<Metrics>) -> Self {
        Self(Arc::new(App { faq, limits, metrics }))
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
