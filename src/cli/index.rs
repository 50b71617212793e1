//! `dayi index`: files into the data directory.

use std::{
    error::Error,
    fs::File,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde::Serialize;

use super::{FAILURE, Outcome, open, output};
use crate::{
    config::Config,
    import::{self, Diff, ImportReport, Options, Preset},
    matcher::BuildReport,
    store::{self, ImportCounts, Store},
};

/// Imports FAQ files, embeds what changed, and builds the index in the data directory.
///
/// Entries of a file of the same name that was imported before are updated; entries that the file no longer has are
/// removed, unless a part of it could not be used. Entries that were edited or deleted here stay so while the file says
/// of them what it said before. Only texts that were never embedded with this model are embedded. Pictures are copied
/// into the data directory. A run that was interrupted is completed by the next one.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  dayi index faq.docx                                     Word, with numbered questions and pictures
  dayi index faq.xlsx --dry-run                           what would change, and nothing else
  dayi index maxkb.csv --preset maxkb --failed-rows bad.csv")]
pub(super) struct Args {
    /// FAQ files: Word, Markdown, HTML, CSV, TSV, XLSX, JSON, JSON Lines, or a ZIP of one with its pictures
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which product wrote the files [default: told by the columns; a file that could be of two is refused]
    #[arg(long)]
    preset: Option<Preset>,
    /// Take the file's word also for entries that were edited or deleted here since
    #[arg(long)]
    overwrite: bool,
    /// Say what would be added, changed and removed, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the rows that could not be used to this CSV file, to be repaired in the file they came from
    #[arg(long, value_name = "FILE")]
    failed_rows: Option<PathBuf>,
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

/// What a dry run says.
#[derive(Serialize)]
struct Preview<'a> {
    dry_run: bool,
    counts: ImportCounts,
    files: Vec<FilePreview<'a>>,
    failed: &'a [String],
}

#[derive(Serialize)]
struct FilePreview<'a> {
    #[serde(flatten)]
    report: &'a ImportReport,
    #[serde(flatten)]
    diff: Diff,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    let options = Options { preset: args.preset, data: Some(&config.data), ..Options::default() };
    let mut files = open::Files::read(&args.files, &options);
    files.tell();
    if let Some(path) = &args.failed_rows {
        write_failed(&files, path)?;
    }
    if files.failed.len() == args.files.len() {
        return Err("none of the files could be used, see above; nothing is changed".into());
    }
    if args.dry_run {
        preview(args, &mut files, config)?;
    } else {
        import(args, &mut files, config)?;
    }
    Ok(if files.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

fn write_failed(files: &open::Files, path: &Path) -> Result<(), Box<dyn Error>> {
    let cannot = |error: &dyn std::fmt::Display| format!("cannot write {}: {error}", path.display());
    let file = File::create(path).map_err(|error| cannot(&error))?;
    import::write_failed(files.read_ones(), file).map_err(|error| cannot(&error))?;
    Ok(())
}

fn import(args: &Args, files: &mut open::Files, config: &Config) -> Result<(), Box<dyn Error>> {
    let embedder = open::model(config)?;
    let mut store = Store::open_or_create(&config.data)?;
    let counts = files.store_in(&mut store, Some(&config.data), args.overwrite)?;
    let (snapshot, built) = open::snapshot(&mut store, embedder.as_ref(), config, Some(&config.data))?;
    let report = Report {
        counts,
        reports: files.reports(),
        failed: &files.failed,
        built,
        index_version: snapshot.version(),
        entries: snapshot.entries().len(),
    };
    if args.json { output::json(&report) } else { Ok(print(&report)?) }
}

fn print(report: &Report<'_>) -> std::io::Result<()> {
    report.reports.iter().try_for_each(|file| print_file(file))?;
    output::line(counted(report.counts))?;
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

/// What an import did.
pub(super) fn counted(counts: ImportCounts) -> String {
    let ImportCounts { added, changed, unchanged, removed, kept: _ } = counts;
    let kept = kept(counts);
    format!("entries: {added} added, {changed} changed, {unchanged} unchanged, {removed} removed{kept}")
}

/// What is said of entries that the file could not change.
fn kept(counts: ImportCounts) -> String {
    match counts.kept {
        0 => String::new(),
        kept => format!(", {kept} kept as they are here (--overwrite takes the file's word)"),
    }
}

fn print_file(file: &ImportReport) -> std::io::Result<()> {
    let some =
        |count: usize, what: &str| if count == 0 { String::new() } else { format!(", {count} {what}") };
    let notes = file.issues.len() - file.skipped - file.failed;
    output::line(format_args!(
        "{}: {} entries{}{}{}",
        file.file,
        file.imported,
        some(file.skipped, "skipped"),
        some(file.failed, "failed"),
        some(notes, "notes")
    ))
}

/// Compares the files with what is stored. Neither the store nor its folder is made when they are not there.
fn preview(args: &Args, files: &mut open::Files, config: &Config) -> Result<(), Box<dyn Error>> {
    let store = match Store::open(&config.data) {
        Err(store::Error::NotFound { .. }) => Store::in_memory()?,
        store => store?,
    };
    files.keep_ids(&store)?;
    let mut counts = ImportCounts::default();
    let mut previews = Vec::with_capacity(files.imports.len());
    for file in &files.imports {
        let diff = import::diff(&store, &file.file_entries(args.overwrite))?;
        counts += ImportCounts::from(&diff);
        previews.push(FilePreview { report: &file.report, diff });
    }
    let preview = Preview { dry_run: true, counts, files: previews, failed: &files.failed };
    if args.json { output::json(&preview) } else { Ok(print_preview(&preview)?) }
}

fn print_preview(preview: &Preview<'_>) -> std::io::Result<()> {
    for FilePreview { report, diff } in &preview.files {
        print_file(report)?;
        print_some('+', diff.added.iter())?;
        print_some('~', diff.changed.iter().map(|it| format!("{} ({})", it.id, it.fields.join(", "))))?;
        print_some('-', diff.removed.iter())?;
        print_some('=', diff.kept.iter())?;
    }
    let counts = preview.counts;
    output::line(format_args!(
        "entries: {} would be added, {} changed, {} removed; {} are unchanged{}. This was a dry run, nothing is changed",
        counts.added,
        counts.changed,
        counts.removed,
        counts.unchanged,
        kept(counts)
    ))
}

/// The first of many, and how many more there are.
fn print_some<T: std::fmt::Display>(
    mark: char,
    all: impl ExactSizeIterator<Item = T>,
) -> std::io::Result<()> {
    const SHOWN: usize = 20;
    let more = all.len().saturating_sub(SHOWN);
    for one in all.take(SHOWN) {
        output::line(format_args!("  {mark} {one}"))?;
    }
    if more > 0 {
        output::line(format_args!("  {mark} … and {more} more; --json shows all of them"))
    } else {
        Ok(())
    }
}
