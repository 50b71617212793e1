//! Who calls, in which space, and whether they may: decided once, before any handler runs.
//!
//! `authorize` lies around every group of routes in `super::groups` and hands the handler an [`Access`].

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Query, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, request::Parts, uri::Authority},
    middleware::Next,
    response::Response,
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{problem::Problem, session, state::AppState};
use crate::{
    faq::SpaceName,
    keys::{Actor, Grant, Reach, Scope, Token},
    spaces::{self, Space},
};

/// Query parameter that names the space.
pub(super) const SPACE_PARAMETER: &str = "space";

/// Names the space, as [`SPACE_PARAMETER`] does.
pub(super) const SPACE_HEADER: &str = "x-dayi-space";

/// What a caller has to show to use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: the route is for everybody, or looks for itself who calls, as a callback does whose sender signs what
    /// it sends. Such a route takes its space from its own path: `AppState::space` opens it.
    Nothing,
    /// To be somebody: any key will do.
    Anybody,
    /// This scope in the space that is named.
    Scope(Scope),
    /// This scope in all spaces: the route tells of the whole service.
    ScopeEverywhere(Scope),
}

impl Needs {
    /// The scope, if one is needed.
    pub(super) fn scope(self) -> Option<Scope> {
        match self {
            Self::Nothing | Self::Anybody => None,
            Self::Scope(scope) | Self::ScopeEverywhere(scope) => Some(scope),
        }
    }
}

/// Who calls, and the space they may use. An extractor for handlers of routes that need a scope.
#[derive(Clone)]
pub struct Access {
    actor: Actor,
    grant: Grant,
    space: Arc<Space>,
}

impl Access {
    /// Who calls, as histories record it.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// What they may do, and where.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The FAQ that is meant.
    #[must_use]
    pub fn space(&self) -> &Arc<Space> {
        &self.space
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Access {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| {
            tracing::error!(path = parts.uri.path(), "this route is in a group that needs nothing");
            Problem::internal()
        })
    }
}

/// Lets a request through to its handler when the caller may make it.
pub(super) async fn authorize(
    State((app, needs)): State<(AppState, Needs)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if needs == Needs::Nothing {
        return Ok(next.run(request).await);
    }
    let Caller { actor, grant } = identify(&app, &request)?;
    if let Some(scope) = needs.scope().filter(|&scope| !grant.scopes.allow(scope)) {
        let has = &grant.scopes;
        return Err(Problem::forbidden(format!("this needs the scope {scope}, the caller has {has}")));
    }
    if matches!(needs, Needs::ScopeEverywhere(_)) && grant.space != Reach::All {
        return Err(Problem::forbidden(
            "this is about the whole service: use a key that was made with --space '*'",
        ));
    }
    let name = match (named_space(&request)?, &grant.space) {
        (Some(name), _) => name,
        (None, Reach::One(own)) => own.clone(),
        (None, Reach::All) => SpaceName::default(),
    };
    if !grant.space.covers(&name) {
        return Err(Problem::forbidden(format!("the caller has no access to the space {name}")));
    }
    let space = app.space(name).await?;
    request.extensions_mut().insert(Access { actor, grant, space });
    Ok(next.run(request).await)
}

/// Somebody, and what they may do.
pub(super) struct Caller {
    /// Who.
    pub(super) actor: Actor,
    /// What, and where.
    pub(super) grant: Grant,
}

/// Says who calls, and counts the call.
pub(super) fn identify(app: &AppState, request: &Request) -> Result<Caller, Problem> {
    let headers = request.headers();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(bearer).and_then(Token::parse);
        let found = token.map(|token| app.keys().authenticate(&token, Timestamp::now())).transpose()?;
        return match found {
            Some(Ok(key)) => {
                app.rate_limits().count_key(key.id)?;
                Ok(Caller { actor: key.actor(), grant: key.grant })
            }
            Some(Err(refusal)) => {
                app.rate_limits().count_address(peer(request))?;
                Err(Problem::unauthorized(refusal.to_string()))
            }
            None => {
                app.rate_limits().count_address(peer(request))?;
                Err(Problem::unauthorized("the Authorization header holds no key: send `Bearer dayi_…`"))
            }
        };
    }
    if let Some(token) = session::token(headers) {
        return match app.keys().authenticate(&token, Timestamp::now())? {
            Ok(_) if !session::is_proven(request.method(), headers, &token) => Err(Problem::forbidden(
                "send the `csrf` of GET /v1/session in the header X-Dayi-CSRF, or the key as `Authorization: Bearer dayi_…`",
            )),
            Ok(key) => {
                app.rate_limits().count_key(key.id)?;
                Ok(Caller { actor: key.actor(), grant: key.grant })
            }
            Err(refusal) => {
                app.rate_limits().count_address(peer(request))?;
                Err(Problem::unauthorized(refusal.to_string()))
            }
        };
    }
    let limits = app.limits();
    if limits.listen.ip().is_loopback()
        && !limits.allow_anonymous
        && is_addressed_locally(request)
        && !app.keys().were_ever_made()?
    {
        return Ok(Caller { actor: Actor::Local, grant: Grant::everything() });
    }
    app.rate_limits().count_address(peer(request))?;
    if limits.allow_anonymous {
        return Ok(Caller { actor: Actor::Anonymous, grant: Grant::of_anonymous() });
    }
    Err(Problem::unauthorized("send a key as `Authorization: Bearer dayi_…`; `dayi key create` makes one"))
}

/// The credentials of a `Bearer` header.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, credentials) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credentials.trim())
}

/// Where the caller's connection comes from; in a test without a socket, this machine.
pub(super) fn peer(request: &Request) -> IpAddr {
    let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
    connection.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(address)| address.ip())
}

/// Whether the caller calls this machine by a name that only means this machine, and nothing says that it calls for
/// somebody else.
///
/// A web page whose name was made to point here connects from this machine too, but brings that name; a page from
/// elsewhere in the owner's browser tells where it is from. Neither must be taken for the owner. A reverse proxy must
/// not either, and headers cannot settle that: one that is told nothing may call here as `127.0.0.1` and add no header
/// of its own. So what is noticed here is a second line only; a key has to be made before a proxy is put in front.
fn is_addressed_locally(request: &Request) -> bool {
    let headers = request.headers();
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let called =
        headers.get(header::HOST).map(text).or_else(|| request.uri().authority().map(Authority::to_string));
    let origin = headers.get(header::ORIGIN).map(|value| {
        let origin = text(value).parse::<Uri>().ok();
        origin.and_then(|origin| origin.authority().map(Authority::to_string)).unwrap_or_default()
    });
    !is_forwarded(headers) && called.into_iter().chain(origin).all(|authority| means_this_machine(&authority))
}

/// Whether `authority`, a name or an address and maybe a port, can only be the machine that it is used on.
fn means_this_machine(authority: &str) -> bool {
    if let Ok(address) = authority.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let host =
        authority.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(authority, |(host, _)| host);
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Whether a proxy says that it passes the request on, in any of the ways in which they do.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers
        .keys()
        .map(HeaderName::as_str)
        .any(|name| matches!(name, "forwarded" | "via" | "x-real-ip") || name.starts_with("x-forwarded-"))
}

#[derive(Deserialize)]
struct SpaceParameter {
    space: Option<String>,
}

/// The space that the request names, if it names one.
fn named_space(request: &Request) -> Result<Option<SpaceName>, Problem> {
    let Query(parameter) = Query::<SpaceParameter>::try_from_uri(request.uri()).map_err(|error| {
        Problem::malformed(format!("the query parameters cannot be read: {}", error.body_text()))
    })?;
    let header = request.headers().get(SPACE_HEADER).map(|value| value.to_str().unwrap_or_default());
    let named = match (parameter.space.as_deref(), header) {
        (Some(one), Some(other)) if one != other => {
            return Err(Problem::malformed(format!(
                "the parameter `{SPACE_PARAMETER}` and the header `{SPACE_HEADER}` name different spaces; send one of them"
            )));
        }
        (named, None) | (None, named) | (named @ Some(_), Some(_)) => named,
    };
    named.map(str::parse::<SpaceName>).transpose().map_err(|error| spaces::Error::Name(error).into())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let builder =
            headers.iter().fold(Request::get("/"), |builder, &(name, value)| builder.header(name, value));
        builder.body(Body::empty()).unwrap()
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.1.2.3:80", "[::1]:8080", "[::1]"] {
            assert!(is_addressed_locally(&request(&[("host", host)])), "{host}");
        }
        for host in
            ["faq.example.com", "localhost.example.com", "10.0.0.1:80", "", "[2001:db8::1]:80", "0.0.0.0"]
        {
            assert!(!is_addressed_locally(&request(&[("host", host)])), "{host}");
        }
    }

    #[test]
    fn what_a_proxy_passes_on_is_not_local_whatever_it_calls_this_machine() {
        for (name, value) in [
            ("x-forwarded-for", "10.0.0.9"),
            ("X-Forwarded-Proto", "https"),
            ("x-forwarded-host", "localhost"),
            ("forwarded", "for=10.0.0.9"),
            ("x-real-ip", "10.0.0.9"),
            ("via", "1.1 proxy"),
        ] {
            assert!(!is_addressed_locally(&request(&[("host", "localhost"), (name, value)])), "{name}");
        }
        assert!(is_addressed_locally(&request(&[("host", "localhost"), ("x-forwarder", "none")])));
    }

    #[test]
    fn a_page_from_elsewhere_is_not_local_and_one_of_ours_is() {
        let from = |origin| is_addressed_locally(&request(&[("host", "localhost:8080"), ("origin", origin)]));
        assert!(from("http://localhost:8080") && from("http://127.0.0.1:8080") && from("http://[::1]:8080"));
        for origin in ["https://evil.example", "null", "", "http://localhost.evil.example", "file://"] {
            assert!(!from(origin), "{origin}");
        }
    }

    #[test]
    fn a_space_is_named_once_or_twice_the_same() {
        let named = |uri: &str, header: Option<&str>| {
            let builder =
                header.iter().fold(Request::get(uri), |builder, value| builder.header(SPACE_HEADER, *value));
            named_space(&builder.body(Body::empty()).unwrap()).map(|name| name.map(|name| name.to_string()))
        };
        assert_eq!(named("/x?q=1", None).unwrap(), None);
        for (uri, header) in [("/x?space=hr", None), ("/x", Some("hr")), ("/x?a=b&space=hr", Some("hr"))] {
            assert_eq!(named(uri, header).unwrap().as_deref(), Some("hr"), "{uri} {header:?}");
        }
        assert_eq!(named("/x?space=hr", Some("it")).unwrap_err().status, 400);
        assert_eq!(named("/x?space=hr&space=it", None).unwrap_err().status, 400);
        assert_eq!(named("/x?space=..%2Fhr", None).unwrap_err().status, 404);
        assert_eq!(named("/x?space=", None).unwrap_err().status, 404);
    }
}
