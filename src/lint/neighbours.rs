//! The checks by the model: the FAQ is asked each of its own questions with that question left out of it.
//!
//! What counts is what dayi would do. Without its own entry a question finds some other one; two entries are easily
//! taken for each other when each would then answer a question of the other. One that is only near to its neighbour,
//! while the neighbour is nearer to a third, is told apart, and so are opposites, which are never answered.

use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;

use super::{Finding, problem::Problem, texts::same_answer};
use crate::{
    faq::Entry,
    matcher::{SelfAsked, Snapshot, Winner},
    rank::Decision,
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

    let mut findings = Vec::new();
    let mut misplaced = HashSet::new();
    // By pair, lower position first, the worst mistake about each of the two.
    let mut pairs: BTreeMap<(usize, usize), [Option<Mistaken>; 2]> = BTreeMap::new();
    for ((entry, phrasing), asked) in phrasings.into_iter().zip(asked) {
        let Some(SelfAsked { winner, stand_in }) = asked else { continue };
        let pair = |by: &Winner| (entry.min(by.entry), entry.max(by.entry));
        if let Some(by) = winner.filter(|by| by.entry != entry && by.decision != Decision::NoAnswer) {
            if !known.contains(&pair(&by)) {
                findings.push(finds_other(entries, entry, Mistaken { phrasing, by }));
                misplaced.insert((entry, phrasing));
            }
        } else if let Some(by) =
            stand_in.filter(|by| by.decision == Decision::Answer && !known.contains(&pair(by)))
        {
            let worst = &mut pairs.entry(pair(&by)).or_default()[usize::from(entry > by.entry)];
            if worst.is_none_or(|worst| by.confidence > worst.by.confidence) {
                *worst = Some(Mistaken { phrasing, by });
            }
        }
    }
    // An entry that is only near to a misplaced phrasing of the other needs no second word.
    let counts = |mistaken: &Mistaken| !misplaced.contains(&(mistaken.by.entry, mistaken.by.phrasing));
    let pairs = pairs.into_iter().map(|(pair, mistakes)| (pair, mistakes.map(|it| it.filter(counts))));
    findings.extend(pairs.filter_map(|(pair, mistakes)| alike(entries, pair, mistakes)));
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

/// What there is to say of two entries with the worst mistake about each. Once is enough where they answer the same:
/// nobody loses by merging them.
fn alike(entries: &[&Entry], pair: (usize, usize), mistakes: [Option<Mistaken>; 2]) -> Option<Finding> {
    let same = same_answer(&entries[pair.0].answer, &entries[pair.1].answer);
    if !same && mistakes.iter().any(Option::is_none) {
        return None;
    }
    let known = [pair.0, pair.1].into_iter().zip(mistakes).filter_map(|(entry, it)| Some((entry, it?)));
    let (entry, mistaken) =
        known.rev().max_by(|(_, a), (_, b)| a.by.confidence.total_cmp(&b.by.confidence))?;
    let [text, other] = texts(entries, entry, mistaken);
    let confidence = mistaken.by.confidence;
    let problem = if same {
        Problem::NearDuplicate { text, other, confidence }
    } else {
        Problem::Confusable { text, other, confidence }
    };
    Some(Finding::new(&[entries[entry], entries[mistaken.by.entry]], problem))
}
