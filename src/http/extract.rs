//! [`JsonBody`]: a request body that is read strictly and refused clearly.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::{
    problem::{FieldError, Problem},
    state::AppState,
};

/// A request that can check its own values.
pub trait Validate {
    /// Every field that is wrong; empty when all is well.
    fn problems(&self, app: &AppState) -> Vec<FieldError>;
}

/// The body as JSON: right content type, UTF-8, within the size limit, no unknown fields, all values valid.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + Validate> FromRequest<AppState> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported_media_type());
        }
        let body = Bytes::from_request(request, app).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::too_large(app.limits().max_body_bytes)
            } else {
                Problem::malformed("the body could not be read to its end")
            }
        })?;
        let value: T = parse(&body)?;
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

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
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

/// The query string, read strictly.
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for QueryParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(value)| Self(value))
            .map_err(|rejection| Problem::malformed(rejection.body_text()))
    }
}
