//! What somebody typed: a question, or one of the few words that are meant for the bot itself.

use crate::text::{filler::core_key, normalize::normalize};

/// Words that ask for a person, without what goes before and after them.
const HAND_OVER: [&str; 16] = [
    "人工",
    "转人工",
    "人工客服",
    "转人工客服",
    "人工服务",
    "转人工服务",
    "找人工",
    "转接人工",
    "接人工",
    "联系人工",
    "联系人工客服",
    "真人",
    "真人客服",
    "找真人",
    "转客服",
    "人工处理",
];

/// What may go before them …
const BEFORE: [&str; 10] = ["请", "帮我", "帮忙", "麻烦", "给我", "我要", "我想", "我需要", "需要", "要"];

/// … and after them.
const AFTER: [char; 3] = ['吗', '吧', '呢'];

/// Typed words that ask for the rest of a long answer.
const MORE: [&str; 4] = ["继续", "更多", "下一页", "more"];

/// What a typed text asks of the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// A person, please.
    HandOver,
    /// The nth of the questions that were offered, from 1.
    Choice(usize),
    /// The rest of a long answer.
    More,
    /// Anything else.
    Question,
}

impl Command {
    pub(super) fn of(text: &str) -> Self {
        let normalized = normalize(text);
        let key = core_key(&normalized);
        if asks_for_person(&key) {
            return Self::HandOver;
        }
        if MORE.contains(&key.as_str()) {
            return Self::More;
        }
        match choice(normalized.as_str()) {
            Some(0) => Self::HandOver,
            Some(number) => Self::Choice(number),
            None => Self::Question,
        }
    }
}

fn asks_for_person(key: &str) -> bool {
    let mut rest = key.trim_end_matches(AFTER);
    while let Some(after) = BEFORE.iter().find_map(|before| rest.strip_prefix(before)) {
        rest = after;
    }
    HAND_OVER.contains(&rest)
}

/// `2`, `２`, `②`, `2.`, `第2个`, `选二` …
fn choice(normalized: &str) -> Option<usize> {
    let bare = normalized.trim().trim_start_matches(['第', '选', '(', '#']);
    let bare = bare.trim_end_matches([')', '.', ',', '、', '。', '个', '条', '项', '题', '号', '!']).trim();
    if let Ok(number) = bare.parse::<u8>() {
        // More digits are a room, an extension, an order: whatever they are, no choice.
        return (bare.len() == 1).then_some(number.into());
    }
    ["零", "一", "二", "三", "四", "五"].iter().position(|&word| word == bare)
}

/// The text without the mention of the bot that a group message begins or ends with.
pub(super) fn without_mention<'a>(text: &'a str, bot: Option<&str>) -> &'a str {
    let mut text = text.trim();
    if let Some(mention) = bot.map(|name| format!("@{name}")) {
        text = text.strip_prefix(&mention).unwrap_or(text);
        text = text.strip_suffix(&mention).unwrap_or(text);
        return text.trim();
    }
    // The client puts a space after a name, and a name has none unless an administrator gave it one.
    while let Some((_, rest)) = text.strip_prefix('@').and_then(|text| text.split_once(char::is_whitespace)) {
        text = rest.trim_start();
    }
    if let Some((rest, _)) = text
        .rsplit_once('@')
        .filter(|(rest, name)| rest.ends_with(char::is_whitespace) && !name.contains(char::is_whitespace))
    {
        text = rest.trim_end();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_for_a_person_is_understood_however_polite_it_is() {
        for text in [
            "转人工",
            "人工",
            " 人工！",
            "请转人工",
            "你好，转人工客服，谢谢",
            "轉人工",
            "我要转人工",
            "麻烦帮我转人工吧",
            "0",
            "０",
            "0.",
        ] {
            assert_eq!(Command::of(text), Command::HandOver, "{text}");
        }
        for text in ["如何设置转人工", "人工智能是什么", "人工费用怎么报销", "10", "0571"]
        {
            assert_eq!(Command::of(text), Command::Question, "{text}");
        }
    }

    #[test]
    fn a_number_is_a_choice_in_every_way_of_typing_it() {
        for text in ["2", "２", "②", "2.", "2、", " 2 ", "第2个", "选2", "二", "第二个", "(2)", "2。"]
        {
            assert_eq!(Command::of(text), Command::Choice(2), "{text}");
        }
        for text in ["20", "2 号楼的网络", "2022", "群", "？", ""] {
            assert_eq!(Command::of(text), Command::Question, "{text}");
        }
    }

    #[test]
    fn more_is_asked_for_with_a_word() {
        assert_eq!(Command::of("继续"), Command::More);
        assert_eq!(Command::of("继续教育怎么报名"), Command::Question);
    }

    #[test]
    fn the_mention_of_the_bot_is_no_part_of_the_question() {
        for (text, bot, rest) in [
            ("@RobotA hello robot", None, "hello robot"),
            ("@答疑\u{2005}打印机连不上", None, "打印机连不上"),
            ("@答疑 @小王 打印机连不上", None, "打印机连不上"),
            ("打印机连不上 @答疑", None, "打印机连不上"),
            ("@IT 助手 打印机连不上", Some("IT 助手"), "打印机连不上"),
            ("@IT 助手打印机连不上", Some("IT 助手"), "打印机连不上"),
            ("邮箱 a@b.com 收不到信", None, "邮箱 a@b.com 收不到信"),
            ("@答疑", None, "@答疑"),
            ("@答疑", Some("答疑"), ""),
        ] {
            assert_eq!(without_mention(text, bot), rest, "{text}");
        }
    }
}
