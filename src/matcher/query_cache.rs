//! [`QueryCache`]: what the model made of questions that were asked before, in front of the model's queue.
//!
//! Bounded by memory, because a question of 500 tokens takes fifty times as much as one of 10. The model is the one
//! behind the [`Batcher`], which never changes; the key is the text that the model gets, so questions that are equal
//! after normalisation share an entry, and a change of the FAQ or its synonyms leaves none that is wrong. An answer
//! from the cache is the very vector that the model made.
//!
//! The FAQs of one service share it: the same text has the same vector in all of them, and a vector tells nothing of the
//! FAQ in which it was asked. All that another one could learn is, from the time an answer takes, that somebody asked the
//! very same text before.

use std::{io, sync::Arc};

use quick_cache::{Weighter, sync::Cache};

use crate::{
    config::QueueConfig,
    embed::{
        Embedded, Embedder, Role,
        batcher::{BatchError, Batcher, Observer},
    },
};

/// Bytes that an entry takes besides its numbers and its text: keys, pointers, the cache's own bookkeeping.
const OVERHEAD: usize = 200;

/// Bytes of an ordinary question, for the size of the hash table; a wrong guess costs only a little time.
const TYPICAL: usize = 20_000;

/// A text and the side on which it stands, which decides its prompt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    role: Role,
    text: String,
}

/// Counts bytes.
#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<Embedded>> for Bytes {
    fn weight(&self, key: &Key, value: &Arc<Embedded>) -> u64 {
        let numbers = value.vector.as_slice().len() + value.tokens.values.len();
        (OVERHEAD + key.text.len() + numbers * size_of::<f32>()) as u64
    }
}

/// Vectors of questions, the least useful of which make room for new ones, and the queue for those that are not known.
/// Share it in an `Arc`.
pub struct QueryCache {
    kept: Option<Cache<Key, Arc<Embedded>, Bytes>>,
    batcher: Arc<Batcher>,
    observer: Arc<dyn Observer>,
}

impl QueryCache {
    /// Starts the model's queue. `observer` is told about queue, batches and what was known.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        embedder: Arc<dyn Embedder>,
        config: QueueConfig,
        observer: Arc<dyn Observer>,
    ) -> io::Result<Self> {
        let batcher = Batcher::start(embedder, config.into(), Some(observer.clone()))?;
        Ok(Self::new(config.cache_bytes, batcher, observer))
    }

    /// Keeps up to so many bytes; 0 keeps nothing and asks the model every time.
    fn new(bytes: usize, batcher: Batcher, observer: Arc<dyn Observer>) -> Self {
        let kept = (bytes > 0).then(|| Cache::with_weighter(bytes / TYPICAL + 1, bytes as u64, Bytes));
        Self { kept, batcher: Arc::new(batcher), observer }
    }

    /// What the model makes of each text, in order: remembered, or asked for now.
    ///
    /// # Errors
    /// As [`Batcher::embed`]; when it is closed, for texts that are remembered too.
    pub async fn embed(&self, texts: Vec<String>, role: Role) -> Result<Vec<Arc<Embedded>>, BatchError> {
        if self.is_closed() {
            return Err(BatchError::Closed);
        }
        let Some(kept) = &self.kept else {
            return Ok(self.batcher.embed(texts, role).await?.into_iter().map(Arc::new).collect());
        };
        let keys: Vec<Key> = texts.into_iter().map(|text| Key { role, text }).collect();
        let mut found: Vec<Option<Arc<Embedded>>> = keys.iter().map(|key| kept.get(key)).collect();
        let missing: Vec<usize> = (0..keys.len()).filter(|&i| found[i].is_none()).collect();
        self.observer.cached(keys.len() - missing.len(), missing.len());
        if !missing.is_empty() {
            let texts = missing.iter().map(|&i| keys[i].text.clone()).collect();
            for (i, embedded) in missing.into_iter().zip(self.batcher.embed(texts, role).await?) {
                let embedded = Arc::new(embedded);
                kept.insert(keys[i].clone(), embedded.clone());
                found[i] = Some(embedded);
            }
        }
        // The queue answers with as many vectors as it was given texts, or with an error.
        found.into_iter().collect::<Option<Vec<_>>>().ok_or(BatchError::Crashed)
    }

    /// As [`QueryCache::embed`], for texts that are not worth remembering.
    ///
    /// # Errors
    /// As [`Batcher::embed`].
    pub async fn embed_anew(&self, texts: Vec<String>, role: Role) -> Result<Vec<Embedded>, BatchError> {
        self.batcher.embed(texts, role).await
    }

    /// How many texts wait for the model.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.batcher.queued()
    }

    /// Whether [`QueryCache::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.batcher.is_closed()
    }

    /// Takes no more questions and finishes those that wait.
    pub async fn close(&self) {
        let batcher = self.batcher.clone();
        if tokio::task::spawn_blocking(move || batcher.close()).await.is_err() {
            tracing::error!("closing the model's queue panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;
    use crate::embed::{
        Embedder, HashedEmbedder,
        batcher::{BatchReport, BatcherOptions},
    };

    /// Adds up hits, misses and texts that reached the model.
    #[derive(Default)]
    struct Tally(Mutex<[usize; 3]>);

    impl Observer for Tally {
        fn refused(&self) {}
        fn batch(&self, report: &BatchReport) {
            self.0.lock()[2] += report.texts;
        }
        fn cached(&self, hits: usize, misses: usize) {
            let mut tally = self.0.lock();
            tally[0] += hits;
            tally[1] += misses;
        }
    }

    fn cache(bytes: usize) -> (QueryCache, Arc<Tally>) {
        let tally = Arc::new(Tally::default());
        let observer = Some(tally.clone() as Arc<dyn Observer>);
        let batcher =
            Batcher::start(Arc::new(HashedEmbedder::new(64)), BatcherOptions::default(), observer).unwrap();
        (QueryCache::new(bytes, batcher, tally.clone()), tally)
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[tokio::test]
    async fn a_question_asked_again_gets_the_same_numbers_without_the_model() {
        let (cache, tally) = cache(1 << 20);
        let first = cache.embed(texts(&["群怎么解散", "员工离职"]), Role::Query).await.unwrap();
        let again = cache.embed(texts(&["员工离职", "客户流失", "群怎么解散"]), Role::Query).await.unwrap();
        assert_eq!((&again[0], &again[2]), (&first[1], &first[0]));
        let model = HashedEmbedder::new(64);
        assert_eq!(*again[1], model.embed_tokens(&["客户流失"], Role::Query).unwrap()[0]);
        assert_eq!(*tally.0.lock(), [2, 3, 3]);
    }

    #[tokio::test]
    async fn the_same_text_on_the_other_side_is_another_question() {
        let (cache, tally) = cache(1 << 20);
        cache.embed(texts(&["群怎么解散"]), Role::Query).await.unwrap();
        cache.embed(texts(&["群怎么解散"]), Role::Document).await.unwrap();
        assert_eq!(*tally.0.lock(), [0, 2, 2]);
    }

    #[tokio::test]
    async fn memory_stays_within_its_bound() {
        let bound = 50_000;
        let (cache, _) = cache(bound);
        for i in 0..500 {
            cache.embed(vec![format!("第{i}个问题怎么办")], Role::Query).await.unwrap();
        }
        let kept = cache.kept.as_ref().unwrap();
        assert!(kept.weight() <= bound as u64 && kept.len() > 5, "{} bytes, {}", kept.weight(), kept.len());
    }

    #[tokio::test]
    async fn without_room_every_question_goes_to_the_model() {
        let (cache, tally) = cache(0);
        for _ in 0..2 {
            cache.embed(texts(&["群怎么解散"]), Role::Query).await.unwrap();
        }
        assert_eq!(*tally.0.lock(), [0, 0, 2]);
    }

    #[tokio::test]
    async fn after_closing_nothing_is_answered_not_even_what_is_remembered() {
        let (cache, _) = cache(1 << 20);
        cache.embed(texts(&["群怎么解散"]), Role::Query).await.unwrap();
        cache.close().await;
        for _ in 0..2 {
            let outcome = cache.embed(texts(&["群怎么解散"]), Role::Query).await;
            assert!(matches!(outcome, Err(BatchError::Closed)), "{outcome:?}");
        }
    }
}
