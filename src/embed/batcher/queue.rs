//! The bounded first-in-first-out queue between callers and the embedding thread.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::{Answer, BatchError};
use crate::embed::{Embedded, Tokens};

/// One caller's request and how much of it is done.
pub(super) struct Job {
    pub(super) texts: Vec<Tokens>,
    /// Vectors of the first texts.
    pub(super) done: Vec<Embedded>,
    pub(super) reply: oneshot::Sender<Answer>,
}

impl Job {
    pub(super) fn new(texts: Vec<Tokens>, reply: oneshot::Sender<Answer>) -> Self {
        Self { texts, done: Vec::new(), reply }
    }

    /// Texts that are still to be embedded.
    pub(super) fn remaining(&self) -> usize {
        self.texts.len() - self.done.len()
    }

    /// Whether the caller went away.
    pub(super) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    /// Hands the vectors over.
    pub(super) fn finish(self) {
        self.answer_with(Ok);
    }

    pub(super) fn fail(self, error: BatchError) {
        self.answer_with(|_| Err(error));
    }

    fn answer_with(self, answer: impl FnOnce(Vec<Embedded>) -> Answer) {
        // A caller that went away meanwhile wants no answer.
        let _ = self.reply.send(answer(self.done));
    }
}

/// Jobs in the order in which they came.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    texts: usize,
    closed: bool,
    /// Whether somebody embeds: the thread, or a caller who found it idle.
    busy: bool,
}

impl State {
    fn pop(&mut self) -> Option<Job> {
        let job = self.jobs.pop_front()?;
        self.texts -= job.remaining();
        Some(job)
    }

    fn admit(&mut self, texts: usize, capacity: usize) -> Result<(), BatchError> {
        if self.closed {
            return Err(BatchError::Closed);
        }
        let full = |state: &Self| state.texts > 0 && state.texts + texts > capacity;
        if full(self) {
            self.sweep();
        }
        if full(self) { Err(BatchError::Overloaded { queued: self.texts, capacity }) } else { Ok(()) }
    }

    /// Forgets jobs whose callers went away; they would hold places that others could have.
    fn sweep(&mut self) {
        self.jobs.retain(|job| !job.is_abandoned());
        self.texts = self.jobs.iter().map(Job::remaining).sum();
    }
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), capacity }
    }

    /// Texts that wait.
    pub(super) fn len(&self) -> usize {
        self.state.lock().texts
    }

    /// Whether a job of so many texts would be let in now.
    pub(super) fn admit(&self, texts: usize) -> Result<(), BatchError> {
        self.state.lock().admit(texts, self.capacity)
    }

    /// Adds a job at the end; refuses at once when closed or full.
    pub(super) fn push(&self, job: Job) -> Result<(), BatchError> {
        let mut state = self.state.lock();
        state.admit(job.texts.len(), self.capacity)?;
        state.texts += job.texts.len();
        state.jobs.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes the oldest job and the embedder with it, waiting for both; `None` once closed and empty.
    pub(super) fn pop_wait(&self) -> Option<(Job, Claim<'_>)> {
        let mut state = self.state.lock();
        loop {
            if state.closed && state.jobs.is_empty() {
                return None;
            }
            if !state.busy
                && let Some(job) = state.pop()
            {
                state.busy = true;
                return Some((job, Claim(self)));
            }
            self.changed.wait(&mut state);
        }
    }

    /// Takes the embedder when nobody has it and nobody waits for it.
    pub(super) fn claim(&self) -> Option<Claim<'_>> {
        let mut state = self.state.lock();
        let is_free = !state.closed && !state.busy && state.jobs.is_empty();
        is_free.then(|| {
            state.busy = true;
            Claim(self)
        })
    }

    /// Takes the oldest job if there is one.
    pub(super) fn pop(&self) -> Option<Job> {
        self.state.lock().pop()
    }

    /// Puts a job back to where it was taken from.
    pub(super) fn put_back(&self, job: Job) {
        let mut state = self.state.lock();
        state.texts += job.remaining();
        state.jobs.push_front(job);
    }

    /// Puts a job that is partly done behind all others; it was let in already, so it is never refused.
    pub(super) fn line_up_again(&self, job: Job) {
        let mut state = self.state.lock();
        state.texts += job.remaining();
        state.jobs.push_back(job);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }
}

/// The embedder is in use for as long as this lives.
pub(super) struct Claim<'q>(&'q Queue);

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.0.state.lock().busy = false;
        self.0.changed.notify_one();
    }
}
