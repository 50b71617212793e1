//! Lines and their roles to entries: the state machine, the ids and the report.

use std::{
    collections::{HashMap, HashSet},
    mem,
};

use super::{
    super::{
        Origin,
        report::{ImportReport, IssueKind, excerpt},
    },
    clean,
    grammar::{ends_with_question_mark, is_sentence_end},
    inline::{Line, LineKind, Start, Token, TokenKind},
    outline::Role,
    render,
    sections::Sections,
};
use crate::faq::{Answer, Entry, EntryId, Source};

/// A question and what has been read of its answer.
struct Draft<'a> {
    line: usize,
    number: Option<u32>,
    section: usize,
    heading: Option<u8>,
    question: String,
    /// The marker the answer began with; `None` while it has none.
    marker: Option<&'static str>,
    in_answer: bool,
    answer: Vec<Line<'a>>,
}

/// What the reader is in the middle of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outside {
    /// Text here belongs to nothing and has not been reported yet.
    Silent,
    /// It has been reported; more of the same needs no second word.
    Reported,
}

/// Reads a document line by line.
pub(super) struct Assembler<'a, 'r> {
    sections: Sections,
    drafts: Vec<Draft<'a>>,
    open: Option<Draft<'a>>,
    outside: Outside,
    report: &'r mut ImportReport,
}

impl<'a, 'r> Assembler<'a, 'r> {
    pub(super) fn new(has_title: bool, report: &'r mut ImportReport) -> Self {
        Self {
            sections: Sections::new(has_title),
            drafts: Vec::new(),
            open: None,
            outside: Outside::Silent,
            report,
        }
    }

    /// Reads the next line. `before_answer`: the line after it begins an answer.
    pub(super) fn read(&mut self, line: Line<'a>, role: Role, before_answer: bool) {
        match role {
            Role::Section { level, numbering } => {
                self.close();
                self.sections.enter(level, numbering, &line.plain());
            }
            Role::Question { numbering, heading } => {
                self.question(&line, numbering.map(|it| (it.number, it.len)), heading);
            }
            Role::Answer(marker) => self.answer(line, marker.word, marker.len),
            Role::BoldBeforeAnswer => match &mut self.open {
                Some(draft) if !draft.in_answer => draft.go_on(line),
                Some(_) | None => self.question(&line, None, None),
            },
            Role::Bold => match &mut self.open {
                Some(draft) if !draft.in_answer => draft.go_on(line),
                Some(_) | None => self.text(line, before_answer),
            },
            Role::Subheading(level) => match &self.open {
                Some(draft) if draft.heading.is_none_or(|question| level > question) && draft.in_answer => {
                    self.text(line, before_answer);
                }
                Some(_) | None => self.question(&line, None, Some(level)),
            },
            Role::Text => self.text(line, before_answer),
        }
    }

    fn question(&mut self, line: &Line<'a>, numbering: Option<(Option<u32>, usize)>, heading: Option<u8>) {
        self.close();
        if let Some(level) = heading {
            self.sections.ask(level);
        }
        let (number, len) = numbering.unwrap_or_default();
        let mut draft = Draft {
            line: line.number,
            number,
            section: self.sections.current(),
            heading,
            question: String::new(),
            marker: None,
            in_answer: false,
            answer: Vec::new(),
        };
        draft.go_on(line.without_head(len));
        self.open = Some(draft);
    }

    fn answer(&mut self, line: Line<'a>, word: &'static str, len: usize) {
        match &mut self.open {
            // Another word than the one this answer began with is a word of the answer.
            Some(draft) if draft.marker.is_none_or(|marker| marker != word) => {
                if draft.marker.is_some() {
                    draft.answer.push(line);
                    return;
                }
                draft.marker = Some(word);
                draft.in_answer = true;
                let line = Line { start: Start::Paragraph, kind: LineKind::Text, ..line.without_head(len) };
                if !line.is_blank() {
                    draft.answer.push(line);
                }
            }
            Some(_) | None => {
                self.close();
                let kind =
                    IssueKind::AnswerWithoutQuestion { excerpt: excerpt(&clean::clean(&line.plain())) };
                self.report.push(Some(line.number), None, kind);
                self.outside = Outside::Reported;
            }
        }
    }

    fn text(&mut self, line: Line<'a>, before_answer: bool) {
        match &mut self.open {
            Some(draft) if draft.in_answer => draft.answer.push(line),
            Some(draft) => {
                let unfinished = !is_sentence_end(&draft.question) || draft.question.is_empty();
                let is_words = line.kind == LineKind::Text && !line.is_picture() && !line.is_item;
                if is_words
                    && unfinished
                    && (before_answer || line.start == Start::Wrap && draft.heading.is_none())
                {
                    draft.go_on(line);
                } else {
                    draft.in_answer = true;
                    draft.answer.push(Line { start: Start::Paragraph, ..line });
                }
            }
            None if self.outside == Outside::Silent && !line.is_blank() => {
                let kind = IssueKind::TextOutsideEntries { excerpt: excerpt(&clean::clean(&line.plain())) };
                self.report.push(Some(line.number), None, kind);
                self.outside = Outside::Reported;
            }
            None => {}
        }
    }

    fn close(&mut self) {
        self.outside = Outside::Silent;
        let Some(mut draft) = self.open.take() else { return };
        draft.question = clean::clean(&draft.question);
        let problem = if draft.question.is_empty() {
            Some(IssueKind::QuestionWithoutText)
        } else if draft.answer.iter().all(Line::is_blank) {
            Some(IssueKind::QuestionWithoutAnswer { question: draft.question.clone() })
        } else {
            None
        };
        match problem {
            Some(kind) => self.report.push(Some(draft.line), None, kind),
            None => self.drafts.push(draft),
        }
    }

    /// Ends the document: gives every entry its id and renders its answer.
    pub(super) fn finish(mut self, origin: &Origin<'_>, stem: &str) -> Vec<Entry> {
        self.close();
        let mut drafts = mem::take(&mut self.drafts);
        self.drop_repeated_numbers(&mut drafts);
        let ids = self.ids(&drafts, stem);
        let mut entries = Vec::with_capacity(drafts.len());
        for (draft, id) in drafts.into_iter().zip(ids) {
            // An id can only be missing when the stem leaves no room; the stem is cut so that it does.
            let Some(id) = id else { continue };
            let (answer, issues) = origin.take_pictures(Answer::new(render::answer(&draft.answer)));
            for kind in issues {
                self.report.push(Some(draft.line_of(&kind)), Some(&id), kind);
            }
            if answer.is_empty() {
                let kind = IssueKind::QuestionWithoutAnswer { question: draft.question };
                self.report.push(Some(draft.line), None, kind);
                continue;
            }
            let section = &self.sections.all[draft.section];
            let source = Source {
                file: origin.file.to_owned(),
                heading: section.heading.clone(),
                number: draft.number,
                line: Some(draft.line),
            };
            entries.push(Entry {
                answer,
                category: section.category.clone(),
                source: Some(source),
                ..Entry::new(id, draft.question, "")
            });
        }
        entries
    }

    fn drop_repeated_numbers(&mut self, drafts: &mut Vec<Draft<'a>>) {
        let mut first_lines: HashMap<(usize, u32), usize> = HashMap::new();
        drafts.retain(|draft| {
            let Some(number) = draft.number else { return true };
            let first_line = *first_lines.entry((draft.section, number)).or_insert(draft.line);
            if first_line != draft.line {
                let kind = IssueKind::NumberTwice { number, first_line, question: draft.question.clone() };
                self.report.push(Some(draft.line), None, kind);
            }
            first_line == draft.line
        });
    }

    /// Numbered entries first: their ids must not depend on how many unnumbered ones there are.
    fn ids(&self, drafts: &[Draft<'a>], stem: &str) -> Vec<Option<EntryId>> {
        let mut taken: HashSet<String> = HashSet::new();
        let mut ids: Vec<Option<String>> = vec![None; drafts.len()];
        for (id, draft) in ids.iter_mut().zip(drafts) {
            let Some(number) = draft.number else { continue };
            let mut base = stem.to_owned();
            for ordinal in &self.sections.all[draft.section].ordinals {
                base = format!("{base}-{ordinal}");
            }
            // Sections without an ordinal may each count from 1; then their place in the document tells them apart.
            let candidates = [format!("{base}-{number}"), format!("{base}-s{}-{number}", draft.section)];
            let free = candidates.into_iter().find(|candidate| !taken.contains(candidate));
            if let Some(free) = free {
                taken.insert(free.clone());
                *id = Some(free);
            }
        }
        let mut running = 0;
        for id in &mut ids {
            running += 1;
            if id.is_none() {
                while !taken.insert(format!("{stem}-{running}")) {
                    running += 1;
                }
                *id = Some(format!("{stem}-{running}"));
            }
        }
        ids.into_iter().map(|id| id?.parse().ok()).collect()
    }
}

impl<'a> Draft<'a> {
    /// Line of the picture a problem is about; the question's when the picture is deep inside something.
    fn line_of(&self, kind: &IssueKind) -> usize {
        let (IssueKind::PictureMissing { src } | IssueKind::PictureRefused { src, .. }) = kind else {
            return self.line;
        };
        let holds = |line: &&Line<'a>| {
            line.tokens
                .iter()
                .any(|token| token.kind == TokenKind::Picture && token.raw.contains(src.as_str()))
        };
        self.answer.iter().find(holds).map_or(self.line, |line| line.number)
    }

    /// Adds a line to the question; pictures in it become the beginning of the answer.
    fn go_on(&mut self, mut line: Line<'a>) {
        let pictures: Vec<Token<'a>> = line.take_pictures();
        if !pictures.is_empty() {
            let picture = Line {
                tokens: pictures,
                start: Start::Paragraph,
                kind: LineKind::Text,
                is_item: false,
                ..line.clone()
            };
            self.answer.push(picture);
        }
        if !self.question.is_empty() {
            self.question.push('\n');
        }
        self.question.push_str(&line.plain());
    }
}

/// Whether the document's only first-level heading is the first thing in it.
pub(super) fn has_title(lines: &[Line<'_>]) -> bool {
    let mut tops = lines.iter().enumerate().filter(|(_, line)| line.kind == LineKind::Heading(1));
    matches!((tops.next(), tops.next()), (Some((0, line)), None) if !ends_with_question_mark(&line.plain()))
}
