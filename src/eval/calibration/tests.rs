use proptest::prelude::*;

use super::*;
use crate::eval::fixture::series;

fn predictions(tied: bool) -> Vec<Prediction> {
    series(tied).into_iter().map(|(confidence, right)| Prediction { confidence, right }).collect()
}

fn split(predictions: &[Prediction]) -> (Vec<f64>, Vec<f64>) {
    let of = |right| predictions.iter().filter(|p| p.right == right).map(|p| p.confidence).collect();
    (of(true), of(false))
}

fn close(actual: Option<f64>, expected: f64) {
    assert!((actual.unwrap() - expected).abs() < 1e-12, "expected {expected}, got {actual:?}");
}

/// Expected values: scikit-learn 1.9, `roc_auc_score(right, confidence)` over [`series`].
#[test]
fn auc_matches_scikit_learn_with_and_without_ties() {
    let (right, wrong) = split(&predictions(false));
    close(auc(&right, &wrong), 0.735_491_071_428_571_5);
    let (right, wrong) = split(&predictions(true));
    close(auc(&right, &wrong), 0.731_026_785_714_285_7);
}

#[test]
fn auc_of_equal_scores_is_a_half_and_of_separated_ones_is_one() {
    close(auc(&[0.5, 0.5], &[0.5]), 0.5);
    close(auc(&[0.9, 0.8], &[0.1, 0.7]), 1.0);
}

/// Expected value: scikit-learn 1.9, `brier_score_loss(right, confidence)`.
#[test]
fn brier_score_matches_scikit_learn() {
    close(brier(&predictions(false)), 0.215_570_368_918_079_87);
}

/// Expected value: numpy 2.4, confidences put into bins by `np.digitize(c, np.linspace(0, 1, 16)[1:-1])`, then the
/// weighted mean of `|mean confidence - accuracy|`.
#[test]
fn ece_matches_numpy() {
    close(ece(&predictions(false)), 0.128_052_805_280_528);
}

/// Expected values: a search over all thresholds in Python, `wrong / answered <= share`.
#[test]
fn coverage_matches_a_search_over_all_thresholds() {
    for (share, plain, tied) in
        [(0.05, 9.0 / 60.0, 4.0 / 60.0), (0.1, 10.0 / 60.0, 10.0 / 60.0), (0.2, 23.0 / 60.0, 22.0 / 60.0)]
    {
        close(coverage_at(share, &predictions(false)), plain);
        close(coverage_at(share, &predictions(true)), tied);
    }
}

#[test]
fn confidence_one_falls_into_the_last_bin() {
    let bins = reliability(&[Prediction { confidence: 1.0, right: true }]);
    assert_eq!(bins.len(), BINS);
    assert_eq!(bins.last().map(|bin| bin.count), Some(1));
}

#[test]
fn coverage_is_zero_when_the_most_confident_answer_is_wrong_and_few_follow() {
    let p = |confidence, right| Prediction { confidence, right };
    assert_eq!(coverage_at(0.05, &[p(0.9, false), p(0.5, true)]), Some(0.0));
}

#[test]
fn nothing_has_no_calibration() {
    assert_eq!((ece(&[]), brier(&[]), coverage_at(0.05, &[])), (None, None, None));
    assert_eq!((auc(&[], &[0.5]), auc(&[0.5], &[])), (None, None));
    assert_eq!(wrong_answer_rate(std::iter::empty()), None);
    assert!(risk_coverage(&[]).is_empty());
    assert!(reliability(&[]).iter().all(|bin| bin.accuracy.is_none()));
}

#[test]
fn wrong_answers_are_counted_over_answers_alone() {
    close(wrong_answer_rate([true, true, false, true].into_iter()), 0.25);
}

fn any_predictions() -> impl Strategy<Value = Vec<Prediction>> {
    // A coarse grid makes ties frequent.
    prop::collection::vec((0_u8..=20, any::<bool>()), 1..60).prop_map(|rows| {
        rows.into_iter()
            .map(|(level, right)| Prediction { confidence: f64::from(level) / 20.0, right })
            .collect()
    })
}

proptest! {
    #[test]
    fn auc_is_symmetric_and_equals_the_count_of_won_comparisons(p in any_predictions()) {
        let (right, wrong) = split(&p);
        let forward = auc(&right, &wrong);
        prop_assert_eq!(forward.is_none(), right.is_empty() || wrong.is_empty());
        if let (Some(forward), Some(backward)) = (forward, auc(&wrong, &right)) {
            let won: f64 = right.iter().flat_map(|a| wrong.iter().map(move |b| match a.total_cmp(b) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            })).sum();
            prop_assert!((forward + backward - 1.0).abs() < 1e-9);
            prop_assert!((forward - won / (right.len() * wrong.len()) as f64).abs() < 1e-9);
        }
    }

    #[test]
    fn calibration_stays_within_bounds_and_order_does_not_matter(p in any_predictions(), turn in 0_usize..60) {
        let all = |p: &[Prediction]| [ece(p), brier(p), coverage_at(WRONG_SHARE, p)].map(Option::unwrap);
        let mut turned = p.clone();
        turned.rotate_left(turn % p.len());
        for (a, b) in all(&p).into_iter().zip(all(&turned)) {
            prop_assert!((0.0..=1.0).contains(&a) && (a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn coverage_only_grows_along_the_tradeoff_and_ends_at_everything(p in any_predictions()) {
        let curve = risk_coverage(&p);
        prop_assert!(curve.windows(2).all(|w| w[0].coverage < w[1].coverage && w[0].threshold > w[1].threshold));
        let last = curve.last().unwrap();
        let wrong = p.iter().filter(|p| !p.right).count() as f64 / p.len() as f64;
        prop_assert!((last.coverage - 1.0).abs() < 1e-9 && (last.wrong_rate - wrong).abs() < 1e-9);
    }
}

#[test]
fn honest_confidences_show_an_error_that_falls_with_the_number_of_questions() {
    let honest = |count: usize| {
        let one = |i: usize| Prediction { confidence: (i as f64 + 0.5) / count as f64, right: false };
        ece_by_chance(&(0..count).map(one).collect::<Vec<_>>()).unwrap()
    };
    // A bin of n questions with confidence p is off by sqrt(2 p (1 - p) / (pi n)) on average.
    let bins = |count: f64| {
        let spread = |p: f64| (2.0 * p * (1.0 - p) / std::f64::consts::PI / (count / BINS as f64)).sqrt();
        (0..BINS).map(|bin| spread((bin as f64 + 0.5) / BINS as f64)).sum::<f64>() / BINS as f64
    };
    assert!((honest(150) - bins(150.0)).abs() < 0.01, "{} {}", honest(150), bins(150.0));
    assert!((honest(6000) - bins(6000.0)).abs() < 0.002, "{} {}", honest(6000), bins(6000.0));
    assert_eq!(ece_by_chance(&[]), None);
    let certain = [Prediction { confidence: 1.0, right: true }, Prediction { confidence: 0.0, right: true }];
    assert_eq!(ece_by_chance(&certain), Some(0.0), "certainty leaves nothing to chance");
}
