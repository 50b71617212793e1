//! The service when the model is slow, stuck or broken: refusals at once, no hang, no lost request.

use std::sync::{
    Arc, Condvar, Mutex,
    atomic::{AtomicBool, Ordering},
};

use axum::http::{StatusCode, header};
use dayi::{
    config::Settings,
    embed::{self, Embedded, Embedder, HashedEmbedder, ModelInfo, Role, Tokens},
};

use crate::support::service_with;

/// Embeds like the test double, but only while its gate is open.
struct Gated {
    inner: HashedEmbedder,
    closed: Mutex<bool>,
    opened: Condvar,
    panics: AtomicBool,
}

impl Gated {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: HashedEmbedder::new(64),
            closed: Mutex::new(false),
            opened: Condvar::new(),
            panics: AtomicBool::new(false),
        })
    }

    fn set_closed(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.opened.notify_all();
    }
}

impl Embedder for Gated {
    fn model(&self) -> &ModelInfo {
        self.inner.model()
    }

    fn tokenize(&self, texts: &[&str], role: Role) -> Result<Vec<Tokens>, embed::Error> {
        self.inner.tokenize(texts, role)
    }

    fn embed_tokenized(&self, texts: &[&Tokens]) -> Result<Vec<Embedded>, embed::Error> {
        assert!(!self.panics.load(Ordering::SeqCst), "the engine crashes");
        let guard = self.closed.lock().unwrap();
        drop(self.opened.wait_while(guard, |closed| *closed).unwrap());
        self.inner.embed_tokenized(texts)
    }
}

const BODY: &str = r#"{"query":"如何建内部群和外部群"}"#;

#[tokio::test]
async fn a_full_queue_is_429_at_once_and_those_who_wait_are_answered() {
    let gate = Gated::new();
    let service =
        Arc::new(service_with(Settings { queue_capacity: Some(2), ..Settings::default() }, gate.clone()));
    gate.set_closed(true);
    let (sender, mut refused) = tokio::sync::mpsc::unbounded_channel();
    // One is with the model, two wait, so at least seven of ten are refused while nothing moves.
    let requests: Vec<_> = (0..10)
        .map(|_| {
            let (service, sender) = (service.clone(), sender.clone());
            tokio::spawn(async move {
                let reply = service.post("/v1/match", BODY).await;
                if reply.status == StatusCode::TOO_MANY_REQUESTS {
                    assert!(reply.headers.contains_key(header::RETRY_AFTER));
                    sender.send(()).unwrap();
                }
                reply.status
            })
        })
        .collect();
    for _ in 0..7 {
        refused.recv().await.unwrap();
    }
    gate.set_closed(false);
    let mut answered = 0;
    for request in requests {
        let status = request.await.unwrap();
        assert!(status == StatusCode::OK || status == StatusCode::TOO_MANY_REQUESTS, "{status}");
        answered += usize::from(status == StatusCode::OK);
    }
    assert!((1..=3).contains(&answered), "{answered} of 10 were answered");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_503() {
    let gate = Gated::new();
    let service =
        service_with(Settings { request_timeout_ms: Some(20), ..Settings::default() }, gate.clone());
    gate.set_closed(true);
    let reply = service.post("/v1/match", BODY).await;
    gate.set_closed(false);
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_crash_of_the_engine_is_a_bare_500_and_the_service_goes_on() {
    let gate = Gated::new();
    let service = service_with(Settings::default(), gate.clone());
    gate.panics.store(true, Ordering::SeqCst);
    let reply = service.post("/v1/match", BODY).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!reply.text.contains("crash"), "the inside is shown: {}", reply.text);
    gate.panics.store(false, Ordering::SeqCst);
    assert_eq!(service.post("/v1/match", BODY).await.status, StatusCode::OK);
}

/// `body` without what differs from one answer to the next.
fn timeless(mut body: serde_json::Value) -> serde_json::Value {
    for result in body["results"].as_array_mut().unwrap() {
        for key in ["query_id", "took_ms"] {
            assert!(!result[key].take().is_null());
        }
    }
    body
}

#[tokio::test]
async fn a_question_asked_again_is_answered_alike_without_the_model() {
    let gate = Gated::new();
    let service = service_with(Settings::default(), gate.clone());
    let body = r#"{"queries":["如何建内部群和外部群","员工离职了怎么办","群能解散吗"]}"#;
    let first = service.post("/v1/match/batch", body).await.json();
    gate.panics.store(true, Ordering::SeqCst);
    // 繁體 and white space at the ends are gone after normalisation.
    let again = r#"{"queries":["如何建內部群和外部群","员工离职了怎么办"," 群能解散嗎 "]}"#;
    let again = service.post("/v1/match/batch", again).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    assert_eq!(timeless(again.json()), timeless(first));
    let metrics = service.get("/metrics").await.text;
    assert!(metrics.contains("dayi_query_cache_hits_total 3"), "{metrics}");
    assert!(metrics.contains("dayi_query_cache_misses_total 3"), "{metrics}");

    gate.panics.store(false, Ordering::SeqCst);
    let uncached = service_with(Settings { query_cache: Some(0), ..Settings::default() }, gate.clone());
    gate.panics.store(true, Ordering::SeqCst);
    assert_eq!(uncached.post("/v1/match", BODY).await.status, StatusCode::INTERNAL_SERVER_ERROR);
}
