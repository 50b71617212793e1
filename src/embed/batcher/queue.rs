//! The bounded first-in-first-out queue between callers and the embedding threads, and who may embed how.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::{Answer, BatchError};
use crate::embed::{Embedded, Lanes, Tokens};

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

/// A job and how many of its texts are embedded now, the first that are not done.
pub(super) struct Turn {
    pub(super) job: Job,
    pub(super) count: usize,
}

impl Turn {
    pub(super) fn texts(&self) -> &[Tokens] {
        &self.job.texts[self.job.done.len()..][..self.count]
    }
}

/// What may be embedded in one go.
struct Room {
    texts: usize,
    tokens: usize,
}

impl Room {
    /// How many texts from the front fit; at least one when there `must` be.
    fn fitting(&self, texts: &[Tokens], must: bool) -> usize {
        let mut total = 0;
        let fits = |text: &&Tokens| {
            total += text.ids.len();
            total <= self.tokens
        };
        let count = texts.iter().take(self.texts).take_while(fits).count();
        count.max(usize::from(must && !texts.is_empty()))
    }
}

/// Jobs in the order in which they came.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// Texts that may wait.
    capacity: usize,
    lanes: Lanes,
    max_batch_tokens: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    texts: usize,
    closed: bool,
    /// Lanes in use.
    used: usize,
}

impl State {
    /// Takes the oldest jobs, as far as there is room for them. Those whose callers went away are forgotten.
    fn gather(&mut self, mut room: Room) -> Vec<Turn> {
        let mut batch: Vec<Turn> = Vec::new();
        while let Some(job) = self.jobs.pop_front() {
            let remaining = job.remaining();
            if job.is_abandoned() {
                self.texts -= remaining;
                continue;
            }
            let count = room.fitting(&job.texts[job.done.len()..], batch.is_empty());
            if count == 0 && remaining > 0 {
                self.jobs.push_front(job);
                break;
            }
            self.texts -= remaining;
            let turn = Turn { job, count };
            room.texts = room.texts.saturating_sub(count);
            let tokens: usize = turn.texts().iter().map(|text| text.ids.len()).sum();
            room.tokens = room.tokens.saturating_sub(tokens);
            batch.push(turn);
            if count < remaining {
                break;
            }
        }
        batch
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
    /// For at most `capacity` texts in front of an embedder with these `lanes`, which takes up to `max_batch_tokens` in
    /// one go.
    pub(super) fn new(capacity: usize, lanes: Lanes, max_batch_tokens: usize) -> Self {
        let lanes = Lanes { count: lanes.count.max(1), ..lanes };
        Self { state: Mutex::default(), changed: Condvar::new(), capacity, lanes, max_batch_tokens }
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

    /// Takes the oldest jobs and the right to embed them, waiting for both; `None` once closed and empty.
    ///
    /// A job that is alone gets the whole embedder. Where others wait or are served it gets one lane, and others go with
    /// it up to a fair share of what waits.
    pub(super) fn take_wait(&self) -> Option<(Vec<Turn>, Claim<'_>)> {
        let mut state = self.state.lock();
        loop {
            if state.closed && state.jobs.is_empty() {
                return None;
            }
            let free = self.lanes.count - state.used;
            if free > 0 && !state.jobs.is_empty() {
                let is_alone = free == self.lanes.count && (free == 1 || state.jobs.len() == 1);
                let (lanes, room) = if is_alone {
                    (free, Room { texts: usize::MAX, tokens: self.max_batch_tokens })
                } else {
                    let tokens = self.lanes.tokens.min(self.max_batch_tokens);
                    (1, Room { texts: state.texts.div_ceil(free), tokens })
                };
                state.used += lanes;
                return Some((state.gather(room), Claim { queue: self, lanes }));
            }
            self.changed.wait(&mut state);
        }
    }

    /// Takes the whole embedder when nobody has any of it and nobody waits for it.
    pub(super) fn claim(&self) -> Option<Claim<'_>> {
        let mut state = self.state.lock();
        let is_free = !state.closed && state.used == 0 && state.jobs.is_empty();
        is_free.then(|| {
            state.used = self.lanes.count;
            Claim { queue: self, lanes: self.lanes.count }
        })
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

/// Some lanes of the embedder are in use for as long as this lives.
pub(super) struct Claim<'q> {
    queue: &'q Queue,
    lanes: usize,
}

impl Claim<'_> {
    /// Whether it is for all lanes.
    pub(super) fn is_whole(&self) -> bool {
        self.lanes == self.queue.lanes.count
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.queue.state.lock().used -= self.lanes;
        // Whoever waits for a lane of a whole embedder may be anybody. A single lane is a thread's own, and that thread
        // looks for the next job itself.
        if self.is_whole() {
            self.queue.changed.notify_all();
        }
    }
}
