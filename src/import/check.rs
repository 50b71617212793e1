//! What every file is checked for, whatever its format: texts over the limits, and questions that stand there twice.

use std::collections::{HashMap, HashSet};

use super::{
    Import,
    report::{IssueKind, excerpt},
};
use crate::{
    faq::{Entry, EntryId, MAX_ANSWER_CHARS, MAX_PHRASINGS, MAX_QUESTION_CHARS},
    text::normalize::normalize,
};

/// Leaves out what is too long or there already, and names questions that are answered twice.
pub(super) fn check(import: &mut Import) {
    let mut first_places: HashMap<String, usize> = HashMap::with_capacity(import.entries.len());
    let mut left_out: HashSet<EntryId> = HashSet::new();
    for (position, entry) in import.entries.iter().enumerate() {
        let kind = over_a_limit(entry).or_else(|| {
            let first = *first_places.entry(question_key(entry)).or_insert(position);
            let first = import.entries.get(first).filter(|first| first.id != entry.id)?;
            let (question, first_line) = (entry.question.clone(), line(first).unwrap_or_default());
            // Who gave both a name of their own wants both.
            if first.answer == entry.answer && !import.named.contains(&entry.id) {
                Some(IssueKind::SameTwice { question, first_line })
            } else {
                Some(IssueKind::QuestionTwice { question, first_line })
            }
        });
        let Some(kind) = kind else { continue };
        let sheet = import.named_sheets.then(|| entry.source.as_ref()?.heading.clone()).flatten();
        let is_kept = matches!(kind, IssueKind::QuestionTwice { .. });
        import.report.push_in(sheet.as_deref(), line(entry), is_kept.then_some(&entry.id), kind);
        if !is_kept {
            left_out.insert(entry.id.clone());
        }
    }
    if !left_out.is_empty() {
        import.entries.retain(|entry| !left_out.contains(&entry.id));
        import.held_out.retain(|id| !left_out.contains(id));
    }
}

/// Under which two questions are the same: as the matcher compares them.
pub(super) fn question_key(entry: &Entry) -> String {
    let key = normalize(&entry.question).comparison_key();
    if key.is_empty() { entry.question.clone() } else { key }
}

fn line(entry: &Entry) -> Option<usize> {
    entry.source.as_ref()?.line
}

fn over_a_limit(entry: &Entry) -> Option<IssueKind> {
    let longest = |texts: &[String]| texts.iter().map(|text| text.chars().count()).max().unwrap_or_default();
    let (similar, negative) = (&entry.similar, &entry.negative);
    [
        (entry.question.chars().count(), MAX_QUESTION_CHARS, "characters in its question"),
        (longest(similar), MAX_QUESTION_CHARS, "characters in a similar question"),
        (longest(negative), MAX_QUESTION_CHARS, "characters in a negative question"),
        (entry.answer.markdown().chars().count(), MAX_ANSWER_CHARS, "characters in its answer"),
        (similar.len(), MAX_PHRASINGS, "similar questions"),
        (negative.len(), MAX_PHRASINGS, "negative questions"),
    ]
    .into_iter()
    .find(|(has, limit, _)| has > limit)
    .map(|(has, limit, what)| IssueKind::TooLong {
        question: excerpt(&entry.question),
        has,
        what,
        limit,
    })
}
