//! `dayi mcp`: the FAQ as tools of an AI assistant, on stdin and stdout.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use super::{Outcome, open};
use crate::{
    channels::mcp::FaqTools,
    config::Config,
    triage::{Desk, Earlier},
};

/// Serves the FAQ to an AI assistant by the Model Context Protocol on stdin and stdout.
///
/// The tools are `faq_search`, `faq_get` and `faq_triage`. `dayi serve` offers the same at /mcp over HTTP.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Answer from these files instead of the data directory
    #[arg(long, value_name = "FILE", num_args = 1..)]
    faq: Vec<PathBuf>,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    let matcher = open::matcher(&args.faq, config)?;
    let desk = Arc::new(Desk::new(None, Earlier::default()));
    let tools = FaqTools::new(matcher, desk, None, config.http.max_query_chars);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(tools.answer_stdio())?;
    Ok(ExitCode::SUCCESS)
}
