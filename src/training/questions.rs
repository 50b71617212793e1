//! Labelled questions and what the matcher finds for them.

use rayon::prelude::*;

use super::Error;
use crate::{
    embed::{Embedded, Embedder, Role},
    eval::calibration::Prediction,
    faq::EntryId,
    matcher::{Considered, Snapshot},
    rank::{Ranker, fit::Example},
};

/// Questions that go through the model at once.
const BATCH: usize = 64;

/// A labelled question with what the model made of it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What is asked.
    pub text: String,
    /// The entries that answer it; empty when nothing should.
    pub relevant: Vec<EntryId>,
    /// The model's vectors.
    pub embedded: Embedded,
}

/// A labelled question with what the matcher found for it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The entries that answer it; empty when nothing should.
    pub relevant: Vec<EntryId>,
    /// The candidates.
    pub example: Example,
}

/// Sends labelled questions through the model, each once and as `model_text` makes it. `progress` is told how many
/// are done.
///
/// # Errors
/// When the model fails.
pub fn embed(
    questions: &[(String, Vec<EntryId>)],
    embedder: &dyn Embedder,
    model_text: &dyn Fn(&str) -> String,
    progress: &dyn Fn(usize),
) -> Result<Vec<Asked>, Error> {
    let mut asked = Vec::with_capacity(questions.len());
    for batch in questions.chunks(BATCH) {
        let texts: Vec<String> = batch.iter().map(|(text, _)| model_text(text)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let embedded = embedder.embed_tokens(&texts, Role::Query)?;
        asked.extend(batch.iter().zip(embedded).map(|((text, relevant), embedded)| Asked {
            text: text.clone(),
            relevant: relevant.clone(),
            embedded,
        }));
        progress(asked.len());
    }
    Ok(asked)
}

/// Compares the questions with a FAQ.
///
/// # Errors
/// When a vector does not fit the index.
pub fn cases(questions: &[Asked], snapshot: &Snapshot) -> Result<Vec<Case>, Error> {
    questions
        .par_iter()
        .map(|asked| {
            let considered = snapshot.consider(&asked.text, &asked.embedded)?;
            Ok(Case {
                relevant: asked.relevant.clone(),
                example: example(considered, &asked.relevant, snapshot),
            })
        })
        .collect()
}

/// Labels the candidates of a question.
pub(super) fn example(considered: Considered, relevant: &[EntryId], snapshot: &Snapshot) -> Example {
    let is_right =
        |&position: &u32| snapshot.entry(position).is_some_and(|entry| relevant.contains(&entry.id));
    Example {
        right: considered.candidates.iter().map(is_right).collect(),
        features: considered.features,
        wordings: considered.wordings,
    }
}

/// The confidence in what comes first, and whether it is right. Nothing found is no confidence at all.
pub(super) fn predict(ranker: &Ranker, example: &Example) -> Prediction {
    let ranked = ranker.rank(&example.features, &example.wordings);
    ranked.first().map_or(Prediction { confidence: 0.0, right: false }, |first| Prediction {
        confidence: f64::from(first.confidence),
        right: example.right[first.candidate],
    })
}
