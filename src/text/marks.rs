//! What two texts have in common, as spans into both texts as they were typed: the words to mark in an explanation.
//!
//! For people, not for the score: it shows shared runs of characters and shared Latin words. Built only when somebody
//! asks for an explanation.

use std::{collections::HashSet, ops::Range};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    grams::{Token, TokenKind, grams},
    normalize::{Normalized, normalize},
};

/// Put around a matched part where there is no colour.
const BRACKETS: [char; 2] = ['【', '】'];

/// Characters that nearly every question has. Alone they are no common word; within a longer common run they count.
const TOO_COMMON: &str =
    "的了吗呢吧啊呀么嘛是在有和与或及也都就还又我你您他她它这那个一不没要会能可把被给对从到为以上下里后前";

/// A text as typed, and which parts of it the other text has too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MarkedText {
    /// The text as typed.
    pub text: String,
    /// The parts in reading order; they neither touch nor overlap.
    pub spans: Vec<MarkedSpan>,
    /// The text with 【】 around each part, for people. Programs use `spans`: the text may have brackets of its own.
    pub marked: String,
}

/// A part of a text. Ends are exclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MarkedSpan {
    /// First byte, and one past the last, in UTF-8.
    #[schema(value_type = [usize; 2])]
    pub bytes: [usize; 2],
    /// First character, and one past the last, counted in Unicode code points.
    #[schema(value_type = [usize; 2])]
    pub chars: [usize; 2],
}

/// Marks in each of two texts what the other one has too. Width, case, 繁/简 and punctuation make no difference.
///
/// ```
/// let [asked, stored] = dayi::text::marks::mark("請問羣怎麼解散", "企业微信建的群能解散吗？");
/// assert_eq!(asked.marked, "請問【羣】怎麼【解散】");
/// assert_eq!(stored.marked, "企业微信建的【群】能【解散】吗？");
/// ```
#[must_use]
pub fn mark(a: &str, b: &str) -> [MarkedText; 2] {
    let (normalized_a, normalized_b) = (normalize(a), normalize(b));
    let tokens_a = grams(normalized_a.as_str());
    let tokens_b = grams(normalized_b.as_str());
    [
        MarkedText::new(a, &normalized_a, &tokens_a, &vocabulary(&tokens_b)),
        MarkedText::new(b, &normalized_b, &tokens_b, &vocabulary(&tokens_a)),
    ]
}

fn vocabulary<'t>(tokens: &[Token<'t>]) -> HashSet<&'t str> {
    tokens.iter().filter(|token| tells_something(token)).map(|token| token.text).collect()
}

fn tells_something(token: &Token<'_>) -> bool {
    match token.kind {
        TokenKind::Char => !TOO_COMMON.contains(token.text),
        TokenKind::Bigram | TokenKind::Latin | TokenKind::LatinPart => true,
    }
}

impl MarkedText {
    fn new(text: &str, normalized: &Normalized, tokens: &[Token<'_>], others: &HashSet<&str>) -> Self {
        let shared = tokens.iter().filter(|token| others.contains(token.text));
        let bytes: Vec<Range<usize>> =
            shared.map(|token| token.start..token.start + token.text.len()).collect();
        let is_shared = |at: usize| bytes.iter().any(|range| range.contains(&at));
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut run: Option<Range<usize>> = None;
        for (nth, (at, _)) in normalized.as_str().char_indices().enumerate() {
            if is_shared(at) {
                run = Some(run.map_or(nth, |run| run.start)..nth + 1);
            } else if let Some(run) = run.take() {
                ranges.extend(normalized.source_range(run));
            }
        }
        ranges.extend(run.and_then(|run| normalized.source_range(run)));
        Self::with_ranges(text, joined(ranges))
    }

    fn with_ranges(text: &str, ranges: Vec<Range<usize>>) -> Self {
        let mut marked = String::with_capacity(text.len() + ranges.len() * 2 * BRACKETS[0].len_utf8());
        let mut spans = Vec::with_capacity(ranges.len());
        let (mut byte, mut char) = (0, 0);
        for range in ranges {
            let before = &text[byte..range.start];
            let part = &text[range.clone()];
            let first = char + before.chars().count();
            char = first + part.chars().count();
            byte = range.end;
            marked.push_str(before);
            marked.push(BRACKETS[0]);
            marked.push_str(part);
            marked.push(BRACKETS[1]);
            spans.push(MarkedSpan { bytes: [range.start, range.end], chars: [first, char] });
        }
        marked.push_str(&text[byte..]);
        Self { text: text.to_owned(), spans, marked }
    }
}

/// Ranges in reading order, those that touch or overlap made one: two runs may come from one typed character (㈱).
fn joined(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            Some(_) | None => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn common_words_are_marked_in_the_texts_as_they_were_typed() {
        for (a, b, marked_a, marked_b) in [
            ("怎么解散群", "群能解散吗", "怎么【解散群】", "【群】能【解散】吗"),
            ("ＷｅＣｏｍ 怎麼退款？", "wecom退款", "【ＷｅＣｏｍ】 怎麼【退款】？", "【wecom退款】"),
            ("iphone15坏了", "我的iphone坏了", "【iphone】15【坏了】", "我的【iphone坏了】"),
            ("的了吗", "吗了的", "的了吗", "吗了的"),
            ("解\u{200B}散", "解散", "【解\u{200B}散】", "【解散】"),
            ("😀解散😀", "解散😀", "😀【解散】😀", "【解散】😀"),
            ("【解散】", "解散", "【【解散】】", "【解散】"),
            ("㈱说明", "说明", "㈱【说明】", "【说明】"),
            ("天气", "群聊", "天气", "群聊"),
            ("", "群聊", "", "群聊"),
        ] {
            let [first, second] = mark(a, b);
            assert_eq!((first.marked.as_str(), second.marked.as_str()), (marked_a, marked_b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn spans_count_bytes_and_characters() {
        let [asked, _] = mark("😀群解散", "解散");
        assert_eq!(asked.spans, [MarkedSpan { bytes: [7, 13], chars: [2, 4] }]);
        assert_eq!(&asked.text[7..13], "解散");
    }

    proptest! {
        #[test]
        fn spans_lie_in_order_on_character_boundaries(
            a in "[群解散的aA1 ㈱①ｶﾞ\u{200B}😀【】e\u{301}]{0,12}", b in "[群解散的aA1 株ガ]{0,12}"
        ) {
            for text in mark(&a, &b) {
                let mut end = None;
                for MarkedSpan { bytes: [from, to], chars: [first, last] } in text.spans {
                    prop_assert!(from < to && end.is_none_or(|end| end < from));
                    prop_assert_eq!(text.text[..from].chars().count(), first);
                    prop_assert_eq!(text.text[..to].chars().count(), last);
                    end = Some(to);
                }
            }
        }

        #[test]
        fn a_text_has_all_its_words_in_common_with_itself(text in "[群解散退款微信]{2,12}") {
            let [marked, _] = mark(&text, &text);
            prop_assert_eq!(marked.spans.len(), 1);
            prop_assert_eq!(marked.spans[0].bytes, [0, text.len()]);
        }
    }
}
