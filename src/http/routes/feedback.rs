//! `POST /v1/feedback`: what people say of an answer.

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    faq::EntryId,
    http::{
        access::Access,
        extract::{JsonBody, Validate},
        problem::{FieldError, Problem},
        state::AppState,
    },
    learn::{Feedback, FeedbackVerdict},
};

/// Longest comment, characters.
const MAX_COMMENT: usize = 2_000;

/// A verdict on the answer to one question.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct FeedbackRequest {
    /// The `query_id` that came with the answer.
    query_id: Uuid,
    /// Which entry is meant; the first one when it is left out. Not with `none_of_these`.
    #[schema(value_type = Option<String>, example = "wecom-faq-3-1")]
    entry_id: Option<EntryId>,
    /// `helpful`: the entry answered the question. `wrong`: it did not. `none_of_these`: none that was offered did.
    verdict: FeedbackVerdict,
    /// The entry that would have been right, if that is known.
    #[schema(value_type = Option<String>)]
    chosen: Option<EntryId>,
    /// In the person's own words, at most 2,000 characters. Phone numbers and the like are masked.
    comment: Option<String>,
}

impl Validate for FeedbackRequest {
    fn problems(&self, _: &AppState) -> Vec<FieldError> {
        let mut problems = Vec::new();
        if self.verdict == FeedbackVerdict::NoneOfThese && self.entry_id.is_some() {
            problems.push(FieldError {
                pointer: "/entry_id".to_owned(),
                detail: "none_of_these speaks of all entries: leave entry_id out, or say wrong".to_owned(),
            });
        }
        let characters = self.comment.as_deref().map_or(0, |comment| comment.chars().count());
        if characters > MAX_COMMENT {
            problems.push(FieldError {
                pointer: "/comment".to_owned(),
                detail: format!("has {characters} characters, at most {MAX_COMMENT} are allowed"),
            });
        }
        problems
    }
}

/// Say whether an answer helped. It is on disk when the response comes; said again it counts once, said otherwise the
/// last word counts.
#[utoipa::path(post, path = "/v1/feedback", tag = "learning", request_body = FeedbackRequest, responses(
    (status = 204, description = "Stored"),
    (status = 404, description = "No such question in the query log", body = Problem,
     content_type = "application/problem+json"),
    Problem,
))]
pub(in crate::http) async fn feedback(
    access: Access,
    JsonBody(request): JsonBody<FeedbackRequest>,
) -> Result<StatusCode, Problem> {
    let FeedbackRequest { query_id, entry_id, verdict, chosen, comment } = request;
    access
        .space()
        .journal()
        .record_feedback(Feedback { query_id, entry_id, verdict, chosen, comment })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
