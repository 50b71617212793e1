//! `CommonMark` to flat [`Line`]s with line numbers.
//!
//! Owns everything that depends on the Markdown parser. Block quotes are flattened (converters write them for
//! indented paragraphs), rules and comments dropped; `misread` takes care of text that is no code and no HTML.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser knows many events that our options never yield"
)]

mod misread;

use std::{borrow::Cow, mem, ops::Range, ptr};

use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::{
    html::{self, HtmlTag},
    inline::{Line, LineKind, Start, Token, TokenKind, pair_bold},
};

/// Splits a document into lines; blank ones are left out. Line ends must be `\n`.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let newlines: Vec<usize> =
        text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
    let mut reader = Reader { newlines: &newlines, link: None, out: Vec::new() };
    reader.read(text, 0);
    reader.out
}

struct Reader<'a, 'n> {
    /// Offsets of the line ends in the whole document.
    newlines: &'n [usize],
    /// Address of the `<a href>` that is open.
    link: Option<String>,
    out: Vec<Line<'a>>,
}

/// The state while one stretch of Markdown is read.
#[derive(Default)]
struct Stretch<'a> {
    source: &'a str,
    /// Where the stretch begins in the document.
    base: usize,
    lists: usize,
    /// A list item that has no text yet: its offset, and whether it is numbered.
    item: Option<(usize, bool)>,
    ordered: Vec<bool>,
    heading: Option<u8>,
    block: Vec<Line<'a>>,
    line: Option<Line<'a>>,
    next_start: Start,
    /// End of the last inline event, to see escapes.
    end: usize,
    image: Option<(String, String)>,
    /// Addresses of the links that are open.
    links: Vec<String>,
    autolink: bool,
    in_table: bool,
}

impl Stretch<'_> {
    /// Ends the line. One of nothing but an anchor is no line: the next one takes its place.
    fn break_line(&mut self, next: Start) {
        if let Some(line) = self.line.take() {
            self.block.push(line);
            self.next_start = next;
        }
    }
}

impl<'a> Reader<'a, '_> {
    /// Reads `source`, which begins at `base` of the document.
    fn read(&mut self, source: &'a str, base: usize) {
        let mut state = Stretch { source, base, ..Stretch::default() };
        let mut code: Option<(bool, Range<usize>)> = None;
        for (event, range) in Parser::new_ext(source, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    self.flush(&mut state);
                    code = Some((matches!(kind, CodeBlockKind::Indented), range));
                }
                Event::End(TagEnd::CodeBlock) => {
                    if let Some((indented, range)) = code.take() {
                        self.code(&state, indented, range);
                    }
                }
                Event::Text(_) if code.is_some() => {}
                Event::Start(Tag::HtmlBlock) => {
                    self.flush(&mut state);
                    self.html_block(source, base, range);
                }
                Event::Html(_) => {}
                Event::Start(Tag::Table(_)) => {
                    self.flush(&mut state);
                    state.in_table = true;
                }
                Event::End(TagEnd::Table) => {
                    let raw = source[range.clone()].trim_end();
                    state.in_table = false;
                    self.verbatim(base + range.start, raw);
                }
                _ if state.in_table => {}
                Event::Start(tag) => self.start(&mut state, tag, range),
                Event::End(tag) => self.end(&mut state, tag, &range),
                other => self.inline(&mut state, other, range),
            }
        }
        self.flush(&mut state);
    }

    fn line_number(&self, offset: usize) -> usize {
        1 + self.newlines.partition_point(|&newline| newline < offset)
    }

    fn start(&mut self, state: &mut Stretch<'a>, tag: Tag<'a>, range: Range<usize>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flush(state);
                state.heading = Some(level as u8);
            }
            Tag::List(number) => {
                self.flush(state);
                state.lists += 1;
                state.ordered.push(number.is_some());
            }
            Tag::Item => {
                self.flush(state);
                state.item = Some((range.start, state.ordered.last() == Some(&true)));
            }
            Tag::Strong => self.push(state, range.start, Token::markup(TokenKind::Bold, "**")),
            Tag::Emphasis => self.push(state, range.start, Token::markup(TokenKind::Verbatim, "*")),
            Tag::Link { link_type, dest_url, .. } => {
                if matches!(link_type, LinkType::Autolink | LinkType::Email) {
                    state.autolink = true;
                    let raw = &state.source[range.clone()];
                    let plain = raw.trim_matches(['<', '>']);
                    let token = Token { kind: TokenKind::Verbatim, raw: raw.into(), plain: plain.into() };
                    self.push(state, range.start, token);
                } else {
                    self.push(state, range.start, Token::markup(TokenKind::Verbatim, "["));
                    state.links.push(dest_url.into_string());
                }
            }
            Tag::Image { dest_url, .. } => state.image = Some((dest_url.into_string(), String::new())),
            _ => self.flush(state),
        }
    }

    fn end(&mut self, state: &mut Stretch<'a>, tag: TagEnd, range: &Range<usize>) {
        match tag {
            TagEnd::Strong => self.push(state, range.start, Token::markup(TokenKind::Bold, "**")),
            TagEnd::Emphasis => self.push(state, range.start, Token::markup(TokenKind::Verbatim, "*")),
            TagEnd::Link => {
                if !mem::take(&mut state.autolink)
                    && let Some(address) = state.links.pop()
                {
                    let raw = format!("]({})", html::markdown_address(&address));
                    self.push(state, range.start, Token::markup(TokenKind::Verbatim, raw));
                }
                state.end = range.end;
            }
            TagEnd::Image => {
                if let Some((src, alt)) = state.image.take() {
                    self.push(state, range.start, picture(&src, &alt));
                }
                state.end = range.end;
            }
            TagEnd::List(_) => {
                self.flush(state);
                state.lists = state.lists.saturating_sub(1);
                state.ordered.pop();
            }
            TagEnd::Item => {
                self.flush(state);
                state.item = None;
            }
            TagEnd::Heading(_) => {
                self.flush(state);
                state.heading = None;
            }
            _ => self.flush(state),
        }
    }

    fn inline(&mut self, state: &mut Stretch<'a>, event: Event<'a>, range: Range<usize>) {
        if let Some((_, alt)) = &mut state.image {
            if let Event::Text(text) | Event::Code(text) = &event {
                alt.push_str(text);
            } else if matches!(event, Event::SoftBreak | Event::HardBreak) {
                alt.push(' ');
            }
            return;
        }
        if state.autolink {
            return;
        }
        match event {
            Event::Text(text) => self.text(state, text, range),
            Event::Code(code) => {
                let raw = &state.source[range.clone()];
                self.push(
                    state,
                    range.start,
                    Token { kind: TokenKind::Verbatim, raw: raw.into(), plain: cow(code) },
                );
                state.end = range.end;
            }
            Event::InlineHtml(tag) => {
                if let Some(token) = self.tag(cow(tag)) {
                    self.push(state, range.start, token);
                }
                state.end = range.end;
            }
            Event::SoftBreak | Event::HardBreak if state.heading.is_some() => {
                self.push(state, range.start, Token::text("\n"));
            }
            Event::SoftBreak => state.break_line(Start::Wrap),
            Event::HardBreak => {
                let raw = &state.source[range];
                // Spaces at the end of a line may as well come from justified text: they only count after a
                // complete sentence or clause that does not ask to be continued.
                let meant = raw.starts_with('\\')
                    || state
                        .line
                        .as_ref()
                        .is_some_and(|line| !line.plain().trim_end().ends_with(['，', '、', ',']));
                state.break_line(if meant { Start::Break } else { Start::Wrap });
            }
            _ => self.flush(state),
        }
    }

    fn text(&mut self, state: &mut Stretch<'a>, text: CowStr<'a>, range: Range<usize>) {
        let raw = &state.source[range.clone()];
        let escaped = range.start > state.end && state.source[..range.start].ends_with('\\');
        let token = if raw != text.as_ref() && text.trim().is_empty() {
            // `&nbsp;` and its like: white space, whatever it is called.
            Token::text(" ")
        } else if escaped {
            let raw = &state.source[range.start - 1..range.end];
            Token { kind: TokenKind::Text, raw: raw.into(), plain: cow(text) }
        } else {
            Token { kind: TokenKind::Text, raw: raw.into(), plain: cow(text) }
        };
        // The parser cuts text at every character that might have been markup; put it together again. Addresses
        // are compared, not words: a long line comes in a great many pieces.
        if !escaped
            && let Some(piece) = token.as_written()
            && let Some(last) = state.line.as_mut().and_then(|line| line.tokens.last_mut())
            && let Some(before) = last.as_written()
            && ptr::eq(piece, raw)
            && before.as_bytes().as_ptr_range().end == raw.as_ptr()
        {
            *last = Token::text(&state.source[range.start - before.len()..range.end]);
        } else {
            self.push(state, range.start, token);
        }
        state.end = range.end;
    }

    /// Adds a token to the open line, opening one if need be.
    fn push(&mut self, state: &mut Stretch<'a>, offset: usize, token: Token<'a>) {
        if state.line.is_none() {
            let kind = state.heading.map_or(LineKind::Text, LineKind::Heading);
            let mut line = Line::new(self.line_number(state.base + offset), kind, Vec::new());
            line.start = state.next_start;
            line.depth = state.lists.saturating_sub(1);
            if let Some((start, ordered)) = state.item.take() {
                line.is_item = true;
                let marker = state.source.get(start..offset).unwrap_or_default().trim_start();
                let digits = marker.bytes().take_while(u8::is_ascii_digit).count();
                let marker = marker.get(..=digits).unwrap_or_default();
                if ordered {
                    line.tokens.push(Token::text(marker));
                    line.tokens.push(Token::text(" "));
                } else {
                    line.tokens.push(Token::markup(TokenKind::Verbatim, "- "));
                }
            }
            state.line = Some(line);
            state.end = offset;
        }
        if let Some(line) = &mut state.line {
            line.tokens.push(token);
        }
    }

    /// Ends the block that is being read.
    fn flush(&mut self, state: &mut Stretch<'a>) {
        state.block.extend(state.line.take());
        pair_bold(&mut state.block);
        self.out.append(&mut state.block);
        state.next_start = Start::Paragraph;
    }

    /// What an HTML tag leaves behind.
    fn tag(&mut self, tag: Cow<'a, str>) -> Option<Token<'a>> {
        match html::tag(&tag) {
            HtmlTag::Noise => None,
            HtmlTag::Bold => Some(Token::markup(TokenKind::Bold, "**")),
            HtmlTag::LineBreak => Some(Token::markup(TokenKind::Break, "")),
            HtmlTag::Picture { src, alt } => Some(picture(&src, &alt)),
            HtmlTag::Link(address) => {
                self.link = Some(address);
                Some(Token::markup(TokenKind::Verbatim, "["))
            }
            HtmlTag::AnchorEnd => {
                let address = html::markdown_address(&self.link.take()?);
                Some(Token::markup(TokenKind::Verbatim, format!("]({address})")))
            }
            HtmlTag::Other => Some(Token::markup(TokenKind::Verbatim, tag)),
        }
    }

    fn verbatim(&mut self, offset: usize, raw: impl Into<Cow<'a, str>>) {
        let token = Token::markup(TokenKind::Verbatim, raw);
        self.out.push(Line::new(self.line_number(offset), LineKind::Verbatim, vec![token]));
    }
}

fn picture<'a>(src: &str, alt: &str) -> Token<'a> {
    Token::markup(TokenKind::Picture, html::markdown_picture(src, alt))
}

fn cow(text: CowStr<'_>) -> Cow<'_, str> {
    match text {
        CowStr::Borrowed(text) => Cow::Borrowed(text),
        CowStr::Boxed(_) | CowStr::Inlined(_) => Cow::Owned(text.into_string()),
    }
}
