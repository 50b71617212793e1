//! `GET /v1/stats`: what was asked and answered, overall and by entry.

use axum::Json;
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    http::{access::Access, extract::QueryParams, problem::Problem},
    learn::{Period, Statistics, StatisticsFilter, UsageOrder},
    plot::Language,
};

/// Most entries on a page.
const MOST_ENTRIES: u32 = 1_000;

/// What to count.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct StatisticsQuery {
    /// Questions asked and feedback given at or after this time; all that are kept when it is left out.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Questions asked and feedback given before this time; until now when it is left out.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// The order of the entries, largest first: `hits`, `helpful`, `wrong` or `last_used`.
    #[serde(default)]
    #[param(inline)]
    sort: UsageOrder,
    /// Entries on a page, 0 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, maximum = 1000)]
    limit: u32,
    /// Entries to leave out at the beginning.
    #[serde(default)]
    #[param(default = 0)]
    offset: u32,
    /// Draw the days too, with words in this language.
    #[serde(default)]
    #[param(inline)]
    figure: Option<Language>,
}

fn default_limit() -> u32 {
    100
}

/// Count questions by day and decision, feedback, time to the answer, and how each entry was used. What is older than
/// the query log's retention is not counted.
#[utoipa::path(get, path = "/v1/stats", tag = "learning", params(StatisticsQuery), responses(
    (status = 200, body = Statistics),
    Problem,
))]
pub(in crate::http) async fn statistics(
    access: Access,
    QueryParams(query): QueryParams<StatisticsQuery>,
) -> Result<Json<Statistics>, Problem> {
    let StatisticsQuery { since, until, sort, limit, offset, figure } = query;
    if limit > MOST_ENTRIES {
        return Err(Problem::malformed(format!("limit must be at most {MOST_ENTRIES}, not {limit}")));
    }
    let period =
        Period { since: since.unwrap_or(Timestamp::UNIX_EPOCH), until: until.unwrap_or(Timestamp::MAX) };
    let filter = StatisticsFilter { period, zone: TimeZone::system(), order: sort, offset, limit, figure };
    Ok(Json(access.space().journal().read(move |store| Statistics::read(store, &filter)).await?))
}
