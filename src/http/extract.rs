//! What handlers read from a request, each read strictly and refused clearly: [`JsonBody`], [`RawBody`], [`Upload`],
//! [`QueryParams`], [`Segment`], [`IfMatch`].

use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type},
    },
};

use super::{
    access::SPACE_PARAMETER,
    problem::{FieldError, Problem},
    state::AppState,
};

/// A request that can check its own values.
pub trait Validate {
    /// Every field that is wrong; empty when all is well, as when its types say everything.
    fn problems(&self, _app: &AppState) -> Vec<FieldError> {
        Vec::new()
    }
}

/// The body as JSON: right content type, UTF-8, within the size limit, no unknown fields, all values valid.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + Validate> FromRequest<AppState> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported_media_type());
        }
        let body = whole_body(request, app, app.limits().max_body_bytes).await?;
        let value: T = parse_json(&body)?;
        let problems = value.problems(app);
        if problems.is_empty() { Ok(Self(value)) } else { Err(Problem::invalid(problems)) }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json")
}

/// Reads JSON strictly.
///
/// # Errors
/// 400 when it is none, 422 with a pointer when it is another kind of JSON.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Problem::malformed(format!("the body is not UTF-8: bad byte at offset {}", error.valid_up_to()))
    })?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| refused(&error))?;
    deserializer.end().map_err(|error| Problem::malformed(format!("the body is not valid JSON: {error}")))?;
    Ok(value)
}

/// A value of the body as what it should be, refused as the body itself would be.
pub(super) fn from_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| refused(&error))
}

fn refused(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if inner.is_data() {
        Problem::invalid(vec![FieldError { pointer: pointer(error.path()), detail: without_position(inner) }])
    } else {
        Problem::malformed(format!("the body is not valid JSON: {inner}"))
    }
}

/// RFC 6901 form of serde's path.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The message without " at line 1 column 9", which says nothing to a program that built the JSON.
fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Most bytes of an uploaded file: what an import reads.
const MAX_FILE_BYTES: usize = crate::import::MAX_BYTES as usize;

/// The body as it is, within the size limit of JSON: what a foreign system signed.
pub struct RawBody(pub Bytes);

impl FromRequest<AppState> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Problem> {
        whole_body(request, app, app.limits().max_body_bytes).await.map(Self)
    }
}

/// A file as it is, in the document: bytes, which a list of numbers would not be.
pub struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        let bytes = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(bytes)).into()
    }
}

impl ToSchema for Binary {}

/// The body as it is: a file.
pub struct Upload(pub Bytes);

impl FromRequest<AppState> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Problem> {
        whole_body(request, app, MAX_FILE_BYTES).await.map(Self)
    }
}

async fn whole_body(mut request: Request, app: &AppState, limit: usize) -> Result<Bytes, Problem> {
    DefaultBodyLimit::max(limit).apply(&mut request);
    Bytes::from_request(request, app).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::too_large(limit)
        } else {
            Problem::malformed("the body could not be read to its end")
        }
    })
}

/// The query string without the space, which `Access` reads; the rest is read strictly.
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for QueryParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let is_space = |pair: &str| pair.split('=').next() == Some(SPACE_PARAMETER);
        let own: Vec<&str> = query.split('&').filter(|pair| !is_space(pair)).collect();
        let uri = format!("/?{}", own.join("&"))
            .parse()
            .map_err(|_| Problem::malformed("the query parameters cannot be read"))?;
        Query::try_from_uri(&uri)
            .map(|Query(value)| Self(value))
            .map_err(|rejection| Problem::malformed(rejection.body_text()))
    }
}

/// Refuses a page of nothing, or of more than `most`.
///
/// # Errors
/// 400 with the range.
pub fn check_limit(limit: usize, most: usize) -> Result<(), Problem> {
    if (1..=most).contains(&limit) {
        return Ok(());
    }
    Err(Problem::malformed(format!("limit must be from 1 to {most}, not {limit}")))
}

/// The one part of the path that varies, such as the id of an entry.
pub struct Segment<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Segment<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, app).await {
            Ok(Path(value)) => Ok(Self(value)),
            // What cannot be a name is the name of nothing.
            Err(_) => Err(Problem::not_found()),
        }
    }
}

/// The revision that a change was made from, from the header `If-Match`; `None` for `*`, whichever it is at.
pub struct IfMatch(pub Option<u64>);

impl FromRequestParts<AppState> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let value = parts.headers.get(header::IF_MATCH).ok_or_else(Problem::precondition_required)?;
        let value = value.to_str().unwrap_or_default().trim();
        if value == "*" {
            return Ok(Self(None));
        }
        // A proxy that compresses marks tags as weak; a revision stands for the content all the same.
        let tag = value.strip_prefix("W/").unwrap_or(value);
        let revision = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).map(str::parse);
        match revision {
            Some(Ok(revision)) => Ok(Self(Some(revision))),
            Some(Err(_)) | None => Err(Problem::malformed(format!(
                "If-Match must be the ETag of one entry, such as \"17\", or *, not {value}"
            ))),
        }
    }
}
