//! `dayi ask`: one question on the command line.

use std::path::PathBuf;

use super::{Outcome, explain, open, output};
use crate::{
    config::Config,
    embed::Role,
    matcher::{Query, Verdict},
    rank::Decision,
};

/// Answers one question. Exit code 0: answered or asked back; 1: no answer; 2: error.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The question, e.g. "群怎么解散"
    question: String,
    /// Answer from these files instead of the data directory
    #[arg(long, value_name = "FILE", num_args = 1..)]
    faq: Vec<PathBuf>,
    /// How many entries to show
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=50))]
    top_k: u8,
    /// Say why: thresholds, runner-up, every part of the scores, the matched words in 【】
    #[arg(long)]
    explain: bool,
    /// Print the verdict as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args, config: &Config) -> Outcome {
    if args.question.trim().is_empty() {
        return Err("the question is empty: put it in quotes, as in dayi ask \"群怎么解散\"".into());
    }
    let mut source = open::Source::open(&args.faq, config)?;
    source.files.tell();
    let embedder = open::model(config)?;
    let (snapshot, _) = open::snapshot(&mut source.store, embedder.as_ref(), config, source.directory)?;
    let query =
        Query { text: args.question, top_k: args.top_k.into(), explain: args.explain, ..Query::default() };
    let question = embedder.embed_tokens(&[snapshot.model_text(&query.text).as_str()], Role::Query)?;
    let verdict = snapshot.verdict(&query, &question[0])?;
    if args.json {
        output::json(&verdict)?;
    } else {
        print(&verdict)?;
        explain::print(&verdict)?;
    }
    Ok(output::exit(verdict.decision != Decision::NoAnswer))
}

fn print(verdict: &Verdict) -> std::io::Result<()> {
    match verdict.decision {
        Decision::Answer => {
            if let Some(best) = verdict.matches.first() {
                output::line(format_args!(
                    "{}  [{}, {:.2}]\n",
                    best.entry.question, best.entry.id, best.confidence
                ))?;
                output::line(best.entry.answer.markdown())?;
            }
        }
        Decision::Clarify => {
            output::line("您是不是想问：")?;
            list(verdict)?;
        }
        Decision::NoAnswer if verdict.matches.is_empty() => output::line("没有找到答案。")?,
        Decision::NoAnswer => {
            output::line("没有找到答案。最接近的问题：")?;
            list(verdict)?;
        }
    }
    Ok(())
}

fn list(verdict: &Verdict) -> std::io::Result<()> {
    for (rank, found) in verdict.matches.iter().enumerate() {
        let (entry, confidence) = (&found.entry, found.confidence);
        output::line(format_args!("{}. {}  [{}, {confidence:.2}]", rank + 1, entry.question, entry.id))?;
    }
    Ok(())
}
