//! From candidates to probabilities to a decision. Pure functions: no index, no model, no clock.
//!
//! ```text
//! query + candidates --features--> numbers --ranker--> order and probabilities --policy--> Decision
//! ```

pub mod explain;
pub mod features;
pub mod fit;
mod numbers;
pub mod policy;
pub mod ranker;
mod scores;
mod token_dots;
pub mod tokens;
mod wording;

pub use features::{AnswerMatch, Candidate, Features, Question, extract};
pub use policy::{Decision, Thresholds};
pub use ranker::{Ranked, Ranker, RankerError};
pub use scores::Scores;
pub use tokens::TokenMatrix;
pub use wording::Wording;
