//! FAQs made of parts of a FAQ, and what its questions find in them, seen through noise.

use std::{collections::HashSet, sync::Arc};

use rayon::prelude::*;

use super::{Asked, Error, Unseen, jitter::Jitter};
use crate::{
    faq::{Answer, Entry, EntryId},
    matcher::{Builder, Snapshot},
    rank::{Ranker, fit::Example},
    store::Store,
    vector::VectorError,
};

/// Parts of a view's entries that are taken out in turn, so that every question loses its answer once.
const HELD_OUT_PARTS: usize = 4;

/// Noise for the order: strong enough to bring the model down to about its level on other FAQs.
const ORDER_JITTER: Jitter = Jitter { sentence: 0.03, tokens: 0.5 };
/// Noise for the confidence: stronger, because what is small here is a whole FAQ there.
const CONFIDENCE_JITTER: Jitter = Jitter { sentence: 0.04, tokens: 0.7 };

/// Noise differs between the fits, and is the same in every run.
const ORDER_SEED: u64 = 1;
/// See [`ORDER_SEED`].
const FIRST_VIEW_SEED: u64 = 100;

/// FAQs made of parts of the whole; every text is embedded once.
pub(super) struct Faqs<'a> {
    fit: &'a Unseen<'a>,
    ranker: &'a Ranker,
    store: Store,
}

impl<'a> Faqs<'a> {
    /// `ranker` knows the means.
    pub(super) fn new(fit: &'a Unseen<'a>, ranker: &'a Ranker) -> Result<Self, Error> {
        Ok(Self { fit, ranker, store: Store::in_memory()? })
    }

    /// What the questions find in all of the FAQ: with the answers, then without.
    pub(super) fn whole(
        &mut self,
        entries: &[Entry],
        questions: &[Asked],
    ) -> Result<[Vec<Example>; 2], Error> {
        let questions: Vec<&Asked> = questions.iter().collect();
        let mut found = |with_answers| {
            let snapshot = self.build(entries.iter(), with_answers)?;
            Ok::<_, Error>(ask(&questions, &snapshot, ORDER_JITTER, ORDER_SEED)?)
        };
        Ok([found(true)?, found(false)?])
    }

    fn build<'e>(
        &mut self,
        entries: impl Iterator<Item = &'e Entry>,
        with_answers: bool,
    ) -> Result<Snapshot, Error> {
        let entries = entries
            .map(|entry| {
                let answer = if with_answers { entry.answer.clone() } else { Answer::default() };
                Entry { answer, ..entry.clone() }
            })
            .collect();
        let builder = Builder {
            embedder: self.fit.embedder,
            ranker: self.ranker.clone().into(),
            synonyms: Arc::default(),
            params: self.fit.params,
            folder: None,
            progress: self.fit.progress,
        };
        Ok(builder.build_entries(entries, &mut self.store)?.0)
    }

    /// What the questions about some categories find in a FAQ of these alone. `number` makes its noise its own.
    pub(super) fn view(
        &mut self,
        categories: Vec<String>,
        number: u64,
        entries: &[Entry],
        questions: &[Asked],
    ) -> Result<View, Error> {
        let here: Vec<&Entry> = entries
            .iter()
            .filter(|entry| entry.category.first().is_some_and(|category| categories.contains(category)))
            .collect();
        let mut parts: Vec<usize> = (0..here.len()).map(|nth| nth % HELD_OUT_PARTS).collect();
        fastrand::Rng::with_seed(number).shuffle(&mut parts);
        // `None` is no part: nothing is taken out, and all questions have an answer.
        let mut view = View { categories, ..View::default() };
        for part in std::iter::once(None).chain((0..HELD_OUT_PARTS).map(Some)) {
            let is_out = |nth: usize| part == Some(parts[nth]);
            let kept: Vec<&Entry> =
                (0..here.len()).filter(|&nth| !is_out(nth)).map(|nth| here[nth]).collect();
            let asked: HashSet<&EntryId> = (0..here.len())
                .filter(|&nth| part.is_none() || is_out(nth))
                .map(|nth| &here[nth].id)
                .collect();
            let about: Vec<&Asked> = questions
                .iter()
                .filter(|question| question.relevant.iter().any(|id| asked.contains(id)))
                .collect();
            let seed = FIRST_VIEW_SEED + 10 * number + part.map_or(0, |part| part as u64 + 1);
            for with_answers in [true, false] {
                let snapshot = self.build(kept.iter().copied(), with_answers)?;
                let examples = ask(&about, &snapshot, CONFIDENCE_JITTER, seed)?;
                view.group(part.is_none(), with_answers).extend(examples);
            }
        }
        Ok(view)
    }
}

/// What a view's questions found.
#[derive(Default)]
pub(super) struct View {
    pub(super) categories: Vec<String>,
    pub(super) answerable: Vec<Example>,
    pub(super) unanswerable: Vec<Example>,
    /// In the same FAQ without answers.
    pub(super) answerable_bare: Vec<Example>,
    pub(super) unanswerable_bare: Vec<Example>,
}

impl View {
    fn group(&mut self, answerable: bool, with_answers: bool) -> &mut Vec<Example> {
        match (answerable, with_answers) {
            (true, true) => &mut self.answerable,
            (true, false) => &mut self.answerable_bare,
            (false, true) => &mut self.unanswerable,
            (false, false) => &mut self.unanswerable_bare,
        }
    }

    /// Whether they have no category in common.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        self.categories.iter().all(|category| !other.categories.contains(category))
    }
}

/// Asks every question, through noise that differs from question to question.
fn ask(
    questions: &[&Asked],
    snapshot: &Snapshot,
    jitter: Jitter,
    seed: u64,
) -> Result<Vec<Example>, VectorError> {
    let numbered = questions.par_iter().enumerate();
    numbered.map(|(nth, asked)| jitter.example(asked, snapshot, seed << 32 | nth as u64)).collect()
}
