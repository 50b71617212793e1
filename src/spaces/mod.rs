//! Several FAQs in one service: [`Spaces`] holds the open ones, each a [`Space`] with its own files, snapshot and editor.
//!
//! The data directory itself is the space `default`; the others are folders in it with exactly the same layout, so
//! that nothing of one can be read through another. They share the model and the vectors of recent questions in front of
//! it, nothing else.
//! A space that another process makes or deletes is served, or gone, from the next request on.

mod folders;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::{Mutex, RwLock};

pub use folders::{create, delete, exists, list};

use crate::{
    assets::{Addresses, Assets},
    config::LearnConfig,
    editor::{self, Editor, Setup},
    embed::Embedder,
    faq::{SpaceName, SpaceNameError},
    index::IndexParams,
    learn::{self, Journal, JournalObserver, Served},
    matcher::{
        self, BuildError, Builder, FindRankerError, FindSynonymsError, INDEX_FOLDER, Matcher, Progress,
        QueryCache,
    },
    store::{self, Store},
    triage::{Desk, Earlier, Ticket, Triage},
};

/// Why a space could not be opened, made or deleted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a name at all.
    #[error(transparent)]
    Name(#[from] SpaceNameError),
    /// There is none of this name.
    #[error(
        "there is no space {name}: `dayi space list` shows all of them, `dayi space create {name}` makes it"
    )]
    NotFound {
        /// What was asked for.
        name: SpaceName,
    },
    /// There is one of this name.
    #[error("there is a space {name} already: choose another name")]
    Exists {
        /// What was asked for.
        name: SpaceName,
    },
    /// The data directory itself cannot be deleted as a space.
    #[error("the default space is the data directory itself and stays: delete its entries instead")]
    DefaultStays,
    /// A folder cannot be read or written.
    #[error("cannot {action} {path}")]
    Folder {
        /// What was being done.
        action: &'static str,
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The weights cannot be used.
    #[error(transparent)]
    Ranker(#[from] FindRankerError),
    /// The synonyms cannot be used.
    #[error(transparent)]
    Synonyms(#[from] FindSynonymsError),
    /// The FAQ cannot be embedded or indexed.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Nobody can change the FAQ.
    #[error(transparent)]
    Editor(#[from] editor::StartError),
    /// Nothing can be learned from those who ask.
    #[error(transparent)]
    Journal(#[from] learn::StartError),
}

/// What all spaces of a service share.
#[derive(Clone)]
pub struct Common {
    /// The model.
    pub embedder: Arc<dyn Embedder>,
    /// The queue in front of it, and what it made of recent questions.
    pub questions: Arc<QueryCache>,
    /// When to scan and when to use HNSW.
    pub index: IndexParams,
    /// Synonyms of the default space, when they are not in its directory.
    pub synonyms: Option<PathBuf>,
    /// How others reach the service; without it, addresses of pictures are relative to it.
    pub public_url: Option<String>,
    /// What is remembered of questions.
    pub learn: LearnConfig,
    /// Counts what is remembered.
    pub observer: Arc<dyn JournalObserver>,
    /// The time of questions and feedback.
    pub clock: learn::Clock,
}

/// One FAQ that is served: everything that is not to be seen from another one. Dropping it ends its threads.
pub struct Space {
    name: SpaceName,
    directory: PathBuf,
    matcher: Arc<Matcher>,
    editor: Editor,
    journal: Arc<Journal>,
    assets: Assets,
    pictures: Addresses,
    desk: Arc<Desk>,
    /// Held open, so that a folder that is deleted and made again is another one.
    folder: same_file::Handle,
}

impl Space {
    /// Opens the space in `directory`, which must hold one.
    fn open(
        name: SpaceName,
        directory: PathBuf,
        common: &Common,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        // Before anything in it, so that a folder that takes its place meanwhile is noticed.
        let folder = same_file::Handle::from_path(&directory);
        let mut store = Store::open(&directory)?;
        let folder =
            folder.map_err(|source| Error::Folder { action: "open", path: directory.clone(), source })?;
        let index = directory.join(INDEX_FOLDER);
        let synonyms = common.synonyms.as_deref().filter(|_| name.is_default());
        let builder = Builder {
            embedder: common.embedder.as_ref(),
            ranker: Arc::new(matcher::find_ranker(common.embedder.model(), Some(&directory))?),
            synonyms: Arc::new(matcher::find_synonyms(synonyms, Some(&directory))?),
            params: &common.index,
            folder: Some(&index),
            progress,
        };
        let (snapshot, _) = builder.build(&mut store)?;
        let desk = Arc::new(Desk::new(None, Earlier::open(store, snapshot.model())?));
        let matcher = Arc::new(Matcher::new(snapshot, common.questions.clone()));
        let setup = Setup {
            embedder: common.embedder.clone(),
            params: common.index,
            folder: Some(index),
            clock: editor::system_clock(),
        };
        let editor = Editor::start(&directory, matcher.clone(), setup)?;
        let served =
            Served { space: name.clone(), matcher: matcher.clone(), embedder: common.embedder.clone() };
        let (observer, clock) = (common.observer.clone(), common.clock.clone());
        let journal = Arc::new(Journal::start(&directory, served, common.learn, observer, clock)?);
        let assets = Assets::in_data(&directory);
        let pictures = Addresses::new(common.public_url.as_deref().unwrap_or_default(), &name);
        Ok(Self { name, directory, matcher, editor, journal, assets, pictures, desk, folder })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &SpaceName {
        &self.name
    }

    /// Where its files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What answers its questions.
    #[must_use]
    pub fn matcher(&self) -> &Arc<Matcher> {
        &self.matcher
    }

    /// What changes it.
    #[must_use]
    pub fn editor(&self) -> &Editor {
        &self.editor
    }

    /// Where its questions and what people said of the answers are written down.
    #[must_use]
    pub fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Where its tickets come in.
    #[must_use]
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Reads a ticket and says what is to be done with it, with pictures at their addresses.
    ///
    /// # Errors
    /// As [`Desk::triage`].
    pub async fn triage(&self, ticket: &Ticket) -> Result<Triage, matcher::Error> {
        Ok(self.desk.triage(&self.matcher, ticket).await?.at(&self.pictures))
    }

    /// Where others get its pictures.
    #[must_use]
    pub fn pictures(&self) -> &Addresses {
        &self.pictures
    }

    /// The pictures of its answers.
    #[must_use]
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// Whether its folder is still the one that was opened. Two system calls: fit for every request.
    fn is_still_there(&self) -> bool {
        same_file::Handle::from_path(&self.directory).is_ok_and(|folder| folder == self.folder)
    }
}

/// One of the spaces that there are.
pub struct Listed {
    /// Its name.
    pub name: SpaceName,
    /// What is in it; `None` when it cannot be opened.
    pub space: Option<Arc<Space>>,
}

/// The spaces of one service.
pub struct Spaces {
    root: PathBuf,
    common: Common,
    default: Arc<Space>,
    others: RwLock<BTreeMap<SpaceName, Arc<Space>>>,
    /// So that a space is opened once, however many ask for it at the same time.
    opening: Mutex<()>,
}

impl Spaces {
    /// Opens every space in the data directory `root`. One that cannot be opened is logged and tried again when it
    /// is asked for; it does not keep the others from being served.
    ///
    /// # Errors
    /// When the default space cannot be opened, or the folders are not readable.
    pub fn open(root: &Path, common: Common, progress: &dyn Progress) -> Result<Self, Error> {
        let names = list(root)?;
        if names.len() > 1 {
            // Who only fills other spaces need not fill this one.
            drop(Store::open_or_create(root)?);
        }
        let default = Space::open(SpaceName::default(), root.to_owned(), &common, progress)?;
        let spaces = Self {
            root: root.to_owned(),
            common,
            default: Arc::new(default),
            others: RwLock::default(),
            opening: Mutex::default(),
        };
        for name in names.iter().filter(|name| !name.is_default()) {
            if let Err(error) = spaces.get(name, progress) {
                tracing::error!(space = %name, error = &error as &dyn std::error::Error, "cannot open a space");
            }
        }
        Ok(spaces)
    }

    /// The space in the data directory itself.
    #[must_use]
    pub fn default_space(&self) -> &Arc<Space> {
        &self.default
    }

    /// The space of this name if it is open. Does not wait.
    #[must_use]
    pub fn opened(&self, name: &SpaceName) -> Option<Arc<Space>> {
        if name.is_default() {
            return Some(self.default.clone());
        }
        self.others.read().get(name).filter(|space| space.is_still_there()).cloned()
    }

    /// The space of this name, which is opened when it is not open yet: that embeds and indexes it, and blocks.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub fn get(&self, name: &SpaceName, progress: &dyn Progress) -> Result<Arc<Space>, Error> {
        let _one_at_a_time = self.opening.lock();
        if let Some(space) = self.opened(name) {
            return Ok(space);
        }
        // What is in the map now, if anything, was deleted.
        self.others.write().remove(name);
        if !exists(&self.root, name) {
            return Err(Error::NotFound { name: name.clone() });
        }
        let space = Space::open(name.clone(), name.directory_in(&self.root), &self.common, progress)?;
        let space = Arc::new(space);
        self.others.write().insert(name.clone(), space.clone());
        Ok(space)
    }

    /// Whether there is such a space.
    #[must_use]
    pub fn exists(&self, name: &SpaceName) -> bool {
        exists(&self.root, name)
    }

    /// Makes an empty space; it is opened when it is first asked for.
    ///
    /// # Errors
    /// When there is one of this name, or the folder cannot be written.
    pub fn create(&self, name: &SpaceName) -> Result<(), Error> {
        create(&self.root, name)
    }

    /// Deletes a space and all that is in it. Questions under way finish on what they have in memory.
    ///
    /// # Errors
    /// When there is none of this name, it is the default one, or the folder cannot be written.
    pub fn delete(&self, name: &SpaceName) -> Result<(), Error> {
        // So that nobody opens it while it goes.
        let _one_at_a_time = self.opening.lock();
        self.others.write().remove(name);
        delete(&self.root, name)
    }

    /// All spaces, the default one first; those that are not open yet are opened, which blocks. One that cannot be opened
    /// is logged and does not keep the others from being listed.
    ///
    /// # Errors
    /// When the folders are not readable.
    pub fn open_all(&self) -> Result<Vec<Listed>, Error> {
        Ok(list(&self.root)?.into_iter().filter_map(|name| self.listed(name)).collect())
    }

    /// `None` when the space is gone by now.
    fn listed(&self, name: SpaceName) -> Option<Listed> {
        match self.get(&name, &()) {
            Ok(space) => Some(Listed { name, space: Some(space) }),
            Err(_) if !self.exists(&name) => None,
            Err(error) => {
                tracing::error!(space = %name, error = &error as &dyn std::error::Error, "cannot open a space");
                Some(Listed { name, space: None })
            }
        }
    }

    /// All that are open.
    #[must_use]
    pub fn all_opened(&self) -> Vec<Arc<Space>> {
        std::iter::once(self.default.clone()).chain(self.others.read().values().cloned()).collect()
    }

    /// Texts that wait for the model.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.common.questions.queued()
    }

    /// Whether [`Spaces::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.common.questions.is_closed()
    }

    /// Takes no more questions, finishes those that wait, and writes down what is not written yet.
    pub async fn close(&self) {
        self.common.questions.close().await;
        for space in self.all_opened() {
            space.journal.close().await;
        }
    }
}
