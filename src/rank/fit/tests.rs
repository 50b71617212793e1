use super::*;
use crate::{
    eval::calibration::{Prediction, ece},
    rank::{Thresholds, ranker::Head},
};

const ALL: [bool; Features::COUNT] = [true; Features::COUNT];

fn weights(dense: f32, query_tokens: f32, overlap: f32) -> Features {
    Features { dense, query_tokens, overlap, ..Features::default() }
}

/// Questions with `candidates` candidates of random features, of which one is right as `truth` makes it probable.
fn examples(count: usize, candidates: usize, truth: Features) -> Vec<Example> {
    let mut draw = fastrand::Rng::with_seed(7);
    let one = |_| {
        let features: Vec<Features> =
            (0..candidates).map(|_| weights(draw.f32(), draw.f32(), draw.f32())).collect();
        let powers: Vec<f32> = features.iter().map(|&row| truth.dot(row).exp()).collect();
        let mut ticket = draw.f32() * powers.iter().sum::<f32>();
        let drawn = powers.iter().position(|power| {
            ticket -= power;
            ticket <= 0.0
        });
        let right = (0..candidates).map(|at| Some(at) == drawn).collect();
        Example { features, wordings: vec![Wording::Other; candidates], right }
    };
    (0..count).map(one).collect()
}

fn fit(start: Features, fitted: [bool; Features::COUNT], pull: f64, examples: &[Example]) -> Features {
    OrderFit { start, fitted, pull }.fit(&examples.iter().collect::<Vec<_>>())
}

#[test]
fn planted_weights_are_recovered() {
    let truth = weights(6.0, 3.0, 0.5);
    let found = fit(Features::default(), ALL, 0.01, &examples(4000, 8, truth));
    for (found, planted) in found.to_array().iter().zip(truth.to_array()) {
        assert!((found - planted).abs() < 0.3, "{found} for {planted}");
    }
}

#[test]
fn a_feature_that_misleads_gets_weight_zero_and_no_less() {
    let found = fit(Features::default(), ALL, 0.01, &examples(1000, 8, weights(5.0, -4.0, 0.0)));
    assert_eq!(found.query_tokens.to_bits(), 0.0f32.to_bits());
    assert!(found.dense > 3.0, "{found:?}");
}

#[test]
fn a_weight_that_is_not_fitted_stays_and_counts() {
    let truth = weights(6.0, 3.0, 0.0);
    let examples = examples(4000, 8, truth);
    let only_dense = Features { dense: 1.0, ..Features::default() }.to_array().map(|x| x > 0.0);
    let found = fit(weights(0.0, 3.0, 0.0), only_dense, 0.01, &examples);
    assert!((found.query_tokens - 3.0).abs() < 1e-6 && (found.dense - 6.0).abs() < 0.3, "{found:?}");
    // Without the other weight the same data look noisier, and noise makes for smaller weights.
    let alone = fit(Features::default(), only_dense, 0.01, &examples);
    assert!(alone.dense < found.dense - 0.2, "{} and {}", alone.dense, found.dense);
}

#[test]
fn a_strong_pull_keeps_the_weights_and_a_few_questions_move_them_little() {
    let start = weights(2.0, 2.0, 2.0);
    let truth = weights(8.0, 0.5, 2.0);
    let distance = |pull| {
        let found = fit(start, ALL, pull, &examples(30, 8, truth));
        start.to_array().iter().zip(found.to_array()).map(|(a, b)| (a - b).abs()).sum::<f32>()
    };
    assert!(distance(1e9) < 1e-3);
    assert!(distance(20.0) < distance(0.1));
}

#[test]
fn several_right_candidates_and_questions_that_say_nothing_are_no_trouble() {
    let row = |dense| weights(dense, 0.0, 0.0);
    let features = vec![row(0.9), row(0.8), row(0.1)];
    let example = |right: [bool; 3], exact: [bool; 3]| Example {
        features: features.clone(),
        right: right.to_vec(),
        wordings: exact.map(|exact| if exact { Wording::Same } else { Wording::Other }).to_vec(),
    };
    let none = [false; 3];
    let nothing =
        [example(none, none), example([true; 3], none), example([true, false, false], [true, false, false])];
    assert_eq!(fit(row(2.0), ALL, 1.0, &nothing), row(2.0));
    assert_eq!(fit(row(2.0), ALL, 1.0, &[]), row(2.0));
    let found = fit(row(2.0), ALL, 1.0, &[example([true, true, false], none)]);
    assert!(found.dense > 2.0 && found.dense.is_finite(), "{found:?}");
}

/// Log-odds between -4 and 4 that claim `boldness` times as much as is true, and shift it.
fn outcomes(count: usize, boldness: f64, shift: f64, seed: u64) -> Vec<(f64, bool)> {
    let mut draw = fastrand::Rng::with_seed(seed);
    let one = |_| {
        let honest = draw.f64() * 8.0 - 4.0;
        (honest * boldness + shift, draw.f64() < 1.0 / (1.0 + (-honest).exp()))
    };
    (0..count).map(one).collect()
}

#[test]
fn platt_scaling_undoes_a_known_exaggeration() {
    let Platt { slope, offset } = Platt::fit(&outcomes(20_000, 2.0, 3.0, 1));
    assert!((slope - 0.5).abs() < 0.02 && (offset + 1.5).abs() < 0.08, "{slope} {offset}");
}

#[test]
fn calibration_makes_held_out_confidences_honest() {
    let error = |slope: f64, offset: f64| {
        let honest = |(logit, right): (f64, bool)| Prediction {
            confidence: 1.0 / (1.0 + (-(slope * logit + offset)).exp()),
            right,
        };
        ece(&outcomes(3000, 2.0, 3.0, 2).into_iter().map(honest).collect::<Vec<_>>()).unwrap()
    };
    let Platt { slope, offset } = Platt::fit(&outcomes(300, 2.0, 3.0, 1));
    let (before, after) = (error(1.0, 0.0), error(slope, offset));
    assert!(before > 0.1 && after < 0.04, "{before} {after}");
}

#[test]
fn platt_scaling_of_one_sided_or_no_outcomes_stays_finite() {
    for outcomes in
        [vec![], vec![(1.0, true)], vec![(2.0, true), (-2.0, false)], vec![(1.0, true), (1.0, true)]]
    {
        let Platt { slope, offset } = Platt::fit(&outcomes);
        assert!((0.0..100.0).contains(&slope) && offset.abs() < 100.0, "{outcomes:?}: {slope} {offset}");
    }
}

#[test]
fn a_scaled_head_says_the_scaled_logit() {
    let head =
        Head { bias: -3.0, weights: Evidence { dense: 4.0, phrasing_tokens: 2.0, lead: 1.0, kind: 0.5 } };
    let evidence = Evidence { dense: 0.9, phrasing_tokens: 0.7, lead: 1.5, kind: -1.0 };
    let scaled = Platt { slope: 0.5, offset: 0.25 }.apply(head).logit(evidence);
    assert!((scaled - (0.5 * head.logit(evidence) + 0.25)).abs() < 1e-5);
}

#[test]
fn a_head_tells_what_is_known_from_what_is_not() {
    let mut draw = fastrand::Rng::with_seed(3);
    let mut observe = |positive: bool| {
        let level = if positive { 0.7 } else { 0.4 };
        let evidence = Evidence {
            dense: level + draw.f32() * 0.4,
            phrasing_tokens: draw.f32(),
            lead: draw.f32(),
            kind: -f32::from(draw.u8(0..3)),
        };
        Observation { evidence, positive }
    };
    let observations: Vec<Observation> = (0..600).map(|i| observe(i % 2 == 0)).collect();
    let head = fit_head(&observations);
    let mean = |positive| {
        let of: Vec<f32> = observations
            .iter()
            .filter(|o| o.positive == positive)
            .map(|o| head.probability(o.evidence))
            .collect();
        of.iter().sum::<f32>() / of.len() as f32
    };
    assert!(mean(true) > 0.75 && mean(false) < 0.25, "{head:?}");
    assert!(
        head.weights.kind > 0.0,
        "another kind of question costs confidence even if the labels do not show it"
    );
}

fn thresholds(predictions: &[(f32, bool)], max_wrong_rate: f64) -> (f32, f32) {
    let Thresholds { answer, clarify } = choose_thresholds(predictions, max_wrong_rate);
    (answer, clarify)
}

#[test]
fn the_answer_threshold_is_the_lowest_within_the_rate() {
    let (yes, no) = (true, false);
    let table = [(0.95, yes), (0.9, yes), (0.85, no), (0.8, yes), (0.75, yes), (0.7, no), (0.6, no)];
    assert_eq!(thresholds(&table, 0.2).0.to_bits(), 0.75f32.to_bits());
    assert_eq!(thresholds(&table, 0.1).0.to_bits(), 0.9f32.to_bits());
    // At the same confidence right and wrong ones cannot be told apart.
    assert_eq!(thresholds(&[(0.9, yes), (0.8, yes), (0.8, no)], 0.2).0.to_bits(), 0.9f32.to_bits());
}

#[test]
fn where_no_threshold_keeps_the_rate_only_exact_texts_are_answered() {
    for hopeless in [vec![], vec![(0.99, false), (0.9, true)]] {
        assert!((thresholds(&hopeless, 0.05).0 - 0.999).abs() < 1e-6);
    }
}

#[test]
fn an_improbable_entry_is_never_the_answer() {
    let mut sure = vec![(0.9, true); 99];
    sure.push((0.2, false));
    assert!((thresholds(&sure, 0.05).0 - 0.5).abs() < 1e-6);
}

#[test]
fn the_clarify_threshold_loses_one_right_entry_in_twenty() {
    let right: Vec<(f32, bool)> = (0u8..40).map(|i| (f32::from(i) / 50.0, true)).collect();
    assert!((thresholds(&right, 0.05).1 - 0.04).abs() < 1e-6);
}
