//! From files and settings to a matcher: what `index`, `ask`, `serve` and `eval` begin with.

use std::{
    collections::HashSet,
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{output, progress::Bars};
use crate::{
    assets::Assets,
    config::Config,
    embed::{self, Embedder, batcher::Unobserved},
    eval::dataset::Loaded,
    faq::EntryId,
    import::{self, Import, ImportReport, Options, OtherFiles},
    matcher::{self, BuildReport, Builder, Matcher, QueryCache, Snapshot},
    rank::Ranker,
    store::{self, COMMAND_LINE, ImportCounts, Store},
};

/// FAQ files that were read.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// What is in them, and what is to be said about them.
    pub imports: Vec<Import>,
    /// Files of which not one entry could be used.
    empty: Vec<Import>,
    /// Why files could not be used at all.
    pub failed: Vec<String>,
}

impl Files {
    /// Reads `paths`. A file that cannot be used does not keep the others out; see [`tell`](Self::tell).
    pub(super) fn read(paths: &[PathBuf], options: &Options<'_>) -> Self {
        let mut files = Self::default();
        let mut others = OtherFiles::default();
        for path in paths {
            match import::import_file(path, options) {
                // The second would take the place of the first: entries are known by the name of their file.
                Ok(import) if files.imports.iter().any(|other| other.report.file == import.report.file) => {
                    let file = &import.report.file;
                    files.fail(format!(
                        "{}: another file is called {file} too, and entries are known by it: give it another name",
                        path.display()
                    ));
                }
                // An empty file is more likely a mistake than a wish to remove all of its entries.
                Ok(import) if import.entries.is_empty() => {
                    tell(&import.report);
                    files.fail(format!("{}: no entry was found, so nothing is changed", import.report.file));
                    files.empty.push(import);
                }
                Ok(mut import) => {
                    import.leave_out_taken(&mut others);
                    files.imports.push(import);
                }
                Err(error) => {
                    output::error(&error);
                    files.failed.push(error.to_string());
                }
            }
        }
        files
    }

    fn fail(&mut self, why: String) {
        output::note(format_args!("error: {why}"));
        self.failed.push(why);
    }

    /// An error when a file could not be used: for commands that need all of them.
    pub(super) fn complete(self) -> Result<Self, Box<dyn Error>> {
        if self.failed.is_empty() { Ok(self) } else { Err("a FAQ file could not be used, see above".into()) }
    }

    /// Gives entries the ids that they have in `store`, where the file does not say them.
    pub(super) fn keep_ids(&mut self, store: &Store) -> Result<(), store::Error> {
        for import in &mut self.imports {
            import.keep_ids(&store.entries_of_file(&import.report.file)?);
        }
        Ok(())
    }

    /// Brings the entries into `store`, and the pictures they refer to into `data`, its directory, if it has one.
    /// `overwrite`: whatever was done to them there.
    pub(super) fn store_in(
        &mut self,
        store: &mut Store,
        data: Option<&Path>,
        overwrite: bool,
    ) -> Result<ImportCounts, Box<dyn Error>> {
        self.keep_ids(store)?;
        if let Some(data) = data {
            // Before the entries: none may ever refer to a picture that is not there.
            Assets::in_data(data).keep(self.imports.iter().flat_map(|import| &import.pictures))?;
        }
        let mut counts = ImportCounts::default();
        for import in &self.imports {
            counts += store.import(&import.file_entries(overwrite), COMMAND_LINE)?.1;
        }
        Ok(counts)
    }

    /// Every file that could be read, those without a usable entry too.
    pub(super) fn read_ones(&self) -> impl Iterator<Item = &Import> + Clone {
        self.imports.iter().chain(&self.empty)
    }

    /// Entries that an evaluation leaves out.
    pub(super) fn held_out(&self) -> HashSet<EntryId> {
        self.imports.iter().flat_map(|import| import.held_out.iter().cloned()).collect()
    }

    /// One report a file.
    pub(super) fn reports(&self) -> Vec<&ImportReport> {
        self.imports.iter().map(|import| &import.report).collect()
    }

    /// Says on stderr what was left out.
    pub(super) fn tell(&self) {
        self.reports().into_iter().for_each(tell);
    }
}

/// A FAQ to read from, and where it keeps its index: the files of `--faq`, in memory, or the data directory.
pub(super) struct Source<'a> {
    pub store: Store,
    pub directory: Option<&'a Path>,
    pub files: Files,
}

impl<'a> Source<'a> {
    /// Opens the data directory, or reads `faq` when files are named.
    pub(super) fn open(faq: &[PathBuf], config: &'a Config) -> Result<Self, Box<dyn Error>> {
        if faq.is_empty() {
            let store = Store::open(&config.data)?;
            return Ok(Self { store, directory: Some(&config.data), files: Files::default() });
        }
        let mut files = Files::read(faq, &Options::default()).complete()?;
        let mut store = Store::in_memory()?;
        files.store_in(&mut store, None, false)?;
        Ok(Self { store, directory: None, files })
    }
}

/// Says on stderr what was left out of a file.
fn tell(report: &ImportReport) {
    for issue in &report.issues {
        output::note(format_args!("{}: {issue}", report.file));
    }
}

/// Loads the model of `config`.
pub(super) fn model(config: &Config) -> Result<Arc<dyn Embedder>, Box<dyn Error>> {
    Ok(embed::load(&config.model)?)
}

/// Embeds and indexes what is in `store`. `directory` is where snapshots are kept, if anywhere.
pub(super) fn snapshot(
    store: &mut Store,
    embedder: &dyn Embedder,
    config: &Config,
    directory: Option<&Path>,
) -> Result<(Snapshot, BuildReport), Box<dyn Error>> {
    let ranker = Arc::new(matcher::find_ranker(embedder.model(), directory)?);
    snapshot_with(store, embedder, config, directory, ranker)
}

/// As [`snapshot`], with this ranker instead of the one that would be found.
pub(super) fn snapshot_with(
    store: &mut Store,
    embedder: &dyn Embedder,
    config: &Config,
    directory: Option<&Path>,
    ranker: Arc<Ranker>,
) -> Result<(Snapshot, BuildReport), Box<dyn Error>> {
    let folder = directory.map(|directory| directory.join(matcher::INDEX_FOLDER));
    let synonyms = Arc::new(matcher::find_synonyms(config.synonyms.as_deref(), directory)?);
    let progress = Bars::default();
    let params = &config.index;
    let builder =
        Builder { embedder, ranker, synonyms, params, folder: folder.as_deref(), progress: &progress };
    Ok(builder.build(store)?)
}

/// A matcher over the data directory, or over `faq` when files are named.
pub(super) fn matcher(faq: &[PathBuf], config: &Config) -> Result<Arc<Matcher>, Box<dyn Error>> {
    let Source { mut store, directory, files } = Source::open(faq, config)?;
    files.tell();
    let embedder = model(config)?;
    let (snapshot, _) = snapshot(&mut store, embedder.as_ref(), config, directory)?;
    let questions = QueryCache::start(embedder, config.queue, Arc::new(Unobserved))?;
    Ok(Arc::new(Matcher::new(snapshot, Arc::new(questions))))
}

/// The usable rows; the others are named on stderr.
pub(super) fn usable<T>(loaded: Loaded<T>, path: &Path) -> Vec<T> {
    for issue in &loaded.issues {
        output::note(format_args!("{}: {issue}", path.display()));
    }
    loaded.rows
}
