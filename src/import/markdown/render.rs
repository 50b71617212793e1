//! The lines of an answer to Markdown: which go on with a sentence, which begin a paragraph, which are a list.
//!
//! Converters end a paragraph wherever the page ended a line. So a paragraph that stops in the middle of a sentence
//! goes on in the next one, unless that begins something of its own: a list item, a step, a picture, a heading.

use super::{
    clean::Cleaner,
    grammar::{self, Form},
    inline::{Line, LineKind, Start, Token, TokenKind, tighten_bold},
};

/// How list items are marked. Items of two styles never share a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `1.`, also written `1、` and `1．`
    Dot,
    /// `1)`, also written `1）`
    Bracket,
    /// `-`, also written `•` and the like
    Bullet,
}

/// The mark of a list item as the author wrote it.
#[derive(Debug, Clone, Copy)]
struct Mark {
    style: Style,
    number: u32,
    /// Bytes of plain words it takes.
    len: usize,
}

/// A paragraph, list item or anything else that stands alone.
#[derive(Debug)]
struct Block<'a> {
    mark: Option<Mark>,
    /// A heading, picture, code block or table: nothing goes on with it.
    alone: bool,
    lines: Vec<Line<'a>>,
}

/// Renders an answer.
pub(super) fn answer(lines: &[Line<'_>]) -> String {
    let blocks = blocks(lines);
    let has_list = |style: Style| {
        // One number alone is no list: the author goes on counting inside the sentence.
        style == Style::Bullet
            || blocks
                .iter()
                .filter(|block| block.mark.is_some_and(|mark| mark.style == style))
                .nth(1)
                .is_some()
    };
    let (dots, brackets) = (has_list(Style::Dot), has_list(Style::Bracket));
    let mut out = String::new();
    let mut before: Option<(Style, usize)> = None;
    for block in &blocks {
        let mark = block.mark.filter(|mark| match mark.style {
            Style::Dot => dots,
            Style::Bracket => brackets,
            Style::Bullet => true,
        });
        let text = block.render(mark);
        if text.is_empty() {
            continue;
        }
        let item = mark.map(|mark| (mark.style, block.depth()));
        if !out.is_empty() {
            // Lists of two styles side by side are two lists; one inside the other belongs to it.
            let same_list =
                matches!((before, item), (Some(before), Some(item)) if before == item || before.1 != item.1);
            out.push_str(if same_list { "\n" } else { "\n\n" });
        }
        out.push_str(&text);
        before = item;
    }
    out
}

/// The last number seen of each way of counting: a number counts only when it is the next one.
#[derive(Default)]
struct Counters {
    dot: u32,
    bracket: u32,
    in_brackets: u32,
}

fn blocks<'a>(lines: &[Line<'a>]) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let mut counters = Counters::default();
    for line in lines.iter().filter(|line| !line.is_blank()) {
        let plain = line.plain();
        let finished = blocks.last().is_none_or(Block::is_finished);
        let alone = line.kind != LineKind::Text || line.is_picture();
        let mark = if alone { None } else { mark(line, &plain, finished, &mut counters) };
        let begins = alone || mark.is_some() || begins_something(&plain, finished, &mut counters);
        match blocks.last_mut() {
            Some(last) if !begins && last.takes(line, &plain, finished) => last.lines.push(line.clone()),
            Some(_) | None => blocks.push(Block { mark, alone, lines: vec![line.clone()] }),
        }
    }
    blocks
}

/// The mark of a list item, if the line is one.
fn mark(line: &Line<'_>, plain: &str, finished: bool, counters: &mut Counters) -> Option<Mark> {
    if let Some(len) = grammar::bullet(plain) {
        return Some(Mark { style: Style::Bullet, number: 0, len });
    }
    if line.is_item && line.tokens.first().is_some_and(|token| token.kind == TokenKind::Verbatim) {
        return Some(Mark { style: Style::Bullet, number: 0, len: 0 });
    }
    let numbering = grammar::numbering(plain)?;
    let (style, counter) = match numbering.form {
        Form::Arabic('.' | '、' | '．') => (Style::Dot, &mut counters.dot),
        Form::ArabicHalfBracket => (Style::Bracket, &mut counters.bracket),
        Form::Arabic(_)
        | Form::ArabicInBrackets
        | Form::Chinese
        | Form::ChineseInBrackets
        | Form::Chapter
        | Form::Part
        | Form::Question => return None,
    };
    let number = numbering.number?;
    if line.depth == 0 {
        if !(finished || number == 1 || number == *counter + 1) {
            return None;
        }
        *counter = number;
    }
    Some(Mark { style, number, len: numbering.len })
}

/// Whether a line that is no list item begins a paragraph of its own all the same.
fn begins_something(plain: &str, finished: bool, counters: &mut Counters) -> bool {
    if grammar::starts_step(plain) {
        return true;
    }
    let Some(numbering) = grammar::numbering(plain) else { return false };
    match numbering.form {
        Form::ArabicInBrackets => {
            let number = numbering.number.unwrap_or_default();
            let counts = finished || number == 1 || number == counters.in_brackets + 1;
            if counts {
                counters.in_brackets = number;
            }
            counts
        }
        Form::Chinese | Form::ChineseInBrackets | Form::Question => true,
        Form::Arabic(_) | Form::ArabicHalfBracket | Form::Chapter | Form::Part => false,
    }
}

impl<'a> Block<'a> {
    fn depth(&self) -> usize {
        self.lines.first().map_or(0, |line| line.depth)
    }

    /// Whether its last sentence is complete.
    fn is_finished(&self) -> bool {
        self.alone || self.lines.last().is_none_or(|line| grammar::is_sentence_end(&line.plain()))
    }

    /// Whether a line that begins nothing of its own goes on with this block.
    fn takes(&self, line: &Line<'a>, plain: &str, finished: bool) -> bool {
        if self.alone {
            return false;
        }
        match line.start {
            Start::Wrap | Start::Break => true,
            Start::Paragraph => {
                let same_weight = self.lines.iter().all(Line::is_bold) == line.is_bold();
                grammar::starts_with_continuation(plain) || (!finished && same_weight)
            }
        }
    }

    fn render(&self, mark: Option<Mark>) -> String {
        let Some(first) = self.lines.first() else { return String::new() };
        if first.kind == LineKind::Verbatim {
            return first.tokens.iter().map(|token| token.raw.as_ref()).collect();
        }
        let text = clean(tighten_bold(self.tokens(mark)));
        let prefix = match (mark, first.kind) {
            _ if text.is_empty() => String::new(),
            (Some(mark), _) => {
                let indent = "    ".repeat(first.depth);
                match mark.style {
                    Style::Dot => format!("{indent}{}. ", mark.number),
                    Style::Bracket => format!("{indent}{}) ", mark.number),
                    Style::Bullet => format!("{indent}- "),
                }
            }
            (None, LineKind::Heading(level)) => format!("{} ", "#".repeat(usize::from(level))),
            (None, LineKind::Text | LineKind::Verbatim) => String::new(),
        };
        prefix + &text
    }

    /// All words of the block behind the mark, lines joined, bold runs closed.
    fn tokens(&self, mark: Option<Mark>) -> Vec<Token<'a>> {
        let mut tokens: Vec<Token<'a>> = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            let mut words = line.tokens.clone();
            if index == 0 {
                if let Some(mark) = mark {
                    let is_bullet = mark.style == Style::Bullet && mark.len == 0;
                    words = if is_bullet { words.split_off(1) } else { line.without_head(mark.len).tokens };
                } else if line.starts_bold {
                    tokens.push(Token::markup(TokenKind::Bold, "**"));
                }
            } else {
                // `**重要** ⏎ **的事**` is one bold run.
                let runs_on = !line.starts_bold
                    && words.first().is_some_and(Token::is_bold_mark)
                    && tokens.last().is_some_and(Token::is_bold_mark);
                if runs_on {
                    words.remove(0);
                    tokens.pop();
                }
                tokens.push(match line.start {
                    Start::Break => Token::markup(TokenKind::Break, ""),
                    Start::Wrap | Start::Paragraph => Token::text("\n"),
                });
            }
            tokens.append(&mut words);
        }
        if tokens.iter().filter(|token| token.is_bold_mark()).count() % 2 == 1 {
            tokens.push(Token::markup(TokenKind::Bold, "**"));
        }
        tokens
    }
}

fn clean(tokens: Vec<Token<'_>>) -> String {
    let mut cleaner = Cleaner::default();
    for token in tokens {
        match token.kind {
            TokenKind::Text => cleaner.text(&token.raw),
            TokenKind::Bold | TokenKind::LooseBold | TokenKind::Verbatim | TokenKind::Picture => {
                cleaner.verbatim(&token.raw);
            }
            TokenKind::Break => cleaner.line_break(),
        }
    }
    cleaner.finish()
}
