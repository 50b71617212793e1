//! `dayi history`: what was changed by whom.

use std::process::ExitCode;

use super::{Outcome, output};
use crate::{
    config::Config,
    faq::EntryId,
    store::{Change, HistoryFilter, Store},
};

/// Shows changes of the FAQ, newest first: number, version, time, who, what, and the question.
///
/// `dayi undo` takes one of them back, `dayi rollback` goes back to a version.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only changes of this entry
    #[arg(long, value_name = "ID")]
    entry: Option<EntryId>,
    /// Only changes before this one
    #[arg(long, value_name = "CHANGE")]
    before: Option<u64>,
    /// How many to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Print them as JSON, with the entries before and after
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args, config: &Config) -> Outcome {
    let store = Store::open(&config.data)?;
    let filter = HistoryFilter { entry: args.entry, before: args.before };
    let changes = store.history(&filter, args.limit)?;
    if args.json {
        output::json(&changes)?;
    } else {
        for change in &changes {
            output::line(describe(change))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(change: &Change) -> String {
    let (what, shown) = match (&change.before, &change.after) {
        (None, Some(after)) => ("added", Some(after)),
        (Some(_), Some(after)) => ("changed", Some(after)),
        (Some(before), None) => ("removed", Some(before)),
        (None, None) => ("unchanged", None),
    };
    format!(
        "{:>6}  version {}  {:.0}  {}  {}  {what} {}  {}",
        change.change,
        change.version,
        change.at,
        change.actor,
        change.action,
        change.entry,
        shown.map(|entry| entry.question.as_str()).unwrap_or_default()
    )
}
