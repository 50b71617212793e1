//! How what is said looks: one Markdown text, and the pictures that go after it.
//!
//! The matched standard question comes first, so that a wrong match shows at once; pictures are numbered in the text
//! where they belong, because WeCom shows them below it; nobody is shown a number where a word will do.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use pulldown_cmark::{Event, Parser, Tag};

use super::dialogue::Said;
use crate::faq::{Answer, Entry, Source};

/// Pictures that one message takes.
pub(super) const MAX_PICTURES: usize = 10;

/// Appended where a text was cut.
const CUT: &str = "\n\n（内容较长，回复“继续”查看后文）";

/// What the customer wants to be said in their own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Whom to turn to: a telephone number, a link, opening hours.
    pub hand_over: String,
    /// The first message of the day.
    pub welcome: String,
}

impl Default for Wording {
    fn default() -> Self {
        Self {
            hand_over: "请联系人工客服。".to_owned(),
            welcome: "您好，我是答疑助手。请直接输入您的问题，例如“群怎么解散”；回复“转人工”联系人工客服。"
                .to_owned(),
        }
    }
}

/// A message before it takes a channel's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message<P> {
    pub(super) markdown: String,
    pub(super) pictures: Vec<P>,
}

impl Wording {
    /// The message for `said`. `load` gets a picture in the form that the channel sends, if that is possible.
    pub(super) fn message<P>(&self, said: &Said, load: impl FnMut(&str) -> Option<P>) -> Message<P> {
        let markdown = match said {
            Said::Answer { entry, chosen, query_id: _ } => return answer(entry, *chosen, load),
            Said::Offer { questions } => offer(questions),
            Said::NotFound => format!(
                "没有找到这个问题的答案，已经记录下来。您可以换个说法再问一次，或回复“转人工”。\n\n{}",
                self.hand_over
            ),
            Said::HandOver => self.hand_over.clone(),
            Said::Rest(rest) => rest.clone(),
            Said::NoSuchChoice { offered } => {
                format!("请回复 1 到 {offered} 的数字；都不是请回复 0 转人工。")
            }
            Said::NothingOffered => {
                "没有可以选择的问题（选项 10 分钟内有效），请直接输入您的问题。".to_owned()
            }
            Said::Gone => "这个问题的答案刚刚被删除，请重新输入您的问题。".to_owned(),
            Said::WordsPlease => "我只能看懂文字，请用一句话描述您的问题。".to_owned(),
            Said::Welcome => self.welcome.clone(),
            Said::Busy => "现在咨询的人较多，请稍后再试。".to_owned(),
        };
        Message { markdown, pictures: Vec::new() }
    }
}

fn offer(questions: &[String]) -> String {
    let mut text = "您是不是想问：\n\n".to_owned();
    for (number, question) in (1..).zip(questions) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{number}. {question}");
    }
    text.push_str("\n回复数字查看答案；都不是请回复 0 转人工。");
    text
}

fn answer<P>(entry: &Entry, chosen: bool, load: impl FnMut(&str) -> Option<P>) -> Message<P> {
    let (text, pictures) = with_numbered_pictures(&entry.answer, load);
    let sure = if chosen { "" } else { "（较匹配）" };
    let mut markdown = format!("为您找到：**{}**{sure}\n\n{text}", entry.question);
    if let Some(origin) = origin(entry, &TimeZone::system()) {
        let _ = write!(markdown, "\n\n> {origin}");
    }
    Message { markdown, pictures }
}

/// Where the answer comes from and how old it is, by the calendar of `zone`.
fn origin(entry: &Entry, zone: &TimeZone) -> Option<String> {
    let source = entry.source.as_ref().map(|Source { file, heading, number: _, line: _ }| match heading {
        Some(heading) => format!("来源：{file} {heading}"),
        None => format!("来源：{file}"),
    });
    let updated = entry.updated_at.map(|time| format!("更新：{}", zone.to_datetime(time).date()));
    let parts: Vec<String> = source.into_iter().chain(updated).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// The answer with 【图1】 where its first picture stands, and so on. Pictures on the web stay as they are.
fn with_numbered_pictures<P>(answer: &Answer, mut load: impl FnMut(&str) -> Option<P>) -> (String, Vec<P>) {
    let markdown = answer.markdown();
    let (mut text, mut pictures, mut from) = (String::with_capacity(markdown.len()), Vec::new(), 0);
    for (event, range) in Parser::new(markdown).into_offset_iter() {
        let Event::Start(Tag::Image { dest_url, .. }) = event else { continue };
        if dest_url.starts_with("http://") || dest_url.starts_with("https://") || range.start < from {
            continue;
        }
        text.push_str(&markdown[from..range.start]);
        from = range.end;
        match load(&dest_url).filter(|_| pictures.len() < MAX_PICTURES) {
            Some(picture) => {
                pictures.push(picture);
                let _ = write!(text, "【图{}】", pictures.len());
            }
            None => text.push_str("【图片无法显示】"),
        }
    }
    text.push_str(&markdown[from..]);
    (text, pictures)
}

/// The part of `text` that fits into `limit` bytes, and what is left of it.
pub(super) fn cut(text: &str, limit: usize) -> (String, String) {
    if text.len() <= limit {
        return (text.to_owned(), String::new());
    }
    let end = text.floor_char_boundary(limit.saturating_sub(CUT.len()));
    // At the end of a line, unless that throws away too much.
    let at = text[..end].rfind('\n').filter(|&at| at > end / 2).unwrap_or(end);
    (format!("{}{CUT}", &text[..at]), text[at..].trim_start_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(answer: &str) -> Entry {
        let mut entry = Entry::new("g-1".parse().unwrap(), "群能解散吗？", answer);
        entry.source = Some(Source {
            file: "faq.md".into(),
            heading: Some("（三）客户联系".into()),
            ..Source::default()
        });
        entry.updated_at = Some("2026-03-01T16:30:00Z".parse().unwrap());
        entry
    }

    fn said(answer: &str) -> Said {
        Said::Answer { entry: entry(answer).into(), query_id: uuid::Uuid::nil(), chosen: false }
    }

    fn load(src: &str) -> Option<String> {
        (!src.contains("emf")).then(|| src.to_owned())
    }

    #[test]
    fn an_answer_names_its_question_numbers_its_pictures_and_says_where_it_comes_from() {
        let said =
            said("点击右上角 ![a](a.png)，\n\n![b](b.emf)\n\n再点 ![c](c.png) ![网](https://e.cn/d.png)");
        let message = Wording::default().message(&said, load);
        let origin = origin(&entry(""), &TimeZone::system()).unwrap();
        assert_eq!(
            message.markdown,
            format!(
                "为您找到：**群能解散吗？**（较匹配）\n\n点击右上角 【图1】，\n\n【图片无法显示】\n\n再点 【图2】 \
                 ![网](https://e.cn/d.png)\n\n> {origin}"
            )
        );
        assert_eq!(message.pictures, ["a.png", "c.png"]);
    }

    #[test]
    fn the_day_of_the_last_change_is_that_of_the_reader() {
        for (zone, day) in
            [(TimeZone::UTC, "2026-03-01"), (TimeZone::fixed(jiff::tz::offset(8)), "2026-03-02")]
        {
            let expected = format!("来源：faq.md （三）客户联系 · 更新：{day}");
            assert_eq!(origin(&entry(""), &zone), Some(expected));
        }
    }

    #[test]
    fn no_more_pictures_are_sent_than_a_message_takes() {
        let answer = "![](a.png)\n\n".repeat(12);
        let message = Wording::default().message(&said(&answer), load);
        assert_eq!(message.pictures.len(), MAX_PICTURES);
        assert_eq!(message.markdown.matches("【图片无法显示】").count(), 2);
    }

    #[test]
    fn offered_questions_are_numbered_and_can_all_be_refused() {
        let said = Said::Offer { questions: vec!["如何建群？".into(), "群能解散吗？".into()] };
        let text = Wording::default().message(&said, load).markdown;
        assert_eq!(
            text,
            "您是不是想问：\n\n1. 如何建群？\n2. 群能解散吗？\n\n回复数字查看答案；都不是请回复 0 转人工。"
        );
    }

    #[test]
    fn a_long_text_is_cut_at_a_line_and_nothing_is_lost() {
        let lines: Vec<String> = (0..200).map(|nth| format!("第{nth}步：打开设置")).collect();
        let text = lines.join("\n");
        let (mut rest, mut seen) = (text.clone(), Vec::new());
        while !rest.is_empty() {
            let (part, after) = cut(&rest, 500);
            assert!(part.len() <= 500, "{}", part.len());
            seen.push(part.strip_suffix(CUT).unwrap_or(&part).to_owned());
            rest = after;
        }
        assert!(seen.len() > 5);
        assert_eq!(seen.join("\n"), text);
        let (part, rest) = cut(&"群".repeat(300), 500);
        assert!(part.len() <= 500 && !rest.is_empty());
    }
}
