//! `/v1/history` and `/v1/rollback`: what was changed by whom, and taking it back.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::commit_body::CommitBody;
use crate::{
    faq::EntryId,
    http::{
        access::Access,
        extract::{JsonBody, QueryParams, Segment, Validate, check_limit},
        problem::Problem,
    },
    store::{Change, HistoryFilter},
};

/// Most changes on a page.
const MOST_CHANGES: usize = 500;

/// Which changes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct HistoryQuery {
    /// Only changes of this entry.
    #[param(value_type = Option<String>)]
    entry: Option<EntryId>,
    /// Only changes before this one: `next_before` of the page before.
    before: Option<u64>,
    /// Changes on a page, 1 to 500.
    #[serde(default = "default_limit")]
    #[param(default = 50, minimum = 1, maximum = 500)]
    limit: usize,
}

fn default_limit() -> usize {
    50
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct HistoryPage {
    /// Newest first.
    changes: Vec<Change>,
    /// Where the next page begins; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<u64>,
}

/// The version to go back to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RollbackRequest {
    /// A version of the FAQ, as history and `index_version` name it.
    version: u64,
}

impl Validate for RollbackRequest {}

/// List changes, newest first.
#[utoipa::path(get, path = "/v1/history", tag = "history", params(HistoryQuery), responses(
    (status = 200, body = HistoryPage),
    Problem,
))]
pub(in crate::http) async fn list(
    access: Access,
    QueryParams(query): QueryParams<HistoryQuery>,
) -> Result<Json<HistoryPage>, Problem> {
    let HistoryQuery { entry, before, limit } = query;
    check_limit(limit, MOST_CHANGES)?;
    let filter = HistoryFilter { entry, before };
    // One more than is shown tells whether there is another page.
    let mut changes = access.space().editor().read(move |store| store.history(&filter, limit + 1)).await?;
    let more = changes.len() > limit;
    changes.truncate(limit);
    let next_before = changes.last().filter(|_| more).map(|change| change.change);
    Ok(Json(HistoryPage { changes, next_before }))
}

/// Take one change back. That is a change too.
#[utoipa::path(post, path = "/v1/history/{change}/undo", tag = "history", params(("change" = u64, Path)), responses(
    (status = 200, body = CommitBody),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The entry was changed again", body = Problem,
     content_type = "application/problem+json"),
))]
pub(in crate::http) async fn undo(
    access: Access,
    Segment(change): Segment<String>,
) -> Result<Json<CommitBody>, Problem> {
    let change =
        change.parse::<u64>().map_err(|_| Problem::missing(format!("there is no change {change}")))?;
    Ok(Json(access.space().editor().undo(change, access.actor().to_string()).await?.into()))
}

/// Make every entry what it was in an earlier version, as one further version.
#[utoipa::path(post, path = "/v1/rollback", tag = "history", request_body = RollbackRequest, responses(
    (status = 200, body = CommitBody),
    (status = 409, description = "No such version", body = Problem, content_type = "application/problem+json"),
    Problem,
))]
pub(in crate::http) async fn rollback(
    access: Access,
    JsonBody(request): JsonBody<RollbackRequest>,
) -> Result<Json<CommitBody>, Problem> {
    Ok(Json(access.space().editor().rollback(request.version, access.actor().to_string()).await?.into()))
}
