//! Text to tokens: characters, character bigrams, Latin and digit runs, and (when asked for) dictionary words.
//!
//! The lexical index and the features share [`Tokenizer`]. Input is *normalised* text. The word dictionary is a
//! separate piece ([`Words`]) because it is by far the largest thing here: whoever works with bigrams alone never
//! loads it.

use std::{
    io::{self, BufRead},
    sync::{Arc, LazyLock},
};

use jieba_rs::Jieba;

use super::{
    chars::{is_cjk, is_latin_word},
    normalize::normalize,
};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// One Han or kana character.
    Char,
    /// Two neighbouring Han or kana characters.
    Bigram,
    /// A run of letters and digits: `wecom`, `iphone15`, `c++`, `1.5`.
    Latin,
    /// The letters or the digits of a mixed run: `iphone` and `15` of `iphone15`.
    LatinPart,
    /// A dictionary word.
    Word,
}

/// A piece of a normalised text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// The piece itself.
    pub text: &'a str,
    /// Its first byte in the normalised text.
    pub start: usize,
    /// What it is.
    pub kind: TokenKind,
}

/// Cuts normalised text into tokens. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tokenizer {
    words: Option<Arc<Words>>,
    /// Whether characters and bigrams are left out.
    words_only: bool,
}

impl Tokenizer {
    /// Characters, bigrams and Latin runs; no dictionary.
    #[must_use]
    pub fn grams() -> Self {
        Self { words: None, words_only: false }
    }

    /// The same and dictionary words. A bigram that is a word comes twice, as both, which gives it more weight
    /// in any count; words that span three or more characters come once.
    #[must_use]
    pub fn with_words(words: Arc<Words>) -> Self {
        Self { words: Some(words), words_only: false }
    }

    /// Dictionary words and Latin runs alone. A single character is a token where it is a word of its own.
    #[must_use]
    pub fn words_only(words: Arc<Words>) -> Self {
        Self { words: Some(words), words_only: true }
    }

    /// The tokens of `text`, first the grams in reading order, then the words in reading order.
    #[must_use]
    pub fn tokenize<'a>(&self, text: &'a str) -> Vec<Token<'a>> {
        let mut tokens = grams(text);
        let Some(words) = &self.words else { return tokens };
        if self.words_only {
            tokens.retain(|token| matches!(token.kind, TokenKind::Latin | TokenKind::LatinPart));
            tokens.extend(words.cut(text));
        } else {
            tokens.extend(words.cut(text).filter(|token| token.text.chars().nth(1).is_some()));
        }
        tokens
    }
}

fn grams(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::with_capacity(text.len() * 2 / 3 + 1);
    let mut previous: Option<usize> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if is_cjk(c) {
            let end = start + c.len_utf8();
            tokens.push(Token { text: &text[start..end], start, kind: TokenKind::Char });
            if let Some(before) = previous {
                tokens.push(Token { text: &text[before..end], start: before, kind: TokenKind::Bigram });
            }
            previous = Some(start);
            continue;
        }
        previous = None;
        if is_latin_word(c) {
            let end = start + latin_run(&text[start..]);
            latin_tokens(text, start, end, &mut tokens);
            while chars.peek().is_some_and(|&(at, _)| at < end) {
                chars.next();
            }
        }
    }
    tokens
}

/// Length in bytes of the run at the start of `text`: letters and digits, a dot or comma between digits, and signs
/// at the end that belong to a name (`c++`, `c#`, `50%`).
fn latin_run(text: &str) -> usize {
    let mut end = 0;
    let mut last = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|&(_, next)| next);
        let inside = is_latin_word(c)
            || (matches!(c, '.' | ',') && last.is_ascii_digit() && next.is_some_and(|n| n.is_ascii_digit()));
        if !inside {
            break;
        }
        last = c;
        end = at + c.len_utf8();
    }
    let signs = text[end..].bytes().take_while(|b| matches!(b, b'+' | b'#' | b'%')).take(2).count();
    // "a+b" is two names, not the name "a+".
    let glued = text[end + signs..].chars().next().is_some_and(is_latin_word);
    if glued { end } else { end + signs }
}

fn latin_tokens<'a>(text: &'a str, start: usize, end: usize, tokens: &mut Vec<Token<'a>>) {
    tokens.push(Token { text: &text[start..end], start, kind: TokenKind::Latin });
    let run = &text[start..end];
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let mut from = 0;
    for (at, c) in run.char_indices().skip(1) {
        let before = run[..at].chars().next_back().unwrap_or(c);
        let edge = is_number(before) != is_number(c) && is_latin_word(c) && is_latin_word(before);
        if edge {
            tokens.push(Token { text: &run[from..at], start: start + from, kind: TokenKind::LatinPart });
            from = at;
        }
    }
    if from > 0 {
        tokens.push(Token { text: &run[from..], start: start + from, kind: TokenKind::LatinPart });
    }
}

/// Why a user dictionary could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DictionaryError {
    /// Reading failed or the file is no UTF-8.
    #[error("cannot read the user dictionary at line {line}: {source}; it must be UTF-8 text")]
    Read {
        /// Line number, from 1.
        line: usize,
        /// What went wrong.
        source: io::Error,
    },
    /// A line has another shape.
    #[error("user dictionary line {line}: expected `word [frequency] [tag]`, got {text:?}")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// The line.
        text: String,
    },
}

/// A word dictionary. Loading it costs about a tenth of a second and tens of megabytes, so it is loaded once.
pub struct Words(Jieba);

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Words").field(&self.0).finish()
    }
}

static BUNDLED: LazyLock<Arc<Words>> = LazyLock::new(|| Arc::new(Words(Jieba::new())));

impl Words {
    /// The bundled general dictionary, loaded on the first call and shared afterwards.
    #[must_use]
    pub fn bundled() -> Arc<Self> {
        Arc::clone(&BUNDLED)
    }

    /// The bundled dictionary plus a customer's own words, one a line: `word [frequency] [tag]`.
    ///
    /// Empty lines and lines that begin with `#` are skipped. A word without a frequency gets the one that keeps it
    /// in one piece. Words are normalised, because that is the text they are looked for in.
    ///
    /// # Errors
    /// When the source cannot be read, is no UTF-8, or a frequency is no whole number.
    pub fn with_user_dictionary(source: impl BufRead) -> Result<Self, DictionaryError> {
        let mut jieba = Jieba::new();
        for (line, text) in (1..).zip(source.lines()) {
            let text = text.map_err(|source| DictionaryError::Read { line, source })?;
            let trimmed = text.trim_start_matches('\u{FEFF}').trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let mut fields = trimmed.split_whitespace();
            let (word, frequency, tag) = (fields.next().unwrap_or_default(), fields.next(), fields.next());
            let wrong = || DictionaryError::Line { line, text: text.clone() };
            let frequency = frequency.map(|f| f.parse::<u32>().map_err(|_| wrong())).transpose()?;
            let word = normalize(word);
            if fields.next().is_some() || word.is_blank() || frequency == Some(0) {
                return Err(wrong());
            }
            jieba.add_word(word.as_str(), frequency.map(|f| f as usize), tag);
        }
        Ok(Self(jieba))
    }

    /// The words of a normalised text in search mode: long words and the shorter words inside them.
    ///
    /// Only words of a script without spaces; Latin runs are tokens already, however a dictionary would cut them.
    pub fn cut<'a>(&self, text: &'a str) -> impl Iterator<Item = Token<'a>> {
        self.0.cut_for_search(text, true).into_iter().filter_map(|token| {
            token.word.chars().all(is_cjk).then_some(Token {
                text: token.word,
                start: token.byte_start,
                kind: TokenKind::Word,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(tokens: &[Token<'_>]) -> Vec<String> {
        tokens.iter().map(|t| t.text.to_owned()).collect()
    }

    #[test]
    fn chinese_becomes_characters_and_bigrams_and_latin_stays_whole() {
        for (text, wanted) in [
            ("群解散", "群 解 群解 散 解散"),
            ("用wecom登录", "用 wecom 登 录 登录"),
            ("群,解散", "群 解 散 解散"),
            ("log in", "log in"),
            ("c++和c#", "c++ 和 c#"),
            ("a+b", "a b"),
            ("v1.5版", "v1.5 v 1.5 版"),
            ("iphone15", "iphone15 iphone 15"),
            ("打8.5折50%", "打 8.5 折 50%"),
            ("1,000元.", "1,000 元"),
            ("?!", ""),
            ("", ""),
        ] {
            assert_eq!(texts(&Tokenizer::grams().tokenize(text)).join(" "), wanted, "tokens of {text:?}");
        }
    }

    #[test]
    fn words_come_in_search_mode_after_the_grams() {
        let tokens = Tokenizer::with_words(Words::bundled()).tokenize("企业微信怎么解散");
        let words: Vec<&str> = tokens.iter().filter(|t| t.kind == TokenKind::Word).map(|t| t.text).collect();
        assert_eq!(words, ["企业", "微信", "怎么", "解散"]);
        assert_eq!(tokens[0].kind, TokenKind::Char);
    }

    #[test]
    fn words_alone_leave_out_the_grams() {
        let tokens = Tokenizer::words_only(Words::bundled()).tokenize("iphone怎么建群");
        assert_eq!(texts(&tokens), ["iphone", "怎么", "建群"]);
    }

    #[test]
    fn a_user_word_stays_in_one_piece_without_a_frequency() {
        let words =
            Words::with_user_dictionary("# 我们的词\n企微助手\n客戶聯繫 1000 n\n\n".as_bytes()).unwrap();
        let cut: Vec<&str> = words.cut("打开企微助手的客户联系").map(|t| t.text).collect();
        assert!(cut.contains(&"企微助手"), "{cut:?}");
        assert!(cut.contains(&"客户联系"), "{cut:?}");
        let plain: Vec<&str> = Words::bundled().0.cut("打开企微助手", true).iter().map(|t| t.word).collect();
        assert!(!plain.contains(&"企微助手"), "the bundled dictionary must not know it: {plain:?}");
    }

    #[test]
    fn a_bad_user_dictionary_names_the_line() {
        for (text, wanted) in [
            (&b"ok\n\xE5\x95 word\n"[..], "line 2"),
            (b"a\nb\n\xE7\xBE\xA4 many\n", "line 3"),
            (b"\xE7\xBE\xA4 1 n extra\n", "line 1"),
            (b"\xE7\xBE\xA4 0\n", "line 1"),
            (b"?? 5\n", "line 1"),
        ] {
            let error = Words::with_user_dictionary(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }

    proptest! {
        #[test]
        fn tokens_are_pieces_of_any_text(text in "(群|解|a|1|\\.|\\+|,| |カ|\\PC){0,20}") {
            for token in Tokenizer::grams().tokenize(&text) {
                prop_assert_eq!(&text[token.start..token.start + token.text.len()], token.text);
                prop_assert!(!token.text.is_empty());
            }
        }
    }
}
