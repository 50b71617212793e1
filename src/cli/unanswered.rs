//! `dayi unanswered`: what people asked in vain, and what to do about it.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{Outcome, open, output};
use crate::{
    config::Config,
    editor,
    embed::Role,
    faq::{Entry, EntryId},
    learn::{
        self, Acceptance, GroupDecision, GroupFilter, GroupState, Grouping, Unanswered, UnansweredGroup,
        UnansweredPage,
    },
    store::{COMMAND_LINE, Store},
};

/// List the questions that got no good answer, grouped by meaning, those asked most first
///
/// Each group comes with its commonest wordings, the entries that are nearest today, and what the FAQ says to it today.
/// Questions are logged by `dayi serve`; see the settings `query_log` and `query_log_retention_days`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Only questions asked on or after this day count, such as 2026-01-31, or since a time, such as
    /// 2026-01-31T08:00:00+08:00
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Groups in this state
    #[arg(long, value_enum, default_value_t = State::Open)]
    state: State,
    /// Groups to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a group's question a similar question of an entry, or make a new entry with its answer
    Accept {
        /// The group's number
        group: i64,
        /// Id of the entry that answers it, or of the new one
        #[arg(long, value_name = "ID")]
        entry: EntryId,
        /// The question to add, instead of the wording in the middle of the group; may be repeated with an entry that
        /// is there
        #[arg(long, value_name = "TEXT")]
        question: Vec<String>,
        /// Make a new entry with this answer, Markdown
        #[arg(long, value_name = "TEXT")]
        answer: Option<String>,
    },
    /// Take a group off the list: it is not for the FAQ
    Ignore {
        /// The group's number
        group: i64,
    },
    /// Put a group on the list again
    Reopen {
        /// The group's number
        group: i64,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Open,
    Accepted,
    Ignored,
}

impl From<State> for GroupState {
    fn from(state: State) -> Self {
        match state {
            State::Open => Self::Open,
            State::Accepted => Self::Accepted,
            State::Ignored => Self::Ignored,
        }
    }
}

/// A time, or the beginning of a day in this machine's time zone.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    // Strictly: a time without a zone is not to be taken for its day.
    Date::strptime("%Y-%m-%d", text)
        .and_then(|day| day.to_zoned_datetime(TimeZone::system()))
        .map(|begin| begin.timestamp())
        .map_err(|_| {
            "expected a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00+08:00".to_owned()
        })
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    let mut store = Store::open(&config.data)?;
    match &args.action {
        Some(Action::Accept { group, entry, question, answer }) => {
            accept(&mut store, *group, acceptance(entry, question, answer.as_deref()))
        }
        Some(Action::Ignore { group }) => decide(&mut store, *group, GroupState::Ignored, None),
        Some(Action::Reopen { group }) => decide(&mut store, *group, GroupState::Open, None),
        None => list(args, &mut store, config),
    }
}

fn acceptance(entry: &EntryId, questions: &[String], answer: Option<&str>) -> Acceptance {
    match answer {
        None => Acceptance::Similar {
            entry: entry.clone(),
            questions: (!questions.is_empty()).then(|| questions.to_vec()),
        },
        Some(answer) => {
            let mut questions = questions.iter().cloned();
            let question = questions.next().unwrap_or_default();
            Acceptance::New(Box::new(Entry {
                similar: questions.collect(),
                ..Entry::new(entry.clone(), question, answer)
            }))
        }
    }
}

fn accept(store: &mut Store, group: i64, acceptance: Acceptance) -> Outcome {
    let change = learn::accept(store, group, acceptance)?;
    if let Some(edit) = change.edit {
        let problems = edit.entry().map(|entry| editor::check(0, entry)).unwrap_or_default();
        if let Some(problem) = problems.first() {
            return Err(problem.to_string().into());
        }
        store.edit(&[edit], COMMAND_LINE)?;
    }
    // Before anything is said of it: nobody may be listening.
    let outcome = decide(store, group, GroupState::Accepted, Some(change.entry.clone()))?;
    for question in &change.added {
        output::line(format_args!("{}: added {question}", change.entry))?;
    }
    Ok(outcome)
}

fn decide(store: &mut Store, group: i64, state: GroupState, entry: Option<EntryId>) -> Outcome {
    let decision = GroupDecision { group, state, entry, by: COMMAND_LINE.to_owned() };
    if !store.decide_group(&decision, Timestamp::now())? {
        return Err(format!("there is no group {group}: `dayi unanswered` lists them").into());
    }
    Ok(ExitCode::SUCCESS)
}

fn list(args: &Args, store: &mut Store, config: &Config) -> Outcome {
    let embedder = open::model(config)?;
    let (snapshot, _) = open::snapshot(store, embedder.as_ref(), config, Some(&config.data))?;
    let similarity = config.learn.unanswered_similarity;
    let grouping = Grouping { embedder: embedder.as_ref(), snapshot: &snapshot, similarity };
    while grouping.step(store)? {}
    let filter = GroupFilter { state: args.state.into(), since: args.since, offset: 0, limit: args.limit };
    let found = Unanswered::read(store, &filter)?;
    let mut verdicts = Vec::new();
    for query in found.queries() {
        let embedded = embedder.embed_tokens(&[snapshot.model_text(&query.text).as_str()], Role::Query)?;
        verdicts.push(snapshot.verdict(&query, &embedded[0])?);
    }
    let page = found.settle(&verdicts);
    if args.json {
        output::json(&page)?;
    } else {
        print(&page)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(page: &UnansweredPage) -> std::io::Result<()> {
    for group in &page.groups {
        print_group(group)?;
    }
    output::line(format_args!("{} of {} groups", page.groups.len(), page.total))
}

fn print_group(group: &UnansweredGroup) -> std::io::Result<()> {
    let UnansweredGroup { id, asked, wordings, last_asked, .. } = group;
    let day = TimeZone::system().to_datetime(*last_asked).date();
    let back = if group.came_back { ", came back" } else { "" };
    output::line(format_args!("{id}. asked {asked} times in {wordings} wordings, last on {day}{back}"))?;
    for example in &group.examples {
        output::line(format_args!("   {}× {}", example.asked, example.text))?;
    }
    match group.nearest.first() {
        Some(near) => output::line(format_args!(
            "   today {}: {} [{}, {:.2}]\n",
            group.decision.as_str(),
            near.question,
            near.id,
            near.confidence
        )),
        None => output::line(format_args!("   today {}\n", group.decision.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_from_its_beginning_and_a_time_as_it_is() {
        let day: Date = "2026-01-31".parse().unwrap();
        let begin = day.to_zoned_datetime(TimeZone::system()).unwrap().timestamp();
        assert_eq!(moment("2026-01-31"), Ok(begin));
        let time: Timestamp = "2026-01-31T00:30:00Z".parse().unwrap();
        for text in ["2026-01-31T00:30:00Z", "2026-01-31T08:30:00+08:00"] {
            assert_eq!(moment(text), Ok(time), "{text}");
        }
    }

    #[test]
    fn what_is_neither_a_day_nor_a_time_is_refused_with_an_example() {
        for text in ["", "yesterday", "2026-01-31 08:30", "2026-02-30", "2026-01"] {
            assert!(moment(text).unwrap_err().contains("2026-01-31"), "{text}");
        }
    }
}
