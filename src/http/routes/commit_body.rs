//! What a change of several entries did, as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    faq::EntryId,
    store::{Committed, Outcome, Written},
};

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct CommitBody {
    /// Version of the FAQ that holds all of the changes.
    version: u64,
    /// One an entry, in the order of the changes.
    results: Vec<ResultBody>,
}

/// What was done to one entry.
#[derive(Debug, Serialize, ToSchema)]
struct ResultBody {
    /// Which one.
    #[schema(value_type = String)]
    id: EntryId,
    /// `added`, `changed`, `unchanged` or `removed`.
    outcome: Written,
    /// Its revision now; missing when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
}

impl From<Committed> for CommitBody {
    fn from(Committed { version, outcomes }: Committed) -> Self {
        let result = |Outcome { id, written, revision }| ResultBody { id, outcome: written, revision };
        Self { version, results: outcomes.into_iter().map(result).collect() }
    }
}
