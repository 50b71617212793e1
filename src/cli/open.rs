//! From files and settings to a matcher: what `index`, `ask`, `serve` and `eval` begin with.

use std::{
    collections::{HashMap, HashSet},
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{output, progress::Bars};
use crate::{
    config::Config,
    embed::{self, Embedder},
    faq::EntryId,
    import::{self, ImportReport},
    matcher::{self, BuildReport, Builder, Snapshot},
    store::{ImportCounts, Store},
};

/// Folder of index snapshots inside the data directory.
const SNAPSHOTS: &str = "index";

/// What an import of several files did.
#[derive(Debug, Default, serde::Serialize)]
pub(super) struct Imported {
    /// Added, changed, unchanged and removed entries.
    pub counts: ImportCounts,
    /// One report a file.
    pub reports: Vec<ImportReport>,
    /// Files of which nothing could be read, with the reason.
    pub failed: Vec<String>,
    /// Entries that an evaluation leaves out.
    #[serde(skip)]
    pub held_out: HashSet<EntryId>,
}

/// Imports `files` into `store`. A file that cannot be read does not keep the others out.
pub(super) fn import(files: &[PathBuf], store: &mut Store) -> Result<Imported, Box<dyn Error>> {
    let mut imported = Imported::default();
    let mut taken = HashMap::new();
    for file in files {
        match import::import_file(file) {
            Ok(mut import) => {
                import.leave_out_taken(&mut taken);
                report(&import.report);
                imported.counts += store.replace_file(&import.report.file, &import.entries)?;
                imported.held_out.extend(import.held_out);
                imported.reports.push(import.report);
            }
            Err(error) => {
                output::error(&error);
                imported.failed.push(error.to_string());
            }
        }
    }
    Ok(imported)
}

/// Says what was left out of a file, on stderr.
fn report(report: &ImportReport) {
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
    let folder = directory.map(|directory| directory.join(SNAPSHOTS));
    let ranker = Arc::new(matcher::find_ranker(embedder.model(), directory)?);
    let synonyms = Arc::new(matcher::find_synonyms(config.synonyms.as_deref(), directory)?);
    let progress = Bars::default();
    let params = &config.index;
    let builder =
        Builder { embedder, ranker, synonyms, params, folder: folder.as_deref(), progress: &progress };
    Ok(builder.build(store)?)
}
