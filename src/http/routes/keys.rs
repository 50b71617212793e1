//! `/v1/access`, `/v1/keys`, `/v1/audit`: what a key may do, and the keys of the service.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    http::{
        access::Access,
        extract::{JsonBody, QueryParams, Segment, Validate, check_limit},
        problem::{FieldError, Problem},
        state::AppState,
    },
    keys::{AuditRecord, Grant, Key, KeyId, KeyIdError, NewKey, Reach, Scope},
};

/// Longest name of a key, in characters.
const MAX_NAME_CHARS: usize = 100;

/// Most changes of keys and spaces in one list.
const MOST_CHANGES: usize = 1_000;

/// What the caller may do.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct AccessBody {
    /// `local`, `anonymous` or `key <id> (<name>)`.
    #[schema(example = "key 0123456789abcdef (portal)")]
    actor: String,
    /// What may be done; `admin` holds everything.
    scopes: Vec<Scope>,
    /// The space in which it may be done, `*` for all.
    #[schema(value_type = String, example = "default")]
    space: Reach,
}

/// A key without its secret.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct KeyBody {
    /// Names it in lists and histories.
    #[schema(value_type = String, example = "0123456789abcdef")]
    id: KeyId,
    /// What it is for.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// Where: a space, or `*`.
    #[schema(value_type = String, example = "default")]
    space: Reach,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it stops working by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

impl From<Key> for KeyBody {
    fn from(key: Key) -> Self {
        let Key { id, name, grant, created_at, expires_at, revoked_at } = key;
        let Grant { scopes, space } = grant;
        Self { id, name, scopes: scopes.iter().collect(), space, created_at, expires_at, revoked_at }
    }
}

/// A key that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewKeyRequest {
    /// What it may do.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// Where: a space, or `*` for all.
    #[serde(default)]
    #[schema(value_type = String, default = "default")]
    space: Reach,
    /// What it is for.
    #[serde(default)]
    name: String,
    /// When it is to stop working by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

impl Validate for NewKeyRequest {
    fn problems(&self, app: &AppState) -> Vec<FieldError> {
        let mut problems = Vec::new();
        let mut wrong = |pointer: &str, detail: String| {
            problems.push(FieldError { pointer: pointer.to_owned(), detail });
        };
        if self.scopes.is_empty() {
            wrong("/scopes", "must name at least one of ask, feedback, edit, admin".to_owned());
        }
        if let Reach::One(name) = &self.space
            && !app.spaces().exists(name)
        {
            wrong("/space", format!("there is no space {name}"));
        }
        let characters = self.name.chars().count();
        if characters > MAX_NAME_CHARS {
            wrong("/name", format!("has {characters} characters, at most {MAX_NAME_CHARS} are allowed"));
        }
        problems
    }
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct CreatedKey {
    /// What clients send as `Authorization: Bearer`. Shown this once.
    #[schema(example = "dayi_0123456789abcdef_…")]
    token: String,
    /// The key.
    #[serde(flatten)]
    key: KeyBody,
}

/// All keys, oldest first.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct KeyList {
    /// Revoked ones too.
    keys: Vec<KeyBody>,
}

/// How much of the audit is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct AuditParameters {
    /// How many changes, 1 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 50, minimum = 1, maximum = 1000)]
    limit: u32,
}

fn default_limit() -> u32 {
    50
}

/// The last changes of keys and spaces.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct AuditList {
    /// Newest first.
    changes: Vec<AuditRecord>,
}

/// Say what the caller may do.
#[utoipa::path(get, path = "/v1/access", tag = "keys", responses((status = 200, body = AccessBody)))]
pub(in crate::http) async fn read_access(access: Access) -> Json<AccessBody> {
    let Grant { scopes, space } = access.grant().clone();
    Json(AccessBody { actor: access.actor().to_string(), scopes: scopes.iter().collect(), space })
}

/// List all keys, without their secrets.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", responses((status = 200, body = KeyList)))]
pub(in crate::http) async fn list_keys(State(app): State<AppState>) -> Result<Json<KeyList>, Problem> {
    let keys = app.blocking(|app| app.keys().list()).await??;
    Ok(Json(KeyList { keys: keys.into_iter().map(KeyBody::from).collect() }))
}

/// Make a key. The response is the only place that ever shows it.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", request_body = NewKeyRequest, responses(
    (status = 201, body = CreatedKey),
    Problem,
))]
pub(in crate::http) async fn create_key(
    State(app): State<AppState>,
    access: Access,
    JsonBody(request): JsonBody<NewKeyRequest>,
) -> Result<Response, Problem> {
    let NewKeyRequest { scopes, space, name, expires_at } = request;
    let grant = Grant { scopes: scopes.into_iter().collect(), space };
    let wanted = NewKey { name, grant, expires_at };
    let (key, token) = app.blocking(move |app| app.keys().create(&wanted, access.actor())).await??;
    let created = CreatedKey { token: token.reveal(), key: key.into() };
    // A cache between here and the client must not keep it.
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(created)).into_response())
}

/// Revoke a key for good. Doing it again changes nothing.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "keys", params(("id" = String, Path)), responses(
    (status = 204, description = "It works no more"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn revoke_key(
    State(app): State<AppState>,
    access: Access,
    Segment(id): Segment<String>,
) -> Result<StatusCode, Problem> {
    let id =
        id.parse().map_err(|error: KeyIdError| Problem::missing(format!("there is no key {}", error.id)))?;
    app.blocking(move |app| app.keys().revoke(id, access.actor())).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// List the last changes of keys and spaces.
#[utoipa::path(get, path = "/v1/audit", tag = "keys", params(AuditParameters), responses(
    (status = 200, body = AuditList),
    Problem,
))]
pub(in crate::http) async fn read_audit(
    State(app): State<AppState>,
    QueryParams(AuditParameters { limit }): QueryParams<AuditParameters>,
) -> Result<Json<AuditList>, Problem> {
    check_limit(limit as usize, MOST_CHANGES)?;
    let changes = app.blocking(move |app| app.keys().audit(limit)).await??;
    Ok(Json(AuditList { changes }))
}
