//! The items of the products' own JSON.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::super::{record::Record, report::IssueKind};

/// Fields that nobody needs are left alone: the products add new ones all the time.
fn parsed<T: DeserializeOwned>(item: &Value) -> Result<T, IssueKind> {
    T::deserialize(item).map_err(|error| IssueKind::InvalidLine { reason: error.to_string() })
}

#[derive(Deserialize)]
struct QnaBot {
    qid: String,
    #[serde(default)]
    q: Vec<String>,
    #[serde(default)]
    a: String,
    #[serde(default)]
    alt: Alternatives,
    /// Topic.
    t: Option<String>,
    /// Response card.
    #[serde(default)]
    r: Card,
}

#[derive(Deserialize, Default)]
struct Alternatives {
    markdown: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Card {
    title: Option<String>,
    image_url: Option<String>,
}

pub(super) fn qnabot(item: &Value) -> Result<Record, IssueKind> {
    let QnaBot { qid, q, a, alt, t, r } = parsed(item)?;
    let mut answer = alt.markdown.filter(|markdown| !markdown.trim().is_empty()).unwrap_or(a);
    if let Some(url) = r.image_url.filter(|url| !url.trim().is_empty()) {
        let picture = super::super::markdown::markdown_picture(&url, &r.title.unwrap_or_default());
        answer = format!("{answer}\n\n{picture}");
    }
    let mut questions = q.into_iter().filter(|question| !question.trim().is_empty());
    Ok(Record {
        id: Some(qid),
        question: questions.next().unwrap_or_default(),
        similar: questions.collect(),
        answer,
        category: category(t),
        ..Record::default()
    })
}

#[derive(Deserialize)]
struct Wechat {
    skill: Option<String>,
    intent: String,
    #[serde(default)]
    disable: bool,
    #[serde(default)]
    questions: Vec<String>,
    #[serde(default)]
    answers: Vec<String>,
}

pub(super) fn wechat(item: &Value) -> Result<Record, IssueKind> {
    let Wechat { skill, intent, disable, questions, answers } = parsed(item)?;
    Ok(Record {
        similar: others(questions, &intent),
        question: intent,
        answer: answers.join("\n\n"),
        category: category(skill),
        enabled: Some(!disable),
        ..Record::default()
    })
}

#[derive(Deserialize)]
struct WeKnora {
    standard_question: String,
    #[serde(default)]
    similar_questions: Option<Vec<String>>,
    #[serde(default)]
    negative_questions: Option<Vec<String>>,
    #[serde(default)]
    answers: Option<Vec<String>>,
    tag_name: Option<String>,
    is_enabled: Option<bool>,
}

pub(super) fn weknora(item: &Value) -> Result<Record, IssueKind> {
    let item: WeKnora = parsed(item)?;
    Ok(Record {
        similar: others(item.similar_questions.unwrap_or_default(), &item.standard_question),
        question: item.standard_question,
        negative: item.negative_questions.unwrap_or_default(),
        answer: item.answers.unwrap_or_default().join("\n\n"),
        tags: category(item.tag_name),
        enabled: item.is_enabled,
        ..Record::default()
    })
}

/// The similar questions, among which some products repeat the standard one.
fn others(questions: Vec<String>, standard: &str) -> Vec<String> {
    let is_other = |question: &String| !question.trim().is_empty() && question.trim() != standard.trim();
    questions.into_iter().filter(is_other).collect()
}

fn category(name: Option<String>) -> Vec<String> {
    name.into_iter().filter(|name| !name.trim().is_empty()).collect()
}
