//! What is counted, and `GET /metrics` in the OpenMetrics text that Prometheus reads.

use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use crate::{
    embed::batcher::{BatchReport, Observer},
    faq::SpaceName,
    learn::{FeedbackVerdict, JournalObserver},
    rank::Decision,
};

/// All metrics of one service, with their registry: two services in one process do not mix.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabels, Histogram, fn() -> Histogram>,
    decisions: Family<DecisionLabels, Counter>,
    feedback: Family<FeedbackLabels, Counter>,
    logged: Family<SpaceLabels, Counter>,
    dropped: Family<SpaceLabels, Counter>,
    queue_depth: Gauge,
    batch_texts: Histogram,
    batch_tokens: Histogram,
    batch_duration: Histogram,
    refused: Counter,
    cache_hits: Counter,
    cache_misses: Counter,
    entries: Family<SpaceLabels, Gauge>,
    index_version: Family<SpaceLabels, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    space: String,
    decision: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FeedbackLabels {
    space: String,
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SpaceLabels {
    space: String,
}

/// The methods of HTTP.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// The label of a method. HTTP takes any word for one, so that a stranger could make up as many labels as there are
/// words: what is not one of [`METHODS`] is `other`.
fn method_label(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or("other")
}

impl SpaceLabels {
    fn of(space: &SpaceName) -> Self {
        Self { space: space.to_string() }
    }
}

/// 0.5 ms to 8 s, doubling.
fn latency_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 15))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("dayi");
        let requests = Family::default();
        registry.register("http_requests", "HTTP requests answered", requests.clone());
        let latency: Family<RouteLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(latency_histogram);
        registry.register_with_unit(
            "http_request_duration",
            "Time from the first byte of a request to its response",
            Unit::Seconds,
            latency.clone(),
        );
        let decisions = Family::default();
        registry.register("decisions", "Questions by decision", decisions.clone());
        let feedback = Family::default();
        registry.register("feedback", "Feedback by verdict", feedback.clone());
        let logged = Family::default();
        registry.register("query_log_written", "Questions written to the query log", logged.clone());
        let dropped = Family::default();
        registry.register(
            "query_log_dropped",
            "Questions that are not in the query log: too many were waiting, or the database failed",
            dropped.clone(),
        );
        let queue_depth = Gauge::default();
        registry.register("queue_depth", "Texts waiting for the model", queue_depth.clone());
        let batch_texts = Histogram::new(exponential_buckets(1.0, 2.0, 9));
        registry.register("batch_texts", "Texts embedded together", batch_texts.clone());
        let batch_tokens = Histogram::new(exponential_buckets(8.0, 2.0, 12));
        registry.register("batch_tokens", "Tokens embedded together", batch_tokens.clone());
        let batch_duration = latency_histogram();
        registry.register_with_unit(
            "batch_duration",
            "Time the model needed for a batch",
            Unit::Seconds,
            batch_duration.clone(),
        );
        let refused = Counter::default();
        registry.register("refused", "Requests refused because the queue was full", refused.clone());
        let cache_hits = Counter::default();
        registry.register(
            "query_cache_hits",
            "Questions whose vectors were known from before",
            cache_hits.clone(),
        );
        let cache_misses = Counter::default();
        registry.register("query_cache_misses", "Questions that the model had to read", cache_misses.clone());
        let entries = Family::default();
        registry.register("entries", "FAQ entries that can be matched", entries.clone());
        let index_version = Family::default();
        registry.register("index_version", "Version of the FAQ that is served", index_version.clone());
        Self {
            registry,
            requests,
            latency,
            decisions,
            feedback,
            logged,
            dropped,
            queue_depth,
            batch_texts,
            batch_tokens,
            batch_duration,
            refused,
            cache_hits,
            cache_misses,
            entries,
            index_version,
        }
    }
}

impl Metrics {
    /// Counts an answered request. `route` is the pattern, never the path: paths are unbounded, and so are methods, of
    /// which only the standard ones are told apart.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method_label(method), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.latency.get_or_create(&RouteLabels { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    /// Counts a verdict.
    pub fn decision(&self, space: &SpaceName, decision: Decision) {
        let labels = DecisionLabels { space: space.to_string(), decision: decision.as_str() };
        self.decisions.get_or_create(&labels).inc();
    }

    /// Says what is served now: entries and version of each space, and how many texts wait for the model. Forgets spaces
    /// that are gone.
    pub fn serving(&self, spaces: impl IntoIterator<Item = (SpaceName, usize, u64)>, queued: usize) {
        self.queue_depth.set(i64::try_from(queued).unwrap_or(i64::MAX));
        self.entries.clear();
        self.index_version.clear();
        for (space, entries, index_version) in spaces {
            let labels = SpaceLabels::of(&space);
            self.entries.get_or_create(&labels).set(i64::try_from(entries).unwrap_or(i64::MAX));
            let index_version = i64::try_from(index_version).unwrap_or(i64::MAX);
            self.index_version.get_or_create(&labels).set(index_version);
            // So that they begin at 0, and their first increase is seen as one.
            drop((self.logged.get_or_create(&labels), self.dropped.get_or_create(&labels)));
        }
    }

    /// The OpenMetrics text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "cannot encode the metrics");
        }
        text
    }
}

impl JournalObserver for Metrics {
    fn logged(&self, space: &SpaceName, questions: usize) {
        self.logged.get_or_create(&SpaceLabels::of(space)).inc_by(questions as u64);
    }

    fn dropped(&self, space: &SpaceName, questions: usize) {
        self.dropped.get_or_create(&SpaceLabels::of(space)).inc_by(questions as u64);
    }

    fn feedback(&self, space: &SpaceName, verdict: FeedbackVerdict) {
        let labels = FeedbackLabels { space: space.to_string(), verdict: verdict.as_str() };
        self.feedback.get_or_create(&labels).inc();
    }
}

impl Observer for Metrics {
    fn refused(&self) {
        self.refused.inc();
    }

    fn batch(&self, report: &BatchReport) {
        self.batch_texts.observe(report.texts as f64);
        self.batch_tokens.observe(report.tokens as f64);
        self.batch_duration.observe(report.took.as_secs_f64());
    }

    fn cached(&self, hits: usize, misses: usize) {
        self.cache_hits.inc_by(hits as u64);
        self.cache_misses.inc_by(misses as u64);
    }
}
