//! [`Journal`]: takes what was asked and what was said of it; the [`writer`](super::writer) writes it down.

use std::{path::Path, sync::Arc, thread::JoinHandle, time::Duration};

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    inbox::{Command, Inbox, Refused},
    writer::{PATIENCE, Writer},
};
use crate::{
    config::LearnConfig,
    embed::Embedder,
    faq::{EntryId, SpaceName},
    matcher::{Matcher, Verdict},
    rank::Decision,
    store::{self, Feedback, FeedbackVerdict, GroupDecision, LoggedQuery, Store, UnansweredReason},
};

/// Two entries fit about equally well when the second is at least this share as probable as the first.
const NEAR_TIE: f32 = 0.5;

/// Tells the time: the system's clock, or a test's.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Is told what the journal does, to count it.
pub trait JournalObserver: Send + Sync {
    /// So many more questions of this FAQ are in the log now.
    fn logged(&self, space: &SpaceName, questions: usize);
    /// So many questions did not get into the log: too many were waiting, or the database failed.
    fn dropped(&self, space: &SpaceName, questions: usize);
    /// A verdict is stored.
    fn feedback(&self, space: &SpaceName, verdict: FeedbackVerdict);
}

/// Why feedback is not stored.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// The log holds no such question.
    #[error(
        "question {id} is not in the query log: send the query_id of a question that was asked while the log was on \
         and is younger than its retention"
    )]
    UnknownQuery {
        /// Which one.
        id: Uuid,
    },
    /// The entry is neither in the FAQ nor among those that were offered.
    #[error("there is no entry {id}: send the id of an entry that was offered, or of any in the FAQ")]
    UnknownEntry {
        /// Which one.
        id: EntryId,
        /// Which field of the feedback named it.
        field: &'static str,
    },
    /// More is waiting to be written than there is room for.
    #[error("too much is waiting to be written")]
    Overloaded,
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
    /// The database failed.
    #[error("the feedback could not be written")]
    Store {
        /// How; shared by all whose writes went together.
        source: Arc<store::Error>,
    },
}

/// Why a decision about a group is not stored, or nothing can be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is no such group.
    #[error(
        "there is no group {group} of unanswered questions: its questions may be older than the log's retention"
    )]
    UnknownGroup {
        /// Which one.
        group: i64,
    },
    /// More is waiting to be written than there is room for.
    #[error("too much is waiting to be written")]
    Overloaded,
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What is served, to group questions by the same vectors.
#[derive(Clone)]
pub struct Served {
    /// Name of the FAQ.
    pub space: SpaceName,
    /// What answers.
    pub matcher: Arc<Matcher>,
    /// Its model.
    pub embedder: Arc<dyn Embedder>,
}

/// The query log and the feedback of one FAQ. Share it in an `Arc`.
///
/// A question costs the one who answers it no waiting: it is handed to a thread that masks and writes many at once.
/// Feedback is durable when [`Journal::record_feedback`] returns.
pub struct Journal {
    inbox: Arc<Inbox>,
    thread: Mutex<Option<JoinHandle<()>>>,
    reader: Mutex<Store>,
    options: LearnConfig,
    observer: Arc<dyn JournalObserver>,
    space: SpaceName,
    clock: Clock,
}

impl Journal {
    /// Opens the store in `directory` once more and starts the thread, which first deletes what is too old.
    ///
    /// # Errors
    /// When the store cannot be opened or the system gives no thread.
    pub fn start(
        directory: &Path,
        served: Served,
        options: LearnConfig,
        observer: Arc<dyn JournalObserver>,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let (store, reader) = (Store::open(directory)?, Store::open(directory)?);
        let inbox = Arc::new(Inbox::new(PATIENCE));
        let space = served.space.clone();
        let writer = Writer {
            inbox: inbox.clone(),
            store,
            served,
            options,
            observer: observer.clone(),
            clock: clock.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run())
            .map_err(|source| StartError::Thread { source })?;
        let (thread, reader) = (Mutex::new(Some(thread)), Mutex::new(reader));
        Ok(Self { inbox, thread, reader, options, observer, space, clock })
    }

    /// Logs a question that came over `channel` (a short fixed name) and was answered within `took`. Returns the id
    /// by which feedback names it. Never waits.
    pub fn log(&self, channel: &'static str, text: &str, verdict: &Verdict, took: Duration) -> Uuid {
        let id = Uuid::now_v7();
        if !self.options.query_log {
            return id;
        }
        let query = LoggedQuery {
            id,
            asked_at: self.now(),
            channel,
            text: text.to_owned(),
            decision: verdict.decision.as_str(),
            candidates: verdict.best.iter().map(|(entry, p)| (entry.id.clone(), *p)).collect(),
            index_version: verdict.index_version,
            took,
            reason: unanswered_reason(verdict),
        };
        if self.inbox.put(Command::Log(query)).is_err() {
            self.observer.dropped(&self.space, 1);
        }
        id
    }

    /// Stores what somebody said of an answer; durable when it returns. Said again, it counts once; said otherwise,
    /// the last word counts.
    ///
    /// # Errors
    /// When the question or the entry is not known, too much is waiting, or the database fails.
    pub async fn record_feedback(&self, feedback: Feedback) -> Result<(), FeedbackError> {
        let (reply, written) = oneshot::channel();
        self.inbox.put(Command::Feedback(feedback, reply)).map_err(|refused| match refused {
            Refused::Full => FeedbackError::Overloaded,
            Refused::Closed => FeedbackError::Closed,
        })?;
        written.await.map_err(|_| FeedbackError::Closed)?
    }

    /// Stores what a person decided about a group; durable when it returns.
    ///
    /// # Errors
    /// When there is no such group, too much is waiting, or the database fails.
    pub async fn decide(&self, decision: GroupDecision) -> Result<(), JournalError> {
        let (reply, written) = oneshot::channel();
        self.inbox.put(Command::Decide(decision, reply)).map_err(|refused| match refused {
            Refused::Full => JournalError::Overloaded,
            Refused::Closed => JournalError::Closed,
        })?;
        written.await.map_err(|_| JournalError::Closed)?
    }

    /// Reads what was written, on a thread where that may take its time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Store) -> Result<T, store::Error> + Send + 'static,
    ) -> Result<T, JournalError> {
        let journal = self.clone();
        let result = tokio::task::spawn_blocking(move || read(&journal.reader.lock())).await;
        Ok(result.map_err(|_| JournalError::Closed)??)
    }

    /// The journal's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Writes what waits and stops. Questions that are logged afterwards are dropped.
    pub async fn close(self: &Arc<Self>) {
        let journal = self.clone();
        if tokio::task::spawn_blocking(move || journal.stop()).await.is_err() {
            tracing::error!("closing the journal panicked");
        }
    }

    fn stop(&self) {
        let Some(thread) = self.thread.lock().take() else { return };
        self.inbox.close();
        if thread.join().is_err() {
            tracing::error!("the journal's thread panicked; questions that waited are not logged");
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Why there is no journal.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// No thread.
    #[error("the system gives no thread for the query log")]
    Thread {
        /// What the system said.
        source: std::io::Error,
    },
}

/// Why a question counts as unanswered, if it does.
fn unanswered_reason(verdict: &Verdict) -> Option<UnansweredReason> {
    let tied = match verdict.best.as_slice() {
        [(_, first), (_, second), ..] => *second >= NEAR_TIE * first,
        [] | [_] => false,
    };
    match verdict.decision {
        Decision::NoAnswer => Some(UnansweredReason::NoAnswer),
        Decision::Clarify if tied => Some(UnansweredReason::NearTie),
        Decision::Answer | Decision::Clarify => None,
    }
}
