//! `/v1/unanswered`: questions that got no good answer, grouped by meaning, and what a person decides about them.

use axum::{Json, http::StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entry_body::EntryInput;
use crate::{
    faq::EntryId,
    http::{
        access::Access,
        extract::{JsonBody, QueryParams, Segment, Validate, check_limit},
        problem::{FieldError, Problem},
        state::AppState,
    },
    learn::{Acceptance, GroupDecision, GroupFilter, GroupState, Unanswered, UnansweredPage, accept},
};

/// Most groups on a page: the FAQ is asked a question for each.
const MOST_GROUPS: usize = 100;

/// Which groups to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct UnansweredQuery {
    /// Groups that are `open`, `accepted` or `ignored`.
    #[serde(default)]
    #[param(inline)]
    state: GroupState,
    /// Only questions asked at or after this time count, such as `2026-01-31T00:00:00Z`.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Groups on a page, 1 to 100.
    #[serde(default = "default_limit")]
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: u32,
    /// Groups to leave out at the beginning.
    #[serde(default)]
    #[param(default = 0)]
    offset: u32,
}

fn default_limit() -> u32 {
    20
}

/// List unanswered questions, grouped by meaning, those asked most first: with examples, the entries nearest today, and
/// a draft. Nothing is added to the FAQ until somebody accepts it.
#[utoipa::path(get, path = "/v1/unanswered", tag = "learning", params(UnansweredQuery), responses(
    (status = 200, body = UnansweredPage),
    Problem,
))]
pub(in crate::http) async fn list(
    access: Access,
    QueryParams(query): QueryParams<UnansweredQuery>,
) -> Result<Json<UnansweredPage>, Problem> {
    let UnansweredQuery { state, since, limit, offset } = query;
    check_limit(limit as usize, MOST_GROUPS)?;
    let filter = GroupFilter { state, since, offset, limit };
    let found = access.space().journal().read(move |store| Unanswered::read(store, &filter)).await?;
    let verdicts = access.space().matcher().ask(found.queries()).await?;
    Ok(Json(found.settle(&verdicts)))
}

/// What becomes of a group: questions of an entry that is there, or a new entry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct AcceptRequest {
    /// The entry that answers the group; not with `entry`.
    #[schema(value_type = Option<String>, example = "wecom-faq-3-1")]
    entry_id: Option<EntryId>,
    /// The similar questions that it gets; the draft's question when they are left out.
    questions: Option<Vec<String>>,
    /// A new entry that answers the group; not with `entry_id`.
    entry: Option<EntryInput>,
}

impl Validate for AcceptRequest {
    fn problems(&self, _: &AppState) -> Vec<FieldError> {
        let problem = |pointer: &str, detail: &str| {
            vec![FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() }]
        };
        match (&self.entry_id, &self.entry, &self.questions) {
            (None, None, _) => {
                problem("", "send entry_id for an entry that is there, or entry for a new one")
            }
            (Some(_), Some(_), _) => {
                problem("/entry", "not with entry_id: either a new entry or one that is there")
            }
            (None, Some(_), Some(_)) => problem("/questions", "not with entry: put them into its similar"),
            (Some(_), None, Some(questions)) if questions.is_empty() => {
                problem("/questions", "must not be empty: leave it out to add the draft's question")
            }
            (Some(_), None, _) | (None, Some(_), None) => Vec::new(),
        }
    }
}

/// What was added.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Accepted {
    /// The entry that answers the group.
    #[schema(value_type = String)]
    entry_id: EntryId,
    /// Questions that it did not have before.
    added: Vec<String>,
}

/// Accept a group: its question becomes a similar question of an entry, or a new entry is made. The change is in the
/// history and can be undone there. A request that failed can be sent again: it adds nothing twice.
#[utoipa::path(post, path = "/v1/unanswered/{id}/accept", tag = "learning", params(("id" = i64, Path)),
    request_body = AcceptRequest, responses(
    (status = 200, body = Accepted),
    (status = 404, description = "No such group or entry", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "Another entry has the new one's id", body = Problem,
     content_type = "application/problem+json"),
    (status = 412, description = "The entry was changed meanwhile", body = Problem,
     content_type = "application/problem+json"),
    Problem,
))]
pub(in crate::http) async fn accept_group(
    access: Access,
    Segment(group): Segment<i64>,
    JsonBody(request): JsonBody<AcceptRequest>,
) -> Result<Json<Accepted>, Problem> {
    let acceptance = match (request.entry_id, request.entry) {
        (Some(entry), _) => Acceptance::Similar { entry, questions: request.questions },
        (None, Some(input)) => {
            let id = input.id_or_of_group(group)?;
            Acceptance::New(Box::new(input.into_entry(id)))
        }
        (None, None) => return Err(Problem::internal()),
    };
    let change = access.space().journal().read(move |store| Ok(accept(store, group, acceptance))).await??;
    if let Some(edit) = change.edit {
        access.space().editor().apply(vec![edit], access.actor().to_string()).await?;
    }
    // Only now: a crash or a refusal in between leaves the group open, and accepting it again adds nothing twice.
    let (state, by) = (GroupState::Accepted, access.actor().to_string());
    access
        .space()
        .journal()
        .decide(GroupDecision { group, state, entry: Some(change.entry.clone()), by })
        .await?;
    Ok(Json(Accepted { entry_id: change.entry, added: change.added }))
}

/// Ignore a group: it is not for the FAQ. It leaves the list, and comes back when it is asked as often again as before,
/// ten times at least.
#[utoipa::path(post, path = "/v1/unanswered/{id}/ignore", tag = "learning", params(("id" = i64, Path)), responses(
    (status = 204, description = "Ignored"),
    (status = 404, description = "No such group", body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn ignore(
    access: Access,
    Segment(group): Segment<i64>,
) -> Result<StatusCode, Problem> {
    decide(&access, group, GroupState::Ignored).await
}

/// Put a group that was accepted or ignored on the list again.
#[utoipa::path(post, path = "/v1/unanswered/{id}/reopen", tag = "learning", params(("id" = i64, Path)), responses(
    (status = 204, description = "Open again"),
    (status = 404, description = "No such group", body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn reopen(
    access: Access,
    Segment(group): Segment<i64>,
) -> Result<StatusCode, Problem> {
    decide(&access, group, GroupState::Open).await
}

async fn decide(access: &Access, group: i64, state: GroupState) -> Result<StatusCode, Problem> {
    let decision = GroupDecision { group, state, entry: None, by: access.actor().to_string() };
    access.space().journal().decide(decision).await?;
    Ok(StatusCode::NO_CONTENT)
}
