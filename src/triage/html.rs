//! HTML of a ticket to plain text: a line a block, list items as `- `, quoted mail and signatures left out.

use std::borrow::Cow;

use ego_tree::iter::Edge;
use scraper::{Html, Node, node::Element};

use super::pattern::Pattern;

/// A body as plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plain<'a> {
    /// The text; the body itself when that was plain.
    pub(super) text: Cow<'a, str>,
    /// Pictures in the HTML.
    pub(super) pictures: usize,
}

/// A tag that mail programs and ticket systems write. A lone `<` in plain text is none.
static TAG: Pattern = Pattern::new(
    r"(?i)<(?:!doctype|/?(?:html|body|p|div|br|span|table|ul|ol|li|blockquote|strong|em|img|font|h[1-6]|pre))\b[^<>]*>|</?[abi](?:\s+[a-z-]+\s*=[^<>]*)?>",
);

/// The same, escaped once more, as GLPI stores it.
static ESCAPED_TAG: Pattern = Pattern::new(r"(?i)&(?:lt|#60);/?(?:p|div|br|span|ul|ol|li|table)\b");

#[cfg(test)]
pub(super) static PATTERNS: [&Pattern; 2] = [&TAG, &ESCAPED_TAG];

/// osTicket marks an HTML message in this way.
const DATA_URI: &str = "data:text/html,";

/// Classes and ids of quoted mail and of signatures.
const LEFT_OUT: [&str; 10] = [
    "gmail_quote",
    "gmail_signature",
    "gmail_attr",
    "moz-cite-prefix",
    "moz-signature",
    "yahoo_quoted",
    "divrplyfwdmsg",
    "appendonsend",
    "js-signatureMarker",
    "foxmail_quote",
];

/// Reads `body`, whichever of the two it is.
pub(super) fn plain(body: &str) -> Plain<'_> {
    let body = body.strip_prefix(DATA_URI).unwrap_or(body);
    if TAG.is_match(body) {
        return render(body);
    }
    if ESCAPED_TAG.is_match(body) {
        return render(&Html::parse_fragment(body).root_element().text().collect::<String>());
    }
    Plain { text: Cow::Borrowed(body), pictures: 0 }
}

/// Without quoted mail, unless there is nothing else: a forwarded mail is all quotation.
fn render(html: &str) -> Plain<'static> {
    let own = walk(html, true);
    if own.text.is_empty() { walk(html, false) } else { own }
}

fn walk(html: &str, own_words_only: bool) -> Plain<'static> {
    let is_left_out = |element: &Element| {
        matches!(element.name(), "script" | "style" | "head" | "title" | "template")
            || (own_words_only && is_quoted(element))
    };
    let document = Html::parse_fragment(html);
    let (mut text, mut pictures, mut left_out) = (String::new(), 0, 0_usize);
    for edge in document.tree.root().traverse() {
        match edge {
            Edge::Open(node) => {
                if let Some(element) = node.value().as_element() {
                    if is_left_out(element) {
                        left_out += 1;
                    } else if left_out == 0 {
                        pictures += usize::from(element.name() == "img");
                        open(element, &mut text);
                    }
                } else if let Node::Text(part) = node.value()
                    && left_out == 0
                {
                    push_text(part, &mut text);
                }
            }
            Edge::Close(node) => {
                if let Some(element) = node.value().as_element() {
                    if is_left_out(element) {
                        left_out -= 1;
                    } else if left_out == 0 && is_block(element.name()) {
                        break_line(&mut text);
                    }
                }
            }
        }
    }
    text.truncate(text.trim_end().len());
    Plain { text: Cow::Owned(text), pictures }
}

fn is_quoted(element: &Element) -> bool {
    element.name() == "blockquote"
        || element
            .classes()
            .chain(element.id())
            .any(|class| LEFT_OUT.iter().any(|left_out| class.eq_ignore_ascii_case(left_out)))
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "li"
            | "ul"
            | "ol"
            | "tr"
            | "table"
            | "pre"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "section"
            | "article"
            | "hr"
    )
}

fn open(element: &Element, text: &mut String) {
    match element.name() {
        "br" => text.push('\n'),
        "li" => {
            break_line(text);
            text.push_str("- ");
        }
        "td" | "th" if !text.ends_with('\n') && !text.is_empty() => text.push(' '),
        name if is_block(name) => break_line(text),
        _ => {}
    }
}

fn break_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// White space in HTML is one space, and none at the start of a line.
fn push_text(part: &str, text: &mut String) {
    for c in part.chars() {
        if !c.is_whitespace() {
            text.push(c);
        } else if !text.is_empty() && !text.ends_with(char::is_whitespace) {
            text.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_lines_and_quoted_mail_is_left_out() {
        for (html, wanted) in [
            ("<p>群怎么&nbsp;解散？</p><p>谢谢</p>", "群怎么 解散？\n谢谢"),
            (
                "<div>问题：<ol><li>打印机连不上</li><li>VPN 登录不上</li></ol></div>",
                "问题：\n- 打印机连不上\n- VPN 登录不上",
            ),
            ("怎么退款<br>急<br/>", "怎么退款\n急"),
            ("<p>怎么退款</p><blockquote><p>旧邮件</p></blockquote>", "怎么退款"),
            (
                "<div>怎么退款</div><div class=\"gmail_quote other\">旧<p>邮件</p></div><p>急</p>",
                "怎么退款\n急",
            ),
            ("<style>p{color:red}</style><p>怎么退款</p><script>x()</script>", "怎么退款"),
            ("data:text/html,<p>怎么退款</p>", "怎么退款"),
            ("&lt;p&gt;怎么退款&lt;/p&gt;&lt;p&gt;急&lt;/p&gt;", "怎么退款\n急"),
            ("<b>怎么退款", "怎么退款"),
            ("<blockquote>怎么退款</blockquote>", "怎么退款"),
        ] {
            assert_eq!(plain(html).text, wanted, "{html}");
        }
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in ["温度 < 5 度怎么办 > 谢谢", "a<b 且 b>c", "", "  怎么退款\n\n谢谢  ", "R&D 部门怎么报销"]
        {
            let plain = plain(text);
            assert!(matches!(plain.text, Cow::Borrowed(same) if same == text), "{text:?}: {plain:?}");
        }
    }

    #[test]
    fn pictures_are_counted() {
        assert_eq!(plain("<p><img src=\"cid:1\"><img src='a.png'></p>").pictures, 2);
    }

    #[test]
    fn deep_nesting_is_no_trouble() {
        let html = format!("{}怎么退款{}", "<div>".repeat(20_000), "</div>".repeat(20_000));
        assert_eq!(plain(&html).text, "怎么退款");
    }
}
