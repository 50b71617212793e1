//! The embedding thread: forms batches, runs them, answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::queue::{Job, Queue};
use super::{BatchError, BatchReport, Observer};
use crate::embed::{Embedded, Embedder, Role};

pub(super) struct Worker {
    pub(super) queue: Arc<Queue>,
    pub(super) embedder: Arc<dyn Embedder>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) max_batch_tokens: usize,
}

/// A job with the tokens of each of its texts.
struct Counted {
    job: Job,
    tokens: Vec<usize>,
}

impl Counted {
    fn total(&self) -> usize {
        self.tokens.iter().sum()
    }
}

impl Worker {
    /// Until the queue is closed and empty.
    pub(super) fn run(&self) {
        while let Some(job) = self.queue.pop_wait() {
            let batch = self.gather(job);
            match <[Counted; 1]>::try_from(batch) {
                Ok([alone]) => self.run_alone(alone),
                Err(batch) => self.run_together(batch),
            }
        }
    }

    /// `first` and those behind it that fit into the token budget with it.
    fn gather(&self, first: Job) -> Vec<Counted> {
        let mut batch = Vec::new();
        let mut total = 0;
        let mut next = Some(first);
        while let Some(job) = next {
            if let Some(counted) = self.count(job) {
                total += counted.total();
                if total > self.max_batch_tokens && !batch.is_empty() {
                    self.queue.put_back(counted.job);
                    break;
                }
                batch.push(counted);
            }
            next = self.queue.pop();
        }
        batch
    }

    /// Counts a job's tokens; `None` when nobody waits for it or the tokenizer refuses it.
    fn count(&self, job: Job) -> Option<Counted> {
        if job.is_abandoned() {
            return None;
        }
        let texts: Vec<&str> = job.texts.iter().map(String::as_str).collect();
        match self.guarded(|embedder| embedder.count_tokens(&texts, job.role)) {
            Ok(tokens) => Some(Counted { job, tokens }),
            Err(error) => {
                job.fail(error);
                None
            }
        }
    }

    /// Embeds several jobs in one go. When that fails, each runs alone: one bad request must not fail the others.
    fn run_together(&self, batch: Vec<Counted>) {
        let mut vectors: Vec<Vec<Embedded>> = batch.iter().map(|_| Vec::new()).collect();
        for role in [Role::Query, Role::Document] {
            let members: Vec<usize> = (0..batch.len()).filter(|&i| batch[i].job.role == role).collect();
            let texts: Vec<&str> =
                members.iter().flat_map(|&i| &batch[i].job.texts).map(String::as_str).collect();
            if texts.is_empty() {
                continue;
            }
            let tokens = members.iter().map(|&i| batch[i].total()).sum();
            let Ok(embedded) = self.embed(&texts, role, members.len(), tokens) else {
                for counted in batch {
                    self.run_alone(counted);
                }
                return;
            };
            let mut embedded = embedded.into_iter();
            for i in members {
                vectors[i] = embedded.by_ref().take(batch[i].job.texts.len()).collect();
            }
        }
        for (counted, vectors) in batch.into_iter().zip(vectors) {
            Job { done: vectors, ..counted.job }.finish();
        }
    }

    /// Embeds one job, in pieces of the token budget, until it is done, fails, or nobody waits for it.
    fn run_alone(&self, Counted { mut job, tokens }: Counted) {
        while job.done.len() < job.texts.len() {
            if job.is_abandoned() {
                return;
            }
            let start = job.done.len();
            let (count, total) = self.piece(&tokens[start..]);
            let texts: Vec<&str> = job.texts[start..start + count].iter().map(String::as_str).collect();
            match self.embed(&texts, job.role, 1, total) {
                Ok(vectors) => job.done.extend(vectors),
                Err(error) => return job.fail(error),
            }
        }
        job.finish();
    }

    /// How many texts from the front fit into the budget (at least one), and their tokens.
    fn piece(&self, tokens: &[usize]) -> (usize, usize) {
        let mut total = 0;
        for (count, text) in tokens.iter().enumerate() {
            if count > 0 && total + text > self.max_batch_tokens {
                return (count, total);
            }
            total += text;
        }
        (tokens.len(), total)
    }

    fn embed(
        &self,
        texts: &[&str],
        role: Role,
        requests: usize,
        tokens: usize,
    ) -> Result<Vec<Embedded>, BatchError> {
        let start = Instant::now();
        let result = self.guarded(|embedder| embedder.embed_tokens(texts, role)).and_then(|vectors| {
            // Handing out vectors of other texts would be worse than failing.
            if vectors.len() == texts.len() { Ok(vectors) } else { Err(BatchError::Crashed) }
        });
        self.observer.batch(&BatchReport {
            requests,
            texts: texts.len(),
            tokens,
            took: start.elapsed(),
            queued: self.queue.len(),
        });
        result
    }

    /// Calls the embedder; a panic in it becomes an error.
    fn guarded<T>(
        &self,
        call: impl FnOnce(&dyn Embedder) -> Result<T, crate::embed::Error>,
    ) -> Result<T, BatchError> {
        // Unwind safety: the embedder is only read, and what the call built is thrown away.
        match catch_unwind(AssertUnwindSafe(|| call(self.embedder.as_ref()))) {
            Ok(result) => Ok(result?),
            Err(_) => Err(BatchError::Crashed),
        }
    }
}
