//! The key of somebody who signed in on the page: in a cookie that no script can read, beside a proof that a request
//! comes from the page.
//!
//! A browser sends a cookie with whatever makes it call here. The cookie is therefore `SameSite=Strict`, and a request
//! that may change something must bring the token that only a page of this service can have read.

use axum::http::{HeaderMap, HeaderValue, Method, header};
use subtle::ConstantTimeEq;

use crate::keys::Token;

/// Name of the cookie. It is gone when the browser is closed.
const COOKIE: &str = "dayi_session";

/// Brings the proof.
pub(super) const CSRF_HEADER: &str = "x-dayi-csrf";

/// The key in the cookie, if there is one.
pub(super) fn token(headers: &HeaderMap) -> Option<Token> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies =
        values.flat_map(|value| value.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    cookies.find(|(name, _)| *name == COOKIE).and_then(|(_, value)| Token::parse(value))
}

/// Whether a request with `token` in its cookie comes from the page, or does not matter.
pub(super) fn is_proven(method: &Method, headers: &HeaderMap, token: &Token) -> bool {
    let sent = headers.get(CSRF_HEADER).map(HeaderValue::as_bytes).unwrap_or_default();
    method.is_safe() || bool::from(sent.ct_eq(token.csrf().as_bytes()))
}

/// The header that makes the browser keep `token`.
pub(super) fn kept(token: &Token, headers: &HeaderMap) -> String {
    cookie(&token.reveal(), headers)
}

/// The header that makes the browser forget it.
pub(super) fn forgotten(headers: &HeaderMap) -> String {
    format!("{}; Max-Age=0", cookie("", headers))
}

fn cookie(value: &str, headers: &HeaderMap) -> String {
    // Behind a proxy that speaks TLS the cookie must never go over a plain connection; without one it has to.
    let is_https = headers.get("x-forwarded-proto").is_some_and(|protocol| protocol == "https");
    let secure = if is_https { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{secure}")
}
