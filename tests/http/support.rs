//! What several test files need.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use dayi::{
    channels::Channels,
    config::{Config, Settings},
    embed::{Embedder, HashedEmbedder},
    faq::Entry,
    http::{metrics::Metrics, router, state::AppState},
    matcher::{self, Builder, Matcher},
    store::Store,
    triage::{Desk, Earlier},
};
use serde_json::Value;
use tower::ServiceExt;

/// The whole service over a small FAQ, with the n-gram test double instead of a model.
pub(crate) struct Service {
    pub(crate) router: Router,
    pub(crate) matcher: Arc<Matcher>,
}

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
    let config = Config::resolve(settings).unwrap();
    let mut store = Store::in_memory().unwrap();
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
    let channels = Channels::open(&config.channels, &config.data).unwrap();
    let metrics = Arc::new(Metrics::default());
    let matcher = Arc::new(Matcher::start(snapshot, embedder, config.queue, metrics.clone()).unwrap());
    let desk = Desk::new(None, Earlier::default());
    Service { router: router(AppState::new(matcher.clone(), desk, &config, metrics, channels)), matcher }
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
}
