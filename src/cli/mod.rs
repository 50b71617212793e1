//! The command line: one file a subcommand, each with its `Args` and its `run`.
//!
//! Results go to stdout, logs and progress to stderr. Exit code 0: done, or nobody reads the results any more; 1:
//! nothing matched, an evaluation got worse, or a check found errors; 2: an error.

mod ask;
mod audit;
mod eval;
mod explain;
mod export;
mod fit;
mod history;
mod index;
mod key;
mod lint;
mod mcp;
mod model;
mod open;
mod output;
mod progress;
mod serve;
mod space;
mod triage;
mod unanswered;
mod undo;

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, LogFormat, Settings},
    keys::Reach,
    spaces,
};

/// Exit code when nothing matched, an evaluation got worse than its baseline, or a check found errors.
const NEGATIVE: u8 = 1;
/// Exit code of every error.
const FAILURE: u8 = 2;

/// Answers free-form Chinese questions from a FAQ (答疑).
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 110,
    after_help = "Settings are also read from dayi.toml and from DAYI_* \
variables; a flag wins over a variable, a variable over the file. `--help` (long) shows all of them."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Configuration file [default: dayi.toml, if there is one]
    #[arg(long, env = "DAYI_CONFIG", value_name = "FILE", global = true, help_heading = "Settings")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

// Each is described by its `Args`: a doc comment on a variant would hide their long help.
#[derive(Debug, Subcommand)]
enum Command {
    Index(index::Args),
    Ask(ask::Args),
    Serve(serve::Args),
    Eval(eval::Args),
    Export(export::Args),
    Lint(lint::Args),
    Fit(fit::Args),
    History(history::Args),
    Undo(undo::UndoArgs),
    Rollback(undo::RollbackArgs),
    Model(model::Args),
    Unanswered(unanswered::Args),
    Triage(triage::Args),
    Mcp(mcp::Args),
    Space(space::Args),
    Key(key::Args),
    Audit(audit::Args),
}

/// What a command answers with: an exit code, or an error that [`run`] prints.
type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Runs the command and returns its exit code; an error is printed with all its causes.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let outcome = Settings::from_file(cli.config.as_deref())
        .and_then(|file| Config::resolve(cli.settings.over(file)))
        .map_err(Box::<dyn Error>::from)
        .and_then(|config| {
            start_logging(config.log_format);
            check_space(&cli.command, &config)?;
            match cli.command {
                Command::Index(args) => index::run(&args, &config),
                Command::Ask(args) => ask::run(args, &config),
                Command::Serve(args) => serve::run(&args, &config),
                Command::Eval(args) => eval::run(&args, &config),
                Command::Export(args) => export::run(&args, &config),
                Command::Lint(args) => lint::run(&args, &config),
                Command::Fit(args) => fit::run(&args, &config),
                Command::History(args) => history::run(args, &config),
                Command::Undo(args) => undo::undo(&args, &config),
                Command::Rollback(args) => undo::rollback(&args, &config),
                Command::Model(args) => model::run(&args, &config),
                Command::Unanswered(args) => unanswered::run(&args, &config),
                Command::Mcp(args) => mcp::run(&args, &config),
                Command::Triage(args) => triage::run(&args, &config),
                Command::Space(args) => space::run(&args, &config),
                Command::Key(args) => key::run(args, &config),
                Command::Audit(args) => audit::run(&args, &config),
            }
        });
    outcome.unwrap_or_else(|error| {
        if output::is_closed_pipe(error.as_ref()) {
            return ExitCode::SUCCESS;
        }
        output::error(error.as_ref());
        ExitCode::from(FAILURE)
    })
}

/// Refuses a space that is not there before anything is done in its name, and all spaces where one is meant.
fn check_space(command: &Command, config: &Config) -> Result<(), Box<dyn Error>> {
    match (&config.space, command) {
        (_, Command::Space(_)) | (Reach::All, Command::Key(_)) => Ok(()),
        (Reach::All, _) => Err("`--space '*'` is for `dayi key create` only: name one space".into()),
        (Reach::One(name), _) if !spaces::exists(&config.root, name) => {
            Err(spaces::Error::NotFound { name: name.clone() }.into())
        }
        (Reach::One(_), _) => Ok(()),
    }
}

/// Logs to stderr; `RUST_LOG` chooses what, `info` of dayi and warnings of the rest by default.
fn start_logging(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,dayi=info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only when a logger is set already, as in tests that run two commands in one process.
    let _ = match format {
        LogFormat::Text => builder.with_ansi(output::stderr_is_colourful()).with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
