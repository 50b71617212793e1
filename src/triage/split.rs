//! A ticket's own text to clauses, each with its place in the text and what it seems to do.
//!
//! Cuts too often rather than too rarely: at the end of sentences, at list markers, at commas, and at words such as
//! 另外 and 还有. What belongs together again is [`select`](super::select)'s to find, with the matcher's help.

use std::ops::Range;

use super::{
    cues::{self, Cue},
    pattern::Pattern,
};
use crate::text::{filler, normalize::normalize};

/// How a clause stands to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// Another point: after a list marker or a word such as 另外. The two are never one question.
    Apart,
    /// Another sentence.
    Sentence,
    /// The same sentence.
    Comma,
}

/// A clause of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    /// Bytes of the text, without polite filler at either end.
    pub(super) range: Range<usize>,
    /// What is compared: the clause without numbers of orders and people.
    pub(super) text: String,
    /// How it follows the one before.
    pub(super) joint: Joint,
    /// What it seems to do.
    pub(super) cue: Cue,
    /// Whether it stands behind a list marker: then it is a point of its own, whatever its words.
    pub(super) listed: bool,
}

/// A list marker and what must stand before it.
static MARKER: Pattern = Pattern::new(
    r"(?x)(?:^|[\s，,。；;：:！!？?）)、])\s*(?:
        (?:[（(]\s*(?:\d{1,2}|[一二三四五六七八九十])\s*[）)]|\d{1,2}\s*[、．.)）:：]|[一二三四五六七八九十]\s*[、．]|第[一二三四五六](?:(?:个问题|个|点|件事?|是)[，,、：:]?|[，,、：:])|问题\s*[一二三四五1-5]\s*[，,、：:]?|其[一二三四][，,、：:]|[qQ][1-9]\s*[：:、.])
    )|[①-⑳]|^\s*[-*•·▪●■◆]\s*",
);

/// Begins another point when a clause begins with it.
static APART: Pattern = Pattern::new(
    r"(?x)^[\s，,、]*(?:另外|此外|除此之外|还有(?:就是|一个问题|个问题|一点|一件事|一个|个事|，|,|：|:)?|顺便|顺带|再问|再请问|再请教|再咨询|还想(?:再)?(?:问|请教|咨询|了解|确认)|还要问|再就是|再有|再一个|再者|对了|其次|以及|同时(?:，|,)?(?:想|请|也想|还想|麻烦|再)|最后(?:，|,)?(?:想|再|请|还|一个|问)|也想(?:问|请教|了解)|额外问|另一个(?:问题)?|另有|且(?:想|请)问)",
);

/// Within a clause, parts two questions when both sides ask.
static BETWEEN: Pattern = Pattern::new(r"(?:，|,|\s)?(?:另外|还有|以及|顺便|同时|并且|然后|再就是)");

/// The beginning of a question that goes on: 上楼要不要另外给钱.
static OPEN: Pattern =
    Pattern::new(r"(?:要不要|需不需要|会不会|能不能|可不可以|是不是|需要|是否|能否|还要|会|要|能|得)$");

/// What leads into a question and is no part of it.
static LEAD: Pattern = Pattern::new(
    r"(?x)^(?:[\s，,、：:。.]|另外|此外|除此之外|还有(?:就是|一个问题(?:是)?|个问题(?:是)?|一点|一件事|一个|个事)?|顺便|顺带|再(?:请)?(?:问|请教|咨询)(?:一下|下|个|一个|您)?|还想(?:再)?(?:问|请教|咨询|了解|确认)(?:一下|下|个)?|还要问|再就是|再有|再一个|再者|对了|其次|以及|同时|最后|也想(?:问|请教|了解)(?:一下|下)?|另一个(?:问题)?(?:是)?|问一?下|一下|就是|的是|我这边|我想(?:问|请教|咨询|了解|确认)(?:一下|下)?|想(?:问|请教|咨询|了解|确认)(?:一下|下)?|请问(?:一下|下)?|麻烦(?:问|说|看)(?:一下|下)?|首先|第一个问题(?:是)?|问题是|然后|那|个问题)+",
);

/// Ends a sentence.
const SENTENCE_ENDS: [char; 9] = ['。', '！', '？', '!', '?', '；', ';', '…', '\n'];

/// Ends a clause.
const CLAUSE_ENDS: [char; 3] = ['，', ',', '～'];

#[cfg(test)]
pub(super) static PATTERNS: [&Pattern; 5] = [&MARKER, &APART, &BETWEEN, &OPEN, &LEAD];

/// Cuts the lines of `text`; `identifiers` are left out of what is compared.
pub(super) fn clauses(text: &str, lines: &[Range<usize>], identifiers: &[Range<usize>]) -> Vec<Clause> {
    let mut found: Vec<Clause> = Vec::new();
    for line in lines {
        let mut joint = Joint::Sentence;
        for point in points(text, line, identifiers) {
            if point.listed {
                joint = Joint::Apart;
            }
            for (range, ends) in cut(text, &point.range, identifiers) {
                let words = &text[range.clone()];
                let apart = APART.is_match(words);
                let this = if apart { Joint::Apart } else { joint };
                joint = ends;
                let Some(clause) = clause(text, range, identifiers, this) else {
                    // The joint of a clause that says nothing is the next one's: 另外，怎么退款.
                    if this == Joint::Apart {
                        joint = Joint::Apart;
                    }
                    continue;
                };
                let first_of_point = this == Joint::Apart;
                found.push(Clause { listed: first_of_point && point.listed, ..clause });
            }
        }
    }
    hang(text, found)
}

/// What stands behind a list marker, or a line without any.
struct Point {
    range: Range<usize>,
    listed: bool,
}

fn points(text: &str, line: &Range<usize>, identifiers: &[Range<usize>]) -> Vec<Point> {
    let words = &text[line.clone()];
    let mut points = Vec::new();
    let (mut start, mut listed) = (line.start, false);
    for marker in MARKER.find_iter(words) {
        let range = line.start + marker.start()..line.start + marker.end();
        let followed_by_digit = text[range.end..line.end].starts_with(|c: char| c.is_ascii_digit());
        let in_number = marker.as_str().ends_with(['.', '．', ':']) && followed_by_digit;
        if in_number || identifiers.iter().any(|number| number.start < range.end && range.start < number.end)
        {
            continue;
        }
        points.push(Point { range: start..range.start, listed });
        (start, listed) = (range.end, true);
    }
    points.push(Point { range: start..line.end, listed });
    points.retain(|point| !text[point.range.clone()].trim().is_empty());
    points
}

/// Clauses of a point, each with what follows it.
fn cut(text: &str, point: &Range<usize>, identifiers: &[Range<usize>]) -> Vec<(Range<usize>, Joint)> {
    let mut parts = Vec::new();
    let mut start = point.start;
    let mut chars = text[point.clone()].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let (from, end) = (point.start + at, point.start + at + c.len_utf8());
        if identifiers.iter().any(|number| number.contains(&from)) {
            continue;
        }
        let joint = if SENTENCE_ENDS.contains(&c) {
            Joint::Sentence
        } else if CLAUSE_ENDS.contains(&c) || (c == ' ' && parts_words(text, from, end)) {
            Joint::Comma
        } else {
            continue;
        };
        // "？！" and "。。。" end one sentence.
        if chars.peek().is_some_and(|&(_, next)| SENTENCE_ENDS.contains(&next)) {
            continue;
        }
        parts.push((start..end, joint));
        start = end;
    }
    parts.push((start..point.end, Joint::Sentence));
    parts.into_iter().flat_map(|(range, joint)| between(text, range, joint)).collect()
}

/// Whether a space stands between Chinese words, where it is a comma: 怎么退款 急.
fn parts_words(text: &str, from: usize, end: usize) -> bool {
    let is_han = |c: Option<char>| c.is_some_and(crate::text::chars::is_han);
    is_han(text[..from].chars().next_back()) && is_han(text[end..].chars().next())
}

/// Cuts a clause at a word such as 还有 when both sides ask.
fn between(text: &str, range: Range<usize>, joint: Joint) -> Vec<(Range<usize>, Joint)> {
    let words = &text[range.clone()];
    let cut = BETWEEN.find_iter(words).find(|found| {
        let (left, right) = (&words[..found.start()], &words[found.end()..]);
        found.start() > 0
            && !OPEN.is_match(left)
            && cues::cue(left) == Cue::Question
            && cues::cue(right) == Cue::Question
    });
    match cut {
        Some(cut) => {
            let at = range.start + cut.start();
            let mut parts = vec![(range.start..at, Joint::Apart)];
            parts.extend(between(text, at..range.end, joint));
            parts
        }
        None => vec![(range, joint)],
    }
}

/// The clause in `range` without what leads into it; `None` when nothing is left.
fn clause(text: &str, range: Range<usize>, identifiers: &[Range<usize>], joint: Joint) -> Option<Clause> {
    let cue = cues::cue(&text[range.clone()]);
    let lead = LEAD.find(&text[range.clone()]).map_or(0, |lead| lead.end());
    let without_lead = range.start + lead..range.end;
    // 再问一下 alone leads into what follows.
    let core = core(text, without_lead)?;
    let mut compared = String::new();
    let mut at = core.start;
    for number in identifiers.iter().filter(|number| number.start < core.end && core.start < number.end) {
        compared.push_str(&text[at..number.start.max(at)]);
        at = at.max(number.end.min(core.end));
    }
    compared.push_str(&text[at..core.end]);
    let compared = compared.trim_matches(|c: char| c.is_whitespace() || "，,。；;、：:（）()".contains(c));
    if cues::is_courtesy(compared)
        || normalize(compared).as_str().chars().filter(|&c| crate::text::chars::is_word(c)).count() < 2
    {
        return None;
    }
    Some(Clause { range: core, text: compared.to_owned(), joint, cue, listed: false })
}

/// Without polite filler, marks and white space at either end.
fn core(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let normalized = normalize(&text[range.clone()]);
    let core = normalized.source_range(filler::core(&normalized).chars)?;
    let words = &text[range.start + core.start..range.start + core.end];
    let is_edge = |c: char| c.is_whitespace() || "，,。；;、：:！!？?…~～".contains(c);
    let trimmed = words.trim_start_matches(is_edge);
    let start = range.start + core.start + words.len() - trimmed.len();
    let end = start + trimmed.trim_end_matches(is_edge).len();
    (start < end).then_some(start..end)
}

/// Brings a clause such as 怎么办 to the one before it.
fn hang(text: &str, clauses: Vec<Clause>) -> Vec<Clause> {
    let mut joined: Vec<Clause> = Vec::with_capacity(clauses.len());
    for clause in clauses {
        match joined.last_mut() {
            Some(before) if continues(before, &clause, &text[clause.range.clone()]) => {
                before.text = format!("{}，{}", before.text, clause.text);
                before.range.end = clause.range.end;
                before.cue = Cue::Question;
            }
            Some(_) | None => joined.push(clause),
        }
    }
    joined
}

fn continues(before: &Clause, clause: &Clause, words: &str) -> bool {
    match clause.joint {
        Joint::Apart => false,
        Joint::Sentence => cues::hangs(words),
        Joint::Comma => cues::hangs(words) || cues::continues(before.cue, words),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::clean, *};

    fn read(text: &str) -> Vec<Clause> {
        clauses(text, &clean::own_lines(text), &clean::identifiers(text))
    }

    #[test]
    fn a_ticket_is_cut_into_clauses() {
        for (text, wanted) in [
            ("群怎么解散？怎么退群？", &["群怎么解散", "怎么退群"][..]),
            ("您好，群怎么解散，谢谢", &["群怎么解散"]),
            ("1、群怎么解散 2、怎么退群", &["群怎么解散", "怎么退群"]),
            ("问题：①群怎么解散②怎么退群", &["问题", "群怎么解散", "怎么退群"]),
            ("（1）群怎么解散；（2）怎么退群", &["群怎么解散", "怎么退群"]),
            ("- 群怎么解散\n- 怎么退群", &["群怎么解散", "怎么退群"]),
            ("群怎么解散，另外怎么退群", &["群怎么解散", "怎么退群"]),
            ("群怎么解散以及怎么退群", &["群怎么解散", "怎么退群"]),
            ("群名和头像以及公告怎么改", &["群名和头像以及公告怎么改"]),
            ("群怎么解散。另外，想问下怎么退群", &["群怎么解散", "怎么退群"]),
            ("打印机连不上，怎么办？", &["打印机连不上，怎么办"]),
            ("邮箱满了，怎么扩容？", &["邮箱满了，怎么扩容"]),
            ("我的账号是多少，在哪查", &["我的账号是多少，在哪查"]),
            ("怎么退货，怎么开票", &["怎么退货", "怎么开票"]),
            ("上楼要不要另外给钱？", &["上楼要不要另外给钱"]),
            ("第三次来货有质量问题", &["第三次来货有质量问题"]),
            ("订单号：E20261123001，怎么退货", &["怎么退货"]),
            ("升级到1.5版后打不开", &["升级到1.5版后打不开"]),
            ("怎么退货 运费谁出", &["怎么退货", "运费谁出"]),
            ("你好，在吗？谢谢！！！", &[]),
            ("？！", &[]),
            ("", &[]),
        ] {
            let found: Vec<String> = read(text).into_iter().map(|clause| clause.text).collect();
            assert_eq!(found, wanted, "{text:?}");
        }
    }

    #[test]
    fn another_point_is_told_from_another_sentence() {
        let joints = |text: &str| read(text).into_iter().map(|clause| clause.joint).collect::<Vec<_>>();
        assert_eq!(
            joints("群怎么解散？怎么退群，能恢复吗"),
            [Joint::Sentence, Joint::Sentence, Joint::Comma]
        );
        assert_eq!(joints("1.群怎么解散 2.怎么退群"), [Joint::Apart, Joint::Apart]);
        assert_eq!(joints("群怎么解散。还有，怎么退群"), [Joint::Sentence, Joint::Apart]);
    }

    proptest! {
        #[test]
        fn clauses_lie_in_the_text_in_order(text in "(群怎么解散|？|，|1、|①|另外|还有|订单号E123456|您好|谢谢|怎么办|\n| |\\PC){0,20}") {
            let mut at = 0;
            for clause in read(&text) {
                prop_assert!(clause.range.start >= at && text.get(clause.range.clone()).is_some());
                at = clause.range.end;
            }
        }
    }
}
