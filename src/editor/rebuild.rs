//! The thread that keeps the served snapshot up to date with the store, and another one now and then: when many vectors
//! have changed, it builds the graph anew while the old one serves.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use jiff::civil::Date;
use tokio::sync::watch;

use crate::{
    embed::Embedder,
    index::IndexParams,
    matcher::{BuildError, Builder, Matcher, Snapshot},
    store::Store,
};

/// How often the store and the clock are looked at when nobody says that they changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Longest pause between two attempts to build when building fails.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// A graph is built anew when so many vectors have changed since, and a tenth of all: each of them costs every
/// question a comparison, less than a microsecond.
const LEAST_DRIFT: usize = 1_000;

/// Says which day it is.
pub type Clock = Box<dyn Fn() -> Date + Send + Sync>;

/// The day of the system's clock and time zone.
#[must_use]
pub fn system_clock() -> Clock {
    Box::new(|| jiff::ZonedDateTime::now().date())
}

/// What a snapshot is built with.
pub struct Setup {
    /// The model.
    pub embedder: Arc<dyn Embedder>,
    /// When to scan and when to use HNSW.
    pub params: IndexParams,
    /// Where the index is kept between runs, if anywhere.
    pub folder: Option<PathBuf>,
    /// When entries begin and cease to be valid.
    pub clock: Clock,
}

impl Setup {
    /// Builds with the ranker and the synonyms of `old`, and keeps the index in `folder`.
    pub(super) fn builder<'a>(&'a self, old: &Snapshot, folder: Option<&'a Path>) -> Builder<'a> {
        Builder {
            embedder: self.embedder.as_ref(),
            ranker: old.ranker().clone(),
            synonyms: old.synonyms().clone(),
            params: &self.params,
            folder,
            progress: &(),
        }
    }
}

/// Starts the thread; it ends when the sender of `woken` is gone. Returns the version that is served.
pub(super) fn start(
    store: Store,
    matcher: Arc<Matcher>,
    setup: Arc<Setup>,
    woken: Receiver<()>,
) -> io::Result<watch::Receiver<u64>> {
    let (served, receiver) = watch::channel(matcher.snapshot().version());
    let mut rebuilder = Rebuilder { store, matcher, setup, served, compaction: None };
    std::thread::Builder::new().name("dayi-editor".to_owned()).spawn(move || rebuilder.run(&woken))?;
    Ok(receiver)
}

struct Rebuilder {
    store: Store,
    matcher: Arc<Matcher>,
    setup: Arc<Setup>,
    served: watch::Sender<u64>,
    /// Makes a snapshot of some version with a graph that fits it.
    compaction: Option<JoinHandle<Result<Snapshot, BuildError>>>,
}

impl Rebuilder {
    fn run(&mut self, woken: &Receiver<()>) {
        let mut pause = LOOK_EVERY;
        loop {
            match woken.recv_timeout(pause) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // A model that panics on one text must not end the thread.
            let kept_up = catch_unwind(AssertUnwindSafe(|| self.catch_up().and_then(|()| self.compact())));
            if let Ok(Ok(())) = kept_up {
                pause = LOOK_EVERY;
                continue;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            let error = kept_up.ok().and_then(Result::err);
            let error = error.as_ref().map(|error| error as &dyn std::error::Error);
            tracing::error!(error, "cannot build the changed FAQ; the one before is served on");
        }
    }

    /// Builds and serves what is stored, unless it is served already.
    fn catch_up(&mut self) -> Result<(), BuildError> {
        let old = self.matcher.snapshot();
        if self.store.version()? == old.version() && (self.setup.clock)() == old.day() {
            return Ok(());
        }
        self.serve_from(&old)
    }

    /// Serves what is stored; `old` is some version with what need not be made again.
    fn serve_from(&mut self, old: &Snapshot) -> Result<(), BuildError> {
        let start = Instant::now();
        let today = (self.setup.clock)();
        let (snapshot, report) =
            self.setup.builder(old, None).update(old, self.store.edition()?, today, &mut self.store)?;
        let version = snapshot.version();
        self.matcher.replace(snapshot);
        // Nobody may be waiting.
        self.served.send_replace(version);
        tracing::debug!(version, embedded = report.embedded, took = ?start.elapsed(), "the changed FAQ is served");
        Ok(())
    }

    /// Begins to build a graph when the served one has drifted far, and serves from it when it is finished.
    fn compact(&mut self) -> Result<(), BuildError> {
        if let Some(compaction) = self.compaction.take_if(|compaction| compaction.is_finished()) {
            // A panic was reported by the thread's own hook; the drifted graph serves on.
            return compaction.join().map_or(Ok(()), |compacted| self.serve_from(&compacted?));
        }
        let snapshot = self.matcher.snapshot();
        let (drift, vectors) = snapshot.drift();
        let far = self.setup.params.wants_graph(vectors) && drift >= LEAST_DRIFT.max(vectors / 10);
        if far && self.compaction.is_none() {
            let setup = self.setup.clone();
            let build = move || setup.builder(&snapshot, setup.folder.as_deref()).reindex(&snapshot);
            // One core for the graph: the others are for questions.
            let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
            let compact = move || match alone {
                Ok(alone) => alone.install(build),
                Err(_) => build(),
            };
            let thread = std::thread::Builder::new().name("dayi-compact".to_owned());
            self.compaction = thread.spawn(compact).ok();
        }
        Ok(())
    }
}
