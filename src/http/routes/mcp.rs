//! `/mcp`: the FAQ as tools of an AI assistant. The protocol is `channels::mcp`'s.

use axum::{body::Body, extract::State, http::Request, response::Response};

use crate::{channels::mcp::FaqTools, http::state::AppState};

/// Answers a request of an MCP client.
pub(in crate::http) async fn mcp(State(app): State<AppState>, request: Request<Body>) -> Response {
    let tools = FaqTools::new(app.matcher().clone(), app.desk().clone(), app.limits().max_query_chars);
    tools.answer(request, app.mcp_hosts()).await
}
