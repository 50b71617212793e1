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

/// Whether an error is only that nobody reads stdout any more, as after `| head`: whoever left has seen enough.
pub(super) fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    let kind = match (error.downcast_ref::<io::Error>(), error.downcast_ref::<serde_json::Error>()) {
        (Some(error), _) => Some(error.kind()),
        (None, Some(error)) => error.io_error_kind(),
        (None, None) => None,
    };
    kind == Some(io::ErrorKind::BrokenPipe)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody who has left.
    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_a_closed_pipe_is_none_of_our_errors() {
        let written = Gone.write_all(b"x").unwrap_err();
        let serialized = serde_json::to_writer_pretty(Gone, &1).unwrap_err();
        assert!(is_closed_pipe(&written) && is_closed_pipe(&serialized));
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let malformed = serde_json::from_str::<u8>("x").unwrap_err();
        assert!(!is_closed_pipe(&full) && !is_closed_pipe(&malformed));
    }
}
