//! What of a ticket's text is the requester's own: without quoted mail, signatures and sign-offs; and where order
//! numbers, phone numbers and addresses stand, which say nothing about the question.

use std::ops::Range;

use super::{cues, pattern::Pattern};

/// From such a line on it is an earlier mail.
static QUOTE_BEGINS: Pattern = Pattern::new(
    r"(?i)^\s*(?:[-—_=]{2,}\s*(?:原始邮件|原邮件|回复的(?:原)?邮件|转发的?邮件|original message|forwarded message).*|(?:在|于)?\s*\d{4}.{4,80}(?:写道|寫道)\s*[:：]?|on\b.{4,120}\bwrote:)\s*$",
);

/// Hands on what stands below.
static FORWARDS: Pattern =
    Pattern::new(r"转(?:发|一下|给|来|达)|见下|如下|以下|下面|下方|帮.{0,6}(?:看|回复|处理|答)|fyi");

/// The head of a quoted mail; two of these in a row make one.
static MAIL_HEADER: Pattern = Pattern::new(
    r"(?i)^\s*\*{0,2}(?:发件人|寄件者|收件人|抄送|发送时间|发送日期|日期|主题|from|to|cc|sent|date|subject)\*{0,2}\s*[:：]",
);

/// From such a line on it is a signature.
static SIGNATURE_BEGINS: Pattern = Pattern::new(r"^\s*(?:--\s*|_{5,}\s*|-{5,}\s*|={5,}\s*)$");

/// A line that a mail program adds.
static PROGRAM_LINE: Pattern = Pattern::new(
    r"(?i)^\s*(?:发自|来自)我的.{0,20}$|^\s*sent from (?:my|mail for) .{0,30}$|^\s*获取\s*outlook.{0,20}$|^\s*\[?(?:图片|image|cid:)[^\]]{0,60}\]\s*$|^\s*(?:此邮件|本邮件|本电子邮件).{0,200}(?:保密|机密|confidential).*$",
);

/// After such a line a name, a department and a date may follow, but rarely a question.
static SIGN_OFF: Pattern = Pattern::new(
    r"(?i)^[\s\p{P}]*(?:(?:万分|非常|十分)?(?:谢谢|感谢|多谢|拜谢)(?:您|你|各位|大家|啦|了|支持|配合)*|祝好|顺?祝?商祺|顺颂.{2}|此致|敬礼|盼复|盼回复|望回复|best regards?|kind regards?|regards|thanks?|thx)[\s\p{P}]*$",
);

/// A line of somebody's card.
static CARD_LINE: Pattern = Pattern::new(
    r"(?i)^\s*(?:电话|手机|座机|传真|tel|mobile|phone|邮箱|邮件|e-?mail|地址|微信|qq|网址|部门|姓名|联系人|联系方式|联系电话|工号|分机)\s*[:：]",
);

/// A number with what it is called: 订单号：E2024…, 我的工号是 10234.
static LABELLED_NUMBER: Pattern = Pattern::new(
    r"(?i)[（(]?(?:我的|本人)?(?:订单|运单|快递|物流|退款|售后|工单|流水|合同|发票|保单|学|工|会员|设备|资产|账|卡|手机|电话|联系|客户|编)(?:单|编)?(?:号码|号|电话|方式|编号)?(?:是|为)?\s*[:：#]?\s*[a-z]{0,6}-?[0-9][a-z0-9-]{3,}[）)]?",
);

/// A long number, or an address, standing alone.
static BARE_NUMBER: Pattern = Pattern::new(
    r"(?i)[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?-u:\b)[a-z]{0,6}-?\d{3,4}-?\d{4,}[\d-]*(?-u:\b)|https?://[^\s\u4e00-\u9fff，。；！？）]+",
);

#[cfg(test)]
pub(super) static PATTERNS: [&Pattern; 9] = [
    &QUOTE_BEGINS,
    &FORWARDS,
    &MAIL_HEADER,
    &SIGNATURE_BEGINS,
    &PROGRAM_LINE,
    &SIGN_OFF,
    &CARD_LINE,
    &LABELLED_NUMBER,
    &BARE_NUMBER,
];

/// A sign-off is followed by at most this many lines.
const SIGN_OFF_LINES: usize = 6;

/// Lines after a sign-off are at most this long.
const SIGN_OFF_CHARS: usize = 30;

/// The lines of `text` that the requester wrote, as byte ranges without their line ends, in order.
pub(super) fn own_lines(text: &str) -> Vec<Range<usize>> {
    let lines: Vec<Range<usize>> = lines(text).collect();
    let quote = (0..lines.len()).find(|&at| begins_quote(text, &lines[at], &lines[at + 1..]));
    let above = own(text, &lines[..quote.unwrap_or(lines.len())]);
    // The mail was forwarded, as it is or with a word, and the question is in it.
    let is_any = |pattern: fn(&str) -> bool| above.iter().any(|line| pattern(&text[line.clone()]));
    let forwards = above.is_empty() || is_any(|line| FORWARDS.is_match(line)) && !is_any(cues::asks);
    if quote.is_some() && forwards { own(text, &lines) } else { above }
}

fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        start..start + line.trim_end_matches(['\n', '\r']).len()
    })
}

/// Whether earlier mail begins with `line`; `behind` are the lines after it.
fn begins_quote(text: &str, line: &Range<usize>, behind: &[Range<usize>]) -> bool {
    let is_header = |line: &Range<usize>| MAIL_HEADER.is_match(&text[line.clone()]);
    let next = || behind.iter().find(|next| !text[(*next).clone()].trim().is_empty());
    QUOTE_BEGINS.is_match(&text[line.clone()]) || (is_header(line) && next().is_some_and(is_header))
}

/// Without lines that only mail programs write, and without the signature at the end.
fn own(text: &str, lines: &[Range<usize>]) -> Vec<Range<usize>> {
    let signature = lines.iter().position(|line| SIGNATURE_BEGINS.is_match(&text[line.clone()]));
    let mut kept: Vec<Range<usize>> = lines[..signature.filter(|&at| at > 0).unwrap_or(lines.len())]
        .iter()
        .filter(|line| {
            let line = &text[(*line).clone()];
            let is_quoted = line.trim_start().starts_with(['>', '＞']);
            !line.trim().is_empty()
                && !is_quoted
                && ![&PROGRAM_LINE, &QUOTE_BEGINS, &MAIL_HEADER].iter().any(|pattern| pattern.is_match(line))
        })
        .cloned()
        .collect();
    if let Some(at) = kept.iter().rposition(|line| SIGN_OFF.is_match(&text[line.clone()])) {
        let after = &kept[at + 1..];
        let is_name = |line: &Range<usize>| {
            let line = &text[line.clone()];
            line.chars().count() <= SIGN_OFF_CHARS && !cues::asks(line)
        };
        if after.len() <= SIGN_OFF_LINES && after.iter().all(is_name) {
            kept.truncate(at);
        }
    }
    kept.retain(|line| !CARD_LINE.is_match(&text[line.clone()]));
    kept
}

/// Where numbers and addresses stand that tell one customer from another and no question from another.
pub(super) fn identifiers(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = LABELLED_NUMBER
        .find_iter(text)
        .chain(BARE_NUMBER.find_iter(text))
        .map(|found| found.range())
        .collect();
    found.sort_by_key(|range| range.start);
    // Of two that overlap the first is the wider one: the number with what it is called.
    found.dedup_by(|next, before| next.start < before.end);
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(text: &str) -> Vec<&str> {
        own_lines(text).into_iter().map(|line| &text[line]).collect()
    }

    #[test]
    fn quoted_mail_and_signatures_are_left_out() {
        for (text, wanted) in [
            (
                "小李，转发一个问题，见下：\n-----原始邮件-----\n群怎么解散？",
                &["小李，转发一个问题，见下：", "群怎么解散？"][..],
            ),
            ("已解决，谢谢\n-----原始邮件-----\n群怎么解散？", &["已解决，谢谢"]),
            ("群怎么解散？\n\n> 旧邮件\n> 还是旧邮件", &["群怎么解散？"][..]),
            ("群怎么解散？\n\n-----原始邮件-----\n发件人: 小王\n内容", &["群怎么解散？"]),
            ("群怎么解散？\n在 2026年3月2日 10:00，客服 写道：\n您好", &["群怎么解散？"]),
            ("群怎么解散？\nOn Mon, Mar 2, 2026 at 10:00, Help <a@b.cn> wrote:\nHi", &["群怎么解散？"]),
            ("群怎么解散？\n发件人：客服\n发送时间：2026-03-02\n您好", &["群怎么解散？"]),
            ("群怎么解散？\n发件人：客服\n\n发送时间：2026-03-02\n您好", &["群怎么解散？"]),
            ("发送时间：2026-03-02\n群怎么解散？\n主题：旧邮件", &["群怎么解散？"]),
            ("群怎么解散？\n-- \n王小明\n销售部", &["群怎么解散？"]),
            ("群怎么解散？\n发自我的 iPhone", &["群怎么解散？"]),
            ("群怎么解散？\n谢谢！\n王小明\n2026-03-02", &["群怎么解散？"]),
            ("群怎么解散？\n谢谢！\n还有怎么退群？", &["群怎么解散？", "谢谢！", "还有怎么退群？"]),
            ("群怎么解散？\n电话：13800000000", &["群怎么解散？"]),
            ("发件人：门店\n收件人：客服\n群怎么解散？", &["群怎么解散？"]),
            ("\r\n群怎么解散？\r\n", &["群怎么解散？"]),
            ("", &[]),
        ] {
            assert_eq!(kept(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn numbers_of_orders_and_people_are_found() {
        for (text, wanted) in [
            ("订单号：E20261123001，怎么退", &["订单号：E20261123001"][..]),
            ("我的订单20261123001还没到", &["我的订单20261123001"]),
            ("（订单 JD-88213345）怎么开票", &["（订单 JD-88213345）"]),
            ("打我手机13812345678", &["手机13812345678"]),
            ("联系我 wang@example.com 谢谢", &["wang@example.com"]),
            ("见https://example.com/a?b=1，打不开", &["https://example.com/a?b=1"]),
            ("报错0x80070035怎么办", &[]),
            ("Win11 升级后 500 错误", &[]),
            ("2026年的年假", &[]),
        ] {
            let found: Vec<&str> = identifiers(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, wanted, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_ranges_within_it(text in "(群怎么解散？|谢谢|> |-- |\n|发件人：|订单号123456|\\PC){0,20}") {
            for range in own_lines(&text).into_iter().chain(identifiers(&text)) {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
