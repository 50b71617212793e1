//! `/v1/entries`: the FAQ, entry by entry. Changes are durable when they are answered.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    drafts::Staged,
    entry_body::{EntryBody, EntryInput},
};
use crate::{
    faq::{EntryId, SpaceName},
    http::{
        access::Access,
        extract::{IfMatch, JsonBody, QueryParams, Segment, Validate, check_limit, parse_json},
        problem::{FieldError, Problem},
    },
    store::{Conflict, Cursor, Edit, Filter, Stored},
};

/// Most entries on a page.
const MOST_ENTRIES: usize = 500;

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ListQuery {
    /// Only entries with this in their id or one of their phrasings.
    q: Option<String>,
    /// Only entries of this category: one name, or a path such as `客户联系/群聊`.
    category: Option<String>,
    /// Only entries with this tag.
    tag: Option<String>,
    /// Only entries that are enabled, or that are not.
    enabled: Option<bool>,
    /// Entries on a page, 1 to 500.
    #[serde(default = "default_limit")]
    #[param(default = 50, minimum = 1, maximum = 500)]
    limit: usize,
    /// `next_cursor` of the page before.
    cursor: Option<i64>,
}

fn default_limit() -> usize {
    50
}

/// Whether the draft is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct DraftQuery {
    /// Work on the draft: a change is staged and waits until the draft is published.
    #[serde(default)]
    #[param(default = false)]
    pub(super) draft: bool,
}

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct EntryPage {
    /// In the order in which they were first stored.
    entries: Vec<EntryBody>,
    /// How many entries there are on all pages.
    total: usize,
    /// Where the next page begins; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<i64>,
}

/// List entries, page by page.
#[utoipa::path(get, path = "/v1/entries", tag = "entries", params(ListQuery), responses(
    (status = 200, body = EntryPage),
    Problem,
))]
pub(in crate::http) async fn list(
    access: Access,
    QueryParams(query): QueryParams<ListQuery>,
) -> Result<Json<EntryPage>, Problem> {
    let ListQuery { q: text, category, tag, enabled, limit, cursor } = query;
    check_limit(limit, MOST_ENTRIES)?;
    let filter = Filter { text, category, tag, enabled };
    let page =
        access.space().editor().read(move |store| store.page(&filter, cursor.map(Cursor), limit)).await?;
    Ok(Json(EntryPage {
        entries: page.entries.into_iter().map(EntryBody::from).collect(),
        total: page.total,
        next_cursor: page.next.map(|cursor| cursor.0),
    }))
}

/// Add an entry.
#[utoipa::path(post, path = "/v1/entries", tag = "entries", params(DraftQuery), request_body = EntryInput,
    responses(
    (status = 201, body = EntryBody, headers(("Location"), ("ETag"))),
    (status = 202, description = "Staged", body = Staged),
    (status = 409, description = "The id is taken", body = Problem, content_type = "application/problem+json"),
    Problem,
))]
pub(in crate::http) async fn create(
    access: Access,
    QueryParams(DraftQuery { draft }): QueryParams<DraftQuery>,
    JsonBody(input): JsonBody<EntryInput>,
) -> Result<Response, Problem> {
    let id = input.id_or_new()?;
    let edit = Edit::Create(input.into_entry(id.clone()));
    if draft {
        return Ok(Staged::stage(&access, vec![edit]).await?.into_response());
    }
    let stored = apply(&access, edit).await?;
    let location =
        HeaderValue::from_str(&path_of(&id, access.space().name())).map_err(|_| Problem::internal())?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], respond(stored)).into_response())
}

/// Read an entry, with `draft` as it is staged.
#[utoipa::path(get, path = "/v1/entries/{id}", tag = "entries", params(("id" = String, Path), DraftQuery), responses(
    (status = 200, body = EntryBody, headers(("ETag"))),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn read(
    access: Access,
    Segment(id): Segment<EntryId>,
    QueryParams(DraftQuery { draft }): QueryParams<DraftQuery>,
) -> Result<Response, Problem> {
    Ok(respond(seen(&access, id, draft).await?))
}

/// Replace an entry.
#[utoipa::path(put, path = "/v1/entries/{id}", tag = "entries",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "ETag of the entry, or `*`"),
           DraftQuery),
    request_body = EntryInput, responses(
    (status = 200, body = EntryBody, headers(("ETag"))),
    (status = 202, description = "Staged", body = Staged),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 412, description = "Changed meanwhile", body = Problem, content_type = "application/problem+json"),
    (status = 428, description = "No If-Match", body = Problem, content_type = "application/problem+json"),
    Problem,
))]
pub(in crate::http) async fn replace(
    access: Access,
    Segment(id): Segment<EntryId>,
    IfMatch(revision): IfMatch,
    QueryParams(DraftQuery { draft }): QueryParams<DraftQuery>,
    JsonBody(input): JsonBody<EntryInput>,
) -> Result<Response, Problem> {
    let old = seen(&access, id, draft).await?;
    put(&access, Put { old, revision, input, draft }).await
}

/// Change some fields of an entry: a JSON merge patch (RFC 7396), such as `{"enabled": false}`.
#[utoipa::path(patch, path = "/v1/entries/{id}", tag = "entries",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "ETag of the entry, or `*`"),
           DraftQuery),
    request_body(content = Object, content_type = "application/merge-patch+json"), responses(
    (status = 200, body = EntryBody, headers(("ETag"))),
    (status = 202, description = "Staged", body = Staged),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 412, description = "Changed meanwhile", body = Problem, content_type = "application/problem+json"),
    (status = 428, description = "No If-Match", body = Problem, content_type = "application/problem+json"),
    Problem,
))]
pub(in crate::http) async fn patch(
    access: Access,
    Segment(id): Segment<EntryId>,
    IfMatch(revision): IfMatch,
    QueryParams(DraftQuery { draft }): QueryParams<DraftQuery>,
    JsonBody(MergePatch(patch)): JsonBody<MergePatch>,
) -> Result<Response, Problem> {
    let old = seen(&access, id, draft).await?;
    let mut merged = serde_json::to_value(&old.entry).map_err(|_| Problem::internal())?;
    if let Some(fields) = merged.as_object_mut() {
        for (field, value) in patch {
            // A field of an entry is a text, a list or a day: there are no objects to merge deeper.
            if value.is_null() {
                fields.remove(&field);
            } else {
                fields.insert(field, value);
            }
        }
    }
    // The bytes are read again, so that whatever is wrong is reported as in a whole entry.
    let input = parse_json(merged.to_string().as_bytes())?;
    // Whatever is there is what the fields were merged into.
    let revision = revision.or(Some(old.revision));
    put(&access, Put { old, revision, input, draft }).await
}

/// Remove an entry.
#[utoipa::path(delete, path = "/v1/entries/{id}", tag = "entries",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "ETag of the entry, or `*`"),
           DraftQuery),
    responses(
    (status = 204, description = "It is gone"),
    (status = 202, description = "Staged", body = Staged),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 412, description = "Changed meanwhile", body = Problem, content_type = "application/problem+json"),
    (status = 428, description = "No If-Match", body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn delete(
    access: Access,
    Segment(id): Segment<EntryId>,
    IfMatch(revision): IfMatch,
    QueryParams(DraftQuery { draft }): QueryParams<DraftQuery>,
) -> Result<Response, Problem> {
    let edit = Edit::Delete { id, revision };
    if draft {
        return Ok(Staged::stage(&access, vec![edit]).await?.into_response());
    }
    access.space().editor().apply(vec![edit], access.actor().to_string()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Fields to change, and their new values.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::http) struct MergePatch(serde_json::Map<String, serde_json::Value>);

impl Validate for MergePatch {}

/// An entry that shall be another one.
struct Put {
    old: Stored,
    revision: Option<u64>,
    input: EntryInput,
    draft: bool,
}

async fn put(access: &Access, Put { old, revision, input, draft }: Put) -> Result<Response, Problem> {
    let id = old.entry.id;
    if let Some(other) = input.id().filter(|&other| *other != id) {
        let detail = format!("must be {id}, as in the path, not {other}: an entry keeps its id");
        return Err(Problem::invalid(vec![FieldError { pointer: "/id".to_owned(), detail }]));
    }
    let entry = input.into_entry(id);
    let revision = if draft { revision } else { revision.or(Some(old.revision)) };
    let edit = Edit::Put { entry, revision };
    if draft {
        return Ok(Staged::stage(access, vec![edit]).await?.into_response());
    }
    Ok(respond(apply(access, edit).await?))
}

/// Makes an edit that leaves an entry there, and brings what it wrote: whoever changes or removes the entry next must
/// not have their entry, or their `ETag`, told to this caller as its own.
async fn apply(access: &Access, edit: Edit) -> Result<Stored, Problem> {
    let id = edit.id().clone();
    let written = access.space().editor().apply_one(edit, access.actor().to_string()).await?;
    written.ok_or_else(|| Problem::from(Conflict::Missing { id }))
}

/// The entry as it is published or, for whoever works on the draft, staged.
async fn seen(access: &Access, id: EntryId, draft: bool) -> Result<Stored, Problem> {
    let wanted = id.clone();
    let found = access
        .space()
        .editor()
        .read(move |store| if draft { store.drafted_entry(&wanted) } else { store.entry(&wanted) })
        .await?;
    found.ok_or_else(|| Problem::from(Conflict::Missing { id }))
}

fn respond(stored: Stored) -> Response {
    let mut headers = HeaderMap::new();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", stored.revision)) {
        headers.insert(header::ETAG, tag);
    }
    (headers, Json(EntryBody::from(stored))).into_response()
}

/// Where the entry is read: in the id ASCII as it is, everything else as `%` and two digits.
fn path_of(id: &EntryId, space: &SpaceName) -> String {
    let encode =
        |byte: u8| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let id: String = id.as_str().bytes().map(encode).collect();
    if space.is_default() { format!("/v1/entries/{id}") } else { format!("/v1/entries/{id}?space={space}") }
}
