//! Runs of a paragraph to a line of Markdown that says the same.

/// A piece of a paragraph.
#[derive(Debug)]
enum Piece {
    Words {
        text: String,
        bold: bool,
    },
    /// A line break inside the paragraph.
    Break,
    /// Markdown of its own: a picture, the ends of a link.
    Markup(String),
}

/// A paragraph that is being read.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    pieces: Vec<Piece>,
}

impl Paragraph {
    pub(super) fn words(&mut self, text: &str, bold: bool) {
        if text.is_empty() {
            return;
        }
        // Word cuts a sentence into runs wherever it was edited.
        match self.pieces.last_mut() {
            Some(Piece::Words { text: last, bold: same }) if *same == bold => last.push_str(text),
            // Nobody sees whether a space is bold.
            Some(Piece::Words { text: last, .. }) if text.trim().is_empty() => last.push_str(text),
            Some(_) | None => self.pieces.push(Piece::Words { text: text.to_owned(), bold }),
        }
    }

    /// Puts the number that Word shows before the paragraph, as bold as the first words are.
    pub(super) fn number(&mut self, label: &str) {
        match self.pieces.first_mut() {
            Some(Piece::Words { text, .. }) => text.insert_str(0, label),
            Some(_) => self.pieces.insert(0, Piece::Words { text: label.to_owned(), bold: false }),
            None => {}
        }
    }

    pub(super) fn line_break(&mut self) {
        self.pieces.push(Piece::Break);
    }

    pub(super) fn markup(&mut self, markdown: String) {
        self.pieces.push(Piece::Markup(markdown));
    }

    /// The paragraph as Markdown; empty when there is nothing to see.
    pub(super) fn markdown(&self) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Words { text, bold } => {
                    let at_line_start = out.is_empty() || out.ends_with('\n');
                    let text = if at_line_start { text.trim_start() } else { text };
                    let words = text.trim();
                    if *bold && !words.is_empty() {
                        let (before, after) = text.split_once(words).unwrap_or_default();
                        out.extend([before, "**", &escaped(words, false), "**", after]);
                    } else {
                        out.push_str(&escaped(text, at_line_start));
                    }
                }
                Piece::Break if out.is_empty() || out.ends_with('\n') => {}
                Piece::Break => out.push_str("\\\n"),
                Piece::Markup(markdown) => out.push_str(markdown),
            }
        }
        out.trim_end_matches(['\\', '\n']).trim().to_owned()
    }
}

/// Words that Markdown would take for markup, written so that it does not.
fn escaped(text: &str, at_line_start: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let looks_like_link = text.contains("](") || text.contains("][");
    if at_line_start && text.starts_with(['#', '>', '+', '-', '=', '~', '|']) {
        out.push('\\');
    }
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let inside_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let special = match c {
            '\\' | '`' | '*' | '<' => true,
            '[' | ']' => looks_like_link,
            '_' => !(inside_word(before) && inside_word(next)),
            '&' => next.is_some_and(|next| next == '#' || next.is_ascii_alphabetic()),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        // A line end in XML is a space like any other.
        out.push(if matches!(c, '\n' | '\r') { ' ' } else { c });
        before = Some(c);
    }
    out
}
