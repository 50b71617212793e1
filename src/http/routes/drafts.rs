//! `/v1/draft`: edits that were staged with `?draft=true` and wait to be published as one version.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::commit_body::CommitBody;
use crate::{
    editor,
    faq::EntryId,
    http::{access::Access, extract::Segment, problem::Problem},
    store::{Draft, Edit, Store},
};

/// All staged edits.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct DraftList {
    /// Oldest first, one an entry.
    drafts: Vec<Draft>,
}

/// Edits that were staged and change nothing yet.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Staged {
    /// The entries that were edited, in order.
    #[schema(value_type = Vec<String>)]
    staged: Vec<EntryId>,
}

impl Staged {
    /// Adds `edits` to the draft.
    pub(super) async fn stage(access: &Access, edits: Vec<Edit>) -> Result<Self, editor::Error> {
        let staged = edits.iter().map(|edit| edit.id().clone()).collect();
        access.space().editor().stage(edits, access.actor().to_string()).await?;
        Ok(Self { staged })
    }
}

impl IntoResponse for Staged {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self)).into_response()
    }
}

/// List the staged edits.
#[utoipa::path(get, path = "/v1/draft", tag = "draft", responses((status = 200, body = DraftList)))]
pub(in crate::http) async fn list(access: Access) -> Result<Json<DraftList>, Problem> {
    Ok(Json(DraftList { drafts: access.space().editor().read(Store::drafts).await? }))
}

/// Make all staged edits as one version.
#[utoipa::path(post, path = "/v1/draft/publish", tag = "draft", responses(
    (status = 200, body = CommitBody),
    (status = 409, description = "Nothing is staged, or entries were changed since", body = Problem,
     content_type = "application/problem+json"),
))]
pub(in crate::http) async fn publish(access: Access) -> Result<Json<CommitBody>, Problem> {
    Ok(Json(access.space().editor().publish(access.actor().to_string()).await?.into()))
}

/// Throw all staged edits away.
#[utoipa::path(delete, path = "/v1/draft", tag = "draft", responses((status = 204, description = "They are gone")))]
pub(in crate::http) async fn discard_all(access: Access) -> Result<StatusCode, Problem> {
    access.space().editor().discard(None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Throw the staged edit of one entry away.
#[utoipa::path(delete, path = "/v1/draft/{id}", tag = "draft", params(("id" = String, Path)), responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn discard(
    access: Access,
    Segment(id): Segment<EntryId>,
) -> Result<StatusCode, Problem> {
    match access.space().editor().discard(Some(id.clone())).await? {
        0 => Err(Problem::missing(format!("nothing is staged for entry {id}"))),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
