//! `dayi key`: who may call the service, and what they may do.

use std::process::ExitCode;

use clap::Subcommand;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{Outcome, output};
use crate::{
    config::Config,
    keys::{self, Actor, Grant, Key, KeyId, Keys, NewKey, Reach, Refusal, Scope, Scopes},
    spaces,
};

/// Makes, lists and revokes the keys that the service asks for.
///
/// Clients send a key as `Authorization: Bearer dayi_…`. Scopes: `ask` (match, triage), `feedback`, `edit` (entries,
/// import and export, unanswered questions), `admin` (everything, keys and spaces too). A running service accepts a
/// new key, and refuses a revoked one, from the next request on.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key for the space of --space, or for all with --space '*', and print it, this once: only its hash is kept
    Create {
        /// What it may do: ask, feedback, edit, admin, separated by commas
        #[arg(long, value_name = "SCOPES")]
        scope: Scopes,
        /// What it is for, shown in lists and histories
        #[arg(long, default_value = "")]
        name: String,
        /// Last day on which it works, as 2027-12-31
        #[arg(long, value_name = "DATE")]
        expires: Option<Date>,
    },
    /// Show all keys, without their secrets
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// End a key for good
    Revoke {
        /// Its id, as `dayi key list` shows it
        id: KeyId,
    },
}

pub(super) fn run(args: Args, config: &Config) -> Outcome {
    let keys = Keys::open_or_create(&config.root)?;
    match args.command {
        Command::Create { scope, name, expires } => {
            if let Reach::One(name) = &config.space
                && !spaces::exists(&config.root, name)
            {
                return Err(spaces::Error::NotFound { name: name.clone() }.into());
            }
            let grant = Grant { scopes: scope, space: config.space.clone() };
            let expires_at = expires.map(end_of).transpose()?;
            let (key, token) = keys.create(&NewKey { name, grant, expires_at }, &Actor::Cli)?;
            output::note(format_args!(
                "key {}: {} in space {}. Keep what follows; it cannot be shown again.",
                key.id, key.grant.scopes, key.grant.space
            ));
            if !can_be_managed(&keys)? {
                output::note(
                    "note: nobody can manage keys and spaces over HTTP; make a key for that with \
                     `dayi key create --scope admin --space '*'`",
                );
            }
            output::line(token.reveal())?;
        }
        Command::List { json: true } => output::json(&keys.list()?)?,
        Command::List { json: false } => {
            for key in keys.list()? {
                output::line(described(&key))?;
            }
        }
        Command::Revoke { id } => {
            keys.revoke(id, &Actor::Cli)?;
            output::line(format_args!("key {id} is revoked"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether somebody may make keys over HTTP. Once there is any key, who has none may not.
fn can_be_managed(keys: &Keys) -> Result<bool, keys::Error> {
    let now = Timestamp::now();
    let may = |key: &Key| {
        key.usable(now).is_ok() && key.grant.scopes.allow(Scope::Admin) && key.grant.space == Reach::All
    };
    Ok(keys.list()?.iter().any(may))
}

/// The moment after which a key that may be used on `day` does not work, in this machine's time zone.
fn end_of(day: Date) -> Result<Timestamp, jiff::Error> {
    Ok(day.tomorrow()?.to_zoned_datetime(TimeZone::system())?.timestamp())
}

fn described(key: &Key) -> String {
    let state = match (key.usable(Timestamp::now()), key.expires_at) {
        (Ok(()), None) => "valid".to_owned(),
        (Ok(()), Some(end)) => format!("valid until {end}"),
        (Err(Refusal::Revoked), _) => "revoked".to_owned(),
        (Err(Refusal::Expired | Refusal::Unknown), _) => "expired".to_owned(),
    };
    let Key { id, name, grant, created_at, .. } = key;
    let text = format!("{id}  {} in {}  {state}  made {created_at}  {name}", grant.scopes, grant.space);
    text.trim_end().to_owned()
}
