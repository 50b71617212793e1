//! `/v1/wecom/app` and `/v1/wecom/bot`: where 企业微信 calls.
//!
//! No key is asked for: every message carries a signature over a token that only WeCom and this service know.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    channels::wecom::{self, Callback, app::App, bot::Bot, crypto::Signed},
    http::{
        extract::{QueryParams, RawBody, Segment},
        problem::Problem,
        routes::assets,
        state::AppState,
    },
    spaces::Space,
};

/// What WeCom puts into the address.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct CallbackParams {
    /// Signature over token, timestamp, nonce and the encrypted text.
    msg_signature: String,
    /// Seconds since 1970.
    timestamp: String,
    /// Chosen by WeCom.
    nonce: String,
}

/// What WeCom puts into the address to verify it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct EchoParams {
    /// An encrypted text; the response is that text decrypted.
    echostr: String,
}

impl CallbackParams {
    fn signed(&self) -> Signed<'_> {
        Signed { signature: &self.msg_signature, timestamp: &self.timestamp, nonce: &self.nonce }
    }
}

/// Verify the callback of a self-built app (自建应用).
#[utoipa::path(get, path = "/v1/wecom/app", tag = "wecom", params(CallbackParams, EchoParams),
    responses((status = 200, body = str, description = "The decrypted echostr"), Problem))]
pub(in crate::http) async fn verify_app(
    State(app): State<AppState>,
    QueryParams(params): QueryParams<CallbackParams>,
    QueryParams(echo): QueryParams<EchoParams>,
) -> Result<String, Problem> {
    verify(&configured_app(&app)?.callback, &params, &echo)
}

/// A message to a self-built app: encrypted XML in, encrypted XML out.
#[utoipa::path(post, path = "/v1/wecom/app", tag = "wecom", params(CallbackParams),
    request_body(content = String, content_type = "text/xml"),
    responses((status = 200, body = str, description = "The reply; empty when nothing is to be said"), Problem))]
pub(in crate::http) async fn message_to_app(
    State(app): State<AppState>,
    QueryParams(params): QueryParams<CallbackParams>,
    RawBody(body): RawBody,
) -> Result<Response, Problem> {
    let callback = configured_app(&app)?;
    let (wecom, space) = (&app.channels().wecom, space(&app).await?);
    let reply =
        callback.receive(wecom.resources(&space), &params.signed(), text(&body)?, Timestamp::now()).await;
    Ok(([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], reply.map_err(refused)?).into_response())
}

/// A picture of an answer, for chats with a self-built app.
///
/// Telephones show it without a key: its address is known to whoever got the answer, and cannot be guessed.
#[utoipa::path(get, path = "/v1/wecom/pictures/{name}", tag = "wecom", params(("name" = String, Path)), responses(
    (status = 200, description = "The picture", content_type = "image/png", body = [u8]),
    (status = 404, description = "There is none of this name, or no app", body = Problem,
     content_type = "application/problem+json"),
))]
pub(in crate::http) async fn picture_in_chat(
    State(app): State<AppState>,
    Segment(name): Segment<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    configured_app(&app)?;
    assets::send(space(&app).await?.assets(), &name, &headers).await
}

/// Verify the callback of an AI bot (智能机器人).
#[utoipa::path(get, path = "/v1/wecom/bot", tag = "wecom", params(CallbackParams, EchoParams),
    responses((status = 200, body = str, description = "The decrypted echostr"), Problem))]
pub(in crate::http) async fn verify_bot(
    State(app): State<AppState>,
    QueryParams(params): QueryParams<CallbackParams>,
    QueryParams(echo): QueryParams<EchoParams>,
) -> Result<String, Problem> {
    verify(&configured_bot(&app)?.callback, &params, &echo)
}

/// A message to an AI bot: encrypted JSON in, encrypted JSON out.
#[utoipa::path(post, path = "/v1/wecom/bot", tag = "wecom", params(CallbackParams),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = str, description = "The reply; empty when nothing is to be said"), Problem))]
pub(in crate::http) async fn message_to_bot(
    State(app): State<AppState>,
    QueryParams(params): QueryParams<CallbackParams>,
    RawBody(body): RawBody,
) -> Result<Response, Problem> {
    let callback = configured_bot(&app)?;
    let (wecom, space) = (&app.channels().wecom, space(&app).await?);
    let reply =
        callback.receive(wecom.resources(&space), &params.signed(), text(&body)?, Timestamp::now()).await;
    let reply = reply.map_err(refused)?;
    Ok(([(header::CONTENT_TYPE, "application/json; charset=utf-8")], reply).into_response())
}

fn verify(callback: &Callback, params: &CallbackParams, echo: &EchoParams) -> Result<String, Problem> {
    // A `+` that was not encoded arrives as a space, which base64 never has.
    let echo = echo.echostr.replace(' ', "+");
    callback.verify(&params.signed(), &echo, Timestamp::now()).map_err(|error| refused(error.into()))
}

/// The FAQ that WeCom is answered from.
async fn space(app: &AppState) -> Result<Arc<Space>, Problem> {
    app.space(app.channels().wecom.space.clone()).await
}

fn configured_app(app: &AppState) -> Result<&App, Problem> {
    app.channels().wecom.app.as_ref().ok_or_else(|| Problem::not_configured("[wecom.app]"))
}

fn configured_bot(app: &AppState) -> Result<&Bot, Problem> {
    app.channels().wecom.bot.as_ref().ok_or_else(|| Problem::not_configured("[wecom.bot]"))
}

fn text(body: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(body).map_err(|error| {
        Problem::malformed(format!("the body is not UTF-8: bad byte at offset {}", error.valid_up_to()))
    })
}

/// The caller is told, and so is whoever sets the callback up and wonders why WeCom does not take it.
fn refused(error: wecom::Error) -> Problem {
    let detail = match error.code() {
        Some(code) => format!("{error} (WeCom error {code})"),
        None => error.to_string(),
    };
    let problem = match error {
        wecom::Error::Crypto(_) => Problem::not_verified(detail),
        wecom::Error::Envelope { .. } | wecom::Error::Message { .. } => Problem::malformed(detail),
        wecom::Error::Match(error) => return error.into(),
        wecom::Error::Feedback(error) => return error.into(),
        error @ wecom::Error::Reply { .. } => {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot answer a message");
            return Problem::internal();
        }
    };
    tracing::warn!(reason = problem.detail, "refused a message that should come from WeCom");
    problem
}
