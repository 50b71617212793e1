//! What each line is in its document: section, question, beginning of an answer, or text.
//!
//! `**3. 客户联系**` may be a section and `**3. 怎么建群**` a question; only what follows tells. The rules look at
//! the next line, the next heading or question, and the next answer marker, never further, so that a long document
//! costs no more per line than a short one.

use super::{
    grammar::{
        AnswerMarker, Form, Numbering, answer_marker, ends_with_question_mark, is_question_like,
        is_sentence_end, numbering,
    },
    inline::{Line, LineKind, Start},
};

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The title of a section.
    Section {
        /// Sections of a higher level are inside those of a lower one.
        level: u8,
        numbering: Option<Numbering>,
    },
    /// The first line of a question.
    Question {
        numbering: Option<Numbering>,
        /// Level of the heading it is, if it is one.
        heading: Option<u8>,
    },
    /// The first line of an answer.
    Answer(AnswerMarker),
    /// A bold line that leads to an answer marker: the rest of a question, or an unnumbered one.
    BoldBeforeAnswer,
    /// A bold line: the rest of a question when one is being read, otherwise text.
    Bold,
    /// A heading inside an answer, if there is one around it.
    Subheading(u8),
    /// Anything else.
    Text,
}

/// Bold sections are inside those made by headings.
const BOLD_LEVEL: u8 = 10;
/// A title is a few words.
const TITLE_CHARACTERS: usize = 30;

/// What the rules know of a line before they judge it.
struct Facts {
    plain: String,
    bold: bool,
    numbering: Option<Numbering>,
    marker: Option<AnswerMarker>,
    heading: Option<u8>,
    /// Whether the next line begins an answer.
    answered: bool,
    /// Whether only bold lines without a number stand between here and the answer.
    leads_to_answer: bool,
    /// The next heading or bold question.
    next_title: Option<usize>,
}

impl Facts {
    fn of(line: &Line<'_>) -> Self {
        let plain = if line.kind == LineKind::Verbatim { String::new() } else { line.plain().into_owned() };
        Self {
            bold: line.kind == LineKind::Text && line.is_bold(),
            numbering: numbering(&plain),
            marker: answer_marker(&plain),
            heading: match line.kind {
                LineKind::Heading(level) => Some(level),
                LineKind::Text | LineKind::Verbatim => None,
            },
            plain,
            answered: false,
            leads_to_answer: false,
            next_title: None,
        }
    }

    fn form(&self) -> Option<Form> {
        self.numbering.map(|numbering| numbering.form)
    }

    fn is_title(&self) -> bool {
        self.marker.is_none()
            && (self.heading.is_some()
                || self.form() == Some(Form::Question)
                || (self.bold && self.numbering.is_some())
                || (self.bold && self.leads_to_answer))
    }

    fn is_short(&self) -> bool {
        self.plain.chars().count() <= TITLE_CHARACTERS && !is_sentence_end(&self.plain)
    }
}

/// The role of every line.
pub(super) fn roles(lines: &[Line<'_>]) -> Vec<Role> {
    let mut facts: Vec<Facts> = lines.iter().map(Facts::of).collect();
    let mut next_title = None;
    for index in (0..facts.len()).rev() {
        if let Some(next) = facts.get(index + 1) {
            let (answered, leads) =
                (next.marker.is_some(), next.bold && next.numbering.is_none() && next.leads_to_answer);
            facts[index].answered = answered;
            facts[index].leads_to_answer = answered || leads;
        }
        facts[index].next_title = next_title;
        if facts[index].is_title() {
            next_title = Some(index);
        }
    }
    (0..facts.len()).map(|index| role(&facts, index, &lines[index])).collect()
}

fn role(facts: &[Facts], index: usize, line: &Line<'_>) -> Role {
    let here = &facts[index];
    if line.kind == LineKind::Verbatim {
        return Role::Text;
    }
    if let Some(marker) = here.marker {
        return Role::Answer(marker);
    }
    if let Some(level) = here.heading {
        return heading_role(facts, index, level);
    }
    let question = Role::Question { numbering: here.numbering, heading: None };
    let Some(numbering) = here.numbering else {
        return unnumbered_role(facts, index, line);
    };
    let section = Role::Section { level: bold_level(numbering.form), numbering: here.numbering };
    let asks = is_question_like(&here.plain[numbering.len..]);
    match numbering.form {
        Form::Question => question,
        Form::Chapter | Form::Part if (here.bold || here.is_short()) && !(here.answered && asks) => section,
        Form::Chinese | Form::ChineseInBrackets if here.bold && !(here.leads_to_answer && asks) => section,
        _ if !here.bold => {
            // A numbered list in an answer looks the same; only a marker right behind it makes a question.
            if here.answered { question } else { Role::Text }
        }
        Form::Arabic(_) | Form::ArabicHalfBracket | Form::ArabicInBrackets => {
            if !asks && !here.leads_to_answer && begins_a_section(facts, index, numbering) {
                section
            } else {
                question
            }
        }
        Form::Chapter | Form::Part | Form::Chinese | Form::ChineseInBrackets => question,
    }
}

/// Whether a bold `3. 客户联系` is a section: the very next line begins a section or restarts the numbering.
fn begins_a_section(facts: &[Facts], index: usize, numbering: Numbering) -> bool {
    let Some(next) = facts.get(index + 1).filter(|next| next.bold || next.heading.is_some()) else {
        return false;
    };
    next.numbering.is_some_and(|next| {
        matches!(next.form, Form::Chinese | Form::ChineseInBrackets | Form::Part)
            || next.form != numbering.form
            || next.number != numbering.number.map(|number| number + 1)
    })
}

fn unnumbered_role(facts: &[Facts], index: usize, line: &Line<'_>) -> Role {
    let here = &facts[index];
    if !here.bold {
        let asks = line.start == Start::Paragraph && here.answered && ends_with_question_mark(&here.plain);
        return if asks { Role::Question { numbering: None, heading: None } } else { Role::Text };
    }
    if here.leads_to_answer {
        return Role::BoldBeforeAnswer;
    }
    let opens_questions = facts.get(index + 1).is_some_and(|next| next.bold && next.is_title());
    if opens_questions && here.is_short() && !is_question_like(&here.plain) {
        return Role::Section { level: BOLD_LEVEL, numbering: None };
    }
    Role::Bold
}

fn heading_role(facts: &[Facts], index: usize, level: u8) -> Role {
    let here = &facts[index];
    let question = Role::Question { numbering: here.numbering, heading: Some(level) };
    let section = Role::Section { level, numbering: here.numbering };
    if here.answered || here.form() == Some(Form::Question) || ends_with_question_mark(&here.plain) {
        return question;
    }
    match here.form() {
        Some(Form::Chapter | Form::Part | Form::Chinese | Form::ChineseInBrackets) => return section,
        Some(Form::Arabic(_) | Form::ArabicHalfBracket | Form::ArabicInBrackets | Form::Question) | None => {}
    }
    let next_title = here.next_title.map(|next| &facts[next]);
    let has_titles_below = next_title.is_some_and(|next| next.heading.is_none_or(|below| below > level));
    if has_titles_below {
        return section;
    }
    match (facts.get(index + 1), here.numbering) {
        (Some(next), None) if next.heading.is_none() => Role::Subheading(level),
        // A document of one heading has a title, and nobody asked anything.
        (None, None) if index == 0 => section,
        // The next heading is no part of this one, so nothing is: a section would swallow its siblings.
        (Some(_) | None, Some(_) | None) => question,
    }
}

/// Order of the numberings in a Chinese outline, the widest first.
fn bold_level(form: Form) -> u8 {
    BOLD_LEVEL
        + match form {
            Form::Chapter => 0,
            Form::Part => 1,
            Form::Chinese => 2,
            Form::ChineseInBrackets => 3,
            Form::Arabic(_) | Form::Question => 4,
            Form::ArabicHalfBracket | Form::ArabicInBrackets => 5,
        }
}
