//! [`Request`]: what one caller wants, embedded in pieces by whoever is free.

use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{Answer, BatchError};
use crate::embed::{Embedded, Tokens};

/// The texts of a caller and what has become of them.
pub(super) struct Request {
    texts: Vec<Tokens>,
    progress: Mutex<Progress>,
}

struct Progress {
    vectors: Vec<Option<Embedded>>,
    missing: usize,
    /// `None` once the caller has an answer.
    reply: Option<oneshot::Sender<Answer>>,
}

impl Request {
    fn put(&self, first: usize, vectors: Vec<Embedded>) {
        let mut progress = self.progress.lock();
        progress.missing -= vectors.len();
        for (place, vector) in progress.vectors[first..].iter_mut().zip(vectors) {
            *place = Some(vector);
        }
        if progress.missing == 0
            && let Some(reply) = progress.reply.take()
        {
            // A caller that went away meanwhile wants no answer.
            let _ = reply.send(Ok(std::mem::take(&mut progress.vectors).into_iter().flatten().collect()));
        }
    }

    fn fail(&self, error: BatchError) {
        if let Some(reply) = self.progress.lock().reply.take() {
            let _ = reply.send(Err(error));
        }
    }
}

/// Texts of a request that wait, or are embedded together.
pub(super) struct Piece {
    request: Arc<Request>,
    range: Range<usize>,
}

impl Piece {
    /// A whole request.
    pub(super) fn of_all(texts: Vec<Tokens>, reply: oneshot::Sender<Answer>) -> Self {
        let count = texts.len();
        let progress =
            Progress { vectors: texts.iter().map(|_| None).collect(), missing: count, reply: Some(reply) };
        Self { request: Arc::new(Request { texts, progress: Mutex::new(progress) }), range: 0..count }
    }

    pub(super) fn texts(&self) -> &[Tokens] {
        &self.request.texts[self.range.clone()]
    }

    pub(super) fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether the caller went away, or knows already that the request failed.
    pub(super) fn is_abandoned(&self) -> bool {
        self.request.progress.lock().reply.as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    /// Keeps the first `count` texts and returns the others, if there are any.
    pub(super) fn split_off(&mut self, count: usize) -> Option<Self> {
        let middle = (self.range.start + count).min(self.range.end);
        let rest = middle..self.range.end;
        self.range.end = middle;
        (!rest.is_empty()).then(|| Self { request: Arc::clone(&self.request), range: rest })
    }

    /// Hands over one vector a text; the caller is answered when no text is missing any more.
    pub(super) fn finish(self, vectors: Vec<Embedded>) {
        self.request.put(self.range.start, vectors);
    }

    /// Tells the caller that there will be no vectors.
    pub(super) fn fail(self, error: BatchError) {
        self.request.fail(error);
    }
}
