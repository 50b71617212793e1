//! Weights for FAQs that nobody has seen: what dayi ships with.
//!
//! Fitted to a FAQ of many categories whose questions the model may have been tuned on; `jitter`
//! takes that advantage away. The order is learned from all entries, with their answers and without. The confidence
//! is learned from *views*, two categories each, because real FAQs are that small: once with everything, and
//! with each quarter of the entries taken out in turn, so that their questions have no answer. Thresholds come from views whose
//! categories took no part in the fit.

use std::collections::HashSet;

use serde::Serialize;

use super::{
    Asked, Error, check_wrong_rate,
    means::Mean,
    questions::predict,
    views::{Faqs, View},
};
use crate::{
    embed::{Embedder, Role},
    eval::calibration::{Prediction, coverage_at, ece},
    faq::Entry,
    index::IndexParams,
    matcher::Progress,
    rank::{
        Features, Ranker, Thresholds,
        fit::{Example, Observation, OrderFit, Platt, choose_thresholds, fit_head},
        ranker::VERSION,
    },
    text::normalize::normalize,
};

/// Two views that share no category are the least that can be held out of each other.
pub const MIN_CATEGORIES: usize = 4;

/// Phrasings embedded at once.
const BATCH: usize = 64;

/// Pull of the weights towards zero, a share of the questions.
const RIDGE: f64 = 0.001;

/// Weights that are not fitted, as a share of `dense`'s. Generated questions share few words with their entry, which
/// would teach that wording is worth nothing; opposites and negative questions hardly occur in them.
const OVERLAP: f32 = 0.3;
/// See [`OVERLAP`].
const CONTRAST: f32 = 0.15;
/// See [`OVERLAP`]: to be nearer to a negative question weighs twice what nearness weighs.
const NEGATIVE: f32 = 2.0;

/// The features whose weights are fitted.
const FITTED: Features = Features {
    dense: 1.0,
    answer_dense: 1.0,
    query_tokens: 1.0,
    phrasing_tokens: 1.0,
    answer_words: 1.0,
    overlap: 0.0,
    contrast: 0.0,
    negative: 0.0,
    kind: 0.0,
};

/// How the fit is done.
pub struct Unseen<'a> {
    /// The model.
    pub embedder: &'a dyn Embedder,
    /// How FAQs are indexed.
    pub params: &'a IndexParams,
    /// Rate of wrong answers that the thresholds keep.
    pub max_wrong_rate: f64,
    /// Command and data, kept in the file.
    pub made_by: String,
    /// Who is told how far the model is with the FAQ.
    pub progress: &'a dyn Progress,
}

/// What weights that never saw these two categories make of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ViewReport {
    /// The categories.
    pub categories: Vec<String>,
    /// Questions about them.
    pub questions: usize,
    /// Share with a right entry first by similarity alone.
    pub dense_hit_at_1: f64,
    /// Share with a right entry first.
    pub hit_at_1: f64,
}

/// What the fit is worth on categories that it did not know.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnseenReport {
    /// Questions that were fitted to.
    pub questions: usize,
    /// Entries of the FAQ.
    pub entries: usize,
    /// One each.
    pub views: Vec<ViewReport>,
    /// Expected calibration error over all views.
    pub ece: f64,
    /// Share of all questions that the answer threshold answers.
    pub answered: f64,
    /// Largest share that some threshold answers within the rate of wrong answers.
    pub coverage: f64,
    /// Share of the questions without an answer that are answered nevertheless.
    pub held_out_answered: f64,
    /// The thresholds.
    pub thresholds: Thresholds,
}

/// What [`Unseen::fit`] would refuse, known before any question goes through the model. Returns the categories.
///
/// # Errors
/// As [`Unseen::fit`].
pub fn check(entries: &[Entry], max_wrong_rate: f64) -> Result<Vec<&String>, Error> {
    check_wrong_rate(max_wrong_rate)?;
    let mut categories: Vec<&String> = Vec::new();
    for category in entries.iter().filter_map(|entry| entry.category.first()) {
        if !categories.contains(&category) {
            categories.push(category);
        }
    }
    if categories.len() < MIN_CATEGORIES {
        return Err(Error::TooFewCategories { categories: categories.len() });
    }
    Ok(categories)
}

impl Unseen<'_> {
    /// Fits a ranker from nothing but `entries` and the questions about them.
    ///
    /// # Errors
    /// When there are fewer than [`MIN_CATEGORIES`] categories, or the model or an index fails.
    pub fn fit(&self, entries: &[Entry], questions: &[Asked]) -> Result<(Ranker, UnseenReport), Error> {
        let worlds = self.worlds(entries, questions)?;
        let all: Vec<usize> = (0..worlds.views.len()).collect();
        let mut ranker = worlds.ranker(&worlds.blank, &HashSet::new(), &all);
        let (mut views, mut predictions, mut strangers) = (Vec::new(), Vec::new(), Vec::new());
        for view in &worlds.views {
            let apart: Vec<usize> =
                all.iter().copied().filter(|&other| worlds.views[other].is_apart_from(view)).collect();
            let fitted = worlds.ranker(&worlds.blank, &view.categories.iter().collect(), &apart);
            let here: Vec<Prediction> =
                view.answerable.iter().map(|example| predict(&fitted, example)).collect();
            views.push(ViewReport {
                categories: view.categories.clone(),
                questions: here.len(),
                dense_hit_at_1: hit_rate(DENSE, &view.answerable),
                hit_at_1: hit_rate(fitted.weights, &view.answerable),
            });
            predictions.extend(here);
            strangers.extend(view.unanswerable.iter().map(|example| predict(&fitted, example).confidence));
        }
        let pairs: Vec<_> = predictions.iter().map(|p| (p.confidence as f32, p.right)).collect();
        ranker.thresholds = choose_thresholds(&pairs, self.max_wrong_rate);
        let threshold = f64::from(ranker.thresholds.answer);
        let answered = |confidences: &mut dyn Iterator<Item = f64>| {
            let (yes, all) =
                confidences.fold((0, 0), |(yes, all), c| (yes + usize::from(c >= threshold), all + 1));
            yes as f64 / f64::from(all.max(1))
        };
        let report = UnseenReport {
            questions: questions.len(),
            entries: entries.len(),
            views,
            ece: ece(&predictions).unwrap_or_default(),
            answered: answered(&mut predictions.iter().map(|p| p.confidence)),
            coverage: coverage_at(self.max_wrong_rate, &predictions).unwrap_or_default(),
            held_out_answered: answered(&mut strangers.into_iter()),
            thresholds: ranker.thresholds,
        };
        Ok((ranker, report))
    }

    /// Asks all the questions of all the FAQs that the fit needs.
    fn worlds(&self, entries: &[Entry], questions: &[Asked]) -> Result<Worlds, Error> {
        let categories = check(entries, self.max_wrong_rate)?;
        let blank = self.blank(entries, questions)?;
        let mut faqs = Faqs::new(self, &blank)?;
        let mut order = Vec::new();
        for examples in faqs.whole(entries, questions)? {
            order.extend(questions.iter().map(|asked| category_of(asked, entries)).zip(examples));
        }
        let mut views = Vec::new();
        for (number, start) in (0..categories.len()).step_by(2).enumerate() {
            // An odd one out is paired with the first.
            let pair = [categories[start], categories[(start + 1) % categories.len()]];
            views.push(faqs.view(pair.map(String::clone).to_vec(), number as u64, entries, questions)?);
        }
        Ok(Worlds { blank, order, views })
    }

    /// A ranker that knows the means and nothing else.
    fn blank(&self, entries: &[Entry], questions: &[Asked]) -> Result<Ranker, Error> {
        let dimension = self.embedder.model().dimension;
        let (mut sentences, mut tokens) = (Mean::new(dimension), Mean::new(dimension));
        let phrasings: Vec<String> = entries
            .iter()
            .flat_map(Entry::phrasings)
            .map(|text| normalize(text).as_str().to_owned())
            .collect();
        for batch in phrasings.chunks(BATCH) {
            let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
            for embedded in self.embedder.embed_tokens(&batch, Role::Document)? {
                sentences.add(embedded.vector.as_slice());
                tokens.add(&embedded.tokens.values);
            }
        }
        for asked in questions {
            tokens.add(&asked.embedded.tokens.values);
        }
        Ok(Ranker {
            version: VERSION,
            model: self.embedder.model().name.clone(),
            made_by: self.made_by.clone(),
            weights: Features::default(),
            confidence: crate::rank::ranker::Head::default(),
            thresholds: Thresholds { answer: 1.0, clarify: 1.0 },
            sentence_mean: sentences.finish(),
            token_mean: tokens.finish(),
        })
    }
}

const DENSE: Features = Features {
    dense: 1.0,
    answer_dense: 0.0,
    query_tokens: 0.0,
    phrasing_tokens: 0.0,
    answer_words: 0.0,
    overlap: 0.0,
    contrast: 0.0,
    negative: 0.0,
    kind: 0.0,
};

/// The category of the first entry that answers a question.
fn category_of(asked: &Asked, entries: &[Entry]) -> Option<String> {
    let entry = entries.iter().find(|entry| asked.relevant.contains(&entry.id))?;
    entry.category.first().cloned()
}

fn hit_rate(weights: Features, examples: &[Example]) -> f64 {
    let hits = examples.iter().filter(|e| e.first(weights).is_some_and(|(_, right)| right)).count();
    hits as f64 / examples.len().max(1) as f64
}

/// All examples of the fit.
struct Worlds {
    blank: Ranker,
    /// Of the whole FAQ, each with its category.
    order: Vec<(Option<String>, Example)>,
    views: Vec<View>,
}

impl Worlds {
    /// Fits order and confidence without the categories `without`, the confidence from `views`.
    fn ranker(&self, blank: &Ranker, without: &HashSet<&String>, views: &[usize]) -> Ranker {
        let known = |category: &Option<String>| category.as_ref().is_none_or(|c| !without.contains(c));
        let examples: Vec<&Example> =
            self.order.iter().filter(|(category, _)| known(category)).map(|(_, example)| example).collect();
        let fit = OrderFit {
            start: Features::default(),
            fitted: FITTED.to_array().map(|x| x > 0.0),
            pull: RIDGE * examples.len() as f64,
        };
        let fitted = fit.fit(&examples);
        let weights = Features {
            overlap: OVERLAP * fitted.dense,
            contrast: CONTRAST * fitted.dense,
            negative: NEGATIVE * fitted.dense,
            ..fitted
        };
        let first = |example: &Example| (!example.is_exact()).then(|| example.first(weights)).flatten();
        let observe = |example: &Example, positive: bool| {
            first(example).map(|(evidence, _)| Observation { evidence, positive })
        };
        let (mut observations, mut answerable) = (Vec::new(), Vec::new());
        for view in views.iter().map(|&view| &self.views[view]) {
            let with_answer = view.answerable.iter().chain(&view.answerable_bare);
            let without = view.unanswerable.iter().chain(&view.unanswerable_bare);
            observations.extend(with_answer.filter_map(|example| observe(example, true)));
            observations.extend(without.filter_map(|example| observe(example, false)));
            // FAQs have answers, as a rule; without them the first entry is less often right at the same evidence.
            answerable.extend(view.answerable.iter().filter_map(first));
        }
        let head = fit_head(&observations);
        let logits: Vec<_> =
            answerable.iter().map(|&(evidence, right)| (f64::from(head.logit(evidence)), right)).collect();
        Ranker { weights, confidence: Platt::fit(&logits).apply(head), ..blank.clone() }
    }
}
