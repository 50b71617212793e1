//! [`Batcher`]: embeds what many callers ask for, together, on threads of its own.
//!
//! Owns the bounded queue and the threads; knows nothing of HTTP. Requests that lie in the queue when a thread gets
//! free are embedded in one go, oldest first, up to a budget of tokens; an idle thread starts at once, without
//! waiting for company. A request that is alone gets all of the processor. Where more wait, each thread takes a small
//! batch and computes it by itself: threads that never wait for each other lose no time, and nobody waits for the
//! slowest of a large batch. A request beyond the budget is embedded in pieces, and those who came meanwhile go before
//! its next piece. A full queue refuses at once. A caller that goes away is skipped. Callers split their texts into
//! tokens themselves, so that the threads do nothing but embed, and those with a single text may embed it themselves
//! while nobody else is being served.

mod queue;
mod request;
#[cfg(test)]
mod tests;
mod worker;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use self::queue::{Place, Queue};
use self::request::Piece;
use self::worker::Worker;
use super::{Embedded, Embedder, Error, ModelInfo, Role, Tokens};

/// Bytes of text that an async task splits into tokens itself, in some hundred microseconds; for more it takes another
/// thread.
const TOKENIZED_AT_ONCE: usize = 2_048;

/// Limits of a [`Batcher`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatcherOptions {
    /// Tokens that are embedded in one go for a request that is alone; where more wait, each thread takes no more than
    /// [`Lanes::tokens`](super::Lanes::tokens) either. A longer text still comes through, alone.
    pub max_batch_tokens: usize,
    /// Texts that may wait; at least 1. A larger request is let in when nothing else waits.
    pub max_queued_texts: usize,
    /// Whether a caller with a single text embeds it on its own thread when nobody else is being served, which blocks that
    /// thread for as long.
    pub callers_embed: bool,
}

impl Default for BatcherOptions {
    fn default() -> Self {
        Self { max_batch_tokens: 2048, max_queued_texts: 512, callers_embed: false }
    }
}

/// Why a request brought no vectors.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The queue is full; the request was not taken. Worth trying again in a moment.
    #[error(
        "too many texts are waiting to be embedded: {queued} of at most {capacity}; try again in a moment"
    )]
    Overloaded {
        /// Texts that wait.
        queued: usize,
        /// Texts that may wait.
        capacity: usize,
    },
    /// The batcher is being closed and takes nothing more.
    #[error("the embedding queue is closed; the program is shutting down")]
    Closed,
    /// The embedder panicked on this request. The batcher goes on.
    #[error("the embedding engine crashed on this request; see the log")]
    Crashed,
    /// The embedder refused this request.
    #[error(transparent)]
    Embed(#[from] Error),
}

/// One pass through the embedder, for an [`Observer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchReport {
    /// Requests that had texts in it.
    pub requests: usize,
    /// Texts.
    pub texts: usize,
    /// Tokens, prompts and special tokens included.
    pub tokens: usize,
    /// Time in the embedder.
    pub took: Duration,
}

/// Gets told what a [`Batcher`] and a cache in front of it do; metrics implement it. Called from callers' threads and the batcher's own, so
/// it must be quick.
pub trait Observer: Send + Sync {
    /// A request was refused because the queue is full.
    fn refused(&self);
    /// A batch was embedded, or failed.
    fn batch(&self, report: &BatchReport);
    /// So many texts were known from before, and so many had to be queued.
    fn cached(&self, hits: usize, misses: usize);
}

/// Observes nothing.
#[derive(Debug, Clone, Copy)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn refused(&self) {}
    fn batch(&self, _report: &BatchReport) {}
    fn cached(&self, _hits: usize, _misses: usize) {}
}

/// A queue in front of an [`Embedder`] and the threads that empty it. Share it in an `Arc`.
///
/// Dropping it closes it: see [`Batcher::close`].
pub struct Batcher {
    worker: Arc<Worker>,
    callers_embed: bool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Batcher {
    /// Starts a thread for each of the embedder's lanes. `observer` gets told about queue and batches.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        embedder: Arc<dyn Embedder>,
        options: BatcherOptions,
        observer: Option<Arc<dyn Observer>>,
    ) -> io::Result<Self> {
        let lanes = embedder.lanes();
        let worker = Arc::new(Worker {
            queue: Queue::new(options.max_queued_texts.max(1), lanes, options.max_batch_tokens.max(1)),
            embedder,
            observer: observer.unwrap_or_else(|| Arc::new(Unobserved)),
        });
        let mut batcher = Self { worker, callers_embed: options.callers_embed, threads: Mutex::default() };
        for lane in 1..=lanes.count.max(1) {
            let worker = Arc::clone(&batcher.worker);
            let thread = std::thread::Builder::new().name(format!("dayi-embed-{lane}"));
            batcher.threads.get_mut().push(thread.spawn(move || worker.run())?);
        }
        Ok(batcher)
    }

    /// The model behind the queue.
    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        self.worker.embedder.model()
    }

    /// Texts that are waiting now.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.worker.queue.len()
    }

    /// One unit vector a text, in order. Dropping the future takes the request back, unless it is being embedded.
    ///
    /// # Errors
    /// At once when the queue is full or closed; later when the embedder fails.
    pub async fn embed(&self, texts: Vec<String>, role: Role) -> Result<Vec<Embedded>, BatchError> {
        let place = self.reserve(texts.len())?;
        let bytes: usize = texts.iter().map(String::len).sum();
        let tokens = if bytes <= TOKENIZED_AT_ONCE {
            self.worker.tokenize(&texts, role)?
        } else {
            let worker = Arc::clone(&self.worker);
            let tokenize = move || worker.tokenize(&texts, role);
            tokio::task::spawn_blocking(tokenize).await.map_err(|_| BatchError::Crashed)??
        };
        // Waking up another thread and being woken up by it would take as long as half of a short question.
        if let [text] = &tokens[..]
            && self.callers_embed
            && let Some(claim) = self.worker.queue.claim()
        {
            // Who is being served does not wait.
            drop(place);
            return self.worker.embed(&[text], 1, &claim);
        }
        self.submit(place, tokens).await.unwrap_or(Err(BatchError::Crashed))
    }

    /// Takes no more requests, finishes those that are queued, and ends the threads. Blocks until then; calling it
    /// again does nothing.
    pub fn close(&self) {
        self.worker.queue.close();
        // Held until they have ended: whoever else closes waits for that too.
        let mut threads = self.threads.lock();
        for thread in threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("an embedding thread ended by a panic");
            }
        }
    }

    /// Whether [`Batcher::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.worker.queue.is_closed()
    }

    /// Refuses before any work is done for texts that would be refused.
    fn reserve(&self, texts: usize) -> Result<Place<'_>, BatchError> {
        let reserved = self.worker.queue.reserve(texts);
        if matches!(reserved, Err(BatchError::Overloaded { .. })) {
            self.worker.observer.refused();
        }
        reserved
    }

    fn submit(&self, place: Place<'_>, texts: Vec<Tokens>) -> oneshot::Receiver<Answer> {
        let (reply, answer) = oneshot::channel();
        self.worker.queue.push(place, Piece::of_all(texts, reply));
        answer
    }
}

impl Drop for Batcher {
    fn drop(&mut self) {
        self.close();
    }
}

/// What a caller gets.
type Answer = Result<Vec<Embedded>, BatchError>;
