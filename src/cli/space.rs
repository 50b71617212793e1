//! `dayi space`: several FAQs in one data directory.

use std::{error::Error, process::ExitCode};

use clap::Subcommand;
use serde::Serialize;

use super::{Outcome, output};
use crate::{
    config::Config,
    faq::SpaceName,
    keys::{Actor, Keys},
    spaces,
    store::Store,
};

/// Lists, makes and deletes spaces: FAQs of their own in one service.
///
/// A space has its own entries, synonyms, ranker and keys; every command takes `--space NAME`. A running service
/// serves a new space, and forgets a deleted one, from the next request on.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show all spaces
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Make an empty space
    Create {
        /// Its name: a-z, 0-9 and '-', at most 40 characters
        name: SpaceName,
    },
    /// Delete a space with all its entries, history and pictures, and end its keys
    Delete {
        /// Which one
        name: SpaceName,
        /// Really do it; there is no way back
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Serialize)]
struct Listed {
    name: SpaceName,
    entries: usize,
    version: u64,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    match &args.command {
        Command::List { json } => list(config, *json)?,
        Command::Create { name } => {
            spaces::create(&config.root, name)?;
            Keys::open_or_create(&config.root)?.space_created(name, &Actor::Cli)?;
            output::line(format_args!(
                "made the space {name}: fill it with `dayi index FILE --space {name}`"
            ))?;
        }
        Command::Delete { name, yes } => {
            if !yes {
                return Err(format!(
                    "this deletes the space {name} and all that is in it: add --yes to do it"
                )
                .into());
            }
            spaces::delete(&config.root, name)?;
            Keys::open_or_create(&config.root)?.space_deleted(name, &Actor::Cli)?;
            output::line(format_args!("deleted the space {name}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(config: &Config, json: bool) -> Result<(), Box<dyn Error>> {
    let mut listed = Vec::new();
    for name in spaces::list(&config.root)? {
        let directory = name.directory_in(&config.root);
        let (entries, version) = match Store::open(&directory) {
            Ok(store) => (store.entries()?.len(), store.version()?),
            // The default space is there before anything is in it.
            Err(crate::store::Error::NotFound { .. }) => (0, 0),
            Err(error) => return Err(error.into()),
        };
        listed.push(Listed { name, entries, version });
    }
    if json {
        return output::json(&listed);
    }
    for Listed { name, entries, version } in listed {
        output::line(format_args!("{name}  {entries} entries, version {version}"))?;
    }
    Ok(())
}
