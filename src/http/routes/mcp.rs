//! `/mcp`: the FAQ as tools of an AI assistant. The protocol is `channels::mcp`'s.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, extract::State, http::Request, response::Response};

use crate::{
    channels::mcp::{FaqTools, Limits, Listener},
    http::{access::Access, state::AppState},
    matcher::Verdict,
    spaces::Space,
};

/// Under which name the query log has what assistants search.
const CHANNEL: &str = "mcp";

/// Answers a request of an MCP client.
pub(in crate::http) async fn mcp(
    State(app): State<AppState>,
    access: Access,
    request: Request<Body>,
) -> Response {
    let space = access.space();
    let (matcher, desk, pictures) = (space.matcher().clone(), space.desk().clone(), space.pictures().clone());
    let limits = app.limits();
    let tools = FaqTools::new(matcher, desk, Some(pictures), limits.max_query_chars)
        .told_to(listener(app.clone(), space.clone()));
    let limits = Limits { hosts: app.mcp_hosts(), max_body_bytes: limits.max_body_bytes };
    tools.answer(request, limits).await
}

/// Counts and logs what is searched, as `POST /v1/match` does.
fn listener(app: AppState, space: Arc<Space>) -> Listener {
    Arc::new(move |text: &str, verdict: &Verdict, took: Duration| {
        app.metrics().decision(space.name(), verdict.decision);
        space.journal().log(CHANNEL, text, verdict, took);
    })
}
