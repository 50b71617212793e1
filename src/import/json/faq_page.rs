//! schema.org `FAQPage`: questions wherever pages put them, answers that may be HTML.

use serde_json::Value;

use super::{
    super::{Import, Origin, html},
    answered,
};
use crate::import::record::{Collector, Record};

/// Where pages put what they are about.
const CONTAINERS: [&str; 5] = ["mainEntity", "hasPart", "@graph", "mainEntityOfPage", "itemListElement"];

/// The questions of a document, in its order.
pub(in crate::import) fn questions(document: &Value) -> impl Iterator<Item = &Value> {
    // The parser has bounded how deep a document can be.
    let mut found = Vec::new();
    let mut left = vec![document];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items.iter().rev()),
            Value::Object(_) if is_a(value, "Question") => found.push(value),
            Value::Object(_) => left.extend(CONTAINERS.iter().rev().filter_map(|key| value.get(key))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found.into_iter()
}

fn is_a(value: &Value, kind: &str) -> bool {
    let named = |name: &Value| name.as_str().is_some_and(|name| name.rsplit(['/', ':']).next() == Some(kind));
    match value.get("@type") {
        Some(Value::Array(names)) => names.iter().any(named),
        Some(name) => named(name),
        None => false,
    }
}

/// Makes entries of questions; their place in the list is their line.
pub(in crate::import) fn import(origin: &Origin<'_>, questions: &[&Value]) -> Import {
    let mut collector = Collector::new(origin);
    for (index, question) in questions.iter().enumerate() {
        let record = Record {
            question: plain(text(question, &["name", "text", "headline"])),
            answer: html::to_markdown(answer(question).unwrap_or_default()),
            ..Record::default()
        };
        let added = answered(record).and_then(|record| collector.add(index + 1, record));
        if let Err(kind) = added {
            collector.note(index + 1, None, kind);
        }
    }
    collector.import
}

fn text<'v>(value: &'v Value, keys: &[&str]) -> &'v str {
    keys.iter().find_map(|key| value.get(key)?.as_str()).unwrap_or_default()
}

fn answer(question: &Value) -> Option<&str> {
    ["acceptedAnswer", "suggestedAnswer"].into_iter().find_map(|key| {
        let answer = question.get(key)?;
        let answer = answer.as_array().map_or(Some(answer), |answers| answers.first())?;
        answer.as_str().or_else(|| answer.get("text")?.as_str())
    })
}

/// Words without tags.
fn plain(html: &str) -> String {
    crate::faq::Answer::new(html::to_markdown(html)).plain_text()
}
