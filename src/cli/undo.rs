//! `dayi undo` and `dayi rollback`: taking changes of the FAQ back.

use std::process::ExitCode;

use super::{Outcome, output};
use crate::{
    config::Config,
    store::{COMMAND_LINE, Committed, Store, Written},
};

/// Takes one change of an entry back; `dayi history` shows their numbers.
///
/// Refused when the entry was changed again since. The undoing is a change too and can be undone. A running
/// `dayi serve` answers from it within seconds.
#[derive(Debug, clap::Args)]
pub(super) struct UndoArgs {
    /// Number of the change
    #[arg(value_name = "CHANGE")]
    change: u64,
}

/// Makes every entry what it was in an earlier version, as one further version.
///
/// `dayi history` shows the versions. A running `dayi serve` answers from it within seconds.
#[derive(Debug, clap::Args)]
pub(super) struct RollbackArgs {
    /// Version of the FAQ
    #[arg(value_name = "VERSION")]
    version: u64,
}

pub(super) fn undo(args: &UndoArgs, config: &Config) -> Outcome {
    let committed = Store::open(&config.data)?.undo(args.change, COMMAND_LINE)?;
    tell(&committed)
}

pub(super) fn rollback(args: &RollbackArgs, config: &Config) -> Outcome {
    let committed = Store::open(&config.data)?.rollback(args.version, COMMAND_LINE)?;
    tell(&committed)
}

fn tell(committed: &Committed) -> Outcome {
    for outcome in committed.outcomes.iter().filter(|outcome| outcome.written != Written::Unchanged) {
        output::line(format_args!("{} {}", outcome.written.as_str(), outcome.id))?;
    }
    output::line(format_args!("version {}", committed.version))?;
    Ok(ExitCode::SUCCESS)
}
