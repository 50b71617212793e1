//! The journal's thread: masks and writes many questions at once, deletes old ones, groups unanswered ones.
//!
//! One thread and one connection write everything, in the order in which it came: feedback is written after the
//! question it is about.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use super::{
    grouping::Grouping,
    inbox::{Command, Inbox, Patience},
    journal::{Clock, FeedbackError, JournalError, JournalObserver, Served},
    mask::mask,
};
use crate::{
    config::LearnConfig,
    store::{Feedback, FeedbackFate, GroupDecision, LoggedQuery, Store},
};

/// Commands that may wait to be written, those written in one transaction, and how long a question waits for others to
/// be written with it once the thread is free. A crash loses no more than what waits.
pub(super) const PATIENCE: Patience =
    Patience { capacity: 8_192, batch: 256, linger: Duration::from_millis(500) };

/// How often old questions are looked for.
const CLEANING: Duration = Duration::from_hours(24);

/// What the thread owns.
pub(super) struct Writer {
    pub(super) inbox: Arc<Inbox>,
    pub(super) store: Store,
    pub(super) served: Served,
    pub(super) options: LearnConfig,
    pub(super) observer: Arc<dyn JournalObserver>,
    pub(super) clock: Clock,
}

/// What is written in one transaction.
#[derive(Default)]
struct Batch {
    asked: Vec<LoggedQuery>,
    feedback: Vec<Feedback>,
    replies: Vec<oneshot::Sender<Result<(), FeedbackError>>>,
    decisions: Vec<(GroupDecision, oneshot::Sender<Result<(), JournalError>>)>,
}

impl Batch {
    /// Sorts and masks.
    fn of(commands: Vec<Command>) -> Self {
        let mut batch = Self::default();
        for command in commands {
            match command {
                Command::Log(mut query) => {
                    query.text = mask(&query.text);
                    batch.asked.push(query);
                }
                Command::Feedback(mut feedback, reply) => {
                    feedback.comment = feedback.comment.as_deref().map(mask);
                    batch.feedback.push(feedback);
                    batch.replies.push(reply);
                }
                Command::Decide(decision, reply) => batch.decisions.push((decision, reply)),
            }
        }
        batch
    }
}

/// However the thread ends, nobody waits for it in vain.
impl Drop for Writer {
    fn drop(&mut self) {
        self.inbox.abandon();
    }
}

impl Writer {
    /// Works until the journal is closed.
    pub(super) fn run(mut self) {
        let mut clean_at = (self.clock)();
        let mut more_to_group = true;
        loop {
            let now = (self.clock)();
            if now >= clean_at {
                self.clean(now);
                clean_at = now + CLEANING;
            }
            let idle = if more_to_group { Duration::ZERO } else { CLEANING };
            let Some(commands) = self.inbox.take(idle) else { return };
            self.write(Batch::of(commands));
            more_to_group = self.group();
        }
    }

    /// Groups a few of the unanswered questions. Whether there may be more.
    fn group(&mut self) -> bool {
        let Served { space: _, matcher, embedder } = &self.served;
        let grouping = Grouping {
            embedder: embedder.as_ref(),
            snapshot: &matcher.snapshot(),
            similarity: self.options.unanswered_similarity,
        };
        let store = &mut self.store;
        // Unwind safety: what was not committed is rolled back, and the rest is only read.
        match catch_unwind(AssertUnwindSafe(|| grouping.step(store))) {
            Ok(Ok(more)) => return more,
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "unanswered questions are not grouped; the next question tries again");
            }
            Err(_) => {
                tracing::error!("the model crashed on an unanswered question; the next question tries again");
            }
        }
        false
    }

    /// Deletes what is older than the retention.
    fn clean(&mut self, now: Timestamp) {
        let days = i64::from(self.options.query_log_retention_days);
        let Ok(cutoff) = now.checked_sub(SignedDuration::from_hours(days * 24)) else { return };
        match self.store.forget_before(cutoff) {
            Ok(0) => {}
            Ok(questions) => tracing::info!(questions, days, "deleted old questions from the query log"),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "old questions are not deleted");
            }
        }
    }

    fn write(&mut self, batch: Batch) {
        let Batch { asked, feedback, replies, decisions } = batch;
        for (decision, reply) in decisions {
            let told = match self.store.decide_group(&decision, (self.clock)()) {
                Ok(true) => Ok(()),
                Ok(false) => Err(JournalError::UnknownGroup { group: decision.group }),
                Err(error) => Err(error.into()),
            };
            // Whoever asked may have gone.
            let _ = reply.send(told);
        }
        if asked.is_empty() && feedback.is_empty() {
            return;
        }
        let (now, space) = ((self.clock)(), &self.served.space);
        match self.store.write_journal(&asked, &feedback, now, self.options.query_log) {
            Ok(fates) => {
                self.observer.logged(space, asked.len());
                for ((fate, given), reply) in fates.into_iter().zip(feedback).zip(replies) {
                    let told = match fate {
                        FeedbackFate::Kept => {
                            self.observer.feedback(space, given.verdict);
                            Ok(())
                        }
                        FeedbackFate::Repeated => Ok(()),
                        FeedbackFate::UnknownQuery => Err(FeedbackError::UnknownQuery { id: given.query_id }),
                        FeedbackFate::UnknownEntry { id, field } => {
                            Err(FeedbackError::UnknownEntry { id, field })
                        }
                    };
                    let _ = reply.send(told);
                }
            }
            Err(error) => {
                self.observer.dropped(space, asked.len());
                let error = Arc::new(error);
                if replies.is_empty() {
                    tracing::error!(
                        error = error.as_ref() as &dyn std::error::Error,
                        questions = asked.len(),
                        "questions are not logged"
                    );
                }
                for reply in replies {
                    let _ = reply.send(Err(FeedbackError::Store { source: error.clone() }));
                }
            }
        }
    }
}
