//! Markdown as plain text: the self-built app shows every `*` as it is.

use std::fmt::Write as _;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The text without markup. Lists keep their numbers, links and pictures their address.
#[expect(clippy::wildcard_enum_match_arm, reason = "of CommonMark's many events only these leave a trace")]
pub(super) fn plain(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut numbers: Vec<Option<u64>> = Vec::new();
    let mut addresses: Vec<(usize, String)> = Vec::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push('\n'),
            Event::Start(Tag::List(first)) => {
                new_line(&mut text);
                numbers.push(first);
            }
            Event::End(TagEnd::List(_)) => {
                numbers.pop();
                if numbers.is_empty() {
                    text.push('\n');
                }
            }
            Event::Start(Tag::Item) => {
                new_line(&mut text);
                text.push_str(&"  ".repeat(numbers.len().saturating_sub(1)));
                match numbers.last_mut() {
                    Some(Some(number)) => {
                        // Writing to a String cannot fail.
                        let _ = write!(text, "{number}. ");
                        *number += 1;
                    }
                    Some(None) | None => text.push_str("- "),
                }
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                addresses.push((text.len(), dest_url.into_string()));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if let Some((start, address)) = addresses.pop().filter(|(start, it)| text[*start..] != **it) {
                    let named = text.len() > start;
                    let (before, after) = if named { ("（", "）") } else { ("", "") };
                    text.extend([before, address.as_str(), after]);
                }
            }
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::Table) => {
                new_line(&mut text);
                if numbers.is_empty() {
                    text.push('\n');
                }
            }
            Event::End(TagEnd::TableCell) => text.push_str("  "),
            Event::End(TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead) => new_line(&mut text),
            _ => {}
        }
    }
    text.trim().to_owned()
}

fn new_line(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn markup_goes_and_meaning_stays() {
        for (markdown, expected) in [
            (
                "为您找到：**群能解散吗**\n\n可以。\n\n> 来源：a.md",
                "为您找到：群能解散吗\n\n可以。\n\n来源：a.md",
            ),
            ("1. 打开 `设置`\n2. 点*群*\n\n完成", "1. 打开 设置\n2. 点群\n\n完成"),
            ("- 一\n  - 二\n- 三", "- 一\n  - 二\n- 三"),
            ("见[说明](https://e.cn/a)和 <https://e.cn/b>", "见说明（https://e.cn/a）和 https://e.cn/b"),
            ("![](https://e.cn/a.png)", "https://e.cn/a.png"),
            ("# 标题\n\n```\nping 1.1.1.1\n```", "标题\n\nping 1.1.1.1"),
            ("|项|值|\n|-|-|\n|甲|1|", "项  值\n甲  1"),
            ("【图1】\n【图2】", "【图1】\n【图2】"),
        ] {
            assert_eq!(plain(markdown), expected, "{markdown}");
        }
    }
}
