//! What an entry may look like that somebody writes by hand: limits on lengths and numbers.

use std::fmt;

use crate::{
    faq::{Entry, MAX_ANSWER_CHARS, MAX_PHRASINGS, MAX_QUESTION_CHARS},
    text::normalize::normalize,
};

/// Longest tag or name of a category, in characters.
const LABEL_CHARS: usize = 100;
/// Most tags, and most names in a category path.
const LABELS: usize = 50;

/// A field of an entry that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Which of the entries that came together, from 0.
    pub position: usize,
    /// JSON pointer into the entry.
    pub pointer: String,
    /// What is wrong and what is expected.
    pub detail: String,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.detail)
    }
}

/// Everything that is wrong with `entry`, the one at `position`.
#[must_use]
pub fn check(position: usize, entry: &Entry) -> Vec<FieldProblem> {
    let mut problems = Problems { position, found: Vec::new() };
    problems.question("/question", &entry.question);
    for (field, questions) in [("/similar", &entry.similar), ("/negative", &entry.negative)] {
        problems.count(field, questions.len(), MAX_PHRASINGS);
        for (nth, question) in questions.iter().enumerate() {
            problems.question(&format!("{field}/{nth}"), question);
        }
    }
    problems.length("/answer", entry.answer.markdown(), MAX_ANSWER_CHARS);
    for (field, labels) in [("/category", &entry.category), ("/tags", &entry.tags)] {
        problems.count(field, labels.len(), LABELS);
        for (nth, label) in labels.iter().enumerate() {
            problems.label(&format!("{field}/{nth}"), label);
        }
    }
    if let (Some(from), Some(until)) = (entry.valid_from, entry.valid_until)
        && until < from
    {
        problems.push("/valid_until", format!("must not be before valid_from, {from}, but is {until}"));
    }
    problems.found
}

struct Problems {
    position: usize,
    found: Vec<FieldProblem>,
}

impl Problems {
    fn push(&mut self, pointer: &str, detail: String) {
        self.found.push(FieldProblem { position: self.position, pointer: pointer.to_owned(), detail });
    }

    fn question(&mut self, pointer: &str, text: &str) {
        if normalize(text).is_blank() {
            self.push(pointer, "must say something: at least one letter, digit or character".to_owned());
        }
        self.length(pointer, text, MAX_QUESTION_CHARS);
    }

    fn label(&mut self, pointer: &str, text: &str) {
        if text.trim().is_empty() || text.contains(['/', '\n']) {
            self.push(pointer, "must be a name without '/' and line breaks, and not empty".to_owned());
        }
        self.length(pointer, text, LABEL_CHARS);
    }

    fn length(&mut self, pointer: &str, text: &str, most: usize) {
        let characters = text.chars().count();
        if characters > most {
            self.push(pointer, format!("has {characters} characters, at most {most} are allowed"));
        }
    }

    fn count(&mut self, pointer: &str, count: usize, most: usize) {
        if count > most {
            self.push(pointer, format!("holds {count}, at most {most} are allowed"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry::new("a".parse().unwrap(), "群能解散吗", "可以")
    }

    #[test]
    fn an_ordinary_entry_is_fine() {
        let entry = Entry {
            similar: vec!["怎么解散群".into()],
            category: vec!["客户联系".into(), "群聊".into()],
            valid_from: Some("2026-01-02".parse().unwrap()),
            valid_until: Some("2026-01-02".parse().unwrap()),
            ..entry()
        };
        assert_eq!(check(0, &entry), []);
        assert_eq!(check(0, &Entry { answer: crate::faq::Answer::default(), ..entry }), []);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let entry = Entry {
            question: "？ ".into(),
            similar: vec!["好".into(), "长".repeat(501)],
            negative: vec![String::new()],
            category: vec!["客户/群聊".into()],
            tags: vec!["标".into(); 51],
            valid_from: Some("2026-01-02".parse().unwrap()),
            valid_until: Some("2026-01-01".parse().unwrap()),
            ..Entry::new("a".parse().unwrap(), "", "答".repeat(100_001))
        };
        let problems = check(3, &entry);
        let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            ["/question", "/similar/1", "/negative/0", "/answer", "/category/0", "/tags", "/valid_until"]
        );
        assert!(problems.iter().all(|problem| problem.position == 3));
    }
}
