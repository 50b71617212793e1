//! `dayi index`: files into the data directory.

use std::{path::PathBuf, process::ExitCode};

use serde::Serialize;

use super::{FAILURE, Outcome, open, output};
use crate::{config::Config, matcher::BuildReport, store::Store};

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
struct Report {
    #[serde(flatten)]
    imported: open::Imported,
    #[serde(flatten)]
    built: BuildReport,
    index_version: u64,
    entries: usize,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    let embedder = open::model(config)?;
    let mut store = Store::open_or_create(&config.data)?;
    let imported = open::import(&args.files, &mut store)?;
    let (snapshot, built) = open::snapshot(&mut store, embedder.as_ref(), config, Some(&config.data))?;
    let report =
        Report { imported, built, index_version: snapshot.version(), entries: snapshot.entries().len() };
    if args.json {
        output::json(&report)?;
    } else {
        print(&report)?;
    }
    Ok(if report.imported.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

fn print(report: &Report) -> std::io::Result<()> {
    for file in &report.imported.reports {
        let issues =
            if file.issues.is_empty() { String::new() } else { format!(", {} notes", file.issues.len()) };
        output::line(format_args!("{}: {} entries{issues}", file.file, file.imported))?;
    }
    let counts = report.imported.counts;
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
