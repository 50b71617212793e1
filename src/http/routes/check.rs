//! `POST /v1/entries/check`: what an entry would do, before it is stored.

use std::collections::BTreeMap;

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::entry_body::EntryInput;
use crate::{
    editor::Trial,
    faq::EntryId,
    http::{access::Access, extract::JsonBody, problem::Problem},
    matcher::{Query, Verdict},
    rank::Decision,
};

/// Entries near it that are told.
const NEAR: usize = 5;
/// Logged questions that are asked again.
const ASKED_AGAIN: u32 = 100;

/// What an entry would do.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Check {
    /// Other entries that its questions find today, most probable first.
    near: Vec<NearEntry>,
    /// Questions that are asked often and would get another answer.
    changes: Vec<ChangedAnswer>,
}

/// Another entry that one of the questions finds.
#[derive(Debug, Serialize, ToSchema)]
struct NearEntry {
    /// Which.
    #[schema(value_type = String)]
    id: EntryId,
    /// Its standard question.
    question: String,
    /// The question of the checked entry that finds it.
    phrasing: String,
    /// Probability that it answers that question.
    confidence: f32,
}

/// A question whose answer would be another one.
#[derive(Debug, Serialize, ToSchema)]
struct ChangedAnswer {
    /// The question.
    query: String,
    /// What it gets today.
    before: AnswerToday,
    /// What it would get.
    after: AnswerToday,
}

/// What a question gets.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct AnswerToday {
    /// What is decided.
    decision: Decision,
    /// The entry, when the decision is to answer.
    #[schema(value_type = Option<String>)]
    entry: Option<EntryId>,
    /// Its standard question.
    question: Option<String>,
}

impl AnswerToday {
    fn of(verdict: &Verdict) -> Self {
        let best = verdict.matches.first().filter(|_| verdict.decision == Decision::Answer);
        Self {
            decision: verdict.decision,
            entry: best.map(|best| best.entry.id.clone()),
            question: best.map(|best| best.entry.question.clone()),
        }
    }
}

/// Try an entry out: which entries are near it, and which questions that people ask would get another answer. Nothing
/// is stored.
#[utoipa::path(post, path = "/v1/entries/check", tag = "entries", request_body = EntryInput, responses(
    (status = 200, body = Check),
    Problem,
))]
pub(in crate::http) async fn check(
    access: Access,
    JsonBody(input): JsonBody<EntryInput>,
) -> Result<Json<Check>, Problem> {
    let space = access.space();
    let id = input.id_or_new()?;
    let entry = input.into_entry(id);
    let served = space.matcher().snapshot();
    let tried = space.editor().try_out(Trial::Entry(Box::new(entry.clone()))).await?;

    let phrasings: Vec<String> = entry.phrasings().map(str::to_owned).collect();
    let found = space.matcher().ask_of(served.clone(), queries(&phrasings, NEAR + 1)).await?;
    let mut near: BTreeMap<EntryId, NearEntry> = BTreeMap::new();
    for (phrasing, verdict) in phrasings.iter().zip(found) {
        for found in verdict.matches.into_iter().filter(|found| found.entry.id != entry.id) {
            let id = &found.entry.id;
            if near.get(id).is_none_or(|known| known.confidence < found.confidence) {
                let (question, phrasing) = (found.entry.question.clone(), phrasing.clone());
                near.insert(
                    id.clone(),
                    NearEntry { id: id.clone(), question, phrasing, confidence: found.confidence },
                );
            }
        }
    }
    let mut near: Vec<NearEntry> = near.into_values().collect();
    near.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    near.truncate(NEAR);

    let asked = space.journal().read(move |store| store.frequent_questions(ASKED_AGAIN)).await?;
    let before = space.matcher().ask_of(served, queries(&asked, 1)).await?;
    let after = space.matcher().ask_of(tried, queries(&asked, 1)).await?;
    let pairs =
        before.iter().zip(&after).map(|(before, after)| (AnswerToday::of(before), AnswerToday::of(after)));
    let changes = asked.into_iter().zip(pairs).filter(|(_, (before, after))| before != after);
    let changes = changes.map(|(query, (before, after))| ChangedAnswer { query, before, after }).collect();
    Ok(Json(Check { near, changes }))
}

fn queries(texts: &[String], top_k: usize) -> Vec<Query> {
    texts.iter().map(|text| Query { text: text.clone(), top_k, ..Query::default() }).collect()
}
