//! What kind of answer a question asks for: why, how, how much, whether, what. Rough on purpose: a question may be
//! of several kinds or of none, and the kinds of two texts are only counted against each other.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// One line a kind; words separated by spaces, in simplified Chinese.
const KINDS: [&str; 5] = [
    "为什么 为啥 咋回事 怎么回事 什么原因 原因 为何",
    "怎么 怎样 如何 咋 怎莫 步骤 流程 哪里 在哪 哪儿 操作 方法 办法",
    "多少 多久 几 多长 费用 价格 收费 多大 额度",
    "能不能 可以 能否 是否 可不可以 行不行 吗 会不会 有没有",
    "是什么 什么是 啥是 什么意思 含义 区别",
];

struct Table {
    automaton: AhoCorasick,
    /// The kind of each pattern.
    kinds: Vec<u8>,
}

/// `None` only if the constant above could not be compiled, which a test excludes.
static TABLE: LazyLock<Option<Table>> = LazyLock::new(|| {
    let words = (0..).zip(KINDS).flat_map(|(kind, words)| words.split(' ').map(move |word| (kind, word)));
    let (kinds, words): (Vec<u8>, Vec<&str>) = words.unzip();
    Some(Table { automaton: AhoCorasick::new(words).ok()?, kinds })
});

/// The kinds that a question is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuestionKinds(u8);

impl QuestionKinds {
    /// The kinds of a normalised text.
    #[must_use]
    pub fn of(normalized: &str) -> Self {
        let Some(table) = TABLE.as_ref() else { return Self::default() };
        let bits = table.automaton.find_overlapping_iter(normalized);
        Self(bits.fold(0, |bits, found| bits | 1 << table.kinds[found.pattern().as_usize()]))
    }

    /// In how many kinds two questions differ, 0 to 5.
    #[must_use]
    pub fn difference(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_of_one_kind_do_not_differ() {
        for (a, b, differ) in [
            ("怎么解散群", "如何解散群", 0),
            ("怎么解散群", "群能解散吗", 2),
            ("为什么收费", "多少钱", 1),
            ("群聊解散", "解散群聊", 0),
        ] {
            assert_eq!(QuestionKinds::of(a).difference(QuestionKinds::of(b)), differ, "{a} / {b}");
        }
    }

    #[test]
    fn every_kind_is_found_by_each_of_its_words() {
        for (kind, words) in KINDS.iter().enumerate() {
            for word in words.split(' ') {
                assert_ne!(QuestionKinds::of(word).0 & 1 << kind, 0, "{word}");
            }
        }
    }
}
