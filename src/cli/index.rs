//! `dayi index`: files into the data directory.

use std::{path::PathBuf, process::ExitCode};

use serde::Serialize;

use super::{FAILURE, Outcome, open, output};
use crate::{
    config::Config,
    import::ImportReport,
    matcher::BuildReport,
    store::{ImportCounts, Store},
};

/// Imports FAQ files, embeds what changed, and builds the index in the data directory.
///
/// Entries of a file that was imported before are updated; entries that the file no longer has are removed. Only
/// texts that were never embedded with this model are embedded. A run that was interrupted is completed by the
/// next one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// FAQ files: Markdown or JSON Lines
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    counts: ImportCounts,
    reports: Vec<&'a ImportReport>,
    failed: &'a [String],
    #[serde(flatten)]
    built: BuildReport,
    index_version: u64,
    entries: usize,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    let files = open::Files::read(&args.files);
    files.tell();
    if files.failed.len() == args.files.len() {
        return Err("none of the files could be used, see above; nothing is changed".into());
    }
    let embedder = open::model(config)?;
    let mut store = Store::open_or_create(&config.data)?;
    let counts = files.store_in(&mut store)?;
    let (snapshot, built) = open::snapshot(&mut store, embedder.as_ref(), config, Some(&config.data))?;
    let report = Report {
        counts,
        reports: files.reports(),
        failed: &files.failed,
        built,
        index_version: snapshot.version(),
        entries: snapshot.entries().len(),
    };
    if args.json {
        output::json(&report)?;
    } else {
        print(&report)?;
    }
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

fn print(report: &Report<'_>) -> std::io::Result<()> {
    for file in &report.reports {
        let issues =
            if file.issues.is_empty() { String::new() } else { format!(", {} notes", file.issues.len()) };
        output::line(format_args!("{}: {} entries{issues}", file.file, file.imported))?;
    }
    let counts = report.counts;
    output::line(format_args!(
        "entries: {} added, {} changed, {} unchanged, {} removed",
        counts.added, counts.changed, counts.unchanged, counts.removed
    ))?;
    let built = &report.built;
    if built.embedded == 0 {
        output::line(format_args!("texts: {}, none had to be embedded", built.texts))?;
    } else {
        output::line(format_args!(
            "texts: {}, {} embedded with {}",
            built.texts, built.embedded, built.model
        ))?;
    }
    output::line(format_args!(
        "index: version {}, {} entries, {} ({})",
        report.index_version,
        report.entries,
        built.search,
        if built.reopened { "unchanged" } else { "built" }
    ))
}
