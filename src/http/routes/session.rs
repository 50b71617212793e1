//! `/v1/session`: signing in on the page with a key, and out.

use axum::{
    Json,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    http::{
        access::{self, Caller},
        extract::{JsonBody, Validate},
        problem::Problem,
        session,
        state::AppState,
    },
    keys::{Grant, Reach, Scope, Token},
};

/// A key to sign in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct SignIn {
    /// As `dayi key create` showed it.
    #[schema(example = "dayi_0123456789abcdef_…")]
    key: String,
}

impl Validate for SignIn {}

/// Who calls.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Session {
    /// `local`, `anonymous` or `key <id> (<name>)`; missing for somebody who has to sign in.
    actor: Option<String>,
    /// What may be done.
    scopes: Vec<Scope>,
    /// The space in which it may be done, `*` for all.
    #[schema(value_type = Option<String>)]
    space: Option<Reach>,
    /// To be sent as `X-Dayi-CSRF` with everything but `GET` by whoever signed in.
    csrf: Option<String>,
}

impl Session {
    fn of(caller: Option<Caller>, token: Option<&Token>) -> Self {
        let Some(Caller { actor, grant: Grant { scopes, space } }) = caller else {
            return Self { actor: None, scopes: Vec::new(), space: None, csrf: None };
        };
        let (actor, space, csrf) = (Some(actor.to_string()), Some(space), token.map(Token::csrf));
        Self { actor, scopes: scopes.iter().collect(), space, csrf }
    }
}

/// Say who calls and what they may do; also to somebody who may do nothing.
#[utoipa::path(get, path = "/v1/session", tag = "session", responses((status = 200, body = Session)))]
pub(in crate::http) async fn read(
    State(app): State<AppState>,
    request: Request,
) -> Result<Response, Problem> {
    let token = session::token(request.headers());
    let caller = match access::identify(&app, &request) {
        Ok(caller) => Some(caller),
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => None,
        Err(problem) => return Err(problem),
    };
    let is_signed_in = caller.is_some();
    let session = Session::of(caller, token.as_ref());
    let mut response = Json(session).into_response();
    // A key that was revoked meanwhile would only get refusals.
    if token.is_some() && !is_signed_in {
        set(&mut response, &session::forgotten(request.headers()))?;
    }
    Ok(response)
}

/// Sign in: the key goes into a cookie that no script can read.
#[utoipa::path(post, path = "/v1/session", tag = "session", request_body = SignIn, responses(
    (status = 200, body = Session, headers(("Set-Cookie"))),
    (status = 401, description = "The key is unknown, expired or revoked", body = Problem,
     content_type = "application/problem+json"),
    Problem,
))]
pub(in crate::http) async fn sign_in(
    State(app): State<AppState>,
    request: Request,
) -> Result<Response, Problem> {
    let (address, headers) = (access::peer(&request), request.headers().clone());
    let JsonBody(SignIn { key }) = JsonBody::from_request(request, &app).await?;
    app.rate_limits().count_address(address)?;
    let unknown = || Problem::unauthorized("this is no key of this service: send it as it was shown, dayi_…");
    let token = Token::parse(key.trim()).ok_or_else(unknown)?;
    let key = app.keys().authenticate(&token, Timestamp::now())?;
    let key = key.map_err(|refusal| Problem::unauthorized(refusal.to_string()))?;
    let caller = Caller { actor: key.actor(), grant: key.grant };
    let mut response = Json(Session::of(Some(caller), Some(&token))).into_response();
    set(&mut response, &session::kept(&token, &headers))?;
    Ok(response)
}

/// Sign out.
#[utoipa::path(delete, path = "/v1/session", tag = "session",
    responses((status = 204, description = "Signed out", headers(("Set-Cookie")))))]
pub(in crate::http) async fn sign_out(headers: HeaderMap) -> Result<Response, Problem> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    set(&mut response, &session::forgotten(&headers))?;
    Ok(response)
}

fn set(response: &mut Response, cookie: &str) -> Result<(), Problem> {
    let mut value = HeaderValue::from_str(cookie).map_err(|error| Problem::fault(&error))?;
    value.set_sensitive(true);
    response.headers_mut().insert(header::SET_COOKIE, value);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(())
}
