//! What several test files need.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use dayi::{
    assets::Assets,
    channels::Channels,
    config::{Config, Settings},
    editor::{Editor, Setup, system_clock},
    embed::{Embedder, HashedEmbedder},
    faq::Entry,
    http::{
        metrics::Metrics,
        router,
        state::{AppState, Faq},
    },
    learn::{Journal, Served},
    matcher::{self, Builder, Matcher},
    store::Store,
    triage::{Desk, Earlier},
};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

/// The whole service over a small FAQ, with the n-gram test double instead of a model.
pub(crate) struct Service {
    pub(crate) router: Router,
    pub(crate) matcher: Arc<Matcher>,
    pub(crate) journal: Arc<Journal>,
    /// What the journal's clock shows, milliseconds.
    pub(crate) now: Arc<AtomicI64>,
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
    let config = Config::resolve(settings).unwrap();
    let mut store = Store::open_or_create(data.path()).unwrap();
    store.replace_file("faq.md", &small_faq()).unwrap();
    let ranker = Arc::new(matcher::find_ranker(embedder.model(), None).unwrap());
    let builder = Builder {
        embedder: embedder.as_ref(),
        ranker,
        synonyms: Arc::default(),
        params: &config.index,
        folder: None,
        progress: &(),
    };
    let (snapshot, _) = builder.build(&mut store).unwrap();
    let channels = Channels::open(&config.channels, data.path()).unwrap();
    let metrics = Arc::new(Metrics::default());
    let matcher = Matcher::start(snapshot, embedder.clone(), config.queue, metrics.clone());
    let matcher = Arc::new(matcher.unwrap());
    let setup =
        Setup { embedder: embedder.clone(), params: config.index, folder: None, clock: system_clock() };
    let editor = Editor::start(data.path(), matcher.clone(), setup).unwrap();
    let now = Arc::new(AtomicI64::new(START));
    let clock = {
        let now = now.clone();
        move || Timestamp::from_millisecond(now.load(Ordering::SeqCst)).unwrap()
    };
    let served = Served { matcher: matcher.clone(), embedder };
    let journal = Journal::start(data.path(), served, config.learn, metrics.clone(), Arc::new(clock));
    let journal = Arc::new(journal.unwrap());
    let assets = Assets::in_data(data.path());
    let desk = Arc::new(Desk::new(None, Earlier::default()));
    let faq = Faq { matcher: matcher.clone(), editor, journal: journal.clone(), assets, desk };
    let app = AppState::new(faq, channels, &config, metrics);
    Service { router: router(app), matcher, journal, now, data }
}

impl Service {
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
