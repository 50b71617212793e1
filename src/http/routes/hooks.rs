//! `POST /v1/hooks/{name}`: where ticket systems call. `GET /v1/outbox`: what has to be delivered to them.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    channels::webhook::{
        deliver::Deliveries,
        hook::{HookError, Outcome},
        outbox::{Delivery, OutboxError, State as DeliveryState},
        verify::Incoming,
    },
    http::{
        blocking::blocking,
        extract::{QueryParams, RawBody, Segment, check_limit},
        problem::Problem,
        state::AppState,
    },
    triage::Triage,
};

/// Most messages in one list.
const MOST_DELIVERIES: usize = 1_000;

/// A ticket was taken; its outcome will be delivered.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Accepted {
    /// The `webhook-id` under which it will arrive.
    delivery: String,
}

/// A ticket from a ticket system, verified by its own signature.
///
/// Answered with the triage, or with 202 when the hook says `reply = "deliver"`.
#[utoipa::path(post, path = "/v1/hooks/{name}", tag = "webhooks",
    params(("name" = String, Path, description = "Name of a `[[hooks]]` table in dayi.toml")),
    request_body(content = String, content_type = "application/json", description = "As the ticket system sends it"),
    responses(
        (status = 200, body = Triage),
        (status = 202, body = Accepted, description = "Taken; the outcome is delivered as a signed webhook"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Not verified"),
        (status = 404, body = Problem, content_type = "application/problem+json",
         description = "There is no hook of this name, or not the space that it answers from"),
        Problem,
    ))]
pub(in crate::http) async fn receive_ticket(
    State(app): State<AppState>,
    Segment(name): Segment<String>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Problem> {
    let channels = app.channels();
    let hook = channels.hooks.iter().find(|hook| hook.name == name).ok_or_else(Problem::not_found)?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let incoming = Incoming { header: &header, body: &body };
    let space = app.space(hook.space.clone()).await.inspect_err(|problem| {
        tracing::warn!(hook = name, space = %hook.space, reason = problem.detail, "refused a webhook");
    })?;
    let outcome = hook.receive(&space, channels.deliveries.as_ref(), incoming, Timestamp::now()).await;
    Ok(match outcome.map_err(|error| refused(&name, error))? {
        Outcome::Answered(triage) => Json(&*triage).into_response(),
        Outcome::Accepted { delivery } => (StatusCode::ACCEPTED, Json(Accepted { delivery })).into_response(),
    })
}

/// The sender is told, and so is whoever sets the hook up and wonders why nothing arrives.
fn refused(hook: &str, error: HookError) -> Problem {
    let problem = match error {
        HookError::Verify(error) => Problem::not_verified(error.to_string()),
        HookError::Json { reason } => Problem::malformed(format!("the body is no ticket: {reason}")),
        HookError::Mapping(error) => Problem::malformed(error.to_string()),
        HookError::Match(error) => return error.into(),
        HookError::Outbox(error) => return error.into(),
    };
    tracing::warn!(hook, reason = problem.detail, "refused a webhook");
    problem
}

impl From<OutboxError> for Problem {
    fn from(error: OutboxError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the outbox does not work");
        Self::internal()
    }
}

/// Which messages to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct OutboxQuery {
    /// Only those that stand so.
    state: Option<DeliveryState>,
    /// At most so many, 1 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: u32,
}

fn default_limit() -> u32 {
    100
}

/// Messages to ticket systems, the newest first.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct OutboxPage {
    /// Messages, without their bodies.
    deliveries: Vec<Delivery>,
}

/// List what is to be delivered, was delivered, or was given up.
#[utoipa::path(get, path = "/v1/outbox", tag = "webhooks", params(OutboxQuery),
    responses((status = 200, body = OutboxPage), Problem))]
pub(in crate::http) async fn list_deliveries(
    State(app): State<AppState>,
    QueryParams(query): QueryParams<OutboxQuery>,
) -> Result<Json<OutboxPage>, Problem> {
    let OutboxQuery { state, limit } = query;
    check_limit(limit as usize, MOST_DELIVERIES)?;
    let deliveries = on_outbox(&app, move |deliveries| deliveries.outbox().list(state, limit)).await?;
    Ok(Json(OutboxPage { deliveries }))
}

/// Try a message again now, under its old id.
#[utoipa::path(post, path = "/v1/outbox/{id}/retry", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 200, body = Delivery),
        (status = 404, body = Problem, content_type = "application/problem+json",
         description = "There is none, or it was delivered"),
        Problem,
    ))]
pub(in crate::http) async fn retry_delivery(
    State(app): State<AppState>,
    Segment(id): Segment<String>,
) -> Result<Json<Delivery>, Problem> {
    let retried = on_outbox(&app, move |deliveries| {
        let retried = deliveries.outbox().retry(&id, Timestamp::now())?;
        if let Some(delivery) = &retried {
            deliveries.look_again(&delivery.destination);
        }
        Ok(retried)
    });
    retried.await?.map(Json).ok_or_else(Problem::not_found)
}

/// Runs what waits for the disk on a thread that may wait.
async fn on_outbox<T: Send + 'static>(
    app: &AppState,
    run: impl FnOnce(&Deliveries) -> Result<T, OutboxError> + Send + 'static,
) -> Result<T, Problem> {
    let deliveries: Arc<Deliveries> = app
        .channels()
        .deliveries
        .clone()
        .ok_or_else(|| Problem::not_configured("a [[hooks]] table with reply = \"deliver\""))?;
    Ok(blocking(move || run(&deliveries)).await??)
}
