//! `/v1/spaces`: the FAQs of one service.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    faq::SpaceName,
    http::{
        access::Access,
        extract::{JsonBody, Segment, Validate},
        problem::{FieldError, Problem},
        state::AppState,
    },
    spaces::{self, Listed},
};

/// One FAQ.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SpaceBody {
    /// Its name; `default` is always there.
    #[schema(value_type = String, example = "hr")]
    name: SpaceName,
    /// Entries that can be matched; null when the space cannot be opened.
    entries: Option<usize>,
    /// Version of the FAQ; null likewise.
    index_version: Option<u64>,
}

impl From<Listed> for SpaceBody {
    fn from(Listed { name, space }: Listed) -> Self {
        let snapshot = space.map(|space| space.matcher().snapshot());
        let entries = snapshot.as_ref().map(|snapshot| snapshot.entries().len());
        Self { name, entries, index_version: snapshot.map(|snapshot| snapshot.version()) }
    }
}

/// All FAQs that are served.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SpaceList {
    /// The default one, then by name.
    spaces: Vec<SpaceBody>,
}

/// A space that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewSpaceRequest {
    /// 1 to 40 of the characters a-z, 0-9 and `-`.
    #[schema(example = "hr")]
    name: String,
}

impl Validate for NewSpaceRequest {
    fn problems(&self, _: &AppState) -> Vec<FieldError> {
        let wrong = self.name.parse::<SpaceName>().err();
        let problem = |error: crate::faq::SpaceNameError| FieldError {
            pointer: "/name".to_owned(),
            detail: error.to_string(),
        };
        wrong.map(problem).into_iter().collect()
    }
}

/// List the spaces. One that is damaged is listed without what is in it; the log says why.
#[utoipa::path(get, path = "/v1/spaces", tag = "spaces", responses((status = 200, body = SpaceList)))]
pub(in crate::http) async fn list_spaces(State(app): State<AppState>) -> Result<Json<SpaceList>, Problem> {
    let listed = app.blocking(|app| app.spaces().open_all()).await??;
    Ok(Json(SpaceList { spaces: listed.into_iter().map(SpaceBody::from).collect() }))
}

/// Make an empty space.
#[utoipa::path(post, path = "/v1/spaces", tag = "spaces", request_body = NewSpaceRequest, responses(
    (status = 201, body = SpaceBody),
    (status = 409, description = "There is one of this name", body = Problem, content_type = "application/problem+json"),
    Problem,
))]
pub(in crate::http) async fn create_space(
    State(app): State<AppState>,
    access: Access,
    JsonBody(NewSpaceRequest { name }): JsonBody<NewSpaceRequest>,
) -> Result<impl IntoResponse, Problem> {
    let name: SpaceName = name.parse().map_err(spaces::Error::Name)?;
    let made = name.clone();
    app.blocking(move |app| -> Result<(), Problem> {
        app.spaces().create(&made)?;
        Ok(app.keys().space_created(&made, access.actor())?)
    })
    .await??;
    // No Location: a space itself is not read anywhere, only what is in it.
    Ok((StatusCode::CREATED, Json(SpaceBody { name, entries: Some(0), index_version: Some(0) })))
}

/// Delete a space, all that is in it, and its keys. There is no way back.
#[utoipa::path(delete, path = "/v1/spaces/{name}", tag = "spaces", params(("name" = String, Path)), responses(
    (status = 204, description = "It is gone"),
    (status = 409, description = "The default space stays", body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn delete_space(
    State(app): State<AppState>,
    access: Access,
    Segment(name): Segment<String>,
) -> Result<StatusCode, Problem> {
    let name: SpaceName = name.parse().map_err(spaces::Error::Name)?;
    app.blocking(move |app| -> Result<(), Problem> {
        app.spaces().delete(&name)?;
        Ok(app.keys().space_deleted(&name, access.actor())?)
    })
    .await??;
    Ok(StatusCode::NO_CONTENT)
}
