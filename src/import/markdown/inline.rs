//! A line of text as [`Token`]s: the words with and without their markup.
//!
//! The grammar looks at the plain words and whether they are bold; an answer keeps the raw Markdown. Bold is
//! paired leniently: `CommonMark` does not take the second `**` of `**解决方案：**去企业微信` as a closing mark,
//! because punctuation precedes and a letter follows it, yet converters write exactly that.

use std::{borrow::Cow, mem, ptr};

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind,
    /// Markdown.
    pub(super) raw: Cow<'a, str>,
    /// The words without markup.
    pub(super) plain: Cow<'a, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Words; white space in them may be tidied.
    Text,
    /// `**`, opening or closing in turn.
    Bold,
    /// A `**` that `CommonMark` would show as two stars.
    LooseBold,
    /// Anything that must stay as it is: code, a link's address, a bullet.
    Verbatim,
    /// A picture.
    Picture,
    /// A line break the author asked for.
    Break,
}

impl<'a> Token<'a> {
    pub(super) fn text(raw: impl Into<Cow<'a, str>>) -> Self {
        let raw = raw.into();
        Self { kind: TokenKind::Text, plain: raw.clone(), raw }
    }

    /// Markup without words of its own.
    pub(super) fn markup(kind: TokenKind, raw: impl Into<Cow<'a, str>>) -> Self {
        Self { kind, raw: raw.into(), plain: Cow::Borrowed("") }
    }

    pub(super) fn is_bold_mark(&self) -> bool {
        matches!(self.kind, TokenKind::Bold | TokenKind::LooseBold)
    }

    /// The words of the document, if this is nothing but a stretch of them.
    pub(super) fn as_written(&self) -> Option<&'a str> {
        match (&self.raw, &self.plain) {
            (Cow::Borrowed(raw), Cow::Borrowed(plain))
                if self.kind == TokenKind::Text && ptr::eq(*raw, *plain) =>
            {
                Some(raw)
            }
            _ => None,
        }
    }

    fn is_blank_text(&self) -> bool {
        self.kind == TokenKind::Text && self.raw.trim().is_empty()
    }
}

/// How a line stands to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Start {
    #[default]
    /// Begins a block of its own.
    Paragraph,
    /// Goes on with the paragraph after a line end.
    Wrap,
    /// Goes on with the paragraph after a line break the author asked for.
    Break,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    /// Heading of the given level.
    Heading(u8),
    /// Part of a paragraph or list item.
    Text,
    /// A whole code block or table.
    Verbatim,
}

/// One line of the document (of a code block or a table: all of them).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Line number in the file, from 1.
    pub(super) number: usize,
    pub(super) kind: LineKind,
    pub(super) start: Start,
    /// How many lists this one's list is nested in.
    pub(super) depth: usize,
    /// Whether it is the first line of a list item.
    pub(super) is_item: bool,
    /// Whether a bold run of the line before goes on here.
    pub(super) starts_bold: bool,
    pub(super) tokens: Vec<Token<'a>>,
}

impl<'a> Line<'a> {
    /// A line that begins a block outside any list.
    pub(super) fn new(number: usize, kind: LineKind, tokens: Vec<Token<'a>>) -> Self {
        Self { number, kind, start: Start::Paragraph, depth: 0, is_item: false, starts_bold: false, tokens }
    }

    /// The words without markup.
    pub(super) fn plain(&self) -> Cow<'_, str> {
        match self.tokens.as_slice() {
            [only] => Cow::Borrowed(&only.plain),
            tokens => tokens.iter().map(|token| token.plain.as_ref()).collect(),
        }
    }

    /// Whether every word is bold; punctuation and numbering may stay outside.
    pub(super) fn is_bold(&self) -> bool {
        let (mut bold, mut bold_words) = (self.starts_bold, false);
        for token in &self.tokens {
            if token.is_bold_mark() {
                bold = !bold;
            } else if token.plain.chars().any(char::is_alphabetic) {
                if !bold {
                    return false;
                }
                bold_words = true;
            } else {
                bold_words |= bold && token.plain.chars().any(char::is_numeric);
            }
        }
        bold_words
    }

    /// Whether there is a picture and no word.
    pub(super) fn is_picture(&self) -> bool {
        self.tokens.iter().any(|token| token.kind == TokenKind::Picture)
            && self.tokens.iter().all(|token| {
                token.kind == TokenKind::Picture || token.is_bold_mark() || token.is_blank_text()
            })
    }

    /// Whether nothing is left to show.
    pub(super) fn is_blank(&self) -> bool {
        self.tokens.iter().all(|token| token.is_bold_mark() || token.is_blank_text())
    }

    /// The line without the first `bytes` of its plain words. A bold run that was cut goes on behind the cut.
    pub(super) fn without_head(&self, bytes: usize) -> Self {
        let mut bold = self.starts_bold;
        let mut left = bytes;
        let mut tokens = self.tokens.iter();
        let mut rest: Vec<Token<'a>> = Vec::new();
        while left > 0
            && let Some(token) = tokens.next()
        {
            bold ^= token.is_bold_mark();
            if token.plain.len() > left && token.plain.is_char_boundary(left) {
                rest.push(token.tail(left));
                left = 0;
            } else {
                left = left.saturating_sub(token.plain.len());
            }
        }
        rest.extend(tokens.cloned());
        let first = rest.iter().position(|token| !token.is_blank_text()).unwrap_or(rest.len());
        rest.drain(..first);
        if bold {
            if rest.first().is_some_and(Token::is_bold_mark) {
                rest.remove(0);
            } else {
                rest.insert(0, Token::markup(TokenKind::Bold, "**"));
            }
        }
        Self { tokens: rest, starts_bold: false, is_item: false, ..self.without_words() }
    }

    fn without_words(&self) -> Self {
        Self { tokens: Vec::new(), ..*self }
    }

    /// Takes the pictures out.
    pub(super) fn take_pictures(&mut self) -> Vec<Token<'a>> {
        self.tokens.extract_if(.., |token| token.kind == TokenKind::Picture).collect()
    }
}

impl<'a> Token<'a> {
    /// What is left after `bytes` of the plain words; they are the end of the raw ones unless those are escaped.
    fn tail(&self, bytes: usize) -> Self {
        let plain: Cow<'a, str> = match &self.plain {
            Cow::Borrowed(plain) => Cow::Borrowed(&plain[bytes..]),
            Cow::Owned(plain) => Cow::Owned(plain[bytes..].to_owned()),
        };
        let raw = if self.raw == self.plain { plain.clone() } else { self.raw.clone() };
        Self { kind: self.kind, raw, plain }
    }

    /// The first `bytes` of a token without escapes.
    fn head(&self, bytes: usize) -> Self {
        Self::text(match &self.raw {
            Cow::Borrowed(raw) => Cow::Borrowed(&raw[..bytes]),
            Cow::Owned(raw) => Cow::Owned(raw[..bytes].to_owned()),
        })
    }
}

/// Splits words at `**` that `CommonMark` left as text and marks where bold runs go on over a line end.
///
/// `lines` is one block. An odd `**` at its end pairs with nothing and stays text.
pub(super) fn pair_bold(lines: &mut [Line<'_>]) {
    let mut marks = 0_usize;
    for line in &mut *lines {
        if line.tokens.iter().any(|token| token.kind == TokenKind::Text && token.raw.contains("**")) {
            line.tokens = mem::take(&mut line.tokens).into_iter().flat_map(split_at_stars).collect();
        }
        marks += line.tokens.iter().filter(|token| token.is_bold_mark()).count();
    }
    if marks % 2 == 1
        && let Some(last) = lines
            .iter_mut()
            .rev()
            .flat_map(|line| line.tokens.iter_mut().rev())
            .find(|it| it.kind == TokenKind::LooseBold)
    {
        *last = Token::text("**");
    }
    let mut bold = false;
    for line in lines {
        line.starts_bold = bold;
        bold ^= line.tokens.iter().filter(|token| token.is_bold_mark()).count() % 2 == 1;
    }
}

fn split_at_stars(token: Token<'_>) -> Vec<Token<'_>> {
    let Some(raw) = token.as_written().filter(|raw| raw.contains("**")) else { return vec![token] };
    let mut pieces = Vec::new();
    for (index, piece) in raw.split("**").enumerate() {
        if index > 0 {
            pieces.push(Token::markup(TokenKind::LooseBold, "**"));
        }
        if !piece.is_empty() {
            pieces.push(Token::text(piece));
        }
    }
    pieces
}

/// Moves punctuation out of bold runs that `CommonMark` would not recognise, so that they show as bold:
/// `**注意：**请先` becomes `**注意**：请先`.
pub(super) fn tighten_bold(tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let mut out: Vec<Token<'_>> = Vec::with_capacity(tokens.len());
    let mut opening: Option<(usize, TokenKind)> = None;
    for token in tokens {
        if !token.is_bold_mark() {
            out.push(token);
            continue;
        }
        let Some((open, kind)) = opening.take() else {
            opening = Some((out.len(), token.kind));
            out.push(token);
            continue;
        };
        let is_loose = kind == TokenKind::LooseBold || token.kind == TokenKind::LooseBold;
        let has_words = out[open..].iter().any(|token| token.plain.chars().any(char::is_alphanumeric));
        let mut behind = None;
        if is_loose && has_words {
            if let Some(last) =
                out.last_mut().filter(|last| last.kind == TokenKind::Text && last.raw == last.plain)
            {
                let words = last.raw.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
                if words > 0 {
                    behind = Some(last.tail(words)).filter(|behind| !behind.raw.is_empty());
                    *last = last.head(words);
                }
            }
            if let Some(first) =
                out.get(open + 1).filter(|it| it.kind == TokenKind::Text && it.raw == it.plain)
            {
                let words = first.raw.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
                let punctuation = first.raw.len() - words;
                if punctuation > 0 && words > 0 {
                    let (before, words) = (first.head(punctuation), first.tail(punctuation));
                    out[open + 1] = words;
                    out.insert(open, before);
                }
            }
        }
        out.push(token);
        out.extend(behind);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(tokens: Vec<Token<'_>>) -> Line<'_> {
        let mut lines = [Line::new(1, LineKind::Text, tokens)];
        pair_bold(&mut lines);
        let [line] = lines;
        line
    }

    fn raw(tokens: &[Token<'_>]) -> String {
        tokens.iter().map(|token| token.raw.as_ref()).collect()
    }

    #[test]
    fn stars_that_commonmark_leaves_as_text_are_paired() {
        let line = line(vec![Token::text("**解决方案：**去企业")]);
        assert_eq!(line.plain(), "解决方案：去企业");
        assert!(!line.is_bold());
        assert_eq!(raw(&line.without_head("解决方案：".len()).tokens), "去企业");
        assert_eq!(raw(&line.without_head("解决".len()).tokens), "**方案：**去企业");
    }

    #[test]
    fn a_lone_pair_of_stars_is_no_bold() {
        let line = line(vec![Token::text("2**3 等于 8")]);
        assert_eq!((line.plain().as_ref(), line.is_bold()), ("2**3 等于 8", false));
    }

    #[test]
    fn punctuation_moves_out_of_bold_runs_that_would_show_their_stars() {
        for (given, expected) in [
            ("**注意：**请先", "**注意**：请先"),
            ("去**“企业”**吧", "去“**企业**”吧"),
            ("**：**好", "**：**好"),
            ("** 注意 **好", " **注意** 好"),
        ] {
            assert_eq!(raw(&tighten_bold(line(vec![Token::text(given)]).tokens)), expected);
        }
    }
}
