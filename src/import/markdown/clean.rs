//! White space in Chinese text.
//!
//! Justified text leaves runs of spaces inside sentences, and a line end is white space like any other. Between
//! Chinese characters, and beside full-width punctuation, none of it means anything and all of it goes; elsewhere
//! a run becomes one space and a single space stays. Cleaning twice changes nothing.

/// Collects pieces of text and tidies the white space in and between them.
#[derive(Debug, Default)]
pub(super) struct Cleaner {
    out: String,
    last: Option<char>,
    space: bool,
}

impl Cleaner {
    /// Adds words whose white space may be tidied.
    pub(super) fn text(&mut self, text: &str) {
        for c in text.chars() {
            if is_invisible(c) {
                continue;
            }
            if c.is_whitespace() {
                self.space = true;
            } else {
                self.put_space_before(c);
                self.out.push(c);
                self.last = Some(c);
            }
        }
    }

    /// Adds something that stays as it is.
    pub(super) fn verbatim(&mut self, text: &str) {
        let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else { return };
        self.put_space_before(first);
        self.out.push_str(text);
        self.last = Some(last);
    }

    /// Adds a line break the author asked for.
    pub(super) fn line_break(&mut self) {
        if self.last.is_some() {
            self.out.push_str("\\\n");
        }
        (self.last, self.space) = (None, false);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn put_space_before(&mut self, next: char) {
        if self.space && self.last.is_some_and(|last| !means_nothing_between(last, next)) {
            self.out.push(' ');
        }
        self.space = false;
    }
}

/// A text with its white space tidied.
pub(super) fn clean(text: &str) -> String {
    let mut cleaner = Cleaner::default();
    cleaner.text(text);
    cleaner.finish()
}

fn means_nothing_between(before: char, after: char) -> bool {
    is_full_width_punctuation(before)
        || is_full_width_punctuation(after)
        || match (is_chinese(before), is_chinese(after)) {
            (true, true) => true,
            (true, false) => is_curly_quote(after),
            (false, true) => is_curly_quote(before),
            (false, false) => false,
        }
}

/// Scripts that are written without spaces: Han, kana, bopomofo.
pub(super) fn is_chinese(c: char) -> bool {
    matches!(u32::from(c),
        0x2E80..=0x2FDF | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3040..=0x312F | 0x31A0..=0x31FF
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

fn is_full_width_punctuation(c: char) -> bool {
    matches!(c,
        '\u{3001}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{FE10}'..='\u{FE4F}'
        | '\u{FF01}'..='\u{FF0F}' | '\u{FF1A}'..='\u{FF20}' | '\u{FF3B}'..='\u{FF40}' | '\u{FF5B}'..='\u{FF65}')
}

/// Chinese and English share these; the neighbours tell.
fn is_curly_quote(c: char) -> bool {
    matches!(c, '“' | '”' | '‘' | '’' | '…' | '—' | '·')
}

/// Characters that converters scatter and nobody sees. The joiner of emoji is not among them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spaces_go_between_chinese_and_stay_between_words() {
        for (given, expected) in [
            ("微信端的，  建群时", "微信端的，建群时"),
            ("能否按架构加“ 内部”字眼", "能否按架构加“内部”字眼"),
            ("发送给客户 ”和“转发", "发送给客户”和“转发"),
            ("只能接 受一条", "只能接受一条"),
            ("就  是\n内部群", "就是内部群"),
            ("来自于 MTDS 里面", "来自于 MTDS 里面"),
            ("来自于   MTDS\u{3000}里面", "来自于 MTDS 里面"),
            ("MTDS   APP 进入", "MTDS APP 进入"),
            ("进入 MTDS 应用， 客户", "进入 MTDS 应用，客户"),
            ("say “hello” to   me", "say “hello” to me"),
            ("每月 4 次", "每月 4 次"),
            ("\u{3000}\u{3000}首行\u{200B}缩进 \t", "首行缩进"),
            ("カタ カナ", "カタカナ"),
            ("안녕 하세요", "안녕 하세요"),
        ] {
            assert_eq!(clean(given), expected, "{given:?}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in "[群，。“” \\na1.\u{3000}\\PC]{0,40}") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }

        #[test]
        fn only_white_space_and_invisible_characters_are_lost(text in "\\PC{0,40}") {
            let visible = |text: &str| text.chars().filter(|&c| !c.is_whitespace() && !is_invisible(c)).collect::<String>();
            prop_assert_eq!(visible(&clean(&text)), visible(&text));
        }
    }
}
