//! Evaluation: how often the right entry comes first, what the confidence is worth, what is answered wrongly.
//!
//! Owns labelled files ([`dataset`]), the records of a run ([`outcome`]), every metric ([`metrics`],
//! [`calibration`], [`pairs`]) with its interval ([`bootstrap`]), reports ([`report`]) and the difference between
//! two of them ([`compare`]). It never asks a question itself: the caller sends the labelled questions through the
//! matcher and hands the [`outcome::Run`] over, so the same numbers come out whatever ranked the entries.
//!
//! ```text
//! file --dataset--> questions --(matcher)--> Run --measure--> Report --> text | JSON | Markdown | HTML
//! ```

pub mod bootstrap;
pub mod calibration;
pub mod compare;
pub mod dataset;
pub mod measure;
pub mod metrics;
pub mod outcome;
pub mod pairs;
pub mod report;

#[cfg(test)]
pub(crate) mod fixture;
