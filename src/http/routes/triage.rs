//! `POST /v1/triage`: a ticket in, what is to be done with it out.

use std::time::Instant;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::{
    http::{
        access::Access,
        extract::{self, JsonBody, QueryParams, Validate},
        problem::{FieldError, Problem},
        state::AppState,
    },
    triage::{Mapping, Preset, Ticket, Triage},
};

/// Where in the body the ticket stands. Without any of these the body is a `Ticket`.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Places {
    /// The ticket system that sends the body.
    preset: Option<Preset>,
    /// JSON pointer to the ticket's id, before the preset's own places.
    #[param(example = "/ticket/id")]
    id: Option<String>,
    /// JSON pointer to the subject line.
    subject: Option<String>,
    /// JSON pointer to the body.
    #[param(example = "/ticket/description")]
    body: Option<String>,
    /// JSON pointer to the attachments: a list, or their number.
    attachments: Option<String>,
}

/// What is said of a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TriageResponse {
    #[serde(flatten)]
    triage: Triage,
    /// Time taken, milliseconds.
    took_ms: f64,
}

/// Any JSON; what it has to hold depends on where the ticket stands in it.
impl Validate for Value {}

impl Places {
    /// `None` when the body is a ticket as it is.
    fn mapping(self) -> Result<Option<Mapping>, Problem> {
        let Self { preset, id, subject, body, attachments } = self;
        if preset.is_none() && [&id, &subject, &body, &attachments].iter().all(|place| place.is_none()) {
            return Ok(None);
        }
        let mut mapping = preset.map(Preset::mapping).unwrap_or_default();
        for (places, own) in [
            (&mut mapping.id, id),
            (&mut mapping.subject, subject),
            (&mut mapping.body, body),
            (&mut mapping.attachments, attachments),
        ] {
            places.splice(0..0, own);
        }
        mapping.check().map_err(|error| Problem::malformed(error.to_string()))?;
        Ok(Some(mapping))
    }
}

fn ticket(payload: Value, places: Places) -> Result<Ticket, Problem> {
    let invalid = |pointer: &str, detail: String| {
        Problem::invalid(vec![FieldError { pointer: pointer.to_owned(), detail }])
    };
    if let Some(mapping) = places.mapping()? {
        return mapping.ticket(&payload).map_err(|error| invalid("", error.to_string()));
    }
    let ticket: Ticket = extract::from_value(payload)?;
    let has_subject = ticket.subject.as_deref().is_some_and(|subject| !subject.trim().is_empty());
    if ticket.body.trim().is_empty() && !has_subject && ticket.attachments == 0 {
        let detail = "must not be empty: send what the requester wrote, as plain text or HTML; without it, a \
                      subject or attachments";
        return Err(invalid("/body", detail.to_owned()));
    }
    Ok(ticket)
}

/// Find a ticket's questions and say what is to be done with it.
///
/// The body is a `Ticket`, or with `preset` or pointers the JSON of a ticket system.
#[utoipa::path(post, path = "/v1/triage", tag = "triage", params(Places), request_body = Ticket, responses(
    (status = 200, body = TriageResponse),
    Problem,
))]
pub(in crate::http) async fn triage(
    State(app): State<AppState>,
    access: Access,
    QueryParams(places): QueryParams<Places>,
    JsonBody(payload): JsonBody<Value>,
) -> Result<Json<TriageResponse>, Problem> {
    let start = Instant::now();
    let space = access.space();
    let triage = space.triage(&ticket(payload, places)?).await?;
    for question in &triage.questions {
        app.metrics().decision(space.name(), question.decision);
    }
    Ok(Json(TriageResponse { triage, took_ms: start.elapsed().as_secs_f64() * 1e3 }))
}
