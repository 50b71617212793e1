//! `POST /v1/evaluations`: labelled questions in, the numbers of `dayi eval` out; also for the draft, before it is
//! published.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::Arc,
    time::Instant,
};

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entries::DraftQuery;
use crate::{
    editor::Trial,
    eval::{
        dataset::{self, Labelled, RowIssue, RowProblem},
        outcome::{Group, Outcome, Run},
        report::{self, FailureKind, Figure, Report, Setup, Summary, failures},
    },
    faq::{Entry, EntryId},
    http::{
        access::Access,
        blocking::blocking,
        extract::{JsonBody, QueryParams, Upload, Validate},
        problem::{FieldError, Problem},
        state::AppState,
    },
    matcher::{self, Matcher, Snapshot},
    plot::Language,
    rank::Decision,
    store::Store,
    vector::VectorError,
};

/// Most questions in one evaluation.
const MOST_QUESTIONS: usize = 1_000;

/// Labelled questions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct EvaluationRequest {
    /// Questions with the entries that answer them.
    queries: Vec<LabelledQuery>,
    /// Questions that look like an entry and ask something else.
    #[serde(default)]
    near_miss: Vec<String>,
    /// Questions that have nothing to do with the FAQ.
    #[serde(default)]
    out_of_scope: Vec<String>,
    /// Draw the plots of the report too, with words in this language.
    #[serde(default)]
    figures: Option<Language>,
}

/// A question and the entries that answer it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct LabelledQuery {
    /// The question.
    query: String,
    /// Ids of the entries that answer it, at least one.
    #[schema(value_type = Vec<String>)]
    relevant: Vec<EntryId>,
}

impl Validate for EvaluationRequest {
    fn problems(&self, _: &AppState) -> Vec<FieldError> {
        let count = self.queries.len() + self.near_miss.len() + self.out_of_scope.len();
        if self.queries.is_empty() || count > MOST_QUESTIONS {
            let detail = format!("an evaluation takes 1 to {MOST_QUESTIONS} questions, not {count}");
            return vec![FieldError { pointer: "/queries".to_owned(), detail }];
        }
        Vec::new()
    }
}

impl EvaluationRequest {
    /// Labels that name no entry of the FAQ.
    fn unknown_labels(&self, snapshot: &Snapshot) -> Vec<FieldError> {
        let known: HashSet<&EntryId> = snapshot.entries().map(|entry| &entry.id).collect();
        let label = |(nth, labelled): (usize, &LabelledQuery)| {
            let pointer = format!("/queries/{nth}/relevant");
            let unknown = labelled.relevant.iter().find(|&id| !known.contains(id));
            match unknown {
                Some(id) => {
                    Some(FieldError { pointer, detail: format!("{id} is no entry that can be matched") })
                }
                None if labelled.relevant.is_empty() => Some(FieldError {
                    pointer,
                    detail: "must name an entry that answers the question".to_owned(),
                }),
                None => None,
            }
        };
        self.queries.iter().enumerate().filter_map(label).collect()
    }
}

/// What came out.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Evaluation {
    /// The numbers, as `dayi eval --json` prints them.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    summary: Summary,
    /// Every question that failed, the worst kind first.
    failures: Vec<FailedQuestion>,
    /// Standard questions of the entries named here.
    #[schema(value_type = Object)]
    entry_questions: BTreeMap<EntryId, String>,
    /// The plots of `dayi eval --report`, when they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    figures: Vec<Figure>,
}

/// A question that failed.
#[derive(Debug, Serialize, ToSchema)]
struct FailedQuestion {
    /// How: `answered_anyway`, `wrong_first` or `held_back`.
    #[schema(value_type = String)]
    kind: FailureKind,
    /// Its kind: `answerable`, `near_miss` or `out_of_scope`.
    #[schema(value_type = String)]
    group: Group,
    /// The question.
    query: String,
    /// The entries that answer it.
    #[schema(value_type = Vec<String>)]
    relevant: Vec<EntryId>,
    /// What was decided.
    decision: Decision,
    /// Place, from 1, of the first right entry within the first ten.
    rank: Option<usize>,
    /// The entry that came first.
    #[schema(value_type = Option<String>)]
    first: Option<EntryId>,
    /// The confidence in it.
    confidence: f64,
}

impl Evaluation {
    fn new(report: Report, language: Option<Language>) -> Result<Self, report::Error> {
        let figures = language.map_or_else(|| Ok(Vec::new()), |language| report.figures(language))?;
        let failed = failures(&report).into_iter().map(|failure| FailedQuestion {
            kind: failure.kind,
            group: failure.question.group,
            query: failure.question.query.clone(),
            relevant: failure.question.relevant.clone(),
            decision: failure.question.decision,
            rank: failure.question.rank,
            first: failure.question.ranked.first().map(|ranked| ranked.id.clone()),
            confidence: failure.question.confidence(),
        });
        let failures = failed.collect();
        Ok(Self { failures, figures, summary: report.summary, entry_questions: report.entry_questions })
    }
}

/// Measure accuracy, rejection, calibration and latency on labelled questions, of the FAQ that is served or, with
/// `draft`, of the one that would be after publishing.
#[utoipa::path(post, path = "/v1/evaluations", tag = "evaluation", params(DraftQuery),
    request_body = EvaluationRequest, responses(
    (status = 200, body = Evaluation),
    Problem,
))]
pub(in crate::http) async fn evaluate(
    access: Access,
    QueryParams(DraftQuery { draft }): QueryParams<DraftQuery>,
    JsonBody(request): JsonBody<EvaluationRequest>,
) -> Result<Json<Evaluation>, Problem> {
    let space = access.space();
    let snapshot =
        if draft { space.editor().try_out(Trial::Draft).await? } else { space.matcher().snapshot() };
    let unknown = request.unknown_labels(&snapshot);
    if !unknown.is_empty() {
        return Err(Problem::invalid(unknown));
    }
    let unanswerable = |queries: Vec<String>| {
        queries.into_iter().map(|query| LabelledQuery { query, relevant: Vec::new() }).collect()
    };
    let run = Run {
        answerable: ask(space.matcher(), &snapshot, request.queries).await?,
        near_miss: ask(space.matcher(), &snapshot, unanswerable(request.near_miss)).await?,
        out_of_scope: ask(space.matcher(), &snapshot, unanswerable(request.out_of_scope)).await?,
        ..Run::default()
    };
    let measure = move || {
        let entries: Vec<Entry> = snapshot.entries().map(|entry| Entry::clone(entry)).collect();
        let setup = Setup { entries: &entries, model: &snapshot.model().name, index: snapshot.search() };
        Evaluation::new(Report::new(&run, setup), request.figures)
    };
    let evaluation = blocking(measure).await?;
    Ok(Json(evaluation.map_err(|error| Problem::fault(&error))?))
}

/// One question after another, as they would come in service.
async fn ask(
    matcher: &Matcher,
    snapshot: &Arc<Snapshot>,
    questions: Vec<LabelledQuery>,
) -> Result<Vec<Outcome>, Problem> {
    let mut outcomes = Vec::with_capacity(questions.len());
    for (nth, LabelledQuery { query, relevant }) in questions.into_iter().enumerate() {
        let question = Labelled { row: nth + 1, query, relevant };
        let start = Instant::now();
        let embedded = matcher.embed_for(snapshot, &[question.query.as_str()]).await?;
        let snapshot = snapshot.clone();
        let judge = move || -> Result<Vec<Outcome>, VectorError> {
            embedded.iter().map(|embedded| Outcome::judge(&question, &snapshot, embedded, start)).collect()
        };
        let judged = blocking(judge).await?;
        outcomes.extend(judged.map_err(matcher::Error::from)?);
    }
    Ok(outcomes)
}

/// The file's name.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct QuestionFileQuery {
    /// Its extension says what the file is: `.xlsx`, `.csv`, `.tsv` or `.jsonl`.
    #[param(example = "questions.xlsx")]
    file: String,
}

/// Labelled questions of a file, ready to be evaluated.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct QuestionFile {
    /// Those that can be used.
    queries: Vec<LabelledQuery>,
    /// Rows, or parts of them, that cannot, with the reason.
    issues: Vec<UnusableRow>,
}

/// A row, or a part of it, that cannot be used.
#[derive(Debug, Serialize, ToSchema)]
struct UnusableRow {
    /// Row in the file, from 1.
    row: usize,
    /// What is wrong, for programs: `json`, `missing`, `type`, `ticket`, `label` or `unknown_entry`.
    kind: &'static str,
    /// The field that is meant, or what stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// What is wrong, in words.
    message: String,
}

impl From<&RowIssue> for UnusableRow {
    fn from(RowIssue { row, problem }: &RowIssue) -> Self {
        let (kind, value) = match problem {
            RowProblem::Json { .. } => ("json", None),
            RowProblem::Missing { field } => ("missing", Some((*field).to_owned())),
            RowProblem::Type { field, .. } => ("type", Some((*field).to_owned())),
            RowProblem::Ticket { .. } => ("ticket", None),
            RowProblem::Label { found } => ("label", Some(found.clone())),
            RowProblem::UnknownEntry { expected } => ("unknown_entry", Some(expected.clone())),
        };
        Self { row: *row, kind, value, message: problem.to_string() }
    }
}

/// Read labelled questions from a spreadsheet with the columns 问题 and 期望条目 (ids or standard questions), or from
/// JSON Lines: the file itself is the body. Nothing is stored.
#[utoipa::path(post, path = "/v1/evaluations/questions", tag = "evaluation", params(QuestionFileQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = QuestionFile), Problem)
)]
pub(in crate::http) async fn read_questions(
    access: Access,
    QueryParams(query): QueryParams<QuestionFileQuery>,
    Upload(content): Upload,
) -> Result<Json<QuestionFile>, Problem> {
    let read = move || dataset::read_questions_from(Path::new(&query.file), &content);
    let loaded = blocking(read).await?.map_err(|error| Problem::unusable(&error))?;
    let entries = access.space().editor().read(Store::entries).await?;
    let checked = dataset::check_ids(loaded.rows, &entries);
    let queries =
        checked.rows.into_iter().map(|row| LabelledQuery { query: row.query, relevant: row.relevant });
    let issues = loaded.issues.iter().chain(&checked.issues).map(UnusableRow::from);
    Ok(Json(QuestionFile { queries: queries.collect(), issues: issues.collect() }))
}
