//! Errors as clients see them: RFC 9457 `application/problem+json`.
//!
//! Client text never shows the inside. What the client did wrong is told to the client and not logged as an
//! error; what we did wrong is logged once, here, and told as a bare 500.

use std::{collections::BTreeMap, fmt};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{self, Content, Ref, RefOr, ResponseBuilder},
};

/// An error response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem, stable, for programs. A relative reference.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid")]
    pub kind: &'static str,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status, again.
    #[serde(serialize_with = "status_as_number")]
    #[schema(value_type = u16, example = 422)]
    pub status: StatusCode,
    /// What was wrong this time and what to do.
    pub detail: String,
    /// Every field that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Seconds after which to try again, also sent as `Retry-After`.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

/// One field of a request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field.
    #[schema(example = "/query")]
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The empty pointer is the whole of what was sent: there is no field to name.
        if self.pointer.is_empty() {
            return f.write_str(&self.detail);
        }
        write!(f, "{}: {}", self.pointer, self.detail)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn status_as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    fn new(kind: &'static str, title: &'static str, status: StatusCode, detail: impl Into<String>) -> Self {
        Self { kind, title, status, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// 400: not readable at all.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new("/problems/malformed", "Malformed request", StatusCode::BAD_REQUEST, detail)
    }

    /// 422: readable, but not valid.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let problem =
            Self::new("/problems/invalid", "Invalid request", StatusCode::UNPROCESSABLE_ENTITY, detail);
        Self { errors, ..problem }
    }

    /// 401: nobody that is known.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new("/problems/unauthorized", "Key needed", StatusCode::UNAUTHORIZED, detail)
    }

    /// 403: known, but not allowed this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new("/problems/forbidden", "Not allowed", StatusCode::FORBIDDEN, detail)
    }

    /// 403: the signature on it does not say that it comes from whom it should come.
    pub fn not_verified(detail: impl Into<String>) -> Self {
        Self::new("/problems/not-verified", "Not verified", StatusCode::FORBIDDEN, detail)
    }

    /// 404: no such FAQ.
    pub fn unknown_space(detail: impl Into<String>) -> Self {
        Self::new("/problems/unknown-space", "Unknown space", StatusCode::NOT_FOUND, detail)
    }

    /// 404: this service could do that, but nobody set it up.
    #[must_use]
    pub fn not_configured(table: &str) -> Self {
        let detail = format!("{table} is not in the server's dayi.toml");
        Self::new("/problems/not-configured", "Not configured", StatusCode::NOT_FOUND, detail)
    }

    /// 422: a file that cannot be used, with all causes.
    #[must_use]
    pub fn unusable(error: &dyn std::error::Error) -> Self {
        let causes = std::iter::successors(Some(error), |error| error.source());
        let detail = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Self::invalid(vec![FieldError { pointer: String::new(), detail }])
    }

    /// 404: no such path.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new("/problems/not-found", "Not found", StatusCode::NOT_FOUND, "see /docs for what there is")
    }

    /// 404: there is no such thing.
    pub fn missing(detail: impl Into<String>) -> Self {
        Self::new("/problems/not-found", "Not found", StatusCode::NOT_FOUND, detail)
    }

    /// 409: it does not fit what is there.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new("/problems/conflict", "Conflict", StatusCode::CONFLICT, detail)
    }

    /// 412: somebody else was faster.
    pub fn stale(detail: impl Into<String>) -> Self {
        Self::new("/problems/stale", "Changed meanwhile", StatusCode::PRECONDITION_FAILED, detail)
    }

    /// 428: a change must say what it was made from.
    #[must_use]
    pub fn precondition_required() -> Self {
        Self::new(
            "/problems/precondition-required",
            "Precondition required",
            StatusCode::PRECONDITION_REQUIRED,
            "send the ETag that the entry was read with in the header If-Match, or * to overwrite whatever is there",
        )
    }

    /// 405: the path exists, not for this method.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(
            "/problems/method-not-allowed",
            "Method not allowed",
            StatusCode::METHOD_NOT_ALLOWED,
            "this path takes another method; see the Allow header and /docs",
        )
    }

    /// 413: the body is over the limit.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            "/problems/too-large",
            "Request too large",
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a request body may have at most {limit} bytes"),
        )
    }

    /// 415: not JSON.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::new(
            "/problems/unsupported-media-type",
            "Unsupported media type",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send JSON with the header `content-type: application/json`",
        )
    }

    /// 429: more work is waiting than can be done in time.
    #[must_use]
    pub fn overloaded() -> Self {
        let problem = Self::new(
            "/problems/overloaded",
            "Too many requests",
            StatusCode::TOO_MANY_REQUESTS,
            "too many questions are waiting; try again shortly",
        );
        Self { retry_after: Some(1), ..problem }
    }

    /// 429: this caller asks too often.
    #[must_use]
    pub fn too_often(retry_after: u32) -> Self {
        let problem = Self::new(
            "/problems/too-often",
            "Too many requests",
            StatusCode::TOO_MANY_REQUESTS,
            format!("more requests came from you than you may make; try again in {retry_after} s"),
        );
        Self { retry_after: Some(retry_after), ..problem }
    }

    /// 503: not now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let problem =
            Self::new("/problems/unavailable", "Unavailable", StatusCode::SERVICE_UNAVAILABLE, detail);
        Self { retry_after: Some(1), ..problem }
    }

    /// 500, and the log says why.
    #[must_use]
    pub fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "a request failed");
        Self::internal()
    }

    /// 500: ours. Says nothing about the inside.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            "/problems/internal",
            "Internal error",
            StatusCode::INTERNAL_SERVER_ERROR,
            "this is our fault; the server's log has the details under the x-request-id of this response",
        )
    }
}

/// What every question can be refused with, for the OpenAPI document.
impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let body = || Content::new(Some(Ref::from_schema_name("Problem")));
        let refusal = |(status, description): (&str, &str)| {
            let response = ResponseBuilder::new().description(description);
            (status.to_owned(), response.content("application/problem+json", body()).build().into())
        };
        [
            ("400", "Not readable"),
            ("413", "Too large"),
            ("415", "Not JSON"),
            ("422", "Not valid"),
            ("429", "Overloaded, or more requests than you may make; see Retry-After"),
            ("503", "Stopping, or the request took too long; see Retry-After"),
        ]
        .map(refusal)
        .into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status, self.retry_after);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"dayi\""));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
