//! [`Scores`]: the parts of a match that people look at.

use serde::Serialize;
use utoipa::ToSchema;

/// The separate parts behind a confidence. No threshold is ever put on one of them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, ToSchema)]
pub struct Scores {
    /// Cosine similarity of the question to the nearest phrasing, -1..=1.
    pub dense: f32,
    /// Word overlap (BM25) as a share of the best entry's, 0..=1.
    pub lexical: f32,
    /// 1 when the question equals a phrasing after normalisation, else 0.
    pub exact: f32,
    /// Cosine similarity to the nearest negative question, 0 when there is none.
    pub negative: f32,
}

impl Scores {
    /// Every part with its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, f32); 4] {
        let Self { dense, lexical, exact, negative } = *self;
        [("dense", dense), ("lexical", lexical), ("exact", exact), ("negative", negative)]
    }
}
