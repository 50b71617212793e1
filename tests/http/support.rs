//! What several test files need.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use dayi::{
    channels::Channels,
    config::{Config, Settings},
    embed::{Embedder, HashedEmbedder},
    faq::Entry,
    http::{metrics::Metrics, router, state::AppState},
    keys::{Actor, Grant, Key, Keys, NewKey},
    learn::Journal,
    matcher::QueryCache,
    spaces::{self, Common, Spaces},
    store::Store,
};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

/// The whole service over a small FAQ, with the n-gram test double instead of a model.
pub(crate) struct Service {
    pub(crate) router: Router,
    pub(crate) app: AppState,
    /// What the clock of every journal shows, milliseconds.
    pub(crate) now: Arc<AtomicI64>,
    /// The data directory; gone when this is dropped.
    pub(crate) data: Arc<TempDir>,
}

/// 2026-01-05, a Monday, 10:00 in China.
const START: i64 = 1_767_578_400_000;

/// A response that was read to its end.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text))
    }

    pub(crate) fn content_type(&self) -> &str {
        self.headers[header::CONTENT_TYPE].to_str().unwrap()
    }
}

/// Checks status, content type and the members that every problem has.
pub(crate) fn assert_problem(reply: &Reply, status: StatusCode, kind: &str) -> Value {
    assert_eq!(reply.status, status, "{}", reply.text);
    assert_eq!(reply.content_type(), "application/problem+json");
    let body = reply.json();
    assert_eq!(body["type"], kind);
    assert_eq!(body["status"], status.as_u16());
    assert!(body["title"].is_string() && !body["detail"].as_str().unwrap().is_empty(), "{body}");
    body
}

pub(crate) fn entry(id: &str, question: &str, answer: &str) -> Entry {
    Entry::new(id.parse().unwrap(), question, answer)
}

/// A FAQ of three entries in two categories.
pub(crate) fn small_faq() -> Vec<Entry> {
    let group = |entry: Entry| Entry { category: vec!["客户联系".into(), "群聊".into()], ..entry };
    let dissolve = entry("g-1", "企业微信建的群能解散吗？", "群主可以解散群。\n\n![位置](pictures/a.png)");
    vec![
        group(Entry { tags: vec!["群主".into()], ..dissolve }),
        group(entry("g-2", "如何建内部群和外部群？", "首次建群时选客户就是外部群。")),
        Entry {
            category: vec!["通讯录".into()],
            ..entry("c-1", "员工离职了如何进行客户离职继承？", "点击离职继承。")
        },
    ]
}

pub(crate) fn service(settings: Settings) -> Service {
    service_with(settings, Arc::new(HashedEmbedder::new(64)))
}

pub(crate) fn service_with(settings: Settings, embedder: Arc<dyn Embedder>) -> Service {
    service_in(Arc::new(tempfile::tempdir().unwrap()), settings, embedder)
}

/// A service over a data directory that may have served before.
pub(crate) fn service_in(data: Arc<TempDir>, settings: Settings, embedder: Arc<dyn Embedder>) -> Service {
    store(data.path(), &small_faq());
    let config = Config::resolve(settings).unwrap();
    let channels = Channels::open(&config.channels, data.path()).unwrap();
    let metrics = Arc::new(Metrics::default());
    let questions = QueryCache::start(embedder.clone(), config.queue, metrics.clone()).unwrap();
    let now = Arc::new(AtomicI64::new(START));
    let clock = {
        let now = now.clone();
        move || Timestamp::from_millisecond(now.load(Ordering::SeqCst)).unwrap()
    };
    let common = Common {
        embedder,
        questions: Arc::new(questions),
        index: config.index,
        synonyms: None,
        public_url: config.channels.public_url.clone(),
        learn: config.learn,
        observer: metrics.clone(),
        clock: Arc::new(clock),
    };
    let spaces = Spaces::open(data.path(), common, &()).unwrap();
    let keys = Keys::open_or_create(data.path()).unwrap();
    let app = AppState::new(spaces, keys, channels, &config, metrics);
    Service { router: router(app.clone()), app, now, data }
}

/// Stores `entries` in the folder of a space.
pub(crate) fn store(directory: &Path, entries: &[Entry]) {
    Store::open_or_create(directory).unwrap().replace_file("faq.md", entries).unwrap();
}

impl Service {
    /// Where the default space writes down what it is asked.
    pub(crate) fn journal(&self) -> &Arc<Journal> {
        self.app.spaces().default_space().journal()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Reply {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }

    /// A change of one entry as it was at `revision`; `*` for whichever.
    pub(crate) async fn change(
        &self,
        method: Method,
        path: &str,
        revision: &str,
        body: impl Into<Body>,
    ) -> Reply {
        let request = Request::builder().method(method).uri(path).header(header::IF_MATCH, revision);
        self.send(request.header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap()).await
    }
}

/// What [`Service::ask`] asks.
pub(crate) const QUESTION: &str = r#"{"query":"如何建内部群和外部群"}"#;

impl Service {
    /// Makes a key as the command line would; also returns what a client sends.
    pub(crate) fn key(&self, scopes: &str, space: &str) -> (Key, String) {
        let grant = Grant { scopes: scopes.parse().unwrap(), space: space.parse().unwrap() };
        let wanted = NewKey { name: String::new(), grant, expires_at: None };
        let (key, token) = self.app.keys().create(&wanted, &Actor::Cli).unwrap();
        (key, format!("Bearer {}", token.reveal()))
    }

    /// Asks [`QUESTION`] with these headers.
    pub(crate) async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(QUESTION)).unwrap()).await
    }

    /// Asks [`QUESTION`] with this key.
    pub(crate) async fn ask_with(&self, key: &str) -> StatusCode {
        self.ask("/v1/match", &[("authorization", key)]).await.status
    }

    /// Makes a space with one entry, as another process would.
    pub(crate) fn make_space(&self, name: &str, question: &str) {
        let name = name.parse().unwrap();
        spaces::create(self.data.path(), &name).unwrap();
        let directory = name.directory_in(self.data.path());
        store(&directory, &[entry(&format!("only-{name}"), question, "答案")]);
    }
}
