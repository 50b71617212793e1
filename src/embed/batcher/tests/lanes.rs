//! How threads share what waits, with an embedder whose lanes only move together.

use std::sync::Barrier;

use super::*;
use crate::embed::Lanes;

/// Embeds on two lanes, on each only when the other one is embedding too.
struct Paired {
    inner: HashedEmbedder,
    both: Barrier,
    /// Texts of the calls on one lane, and on all.
    alone: Mutex<Vec<usize>>,
    whole: Mutex<Vec<usize>>,
    /// Tokens that a lane takes at once.
    tokens: usize,
    gate: Mutex<mpsc::Receiver<()>>,
}

impl Embedder for Paired {
    fn model(&self) -> &ModelInfo {
        self.inner.model()
    }

    fn tokenize(&self, texts: &[&str], role: Role) -> Result<Vec<Tokens>, Error> {
        self.inner.tokenize(texts, role)
    }

    fn embed_tokenized(&self, texts: &[&Tokens]) -> Result<Vec<Embedded>, Error> {
        if texts.iter().any(|text| spelled(text) == "gate") {
            self.gate.lock().recv().unwrap();
        }
        self.whole.lock().push(texts.len());
        self.inner.embed_tokenized(texts)
    }

    fn lanes(&self) -> Lanes {
        Lanes { count: 2, tokens: self.tokens }
    }

    fn embed_alone(&self, texts: &[&Tokens]) -> Result<Vec<Embedded>, Error> {
        self.both.wait();
        self.alone.lock().push(texts.len());
        assert!(texts.iter().all(|text| spelled(text) != "panic"), "asked to panic");
        self.inner.embed_tokenized(texts)
    }
}

/// What several requests of these texts bring, all queued while the first text, `gate`, is embedded; and the sizes of
/// the batches on one lane and on all.
fn on_two_lanes(tokens: usize, requests: &[&[&str]]) -> (Vec<Answer>, Vec<usize>, Vec<usize>) {
    let (open, gate) = mpsc::channel();
    let embedder = Arc::new(Paired {
        inner: HashedEmbedder::new(64),
        both: Barrier::new(2),
        alone: Mutex::default(),
        whole: Mutex::default(),
        tokens,
        gate: Mutex::new(gate),
    });
    let batcher = Batcher::start(embedder.clone(), options(100, 100), None).unwrap();
    let held = submit(&batcher, &["gate"]).unwrap();
    while batcher.queued() > 0 {
        std::thread::yield_now();
    }
    let waiting: Vec<_> = requests.iter().map(|request| submit(&batcher, request).unwrap()).collect();
    open.send(()).unwrap();
    held.blocking_recv().unwrap().unwrap();
    let answers = waiting.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect();
    batcher.close();
    let (alone, whole) = (embedder.alone.lock().clone(), embedder.whole.lock().clone());
    (answers, alone, whole)
}

#[test]
fn where_more_wait_each_lane_takes_its_share() {
    let (answers, alone, whole) = on_two_lanes(100, &[&["a"], &["b"], &["c"], &["d"]]);
    for (answer, text) in answers.iter().zip(["a", "b", "c", "d"]) {
        assert_eq!(answer.as_ref().unwrap()[0], expected(text));
    }
    assert_eq!((alone, whole), (vec![2, 2], vec![1]), "the first was alone and had both lanes");
}

#[test]
fn a_lane_takes_no_more_tokens_than_it_should() {
    let (answers, alone, _) = on_two_lanes(3, &[&["aa"], &["bb"], &["cc"], &["dd"]]);
    assert_eq!(answers[3].as_ref().unwrap()[0], expected("dd"));
    assert!(alone.len() >= 2 && alone.iter().all(|texts| *texts == 1), "{alone:?}");
}

#[test]
fn a_large_request_does_not_fill_up_the_lane_of_small_ones() {
    let (answers, alone, _) = on_two_lanes(3, &[&["a"], &["bb", "cc", "dd"]]);
    assert_eq!(answers[0].as_ref().unwrap()[0], expected("a"));
    assert_eq!(*answers[1].as_ref().unwrap(), ["bb", "cc", "dd"].map(expected));
    // Whether the rest is embedded on one lane or on both depends on who is free first.
    assert!(alone.len() >= 2 && alone.iter().all(|texts| *texts == 1), "{alone:?}");
}

#[test]
fn lanes_share_a_large_request_while_others_wait() {
    let (answers, alone, _) = on_two_lanes(2, &[&["aa", "bb", "cc"], &["dd"]]);
    assert_eq!(*answers[0].as_ref().unwrap(), ["aa", "bb", "cc"].map(expected));
    assert_eq!(answers[1].as_ref().unwrap()[0], expected("dd"));
    assert!(alone.len() >= 2 && alone.iter().all(|texts| *texts == 1), "{alone:?}");
}

#[test]
fn a_panic_on_a_lane_frees_it() {
    let (answers, ..) = on_two_lanes(1, &[&["panic"], &["a"], &["b"], &["c"]]);
    assert!(matches!(answers[0], Err(BatchError::Crashed)), "{:?}", answers[0]);
    for (answer, text) in answers[1..].iter().zip(["a", "b", "c"]) {
        assert_eq!(answer.as_ref().unwrap()[0], expected(text));
    }
}

#[test]
fn a_request_that_is_alone_gets_all_lanes() {
    let texts = ["a", "b", "c", "d", "e"];
    let (answers, alone, whole) = on_two_lanes(1, &[&texts]);
    assert_eq!(*answers[0].as_ref().unwrap(), texts.map(expected));
    assert_eq!((alone, whole), (vec![], vec![1, 5]));
}
