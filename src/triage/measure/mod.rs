//! How good the triage of labelled tickets is: are the questions found, is each sent to the right entry, and are the
//! tickets told that a person must look at.

mod category;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::Path,
};

use serde::{Deserialize, Serialize};

pub use category::CategoryReport;

use super::{Field, Found, ReasonCode, Ticket, Triage, files};
use crate::{
    eval::dataset::{self, Error, Loaded, RowProblem},
    faq::EntryId,
    rank::Decision,
};

/// A ticket with what should be said of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledTicket {
    /// The ticket's id.
    pub id: String,
    /// The subject line.
    #[serde(default)]
    pub subject: Option<String>,
    /// What was written.
    #[serde(default)]
    pub body: String,
    /// How many files came along.
    #[serde(default)]
    pub attachments: usize,
    /// The questions in it.
    pub questions: Vec<LabelledQuestion>,
    /// Whether a person must look.
    pub needs_human: bool,
    /// Why, as far as its words tell.
    #[serde(default)]
    pub reasons: BTreeSet<ReasonCode>,
}

/// A question that should be found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledQuestion {
    /// Its words.
    pub text: String,
    /// First character in the body, and one past the last.
    pub chars: [usize; 2],
    /// The entry that answers it; absent when none does.
    pub entry: Option<EntryId>,
}

impl LabelledTicket {
    /// The ticket without its labels.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        Ticket {
            id: Some(self.id.clone()),
            subject: self.subject.clone(),
            body: self.body.clone(),
            attachments: self.attachments,
        }
    }
}

/// Reads labelled tickets: JSON Lines of [`LabelledTicket`].
///
/// # Errors
/// When the file cannot be read or holds no usable line.
pub fn read(path: &Path) -> Result<Loaded<LabelledTicket>, Error> {
    files::about_tickets(dataset::read_values(path, |_, value| {
        serde_json::from_value(value).map_err(|error| RowProblem::Ticket { reason: error.to_string() })
    }))
}

/// Counts of right and wrong, and what follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Found, and right.
    pub right: usize,
    /// Found.
    pub found: usize,
    /// To be found.
    pub wanted: usize,
}

impl Counts {
    /// Share of what was found that is right; 1 when nothing was found.
    #[must_use]
    pub fn precision(self) -> f64 {
        share(self.right, self.found)
    }

    /// Share of what was to be found that was found right; 1 when nothing was to be found.
    #[must_use]
    pub fn recall(self) -> f64 {
        share(self.right, self.wanted)
    }

    /// Harmonic mean of the two.
    #[must_use]
    pub fn f1(self) -> f64 {
        share(2 * self.right, self.found + self.wanted)
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl Serialize for Counts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { right, found, wanted } = *self;
        let numbers = serde_json::json!({
            "precision": self.precision(), "recall": self.recall(), "f1": self.f1(),
            "right": right, "found": found, "wanted": wanted,
        });
        numbers.serialize(serializer)
    }
}

/// What the triage of a labelled set came to.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    /// Tickets.
    pub tickets: usize,
    /// Questions found where they stand, whatever they were sent to.
    pub split: Counts,
    /// Questions found and sent to the right entry: it comes first and is answered or offered; for a question that no
    /// entry answers: not answered.
    pub questions: Counts,
    /// Tickets at which a person must look.
    pub needs_human: Counts,
    /// Each reason.
    pub reasons: BTreeMap<ReasonCode, Counts>,
}

impl Report {
    /// Compares what was said of tickets with what should have been.
    #[must_use]
    pub fn new(tickets: &[(LabelledTicket, Triage)]) -> Self {
        let mut report = Self { tickets: tickets.len(), ..Self::default() };
        for (wanted, triage) in tickets {
            report.add(wanted, triage);
        }
        report
    }

    fn add(&mut self, wanted: &LabelledTicket, triage: &Triage) {
        let in_body: Vec<&Found> =
            triage.questions.iter().filter(|question| question.field == Field::Body).collect();
        let mut taken = vec![false; in_body.len()];
        for counts in [&mut self.split, &mut self.questions] {
            counts.wanted += wanted.questions.len();
            counts.found += in_body.len();
        }
        for question in &wanted.questions {
            let free = in_body.iter().enumerate().filter(|(nth, _)| !taken[*nth]);
            let best = free.max_by_key(|(_, found)| overlap(question.chars, found.span.chars));
            let Some((nth, found)) = best else { continue };
            if 2 * overlap(question.chars, found.span.chars) > question.chars[1] - question.chars[0] {
                taken[nth] = true;
                self.split.right += 1;
                self.questions.right += usize::from(is_right(question, found));
            }
        }
        count(&mut self.needs_human, triage.needs_human, wanted.needs_human);
        let said: BTreeSet<ReasonCode> = triage.reasons.iter().map(|reason| reason.code).collect();
        for &code in said.union(&wanted.reasons) {
            let counts = self.reasons.entry(code).or_default();
            count(counts, said.contains(&code), wanted.reasons.contains(&code));
        }
    }

    /// The report for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{} tickets with {} questions\n", self.tickets, self.split.wanted);
        let mut line = |name: &str, counts: &Counts| {
            let Counts { right, found, wanted } = *counts;
            let (precision, recall, f1) = (counts.precision(), counts.recall(), counts.f1());
            let _ = writeln!(
                text,
                "{name:<34} precision {precision:.3}  recall {recall:.3}  F1 {f1:.3}  ({right} of {found} found, {wanted} wanted)"
            );
        };
        line("question found", &self.split);
        line("question found, right entry", &self.questions);
        line("needs a person", &self.needs_human);
        for (code, counts) in &self.reasons {
            line(&format!("  {}", code.as_str()), counts);
        }
        text.truncate(text.trim_end().len());
        text
    }
}

fn count(counts: &mut Counts, said: bool, wanted: bool) {
    counts.found += usize::from(said);
    counts.wanted += usize::from(wanted);
    counts.right += usize::from(said && wanted);
}

fn overlap(a: [usize; 2], b: [usize; 2]) -> usize {
    a[1].min(b[1]).saturating_sub(a[0].max(b[0]))
}

fn is_right(wanted: &LabelledQuestion, found: &Found) -> bool {
    match &wanted.entry {
        Some(entry) => {
            found.decision != Decision::NoAnswer
                && found.matches.first().is_some_and(|best| best.id == *entry)
        }
        None => found.decision != Decision::Answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{text::marks::MarkedSpan, triage::Band};

    fn wanted(questions: &[([usize; 2], Option<&str>)], reasons: &[ReasonCode]) -> LabelledTicket {
        let question = |&(chars, entry): &([usize; 2], Option<&str>)| LabelledQuestion {
            text: String::new(),
            chars,
            entry: entry.map(|id| id.parse().unwrap()),
        };
        LabelledTicket {
            id: "1".into(),
            subject: None,
            body: String::new(),
            attachments: 0,
            questions: questions.iter().map(question).collect(),
            needs_human: !reasons.is_empty(),
            reasons: reasons.iter().copied().collect(),
        }
    }

    fn triage(found: &[([usize; 2], Decision)], needs_human: bool) -> Triage {
        let question = |&(chars, decision): &([usize; 2], Decision)| Found {
            text: String::new(),
            field: Field::Body,
            span: MarkedSpan { bytes: chars, chars },
            decision,
            band: Band::from(decision),
            confidence: 0.5,
            matches: Vec::new(),
        };
        Triage {
            ticket_id: None,
            questions: found.iter().map(question).collect(),
            category: None,
            draft_reply: None,
            needs_human,
            reasons: Vec::new(),
            duplicate_of: None,
            text: String::new(),
            index_version: 1,
            model: String::new(),
        }
    }

    #[test]
    fn a_found_question_counts_once_and_only_where_it_stands() {
        let wanted = wanted(&[([0, 10], None), ([10, 20], None), ([30, 40], None)], &[ReasonCode::Complaint]);
        // The first two were taken for one question, the third was found half, the last is none.
        let found =
            [([0, 20], Decision::NoAnswer), ([30, 36], Decision::Answer), ([50, 60], Decision::NoAnswer)];
        let report = Report::new(&[(wanted, triage(&found, false))]);
        assert_eq!(report.split, Counts { right: 2, found: 3, wanted: 3 });
        assert_eq!(report.questions.right, 1, "what no entry answers must not be answered");
        assert_eq!(report.needs_human, Counts { right: 0, found: 0, wanted: 1 });
    }

    #[test]
    fn the_right_entry_must_come_first() {
        let wanted = wanted(&[([0, 10], Some("a"))], &[]);
        let report = Report::new(&[(wanted, triage(&[([0, 10], Decision::Answer)], false))]);
        assert_eq!((report.split.right, report.questions.right), (1, 0));
    }
}
