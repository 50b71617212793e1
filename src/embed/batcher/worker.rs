//! The embedding thread: forms batches, runs them, answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::queue::{Job, Queue};
use super::{BatchError, BatchReport, Observer};
use crate::embed::{Embedded, Embedder, Role};

pub(super) struct Worker {
    pub(super) queue: Queue,
    pub(super) embedder: Arc<dyn Embedder>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) max_batch_tokens: usize,
}

/// A job and how many of its texts are embedded now, the first that are not done.
struct Turn {
    job: Job,
    count: usize,
}

impl Turn {
    fn texts(&self) -> &[String] {
        &self.job.texts[self.job.done.len()..][..self.count]
    }

    fn tokens(&self) -> usize {
        self.job.tokens[self.job.done.len()..][..self.count].iter().sum()
    }
}

impl Worker {
    /// Until the queue is closed and empty.
    pub(super) fn run(&self) {
        while let Some((job, _claim)) = self.queue.pop_wait() {
            let batch = self.gather(job);
            self.run_together(batch);
        }
    }

    /// Embeds one text at once, on the caller's thread, if nobody else is being served. Waking up another thread and being
    /// woken up by it would take as long as half of a short question.
    pub(super) fn serve_at_once(&self, text: &str, role: Role) -> Option<Result<Vec<Embedded>, BatchError>> {
        let _claim = self.queue.claim()?;
        let counted = self.guarded(|embedder| embedder.count_tokens(&[text], role));
        Some(counted.and_then(|tokens| self.embed(&[text], role, 1, tokens.iter().sum())))
    }

    /// `first` and those behind it, as far as they fit into the token budget with it.
    fn gather(&self, first: Job) -> Vec<Turn> {
        let mut batch: Vec<Turn> = Vec::new();
        let mut room = self.max_batch_tokens;
        let mut next = Some(first);
        while let Some(job) = next {
            if let Some(job) = self.count(job) {
                let count = fitting(&job.tokens[job.done.len()..], room, batch.is_empty());
                if count == 0 && job.remaining() > 0 {
                    self.queue.put_back(job);
                    break;
                }
                let turn = Turn { job, count };
                room = room.saturating_sub(turn.tokens());
                let is_cut = turn.count < turn.job.remaining();
                batch.push(turn);
                if is_cut {
                    break;
                }
            }
            next = self.queue.pop();
        }
        batch
    }

    /// Counts a job's tokens; `None` when nobody waits for it or the tokenizer refuses it.
    fn count(&self, mut job: Job) -> Option<Job> {
        if job.is_abandoned() {
            return None;
        }
        if job.tokens.len() == job.texts.len() {
            return Some(job);
        }
        let texts: Vec<&str> = job.texts.iter().map(String::as_str).collect();
        match self.guarded(|embedder| embedder.count_tokens(&texts, job.role)) {
            Ok(tokens) if tokens.len() == texts.len() => {
                job.tokens = tokens;
                Some(job)
            }
            Ok(_) => {
                job.fail(BatchError::Crashed);
                None
            }
            Err(error) => {
                job.fail(error);
                None
            }
        }
    }

    /// Embeds the turns of several jobs in one go. When that fails, each runs alone: one bad request must not fail
    /// the others.
    fn run_together(&self, batch: Vec<Turn>) {
        let mut vectors: Vec<Vec<Embedded>> = batch.iter().map(|_| Vec::new()).collect();
        for role in [Role::Query, Role::Document] {
            let members: Vec<usize> = (0..batch.len()).filter(|&i| batch[i].job.role == role).collect();
            let texts: Vec<&str> =
                members.iter().flat_map(|&i| batch[i].texts()).map(String::as_str).collect();
            if texts.is_empty() {
                continue;
            }
            let tokens = members.iter().map(|&i| batch[i].tokens()).sum();
            let embedded = match self.embed(&texts, role, members.len(), tokens) {
                Ok(embedded) => embedded,
                Err(error) => return self.run_apart(batch, error),
            };
            let mut embedded = embedded.into_iter();
            for i in members {
                vectors[i] = embedded.by_ref().take(batch[i].count).collect();
            }
        }
        for (turn, vectors) in batch.into_iter().zip(vectors) {
            self.progress(turn.job, vectors);
        }
    }

    /// After a failure of the batch: `error` is that of a job that was alone in it.
    fn run_apart(&self, batch: Vec<Turn>, error: BatchError) {
        match <[Turn; 1]>::try_from(batch) {
            Ok([alone]) => alone.job.fail(error),
            Err(batch) => batch.into_iter().for_each(|turn| self.run_together(vec![turn])),
        }
    }

    /// Answers a job that is complete. Another lines up again, so that whoever came meanwhile gets a turn before its
    /// next one.
    fn progress(&self, mut job: Job, vectors: Vec<Embedded>) {
        job.done.extend(vectors);
        if job.remaining() == 0 {
            job.finish();
        } else if !job.is_abandoned() {
            self.queue.line_up_again(job);
        }
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
        self.observer.batch(&BatchReport { requests, texts: texts.len(), tokens, took: start.elapsed() });
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

/// How many texts from the front fit into `room`; at least one when there `must` be.
fn fitting(tokens: &[usize], room: usize, must: bool) -> usize {
    let mut total = 0;
    let fits = |text: &&usize| {
        total += **text;
        total <= room
    };
    tokens.iter().take_while(fits).count().max(usize::from(must && !tokens.is_empty()))
}
