//! Where the decisions change: the thresholds that keep a stated share of wrong answers.

use crate::rank::{policy::Thresholds, ranker::EXACT_CONFIDENCE};

/// An entry that is more probably wrong than right is never given as the answer, however well the others are known.
const LOWEST_ANSWER: f32 = 0.5;

/// Share of the questions whose first entry is right that may be refused: the price of refusing the others.
const LOST_SHARE: f64 = 0.05;

/// Chooses on predictions that were made out of fold: each a confidence in the first candidate and whether it is
/// right.
///
/// `answer` is the lowest at which at most `max_wrong_rate` of the answers are wrong; when there is none, only a
/// question that equals a phrasing is answered. `clarify` is where one in twenty of the right ones would be lost.
#[must_use]
pub fn choose_thresholds(predictions: &[(f32, bool)], max_wrong_rate: f64) -> Thresholds {
    let mut sorted = predictions.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut answered, mut wrong) = (0usize, 0usize);
    let mut answer = EXACT_CONFIDENCE;
    // Equally confident questions are answered together: no threshold could tell them apart.
    for level in sorted.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        answered += level.len();
        wrong += level.iter().filter(|(_, right)| !right).count();
        if wrong as f64 <= max_wrong_rate * answered as f64 {
            answer = level[0].0;
        }
    }
    let answer = answer.clamp(LOWEST_ANSWER, EXACT_CONFIDENCE);
    let right: Vec<f32> = sorted.iter().rev().filter(|(_, right)| *right).map(|(p, _)| *p).collect();
    let lost = (LOST_SHARE * right.len() as f64).floor() as usize;
    let clarify = right.get(lost).copied().unwrap_or(LOWEST_ANSWER).clamp(0.0, answer);
    Thresholds { answer, clarify }
}
