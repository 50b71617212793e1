//! `dayi audit`: who changed keys and spaces.

use std::process::ExitCode;

use super::{Outcome, output};
use crate::{config::Config, keys::Keys};

/// Shows who made and revoked keys, and who made and deleted spaces, newest first.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many changes to show
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Print them as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    let records = Keys::open_or_create(&config.root)?.audit(args.limit)?;
    if args.json {
        output::json(&records)?;
        return Ok(ExitCode::SUCCESS);
    }
    for record in records {
        let text = format!(
            "{}  {}  {}  {}  {}",
            record.at, record.actor, record.action, record.subject, record.detail
        );
        output::line(text.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}
