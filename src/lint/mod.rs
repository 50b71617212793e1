//! What is wrong with a FAQ before anybody asks it: [`check`] finds it, [`Report`] holds it.
//!
//! Owns the rules and their wording ([`Problem`]). Reads entries and a finished [`Snapshot`], changes nothing, and
//! embeds nothing: the vectors of the snapshot are enough. `dayi lint` is its caller.

mod neighbours;
mod problem;
#[cfg(test)]
mod tests;
mod texts;

use std::path::Path;

use serde::{Serialize, Serializer, ser::SerializeStruct};

pub use problem::Problem;

use crate::{
    faq::{Entry, EntryId},
    import::{self, ImportReport, Severity},
    matcher::Snapshot,
    vector::VectorError,
};

/// One thing to put right.
///
/// As JSON: `{"severity", "kind", "entries", "file", "line", "confidence", "message"}`, with `kind` a stable code such
/// as `two_answers`; `file`, `line` and `confidence` may be `null`.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The entries it is about: one, two, or none for a line that became no entry.
    pub entries: Vec<EntryId>,
    /// File of the first entry, if known.
    pub file: Option<String>,
    /// Line in that file, from 1.
    pub line: Option<usize>,
    /// What it is.
    pub problem: Problem,
}

impl Finding {
    fn new(entries: &[&Entry], problem: Problem) -> Self {
        let source = entries.first().and_then(|entry| entry.source.as_ref());
        Self {
            entries: entries.iter().map(|entry| entry.id.clone()).collect(),
            file: source.map(|source| source.file.clone()),
            line: source.and_then(|source| source.line),
            problem,
        }
    }
}

/// Everything that was found in a FAQ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// How many entries were checked.
    pub entries: usize,
    /// How many phrasings they have.
    pub phrasings: usize,
    /// How many findings are errors.
    pub errors: usize,
    /// How many are warnings.
    pub warnings: usize,
    /// Errors first, then what is certain, then the surest; equal ones as they stand in the FAQ.
    pub findings: Vec<Finding>,
}

impl Report {
    fn new(entries: &[Entry], mut findings: Vec<Finding>) -> Self {
        // What is certain has no confidence and counts as more than any.
        let sure = |finding: &Finding| finding.problem.confidence().unwrap_or(f32::INFINITY);
        findings.sort_by(|a, b| {
            let by_severity = b.problem.severity().cmp(&a.problem.severity());
            by_severity.then_with(|| sure(b).total_cmp(&sure(a)))
        });
        let errors = findings.iter().filter(|finding| finding.problem.severity() == Severity::Error).count();
        Self {
            entries: entries.len(),
            phrasings: entries.iter().map(|entry| entry.phrasings().count()).sum(),
            errors,
            warnings: findings.len() - errors,
            findings,
        }
    }
}

/// Where findings come from besides the entries themselves.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    /// What the import of the entries had to say.
    pub imports: &'a [&'a ImportReport],
    /// Where relative pictures are looked for; the import has checked them already when it ran just now.
    pub pictures: Option<&'a Path>,
    /// The data directory, which holds the pictures that came with an import.
    pub data: Option<&'a Path>,
}

/// Checks `entries`, of which `snapshot` holds those that are active today. Disabled entries are left in peace.
///
/// # Errors
/// When a stored vector is damaged.
pub fn check(entries: &[Entry], snapshot: &Snapshot, sources: &Sources<'_>) -> Result<Report, VectorError> {
    let enabled: Vec<Entry> = entries.iter().filter(|entry| entry.enabled).cloned().collect();
    let mut findings = imported(sources.imports);
    findings.extend(texts::unanswered(&enabled));
    for entry in &enabled {
        let problems = texts::of_entry(entry);
        let pictures = if sources.pictures.is_some() || sources.data.is_some() {
            import::check_pictures(&entry.answer, sources.pictures, sources.data)
        } else {
            Vec::new()
        };
        let pictures = pictures.into_iter().map(Problem::Import);
        findings.extend(problems.into_iter().chain(pictures).map(|problem| Finding::new(&[entry], problem)));
    }
    let active: Vec<&Entry> = snapshot.entries().map(AsRef::as_ref).collect();
    let twice = texts::asked_twice(&active);
    let known = twice.iter().map(|twice| twice.pair).collect();
    findings.extend(
        twice.into_iter().map(|texts::AskedTwice { pair: (a, b), problem }| {
            Finding::new(&[active[a], active[b]], problem)
        }),
    );
    findings.extend(neighbours::check(snapshot, &active, &known)?);
    Ok(Report::new(&enabled, findings))
}

fn imported(reports: &[&ImportReport]) -> Vec<Finding> {
    let findings = reports.iter().flat_map(|report| {
        // What is asked twice is found again below, with both of its entries.
        let news = report.issues.iter().filter(|issue| !issue.kind.is_asked_twice());
        news.map(|issue| Finding {
            entries: issue.entry.iter().cloned().collect(),
            file: Some(report.file.clone()),
            line: issue.line,
            problem: Problem::Import(issue.kind.clone()),
        })
    });
    findings.collect()
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Finding", 7)?;
        fields.serialize_field("severity", &self.problem.severity())?;
        fields.serialize_field("kind", self.problem.code())?;
        fields.serialize_field("entries", &self.entries)?;
        fields.serialize_field("file", &self.file)?;
        fields.serialize_field("line", &self.line)?;
        fields.serialize_field("confidence", &self.problem.confidence())?;
        fields.serialize_field("message", &self.problem.to_string())?;
        fields.end()
    }
}

/// `error two_answers (faq.md:3) a-1, a-2: …`
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let severity = match self.problem.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity} {}", self.problem.code())?;
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, " ({file}:{line})")?,
            (Some(file), None) => write!(f, " ({file})")?,
            (None, _) => {}
        }
        for (nth, id) in self.entries.iter().enumerate() {
            write!(f, "{}{id}", if nth == 0 { " " } else { ", " })?;
        }
        write!(f, ": {}", self.problem)
    }
}
