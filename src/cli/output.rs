//! Writing to the terminal: results to stdout, everything else to stderr.

use std::{
    error::Error,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use serde::Serialize;

/// Prints a line to stdout.
///
/// # Errors
/// When stdout is closed, as by `| head`.
pub(super) fn line(text: impl std::fmt::Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Prints a line to stderr; nobody may be listening, which is fine.
pub(super) fn note(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints `value` to stdout as indented JSON.
///
/// # Errors
/// When stdout is closed.
pub(super) fn json(value: &impl Serialize) -> Result<(), Box<dyn Error>> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, value)?;
    writeln!(stdout)?;
    Ok(())
}

/// Prints an error with its causes to stderr, a line each; a cause that only repeats the text above is left out.
pub(super) fn error(error: &(dyn Error + 'static)) {
    let mut last = error.to_string();
    note(format_args!("error: {last}"));
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !last.contains(&text) {
            note(format_args!("  because: {text}"));
        }
        last = text;
        cause = error.source();
    }
}

/// Whether stderr is a terminal that may be sent colours.
pub(super) fn stderr_is_colourful() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Success, or the code for "nothing matched".
pub(super) fn exit(positive: bool) -> ExitCode {
    if positive { ExitCode::SUCCESS } else { ExitCode::from(super::NEGATIVE) }
}
