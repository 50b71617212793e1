//! The bounded first-in-first-out queue between callers and the embedding threads, and who may embed how.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};

use super::BatchError;
use super::request::Piece;
use crate::embed::{Lanes, Tokens};

/// What is embedded in one go.
pub(super) struct Batch {
    /// At least one, unless all callers went away.
    pub(super) pieces: Vec<Piece>,
    /// What is left of the last piece's request, to line up again afterwards.
    pub(super) rest: Option<Piece>,
}

/// How much may be embedded in one go.
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

    fn shrink(&mut self, texts: &[Tokens]) {
        self.texts = self.texts.saturating_sub(texts.len());
        self.tokens = self.tokens.saturating_sub(texts.iter().map(|text| text.ids.len()).sum());
    }
}

/// Requests, or what is left of them, in the order in which they came.
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
    waiting: VecDeque<Piece>,
    /// Texts in `waiting`.
    texts: usize,
    /// Texts that have a [`Place`].
    reserved: usize,
    closed: bool,
    /// Lanes in use.
    used: usize,
}

impl State {
    fn push_back(&mut self, piece: Piece) {
        self.texts += piece.len();
        self.waiting.push_back(piece);
    }

    fn pop_front(&mut self) -> Option<Piece> {
        let piece = self.waiting.pop_front()?;
        self.texts -= piece.len();
        Some(piece)
    }

    fn push_front(&mut self, piece: Piece) {
        self.texts += piece.len();
        self.waiting.push_front(piece);
    }

    /// Takes the oldest texts, as far as there is room for them. Those whose callers went away are forgotten.
    ///
    /// A request that does not fit is cut; unless it is only to fill up a batch on one lane, for another lane may take it
    /// at once, and those who are in the batch would wait for it.
    fn gather(&mut self, mut room: Room, is_whole: bool) -> Batch {
        let mut batch = Batch { pieces: Vec::new(), rest: None };
        while let Some(mut piece) = self.pop_front() {
            if piece.is_abandoned() {
                continue;
            }
            let is_first = batch.pieces.is_empty();
            let count = room.fitting(piece.texts(), is_first);
            let is_cut = count < piece.len();
            if is_cut && (count == 0 || (!is_whole && !is_first)) {
                self.push_front(piece);
                break;
            }
            batch.rest = piece.split_off(count);
            room.shrink(piece.texts());
            batch.pieces.push(piece);
            if is_cut {
                break;
            }
        }
        batch
    }

    /// Forgets those whose callers went away; they would hold places that others could have.
    fn sweep(&mut self) {
        self.waiting.retain(|piece| !piece.is_abandoned());
        self.texts = self.waiting.iter().map(Piece::len).sum();
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

    /// Keeps a place for so many texts; refuses at once when closed or full.
    pub(super) fn reserve(&self, texts: usize) -> Result<Place<'_>, BatchError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(BatchError::Closed);
        }
        let taken = |state: &State| state.texts + state.reserved;
        let is_full = |state: &State| taken(state) > 0 && taken(state) + texts > self.capacity;
        if is_full(&state) {
            state.sweep();
        }
        if is_full(&state) {
            return Err(BatchError::Overloaded { queued: taken(&state), capacity: self.capacity });
        }
        state.reserved += texts;
        Ok(Place { queue: self, texts })
    }

    /// Adds a request for which there is a place at the end.
    pub(super) fn push(&self, place: Place<'_>, request: Piece) {
        {
            let mut state = self.state.lock();
            state.reserved -= place.texts;
            state.push_back(request);
        }
        // Its texts have the place now: in one step, or they would count twice for a moment.
        std::mem::forget(place);
        self.changed.notify_one();
    }

    /// Takes the oldest texts and the right to embed them, waiting for both; `None` once closed and empty.
    ///
    /// A request that is alone gets the whole embedder. Where others wait or are served it gets one lane, and others go
    /// with it up to a fair share of what waits; what is left of it lines up at once, so that other lanes may help.
    pub(super) fn take_wait(&self) -> Option<(Batch, Claim<'_>)> {
        let mut state = self.state.lock();
        loop {
            if state.closed && state.waiting.is_empty() && state.reserved == 0 {
                return None;
            }
            let free = self.lanes.count - state.used;
            if free > 0 && !state.waiting.is_empty() {
                let is_whole = free == self.lanes.count && (free == 1 || state.waiting.len() == 1);
                let (lanes, room) = if is_whole {
                    (free, Room { texts: usize::MAX, tokens: self.max_batch_tokens })
                } else {
                    let tokens = self.lanes.tokens.min(self.max_batch_tokens);
                    (1, Room { texts: state.texts.div_ceil(free), tokens })
                };
                state.used += lanes;
                let mut batch = state.gather(room, is_whole);
                if !is_whole && let Some(rest) = batch.rest.take() {
                    state.push_back(rest);
                    self.changed.notify_one();
                }
                return Some((batch, Claim { queue: self, lanes }));
            }
            self.changed.wait(&mut state);
        }
    }

    /// Takes the whole embedder when nobody has any of it and nobody waits for it.
    pub(super) fn claim(&self) -> Option<Claim<'_>> {
        let mut state = self.state.lock();
        let is_free = !state.closed && state.used == 0 && state.waiting.is_empty();
        is_free.then(|| {
            state.used = self.lanes.count;
            Claim { queue: self, lanes: self.lanes.count }
        })
    }

    /// Puts what is left of a request behind all others; it was let in already, so it is never refused.
    pub(super) fn line_up_again(&self, rest: Piece) {
        self.state.lock().push_back(rest);
        self.changed.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }
}

/// A place in the queue, while the texts for it are being split into tokens.
pub(super) struct Place<'q> {
    queue: &'q Queue,
    texts: usize,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.state.lock();
        state.reserved -= self.texts;
        if state.closed {
            // The threads wait for the last of them before they end.
            self.queue.changed.notify_all();
        }
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
        // looks for the next texts itself.
        if self.is_whole() {
            self.queue.changed.notify_all();
        }
    }
}
