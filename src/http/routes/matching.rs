//! `POST /v1/match` and `POST /v1/match/batch`: questions in, verdicts out.

use std::time::{Duration, Instant};

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    faq::{Answer, Image, Source, SpaceName},
    http::{
        access::Access,
        extract::{JsonBody, Validate},
        markup,
        problem::{FieldError, Problem},
        routes::assets::with_addresses,
        state::AppState,
    },
    matcher::{Explanation, MAX_TOP_K, Match, MatchExplanation, Query, Verdict},
    rank::{Decision, Scores},
};

/// One question.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct MatchRequest {
    /// The question, in the asker's own words.
    #[schema(example = "群主想解散群聊在哪操作")]
    query: String,
    /// How many entries to return, 1 to 50. Changes neither the confidence nor the decision.
    #[serde(default = "default_top_k")]
    #[schema(default = 5, minimum = 1, maximum = 50)]
    top_k: usize,
    /// Only entries of this category: one name, or a path such as `客户联系/群聊`.
    category: Option<String>,
    /// Only entries that carry all of these tags.
    #[serde(default)]
    tags: Vec<String>,
    /// Whether to say why: adds `explanation` to the verdict and to each match, and changes nothing else.
    #[serde(default)]
    #[schema(default = false)]
    explain: bool,
    /// Whether to add `answer.html`, the answer rendered and safe to show.
    #[serde(default)]
    #[schema(default = false)]
    html: bool,
    /// Whether the question counts. One that is only typed so far does not: with `false` it is neither in the query
    /// log nor in the statistics, and its `query_id` takes no feedback.
    #[serde(default = "yes")]
    #[schema(default = true)]
    record: bool,
}

fn default_top_k() -> usize {
    5
}

fn yes() -> bool {
    true
}

/// Several questions, and which entries to return for each.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct BatchRequest {
    /// The questions; the results come in the same order.
    queries: Vec<String>,
    /// How many entries to return for each question, 1 to 50.
    #[serde(default = "default_top_k")]
    #[schema(default = 5, minimum = 1, maximum = 50)]
    top_k: usize,
    /// Only entries of this category.
    category: Option<String>,
    /// Only entries that carry all of these tags.
    #[serde(default)]
    tags: Vec<String>,
}

/// What dayi says to a question.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct MatchResponse {
    /// Names this question in feedback.
    query_id: Uuid,
    /// `answer`, `clarify` (ask which one is meant) or `no_answer` (hand over to a person).
    decision: Decision,
    /// The best entries, most probable first.
    matches: Vec<MatchBody>,
    /// Version of the FAQ that answered.
    index_version: u64,
    /// Model that compared the questions.
    model: String,
    /// Time taken, milliseconds.
    took_ms: f64,
    /// Why the decision fell as it did; only with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
}

/// One entry that may answer the question.
#[derive(Debug, Serialize, ToSchema)]
struct MatchBody {
    /// Entry id.
    #[schema(value_type = String, example = "wecom-faq-3-1")]
    id: crate::faq::EntryId,
    /// Standard question.
    question: String,
    /// The phrasing that is nearest to what was asked.
    matched_phrasing: String,
    /// The answer.
    answer: AnswerBody,
    /// From the widest category to the narrowest.
    category: Vec<String>,
    /// Where it came from, when it was imported.
    #[schema(value_type = Option<Object>)]
    source: Option<Source>,
    /// Its last change.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
    /// Calibrated probability that this entry is the right one.
    confidence: f32,
    /// What the confidence was made from.
    scores: Scores,
    /// Why it has its place; only with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<MatchExplanation>,
}

/// An answer and its pictures.
#[derive(Debug, Serialize, ToSchema)]
struct AnswerBody {
    /// Markdown; pictures stand in it where they belong, at `/v1/assets/…` when they came with an import.
    markdown: String,
    /// The same as HTML without anything that could do harm; only with `html`.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// The pictures in reading order.
    images: Vec<Image>,
}

impl AnswerBody {
    /// The answer with its stored pictures at the addresses under which they are served.
    fn new(answer: &Answer, html: bool, space: &SpaceName) -> Self {
        let markdown = with_addresses(answer.markdown(), space);
        let images = Answer::new(markdown.as_str()).images();
        Self { html: html.then(|| markup::html(&markdown)), markdown, images }
    }
}

/// Verdicts in the order of the questions.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct BatchResponse {
    /// One a question.
    results: Vec<MatchResponse>,
}

/// What is wrong with a question, if anything.
fn query_problem(query: &str, app: &AppState) -> Option<String> {
    let (longest, characters) = (app.limits().max_query_chars, query.chars().count());
    if query.trim().is_empty() {
        return Some("must not be empty: send the question that was asked".to_owned());
    }
    (characters > longest).then(|| format!("has {characters} characters, at most {longest} are allowed"))
}

fn top_k_problem(top_k: usize) -> Option<FieldError> {
    (!(1..=MAX_TOP_K).contains(&top_k)).then(|| FieldError {
        pointer: "/top_k".to_owned(),
        detail: format!("must be from 1 to {MAX_TOP_K}, not {top_k}"),
    })
}

impl Validate for MatchRequest {
    fn problems(&self, app: &AppState) -> Vec<FieldError> {
        let query =
            query_problem(&self.query, app).map(|detail| FieldError { pointer: "/query".to_owned(), detail });
        query.into_iter().chain(top_k_problem(self.top_k)).collect()
    }
}

impl Validate for BatchRequest {
    fn problems(&self, app: &AppState) -> Vec<FieldError> {
        let (most, asked) = (app.limits().max_batch_queries, self.queries.len());
        if asked == 0 || asked > most {
            let detail = format!("must hold 1 to {most} questions, not {asked}");
            return vec![FieldError { pointer: "/queries".to_owned(), detail }];
        }
        let queries = self.queries.iter().enumerate().filter_map(|(position, query)| {
            let detail = query_problem(query, app)?;
            Some(FieldError { pointer: format!("/queries/{position}"), detail })
        });
        queries.chain(top_k_problem(self.top_k)).collect()
    }
}

impl MatchResponse {
    fn new(query_id: Uuid, verdict: Verdict, took: Duration, html: bool, space: &SpaceName) -> Self {
        let matches = verdict.matches.into_iter().map(|found| MatchBody::new(found, html, space));
        Self {
            query_id,
            decision: verdict.decision,
            matches: matches.collect(),
            index_version: verdict.index_version,
            model: verdict.model,
            took_ms: took.as_secs_f64() * 1e3,
            explanation: verdict.explanation,
        }
    }
}

impl MatchBody {
    fn new(found: Match, html: bool, space: &SpaceName) -> Self {
        let entry = found.entry;
        Self {
            id: entry.id.clone(),
            question: entry.question.clone(),
            matched_phrasing: found.matched_phrasing,
            answer: AnswerBody::new(&entry.answer, html, space),
            category: entry.category.clone(),
            source: entry.source.clone(),
            updated_at: entry.updated_at,
            confidence: found.confidence,
            scores: found.scores,
            explanation: found.explanation,
        }
    }
}

/// Find the entry that answers a question.
#[utoipa::path(post, path = "/v1/match", tag = "matching", request_body = MatchRequest, responses(
    (status = 200, body = MatchResponse),
    Problem,
))]
pub(in crate::http) async fn match_one(
    State(app): State<AppState>,
    access: Access,
    JsonBody(request): JsonBody<MatchRequest>,
) -> Result<Json<MatchResponse>, Problem> {
    let start = Instant::now();
    let MatchRequest { query, top_k, category, tags, explain, html, record } = request;
    let query = Query { text: query, top_k, category, tags, explain };
    let wanted = Wanted { channel: record.then_some("http"), html };
    answer(&app, &access, wanted, vec![query], start).await?.pop().map(Json).ok_or_else(Problem::internal)
}

/// Find the entries for several questions at once.
#[utoipa::path(post, path = "/v1/match/batch", tag = "matching", request_body = BatchRequest, responses(
    (status = 200, body = BatchResponse),
    Problem,
))]
pub(in crate::http) async fn match_batch(
    State(app): State<AppState>,
    access: Access,
    JsonBody(request): JsonBody<BatchRequest>,
) -> Result<Json<BatchResponse>, Problem> {
    let start = Instant::now();
    let BatchRequest { queries, top_k, category, tags } = request;
    let query = |text| Query { text, top_k, category: category.clone(), tags: tags.clone(), explain: false };
    let queries = queries.into_iter().map(query).collect();
    let wanted = Wanted { channel: Some("batch"), html: false };
    Ok(Json(BatchResponse { results: answer(&app, &access, wanted, queries, start).await? }))
}

/// What is wanted beside the verdicts.
#[derive(Clone, Copy)]
struct Wanted {
    /// Under which name to log the questions; not at all when they do not count.
    channel: Option<&'static str>,
    /// Answers as HTML too.
    html: bool,
}

/// Asks, counts and logs: one response a question, in order.
async fn answer(
    app: &AppState,
    access: &Access,
    wanted: Wanted,
    queries: Vec<Query>,
    start: Instant,
) -> Result<Vec<MatchResponse>, Problem> {
    let space = access.space();
    let texts: Vec<String> = queries.iter().map(|query| query.text.clone()).collect();
    let verdicts = space.matcher().ask(queries).await?;
    let took = start.elapsed();
    let respond = |(text, verdict): (&String, Verdict)| {
        let query_id = match wanted.channel {
            Some(channel) => {
                app.metrics().decision(space.name(), verdict.decision);
                space.journal().log(channel, text, &verdict, took)
            }
            None => Uuid::now_v7(),
        };
        MatchResponse::new(query_id, verdict, took, wanted.html, space.name())
    };
    Ok(texts.iter().zip(verdicts).map(respond).collect())
}
