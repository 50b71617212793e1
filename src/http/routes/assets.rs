//! `/v1/assets`: the pictures of answers.

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    assets::{Addresses, AssetName, Assets, Picture},
    faq::SpaceName,
    http::{
        access::Access,
        blocking::blocking,
        extract::{Binary, Segment, Upload},
        problem::Problem,
    },
};

/// An answer of `space` with its stored pictures at the addresses under which [`picture`] serves them.
pub(super) fn with_addresses(markdown: &str, space: &SpaceName) -> String {
    Addresses::new("", space).in_markdown(markdown)
}

/// A picture that was kept.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct KeptPicture {
    /// What an answer refers to it by: `![text](src)`.
    #[schema(example = "assets/9751f66e….png")]
    src: String,
}

/// Keep a picture, so that an answer can show it: the file itself is the body.
///
/// PNG, JPEG, GIF or WebP, by its content, whatever it is called. The same picture again is the same one.
#[utoipa::path(post, path = "/v1/assets", tag = "entries",
    request_body(content = inline(Binary), content_type = "application/octet-stream"),
    responses((status = 201, body = KeptPicture, headers(("Location"))), Problem)
)]
pub(in crate::http) async fn keep(access: Access, Upload(bytes): Upload) -> Result<Response, Problem> {
    let addresses = Addresses::new("", access.space().name());
    let keep = move || -> Result<String, Problem> {
        let picture = Picture::new(bytes.to_vec()).map_err(|error| Problem::unusable(&error))?;
        access.space().assets().keep([&picture]).map_err(|error| Problem::fault(&error))?;
        Ok(picture.name().reference())
    };
    let src = blocking(keep).await??;
    let location = HeaderValue::from_str(&addresses.of(&src)).map_err(|error| Problem::fault(&error))?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(KeptPicture { src })).into_response())
}

/// A picture of an answer.
///
/// Its name says what is in it, so it may be kept for ever.
#[utoipa::path(get, path = "/v1/assets/{name}", tag = "matching",
    params(("name" = String, Path, description = "As in `answer.images[].src`")),
    responses(
        (status = 200, description = "The picture", content_type = "image/png", body = inline(Binary)),
        (status = 304, description = "The picture that the caller has"),
        (status = 404, description = "There is none of this name", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn picture(
    access: Access,
    Segment(name): Segment<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    send(access.space().assets(), &name, &headers).await
}

/// The picture, or only that the caller has it.
pub(super) async fn send(assets: &Assets, name: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let name: AssetName = name.parse().map_err(|_| Problem::not_found())?;
    let tag = format!("\"{name}\"");
    if !assets.holds(&name) {
        return Err(Problem::not_found());
    }
    let mut response = if has(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let assets = assets.clone();
        let file = name.clone();
        let read = blocking(move || assets.read(&file)).await?.map_err(|error| Problem::fault(&error))?;
        let bytes = read.ok_or_else(Problem::not_found)?;
        let mut response = Response::new(Body::from(bytes));
        let kind = HeaderValue::from_static(name.kind().media_type());
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    };
    let headers = response.headers_mut();
    // `private`: who may see a picture depends on who asks.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Whether the caller says that it has the picture under this tag.
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.trim_start_matches("W/") == tag
    })
}
