//! Polite filler around a question: 请问, 你好, 谢谢, 在吗 …
//!
//! Recognised, never deleted: the caller keeps the whole text and may *also* use [`core()`]. A filler that could
//! begin or end an ordinary phrase (亲 in 亲属, 麻烦 in 麻烦事, 谢谢 in 怎么说谢谢) counts only where it stands apart.

use std::ops::Range;

use super::{
    chars::is_word,
    normalize::{Normalized, comparison_key},
};

/// Openers that are filler wherever a text begins with them. Normalised spelling; the longest match wins.
const OPENERS: &str = "\
    请问一下 请问下 请问 请教一下 请教下 请教个问题 请教 想请教一下 想请教 我想请教一下 \
    我想请教 我想问一下 我想问下 我想问 我想咨询一下 我想咨询下 我想咨询 我想了解一下 \
    我想了解下 我想了解 想问一下 想问下 想问问 想问 想咨询一下 想咨询下 想咨询 想了解一下 \
    想了解下 问一下 问下 问个问题 咨询一下 咨询下 麻烦问一下 麻烦问下 麻烦请问 麻烦帮我看一下 \
    麻烦帮我看下 麻烦帮忙看一下 麻烦帮忙看下 帮我看一下 帮我看下 帮忙看一下 帮忙看下 帮我查一下 \
    帮我查下 能不能告诉我 可以告诉我 请告诉我 告诉我 有谁知道 谁知道 有人知道 不好意思 \
    打扰一下 打扰了 打扰下 您好 你好呀 你好啊 大家好 各位好 老师好 老师您好 老师你好 \
    客服您好 客服你好 早上好 上午好 中午好 下午好 晚上好 哈喽 哈啰 hello hi";

/// Openers that count only before a break or before the start of a question.
const OPENERS_APART: &str = "\
    你好 亲 亲亲 亲爱的 在吗 在么 在不在 有人吗 有人在吗 麻烦 麻烦您 麻烦你 嗨 求助 求问 \
    求教 劳驾 嗯 哎 额";

/// Closers that are filler wherever a text ends with them.
const CLOSERS: &str = "\
    谢谢您 谢谢你 谢谢啦 谢谢了 谢谢哈 谢谢哦 多谢了 非常感谢 十分感谢 感谢您 感谢了 \
    麻烦您了 麻烦你了 麻烦啦 拜托了 辛苦了 在线等 急急急 万分感谢 求解答 求解 求指教 求告知 \
    求大神 求帮助 能告诉我吗 可以告诉我吗 有人知道吗 有谁知道吗 谁知道 thanks thx";

/// Closers that count only after a break or a closing particle.
const CLOSERS_APART: &str = "\
    谢谢 多谢 感谢 麻烦了 急 很急 急求 在吗 在么 求助 亲 拜托 跪求 3q 蟹蟹";

/// What may follow an opener that has to stand apart.
const QUESTION_STARTS: &str = "\
    怎 如何 我 想 请 这 为什么 为啥 能 可以 有没有 帮 什么 啥 哪 是否 问 咨询 你 您 \
    一下 给";

/// What may precede a closer that has to stand apart.
const CLOSING_PARTICLES: [char; 9] = ['吗', '呢', '啊', '吧', '了', '么', '呀', '嘛', '哦'];

/// Rounds of peeling at one end; 你好 · 在吗 · 麻烦 · 请问 is the most anybody types.
const MAX_PEELS: usize = 6;

/// The middle of a text without its polite filler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Core<'a> {
    /// The text without filler and without punctuation at its ends; the whole text when nothing else is left.
    pub text: &'a str,
    /// Its position in the normalised text, in characters.
    pub chars: Range<usize>,
    /// Whether filler was recognised before or after it.
    pub has_filler: bool,
}

/// Finds the core of a normalised text.
///
/// ```
/// use dayi::text::{filler::core, normalize::normalize};
/// assert_eq!(core(&normalize("您好，请问群怎么解散？谢谢！")).text, "群怎么解散");
/// ```
#[must_use]
pub fn core(normalized: &Normalized) -> Core<'_> {
    let text = normalized.as_str();
    let whole = Core { text, chars: 0..normalized.spans().len(), has_filler: false };
    let scan = Scan { text, normalized };
    let Some((start, opened)) = scan.after_openers() else { return whole };
    let Some((end, closed)) = scan.before_closers(start) else { return whole };
    if !opened && !closed {
        return whole;
    }
    let core = &text[start..end];
    // One character is no question: "请问下" must not become "下".
    if comparison_key(core).chars().count() < 2 {
        return whole;
    }
    let first = text[..start].chars().count();
    Core { text: core, chars: first..first + core.chars().count(), has_filler: true }
}

/// Particles that end a question and leave its meaning: 群能解散吗 asks what 群能解散呢 asks.
const FINAL_PARTICLES: [char; 11] = ['吗', '嘛', '么', '呢', '啊', '呀', '吧', '哦', '喔', '哈', '呐'];

/// Characters that make a word of a particle after them: 怎么, 什么, 网吧.
const BEFORE_NO_PARTICLE: &str = "怎什这那多要甚网酒贴哈";

/// The comparison key of a text without polite filler and final particles: 请问群能解散吗, 群能解散呢，谢谢 and 群能解散
/// have the same. Never empty unless the text is blank.
#[must_use]
pub fn core_key(normalized: &Normalized) -> String {
    let mut key = comparison_key(core(normalized).text);
    while let Some(last) = key.chars().next_back().filter(|c| FINAL_PARTICLES.contains(c)) {
        let rest = &key[..key.len() - last.len_utf8()];
        let before = rest.chars().next_back();
        if rest.chars().count() < 2 || before.is_some_and(|c| BEFORE_NO_PARTICLE.contains(c)) {
            break;
        }
        key.truncate(rest.len());
    }
    key
}

struct Scan<'a> {
    text: &'a str,
    normalized: &'a Normalized,
}

impl Scan<'_> {
    /// Byte at which the text goes on after its openers, and whether there was one. `None` when nothing is left.
    fn after_openers(&self) -> Option<(usize, bool)> {
        let (mut at, mut found) = (self.skip_marks(0)?, false);
        for _ in 0..MAX_PEELS {
            let rest = &self.text[at..];
            let plain = longest(OPENERS, |word| rest.starts_with(word) && self.opens(word, at));
            let apart = longest(OPENERS_APART, |word| rest.starts_with(word) && self.opens_apart(word, at));
            let Some(length) = plain.max(apart) else { break };
            at = self.skip_marks(at + length)?;
            found = true;
        }
        Some((at, found))
    }

    /// Byte at which the text stops before its closers, and whether there was one. `None` when nothing is left.
    fn before_closers(&self, start: usize) -> Option<(usize, bool)> {
        let (mut end, mut found) = (self.skip_marks_back(start, self.text.len())?, false);
        for _ in 0..MAX_PEELS {
            let rest = &self.text[start..end];
            let plain = longest(CLOSERS, |word| rest.ends_with(word) && self.closes(word, start, end));
            let apart =
                longest(CLOSERS_APART, |word| rest.ends_with(word) && self.closes_apart(word, start, end));
            let Some(length) = plain.max(apart) else { break };
            end = self.skip_marks_back(start, end - length)?;
            found = true;
        }
        Some((end, found))
    }

    /// 请问候 is a verb and "high" no greeting.
    fn opens(&self, word: &str, at: usize) -> bool {
        let next = self.text[at + word.len()..].chars().next();
        match next {
            Some('候') => !word.ends_with('问'),
            Some(c) if c.is_ascii_alphanumeric() => !word.is_ascii(),
            Some(_) | None => true,
        }
    }

    fn opens_apart(&self, word: &str, at: usize) -> bool {
        let end = at + word.len();
        let rest = &self.text[end..];
        self.is_break_before(end)
            || QUESTION_STARTS.split(' ').any(|start| rest.starts_with(start))
            || longest(OPENERS, |word| rest.starts_with(word)).is_some()
            || longest(OPENERS_APART, |word| rest.starts_with(word)).is_some()
    }

    fn closes(&self, word: &str, start: usize, end: usize) -> bool {
        let before = self.text[start..end - word.len()].chars().next_back();
        !before.is_some_and(|c| (word.is_ascii() && c.is_ascii_alphanumeric()) || is_speech(c))
    }

    fn closes_apart(&self, word: &str, start: usize, end: usize) -> bool {
        let at = end - word.len();
        self.is_break_before(at)
            || self.text[start..at].chars().next_back().is_some_and(|c| CLOSING_PARTICLES.contains(&c))
    }

    /// Whether something separates the character that begins at byte `at` from the one before it: an end of the
    /// text, a mark, or something that was typed there and that the normalisation dropped, such as a space.
    fn is_break_before(&self, at: usize) -> bool {
        let (Some(before), Some(after)) =
            (self.text[..at].chars().next_back(), self.text[at..].chars().next())
        else {
            return true;
        };
        if !is_word(before) || !is_word(after) {
            return true;
        }
        let index = self.text[..at].chars().count();
        let spans = self.normalized.spans();
        index > 0 && spans[index - 1].end < spans[index].start
    }

    fn skip_marks(&self, from: usize) -> Option<usize> {
        self.text[from..].char_indices().find(|&(_, c)| is_word(c)).map(|(at, _)| from + at)
    }

    fn skip_marks_back(&self, start: usize, end: usize) -> Option<usize> {
        let rest = &self.text[start..end];
        rest.char_indices().rev().find(|&(_, c)| is_word(c)).map(|(at, c)| start + at + c.len_utf8())
    }
}

/// A verb of saying, after which 谢谢 is what is said.
fn is_speech(c: char) -> bool {
    matches!(c, '说' | '写' | '讲' | '回' | '复' | '发' | '打' | '示')
}

/// Length in bytes of the longest of the space-separated `words` that `fits`.
fn longest(words: &str, fits: impl Fn(&str) -> bool) -> Option<usize> {
    words.split(' ').filter(|word| fits(word)).map(str::len).max()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::normalize::normalize, *};

    #[test]
    fn filler_around_a_question_is_recognised() {
        for (typed, wanted) in [
            ("请问群怎么解散", "群怎么解散"),
            ("您好，请问群怎么解散？谢谢！", "群怎么解散"),
            ("你好请问一下群怎么解散呢，谢谢", "群怎么解散呢"),
            ("你好，在吗？麻烦问下群怎么解散", "群怎么解散"),
            ("亲 群怎么解散", "群怎么解散"),
            ("亲，怎么退款", "怎么退款"),
            ("我想问一下怎么退款，在线等，急！", "怎么退款"),
            ("麻烦帮忙看下群为什么解散不了 谢谢啦", "群为什么解散不了"),
            ("怎么退款吗谢谢", "怎么退款吗"),
            ("Hello, 怎么退款 thanks", "怎么退款"),
            ("請問羣怎麼解散", "群怎么解散"),
            ("😀你好😀怎么退款🙏", "怎么退款"),
        ] {
            let normalized = normalize(typed);
            let core = core(&normalized);
            assert_eq!(core.text, wanted, "core of {typed:?}");
            assert!(core.has_filler, "{typed:?} has filler");
        }
    }

    #[test]
    fn questions_that_differ_in_politeness_have_one_key() {
        for (typed, wanted) in [
            ("您好，请问群能解散吗？谢谢！", "群能解散"),
            ("群能解散呢", "群能解散"),
            ("群能解散么？", "群能解散"),
            ("群能解散吗啊", "群能解散"),
            ("解散群怎么", "解散群怎么"),
            ("这是什么呀", "这是什么"),
            ("附近的网吧", "附近的网吧"),
            ("在吗", "在吗"),
            ("吗", "吗"),
            ("？", ""),
        ] {
            assert_eq!(core_key(&normalize(typed)), wanted, "{typed:?}");
        }
    }

    #[test]
    fn words_that_only_look_like_filler_stay() {
        for typed in [
            "亲属怎么添加",
            "麻烦事怎么处理",
            "怎么说谢谢",
            "请问候客户",
            "你好评怎么删",
            "客服怎么联系",
            "紧急联系人怎么改",
            "应急",
            "老师怎么建群",
            "自动回复谢谢您怎么设置成短句",
            "highlight怎么用",
            "怎么设置自动回复谢谢您",
            "双亲",
            "群怎么解散？",
        ] {
            let normalized = normalize(typed);
            let core = core(&normalized);
            assert!(!core.has_filler, "{typed:?} -> {core:?}");
        }
    }

    #[test]
    fn filler_alone_stays_whole() {
        for typed in ["请问", "你好", "在吗", "您好，在吗？", "谢谢", "请问下", "？？", ""]
        {
            let normalized = normalize(typed);
            let core = core(&normalized);
            assert_eq!(core.text, normalized.as_str(), "{typed:?}");
            assert!(!core.has_filler, "{typed:?}");
        }
    }

    #[test]
    fn the_core_can_be_shown_in_the_typed_text() {
        let typed = "請問，Ｗｅｃｏｍ 怎麼登錄？謝謝";
        let normalized = normalize(typed);
        let core = core(&normalized);
        assert_eq!(&typed[normalized.source_range(core.chars).unwrap()], "Ｗｅｃｏｍ 怎麼登錄");
    }

    proptest! {
        #[test]
        fn the_core_is_a_part_of_any_text(text in "(请问|你好|谢谢|亲|急|吗|群|，| |a|\\PC){0,10}") {
            let normalized = normalize(&text);
            let core = core(&normalized);
            let chars: String = normalized.as_str().chars().skip(core.chars.start).take(core.chars.len()).collect();
            prop_assert_eq!(chars, core.text);
        }
    }
}
