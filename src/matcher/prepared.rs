//! [`Prepared`]: an entry taken apart for comparison.
//!
//! It does not know its place in the FAQ, so that a snapshot can take it over from the one before.

use std::{collections::HashMap, sync::Arc};

use super::wordings::Worded;
use crate::{
    faq::Entry,
    index::lexical::LexicalDocument,
    rank::{Question, TokenMatrix},
    store::TextHash,
    text::{filler::core_key, normalize::normalize, synonyms::Synonyms},
};

/// What the model made of each text, as far as an entry keeps it.
#[derive(Default)]
pub(super) struct Vectors {
    /// Those of answers, centred.
    pub(super) answers: HashMap<TextHash, Arc<[f32]>>,
    /// Those of negative questions.
    pub(super) negatives: HashMap<TextHash, Arc<[f32]>>,
    /// Those of the tokens of all texts.
    pub(super) tokens: HashMap<TextHash, TokenMatrix>,
}

/// An entry and all that a question is compared with, except the vectors of its phrasings: those are in the index.
pub(super) struct Prepared {
    pub(super) entry: Arc<Entry>,
    pub(super) texts: EntryTexts,
    pub(super) questions: Vec<Question>,
    pub(super) answer: Option<PreparedAnswer>,
    pub(super) negatives: Vec<PreparedNegative>,
}

/// An answer taken apart for comparison.
pub(super) struct PreparedAnswer {
    pub(super) centered: Arc<[f32]>,
    pub(super) tokens: TokenMatrix,
}

/// A negative question taken apart for comparison.
pub(super) struct PreparedNegative {
    /// What is left of it without polite filler.
    pub(super) key: String,
    pub(super) vector: Arc<[f32]>,
}

/// The texts of an entry as the model and the word index get them.
pub(super) struct EntryTexts {
    pub(super) phrasings: Vec<PhrasingText>,
    pub(super) answer: Option<Box<str>>,
    negatives: Vec<NegativeText>,
}

/// A phrasing, normalised.
pub(super) struct PhrasingText {
    /// With synonyms replaced.
    pub(super) text: Box<str>,
    pub(super) hash: TextHash,
    /// Before synonyms are replaced: whoever types `qiwei` means 企微, whatever the FAQ's own word for it is.
    written: Box<str>,
    pub(super) worded: Worded,
}

struct NegativeText {
    text: Box<str>,
    key: String,
}

impl EntryTexts {
    pub(super) fn of(entry: &Entry, synonyms: &Synonyms) -> Self {
        let answer = synonyms.canonicalize(&normalize(&entry.answer.plain_text()));
        let phrasing = |text: &str| {
            let written = normalize(text);
            let text = synonyms.canonicalize(&written);
            PhrasingText {
                hash: TextHash::of(text.as_str()),
                worded: Worded::of(&text),
                text: text.as_str().into(),
                written: written.as_str().into(),
            }
        };
        let negative = |text: &String| {
            let text = synonyms.canonicalize(&normalize(text));
            NegativeText { key: core_key(&text), text: text.as_str().into() }
        };
        Self {
            phrasings: entry.phrasings().map(phrasing).collect(),
            answer: Some(answer.as_str()).filter(|text| !text.is_empty()).map(Box::from),
            negatives: entry.negative.iter().map(negative).collect(),
        }
    }

    /// Everything that the model gets.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        let questions = self.phrasings.iter().map(|phrasing| &*phrasing.text);
        questions.chain(self.answer.as_deref()).chain(self.negatives())
    }

    /// What tells how the FAQ spells.
    pub(super) fn spelled(&self) -> impl Iterator<Item = &str> {
        self.phrasings.iter().map(|phrasing| &*phrasing.written).chain(self.answer.as_deref())
    }

    pub(super) fn negatives(&self) -> impl Iterator<Item = &str> {
        self.negatives.iter().map(|negative| &*negative.text)
    }

    pub(super) fn document(&self) -> LexicalDocument<'_> {
        let mut phrasings = self.phrasings.iter().map(|phrasing| &*phrasing.text);
        LexicalDocument {
            question: phrasings.next().unwrap_or_default(),
            similar: phrasings.collect(),
            answer: self.answer.as_deref().unwrap_or_default(),
        }
    }
}

impl Prepared {
    /// # Panics
    /// When `vectors` lacks one of the texts.
    pub(super) fn new(entry: Entry, texts: EntryTexts, vectors: &Vectors) -> Self {
        let question =
            |phrasing: &PhrasingText| Question::new(&phrasing.text, vectors.tokens[&phrasing.hash].clone());
        let answer = |text: &str| {
            let text = TextHash::of(text);
            PreparedAnswer { centered: vectors.answers[&text].clone(), tokens: vectors.tokens[&text].clone() }
        };
        let negative = |negative: &NegativeText| PreparedNegative {
            key: negative.key.clone(),
            vector: vectors.negatives[&TextHash::of(&negative.text)].clone(),
        };
        Self {
            entry: Arc::new(entry),
            questions: texts.phrasings.iter().map(question).collect(),
            answer: texts.answer.as_deref().map(answer),
            negatives: texts.negatives.iter().map(negative).collect(),
            texts,
        }
    }
}
