//! FAQs in one JSON document: schema.org `FAQPage`, the exports of `QnABot`, 微信对话开放平台 and `WeKnora`, or a list of
//! entries as JSON Lines have them.

pub(super) mod faq_page;
mod products;

use serde_json::Value;

use super::{
    Import, ImportError, Origin, Preset, json_lines,
    record::{Collector, Record},
    report::IssueKind,
};

/// A document in memory takes several times its size.
const MAX_BYTES: usize = 64 << 20;

/// What a document is.
enum Kind<'v> {
    FaqPage(Vec<&'v Value>),
    Entries(Preset, &'v [Value]),
}

/// Imports a document. Line numbers in the report count its entries.
pub(super) fn import(origin: &Origin<'_>, text: &str, preset: Option<Preset>) -> Result<Import, ImportError> {
    let file = || origin.file.to_owned();
    if text.len() > MAX_BYTES {
        return Err(ImportError::TooLarge { file: file(), limit: MAX_BYTES as u64 });
    }
    let document: Value =
        serde_json::from_str(text).map_err(|reason| ImportError::Json { file: file(), reason })?;
    match (kind(&document), preset) {
        (None, _) => Err(ImportError::UnknownJson { file: file() }),
        (Some(Kind::FaqPage(_)), Some(preset)) => Err(ImportError::WrongPreset {
            file: file(),
            preset,
            expected: preset.kinds(),
            found: "a schema.org FAQPage".to_owned(),
        }),
        (Some(Kind::FaqPage(questions)), None) => Ok(faq_page::import(origin, &questions)),
        (Some(Kind::Entries(found, _)), Some(asked)) if found != asked => Err(ImportError::WrongPreset {
            file: file(),
            preset: asked,
            expected: asked.kinds(),
            found: format!("JSON of {}", found.name()),
        }),
        (Some(Kind::Entries(preset, items)), _) => Ok(entries(origin, preset, items)),
    }
}

fn kind(document: &Value) -> Option<Kind<'_>> {
    let questions: Vec<&Value> = faq_page::questions(document).collect();
    if !questions.is_empty() {
        return Some(Kind::FaqPage(questions));
    }
    let list = |key: &str| document.get(key).and_then(Value::as_array).map(Vec::as_slice);
    let items = document.as_array().map(Vec::as_slice);
    let items = items.or_else(|| ["qna", "data", "entries", "faqs"].into_iter().find_map(list))?;
    let has = |key: &str| items.iter().take(20).any(|item| item.get(key).is_some());
    let preset = if has("q") && has("qid") {
        Preset::QnaBot
    } else if has("intent") {
        Preset::Wechat
    } else if has("standard_question") {
        Preset::WeKnora
    } else if has("question") {
        Preset::Native
    } else {
        return None;
    };
    Some(Kind::Entries(preset, items))
}

fn entries(origin: &Origin<'_>, preset: Preset, items: &[Value]) -> Import {
    let mut collector = Collector::new(origin);
    let mut unknown = json_lines::UnknownFields::default();
    for (index, item) in items.iter().enumerate() {
        let line = index + 1;
        let added = match preset {
            Preset::QnaBot => products::qnabot(item),
            Preset::Wechat => products::wechat(item),
            Preset::WeKnora => products::weknora(item),
            Preset::Native | Preset::MaxKb | Preset::FastGpt | Preset::Dify | Preset::QnaMaker => {
                json_lines::add(&mut collector, line, json_lines::parse_value(item), &mut unknown);
                continue;
            }
        }
        .and_then(answered)
        .and_then(|record| collector.add(line, record));
        if let Err(kind) = added {
            collector.note(line, None, kind);
        }
    }
    collector.import
}

/// A record that has an answer.
fn answered(record: Record) -> Result<Record, IssueKind> {
    if record.answer.trim().is_empty() && !record.question.trim().is_empty() {
        return Err(IssueKind::QuestionWithoutAnswer { question: record.question });
    }
    Ok(record)
}

#[cfg(test)]
mod tests;
