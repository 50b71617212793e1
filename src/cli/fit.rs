//! `dayi fit`: labelled questions to a `ranker.json`.

use std::{
    error::Error,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Outcome, open, output, progress};
use crate::{
    config::Config,
    eval::dataset,
    faq::{Entry, EntryId},
    matcher::{RANKER_FILE, find_ranker, save_ranker},
    rank::{Ranker, Thresholds},
    text::normalize::normalize,
    training::{self, Comparison, Figures, OwnReport, Unseen, UnseenReport},
};

/// Fits calibration, thresholds and, where it helps, the order of entries to your own labelled questions.
///
/// Takes the questions that `dayi eval` takes: JSON Lines {"query", "relevant": [ids]}, CSV, TSV or XLSX (columns
/// 问题 and 期望条目); at least 50 questions about 15 entries. Near misses and out-of-scope questions count as wrong
/// whatever entry comes first: give them in about the share in which your users ask them.
///
/// Every figure is measured on questions about entries that were held out of the fit (5 parts in turn). Thresholds
/// are always chosen anew; calibration and order are replaced only when held-out questions get better by it. The
/// result goes to ranker.json in the data directory, where ask, serve and eval find it; remove that file to go
/// back to the shipped one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Questions with the entries that answer them
    #[arg(long, value_name = "FILE")]
    queries: PathBuf,
    /// Questions that look like an entry and ask something else
    #[arg(long, value_name = "FILE", conflicts_with = "unseen")]
    near_miss: Option<PathBuf>,
    /// Questions that have nothing to do with the FAQ
    #[arg(long, value_name = "FILE", conflicts_with = "unseen")]
    out_of_scope: Option<PathBuf>,
    /// Fit to these FAQ files instead of the data directory; needs --output
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "output")]
    faq: Vec<PathBuf>,
    /// Share of the automatic answers that may be wrong
    #[arg(long, value_name = "RATE", default_value_t = 0.05)]
    max_wrong_rate: f64,
    /// Write here instead of ranker.json in the data directory
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show what would change and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Fit everything from scratch for FAQs that nobody has seen, as the shipped weights were; needs a large FAQ
    /// with categories
    #[arg(long, requires = "faq")]
    unseen: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints: the report, and where the ranker went.
#[derive(Serialize)]
struct Printed<'a, R> {
    #[serde(flatten)]
    report: &'a R,
    written: Option<&'a Path>,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    let path = args.output.clone().unwrap_or_else(|| config.data.join(RANKER_FILE));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| args.output.is_some() && !folder.is_dir()) {
        return Err(format!("cannot write {}: {} is no folder", path.display(), folder.display()).into());
    }
    let open::Source { mut store, directory, files } = open::Source::open(&args.faq, config)?;
    files.tell();
    let today = jiff::ZonedDateTime::now().date();
    let entries: Vec<Entry> =
        store.entries()?.into_iter().filter(|entry| entry.is_active_on(today)).collect();
    let labels = labels(args, &entries)?;
    // What would be refused in the end is refused before the model is loaded.
    if args.unseen {
        training::unseen::check(&entries, args.max_wrong_rate)?;
    } else {
        training::own::check(labels.iter().map(|(_, relevant)| relevant.as_slice()), args.max_wrong_rate)?;
    }
    let made_by = made_by(args)?;

    let embedder = open::model(config)?;
    let embedder = embedder.as_ref();
    let embed = |model_text: &dyn Fn(&str) -> String| {
        let bar = progress::counter("questions", labels.len());
        let asked = training::embed(&labels, embedder, model_text, &|done| bar.set_position(done as u64));
        bar.finish_and_clear();
        asked
    };
    if args.unseen {
        let asked = embed(&|text| normalize(text).as_str().to_owned())?;
        let (params, progress) = (&config.index, &progress::Bars::default());
        let fit = Unseen { embedder, params, max_wrong_rate: args.max_wrong_rate, made_by, progress };
        let (ranker, report) = fit.fit(&entries, &asked)?;
        finish(args, &path, &ranker, &report, unseen_text(&report))
    } else {
        // Never an earlier fit of one's own: it would know the labels that it is judged by.
        let shipped = find_ranker(embedder.model(), None)?;
        let ranker = Arc::new(shipped.clone());
        let (snapshot, _) = open::snapshot_with(&mut store, embedder, config, directory, ranker)?;
        let asked = embed(&|text| snapshot.model_text(text))?;
        let cases = training::cases(&asked, &snapshot)?;
        let (ranker, report) = training::own::fit(&shipped, &cases, args.max_wrong_rate, made_by)?;
        finish(args, &path, &ranker, &report, own_text(&report))
    }
}

/// A labelled question: what is asked and what answers it.
type Label = (String, Vec<EntryId>);

/// All labelled questions, those that nothing answers with no entry.
fn labels(args: &Args, entries: &[Entry]) -> Result<Vec<Label>, Box<dyn Error>> {
    let questions = open::usable(dataset::read_questions(&args.queries)?, &args.queries);
    let labelled = open::usable(dataset::check_ids(questions, entries), &args.queries);
    if labelled.is_empty() {
        let queries = args.queries.display();
        return Err(format!("none of the entries expected in {queries} is in the FAQ").into());
    }
    let mut labels: Vec<_> =
        labelled.into_iter().map(|question| (question.query, question.relevant)).collect();
    for path in [&args.near_miss, &args.out_of_scope].into_iter().flatten() {
        let questions = open::usable(dataset::read_unanswerable(path)?, path);
        labels.extend(questions.into_iter().map(|question| (question.query, Vec::new())));
    }
    Ok(labels)
}

/// The command that makes the same file again, with a checksum of what it read.
fn made_by(args: &Args) -> std::io::Result<String> {
    let mut command = format!("dayi {} fit", env!("CARGO_PKG_VERSION"));
    let files = [
        ("--near-miss", args.near_miss.as_slice()),
        ("--out-of-scope", args.out_of_scope.as_slice()),
        ("--faq", &args.faq),
    ];
    let mut digest = Sha256::new();
    for (flag, paths) in [("--queries", std::slice::from_ref(&args.queries))].into_iter().chain(files) {
        for (nth, path) in paths.iter().enumerate() {
            let flag = if nth == 0 { format!(" {flag}") } else { String::new() };
            // Writing to a String cannot fail.
            let _ = write!(command, "{flag} {}", path.display());
            digest.update(std::fs::read(path)?);
        }
    }
    let unseen = if args.unseen { " --unseen" } else { "" };
    let _ = write!(command, "{unseen} --max-wrong-rate {} (data: sha256 ", args.max_wrong_rate);
    for byte in &digest.finalize()[..8] {
        let _ = write!(command, "{byte:02x}");
    }
    command.push(')');
    Ok(command)
}

fn finish(args: &Args, path: &Path, ranker: &Ranker, report: &impl Serialize, text: String) -> Outcome {
    let written = if args.dry_run {
        None
    } else {
        save_ranker(ranker, path)?;
        Some(path)
    };
    if args.json {
        output::json(&Printed { report, written })?;
    } else {
        output::line(text)?;
        match written {
            Some(path) => output::line(format_args!("written: {}", path.display()))?,
            None => output::line("nothing written (--dry-run)")?,
        }
    }
    if written.is_some() && args.output.is_none() {
        output::note("A service that is running goes on with the old one until it is started again.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads one figure of several.
type Figure = fn(&Figures) -> f64;

fn own_text(report: &OwnReport) -> String {
    let OwnReport { questions, entries, unanswerable, max_wrong_rate, order, calibration, figures, .. } =
        report;
    let Comparison { before, after } = figures;
    let mut text = format!(
        "{questions} questions about {entries} entries, {unanswerable} that nothing answers; measured on entries held \
         out of the fit\n\n{:<34}{:>8}{:>8}\n",
        "", "shipped", "fitted"
    );
    let allowed = format!("coverage at {} wrong answers", percent(*max_wrong_rate));
    let rows: [(&str, Figure); 6] = [
        ("Hit@1", |f| f.hit_at_1),
        ("calibration error (ECE)", |f| f.ece),
        ("… of honest confidences", |f| f.ece_by_chance),
        (&allowed, |f| f.coverage),
        ("answered at the thresholds", |f| f.answered),
        ("wrong answers among those", |f| f.wrong_answer_rate),
    ];
    for (name, figure) in rows {
        let _ = writeln!(text, "{name:<34}{:>8.3}{:>8.3}", figure(before), figure(after));
    }
    if let (Some(before), Some(after)) = (before.unanswerable_answered, after.unanswerable_answered) {
        let _ = writeln!(text, "{:<34}{before:>8.3}{after:>8.3}", "unanswerable ones answered");
    }
    let verdict = |replaced: bool| if replaced { "replaced" } else { "kept as shipped" };
    let _ = write!(
        text,
        "\norder:       {} (Hit@1 of held-out questions {:.3}, with weights of your own {:.3})\n\
         calibration: {} (log loss of held-out questions {:.4}, with one of your own {:.4})\n\
         thresholds:  {}, were {}",
        verdict(order.replaced),
        order.before,
        order.after,
        verdict(calibration.replaced),
        calibration.before,
        calibration.after,
        thresholds(report.thresholds),
        thresholds(report.thresholds_before),
    );
    if *unanswerable == 0 {
        text.push_str(
            "\n\nNo question without an answer was given: the rates hold for questions that the FAQ answers, and \
             the answer threshold stays at or above the shipped one. Give --near-miss or --out-of-scope to have the \
             others counted.",
        );
    }
    text
}

fn unseen_text(report: &UnseenReport) -> String {
    let mut text = format!(
        "{} questions about {} entries; measured on categories held out of the fit\n\n{:<24}{:>10}{:>8}{:>8}\n",
        report.questions, report.entries, "categories", "questions", "dense", "Hit@1"
    );
    for view in &report.views {
        let _ = writeln!(
            text,
            "{:<24}{:>10}{:>8.3}{:>8.3}",
            view.categories.join(" + "),
            view.questions,
            view.dense_hit_at_1,
            view.hit_at_1
        );
    }
    let _ = write!(
        text,
        "\ncalibration error (ECE): {:.4}\nanswered: {:.3} (at best {:.3}), of questions without an answer {:.3}\n\
         thresholds: {}",
        report.ece,
        report.answered,
        report.coverage,
        report.held_out_answered,
        thresholds(report.thresholds)
    );
    text
}

fn thresholds(Thresholds { answer, clarify }: Thresholds) -> String {
    format!("answer from {answer:.3}, ask back from {clarify:.3}")
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1000.0).round() / 10.0)
}
