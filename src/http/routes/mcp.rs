//! `/mcp`: the FAQ as tools of an AI assistant. The protocol is `channels::mcp`'s.

use axum::{body::Body, extract::State, http::Request, response::Response};

use crate::{
    channels::mcp::FaqTools,
    http::{access::Access, state::AppState},
};

/// Answers a request of an MCP client.
pub(in crate::http) async fn mcp(
    State(app): State<AppState>,
    access: Access,
    request: Request<Body>,
) -> Response {
    let space = access.space();
    let (matcher, desk, pictures) = (space.matcher().clone(), space.desk().clone(), space.pictures().clone());
    let tools = FaqTools::new(matcher, desk, Some(pictures), app.limits().max_query_chars);
    tools.answer(request, app.mcp_hosts()).await
}
