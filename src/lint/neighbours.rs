//! The checks by the model: the FAQ is asked each of its own questions with that question left out of it.
//!
//! Thresholds are the ranker's own, on its calibrated probability, so that "easily taken for" means what dayi would do.

use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;

use super::{Finding, problem::Problem, texts::same_answer};
use crate::{
    faq::Entry,
    matcher::{SelfAsked, Snapshot, Winner},
    text::{contrast, normalize::normalize},
    vector::VectorError,
};

/// A phrasing that is taken for one of another entry.
#[derive(Clone, Copy)]
struct Mistaken {
    phrasing: usize,
    by: Winner,
}

/// What the model finds among `entries`, those of `snapshot`. Pairs in `known`, lower position first, are left out:
/// something worse was said of them already.
pub(super) fn check(
    snapshot: &Snapshot,
    entries: &[&Entry],
    known: &HashSet<(usize, usize)>,
) -> Result<Vec<Finding>, VectorError> {
    let phrasings: Vec<(usize, usize)> = entries
        .iter()
        .enumerate()
        .flat_map(|(entry, it)| (0..it.phrasings().count()).map(move |phrasing| (entry, phrasing)))
        .collect();
    let asked: Vec<Option<SelfAsked>> = phrasings
        .par_iter()
        .map(|&(entry, phrasing)| snapshot.ask_itself(entry, phrasing))
        .collect::<Result<_, _>>()?;

    let thresholds = snapshot.ranker().thresholds;
    let mut findings = Vec::new();
    let mut misplaced = HashSet::new();
    let mut pairs: BTreeMap<(usize, usize), (usize, Mistaken)> = BTreeMap::new();
    for ((entry, phrasing), asked) in phrasings.into_iter().zip(asked) {
        let Some(SelfAsked { winner, stand_in }) = asked else { continue };
        let is_known = |by: &Winner| known.contains(&(entry.min(by.entry), entry.max(by.entry)));
        if let Some(by) = winner.filter(|by| by.entry != entry && by.confidence >= thresholds.clarify) {
            if !is_known(&by) {
                findings.push(finds_other(entries, entry, Mistaken { phrasing, by }));
                misplaced.insert((entry, phrasing));
            }
        } else if let Some(by) = stand_in.filter(|by| by.confidence >= thresholds.answer && !is_known(by)) {
            let worst = pairs
                .entry((entry.min(by.entry), entry.max(by.entry)))
                .or_insert((entry, Mistaken { phrasing, by }));
            if by.confidence > worst.1.by.confidence {
                *worst = (entry, Mistaken { phrasing, by });
            }
        }
    }
    // An entry that is only near to a misplaced phrasing of the other needs no second word.
    let pairs = pairs.into_values().filter(|(_, it)| !misplaced.contains(&(it.by.entry, it.by.phrasing)));
    findings.extend(pairs.map(|(entry, mistaken)| alike(entries, entry, mistaken)));
    Ok(findings)
}

fn texts(entries: &[&Entry], entry: usize, mistaken: Mistaken) -> [String; 2] {
    let text = |entry: usize, nth: usize| entries[entry].phrasings().nth(nth).unwrap_or_default().to_owned();
    [text(entry, mistaken.phrasing), text(mistaken.by.entry, mistaken.by.phrasing)]
}

fn finds_other(entries: &[&Entry], entry: usize, mistaken: Mistaken) -> Finding {
    let [text, other] = texts(entries, entry, mistaken);
    let confidence = mistaken.by.confidence;
    let both = [entries[entry], entries[mistaken.by.entry]];
    Finding::new(&both, Problem::FindsOther { text, other, confidence })
}

fn alike(entries: &[&Entry], entry: usize, mistaken: Mistaken) -> Finding {
    let [text, other] = texts(entries, entry, mistaken);
    let confidence = mistaken.by.confidence;
    let both = [entries[entry], entries[mistaken.by.entry]];
    let difference = contrast::difference(normalize(&text).as_str(), normalize(&other).as_str());
    let contrasts: Vec<&'static str> = difference.names().collect();
    let problem = if contrasts.is_empty() && same_answer(&both[0].answer, &both[1].answer) {
        Problem::NearDuplicate { text, other, confidence }
    } else {
        Problem::Confusable { text, other, confidence, contrasts }
    };
    Finding::new(&both, problem)
}
