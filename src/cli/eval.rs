//! `dayi eval`: labelled questions through the matcher, and what the evaluation makes of them.

use std::{
    collections::HashSet,
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use super::{Outcome, open, output, progress};
use crate::{
    config::Config,
    embed::{Embedder, Role},
    eval::{
        compare::Comparison,
        dataset::{self, Labelled, Loaded, Question},
        outcome::{self, Run},
        pairs::PairReport,
        report::{Report, Setup},
    },
    faq::EntryId,
    matcher::{self, Builder, Snapshot},
    text::normalize::normalize,
};

/// Measures accuracy, rejection, calibration and latency on labelled questions.
///
/// Questions come as JSON Lines {"query", "relevant": [ids]}, CSV, TSV or XLSX (columns 问题 and 期望条目). Exit
/// code 1: worse than --baseline by more than --tolerance.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Questions with the entries that answer them
    #[arg(long, value_name = "FILE", required_unless_present = "pairs")]
    queries: Option<PathBuf>,
    /// Evaluate these FAQ files instead of the data directory
    #[arg(long, value_name = "FILE", num_args = 1..)]
    faq: Vec<PathBuf>,
    /// Evaluate the FAQ of the data directory as it would be after publishing the draft
    #[arg(long, conflicts_with_all = ["faq", "pairs"])]
    draft: bool,
    /// Questions that look like an entry and ask something else
    #[arg(long, value_name = "FILE")]
    near_miss: Option<PathBuf>,
    /// Questions that have nothing to do with the FAQ
    #[arg(long, value_name = "FILE")]
    out_of_scope: Option<PathBuf>,
    /// Rank with this ranker.json instead of the one in the data directory or the model's folder
    #[arg(long, value_name = "FILE")]
    ranker: Option<PathBuf>,
    /// Pairs {"a", "b", "label"}: correlation of the model's similarity with the label
    #[arg(long, value_name = "FILE", conflicts_with_all = ["queries", "near_miss", "out_of_scope"])]
    pairs: Option<PathBuf>,
    /// Write report.html, report.md and report.json into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Compare with the report.json of an earlier run
    #[arg(long, value_name = "REPORT.JSON")]
    baseline: Option<PathBuf>,
    /// How much worse than the baseline a metric may be
    #[arg(long, value_name = "X", default_value_t = 0.0, requires = "baseline")]
    tolerance: f64,
    /// Print the metrics as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    // Read first: a typing error in a path should not cost the time of loading a model.
    let baseline = args.baseline.as_deref().map(Report::read).transpose()?;
    let embedder = open::model(config)?;
    match (&args.pairs, &args.queries) {
        (Some(pairs), _) => run_pairs(pairs, embedder.as_ref(), args.json),
        (None, Some(queries)) => {
            let report = evaluate(queries, args, embedder.as_ref(), config)?;
            finish(&report, baseline.as_ref(), args)
        }
        (None, None) => Err("name a file of labelled questions with --queries".into()),
    }
}

fn evaluate(
    queries: &Path,
    args: &Args,
    embedder: &dyn Embedder,
    config: &Config,
) -> Result<Report, Box<dyn Error>> {
    let questions = dataset::read_questions(queries)?;
    let near_miss = args.near_miss.as_deref().map(dataset::read_unanswerable).transpose()?;
    let out_of_scope = args.out_of_scope.as_deref().map(dataset::read_unanswerable).transpose()?;

    let open::Source { mut store, directory, files } = open::Source::open(&args.faq, config)?;
    files.tell();
    let held_out = files.held_out();
    let edition = if args.draft { store.drafted_edition()? } else { store.edition()? };
    let entries = edition.entries.clone();
    let ranker = match &args.ranker {
        Some(path) => matcher::read_ranker(path)?,
        None => matcher::find_ranker(embedder.model(), directory)?,
    };
    let (mut snapshot, built) =
        open::snapshot_with(&mut store, embedder, config, directory, Arc::new(ranker))?;
    let builder = Builder {
        embedder,
        ranker: snapshot.ranker().clone(),
        synonyms: snapshot.synonyms().clone(),
        params: &config.index,
        folder: None,
        progress: &(),
    };
    if args.draft {
        snapshot = builder.update(&snapshot, edition, snapshot.day(), &mut store)?.0;
    }

    let questions = open::usable(questions, queries);
    let labelled = open::usable(dataset::check_ids(questions, &entries), queries);
    if labelled.is_empty() {
        return Err(format!("none of the entries expected in {} is in the FAQ", queries.display()).into());
    }
    let asked = |path: &Option<PathBuf>, loaded: Option<Loaded<Question>>| -> Vec<Labelled> {
        let Some((path, loaded)) = path.as_deref().zip(loaded) else { return Vec::new() };
        let unanswerable =
            |question: Question| Labelled { row: question.row, query: question.query, relevant: Vec::new() };
        open::usable(loaded, path).into_iter().map(unanswerable).collect()
    };
    let mut run = Run {
        near_miss: ask(&asked(&args.near_miss, near_miss), "near misses", &snapshot, embedder)?,
        out_of_scope: ask(&asked(&args.out_of_scope, out_of_scope), "out of scope", &snapshot, embedder)?,
        answerable: ask(&labelled, "questions", &snapshot, embedder)?,
        ..Run::default()
    };
    if !held_out.is_empty() {
        let (held, rest) = split_held_out(labelled, &held_out);
        let kept = entries.iter().filter(|entry| !held_out.contains(&entry.id)).cloned().collect();
        let (reduced, _) = builder.build_entries(kept, &mut store)?;
        run.held_out = ask(&held, "held out", &reduced, embedder)?;
        run.held_out_control = ask(&rest, "the others", &reduced, embedder)?;
    }
    Ok(Report::new(&run, Setup { entries: &entries, model: &built.model, index: built.search }))
}

/// Questions whose entries are all held out, as unanswerable ones; and the others.
fn split_held_out(labelled: Vec<Labelled>, held_out: &HashSet<EntryId>) -> (Vec<Labelled>, Vec<Labelled>) {
    let (mut held, rest): (Vec<_>, Vec<_>) =
        labelled.into_iter().partition(|question| question.relevant.iter().all(|id| held_out.contains(id)));
    for question in &mut held {
        question.relevant.clear();
    }
    (held, rest)
}

/// Sends the questions through the matcher one by one, as they would come in service.
fn ask(
    questions: &[Labelled],
    what: &'static str,
    snapshot: &Snapshot,
    embedder: &dyn Embedder,
) -> Result<Vec<outcome::Outcome>, Box<dyn Error>> {
    let bar = progress::counter(what, questions.len());
    let mut outcomes = Vec::with_capacity(questions.len());
    for question in questions {
        let start = Instant::now();
        let text = snapshot.model_text(&question.query);
        let vectors = embedder.embed_tokens(&[text.as_str()], Role::Query)?;
        outcomes.push(outcome::Outcome::judge(question, snapshot, &vectors[0], start)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(outcomes)
}

fn finish(report: &Report, baseline: Option<&Report>, args: &Args) -> Outcome {
    if let Some(folder) = &args.report {
        report.write(folder)?;
        output::note(format_args!("report: {}", folder.join("report.html").display()));
    }
    if args.json {
        output::json(&report.summary)?;
    } else {
        output::line(report.text())?;
    }
    let Some(baseline) = baseline else { return Ok(ExitCode::SUCCESS) };
    let comparison = Comparison::new(baseline, report);
    output::note(comparison.text(args.tolerance));
    Ok(output::exit(comparison.regressions(args.tolerance).is_empty()))
}

fn run_pairs(path: &Path, embedder: &dyn Embedder, as_json: bool) -> Outcome {
    let pairs = open::usable(dataset::read_pairs(path)?, path);
    let bar = progress::counter("pairs", pairs.len());
    let mut scored = Vec::with_capacity(pairs.len());
    for chunk in pairs.chunks(64) {
        let texts: Vec<String> = chunk
            .iter()
            .flat_map(|pair| [&pair.a, &pair.b])
            .map(|text| normalize(text).as_str().to_owned())
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let vectors = embedder.embed(&texts, Role::Query)?;
        let similarities = vectors.chunks_exact(2).map(|pair| f64::from(pair[0].cosine(&pair[1])));
        scored.extend(similarities.zip(chunk).map(|(similarity, pair)| (similarity, pair.label)));
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    let report = PairReport::new(&scored);
    if as_json {
        output::json(&report)?;
    } else {
        output::line(report.text())?;
    }
    Ok(ExitCode::SUCCESS)
}
