//! The queue's promises, with an embedder whose progress the test controls.

mod lanes;

use std::collections::HashSet;
use std::sync::mpsc;

use super::*;
use crate::embed::HashedEmbedder;

/// Embeds like [`HashedEmbedder`], notes each call, waits at the gate before texts named `gate`, panics on `panic`
/// and fails on `fail`.
struct Controlled {
    inner: HashedEmbedder,
    calls: Mutex<Vec<Vec<String>>>,
    entered: Mutex<mpsc::Sender<()>>,
    gate: Mutex<mpsc::Receiver<()>>,
}

/// The test's end: knows when a call waits at the gate, and opens it.
struct Gate {
    entered: mpsc::Receiver<()>,
    open: mpsc::Sender<()>,
}

impl Gate {
    fn wait_until_reached(&self) {
        self.entered.recv().unwrap();
    }

    fn open(&self) {
        self.open.send(()).unwrap();
    }
}

fn controlled() -> (Arc<Controlled>, Gate) {
    let (entered, reached) = mpsc::channel();
    let (open, gate) = mpsc::channel();
    let embedder = Controlled {
        inner: HashedEmbedder::new(64),
        calls: Mutex::default(),
        entered: Mutex::new(entered),
        gate: Mutex::new(gate),
    };
    (Arc::new(embedder), Gate { entered: reached, open })
}

impl Embedder for Controlled {
    fn model(&self) -> &ModelInfo {
        self.inner.model()
    }

    fn tokenize(&self, texts: &[&str], role: Role) -> Result<Vec<Tokens>, Error> {
        assert!(!texts.contains(&"panic while counting"), "asked to panic");
        self.inner.tokenize(texts, role)
    }

    fn embed_tokenized(&self, tokens: &[&Tokens]) -> Result<Vec<Embedded>, Error> {
        let texts: Vec<String> = tokens.iter().map(|tokens| spelled(tokens)).collect();
        let has = |wanted: &str| texts.iter().any(|text| text == wanted);
        self.calls.lock().push(texts.clone());
        if has("gate") {
            self.entered.lock().send(()).unwrap();
            self.gate.lock().recv().unwrap();
        }
        assert!(!has("panic"), "asked to panic");
        if has("fail") {
            return Err(Error::Tokenize { reason: "asked to fail".to_owned() });
        }
        self.inner.embed_tokenized(tokens)
    }
}

/// The text that the test double split into its characters.
fn spelled(tokens: &Tokens) -> String {
    tokens.ids.iter().filter_map(|&id| char::from_u32(id)).collect()
}

fn options(max_batch_tokens: usize, max_queued_texts: usize) -> BatcherOptions {
    BatcherOptions { max_batch_tokens, max_queued_texts, callers_embed: false }
}

fn start(embedder: &Arc<Controlled>, options: BatcherOptions) -> Batcher {
    Batcher::start(Arc::clone(embedder) as Arc<dyn Embedder>, options, None).unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Queues a request without waiting for it.
fn submit(batcher: &Batcher, request: &[&str]) -> Result<oneshot::Receiver<Answer>, BatchError> {
    let place = batcher.reserve(request.len())?;
    Ok(batcher.submit(place, batcher.worker.tokenize(&texts(request), Role::Query)?))
}

/// Queues a request and waits for it.
fn embed_blocking(batcher: &Batcher, request: &[&str]) -> Answer {
    submit(batcher, request)?.blocking_recv().unwrap_or(Err(BatchError::Crashed))
}

/// Requests in the given order, all queued before the first is answered: the gate text goes first and holds the
/// thread. Returns the answers to all but the gate.
fn together(batcher: &Batcher, gate: &Gate, requests: &[&[&str]]) -> Vec<Result<Vec<Embedded>, BatchError>> {
    let held = submit(batcher, &["gate"]).unwrap();
    gate.wait_until_reached();
    let waiting: Vec<_> = requests.iter().map(|request| submit(batcher, request).unwrap()).collect();
    gate.open();
    held.blocking_recv().unwrap().unwrap();
    waiting.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect()
}

fn expected(text: &str) -> Embedded {
    HashedEmbedder::new(64).embed_tokens(&[text], Role::Query).unwrap().remove(0)
}

#[test]
fn requests_that_arrive_together_are_embedded_together_and_get_their_own_vectors() {
    let (embedder, gate) = controlled();
    let batcher = start(&embedder, options(100, 100));
    let answers = together(&batcher, &gate, &[&["a", "b"], &["c"], &[], &["d"]]);
    let lengths: Vec<usize> = answers.iter().map(|answer| answer.as_ref().unwrap().len()).collect();
    assert_eq!(lengths, [2, 1, 0, 1]);
    assert_eq!(answers[0].as_ref().unwrap()[1], expected("b"));
    assert_eq!(answers[3].as_ref().unwrap()[0], expected("d"));
    assert_eq!(*embedder.calls.lock(), [texts(&["gate"]), texts(&["a", "b", "c", "d"])]);
}

#[test]
fn batches_keep_to_the_budget_and_the_order_of_arrival() {
    let (embedder, gate) = controlled();
    let batcher = start(&embedder, options(6, 100));
    // The test embedder counts characters as tokens.
    together(&batcher, &gate, &[&["aaa"], &["bb"], &["cccc"], &["d"]]);
    let calls = embedder.calls.lock();
    assert_eq!(calls[1..], [texts(&["aaa", "bb"]), texts(&["cccc", "d"])]);
}

#[test]
fn a_request_larger_than_the_budget_is_embedded_in_pieces() {
    let (embedder, _gate) = controlled();
    let batcher = start(&embedder, options(4, 2));
    let request = ["aa", "bb", "c", "too long for any batch", "d"];
    let vectors = embed_blocking(&batcher, &request).unwrap();
    assert_eq!(vectors, request.map(expected));
    let calls = embedder.calls.lock();
    assert_eq!(
        *calls,
        [texts(&["aa", "bb"]), texts(&["c"]), texts(&["too long for any batch"]), texts(&["d"])]
    );
}

#[test]
fn a_large_request_lets_those_who_came_meanwhile_go_first() {
    let (embedder, gate) = controlled();
    let batcher = start(&embedder, options(4, 100));
    let answers = together(&batcher, &gate, &[&["aa", "bb", "cc", "dd", "ee"], &["f"], &["g"]]);
    assert_eq!(answers[0].as_ref().unwrap()[..], ["aa", "bb", "cc", "dd", "ee"].map(expected));
    let calls = embedder.calls.lock();
    assert_eq!(calls[1..], [texts(&["aa", "bb"]), texts(&["f", "g", "cc"]), texts(&["dd", "ee"])]);
}

#[test]
fn a_large_request_whose_caller_went_away_is_not_continued() {
    let (embedder, gate) = controlled();
    let batcher = start(&embedder, options(4, 100));
    let large = submit(&batcher, &["gate", "aa", "bb", "cc"]).unwrap();
    gate.wait_until_reached();
    drop(large);
    gate.open();
    embed_blocking(&batcher, &["d"]).unwrap();
    assert_eq!(*embedder.calls.lock(), [texts(&["gate"]), texts(&["d"])]);
    assert_eq!(batcher.queued(), 0);
}

#[test]
fn a_failure_in_the_middle_of_a_large_request_is_its_answer() {
    let (embedder, gate) = controlled();
    let batcher = start(&embedder, options(4, 100));
    let answers = together(&batcher, &gate, &[&["aaaa", "fail", "bb"], &["c"]]);
    assert!(matches!(answers[0], Err(BatchError::Embed(Error::Tokenize { .. }))), "{:?}", answers[0]);
    assert_eq!(answers[1].as_ref().unwrap()[0], expected("c"));
}

#[test]
fn a_full_queue_refuses_at_once_and_recovers() {
    let (embedder, gate) = controlled();
    let batcher = start(&embedder, options(100, 2));
    let held = submit(&batcher, &["gate"]).unwrap();
    gate.wait_until_reached();
    let waiting = submit(&batcher, &["a", "b"]).unwrap();
    match embed_blocking(&batcher, &["c"]) {
        Err(BatchError::Overloaded { queued: 2, capacity: 2 }) => {}
        other => panic!("{other:?}"),
    }
    gate.open();
    held.blocking_recv().unwrap().unwrap();
    waiting.blocking_recv().unwrap().unwrap();
    embed_blocking(&batcher, &["c"]).unwrap();
}

#[test]
fn callers_that_went_away_are_skipped_and_free_their_places() {
    let (embedder, gate) = controlled();
    let batcher = start(&embedder, options(100, 2));
    let held = submit(&batcher, &["gate"]).unwrap();
    gate.wait_until_reached();
    drop(submit(&batcher, &["gone", "gone too"]).unwrap());
    let waiting = submit(&batcher, &["a", "b"]).unwrap();
    drop(waiting);
    gate.open();
    held.blocking_recv().unwrap().unwrap();
    embed_blocking(&batcher, &["c"]).unwrap();
    assert_eq!(embedder.calls.lock()[1..], [texts(&["c"])]);
}

#[test]
fn closing_finishes_what_is_queued_and_refuses_the_rest() {
    let (embedder, gate) = controlled();
    let batcher = start(&embedder, options(1, 100));
    let mut answers = vec![submit(&batcher, &["gate"]).unwrap()];
    gate.wait_until_reached();
    answers.extend(["a", "b"].map(|text| submit(&batcher, &[text]).unwrap()));
    std::thread::scope(|scope| {
        let closing = scope.spawn(|| batcher.close());
        // Closed for newcomers as soon as the closing thread got the lock, finished only when the gate opens.
        while !matches!(submit(&batcher, &[]), Err(BatchError::Closed)) {
            std::thread::yield_now();
        }
        gate.open();
        closing.join().unwrap();
    });
    for answer in answers {
        assert_eq!(answer.blocking_recv().unwrap().unwrap().len(), 1);
    }
    batcher.close();
}

#[test]
fn a_panic_becomes_an_error_for_its_request_alone_and_the_thread_goes_on() {
    let (embedder, gate) = controlled();
    let batcher = start(&embedder, options(100, 100));
    let answers = together(&batcher, &gate, &[&["a"], &["panic"], &["b"]]);
    assert_eq!(answers[0].as_ref().unwrap()[0], expected("a"));
    assert!(matches!(answers[1], Err(BatchError::Crashed)), "{:?}", answers[1]);
    assert_eq!(answers[2].as_ref().unwrap()[0], expected("b"));
    let counting = embed_blocking(&batcher, &["panic while counting"]);
    assert!(matches!(counting, Err(BatchError::Crashed)), "{counting:?}");
    assert_eq!(embed_blocking(&batcher, &["c"]).unwrap()[0], expected("c"));
}

#[test]
fn an_error_reaches_its_request_alone() {
    let (embedder, gate) = controlled();
    let batcher = start(&embedder, options(100, 100));
    let answers = together(&batcher, &gate, &[&["fail"], &["a"]]);
    assert!(matches!(answers[0], Err(BatchError::Embed(Error::Tokenize { .. }))), "{:?}", answers[0]);
    assert_eq!(answers[1].as_ref().unwrap()[0], expected("a"));
}

#[test]
fn async_callers_from_many_tasks_each_get_their_answer() {
    let (embedder, _gate) = controlled();
    let batcher = Arc::new(start(&embedder, options(50, 1000)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|i| {
            let batcher = Arc::clone(&batcher);
            runtime.spawn(async move {
                let text = format!("text {i}");
                (text.clone(), batcher.embed(vec![text], Role::Query).await.unwrap().remove(0))
            })
        })
        .collect();
    let mut seen = HashSet::new();
    for task in tasks {
        let (text, vector) = runtime.block_on(task).unwrap();
        assert_eq!(vector, expected(&text));
        seen.insert(text);
    }
    assert_eq!(seen.len(), 200);
    assert_eq!(batcher.queued(), 0);
}

#[test]
fn the_observer_hears_of_batches_and_refusals() {
    #[derive(Default)]
    struct Log(Mutex<Vec<String>>);
    impl Observer for Log {
        fn refused(&self) {
            self.0.lock().push("refused".to_owned());
        }
        fn cached(&self, _hits: usize, _misses: usize) {}
        fn batch(&self, report: &BatchReport) {
            self.0.lock().push(format!(
                "{} requests {} texts {} tokens",
                report.requests, report.texts, report.tokens
            ));
        }
    }
    let (embedder, gate) = controlled();
    let log = Arc::new(Log::default());
    let observer = Arc::clone(&log) as Arc<dyn Observer>;
    let batcher =
        Batcher::start(Arc::clone(&embedder) as Arc<dyn Embedder>, options(100, 3), Some(observer)).unwrap();
    let held = submit(&batcher, &["gate"]).unwrap();
    gate.wait_until_reached();
    let _first = submit(&batcher, &["aa", "b"]).unwrap();
    let _second = submit(&batcher, &["c"]).unwrap();
    assert!(submit(&batcher, &["d"]).is_err());
    gate.open();
    held.blocking_recv().unwrap().unwrap();
    batcher.close();
    assert_eq!(*log.0.lock(), ["refused", "1 requests 1 texts 4 tokens", "2 requests 3 texts 4 tokens"]);
}

#[test]
fn who_embeds_its_own_text_takes_no_place_from_those_who_wait() {
    let (embedder, gate) = controlled();
    let batcher = start(&embedder, BatcherOptions { callers_embed: true, ..options(100, 1) });
    std::thread::scope(|scope| {
        let own = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(batcher.embed(texts(&["gate"]), Role::Query)).unwrap()
        });
        gate.wait_until_reached();
        let waits = submit(&batcher, &["a"]).unwrap();
        assert!(matches!(submit(&batcher, &["b"]), Err(BatchError::Overloaded { queued: 1, capacity: 1 })));
        gate.open();
        assert_eq!(own.join().unwrap()[0], expected("gate"));
        assert_eq!(waits.blocking_recv().unwrap().unwrap()[0], expected("a"));
    });
}

/// Notes on which threads it embeds.
struct Threads {
    inner: HashedEmbedder,
    used: Mutex<Vec<std::thread::ThreadId>>,
}

impl Embedder for Threads {
    fn model(&self) -> &ModelInfo {
        self.inner.model()
    }

    fn tokenize(&self, texts: &[&str], role: Role) -> Result<Vec<Tokens>, Error> {
        self.inner.tokenize(texts, role)
    }

    fn embed_tokenized(&self, texts: &[&Tokens]) -> Result<Vec<Embedded>, Error> {
        self.used.lock().push(std::thread::current().id());
        self.inner.embed_tokenized(texts)
    }
}

#[tokio::test]
async fn a_single_text_is_embedded_where_it_is_asked_while_nobody_else_is_served() {
    let embedder = Arc::new(Threads { inner: HashedEmbedder::new(64), used: Mutex::default() });
    for callers_embed in [false, true] {
        embedder.used.lock().clear();
        let options = BatcherOptions { callers_embed, ..BatcherOptions::default() };
        let batcher = Batcher::start(embedder.clone(), options, None).unwrap();
        let here = std::thread::current().id();
        let one = batcher.embed(vec!["群".to_owned()], Role::Query).await.unwrap();
        let two = batcher.embed(vec!["群".to_owned(), "聊".to_owned()], Role::Query).await.unwrap();
        assert_eq!(one[0].vector, two[0].vector);
        let was_here: Vec<bool> = embedder.used.lock().iter().map(|thread| *thread == here).collect();
        assert_eq!(was_here, [callers_embed, false], "several texts go to the thread");

        // The thread answers before it lets go.
        let claim = loop {
            match batcher.worker.queue.claim() {
                Some(claim) => break claim,
                None => std::thread::yield_now(),
            }
        };
        assert!(batcher.worker.queue.claim().is_none(), "one at a time");
        let waits = submit(&batcher, &["聊"]).unwrap();
        drop(claim);
        assert_eq!(waits.await.unwrap().unwrap()[0].vector, two[1].vector, "who waited is served");
        batcher.close();
        let closed = batcher.embed(vec!["群".to_owned()], Role::Query).await;
        assert!(matches!(closed, Err(BatchError::Closed)));
    }
}
