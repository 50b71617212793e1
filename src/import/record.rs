//! [`Record`]: an entry as a row or an object gives it, and [`Collector`], which makes checked entries of records.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};

use super::{
    Import, Origin, markdown,
    report::{ImportReport, IssueKind, excerpt},
};
use crate::faq::{Answer, Entry, EntryId, EntryIdError, Source};

/// What a file says of one entry, unchecked.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) id: Option<String>,
    /// The number the author gave it.
    pub(super) number: Option<u32>,
    pub(super) question: String,
    pub(super) similar: Vec<String>,
    pub(super) negative: Vec<String>,
    pub(super) answer: String,
    pub(super) category: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) enabled: Option<bool>,
    pub(super) valid_from: Option<Date>,
    pub(super) valid_until: Option<Date>,
    pub(super) source: Option<Source>,
    pub(super) updated_at: Option<Timestamp>,
}

/// What has been read of a file.
pub(super) struct Collector<'o, 'f> {
    origin: &'o Origin<'f>,
    stem: String,
    /// Sheet that is being read, where a file has several.
    sheet: Option<String>,
    /// Line and position of every entry so far.
    places: HashMap<EntryId, (usize, usize)>,
    pub(super) import: Import,
}

impl<'o, 'f> Collector<'o, 'f> {
    pub(super) fn new(origin: &'o Origin<'f>) -> Self {
        Self {
            origin,
            stem: markdown::stem_id(origin.file),
            sheet: None,
            places: HashMap::new(),
            import: Import::new(ImportReport::new(origin.file)),
        }
    }

    /// Begins the sheet at `index` (from 0), so that its rows get ids of their own.
    pub(super) fn enter_sheet(&mut self, index: usize, name: &str) {
        let stem = markdown::stem_id(self.origin.file);
        self.stem = if index == 0 { stem } else { format!("{stem}-s{}", index + 1) };
        self.sheet = Some(name.to_owned());
        self.import.named_sheets = true;
    }

    /// Says something about a line.
    pub(super) fn note(&mut self, line: usize, entry: Option<&EntryId>, kind: IssueKind) {
        self.import.report.push_in(self.sheet.as_deref(), Some(line), entry, kind);
    }

    /// The entry that was added under `id`.
    pub(super) fn entry(&mut self, id: &EntryId) -> Option<&mut Entry> {
        let &(_, position) = self.places.get(id)?;
        self.import.entries.get_mut(position)
    }

    /// Checks a record and adds its entry.
    ///
    /// # Errors
    /// What is wrong with it; nothing is added or noted then.
    pub(super) fn add(&mut self, line: usize, record: Record) -> Result<EntryId, IssueKind> {
        let question = record.question.trim().to_owned();
        if question.is_empty() {
            let answer = record.answer.trim();
            return Err(if answer.is_empty() {
                IssueKind::QuestionWithoutText
            } else {
                IssueKind::AnswerWithoutQuestion { excerpt: excerpt(answer) }
            });
        }
        let (id, is_named) = self.id(line, &record)?;
        if let Some(&(first_line, _)) = self.places.get(&id) {
            return Err(IssueKind::IdTwice { id, first_line });
        }
        if let (Some(from), Some(until)) = (record.valid_from, record.valid_until)
            && from > until
        {
            return Err(IssueKind::NeverValid { from, until });
        }
        let source = record.source.unwrap_or_else(|| Source {
            file: self.origin.file.to_owned(),
            heading: self.sheet.clone(),
            number: record.number,
            line: Some(line),
        });
        let (answer, issues) = self.origin.take_pictures(Answer::new(record.answer));
        let entry = Entry {
            id: id.clone(),
            question,
            similar: record.similar,
            negative: record.negative,
            answer,
            category: record.category,
            tags: record.tags,
            enabled: record.enabled.unwrap_or(true),
            valid_from: record.valid_from,
            valid_until: record.valid_until,
            source: Some(source),
            updated_at: record.updated_at,
        };
        for kind in issues {
            self.note(line, Some(&id), kind);
        }
        if is_named {
            self.import.named.insert(id.clone());
        }
        self.places.insert(id.clone(), (line, self.import.entries.len()));
        self.import.entries.push(entry);
        Ok(id)
    }

    /// The id, and whether the file names it.
    fn id(&self, line: usize, record: &Record) -> Result<(EntryId, bool), IssueKind> {
        let given = record.id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        let id = match (given, record.number) {
            (Some(id), _) => id.to_owned(),
            (None, Some(number)) => format!("{}-{number}", self.stem),
            (None, None) => format!("{}-{line}", self.stem),
        };
        let parsed = id.parse();
        let id =
            parsed.map_err(|error: EntryIdError| IssueKind::InvalidId { reason: error.to_string(), id })?;
        Ok((id, given.is_some()))
    }
}
