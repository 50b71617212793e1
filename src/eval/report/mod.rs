//! [`Report`]: the result of an evaluation, as it is printed, kept as a baseline and shown.
//!
//! This file owns the JSON contract and how a run becomes a report; `text`, `markdown` and `html` render it and
//! compute nothing of their own. Numbers that do not exist (an empty group) are `null`.

mod escape;
mod failures;
mod figures;
mod html;
mod html_tables;
mod markdown;
mod plots;
mod summary;
mod text;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    calibration::Prediction,
    outcome::{Group, Outcome, Ranked, Run},
};
use crate::{faq::EntryId, rank::policy::Decision};

pub(super) use escape::terminal;
pub use failures::{ConfusedPair, Failure, FailureKind, confused_pairs, failures};
pub use figures::{Figure, FigureKind};
pub use summary::{Calibration, Decisions, Latency, Order, Rejection, Setup, Summary};

/// How much of each ranked list a report keeps.
const KEPT: usize = 5;

/// The result of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The numbers.
    #[serde(flatten)]
    pub summary: Summary,
    /// Standard questions of the entries that `questions` names.
    #[serde(default)]
    pub entry_questions: BTreeMap<EntryId, String>,
    /// Every question with what became of it.
    #[serde(default)]
    pub questions: Vec<QuestionResult>,
}

/// One question and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionResult {
    /// Its kind.
    pub group: Group,
    /// What was asked.
    pub query: String,
    /// The entries that answer it.
    pub relevant: Vec<EntryId>,
    /// What was decided.
    pub decision: Decision,
    /// Rank, from 1, of the first right entry within the first ten.
    pub rank: Option<usize>,
    /// The first five entries found.
    pub ranked: Vec<Ranked>,
}

/// A report cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Writing failed.
    #[error("cannot write the report to {}", path.display())]
    Write {
        /// File or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Reading failed.
    #[error("cannot read the report {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The report cannot be put into JSON.
    #[error("cannot write the report as JSON")]
    Encode {
        /// What the serialiser says.
        source: serde_json::Error,
    },
    /// The file is no report.
    #[error("{} is no report of `dayi eval --report` (expected its report.json)", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// A plot cannot be drawn.
    #[error("cannot draw the plot {plot:?}: {reason}")]
    Plot {
        /// Which one.
        plot: FigureKind,
        /// What the plotter says.
        reason: String,
    },
}

impl Report {
    /// Measures `run`. Takes a thousand resamplings for the intervals, on all cores.
    #[must_use]
    pub fn new(run: &Run, setup: Setup<'_>) -> Self {
        let questions: Vec<QuestionResult> = Group::ALL
            .into_iter()
            .flat_map(|group| run.group(group).iter().map(move |outcome| QuestionResult::new(group, outcome)))
            .collect();
        let mentioned: BTreeSet<&EntryId> = questions
            .iter()
            .flat_map(|question| {
                question.relevant.iter().chain(question.ranked.iter().map(|ranked| &ranked.id))
            })
            .collect();
        let entry_questions = setup
            .entries
            .iter()
            .filter(|entry| mentioned.contains(&entry.id))
            .map(|entry| (entry.id.clone(), entry.question.clone()))
            .collect();
        Self { summary: Summary::new(run, setup), entry_questions, questions }
    }

    /// Reads the `report.json` of an earlier evaluation.
    ///
    /// # Errors
    /// When the file cannot be read or is no report.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        serde_json::from_slice(&text).map_err(|source| Error::Parse { path: path.to_owned(), source })
    }

    /// Writes `report.html`, `report.md` and `report.json` into `folder`, which is made when it is missing.
    ///
    /// # Errors
    /// When a plot cannot be drawn or a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Write { path, source }
        };
        // Rendered before anything is written: a failure leaves an older report whole.
        let files =
            [("report.html", self.html()?), ("report.md", self.markdown()), ("report.json", self.json()?)];
        fs::create_dir_all(folder).map_err(failed(folder))?;
        for (name, text) in files {
            let path = folder.join(name);
            fs::write(&path, text).map_err(failed(&path))?;
        }
        Ok(())
    }

    /// The whole report as JSON: what [`Report::read`] reads.
    ///
    /// # Errors
    /// Never with a report that was measured or read: its numbers are finite and its keys are texts.
    pub fn json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self).map_err(|source| Error::Encode { source })
    }

    /// The confidences that calibration is taken over.
    #[must_use]
    pub fn predictions(&self) -> Vec<Prediction> {
        self.questions
            .iter()
            .filter(|question| self.summary.pooled.contains(&question.group))
            .map(|question| Prediction { confidence: question.confidence(), right: question.rank == Some(1) })
            .collect()
    }

    /// The standard question of an entry, or its id where the FAQ does not have it.
    #[must_use]
    pub fn entry_question<'a>(&'a self, id: &'a EntryId) -> &'a str {
        self.entry_questions.get(id).map_or(id.as_str(), String::as_str)
    }
}

impl QuestionResult {
    fn new(group: Group, outcome: &Outcome) -> Self {
        Self {
            group,
            query: outcome.query.clone(),
            relevant: outcome.relevant.clone(),
            decision: outcome.decision,
            rank: outcome.rank(),
            ranked: outcome.ranking().take(KEPT).cloned().map(finite).collect(),
        }
    }

    /// Confidence in the first entry, within 0..=1; 0 when nothing was found.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.ranked.first().map_or(0.0, |first| f64::from(first.confidence))
    }
}

/// The name of a decision in reports.
pub(super) fn decision_label(decision: Decision) -> &'static str {
    match decision {
        Decision::Answer => "answer",
        Decision::Clarify => "clarify",
        Decision::NoAnswer => "no answer",
    }
}

/// JSON has no NaN: a confidence becomes what the metrics take it for, a score that is no number is left out.
fn finite(mut ranked: Ranked) -> Ranked {
    ranked.confidence = ranked.probability() as f32;
    ranked.scores.retain(|_, score| score.is_finite());
    ranked
}

#[cfg(test)]
mod tests;
