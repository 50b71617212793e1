//! [`Matcher`]: question to [`Verdict`]. The one service that HTTP, command line, evaluation, triage and channels
//! call, so that a score seen in one is the score in all.
//!
//! Owns: the current [`Snapshot`]. Shares the [`QueryCache`], and the queue in front of the model behind it, with the
//! other FAQs of the service. Does not own the store: a change of the FAQ is written there first, then [`Builder`] makes
//! a new snapshot beside the old one and [`Matcher::replace`] swaps it.

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

use std::sync::Arc;

use arc_swap::ArcSwap;

pub use build::{BuildError, BuildReport, Builder, INDEX_FOLDER, Progress, Stage};
pub use explain::{Explanation, MatchExplanation};
pub use find_ranker::{FindRankerError, RANKER_FILE, SaveRankerError, find_ranker, read_ranker, save_ranker};
pub use find_synonyms::{FindSynonymsError, SYNONYMS_FILE, find_synonyms};
pub use itself::{SelfAsked, Winner};
pub use query::{MAX_BEST, MAX_TOP_K, Match, Query, Verdict};
pub use query_cache::QueryCache;
pub use snapshot::{Considered, QueryVectors, Snapshot};

use self::wordings::Reading;
use crate::{
    embed::{Embedded, Role, batcher::BatchError},
    vector::{Embedding, VectorError},
};

/// Why a question got no verdict.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More texts are waiting for the model than the queue holds; try again shortly.
    #[error("too many questions are waiting for the model")]
    Overloaded,
    /// The queue in front of the model was closed.
    #[error("the service is shutting down")]
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
    questions: Arc<QueryCache>,
}

impl Matcher {
    /// Answers from `snapshot`; `questions` asks the model that made it.
    #[must_use]
    pub fn new(snapshot: Snapshot, questions: Arc<QueryCache>) -> Self {
        Self { current: ArcSwap::from_pointee(snapshot), questions }
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
        self.ask_of(self.snapshot(), queries).await
    }

    /// As [`ask`](Self::ask), of another snapshot than the served one.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn ask_of(&self, snapshot: Arc<Snapshot>, queries: Vec<Query>) -> Result<Vec<Verdict>, Error> {
        let answered = self.answer(snapshot, queries).await?;
        Ok(answered.into_iter().map(|answered| answered.verdict).collect())
    }

    /// As [`ask`](Self::ask), with each question's vector, for callers who compare questions with one another.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn ask_embedded(&self, queries: Vec<Query>) -> Result<Vec<Answered>, Error> {
        self.answer(self.snapshot(), queries).await
    }

    async fn answer(&self, snapshot: Arc<Snapshot>, queries: Vec<Query>) -> Result<Vec<Answered>, Error> {
        let readings: Vec<Reading> = queries.iter().map(|query| snapshot.read(&query.text)).collect();
        let texts = readings.iter().map(|reading| reading.text().as_str().to_owned()).collect();
        let embeddings = self.questions.embed(texts, Role::Query).await?;
        let is_single = queries.len() == 1;
        let rank = move || -> Result<Vec<Answered>, Error> {
            let mut answered = Vec::with_capacity(queries.len());
            for ((query, reading), embedded) in queries.iter().zip(&readings).zip(&embeddings) {
                let verdict = snapshot.verdict_on(query, reading, embedded)?;
                answered.push(Answered { verdict, vector: embedded.vector.clone() });
            }
            Ok(answered)
        };
        if is_single {
            // With a remembered vector nothing else waits: whoever asks on and on would let no other task have a turn.
            tokio::task::yield_now().await;
            // A fraction of a millisecond: handing it to another thread and waking up again would take about as long.
            return rank();
        }
        tokio::task::spawn_blocking(rank).await.map_err(|_| Error::Interrupted)?
    }

    /// The vectors of texts that are no questions to the FAQ, in the form in which questions are embedded.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>, Error> {
        let embedded = self.embed_for(&self.snapshot(), texts).await?;
        Ok(embedded.into_iter().map(|embedded| embedded.vector).collect())
    }

    /// What the model makes of questions that `snapshot` is to answer; always computed, never remembered.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn embed_for(&self, snapshot: &Snapshot, texts: &[&str]) -> Result<Vec<Embedded>, Error> {
        let texts = texts.iter().map(|text| snapshot.model_text(text)).collect();
        Ok(self.questions.embed_anew(texts, Role::Query).await?)
    }
}
