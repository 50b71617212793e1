//! [`Inbox`]: what waits for the journal's thread.
//!
//! Not a channel, because a channel wakes its receiver for every message: at a thousand questions a second that costs
//! more than writing them. Here the thread is woken by the first of them, and again only when there are enough or
//! when somebody waits.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::journal::{FeedbackError, JournalError};
use crate::store::{Feedback, GroupDecision, LoggedQuery};

/// What the thread is asked to do.
pub(super) enum Command {
    /// Log a question.
    Log(LoggedQuery),
    /// Store feedback and say so.
    Feedback(Feedback, oneshot::Sender<Result<(), FeedbackError>>),
    /// Store a decision about a group and say so.
    Decide(GroupDecision, oneshot::Sender<Result<(), JournalError>>),
}

impl Command {
    /// Whether somebody waits until it is done.
    fn is_awaited(&self) -> bool {
        match self {
            Self::Log(_) => false,
            Self::Feedback(..) | Self::Decide(..) => true,
        }
    }
}

/// How much waits, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Commands that may wait; more are refused.
    pub(super) capacity: usize,
    /// Commands that are taken at once.
    pub(super) batch: usize,
    /// How long a command waits for others to be taken with it, when nobody waits for it.
    pub(super) linger: Duration,
}

/// Why a command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// As many wait as may.
    Full,
    /// The journal was closed, or its thread died.
    Closed,
}

#[derive(Default)]
struct State {
    commands: VecDeque<Command>,
    /// How many of them somebody waits for.
    awaited: usize,
    closed: bool,
    /// Whether the thread waits for more and has not been woken.
    is_idle: bool,
}

/// Commands in the order in which they came. Share it in an `Arc`.
pub(super) struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
    patience: Patience,
}

impl Inbox {
    pub(super) fn new(patience: Patience) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), patience }
    }

    /// Puts a command at the end. Never waits.
    pub(super) fn put(&self, command: Command) -> Result<(), Refused> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.commands.len() >= self.patience.capacity {
            return Err(Refused::Full);
        }
        let is_awaited = command.is_awaited();
        state.awaited += usize::from(is_awaited);
        state.commands.push_back(command);
        let is_worth_it =
            is_awaited || state.commands.len() == 1 || state.commands.len() == self.patience.batch;
        if is_worth_it && std::mem::take(&mut state.is_idle) {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Takes the oldest commands, waiting for a first one up to `idle`; none when it does not come, `None` when
    /// none will ever come.
    pub(super) fn take(&self, idle: Duration) -> Option<Vec<Command>> {
        let mut state = self.state.lock();
        let until = |timeout| Instant::now().checked_add(timeout);
        let first = until(idle);
        while state.commands.is_empty() && !state.closed {
            if !self.wait(&mut state, first) {
                return Some(Vec::new());
            }
        }
        let others = until(self.patience.linger);
        while state.awaited == 0 && state.commands.len() < self.patience.batch && !state.closed {
            if !self.wait(&mut state, others) {
                break;
            }
        }
        let count = state.commands.len().min(self.patience.batch);
        let taken: Vec<Command> = state.commands.drain(..count).collect();
        state.awaited -= taken.iter().filter(|command| command.is_awaited()).count();
        (!taken.is_empty()).then_some(taken)
    }

    /// Takes nothing more. What is there can still be taken.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }

    /// As [`close`](Self::close), and gives up what is there, so that nobody waits for it in vain.
    pub(super) fn abandon(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.awaited = 0;
        state.commands.clear();
    }

    /// Until something changes; false when `deadline` has passed.
    fn wait(&self, state: &mut parking_lot::MutexGuard<'_, State>, deadline: Option<Instant>) -> bool {
        state.is_idle = true;
        let is_late = if let Some(deadline) = deadline {
            self.changed.wait_until(state, deadline).timed_out()
        } else {
            // Later than the clock can tell.
            self.changed.wait(state);
            false
        };
        state.is_idle = false;
        !is_late
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, mpsc},
        thread,
    };

    use super::*;
    use crate::store::GroupState;

    /// Longer than any test runs.
    const NEVER: Duration = Duration::from_hours(1);

    /// A test whose thread was not woken fails after this.
    const STUCK: Duration = Duration::from_secs(20);

    fn inbox(capacity: usize, batch: usize, linger: Duration) -> Arc<Inbox> {
        Arc::new(Inbox::new(Patience { capacity, batch, linger }))
    }

    fn log(text: &str) -> Command {
        Command::Log(LoggedQuery {
            id: uuid::Uuid::nil(),
            asked_at: jiff::Timestamp::UNIX_EPOCH,
            channel: "test",
            text: text.to_owned(),
            decision: "answer",
            candidates: Vec::new(),
            index_version: 1,
            took: Duration::ZERO,
            reason: None,
        })
    }

    fn decide() -> (Command, oneshot::Receiver<Result<(), JournalError>>) {
        let (reply, told) = oneshot::channel();
        let decision =
            GroupDecision { group: 1, state: GroupState::Ignored, entry: None, by: "test".to_owned() };
        (Command::Decide(decision, reply), told)
    }

    fn texts(commands: &[Command]) -> Vec<String> {
        let text = |command: &Command| match command {
            Command::Log(query) => query.text.clone(),
            Command::Feedback(..) | Command::Decide(..) => "awaited".to_owned(),
        };
        commands.iter().map(text).collect()
    }

    /// A thread that takes once and says what it got.
    fn taker(inbox: &Arc<Inbox>) -> mpsc::Receiver<Option<Vec<String>>> {
        let (say, said) = mpsc::channel();
        let inbox = inbox.clone();
        thread::spawn(move || say.send(inbox.take(NEVER).map(|commands| texts(&commands))));
        said
    }

    fn wait_until_it_waits(inbox: &Inbox, for_commands: usize) {
        loop {
            let state = inbox.state.lock();
            if state.is_idle && state.commands.len() == for_commands {
                return;
            }
            drop(state);
            thread::yield_now();
        }
    }

    #[test]
    fn who_waits_is_woken_by_a_full_batch() {
        let inbox = inbox(10, 2, NEVER);
        let said = taker(&inbox);
        wait_until_it_waits(&inbox, 0);
        inbox.put(log("a")).unwrap();
        wait_until_it_waits(&inbox, 1);
        inbox.put(log("b")).unwrap();
        assert_eq!(said.recv_timeout(STUCK).unwrap().unwrap(), ["a", "b"]);
    }

    #[test]
    fn what_somebody_waits_for_is_taken_at_once_with_all_before_it() {
        let inbox = inbox(10, 10, NEVER);
        let said = taker(&inbox);
        inbox.put(log("a")).unwrap();
        wait_until_it_waits(&inbox, 1);
        let (command, _told) = decide();
        inbox.put(command).unwrap();
        assert_eq!(said.recv_timeout(STUCK).unwrap().unwrap(), ["a", "awaited"]);
        assert!(inbox.state.lock().commands.is_empty() && inbox.state.lock().awaited == 0);
    }

    #[test]
    fn closing_wakes_who_waits_and_leaves_what_is_there() {
        let closed = inbox(10, 10, NEVER);
        let said = taker(&closed);
        wait_until_it_waits(&closed, 0);
        closed.close();
        assert_eq!(said.recv_timeout(STUCK).unwrap(), None);
        assert_eq!(closed.put(log("a")), Err(Refused::Closed));

        let inbox = inbox(10, 2, NEVER);
        for text in ["a", "b", "c"] {
            inbox.put(log(text)).unwrap();
        }
        inbox.close();
        assert_eq!(texts(&inbox.take(NEVER).unwrap()), ["a", "b"]);
        assert_eq!(texts(&inbox.take(NEVER).unwrap()), ["c"]);
        assert!(inbox.take(NEVER).is_none());
    }

    #[test]
    fn a_full_inbox_refuses_and_nobody_waits_for_ever_on_an_abandoned_one() {
        let inbox = inbox(2, 2, NEVER);
        let (command, told) = decide();
        inbox.put(log("a")).unwrap();
        inbox.put(command).unwrap();
        assert_eq!(inbox.put(log("b")), Err(Refused::Full));
        inbox.abandon();
        assert!(told.blocking_recv().is_err());
        assert!(inbox.take(NEVER).is_none());
    }

    #[test]
    fn without_a_command_the_wait_ends() {
        let inbox = inbox(10, 10, Duration::ZERO);
        assert!(inbox.take(Duration::ZERO).unwrap().is_empty());
        inbox.put(log("a")).unwrap();
        assert_eq!(texts(&inbox.take(NEVER).unwrap()), ["a"], "nobody came within the time");
    }
}
