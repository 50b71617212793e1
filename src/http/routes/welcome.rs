//! `GET /v1/welcome`: what a page for everybody shows before a question is asked.

use std::collections::HashMap;

use axum::{Json, extract::State};
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    faq::EntryId,
    http::{access::Access, problem::Problem, state::AppState},
    store::{Period, UsageOrder},
};

/// Questions shown.
const SHOWN: usize = 6;
/// The last days that say what is popular.
const DAYS: i64 = 30;

/// What to begin with.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Welcome {
    /// The questions that were answered most often in the last 30 days; filled up with others.
    popular: Vec<PopularQuestion>,
    /// What to tell people whom no entry helps.
    handover: String,
    /// Entries that can be matched.
    entries: usize,
}

/// A standard question that is asked often.
#[derive(Debug, Serialize, ToSchema)]
struct PopularQuestion {
    /// Its entry.
    #[schema(value_type = String)]
    id: EntryId,
    /// The question.
    question: String,
}

/// What to show before a question is asked: popular questions, and what to say when nothing fits.
#[utoipa::path(get, path = "/v1/welcome", tag = "matching", responses((status = 200, body = Welcome), Problem))]
pub(in crate::http) async fn welcome(
    State(app): State<AppState>,
    access: Access,
) -> Result<Json<Welcome>, Problem> {
    let until = Timestamp::now();
    // A day of fixed length: no time zone has to be known.
    let since = until.checked_sub((24 * DAYS).hours()).unwrap_or(Timestamp::UNIX_EPOCH);
    let period = Period { since, until };
    // Some may be switched off or gone by now.
    let most = 4 * SHOWN as u32;
    let (used, _) = access
        .space()
        .journal()
        .read(move |store| store.entry_usage(&period, UsageOrder::Hits, 0, most))
        .await?;
    let snapshot = access.space().matcher().snapshot();
    let active: HashMap<&str, _> = snapshot.entries().map(|entry| (entry.id.as_str(), entry)).collect();
    let popular = used.iter().filter_map(|usage| active.get(usage.id.as_str())).take(SHOWN);
    let popular = popular
        .map(|entry| PopularQuestion { id: entry.id.clone(), question: entry.question.clone() })
        .collect();
    Ok(Json(Welcome { popular, handover: app.limits().handover_text.clone(), entries: active.len() }))
}
