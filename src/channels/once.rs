//! [`Once`]: a message that arrives again gets the answer it got the first time.
//!
//! Senders repeat a message when the answer was late or lost. The second copy must neither be worked on again nor go
//! unanswered, because nobody saw the first answer.

use quick_cache::sync::Cache;

/// Answers by message id: the most recent ones, at most as many as fit.
pub struct Once<V>(Cache<String, V>);

impl<V: Clone> Once<V> {
    /// Remembers the answers to about this many messages.
    #[must_use]
    pub fn new(messages: usize) -> Self {
        Self(Cache::new(messages))
    }

    /// The answer to the message `id`: `answer` is asked once, and whoever comes meanwhile waits for it.
    ///
    /// A message without an id is answered each time.
    ///
    /// # Errors
    /// What `answer` fails with. It is asked again then when the message comes again.
    pub async fn answer<E>(
        &self,
        id: Option<String>,
        answer: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        match id {
            Some(id) => self.0.get_or_insert_async(&id, answer).await,
            None => answer.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicU32, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn a_repeated_message_gets_the_first_answer_even_while_that_is_being_made() {
        let once = Once::new(10);
        let asked = AtomicU32::new(0);
        let ask = |id: Option<&str>| {
            let id = id.map(str::to_owned);
            once.answer(id, async {
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(asked.fetch_add(1, Ordering::Relaxed))
            })
        };
        let (first, meanwhile, other) = tokio::join!(ask(Some("a")), ask(Some("a")), ask(Some("b")));
        assert_eq!(first, meanwhile);
        assert_ne!(first, other);
        assert_eq!(ask(Some("a")).await, first);
        assert_eq!((ask(None).await, ask(None).await), (Ok(2), Ok(3)));
    }

    #[tokio::test]
    async fn a_failure_is_not_remembered() {
        let once = Once::new(10);
        let id = || Some("a".to_owned());
        assert_eq!(once.answer(id(), async { Err::<u8, _>("late") }).await, Err("late"));
        assert_eq!(once.answer(id(), async { Ok::<_, &str>(1) }).await, Ok(1));
    }
}
