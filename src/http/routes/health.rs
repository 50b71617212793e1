//! `GET /healthz`, `/readyz`, `/metrics`: for load balancers and Prometheus.

use axum::{Json, extract::State, http::header, response::IntoResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{problem::Problem, state::AppState};

/// What is served.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Ready {
    /// Always `ready`.
    status: &'static str,
    /// Entries that can be matched in the default space.
    entries: usize,
    /// Version of the FAQ in the default space.
    index_version: u64,
    /// Name of the model.
    model: String,
}

/// The process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, body = str)))]
pub(in crate::http) async fn healthz() -> &'static str {
    "ok"
}

/// The model is loaded and the FAQ is indexed.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses(
    (status = 200, body = Ready),
    (status = 503, description = "Stopping", body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn readyz(State(app): State<AppState>) -> Result<Json<Ready>, Problem> {
    if app.spaces().is_closed() {
        return Err(Problem::unavailable("the service is shutting down"));
    }
    let snapshot = app.spaces().default_space().matcher().snapshot();
    Ok(Json(Ready {
        status: "ready",
        entries: snapshot.entries().len(),
        index_version: snapshot.version(),
        model: snapshot.model().name.clone(),
    }))
}

/// Metrics as OpenMetrics text.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200, body = str)))]
pub(in crate::http) async fn metrics(State(app): State<AppState>) -> impl IntoResponse {
    let served = app.spaces().all_opened();
    let served = served.iter().map(|space| {
        let snapshot = space.matcher().snapshot();
        (space.name().clone(), snapshot.entries().len(), snapshot.version())
    });
    app.metrics().serving(served, app.spaces().queued());
    (
        [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")],
        app.metrics().text(),
    )
}
