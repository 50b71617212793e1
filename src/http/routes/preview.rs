//! `POST /v1/preview`: an answer as a page would show it, before it is stored.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::{
    access::Access,
    extract::{JsonBody, Validate},
    markup,
    problem::Problem,
    routes::assets::with_addresses,
};

/// An answer that is being written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PreviewRequest {
    /// The answer so far.
    markdown: String,
}

impl Validate for PreviewRequest {}

/// The answer as it would be shown.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Preview {
    /// Sanitised HTML.
    html: String,
}

/// Render an answer as `html` in `POST /v1/match` would. Nothing is stored.
#[utoipa::path(post, path = "/v1/preview", tag = "entries", request_body = PreviewRequest, responses(
    (status = 200, body = Preview),
    Problem,
))]
pub(in crate::http) async fn preview(
    access: Access,
    JsonBody(request): JsonBody<PreviewRequest>,
) -> Json<Preview> {
    Json(Preview { html: markup::html(&with_addresses(&request.markdown, access.space().name())) })
}
