//! Cross-validation by entry: all questions about an entry are in the same part.
//!
//! By question would be too kind: the questions about an entry resemble each other, so a fit that has seen nine of
//! them knows the tenth.

use std::collections::HashMap;

use super::Case;
use crate::faq::EntryId;

/// Parts that are held out in turn.
pub(super) const FOLDS: usize = 5;

/// Fixed, so that the same labels give the same fit.
const SEED: u64 = 20_240_601;

/// Which group and which part each case is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folds {
    /// Cases with the same number share entries, directly or through others.
    pub(super) groups: Vec<usize>,
    /// `0..FOLDS` for each case.
    pub(super) folds: Vec<usize>,
}

impl Folds {
    /// Splits `cases` into parts of about equal size, separately those with and those without an answer.
    pub(super) fn by_entry(cases: &[Case]) -> Self {
        let groups = groups(cases);
        let mut sizes = vec![0usize; groups.iter().max().map_or(0, |max| max + 1)];
        for &group in &groups {
            sizes[group] += 1;
        }
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        fastrand::Rng::with_seed(SEED).shuffle(&mut order);
        let mut answerable = vec![false; sizes.len()];
        for (case, &group) in cases.iter().zip(&groups) {
            answerable[group] = !case.relevant.is_empty();
        }
        let mut fold_of = vec![0; sizes.len()];
        let mut filled = [[0usize; FOLDS]; 2];
        for group in order {
            let filled = &mut filled[usize::from(answerable[group])];
            let smallest = (0..FOLDS).min_by_key(|&fold| filled[fold]).unwrap_or_default();
            filled[smallest] += sizes[group];
            fold_of[group] = smallest;
        }
        let folds = groups.iter().map(|&group| fold_of[group]).collect();
        Self { groups, folds }
    }
}

/// Numbers the connected components of "has an entry in common"; a case without entries is one of its own.
fn groups(cases: &[Case]) -> Vec<usize> {
    // Union-find: each points towards the first case of its component.
    let mut parents: Vec<usize> = (0..cases.len()).collect();
    let mut first_with: HashMap<&EntryId, usize> = HashMap::new();
    for (at, case) in cases.iter().enumerate() {
        for entry in &case.relevant {
            let other = *first_with.entry(entry).or_insert(at);
            let (a, b) = (root(&parents, at), root(&parents, other));
            parents[a.max(b)] = a.min(b);
        }
    }
    let mut numbers = HashMap::new();
    (0..cases.len())
        .map(|at| {
            let next = numbers.len();
            *numbers.entry(root(&parents, at)).or_insert(next)
        })
        .collect()
}

fn root(parents: &[usize], mut at: usize) -> usize {
    while parents[at] != at {
        at = parents[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rank::fit::Example;

    fn case(entries: &str) -> Case {
        let relevant = entries.split_whitespace().map(|id| id.parse().unwrap()).collect();
        Case { relevant, example: Example::default() }
    }

    #[test]
    fn questions_that_share_an_entry_stay_together_also_through_others() {
        let cases = ["a", "b", "a c", "", "c b", "d", ""].map(case);
        assert_eq!(groups(&cases), [0, 0, 0, 1, 0, 2, 3]);
        let folds = Folds::by_entry(&cases).folds;
        assert!(folds[0] == folds[1] && folds[1] == folds[2] && folds[2] == folds[4], "{folds:?}");
    }

    #[test]
    fn parts_are_of_about_equal_size_with_and_without_answers() {
        let cases: Vec<Case> = (0..300)
            .map(|i| case(&if i % 3 == 0 { String::new() } else { format!("e{}", i / 10) }))
            .collect();
        let folds = Folds::by_entry(&cases);
        assert_eq!(folds, Folds::by_entry(&cases));
        for fold in 0..FOLDS {
            let count = |answerable: bool| {
                let there = cases.iter().zip(&folds.folds).filter(|(_, f)| **f == fold);
                there.filter(|(case, _)| case.relevant.is_empty() != answerable).count()
            };
            assert_eq!(count(false), 20);
            assert!((34..=46).contains(&count(true)), "{}", count(true));
        }
    }

    #[test]
    fn no_case_is_no_problem() {
        assert!(Folds::by_entry(&[]).folds.is_empty());
    }
}
