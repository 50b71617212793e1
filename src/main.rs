//! The `dayi` command: parse, run, exit code.
//!
//! 0: done, or nobody reads the results any more. 1: nothing matched, or an evaluation got worse. 2: an error.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    dayi::cli::run(dayi::cli::Cli::parse())
}
