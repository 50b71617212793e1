//! Text that only its indentation or a stray anchor turned into code or HTML: it is read as the text it is.

use std::ops::Range;

use super::{
    super::{
        clean, html,
        inline::{Line, LineKind, Start, Token, pair_bold},
    },
    Reader, Stretch,
};

impl<'a> Reader<'a, '_> {
    pub(super) fn code(&mut self, state: &Stretch<'a>, indented: bool, range: Range<usize>) {
        let raw = &state.source[range.clone()];
        if indented && raw.chars().any(clean::is_chinese) {
            // Chinese paragraphs begin with an indentation; code in Chinese does not exist.
            self.each_line(state.source, state.base, range);
        } else if indented {
            let start = state.source[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
            self.verbatim(state.base + range.start, state.source[start..range.end].trim_end());
        } else {
            self.verbatim(state.base + range.start, raw.trim_end());
        }
    }

    /// Reads the lines of a stretch as Markdown, each for itself.
    fn each_line(&mut self, source: &'a str, base: usize, range: Range<usize>) {
        let mut offset = range.start;
        for raw in source[range].split_inclusive('\n') {
            let line = raw.trim_start_matches([' ', '\t', '>']);
            let before = self.out.len();
            let at = base + offset + (raw.len() - line.len());
            if line.starts_with('<') {
                self.html_line(line.trim_end(), at);
            } else {
                self.read(line, at);
            }
            if offset > 0 && before > 0 {
                self.wrap(before);
            }
            offset += raw.len();
        }
    }

    /// Lets the line at `index` go on with the one before when they follow each other directly.
    fn wrap(&mut self, index: usize) {
        if let Some([.., before, line]) = self.out.get_mut(..=index)
            && line.number == before.number + 1
            && line.kind == LineKind::Text
            && !line.is_item
        {
            line.start = Start::Wrap;
        }
    }

    pub(super) fn html_block(&mut self, source: &'a str, base: usize, range: Range<usize>) {
        if !source[range.clone()].trim_start().starts_with("<!--") {
            self.each_line(source, base, range);
        }
    }

    /// A line of HTML as words and tags. Behind a leading anchor it is Markdown.
    fn html_line(&mut self, line: &'a str, offset: usize) {
        let behind = html::behind_anchors(line);
        if behind.len() < line.len() && !behind.starts_with('<') {
            return self.read(behind, offset + (line.len() - behind.len()));
        }
        let mut tokens: Vec<Token<'a>> = Vec::new();
        for part in html::split(line) {
            tokens.extend(if part.starts_with('<') {
                self.tag(part.into())
            } else {
                Some(Token::text(part))
            });
        }
        let line = Line::new(self.line_number(offset), LineKind::Text, tokens);
        if !line.is_blank() {
            let mut block = [line];
            pair_bold(&mut block);
            self.out.extend(block);
        }
    }
}
