//! The embedding threads: form batches, run them, answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::queue::{Batch, Claim, Queue};
use super::request::Piece;
use super::{BatchError, BatchReport, Observer};
use crate::embed::{Embedded, Embedder, Error, Role, Tokens};

pub(super) struct Worker {
    pub(super) queue: Queue,
    pub(super) embedder: Arc<dyn Embedder>,
    pub(super) observer: Arc<dyn Observer>,
}

impl Worker {
    /// Life of a thread: until the queue is closed and empty.
    pub(super) fn run(&self) {
        while let Some((Batch { pieces, rest }, claim)) = self.queue.take_wait() {
            self.run_together(pieces, &claim);
            // Whoever came meanwhile gets a turn before the next one of a large request.
            if let Some(rest) = rest.filter(|rest| !rest.is_abandoned()) {
                self.queue.line_up_again(rest);
            }
        }
    }

    /// Splits texts into tokens, on the caller's thread.
    pub(super) fn tokenize(&self, texts: &[String], role: Role) -> Result<Vec<Tokens>, BatchError> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        self.guarded(|embedder| Ok(same_number(texts.len(), embedder.tokenize(&texts, role)?)))
    }

    /// Embeds pieces of several requests in one go. When that fails, each runs alone: one bad request must not fail
    /// the others.
    fn run_together(&self, pieces: Vec<Piece>, claim: &Claim<'_>) {
        let texts: Vec<&Tokens> = pieces.iter().flat_map(Piece::texts).collect();
        if texts.is_empty() {
            return pieces.into_iter().for_each(|piece| piece.finish(Vec::new()));
        }
        let embedded = match self.embed(&texts, pieces.len(), claim) {
            Ok(embedded) => embedded,
            Err(error) => return self.run_apart(pieces, error, claim),
        };
        let mut embedded = embedded.into_iter();
        for piece in pieces {
            let vectors = embedded.by_ref().take(piece.len()).collect();
            piece.finish(vectors);
        }
    }

    /// After a failure of the batch: `error` is that of a piece that was alone in it.
    fn run_apart(&self, pieces: Vec<Piece>, error: BatchError, claim: &Claim<'_>) {
        match <[Piece; 1]>::try_from(pieces) {
            Ok([alone]) => alone.fail(error),
            Err(pieces) => pieces.into_iter().for_each(|piece| self.run_together(vec![piece], claim)),
        }
    }

    /// Embeds texts of so many requests on the lanes of a claim.
    pub(super) fn embed(
        &self,
        texts: &[&Tokens],
        requests: usize,
        claim: &Claim<'_>,
    ) -> Result<Vec<Embedded>, BatchError> {
        let start = Instant::now();
        let result = self.guarded(|embedder| {
            let embedded = if claim.is_whole() {
                embedder.embed_tokenized(texts)?
            } else {
                embedder.embed_alone(texts)?
            };
            Ok(same_number(texts.len(), embedded))
        });
        let tokens = texts.iter().map(|text| text.ids.len()).sum();
        self.observer.batch(&BatchReport { requests, texts: texts.len(), tokens, took: start.elapsed() });
        result
    }

    /// Calls the embedder; a panic in it becomes an error.
    fn guarded<T>(
        &self,
        call: impl FnOnce(&dyn Embedder) -> Result<Option<T>, Error>,
    ) -> Result<T, BatchError> {
        // Unwind safety: the embedder is only read, and what the call built is thrown away.
        match catch_unwind(AssertUnwindSafe(|| call(self.embedder.as_ref()))) {
            Ok(result) => result?.ok_or(BatchError::Crashed),
            Err(_) => Err(BatchError::Crashed),
        }
    }
}

/// What the embedder made of `texts` texts; nothing when it is of another number, for handing out vectors of other texts
/// would be worse than failing.
fn same_number<T>(texts: usize, made: Vec<T>) -> Option<Vec<T>> {
    (made.len() == texts).then_some(made)
}
