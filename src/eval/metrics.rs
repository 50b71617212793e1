//! Ranking metrics over answerable questions, and latency percentiles. Plain functions of plain numbers.
//!
//! Every metric of nothing is `None`: an empty group has no hit rate, not one of zero.

use std::{cmp::Ordering, time::Duration};

use super::outcome::{DEPTH, Outcome};

/// What the ranking metrics need of one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Rank, from 1, of the first right entry within the first [`DEPTH`].
    pub rank: Option<usize>,
    /// Normalised discounted cumulative gain of the first [`DEPTH`].
    pub ndcg: f64,
    /// Which entries the question belongs to, as small numbers that the caller gives out.
    pub entries: Vec<usize>,
}

/// Share of questions with a right entry among the first `k`.
#[must_use]
pub fn hit_at(k: usize, ranks: &[Option<usize>]) -> Option<f64> {
    mean(ranks.iter().map(|rank| f64::from(rank.is_some_and(|rank| rank <= k))))
}

/// Mean reciprocal rank of the first right entry; 0 for a question without one in the first [`DEPTH`].
#[must_use]
pub fn mrr(ranks: &[Option<usize>]) -> Option<f64> {
    mean(ranks.iter().map(|rank| rank.map_or(0.0, |rank| 1.0 / rank as f64)))
}

/// Mean of [`ndcg_at_10`] over the questions.
#[must_use]
pub fn mean_ndcg(positions: &[&Position]) -> Option<f64> {
    mean(positions.iter().map(|position| position.ndcg))
}

/// Hit@1 as an entry sees it: the share of its questions with a right entry first, averaged over the entries that
/// have questions. An entry with one question weighs as much as an entry with a hundred. A question with several
/// right entries counts for each of them.
#[must_use]
pub fn macro_hit_at_1(positions: &[&Position]) -> Option<f64> {
    let size = positions.iter().flat_map(|position| &position.entries).max().map_or(0, |max| max + 1);
    let mut counts = vec![(0_u32, 0_u32); size];
    for position in positions {
        for &entry in &position.entries {
            counts[entry].0 += u32::from(position.rank == Some(1));
            counts[entry].1 += 1;
        }
    }
    mean(
        counts
            .into_iter()
            .filter(|&(_, asked)| asked > 0)
            .map(|(hits, asked)| f64::from(hits) / f64::from(asked)),
    )
}

/// nDCG@10 with gain 1 for a right entry and 0 for any other, discount log2(rank + 1), divided by the value of the
/// ideal order (Järvelin and Kekäläinen, 2002). 0 when the question has no right entry.
#[must_use]
pub fn ndcg_at_10(outcome: &Outcome) -> f64 {
    let discount = |index: usize| 1.0 / (index as f64 + 2.0).log2();
    let gain: f64 = outcome
        .ranking()
        .enumerate()
        .filter(|(_, ranked)| outcome.relevant.contains(&ranked.id))
        .map(|(index, _)| discount(index))
        .sum();
    let distinct =
        outcome.relevant.iter().enumerate().filter(|(i, id)| !outcome.relevant[..*i].contains(id)).count();
    let ideal: f64 = (0..distinct.min(DEPTH)).map(discount).sum();
    if ideal > 0.0 { gain / ideal } else { 0.0 }
}

/// The time, in milliseconds, that `percent` per cent of the calls stayed within: the nearest-rank percentile, so
/// always a time that was really measured.
#[must_use]
pub fn latency_percentile(percent: f64, sorted: &[Duration]) -> Option<f64> {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map(|took| took.as_secs_f64() * 1e3)
}

/// Whether two scores are equal, 0 and -0 included, so that nothing can rank one before the other.
pub(super) fn tied(a: f64, b: f64) -> bool {
    a.partial_cmp(&b).is_some_and(Ordering::is_eq)
}

/// Arithmetic mean; `None` of nothing.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eval::fixture::outcome;

    fn position(rank: Option<usize>, entries: &[usize]) -> Position {
        Position { rank, ndcg: 0.0, entries: entries.to_vec() }
    }

    #[test]
    fn hits_and_reciprocal_ranks_match_a_count_by_hand() {
        let ranks = [Some(1), Some(3), None, Some(5), Some(10)];
        assert_eq!(hit_at(1, &ranks), Some(0.2));
        assert_eq!(hit_at(3, &ranks), Some(0.4));
        assert_eq!(hit_at(5, &ranks), Some(0.6));
        let by_hand = (1.0 + 1.0 / 3.0 + 0.0 + 0.2 + 0.1) / 5.0;
        assert!((mrr(&ranks).unwrap() - by_hand).abs() < 1e-12);
    }

    #[test]
    fn macro_hit_rate_weighs_every_entry_alike() {
        // Entry 0: one of three questions right; entry 2: its only one right; entry 1 has no question.
        let positions =
            [position(Some(1), &[0]), position(None, &[0]), position(Some(2), &[0]), position(Some(1), &[2])];
        let by_hand = f64::midpoint(1.0 / 3.0, 1.0);
        let positions: Vec<&Position> = positions.iter().collect();
        assert!((macro_hit_at_1(&positions).unwrap() - by_hand).abs() < 1e-12);
    }

    #[test]
    fn nothing_has_no_metrics() {
        assert_eq!((hit_at(1, &[]), mrr(&[]), mean_ndcg(&[]), macro_hit_at_1(&[])), (None, None, None, None));
        assert_eq!(latency_percentile(95.0, &[]), None);
    }

    /// Expected values: scikit-learn 1.9, `ndcg_score([rel], [range(10, 0, -1)], k=10)` over ten documents.
    #[test]
    fn ndcg_matches_scikit_learn() {
        for (ranked, relevant, expected) in [
            ("a b c d e f g h i j", "c", 0.5),
            ("a b c d e f g h i j", "a d", 0.877_215_315_338_049_3),
            ("a b c d e f g h i j", "b e j", 0.613_275_676_935_665_6),
            ("a b c d e f g h i j", "a b c", 1.0),
        ] {
            let value = ndcg_at_10(&outcome(ranked, relevant, 0.5));
            assert!((value - expected).abs() < 1e-12, "{relevant}: {value}");
        }
    }

    #[test]
    fn an_entry_listed_twice_gains_once() {
        assert!((ndcg_at_10(&outcome("a a a", "a", 0.5)) - 1.0).abs() < 1e-12);
        assert_eq!(outcome("b b a", "a", 0.5).rank(), Some(2));
    }

    #[test]
    fn ndcg_of_a_question_without_right_entries_is_zero_not_nan() {
        assert!(ndcg_at_10(&outcome("a b", "", 0.5)).abs() < f64::EPSILON);
    }

    /// Expected values: numpy 2.4, `np.percentile(range(1, 21), p, method="inverted_cdf")`.
    #[test]
    fn latency_percentiles_are_times_that_were_measured() {
        let times: Vec<Duration> = (1..=20).map(Duration::from_millis).collect();
        for (percent, expected) in [(0.0, 1.0), (50.0, 10.0), (95.0, 19.0), (99.0, 20.0), (100.0, 20.0)] {
            assert_eq!(latency_percentile(percent, &times), Some(expected), "{percent}");
        }
    }

    proptest! {
        #[test]
        fn metrics_stay_within_bounds_and_order_does_not_matter(
            ranks in prop::collection::vec((prop::option::of(1_usize..=10), 0_usize..5), 1..40),
            turn in 0_usize..40,
        ) {
            let positions: Vec<Position> =
                ranks.iter().map(|&(rank, entry)| position(rank, &[entry])).collect();
            let mut turned: Vec<&Position> = positions.iter().collect();
            let all = |positions: &[&Position]| {
                let ranks: Vec<Option<usize>> = positions.iter().map(|position| position.rank).collect();
                let hits = [1, 3, 5].map(|k| hit_at(k, &ranks));
                [hits[0], hits[1], hits[2], mrr(&ranks), macro_hit_at_1(positions)]
            };
            let before = all(&turned);
            turned.rotate_left(turn % positions.len());
            for (a, b) in before.into_iter().zip(all(&turned)) {
                let (a, b) = (a.unwrap(), b.unwrap());
                prop_assert!((0.0..=1.0).contains(&a) && (a - b).abs() < 1e-9);
            }
            let [hit1, hit3, hit5, mrr, _] = before.map(Option::unwrap);
            prop_assert!(hit1 <= hit3 && hit3 <= hit5 && hit1 <= mrr);
        }
    }
}
