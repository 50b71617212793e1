//! Typed pinyin, spelled in the characters of the FAQ: `qun zenme jiesan` -> 群怎么解散.
//!
//! A Chinese model makes nothing of `zenme jiesan`, and a syllable has dozens of characters. The FAQ itself says which
//! of them are meant: [`Spelling`] counts characters and their neighbours in its texts and looks for the most
//! probable spelling of all letters at once (Viterbi), where syllables begin included. What the FAQ never speaks of
//! stays in letters.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};

use super::{
    chars::{is_cjk, is_han, is_latin_word},
    normalize::{Normalized, Span},
    pinyin::{LONGEST_RUN, LONGEST_SYLLABLE, Sound, reading, syllable},
};

/// How people ask, whatever the FAQ is about.
const COMMON: &str = "怎么 怎么办 怎么样 怎样 如何 为什么 为啥 什么 是什么 什么时候 哪里 在哪里 哪个 谁 多少 多久 几天 几个 \
    可以 可以吗 能不能 可不可以 能吗 是不是 有没有 吗 呢 了 的 我 我的 我想 我要 你好 请问 一下 怎么用 怎么弄 需要 不能 不了 没有 \
    谢谢 想 要 在 把 被 和 或者 还是";

/// Characters considered for one syllable, the most frequent ones.
const CHARS_PER_SOUND: usize = 16;

/// Log-probability of a syllable of which the FAQ has no character.
const UNKNOWN: f32 = -16.0;

/// Share of neighbouring characters that the FAQ must know, in a question that is all pinyin.
const KNOWN_ALONE: f32 = 0.5;

/// The same beside other words: `game` in a Chinese question is more likely a name than 嘎么.
const KNOWN_BESIDE: f32 = 1.0;

/// What the texts of a FAQ tell about the spelling of sounds.
#[derive(Debug, Clone, Default)]
pub struct Spelling {
    chars: HashMap<char, u32>,
    pairs: HashMap<(char, char), u32>,
    by_sound: HashMap<Sound, Vec<char>>,
    /// Latin words of the FAQ and how often they occur; they are meant as they are typed.
    latin: HashMap<String, u32>,
    total: u32,
}

/// Adds `step` to the count of `key`. What occurs no more is forgotten.
fn count<K: Eq + Hash>(counts: &mut HashMap<K, u32>, key: K, step: i32) {
    match counts.entry(key) {
        Entry::Occupied(mut counted) => {
            *counted.get_mut() = counted.get().saturating_add_signed(step);
            if *counted.get() == 0 {
                counted.remove();
            }
        }
        Entry::Vacant(uncounted) => {
            if let Ok(first @ 1..) = u32::try_from(step) {
                uncounted.insert(first);
            }
        }
    }
}

/// A character, or the letters of a syllable that no character was found for, ending at some letter.
#[derive(Debug, Clone, Copy)]
struct Node {
    char: Option<char>,
    score: f32,
    /// Letter it begins at, and which node ends there.
    start: usize,
    before: usize,
}

impl Spelling {
    /// Learns from normalised texts.
    pub fn learn<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut spelling = Self::default();
        COMMON.split_whitespace().for_each(|text| spelling.count(text, 1));
        spelling.relearn(std::iter::empty(), texts)
    }

    /// What is known when the texts `gone`, which were learned before, are there no more, and the texts `new` are.
    #[must_use]
    pub fn relearn<'t>(
        &self,
        gone: impl Iterator<Item = &'t str>,
        new: impl Iterator<Item = &'t str>,
    ) -> Self {
        let mut spelling = self.clone();
        gone.for_each(|text| spelling.count(text, -1));
        new.for_each(|text| spelling.count(text, 1));
        let mut by_sound: HashMap<Sound, Vec<char>> = HashMap::new();
        for &char in spelling.chars.keys() {
            if let Some(sound) = reading(char) {
                by_sound.entry(sound).or_default().push(char);
            }
        }
        for chars in by_sound.values_mut() {
            // By frequency, then by code point: the same spelling on every run.
            chars.sort_unstable_by_key(|char| (std::cmp::Reverse(spelling.chars[char]), *char));
            chars.truncate(CHARS_PER_SOUND);
        }
        Self { by_sound, ..spelling }
    }

    fn count(&mut self, text: &str, step: i32) {
        let mut before = None;
        for char in text.chars() {
            let han = is_han(char).then_some(char);
            if let Some(char) = han {
                count(&mut self.chars, char, step);
                self.total = self.total.saturating_add_signed(step);
                if let Some(before) = before {
                    count(&mut self.pairs, (before, char), step);
                }
            }
            before = han;
        }
        for run in text.split(|c| !is_latin_word(c)).filter(|run| !run.is_empty()) {
            count(&mut self.latin, run.to_owned(), step);
        }
    }

    /// `text` with its pinyin in characters; `None` when it has none that the FAQ knows how to spell.
    #[must_use]
    pub fn spell(&self, text: &Normalized) -> Option<Normalized> {
        let source = text.as_str();
        let mut groups = groups(source, |run| self.is_pinyin(run));
        let letters: usize = groups.iter().map(|group| group.letters.len()).sum();
        let alone = source.chars().filter(|&c| is_latin_word(c) || is_cjk(c)).count() == letters;
        let needed = if alone { KNOWN_ALONE } else { KNOWN_BESIDE };
        let mut made: Vec<(char, Span)> = Vec::with_capacity(text.spans().len());
        let (mut chars, mut changed) = (source.char_indices().zip(text.spans()).peekable(), false);
        groups.reverse();
        while let Some(((at, char), &span)) = chars.next() {
            let spelled = groups.pop_if(|group| group.start == at).and_then(|group| {
                let nodes = self.decode(&group)?;
                (self.known(&nodes) >= needed).then_some((group, nodes))
            });
            let Some((group, nodes)) = spelled else {
                made.push((char, span));
                continue;
            };
            changed = true;
            // One span a letter; letters are single bytes, so positions in the group are easily found again.
            let mut spans = vec![span];
            while let Some(((_, char), span)) = chars.next_if(|&((at, _), _)| at < group.end) {
                if char != ' ' {
                    spans.push(*span);
                }
            }
            for (node, end) in nodes {
                let whole = Span { start: spans[node.start].start, end: spans[end - 1].end };
                match node.char {
                    Some(char) => made.push((char, whole)),
                    None => made.extend(
                        group.letters[node.start..end]
                            .chars()
                            .zip(&spans[node.start..end])
                            .map(|(c, span)| (c, *span)),
                    ),
                }
            }
        }
        changed.then(|| without_needless_spaces(&made))
    }

    fn is_pinyin(&self, run: &str) -> bool {
        run.len() <= LONGEST_RUN && !self.latin.contains_key(run) && super::pinyin::segment(run).is_some()
    }

    /// The most probable characters for the letters of `group`, each with the letter it ends before.
    fn decode(&self, group: &Group) -> Option<Vec<(Node, usize)>> {
        let length = group.letters.len();
        let mut ends: Vec<Vec<Node>> = vec![Vec::new(); length + 1];
        for start in 0..length {
            if start > 0 && ends[start].is_empty() {
                continue;
            }
            for end in start + 1..=length.min(start + LONGEST_SYLLABLE) {
                if let Some(sound) = syllable(&group.letters[start..end]) {
                    let chars = self.by_sound.get(&sound).map_or(&[][..], Vec::as_slice);
                    let nodes: Vec<Node> = if chars.is_empty() {
                        vec![self.best(None, start, &ends[start])]
                    } else {
                        chars.iter().map(|&char| self.best(Some(char), start, &ends[start])).collect()
                    };
                    ends[end].extend(nodes);
                }
                // A syllable goes no further than a space that was typed.
                if group.breaks.contains(&end) {
                    break;
                }
            }
        }
        let mut end = length;
        let mut at =
            (0..ends[end].len()).max_by(|&a, &b| ends[end][a].score.total_cmp(&ends[end][b].score))?;
        let mut path = Vec::new();
        while end > 0 {
            let node = *ends[end].get(at)?;
            path.push((node, end));
            (end, at) = (node.start, node.before);
        }
        path.reverse();
        Some(path)
    }

    /// `char` after the best of the nodes `before`; none of them at the beginning.
    fn best(&self, char: Option<char>, start: usize, before: &[Node]) -> Node {
        let after = |before: Option<&Node>| {
            before.map_or(0.0, |node| node.score)
                + self.log_probability(before.and_then(|node| node.char), char)
        };
        let scores = before.iter().enumerate().map(|(at, node)| (at, after(Some(node))));
        let best = scores.max_by(|a, b| a.1.total_cmp(&b.1));
        let (before, score) = best.unwrap_or_else(|| (0, after(None)));
        Node { char, score, start, before }
    }

    fn log_probability(&self, before: Option<char>, char: Option<char>) -> f32 {
        let Some(char) = char else { return UNKNOWN };
        let frequency = |char: char| self.chars.get(&char).copied().unwrap_or(0) as f32;
        let alone = frequency(char) / self.total.max(1) as f32;
        let pair = before.map_or(0.0, |before| {
            let together = self.pairs.get(&(before, char)).copied().unwrap_or(0) as f32;
            together / frequency(before).max(1.0)
        });
        (0.9 * pair + 0.1 * alone).max(f32::MIN_POSITIVE).ln()
    }

    /// Share of neighbours that stand side by side in the FAQ too; 0 of a single character.
    fn known(&self, nodes: &[(Node, usize)]) -> f32 {
        let pairs = nodes.windows(2).filter(|pair| {
            let pair = pair[0].0.char.zip(pair[1].0.char);
            pair.is_some_and(|pair| self.pairs.contains_key(&pair))
        });
        pairs.count() as f32 / (nodes.len().max(2) - 1) as f32
    }
}

/// Neighbouring runs of pinyin.
struct Group {
    /// Where in the text it begins and ends, bytes.
    start: usize,
    end: usize,
    /// The letters without the spaces between the runs.
    letters: String,
    /// Letters that a run begins at.
    breaks: Vec<usize>,
}

/// Runs of letters that `is_pinyin`, joined where only a space is between them.
fn groups(text: &str, is_pinyin: impl Fn(&str) -> bool) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(is_latin_word).map(|found| at + found) {
        let end = text[start..].find(|c| !is_latin_word(c)).map_or(text.len(), |length| start + length);
        let run = &text[start..end];
        at = end;
        if !is_pinyin(run) {
            continue;
        }
        match groups.last_mut() {
            Some(group)
                if group.letters.len() + run.len() <= LONGEST_RUN && &text[group.end..start] == " " =>
            {
                group.breaks.push(group.letters.len());
                group.letters.push_str(run);
                group.end = end;
            }
            Some(_) | None => {
                groups.push(Group { start, end, letters: run.to_owned(), breaks: Vec::new() });
            }
        }
    }
    groups
}

/// As normalisation leaves it: no space beside a script that has none.
fn without_needless_spaces(made: &[(char, Span)]) -> Normalized {
    let beside = |at: Option<usize>| at.and_then(|at| made.get(at)).is_some_and(|&(c, _)| is_cjk(c));
    let kept = (0..made.len())
        .filter(|&at| made[at].0 != ' ' || !(beside(at.checked_sub(1)) || beside(Some(at + 1))));
    let (text, spans) = kept.map(|at| made[at]).unzip();
    Normalized::from_parts(text, spans)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::normalize::normalize, *};

    fn spelling() -> Spelling {
        let faq = [
            "企业微信建的群能解散吗",
            "群主解散群聊",
            "wecom怎么登录",
            "game中心怎么打开",
            "解决方案在哪里看",
            "先打开设置",
        ];
        Spelling::learn(faq.into_iter())
    }

    #[test]
    fn pinyin_is_spelled_as_the_faq_does() {
        for (typed, wanted) in [
            ("qun zenme jiesan", "群怎么解散"),
            ("qunzenmejiesan", "群怎么解散"),
            ("QunZhu JieSan Qun", "群主解散群"),
            ("qing wen qun neng jie san ma?", "请问群能解散吗?"),
            ("jiejuefangan zai nali", "解决方案在哪里"),
            ("wecom zenme denglu", "wecom怎么登录"),
            ("怎么jiesan群", "怎么解散群"),
            ("game zenme dakai", "game怎么打开"),
        ] {
            let spelled = spelling().spell(&normalize(typed));
            assert_eq!(spelled.as_ref().map(Normalized::as_str), Some(wanted), "{typed:?}");
        }
    }

    #[test]
    fn what_is_forgotten_leaves_no_trace() {
        let texts = ["群主解散群聊", "wecom怎么登录", "先打开设置 app"];
        let fewer = Spelling::learn(texts[..1].iter().copied());
        let more = fewer.relearn(std::iter::empty(), texts[1..].iter().copied());
        let again = more.relearn(texts[1..].iter().copied(), std::iter::empty());
        assert_eq!((&again.chars, &again.pairs), (&fewer.chars, &fewer.pairs));
        assert_eq!(
            (&again.by_sound, &again.latin, again.total),
            (&fewer.by_sound, &fewer.latin, fewer.total)
        );
        assert_eq!(more.total, Spelling::learn(texts.into_iter()).total);
    }

    #[test]
    fn what_the_faq_does_not_speak_of_stays_in_letters() {
        for typed in [
            "jintian tianqi hao",
            "how to log in",
            "群怎么解散",
            "game",
            "can you help",
            "iphone怎么登录",
            "",
            "?!",
            "a",
        ] {
            assert_eq!(spelling().spell(&normalize(typed)), None, "{typed:?}");
        }
    }

    #[test]
    fn a_spelled_character_points_to_its_letters() {
        let typed = "Ｑun zenme jie san";
        let spelled = spelling().spell(&normalize(typed)).unwrap();
        assert_eq!(&typed[spelled.source_range(0..1).unwrap()], "Ｑun");
        assert_eq!(&typed[spelled.source_range(1..3).unwrap()], "zenme");
        assert_eq!(&typed[spelled.source_range(3..5).unwrap()], "jie san");
    }

    proptest! {
        #[test]
        fn spans_stay_valid_for_any_text(text in "(qun|zen|me|jie ?san|群|，| |game|\\PC){0,12}") {
            if let Some(spelled) = spelling().spell(&normalize(&text)) {
                prop_assert_eq!(spelled.spans().len(), spelled.as_str().chars().count());
                let mut start = 0;
                for span in spelled.spans() {
                    prop_assert!(span.start >= start && span.start < span.end && span.end as usize <= text.len());
                    start = span.start;
                }
            }
        }
    }
}
