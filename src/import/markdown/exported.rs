//! Documents that `dayi export` wrote: answers are taken word for word, nothing is guessed.

use std::borrow::Cow;

use super::super::{
    Import, Origin,
    native::{self, Details},
    record::{Collector, Record},
    report::IssueKind,
};

/// Whether dayi wrote this document.
pub(super) fn is_exported(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.trim_end() == native::DOCUMENT_MARK)
}

/// An entry that is being read.
struct Open {
    line: usize,
    details: Details,
    /// `None` until the heading came.
    heading: Option<String>,
    answer: String,
}

pub(super) fn import(origin: &Origin<'_>, text: &str) -> Import {
    // An editor that writes other line ends does so everywhere.
    let text = match text.split_once('\n') {
        Some((first, _)) if first.ends_with('\r') => Cow::Owned(text.replace("\r\n", "\n")),
        Some(_) | None => Cow::Borrowed(text),
    };
    let mut collector = Collector::new(origin);
    let mut open: Option<Open> = None;
    for (index, line) in text.split_inclusive('\n').enumerate().skip(1) {
        match (native::details(line), &mut open) {
            (Some(details), _) => {
                close(&mut collector, open.take());
                match details {
                    Ok(details) => {
                        open = Some(Open { line: index + 1, details, heading: None, answer: String::new() });
                    }
                    Err(error) => {
                        let reason = error.to_string().replace(" at line 1 column ", " at column ");
                        collector.note(index + 1, None, IssueKind::InvalidLine { reason });
                    }
                }
            }
            (None, Some(open)) if open.heading.is_none() => {
                if let Some(heading) = line.strip_prefix("## ") {
                    open.heading = Some(heading.trim().to_owned());
                }
            }
            (None, Some(open)) => open.answer.push_str(native::unescaped_line(line)),
            (None, None) => {}
        }
    }
    close(&mut collector, open);
    collector.import
}

fn close(collector: &mut Collector<'_, '_>, open: Option<Open>) {
    let Some(Open { line, details, heading, answer }) = open else { return };
    let question = details.question.or(heading).unwrap_or_default();
    let added = if !question.trim().is_empty() && answer.trim().is_empty() {
        Err(IssueKind::QuestionWithoutAnswer { question })
    } else {
        let record = Record {
            id: Some(details.id.into()),
            question,
            similar: details.similar,
            negative: details.negative,
            answer,
            category: details.category,
            tags: details.tags,
            enabled: details.enabled,
            valid_from: details.valid_from,
            valid_until: details.valid_until,
            ..Record::default()
        };
        collector.add(line, record).map(|_| ())
    };
    if let Err(kind) = added {
        collector.note(line, None, kind);
    }
}
