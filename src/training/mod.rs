//! Labelled questions to a fitted [`Ranker`](crate::rank::Ranker): what `dayi fit` does.
//!
//! Owns which questions are compared with which FAQ, which are held out while fitting, and what is worth keeping.
//! The mathematics is [`rank::fit`](crate::rank::fit)'s, reading and writing files the caller's.
//!
//! - [`own`]: a customer's labels on the customer's FAQ: shipped weights are recalibrated, carefully.
//! - [`unseen`]: weights for FAQs that nobody has seen yet: what dayi ships with.

mod folds;
mod jitter;
pub mod own;
mod questions;
#[cfg(test)]
mod tests;
pub mod unseen;

pub use own::{Comparison, Figures, OwnReport, Trial};
pub use questions::{Asked, Case, cases, embed};
pub use unseen::{Unseen, UnseenReport, View};

use crate::{embed, matcher, store, vector::VectorError};

/// Why nothing was fitted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The result would be chance.
    #[error(
        "too few labels: {questions} questions that the FAQ answers, about {entries} entries; at least {} \
         questions about {} entries are needed: every number is checked on five parts of the entries in turn, and \
         with less, one question more or less would decide. Label more questions and fit again.",
        own::MIN_QUESTIONS,
        own::MIN_ENTRIES
    )]
    TooFewLabels {
        /// Questions that some entry of the FAQ answers.
        questions: usize,
        /// Entries with such a question.
        entries: usize,
    },
    /// Nothing can be held out.
    #[error(
        "expected a FAQ of at least {} categories (the first name of each entry's category), got {categories}: \
         what unseen FAQs are like is learned from categories that are held out",
        unseen::MIN_CATEGORIES
    )]
    TooFewCategories {
        /// How many different ones there are.
        categories: usize,
    },
    /// A share that is none.
    #[error("the rate of wrong answers should be more than 0 and less than 1, got {rate}")]
    WrongRate {
        /// What was asked for.
        rate: f64,
    },
    /// The model failed.
    #[error("a question could not be embedded")]
    Embed(#[from] embed::Error),
    /// A FAQ could not be prepared.
    #[error(transparent)]
    Build(#[from] matcher::BuildError),
    /// The vectors of the FAQ could not be kept in memory.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A vector does not fit the index.
    #[error("a question's vector does not fit the index")]
    Vector(#[from] VectorError),
}

/// Refuses a rate of wrong answers that no threshold could mean.
fn check_wrong_rate(rate: f64) -> Result<(), Error> {
    if rate > 0.0 && rate < 1.0 { Ok(()) } else { Err(Error::WrongRate { rate }) }
}
