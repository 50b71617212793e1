//! Why a score, a confidence and a decision are what they are: the ranker's numbers taken apart, and in words.
//!
//! Pure, and only ever computed after the ranking: an explanation describes it and cannot change it. Which entries
//! and texts it is about is the matcher's ([`crate::matcher::explain`]).

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    features::Features,
    policy::{Decision, Thresholds},
    ranker::{Evidence, Head},
    wording::Wording,
};

/// One term of a weighted sum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Part {
    /// What was measured.
    pub name: &'static str,
    /// What came out.
    pub value: f32,
    /// How much a unit of it counts.
    pub weight: f32,
    /// `value` x `weight`: what it adds to the sum.
    pub contribution: f32,
}

impl Part {
    fn new(name: &'static str, value: f32, weight: f32) -> Self {
        // Adding 0 makes -0 a plain 0, which is what people expect to read.
        Self { name, value: value + 0.0, weight, contribution: value * weight + 0.0 }
    }
}

/// The parts of a candidate's score, in the order of [`Features::NAMES`]; their contributions add up to the score.
#[must_use]
pub fn score_parts(weights: Features, values: Features) -> Vec<Part> {
    let numbers = values.to_array().into_iter().zip(weights.to_array());
    Features::NAMES
        .into_iter()
        .zip(numbers)
        .map(|(name, (value, weight))| Part::new(name, value, weight))
        .collect()
}

/// How the confidence in the first candidate came about: `bias` and all contributions add up to `logit`, and
/// `probability` is 1 / (1 + e^-logit).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ConfidenceParts {
    /// Constant.
    pub bias: f32,
    /// What the confidence rests on.
    pub parts: Vec<Part>,
    /// Log-odds that the first candidate is right.
    pub logit: f32,
    /// The confidence.
    pub probability: f32,
}

impl ConfidenceParts {
    /// Takes the confidence apart that `head` has on `evidence`.
    #[must_use]
    pub fn new(head: Head, evidence: Evidence) -> Self {
        let numbers = evidence.to_array().into_iter().zip(head.weights.to_array());
        let parts = Evidence::NAMES.into_iter().zip(numbers);
        Self {
            bias: head.bias,
            parts: parts.map(|(name, (value, weight))| Part::new(name, value, weight)).collect(),
            logit: head.logit(evidence),
            probability: head.probability(evidence),
        }
    }
}

/// How the best candidate relates to the question, beside its confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// How far the wording is the same.
    pub wording: Wording,
    /// How many candidates have that wording, the best included.
    pub sharing: usize,
    /// Whether it differs from the question in an opposite or a number.
    pub opposed: bool,
}

/// Why the decision fell as it did. Codes for programs; [`Reason::sentence`] says the same to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The question is, word for word, one that the FAQ has.
    ExactWording,
    /// Word for word a question of several entries: which one is meant cannot be known.
    ExactWordingOfSeveral,
    /// A question of the FAQ but for polite filler and final particles.
    SameCore,
    /// Sounds like a question of the FAQ: homophones or pinyin.
    SoundsAlike,
    /// The confidence would do, but the entry differs from the question in an opposite or a number.
    Opposed,
    /// The confidence reaches the answer threshold.
    Confident,
    /// The confidence is between the two thresholds.
    BelowAnswerThreshold,
    /// The confidence is below both thresholds.
    BelowClarifyThreshold,
    /// The question has no letters: only punctuation, emoji or white space.
    SaysNothing,
    /// There is no entry to compare with, or negative questions kept all of them out.
    NoCandidate,
}

impl Reason {
    /// The reason for the decision on `confidences`, most probable first, of which the first stands as `standing`
    /// says. `blank`: the question says nothing.
    #[must_use]
    pub fn of(blank: bool, confidences: &[f32], standing: Standing, thresholds: Thresholds) -> Self {
        let Some(&best) = confidences.first() else {
            return if blank { Self::SaysNothing } else { Self::NoCandidate };
        };
        match standing.wording {
            Wording::Same if standing.sharing > 1 => Self::ExactWordingOfSeveral,
            Wording::Same => Self::ExactWording,
            Wording::SameCore => Self::SameCore,
            Wording::SoundsAlike | Wording::Other if standing.opposed && best >= thresholds.answer => {
                Self::Opposed
            }
            Wording::SoundsAlike => Self::SoundsAlike,
            Wording::Other if best >= thresholds.answer => Self::Confident,
            Wording::Other if best >= thresholds.clarify => Self::BelowAnswerThreshold,
            Wording::Other => Self::BelowClarifyThreshold,
        }
    }

    /// The same for people, in Chinese, with the numbers that decided.
    #[must_use]
    pub fn sentence(self, decision: Decision, confidence: f32, thresholds: Thresholds) -> String {
        let Thresholds { answer, clarify } = thresholds;
        let cause = match self {
            Self::ExactWording => "问句与该条目的问法一致（仅有繁简、大小写、标点等差异）".to_owned(),
            Self::ExactWordingOfSeveral => {
                format!("有多个条目的问法与问句完全一致，无法区分，每条的置信度只有 {confidence:.2}")
            }
            Self::SameCore => "除客套话和语气词外，问句与该条目的问法一致".to_owned(),
            Self::SoundsAlike => "问句与该条目的问法读音一致（同音字或拼音）".to_owned(),
            Self::Opposed => "最佳条目与问句在关键的词或数字上相反（如 开启/关闭），不能直接回答".to_owned(),
            Self::Confident => format!("最佳条目的置信度 {confidence:.2} 达到回答阈值 {answer:.2}"),
            Self::BelowAnswerThreshold => {
                format!(
                    "最佳条目的置信度 {confidence:.2} 低于回答阈值 {answer:.2}，但达到反问阈值 {clarify:.2}"
                )
            }
            Self::BelowClarifyThreshold => {
                format!("最佳条目的置信度 {confidence:.2} 低于反问阈值 {clarify:.2}")
            }
            Self::SaysNothing => "问句中没有文字".to_owned(),
            Self::NoCandidate => "没有可比较的条目（知识库为空，或全部被反例排除）".to_owned(),
        };
        let effect = match decision {
            Decision::Answer => "直接回答",
            Decision::Clarify => "请用户确认想问哪一条",
            Decision::NoAnswer => "不回答，转人工",
        };
        format!("{cause}：{effect}。")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rank::policy::decide;

    const THRESHOLDS: Thresholds = Thresholds { answer: 0.7, clarify: 0.3 };

    #[test]
    fn contributions_add_up_to_the_score() {
        let values = Features::from_array(std::array::from_fn(|i| i as f32 - 2.5));
        let weights = Features::from_array(std::array::from_fn(|i| 0.5 * i as f32));
        let sum: f32 = score_parts(weights, values).iter().map(|part| part.contribution).sum();
        assert!((sum - weights.dot(values)).abs() < 1e-4);
    }

    #[test]
    fn confidence_parts_add_up_to_the_logit() {
        let head =
            Head { bias: -3.0, weights: Evidence { dense: 2.0, phrasing_tokens: 1.5, lead: 0.7, kind: 0.2 } };
        let evidence = Evidence { dense: 0.9, phrasing_tokens: 0.8, lead: 1.3, kind: -2.0 };
        let parts = ConfidenceParts::new(head, evidence);
        let sum: f32 = parts.bias + parts.parts.iter().map(|part| part.contribution).sum::<f32>();
        assert!((sum - parts.logit).abs() < 1e-5);
        assert!((parts.probability - 1.0 / (1.0 + (-sum).exp())).abs() < 1e-6);
    }

    #[test]
    fn every_reason_says_why_and_what_follows() {
        let other = Standing { sharing: 1, ..Standing::default() };
        let worded = |wording| Standing { wording, ..other };
        let two = Standing { sharing: 2, ..worded(Wording::Same) };
        let opposed = Standing { opposed: true, ..other };
        for (blank, confidences, standing, reason, words) in [
            (false, &[0.999, 0.0][..], worded(Wording::Same), Reason::ExactWording, "一致"),
            (false, &[0.4995, 0.4995], two, Reason::ExactWordingOfSeveral, "0.50"),
            (false, &[0.99], worded(Wording::SameCore), Reason::SameCore, "客套话"),
            (false, &[0.97], worded(Wording::SoundsAlike), Reason::SoundsAlike, "读音"),
            (false, &[0.9], opposed, Reason::Opposed, "相反（如 开启/关闭），不能直接回答：请用户确认"),
            (false, &[0.5], opposed, Reason::BelowAnswerThreshold, "请用户确认"),
            (false, &[0.7, 0.1], other, Reason::Confident, "0.70 达到回答阈值 0.70：直接回答"),
            (false, &[0.69], other, Reason::BelowAnswerThreshold, "请用户确认"),
            (false, &[0.29], other, Reason::BelowClarifyThreshold, "0.29 低于反问阈值 0.30：不回答"),
            (true, &[], other, Reason::SaysNothing, "没有文字"),
            (false, &[], other, Reason::NoCandidate, "转人工"),
        ] {
            assert_eq!(Reason::of(blank, confidences, standing, THRESHOLDS), reason);
            let decision = decide(confidences, THRESHOLDS, standing.opposed);
            let best = confidences.first().copied().unwrap_or_default();
            let sentence = reason.sentence(decision, best, THRESHOLDS);
            assert!(sentence.contains(words), "{reason:?}: {sentence}");
        }
    }
}
