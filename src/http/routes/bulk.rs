//! `POST /v1/entries/bulk`: many changes of entries, all or none.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{commit_body::CommitBody, drafts::Staged, entries::DraftQuery, entry_body::EntryInput};
use crate::{
    editor,
    faq::EntryId,
    http::{
        access::Access,
        extract::{JsonBody, QueryParams, Validate},
        problem::{FieldError, Problem},
        state::AppState,
    },
    store::{Edit, Refusal},
};

/// Most changes in one request.
const MOST_CHANGES: usize = 1_000;

/// Changes that are made together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct BulkRequest {
    /// At most 1,000, each of another entry.
    changes: Vec<BulkChange>,
}

/// One change of one entry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct BulkChange {
    /// What to do.
    op: BulkOp,
    /// The entry as it shall be, with its id; for `create` and `put`.
    entry: Option<EntryInput>,
    /// Which entry; for `delete`. With `create` and `put` it need not be sent, and must be the id of `entry`.
    #[schema(value_type = Option<String>)]
    id: Option<EntryId>,
    /// The revision that the change was made from, for `put` and `delete`; without it whatever is there is overwritten
    /// or removed.
    revision: Option<u64>,
}

/// What to do with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum BulkOp {
    /// Add it; refused when the id is taken.
    Create,
    /// Replace it, or add it when it is not there.
    Put,
    /// Remove it.
    Delete,
}

impl Validate for BulkRequest {
    fn problems(&self, _: &AppState) -> Vec<FieldError> {
        let count = self.changes.len();
        if count == 0 || count > MOST_CHANGES {
            let detail = format!("must hold 1 to {MOST_CHANGES} changes, not {count}");
            return vec![FieldError { pointer: "/changes".to_owned(), detail }];
        }
        let mut problems = Vec::new();
        for (position, change) in self.changes.iter().enumerate() {
            let mistakes = change.missing().into_iter().chain(change.contradictions());
            problems.extend(mistakes.map(|(field, detail)| FieldError {
                pointer: format!("/changes/{position}{field}"),
                detail: detail.to_owned(),
            }));
        }
        problems
    }
}

impl BulkChange {
    /// What must be there and is not.
    fn missing(&self) -> Option<(&'static str, &'static str)> {
        match self.op {
            BulkOp::Delete => {
                self.id.is_none().then_some(("/id", "is missing: name the entry that shall be removed"))
            }
            BulkOp::Create | BulkOp::Put => match &self.entry {
                None => Some(("/entry", "is missing: send the entry as it shall be")),
                Some(entry) if entry.id().is_none() => {
                    Some(("/entry/id", "is missing: each entry of a bulk change needs its id"))
                }
                Some(_) => None,
            },
        }
    }

    /// What is there and does not go with the rest. It is refused rather than ignored: whoever sent it meant something.
    fn contradictions(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let (creates, deletes) = (self.op == BulkOp::Create, self.op == BulkOp::Delete);
        let of_entry = self.entry.as_ref().and_then(EntryInput::id);
        let names_two = self.id.as_ref().zip(of_entry).is_some_and(|(id, of_entry)| id != of_entry);
        [
            (
                deletes && self.entry.is_some(),
                "/entry",
                "does not go with delete: name the entry by its id alone",
            ),
            (
                !deletes && names_two,
                "/id",
                "is another one than that of the entry: leave it out, or make them equal",
            ),
            (
                creates && self.revision.is_some(),
                "/revision",
                "does not go with create: there is none to begin with",
            ),
        ]
        .into_iter()
        .filter_map(|(is_wrong, field, detail)| is_wrong.then_some((field, detail)))
    }

    /// `None` when something is missing.
    fn into_edit(self) -> Option<Edit> {
        let Self { op, entry, id, revision } = self;
        if op == BulkOp::Delete {
            return Some(Edit::Delete { id: id?, revision });
        }
        let input = entry?;
        let id = input.id()?.clone();
        let entry = input.into_entry(id);
        Some(if op == BulkOp::Create { Edit::Create(entry) } else { Edit::Put { entry, revision } })
    }
}

/// Change many entries at once: all of the changes are made, or none.
#[utoipa::path(post, path = "/v1/entries/bulk", tag = "entries", params(DraftQuery), request_body = BulkRequest,
    responses(
    (status = 200, body = CommitBody),
    (status = 202, description = "Staged", body = Staged),
    (status = 409, description = "Changes that do not fit what is stored, each with a pointer", body = Problem,
     content_type = "application/problem+json"),
    Problem,
))]
pub(in crate::http) async fn bulk(
    access: Access,
    QueryParams(DraftQuery { draft }): QueryParams<DraftQuery>,
    JsonBody(request): JsonBody<BulkRequest>,
) -> Result<Response, Problem> {
    let edits: Vec<Edit> = request.changes.into_iter().filter_map(BulkChange::into_edit).collect();
    if draft {
        return Ok(Staged::stage(&access, edits).await.map_err(refusal)?.into_response());
    }
    let committed =
        access.space().editor().apply(edits, access.actor().to_string()).await.map_err(refusal)?;
    Ok(Json(CommitBody::from(committed)).into_response())
}

/// A refusal that points to every change that is wrong.
fn refusal(error: editor::Error) -> Problem {
    match error {
        editor::Error::Invalid { problems } => {
            let error = |problem: editor::FieldProblem| FieldError {
                pointer: format!("/changes/{}/entry{}", problem.position, problem.pointer),
                detail: problem.detail,
            };
            Problem::invalid(problems.into_iter().map(error).collect())
        }
        editor::Error::Refused { refusals } => {
            let error = |refusal: Refusal| FieldError {
                pointer: format!("/changes/{}", refusal.position),
                detail: refusal.conflict.to_string(),
            };
            let errors: Vec<FieldError> = refusals.into_iter().map(error).collect();
            let detail = "changes do not fit what is stored; nothing was changed";
            Problem { errors, ..Problem::conflict(detail) }
        }
        error @ (editor::Error::Undo(_)
        | editor::Error::Draft(_)
        | editor::Error::Store(_)
        | editor::Error::Build(_)
        | editor::Error::Interrupted) => error.into(),
    }
}
