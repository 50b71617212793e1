//! `dayi triage`: tickets in files, and what is to be done with each.

use std::{error::Error, fmt::Write, path::PathBuf, process::ExitCode, sync::Arc};

use tokio::runtime::Runtime;

use super::{Outcome, open, output, progress};
use crate::{
    config::Config,
    matcher::{self, Matcher},
    triage::{
        Band, Desk, Earlier, Example, Examples, Preset, Ticket, Triage,
        measure::{self, CategoryReport, Report},
        read_examples, read_tickets,
    },
};

/// Finds the questions of tickets, their answers, a category, and whether a person must look.
///
/// Tickets come as JSON Lines or JSON {"id", "subject", "body", "attachments"}, CSV, TSV or XLSX (columns 编号, 标题, 内容),
/// a mail (.eml), or a plain text with one ticket. Exit code 0: none needs a person; 1: some do; 2: a ticket could not be
/// read, and the others are printed all the same.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files with tickets
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Answer from these FAQ files instead of the data directory
    #[arg(long, value_name = "FILE", num_args = 1..)]
    faq: Vec<PathBuf>,
    /// The JSON is what this ticket system sends
    #[arg(long)]
    preset: Option<Preset>,
    /// Labelled tickets {"text", "label"}: the category is that of the nearest ones
    #[arg(long, value_name = "FILE")]
    examples: Option<PathBuf>,
    /// The tickets are labelled: print how well they are triaged; with --examples, how well they are categorised
    #[arg(long, conflicts_with = "preset")]
    eval: bool,
    /// Print JSON: with --eval the metrics, otherwise one line a ticket
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    match (args.eval, &args.examples) {
        (false, _) => triage(args, config),
        (true, None) => evaluate(args, config),
        (true, Some(_)) => evaluate_categories(args, config),
    }
}

fn triage(args: &Args, config: &Config) -> Outcome {
    let Inbox { tickets, unreadable } = Inbox::open(args);
    if tickets.is_empty() {
        return Err("there is no ticket that can be read, see above".into());
    }
    let office = Office::open(args, config)?;
    let mut needs_human = false;
    for ticket in &tickets {
        let triage = office.triage(ticket)?;
        needs_human |= triage.needs_human;
        if args.json {
            output::line(serde_json::to_string(&triage)?)?;
        } else {
            output::line(text(ticket, &triage))?;
        }
    }
    if unreadable {
        return Err("some tickets could not be read, see above; all others are done".into());
    }
    Ok(output::exit(!needs_human))
}

/// The tickets of all files.
#[derive(Default)]
struct Inbox {
    tickets: Vec<Ticket>,
    /// Whether there was more, which stderr names.
    unreadable: bool,
}

impl Inbox {
    /// What cannot be read keeps nothing else out: a ticket in another file may be urgent.
    fn open(args: &Args) -> Self {
        let mapping = args.preset.map(Preset::mapping);
        let mut inbox = Self::default();
        for path in &args.files {
            match read_tickets(path, mapping.as_ref()) {
                Ok(loaded) => {
                    inbox.unreadable |= !loaded.issues.is_empty();
                    inbox.tickets.extend(open::usable(loaded, path).into_iter().map(|row| row.ticket));
                }
                Err(error) => {
                    inbox.unreadable = true;
                    output::error(&error);
                }
            }
        }
        inbox
    }
}

fn evaluate(args: &Args, config: &Config) -> Outcome {
    let mut tickets = Vec::new();
    for path in &args.files {
        tickets.extend(open::usable(measure::read(path)?, path));
    }
    let office = Office::open(args, config)?;
    let bar = progress::counter("tickets", tickets.len());
    let mut triaged = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        let triage = office.triage(&ticket.ticket())?;
        triaged.push((ticket, triage));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let report = Report::new(&triaged);
    if args.json {
        output::json(&report)?;
    } else {
        output::line(report.text())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn evaluate_categories(args: &Args, config: &Config) -> Outcome {
    let mut tickets = Vec::new();
    for path in &args.files {
        tickets.extend(open::usable(read_examples(path)?, path));
    }
    let office = Office::open(args, config)?;
    let bar = progress::counter("tickets", tickets.len());
    let mut pairs = Vec::with_capacity(tickets.len());
    for Example { text: body, label } in tickets {
        let triage = office.triage(&Ticket { body, ..Ticket::default() })?;
        pairs.push((label, triage.category.map(|category| category.path.join("/")).unwrap_or_default()));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let report = CategoryReport::new(pairs.iter().map(|(wanted, got)| (wanted.as_str(), got.as_str())));
    if args.json {
        output::json(&report)?;
    } else {
        output::line(report.text())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What triages: the FAQ, a desk over it, and a runtime to ask in.
struct Office {
    runtime: Runtime,
    matcher: Arc<Matcher>,
    desk: Desk,
}

impl Office {
    fn open(args: &Args, config: &Config) -> Result<Self, Box<dyn Error>> {
        let examples = args
            .examples
            .as_deref()
            .map(|path| Ok::<_, Box<dyn Error>>(open::usable(read_examples(path)?, path)));
        let examples = examples.transpose()?;
        let matcher = open::matcher(&args.faq, config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let examples =
            examples.map(|examples| runtime.block_on(Examples::embed(&examples, &matcher))).transpose()?;
        Ok(Self { runtime, matcher, desk: Desk::new(examples, Earlier::default()) })
    }

    fn triage(&self, ticket: &Ticket) -> Result<Triage, matcher::Error> {
        self.runtime.block_on(self.desk.triage(&self.matcher, ticket))
    }
}

/// What a person wants to know of a ticket.
fn text(ticket: &Ticket, triage: &Triage) -> String {
    let name = ticket.id.as_deref().or(ticket.subject.as_deref()).unwrap_or("ticket");
    let person = if triage.needs_human { "needs a person" } else { "can be answered" };
    let mut text = format!("{name}: {person}");
    if let Some(category) = &triage.category {
        let _ = write!(text, "  [{}, {:.2}]", category.path.join("/"), category.confidence);
    }
    for reason in &triage.reasons {
        let evidence = reason.evidence.as_deref().unwrap_or_default();
        let _ = write!(text, "\n  ! {} {evidence}", reason.code.as_str());
    }
    if let Some(duplicate) = &triage.duplicate_of {
        let _ = write!(text, "\n  = {} ({:.2})", duplicate.ticket_id, duplicate.similarity);
    }
    for question in &triage.questions {
        let best = question.matches.first().filter(|_| question.band > Band::Low);
        let entry = best.map_or_else(|| "-".to_owned(), |best| format!("{} [{}]", best.question, best.id));
        let _ = write!(text, "\n  ? {} -> {entry} {:.2}", question.text, question.confidence);
    }
    text
}
