//! The HTTP service: routes, limits, errors, metrics. Knows status codes; everything else is the matcher's.
//!
//! [`router`] is a plain axum router, so tests call it without a port; [`serve`] puts it on a socket.

pub mod access;
mod blocking;
mod document;
mod errors;
pub mod extract;
mod limit;
mod markup;
pub mod metrics;
mod page;
pub mod problem;
mod routes;
mod session;
mod shutdown;
pub mod state;

use std::{any::Any, net::SocketAddr, time::Instant};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::HeaderName,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::any,
};
use tokio::net::TcpListener;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    trace::TraceLayer,
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

use self::{access::Needs, problem::Problem, state::AppState};
use crate::keys::Scope;

/// Answers carry the id under which the log speaks of them.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(OpenApi)]
#[openapi(info(
    title = "dayi (答疑)",
    description = "Answers free-form Chinese questions from a FAQ, with a calibrated confidence.",
    license(name = "MIT OR Apache-2.0")
))]
struct ApiDoc;

/// Every route and its documentation, in the group of what its caller needs. What is in no group is not served.
fn groups() -> [(Needs, OpenApiRouter<AppState>); 8] {
    let everybody = OpenApiRouter::new()
        .routes(routes!(routes::health::healthz))
        .routes(routes!(routes::health::readyz))
        .routes(routes!(routes::session::read, routes::session::sign_in, routes::session::sign_out));
    // Their senders sign what they send.
    let callbacks = OpenApiRouter::new()
        .routes(routes!(routes::hooks::receive_ticket))
        .routes(routes!(routes::wecom::verify_app, routes::wecom::message_to_app))
        .routes(routes!(routes::wecom::verify_bot, routes::wecom::message_to_bot))
        .routes(routes!(routes::wecom::picture_in_chat));
    let ask = OpenApiRouter::new()
        .routes(routes!(routes::matching::match_one))
        .routes(routes!(routes::matching::match_batch))
        .routes(routes!(routes::welcome::welcome))
        .routes(routes!(routes::triage::triage))
        // A page shows a picture with what the page itself was asked with.
        .routes(routes!(routes::assets::picture))
        .route("/mcp", any(routes::mcp::mcp));
    let feedback = OpenApiRouter::new().routes(routes!(routes::feedback::feedback));
    let edit = OpenApiRouter::new()
        .routes(routes!(routes::preview::preview))
        .routes(routes!(routes::entries::list, routes::entries::create))
        .routes(routes!(routes::bulk::bulk))
        .routes(routes!(
            routes::entries::read,
            routes::entries::replace,
            routes::entries::patch,
            routes::entries::delete
        ))
        .routes(routes!(routes::check::check))
        .routes(routes!(routes::assets::keep))
        .routes(routes!(routes::evaluations::evaluate))
        .routes(routes!(routes::evaluations::read_questions))
        .routes(routes!(routes::history::list))
        .routes(routes!(routes::history::undo))
        .routes(routes!(routes::history::rollback))
        .routes(routes!(routes::drafts::list, routes::drafts::discard_all))
        .routes(routes!(routes::drafts::discard))
        .routes(routes!(routes::drafts::publish))
        .routes(routes!(routes::files::import))
        .routes(routes!(routes::files::export))
        .routes(routes!(routes::unanswered::list))
        .routes(routes!(routes::unanswered::accept_group))
        .routes(routes!(routes::unanswered::ignore))
        .routes(routes!(routes::unanswered::reopen))
        .routes(routes!(routes::statistics::statistics));
    let operation = OpenApiRouter::new().routes(routes!(routes::health::metrics));
    let administration = OpenApiRouter::new()
        .routes(routes!(routes::keys::list_keys, routes::keys::create_key))
        .routes(routes!(routes::keys::revoke_key))
        .routes(routes!(routes::keys::read_audit))
        .routes(routes!(routes::spaces::list_spaces, routes::spaces::create_space))
        .routes(routes!(routes::spaces::delete_space))
        .routes(routes!(routes::hooks::list_deliveries))
        .routes(routes!(routes::hooks::retry_delivery));
    [
        (Needs::Nothing, everybody),
        (Needs::Nothing, callbacks),
        (Needs::Anybody, OpenApiRouter::new().routes(routes!(routes::keys::read_access))),
        (Needs::Scope(Scope::Ask), ask),
        (Needs::Scope(Scope::Feedback), feedback),
        (Needs::Scope(Scope::Edit), edit),
        // Counts, no texts: a key that may only ask is all that Prometheus needs.
        (Needs::ScopeEverywhere(Scope::Ask), operation),
        (Needs::ScopeEverywhere(Scope::Admin), administration),
    ]
}

/// The routes with their guards, and the document of all of them.
fn api(app: &AppState) -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let mut document = ApiDoc::openapi();
    document::declare_keys(&mut document);
    let guarded = groups().into_iter().map(|(needs, group)| {
        let (group, mut described) = group.split_for_parts();
        document::describe(needs, &mut described);
        document.merge(described);
        group.route_layer(middleware::from_fn_with_state((app.clone(), needs), access::authorize))
    });
    let router = guarded.fold(Router::new(), Router::merge);
    (router, document)
}

/// The whole service without a socket.
pub fn router(app: AppState) -> Router {
    let (routes, openapi) = api(&app);
    routes
        .merge(page::routes())
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(middleware::from_fn_with_state(app.clone(), time_limit))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), measure))
        .merge(SwaggerUi::new("/docs").url("/openapi.json", openapi))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(SetRequestIdLayer::new(REQUEST_ID, NewRequestId))
        .with_state(app)
}

/// Serves on `listener` until the process is told to stop, then finishes what is in flight.
///
/// # Errors
/// When the socket fails.
pub async fn serve(listener: TcpListener, app: AppState) -> std::io::Result<()> {
    let service = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(shutdown::signal()).await?;
    app.close().await;
    Ok(())
}

#[derive(Clone, Copy)]
struct NewRequestId;

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        uuid::Uuid::now_v7().to_string().parse().ok().map(RequestId::new)
    }
}

fn span(request: &Request) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
}

/// Counts and times each request under its route pattern.
async fn measure(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    app.metrics().request(&method, &route, response.status().as_u16(), start.elapsed());
    response
}

/// Answers 503 when a request takes longer than the configured time.
async fn time_limit(State(app): State<AppState>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.limits().request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable("the request took longer than the server allows").into_response(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that CatchPanicLayer asks for")]
fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let message = cause
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| cause.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    tracing::error!(message, "a handler panicked");
    Problem::internal().into_response()
}
