//! Percentile bootstrap: how much a number would move with other questions of the same kind.
//!
//! Questions are drawn with replacement, within each group, and the metric is taken again; the interval holds the
//! middle 95 % of [`RESAMPLES`] such values (Efron 1979). It covers the luck of the draw of *questions*, not of
//! entries. ECE is never negative, so noise can only raise it and its interval lies a little high.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How often the questions are drawn anew.
pub const RESAMPLES: usize = 1_000;

/// An arbitrary constant: the same questions and answers give the same intervals on every machine.
const SEED: u64 = 0x6461_7969;

/// A 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// 2.5th percentile.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// Where a resampling takes its draws from.
pub struct Draw(fastrand::Rng);

impl Draw {
    /// As many of `items` as there are, drawn with replacement.
    pub fn resample<'a, T>(&mut self, items: &'a [T]) -> Vec<&'a T> {
        (0..items.len()).map(|_| &items[self.0.usize(..items.len())]).collect()
    }
}

/// The intervals of `N` metrics that `measure` takes of one resampling. A metric that a resampling has no value
/// for is left out of it; one that never has a value has no interval.
pub fn intervals<const N: usize>(
    measure: impl Fn(&mut Draw) -> [Option<f64>; N] + Sync,
) -> [Option<Interval>; N] {
    let samples: Vec<[Option<f64>; N]> = (0..RESAMPLES as u64)
        .into_par_iter()
        .map(|index| measure(&mut Draw(fastrand::Rng::with_seed(SEED + index))))
        .collect();
    std::array::from_fn(|metric| {
        let mut values: Vec<f64> = samples.iter().filter_map(|sample| sample[metric]).collect();
        values.sort_unstable_by(f64::total_cmp);
        Some(Interval { low: quantile(0.025, &values)?, high: quantile(0.975, &values)? })
    })
}

/// Quantile with linear interpolation between the neighbours (type 7 of Hyndman and Fan).
fn quantile(share: f64, sorted: &[f64]) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::metrics::mean;

    /// Expected values: numpy 2.4, `np.percentile([1, 2, 4, 8, 16], [2.5, 97.5])`.
    #[test]
    fn quantiles_match_numpy() {
        let values = [1.0, 2.0, 4.0, 8.0, 16.0];
        assert!((quantile(0.025, &values).unwrap() - 1.1).abs() < 1e-12);
        assert!((quantile(0.975, &values).unwrap() - 15.2).abs() < 1e-12);
        assert_eq!(quantile(0.5, &[]), None);
    }

    fn of_mean(values: &[f64]) -> Option<Interval> {
        intervals(|draw| [mean(draw.resample(values).into_iter().copied())])[0]
    }

    /// For 100 coin flips with 80 heads the normal approximation gives 0.8 ± 1.96 · 0.04.
    #[test]
    fn the_interval_of_a_share_is_near_the_normal_approximation() {
        let flips: Vec<f64> = (0..100).map(|i| f64::from(i < 80)).collect();
        let interval = of_mean(&flips).unwrap();
        assert!((interval.low - 0.7216).abs() < 0.02, "{interval:?}");
        assert!((interval.high - 0.8784).abs() < 0.02, "{interval:?}");
    }

    #[test]
    fn the_same_questions_give_the_same_interval() {
        let values: Vec<f64> = (0..30).map(f64::from).collect();
        assert_eq!(of_mean(&values), of_mean(&values));
    }

    #[test]
    fn nothing_has_no_interval_and_a_constant_has_one_without_width() {
        assert_eq!(of_mean(&[]), None);
        assert_eq!(of_mean(&[0.25; 7]), Some(Interval { low: 0.25, high: 0.25 }));
    }
}
