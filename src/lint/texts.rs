//! The checks that need no model: what is empty, repeated, or asked word for word by two entries.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Finding, problem::Problem};
use crate::{
    faq::{Answer, Entry},
    text::{
        contrast,
        filler::core,
        normalize::{comparison_key, normalize},
        overlap::{Bigrams, letters},
    },
};

/// Answers are nearly the same from this Dice coefficient of their bigrams on: one word in ten may differ.
const SAME_ANSWER: f32 = 0.9;

/// What is wrong with an entry by itself.
pub(super) fn of_entry(entry: &Entry) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut keys = HashSet::new();
    let question = normalize(&entry.question);
    if question.is_blank() {
        problems.push(Problem::BlankQuestion { text: entry.question.clone() });
    }
    keys.insert(question.comparison_key());
    for text in &entry.similar {
        let similar = normalize(text);
        if similar.is_blank() {
            problems.push(Problem::BlankSimilar { text: text.clone() });
        } else if !keys.insert(similar.comparison_key()) {
            problems.push(Problem::RepeatedSimilar { text: text.clone() });
        }
    }
    for text in &entry.negative {
        let negative = normalize(text);
        if !negative.is_blank() && keys.contains(&negative.comparison_key()) {
            problems.push(Problem::OwnNegative { text: text.clone() });
        }
    }
    problems
}

/// The entries without an answer; one finding when it is all of them.
pub(super) fn unanswered(entries: &[Entry]) -> Vec<Finding> {
    let without: Vec<&Entry> = entries.iter().filter(|entry| entry.answer.is_empty()).collect();
    if without.len() > 1 && without.len() == entries.len() {
        return vec![Finding::new(&[], Problem::NoAnswers { entries: entries.len() })];
    }
    without.into_iter().map(|entry| Finding::new(&[entry], Problem::NoAnswer)).collect()
}

/// Two entries that ask the same, by their positions.
pub(super) struct AskedTwice {
    /// The lower position first.
    pub pair: (usize, usize),
    pub problem: Problem,
}

/// Every pair of entries with a question in common, polite words aside; each pair once.
pub(super) fn asked_twice(entries: &[&Entry]) -> Vec<AskedTwice> {
    let mut askers: HashMap<String, Vec<usize>> = HashMap::new();
    let mut pairs: BTreeMap<(usize, usize), Problem> = BTreeMap::new();
    for (position, entry) in entries.iter().enumerate() {
        for text in entry.phrasings() {
            let normalized = normalize(text);
            if normalized.is_blank() {
                continue;
            }
            let known = askers.entry(comparison_key(core(&normalized).text)).or_default();
            // Compared with the first asker alone: a question that a hundred entries have is not 4,950 findings.
            if let Some(&first) = known.first()
                && first != position
            {
                let same = same_answer(&entries[first].answer, &entry.answer);
                pairs.entry((first, position)).or_insert_with(|| {
                    let text = text.to_owned();
                    if same { Problem::AskedTwice { text } } else { Problem::TwoAnswers { text } }
                });
            }
            known.push(position);
        }
    }
    pairs.into_iter().map(|(pair, problem)| AskedTwice { pair, problem }).collect()
}

/// Whether two answers say the same in nearly the same words and show the same pictures. Two missing answers do not:
/// nobody knows what they would say.
pub(super) fn same_answer(a: &Answer, b: &Answer) -> bool {
    if a.is_empty() || a.markdown() == b.markdown() {
        return !a.is_empty();
    }
    let (text_a, text_b) = (a.plain_text(), b.plain_text());
    let (text_a, text_b) = (normalize(&text_a), normalize(&text_b));
    let pictures = |answer: &Answer| answer.images().into_iter().map(|image| image.src).collect::<Vec<_>>();
    let same_words = text_a.comparison_key() == text_b.comparison_key() || {
        let bigrams = |text: &str| Bigrams::of(&letters(text));
        // 99 元 and 199 元 are two answers, however long the rest is.
        contrast::difference(text_a.as_str(), text_b.as_str()).count() == 0
            && bigrams(text_a.as_str()).dice(&bigrams(text_b.as_str())) >= SAME_ANSWER
    };
    same_words && pictures(a) == pictures(b)
}
