//! From candidates to probabilities to a decision. Pure functions: no index, no model, no clock.

pub mod policy;
mod scores;

pub use policy::{Decision, Thresholds};
pub use scores::Scores;
