//! The web page: files that are part of the binary, served as they are edited.
//!
//! There is no build step: plain ES modules, typed by comments and checked by `tests/page/run`. The one library,
//! preact with htm, is vendored in one file with its licence. The page talks to the JSON API only, so whatever it does
//! can be done by a program too; who may do what is decided there, and these files are for everybody.

mod files;

use std::sync::LazyLock;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use self::files::{FILES, File};
use super::{problem::Problem, state::AppState};

/// Nothing from elsewhere, nothing inline, in nobody's frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Addresses of pages; which one is shown is decided by `app.js`.
const PAGES: [&str; 5] = ["/", "/admin/entries", "/admin/test", "/admin/unanswered", "/admin/dashboard"];

/// The page and its files.
pub(super) fn routes() -> Router<AppState> {
    let pages = PAGES.iter().fold(Router::new(), |router, &path| router.route(path, get(shell)));
    pages
        .route("/admin", get(async || Redirect::temporary("/admin/entries")))
        .route("/page/{*path}", get(file))
}

async fn shell(headers: HeaderMap) -> Response {
    let mut response = send("index.html", &headers);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    send(&path, &headers)
}

/// The file, or only that the browser's copy is still good: after an update of the binary it never shows an old page.
fn send(path: &str, headers: &HeaderMap) -> Response {
    let Some((file, tag)) = TAGGED.iter().find(|(file, _)| file.path == path) else {
        return Problem::not_found().into_response();
    };
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|list| list.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    });
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { file.content.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Each file with its `ETag`.
static TAGGED: LazyLock<Vec<(&File, String)>> =
    LazyLock::new(|| FILES.iter().map(|file| (file, format!("\"{}\"", &file.sha256()[..32]))).collect());
