//! The one normalisation of text that is compared, with the way back to the text as it was typed.
//!
//! Owns: width and compatibility forms (NFKC), case, 繁 -> 简, punctuation variants, white space, invisible
//! characters, and the *comparison key* by which two texts are "equal after normalisation". Does not own polite
//! filler ([`super::filler`]) or synonyms ([`super::synonyms`]), which change more than the form of a text.

use std::{ops::Range, sync::LazyLock};

use ferrous_opencc::{OpenCC, config::BuiltinConfig};
use unicode_normalization::{
    IsNormalized, UnicodeNormalization,
    char::{canonical_combining_class, decompose_compatible},
    is_nfkc_quick,
};

use super::chars::{is_cjk, is_invisible, is_latin_word, is_meaningful_sign, is_word, unify_punctuation};

/// Version of the rules below. Whatever is stored next to normalised text keeps it and is rebuilt when it differs.
pub const NORMALIZATION_VERSION: u32 = 1;

/// A text never takes more rounds than this to become stable; two suffice outside hand-made oddities.
const MAX_ROUNDS: usize = 4;

/// Byte range of the original text from which a normalised character came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A normalised text. Each of its characters knows where in the original it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Normalized {
    text: String,
    /// One a character of `text`. Starts and ends never decrease; all lie on character boundaries of the original.
    spans: Vec<Span>,
}

impl Normalized {
    /// A text that another step of the pipeline made out of a normalised one, with one span a character.
    pub(crate) fn from_parts(text: String, spans: Vec<Span>) -> Self {
        debug_assert_eq!(text.chars().count(), spans.len());
        Self { text, spans }
    }

    /// The normalised text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// One span for each character of [`Self::as_str`].
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Byte range of the original text behind the normalised characters `chars` (counted in characters, not bytes).
    ///
    /// Characters that were dropped in between belong to the range. `None` when the range is empty or outside.
    #[must_use]
    pub fn source_range(&self, chars: Range<usize>) -> Option<Range<usize>> {
        let spans = self.spans.get(chars)?;
        let (first, last) = (spans.first()?, spans.last()?);
        Some(first.start as usize..last.end as usize)
    }

    /// Whether the text says nothing at all: empty, or only punctuation, emoji, signs and white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        !self.text.chars().any(is_word)
    }

    /// The form in which two texts are equal "after normalisation"; see [`comparison_key`].
    #[must_use]
    pub fn comparison_key(&self) -> String {
        comparison_key(&self.text)
    }
}

/// Normalises `original`. Idempotent: normalising the result again changes nothing.
///
/// ```
/// let text = dayi::text::normalize::normalize("Ｗｅ\u{200B}Ｃｏｍ 羣怎麼解散？");
/// assert_eq!(text.as_str(), "wecom群怎么解散?");
/// ```
#[must_use]
pub fn normalize(original: &str) -> Normalized {
    let mut marked: Vec<Marked> = original
        .char_indices()
        .map(|(start, char)| Marked {
            char,
            span: Span { start: start as u32, end: (start + char.len_utf8()) as u32 },
        })
        .collect();
    for _ in 0..MAX_ROUNDS {
        let before: Option<Vec<char>> =
            (!marked.iter().all(|m| is_plain(m.char))).then(|| marked.iter().map(|m| m.char).collect());
        marked = one_round(&marked);
        if before.is_none_or(|before| before.iter().eq(marked.iter().map(|m| &m.char))) {
            break;
        }
    }
    Normalized {
        text: marked.iter().map(|m| m.char).collect(),
        spans: marked.iter().map(|m| m.span).collect(),
    }
}

/// What is left of a *normalised* text for telling whether two texts are the same wording.
///
/// Keeps letters, digits and ideographs, particles such as 吗 and 呢 included (they can change the meaning), signs that
/// belong to a name or number (`c++`, `50%`, `1.5`), and one space between two digits. Drops everything else.
#[must_use]
pub fn comparison_key(normalized: &str) -> String {
    let chars: Vec<char> = normalized.chars().collect();
    let mut key = String::with_capacity(normalized.len());
    // Whether the sign before belonged to a word, so that both signs of "c++" do.
    let mut attached = false;
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(i + 1).copied();
        let between_digits =
            before.is_some_and(|c| c.is_ascii_digit()) && after.is_some_and(|c| c.is_ascii_digit());
        let keep = if is_word(c) || (canonical_combining_class(c) != 0 && before.is_some_and(is_word)) {
            true
        } else if is_meaningful_sign(c) {
            attached || before.is_some_and(is_latin_word) || after.is_some_and(is_latin_word)
        } else {
            between_digits && matches!(c, '.' | ',' | ':' | '/' | '-' | ' ')
        };
        attached = keep && is_meaningful_sign(c);
        if keep {
            key.push(c);
        }
    }
    key
}

/// A character with its origin.
#[derive(Debug, Clone, Copy)]
struct Marked {
    char: char,
    span: Span,
}

/// Characters that one round settles for good: ASCII but capitals, and punctuation and Han as people type them.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='@' | '['..='~' | '\u{4E00}'..='\u{9FFF}' | '，' | '？' | '！' | '。' | '、' | '：')
}

fn one_round(input: &[Marked]) -> Vec<Marked> {
    let mut output = Vec::with_capacity(input.len());
    let visible: Vec<Marked> = input.iter().copied().filter(|m| !is_invisible(m.char)).collect();
    let mut start = 0;
    while start < visible.len() {
        let mut end = start + 1;
        while end < visible.len() && !starts_cluster(visible[end].char) {
            end += 1;
        }
        compose(&visible[start..end], &mut output);
        start = end;
    }
    simplify(&mut output);
    collapse_spaces(&mut output);
    output
}

/// Whether NFKC of the text before `c` cannot depend on `c`: a starter that never composes with what precedes it.
fn starts_cluster(c: char) -> bool {
    if is_plain(c) {
        return true;
    }
    let mut first = None;
    decompose_compatible(c, |part| {
        first.get_or_insert(part);
    });
    first.is_none_or(|first| {
        canonical_combining_class(first) == 0 && is_nfkc_quick(std::iter::once(first)) != IsNormalized::Maybe
    })
}

/// NFKC, lower case and unified punctuation of one cluster. Its characters keep their own spans when their number
/// stays the same, otherwise each gets the span of the whole cluster.
fn compose(cluster: &[Marked], output: &mut Vec<Marked>) {
    let (Some(first), Some(last)) = (cluster.first(), cluster.last()) else { return };
    let from = output.len();
    let span = Span { start: first.span.start, end: last.span.end };
    if cluster.len() == 1 && is_plain(first.char) {
        let char = first.char.nfkc().next().unwrap_or(first.char);
        output.push(Marked { char: unify_punctuation(char), span });
        return;
    }
    for char in cluster.iter().map(|m| m.char).nfkc() {
        // A dotted capital I becomes two characters in lower case; its dot is of no use for matching.
        let lower = if char == 'İ' { 'i'.to_lowercase() } else { char.to_lowercase() };
        output.extend(lower.map(|c| Marked { char: unify_punctuation(c), span }));
    }
    if output.len() - from == cluster.len() {
        for (made, source) in output[from..].iter_mut().zip(cluster) {
            made.span = source.span;
        }
    }
}

/// 繁 -> 简, by phrases first (乾坤 stays, 乾淨 becomes 干净).
fn simplify(text: &mut Vec<Marked>) {
    let Some(converter) = CONVERTER.as_ref().filter(|_| text.iter().any(|m| is_cjk(m.char))) else { return };
    let mut before: String = text.iter().map(|m| m.char).collect();
    // Once suffices but for a few chains such as 薴 -> 苧 -> 苎.
    for _ in 0..MAX_ROUNDS {
        let after = converter.convert(&before);
        if after == before {
            return;
        }
        if after.chars().count() == text.len() {
            for (mark, char) in text.iter_mut().zip(after.chars()) {
                mark.char = char;
            }
            before = after;
        } else {
            // No entry of the bundled dictionary changes the number of characters. Should one ever do, single
            // characters lose their phrase but every span stays right.
            let convert = |mark: &Marked| (converter.convert(mark.char.encode_utf8(&mut [0; 4])), mark.span);
            let pieces: Vec<(String, Span)> = text.iter().map(convert).collect();
            *text = pieces
                .iter()
                .flat_map(|(piece, span)| piece.chars().map(|char| Marked { char, span: *span }))
                .collect();
            return;
        }
    }
}

/// Each run of white space becomes one space, none at the ends and none beside a script that has no spaces:
/// "iPhone 手机" and "iPhone手机" are the same.
fn collapse_spaces(text: &mut Vec<Marked>) {
    let source = std::mem::take(text);
    let mut gap: Option<Span> = None;
    for mark in source {
        if mark.char.is_whitespace() {
            gap = Some(Span { start: gap.map_or(mark.span.start, |gap| gap.start), end: mark.span.end });
            continue;
        }
        if let (Some(span), Some(last)) = (gap.take(), text.last())
            && !is_cjk(last.char)
            && !is_cjk(mark.char)
        {
            text.push(Marked { char: ' ', span });
        }
        text.push(mark);
    }
}

/// Loaded on first use. `None` cannot happen with the dictionary that is compiled in; without it 繁體 stays as typed.
static CONVERTER: LazyLock<Option<OpenCC>> = LazyLock::new(|| OpenCC::from_config(BuiltinConfig::T2s).ok());

#[cfg(test)]
mod tests;
