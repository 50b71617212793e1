//! [`Editor`]: the one way in which a FAQ changes while it serves.
//!
//! Owns the order of things: a change is checked, written to the store in one transaction and durable, then
//! acknowledged; a thread of its own builds the next snapshot beside the one that is served and swaps it in. Changes
//! that come while it builds are built together next. Questions never wait: they are answered from the old snapshot
//! or from the new one. What another process writes to the store, such as `dayi undo`, is noticed within a second, and
//! so is midnight, when entries begin and cease to be valid.
//!
//! HTTP calls it for entries, imports, history and drafts. The command line writes to the store directly.

mod check;
mod rebuild;
mod trial;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::watch;

pub use check::{FieldProblem, check};
pub use rebuild::{Clock, Setup, system_clock};
pub use trial::Trial;

use crate::{
    faq::EntryId,
    matcher::{BuildError, Matcher, Snapshot},
    store::{
        self, Committed, DraftError, Edit, EditError, FileEntries, ImportCounts, Refusal, Store, Stored,
        UndoError,
    },
};

/// How long a change waits, once it is durable, to be answered from. A change that needs longer, such as an import
/// whose texts are still being embedded, is acknowledged before.
const SETTLE: Duration = Duration::from_secs(2);

/// Why the editor does not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The system gives no thread.
    #[error("cannot start the thread that builds the index")]
    Thread(#[source] io::Error),
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Entries are not valid.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid {
        /// Every field that is wrong.
        problems: Vec<FieldProblem>,
    },
    /// Edits do not fit what is stored.
    #[error("the edits do not fit what is stored")]
    Refused {
        /// Every edit that does not fit.
        refusals: Vec<Refusal>,
    },
    /// A change cannot be taken back.
    #[error(transparent)]
    Undo(UndoError),
    /// The draft cannot be published.
    #[error(transparent)]
    Draft(DraftError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// What is tried out cannot be indexed.
    #[error("cannot build the FAQ that is to be tried out")]
    Build(#[from] BuildError),
    /// The thread that wrote died.
    #[error("writing was interrupted; nothing is half written")]
    Interrupted,
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Refused { refusals } => Self::Refused { refusals },
            EditError::Store(error) => Self::Store(error),
        }
    }
}

impl From<UndoError> for Error {
    fn from(error: UndoError) -> Self {
        match error {
            UndoError::Store(error) => Self::Store(error),
            error @ (UndoError::UnknownChange { .. }
            | UndoError::Superseded { .. }
            | UndoError::UnknownVersion { .. }) => Self::Undo(error),
        }
    }
}

impl From<DraftError> for Error {
    fn from(error: DraftError) -> Self {
        match error {
            DraftError::Store(error) => Self::Store(error),
            error @ (DraftError::Empty | DraftError::Conflicts { .. }) => Self::Draft(error),
        }
    }
}

/// Changes the FAQ of one data directory. Share it in an `Arc`; dropping it ends its thread.
pub struct Editor {
    directory: PathBuf,
    matcher: Arc<Matcher>,
    setup: Arc<Setup>,
    writer: Arc<Mutex<Store>>,
    /// A connection of its own, so that reading does not wait for a long import.
    reader: Arc<Mutex<Store>>,
    wake: SyncSender<()>,
    served: watch::Receiver<u64>,
}

impl Editor {
    /// Opens the store in `directory`, which must hold one, and keeps `matcher` up to date with it from now on.
    ///
    /// # Errors
    /// When the store cannot be opened or there is no thread.
    pub fn start(directory: &Path, matcher: Arc<Matcher>, setup: Setup) -> Result<Self, StartError> {
        let open = || Store::open(directory);
        let (wake, woken) = sync_channel(1);
        let setup = Arc::new(setup);
        let served =
            rebuild::start(open()?, matcher.clone(), setup.clone(), woken).map_err(StartError::Thread)?;
        let (writer, reader) = (Arc::new(Mutex::new(open()?)), Arc::new(Mutex::new(open()?)));
        Ok(Self { directory: directory.to_owned(), matcher, setup, writer, reader, wake, served })
    }

    /// Makes all `edits`, or none of them. Durable when this returns, and answered from unless embedding takes long.
    ///
    /// # Errors
    /// [`Error::Invalid`] and [`Error::Refused`] name every field and every edit that is wrong.
    pub async fn apply(&self, edits: Vec<Edit>, actor: String) -> Result<Committed, Error> {
        valid(&edits)?;
        self.commit(move |store| Ok(store.edit(&edits, &actor)?)).await
    }

    /// As [`apply`](Self::apply) for one edit. Brings the entry as the edit left it, `None` when it removed it: it is read
    /// before another change can be made here, not when this one is answered from.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub async fn apply_one(&self, edit: Edit, actor: String) -> Result<Option<Stored>, Error> {
        valid(std::slice::from_ref(&edit))?;
        let write = move |store: &mut Store| -> Result<(u64, Option<Stored>), Error> {
            let committed = store.edit(std::slice::from_ref(&edit), &actor)?;
            Ok((committed.version, store.entry(edit.id())?))
        };
        let (version, stored) = self.write(write).await?;
        self.settle(version).await;
        Ok(stored)
    }

    /// Brings a file into the FAQ, see [`Store::import`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn import(&self, file: FileEntries, actor: String) -> Result<(Committed, ImportCounts), Error> {
        let (committed, counts) = self.write(move |store| Ok(store.import(&file, &actor)?)).await?;
        self.settle(committed.version).await;
        Ok((committed, counts))
    }

    /// Takes one change back, see [`Store::undo`].
    ///
    /// # Errors
    /// When there is no such change or its entry was changed again.
    pub async fn undo(&self, change: u64, actor: String) -> Result<Committed, Error> {
        self.commit(move |store| Ok(store.undo(change, &actor)?)).await
    }

    /// Goes back to an earlier version, see [`Store::rollback`].
    ///
    /// # Errors
    /// When there is no such version.
    pub async fn rollback(&self, version: u64, actor: String) -> Result<Committed, Error> {
        self.commit(move |store| Ok(store.rollback(version, &actor)?)).await
    }

    /// Adds `edits` to the draft, see [`Store::stage`].
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub async fn stage(&self, edits: Vec<Edit>, actor: String) -> Result<(), Error> {
        valid(&edits)?;
        self.write(move |store| Ok(store.stage(&edits, &actor)?)).await
    }

    /// Throws away staged edits, see [`Store::discard`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn discard(&self, id: Option<EntryId>) -> Result<usize, Error> {
        self.write(move |store| Ok(store.discard(id.as_ref())?)).await
    }

    /// Makes all staged edits as one version, see [`Store::publish`].
    ///
    /// # Errors
    /// When nothing is staged or entries were changed since.
    pub async fn publish(&self, actor: String) -> Result<Committed, Error> {
        self.commit(move |store| Ok(store.publish(&actor)?)).await
    }

    /// The FAQ as it would be after `trial`: to be tested, not served. Nothing is changed.
    ///
    /// # Errors
    /// When the entry is not valid, or the store or the model fails.
    pub async fn try_out(&self, trial: Trial) -> Result<Arc<Snapshot>, Error> {
        if let Trial::Entry(entry) = &trial {
            let problems = check(0, entry);
            if !problems.is_empty() {
                return Err(Error::Invalid { problems });
            }
        }
        let (directory, old, setup) = (self.directory.clone(), self.matcher.snapshot(), self.setup.clone());
        let build = move || -> Result<Snapshot, Error> {
            let mut store = Store::open(&directory)?;
            let edition = trial.edition(&store)?;
            let builder = setup.builder(&old, None);
            Ok(builder.update(&old, edition, (setup.clock)(), &mut store)?.0)
        };
        Ok(Arc::new(tokio::task::spawn_blocking(build).await.map_err(|_| Error::Interrupted)??))
    }

    /// Runs `work` on what is stored, without waiting for writers.
    ///
    /// # Errors
    /// What `work` says, and [`Error::Interrupted`] when it panics.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, store::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let reader = self.reader.clone();
        let read = move || work(&reader.lock());
        Ok(tokio::task::spawn_blocking(read).await.map_err(|_| Error::Interrupted)??)
    }

    async fn commit(
        &self,
        work: impl FnOnce(&mut Store) -> Result<Committed, Error> + Send + 'static,
    ) -> Result<Committed, Error> {
        let committed = self.write(work).await?;
        self.settle(committed.version).await;
        Ok(committed)
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (writer, wake) = (self.writer.clone(), self.wake.clone());
        let write = move || {
            let done = work(&mut writer.lock());
            // Here rather than by the caller, who may have gone away. A full channel means that it is awake already.
            let _ = wake.try_send(());
            done
        };
        tokio::task::spawn_blocking(write).await.map_err(|_| Error::Interrupted)?
    }

    /// Waits until `version` is answered from, but not for long.
    async fn settle(&self, version: u64) {
        let mut served = self.served.clone();
        // Too late, or never because the service stops: the change is durable all the same.
        let _ = tokio::time::timeout(SETTLE, served.wait_for(|served| *served >= version)).await;
    }
}

fn valid(edits: &[Edit]) -> Result<(), Error> {
    let problems: Vec<FieldProblem> = edits
        .iter()
        .enumerate()
        .flat_map(|(position, edit)| edit.entry().map(|entry| check(position, entry)).unwrap_or_default())
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid { problems }) }
}
