//! `/v1/draft`: edits that were staged with `?draft=true` and wait to be published as one version.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{commit_body::CommitBody, entries::ANONYMOUS};
use crate::{
    editor,
    faq::EntryId,
    http::{extract::Segment, problem::Problem, state::AppState},
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
    pub(super) async fn stage(app: &AppState, edits: Vec<Edit>) -> Result<Self, editor::Error> {
        let staged = edits.iter().map(|edit| edit.id().clone()).collect();
        app.editor().stage(edits, ANONYMOUS.to_owned()).await?;
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
pub(in crate::http) async fn list(State(app): State<AppState>) -> Result<Json<DraftList>, Problem> {
    Ok(Json(DraftList { drafts: app.editor().read(Store::drafts).await? }))
}

/// Make all staged edits as one version.
#[utoipa::path(post, path = "/v1/draft/publish", tag = "draft", responses(
    (status = 200, body = CommitBody),
    (status = 409, description = "Nothing is staged, or entries were changed since", body = Problem,
     content_type = "application/problem+json"),
))]
pub(in crate::http) async fn publish(State(app): State<AppState>) -> Result<Json<CommitBody>, Problem> {
    Ok(Json(app.editor().publish(ANONYMOUS.to_owned()).await?.into()))
}

/// Throw all staged edits away.
#[utoipa::path(delete, path = "/v1/draft", tag = "draft", responses((status = 204, description = "They are gone")))]
pub(in crate::http) async fn discard_all(State(app): State<AppState>) -> Result<StatusCode, Problem> {
    app.editor().discard(None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Throw the staged edit of one entry away.
#[utoipa::path(delete, path = "/v1/draft/{id}", tag = "draft", params(("id" = String, Path)), responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn discard(
    State(app): State<AppState>,
    Segment(id): Segment<EntryId>,
) -> Result<StatusCode, Problem> {
    match app.editor().discard(Some(id.clone())).await? {
        0 => Err(Problem::missing(format!("nothing is staged for entry {id}"))),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
