//! `dayi lint`: what is wrong with a FAQ, before anybody asks it.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{Outcome, open, output};
use crate::{
    config::Config,
    lint::{self, Report, Sources},
};

/// Check the FAQ for what costs right answers
///
/// Errors are certain: an entry without an answer, one question with two answers, a question that two entries have,
/// an entry shut out by its own negative question, and whatever the import had to leave out. Warnings are for
/// somebody to look at: missing pictures, similar questions that are blank or repeated, near-duplicate entries,
/// entries that are easily taken for each other and want a negative question, and questions that find another entry
/// before their own. For the last three every question is asked with itself left out of the FAQ; what counts as near
/// are the thresholds by which dayi answers or asks back.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Exit code 0: no errors; 1: errors, or warnings with --deny warnings; 2: the check could not run.

Examples:
  dayi lint --faq faq.md                   before it is imported
  dayi lint --pictures ./faq               the data directory, with the pictures in ./faq
  dayi lint --faq faq.md --deny warnings   in CI
  dayi lint --json | jq '.findings[] | select(.kind == \"two_answers\")'")]
pub(super) struct Args {
    /// Check these files instead of the data directory
    #[arg(long, value_name = "FILE", num_args = 1..)]
    faq: Vec<PathBuf>,
    /// Look for pictures in this folder too, besides those that the data directory holds. With --faq they are looked
    /// for beside each file
    #[arg(long, value_name = "DIR", conflicts_with = "faq")]
    pictures: Option<PathBuf>,
    /// Fail on warnings too
    #[arg(long, value_name = "WHAT")]
    deny: Option<Deny>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Deny {
    Warnings,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    if let Some(folder) = args.pictures.as_deref().filter(|folder| !folder.is_dir()) {
        return Err(format!("--pictures {}: there is no such folder", folder.display()).into());
    }
    let open::Source { mut store, directory, files } = open::Source::open(&args.faq, config)?;
    let embedder = open::model(config)?;
    let (snapshot, _) = open::snapshot(&mut store, embedder.as_ref(), config, directory)?;
    let sources = Sources { imports: &files.reports(), pictures: args.pictures.as_deref(), data: directory };
    let report = lint::check(&store.entries()?, &snapshot, &sources)?;
    if args.json {
        output::json(&report)?;
    } else {
        print(&report)?;
    }
    let denied = match args.deny {
        Some(Deny::Warnings) => report.warnings,
        None => 0,
    };
    Ok(output::exit(report.errors + denied == 0))
}

fn print(report: &Report) -> std::io::Result<()> {
    let Report { entries, phrasings, errors, warnings, findings } = report;
    for finding in findings {
        output::line(finding)?;
    }
    output::line(format_args!(
        "{entries} entries, {phrasings} questions: {errors} errors, {warnings} warnings"
    ))
}
