//! [`Matcher`]: question to [`Verdict`]. The one service that HTTP, command line, evaluation, triage and channels
//! call, so that a score seen in one is the score in all.
//!
//! Owns: the current [`Snapshot`] the queue in front of the model and the cache in front of that. Does not own the store: a change of the FAQ
//! is written there first, then [`Builder`] makes a new snapshot beside the old one and [`Matcher::replace`] swaps it.

mod build;
pub mod explain;
mod find_ranker;
mod find_synonyms;
mod itself;
mod prepared;
mod query;
mod query_cache;
mod snapshot;
mod wordings;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::ArcSwap;

pub use build::{BuildError, BuildReport, Builder, Progress, Stage};
pub use explain::{Explanation, MatchExplanation};
pub use find_ranker::{FindRankerError, RANKER_FILE, SaveRankerError, find_ranker, read_ranker, save_ranker};
pub use find_synonyms::{FindSynonymsError, SYNONYMS_FILE, find_synonyms};
pub use itself::{SelfAsked, Winner};
pub use query::{MAX_BEST, MAX_TOP_K, Match, Query, Verdict};
pub use snapshot::{Considered, QueryVectors, Snapshot};

use self::query_cache::QueryCache;
use crate::{
    config::QueueConfig,
    embed::{
        Embedder, Role,
        batcher::{BatchError, Batcher, BatcherOptions, Observer},
    },
    vector::{Embedding, VectorError},
};

/// Why a question got no verdict.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More texts are waiting for the model than the queue holds; try again shortly.
    #[error("too many questions are waiting for the model")]
    Overloaded,
    /// The matcher was closed.
    #[error("the matcher is closed")]
    ShuttingDown,
    /// The model failed.
    #[error("the question could not be embedded")]
    Embed {
        /// What the queue or the engine said.
        source: BatchError,
    },
    /// The vector does not fit the index.
    #[error("the question's vector does not fit the index")]
    Index {
        /// What does not fit.
        #[from]
        source: VectorError,
    },
    /// The thread that ranked the candidates died.
    #[error("ranking was interrupted")]
    Interrupted,
}

impl From<BatchError> for Error {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Overloaded { .. } => Self::Overloaded,
            BatchError::Closed => Self::ShuttingDown,
            source @ (BatchError::Embed(_) | BatchError::Crashed) => Self::Embed { source },
        }
    }
}

/// A question with its verdict.
#[derive(Debug, Clone)]
pub struct Answered {
    /// What is said to it.
    pub verdict: Verdict,
    /// What the model made of it.
    pub vector: Embedding,
}

/// Answers questions from the current snapshot. Share it in an `Arc`.
pub struct Matcher {
    current: ArcSwap<Snapshot>,
    batcher: Arc<Batcher>,
    cache: QueryCache,
    closed: AtomicBool,
}

impl Matcher {
    /// Starts the model's queue. `observer` is told about queue and batches.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        snapshot: Snapshot,
        embedder: Arc<dyn Embedder>,
        queue: QueueConfig,
        observer: Arc<dyn Observer>,
    ) -> std::io::Result<Self> {
        let options =
            BatcherOptions { max_batch_tokens: queue.max_batch_tokens, max_queued_texts: queue.capacity };
        let batcher = Arc::new(Batcher::start(embedder, options, Some(observer.clone()))?);
        Ok(Self {
            current: ArcSwap::from_pointee(snapshot),
            cache: QueryCache::new(queue.cache_bytes, batcher.clone(), observer),
            batcher,
            closed: AtomicBool::new(false),
        })
    }

    /// What is served now. Stays valid, and the same, for as long as the caller holds it.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Serves `snapshot` from now on; questions under way finish on the old one.
    pub fn replace(&self, snapshot: Snapshot) {
        self.current.store(Arc::new(snapshot));
    }

    /// One verdict a query, in order, all from the same snapshot.
    ///
    /// # Errors
    /// At once when the queue is full or closed; later when the model fails.
    pub async fn ask(&self, queries: Vec<Query>) -> Result<Vec<Verdict>, Error> {
        let answered = self.ask_embedded(queries).await?;
        Ok(answered.into_iter().map(|answered| answered.verdict).collect())
    }

    /// As [`ask`](Self::ask), with each question's vector, for callers who compare questions with one another.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn ask_embedded(&self, queries: Vec<Query>) -> Result<Vec<Answered>, Error> {
        let snapshot = self.snapshot();
        let texts = queries.iter().map(|query| snapshot.model_text(&query.text)).collect();
        if self.is_closed() {
            return Err(Error::ShuttingDown);
        }
        let embeddings = self.cache.embed(texts, Role::Query).await?;
        let rank = move || -> Result<Vec<Answered>, Error> {
            let mut answered = Vec::with_capacity(queries.len());
            for (query, embedded) in queries.iter().zip(&embeddings) {
                let verdict = snapshot.verdict(query, embedded)?;
                answered.push(Answered { verdict, vector: embedded.vector.clone() });
            }
            Ok(answered)
        };
        tokio::task::spawn_blocking(rank).await.map_err(|_| Error::Interrupted)?
    }

    /// The vectors of texts that are no questions to the FAQ, in the form in which questions are embedded.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>, Error> {
        let snapshot = self.snapshot();
        let texts = texts.iter().map(|text| snapshot.model_text(text)).collect();
        let embedded = self.batcher.embed(texts, Role::Query).await?;
        Ok(embedded.into_iter().map(|embedded| embedded.vector).collect())
    }

    /// Whether [`Matcher::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// How many texts wait for the model.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.batcher.queued()
    }

    /// Takes no more questions and finishes those that wait.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let batcher = self.batcher.clone();
        if tokio::task::spawn_blocking(move || batcher.close()).await.is_err() {
            tracing::error!("closing the model's queue panicked");
        }
    }
}
