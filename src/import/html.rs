//! Web pages: schema.org `FAQPage` where a page says what its questions are, else what a reader would see.

use htmd::{
    Element, HtmlToMarkdown,
    element_handler::Handlers,
    options::{BrStyle, BulletListMarker, Options},
};
use scraper::{Html, Selector};
use serde_json::Value;

use super::{Import, ImportError, Origin, json, markdown};

/// Larger pages are refused.
const MAX_BYTES: usize = 16 << 20;
/// Elements may be nested this deep; converters call themselves for each level.
const MAX_DEPTH: usize = 256;
/// Tags that are open at once before anybody has looked which of them close each other: beyond, parsing takes for ever.
const MAX_OPEN: usize = 2_000;
/// Elements that nothing is in, or that end where the next one begins.
const UNCLOSED: [&str; 24] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "option", "body",
];

/// Imports a page.
pub(super) fn import(origin: &Origin<'_>, text: &str) -> Result<Import, ImportError> {
    let file = || origin.file.to_owned();
    if text.len() > MAX_BYTES {
        return Err(ImportError::TooLarge { file: file(), limit: MAX_BYTES as u64 });
    }
    let too_deep = || ImportError::TooDeep { file: file(), limit: MAX_DEPTH };
    let page = parsed(text, Html::parse_document).ok_or_else(too_deep)?;
    let blocks = structured(&page);
    let questions: Vec<&Value> = blocks.iter().flat_map(json::faq_page::questions).collect();
    if !questions.is_empty() {
        return Ok(json::faq_page::import(origin, &questions));
    }
    Ok(markdown::import(origin, &convert(text)))
}

/// The JSON-LD blocks of a page that can be read.
fn structured(page: &Html) -> Vec<Value> {
    let Ok(scripts) = Selector::parse("script[type='application/ld+json']") else { return Vec::new() };
    let read =
        |script: scraper::ElementRef<'_>| serde_json::from_str(&script.text().collect::<String>()).ok();
    page.select(&scripts).filter_map(read).collect()
}

/// The tree of a text; `None` when it is nested too deep.
fn parsed(html: &str, parse: impl Fn(&str) -> Html) -> Option<Html> {
    if most_open(html) > MAX_OPEN {
        return None;
    }
    let page = parse(html);
    let fits = page.tree.root().descendants().all(|node| node.ancestors().nth(MAX_DEPTH).is_none());
    fits.then_some(page)
}

/// How many tags are open at most, counted without looking whether they match.
fn most_open(html: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        if tag.starts_with('/') {
            open = open.saturating_sub(1);
        } else if tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
            let closed = UNCLOSED.iter().any(|name| name.eq_ignore_ascii_case(&tag[..end]));
            open += usize::from(!closed);
            most = most.max(open);
        }
    }
    most
}

/// HTML as Markdown: what a reader sees of it.
pub(super) fn convert(html: &str) -> String {
    let converter = HtmlToMarkdown::builder()
        .options(Options {
            bullet_list_marker: BulletListMarker::Dash,
            br_style: BrStyle::Backslash,
            ul_bullet_spacing: 1,
            ol_number_spacing: 1,
            ..Options::default()
        })
        .skip_tags(vec!["script", "style", "noscript", "template", "nav", "head", "button", "svg", "iframe"])
        // Questions that fold and lists of terms: what is pressed is the question.
        .add_handler(vec!["summary", "dt"], |handlers: &dyn Handlers, element: Element<'_>| {
            let words = handlers.walk_children(element.node).content;
            let words = words.trim().replace("**", "").trim_start_matches(['#', ' ']).replace('\n', " ");
            Some((if words.is_empty() { words } else { format!("\n\n**问：{words}**\n\n") }).into())
        })
        .add_handler(vec!["dd"], |handlers: &dyn Handlers, element: Element<'_>| {
            let words = handlers.walk_children(element.node).content;
            Some(format!("\n\n答：{}\n\n", words.trim()).into())
        })
        .build();
    // Reading from memory cannot fail.
    converter.convert(html).unwrap_or_default()
}

/// An answer that may hold HTML, as Markdown.
pub(super) fn to_markdown(text: &str) -> String {
    let has_tag = text
        .split('<')
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && rest.contains('>'));
    let has_entity = text.split('&').skip(1).any(|rest| {
        rest.split(';').next().is_some_and(|name| {
            rest.contains(';')
                && name.len() < 10
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
        })
    });
    let is_html = has_tag || has_entity;
    if is_html && parsed(text, Html::parse_fragment).is_some() { convert(text) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{Options, import_bytes};

    fn import(text: &str) -> Import {
        import_bytes("page.html", text.as_bytes(), &Options::default()).unwrap()
    }

    fn texts(import: &Import) -> Vec<(&str, &str)> {
        import.entries.iter().map(|entry| (entry.question.as_str(), entry.answer.markdown())).collect()
    }

    #[test]
    fn a_page_that_says_what_its_questions_are_is_believed() {
        for (wrapper, end) in [
            (r#"{"@context":"https://schema.org","@type":"FAQPage","mainEntity":["#, "]}"),
            (r#"{"@type":["WebPage","FAQPage"],"hasPart":["#, "]}"),
            (r#"{"@graph":[{"@type":"WebSite"},{"@type":"FAQPage","mainEntity":["#, "]}]}"),
            ("[", "]"),
        ] {
            let page = format!(
                "<html><head><script type='application/ld+json'>{wrapper}\
                 {{\"@type\":\"Question\",\"name\":\"怎么退群？\",\"acceptedAnswer\":{{\"@type\":\"Answer\",\
                 \"text\":\"<p>点 <b>右上角</b></p><ul><li>退出</li></ul>\"}}}},\
                 {{\"@type\":\"Question\",\"text\":\"A &amp; B?\",\"acceptedAnswer\":[{{\"text\":\"1 < 2\"}}]}},\
                 {{\"@type\":\"Question\",\"name\":\"没有答案\"}}{end}</script></head>\
                 <body><h2>别的</h2><p>正文</p></body></html>"
            );
            let import = import(&page);
            assert_eq!(
                texts(&import),
                [("怎么退群？", "点 **右上角**\n\n- 退出"), ("A & B?", "1 < 2")],
                "{wrapper}"
            );
            let codes: Vec<_> = import.report.issues.iter().map(|it| (it.line, it.kind.code())).collect();
            assert_eq!(codes, [(Some(3), "question_without_answer")]);
        }
    }

    #[test]
    fn other_pages_are_read_as_a_reader_sees_them() {
        let import = import(
            "<!doctype html><title>x</title><style>p{}</style><nav>首页</nav><h1>帮助</h1>\
             <h2>怎么退群？</h2><p>点击右上角。</p><img src='https://example.com/a.png' alt='图'>\
             <details><summary>怎么入群？</summary><p>扫码。</p></details>\
             <dl><dt>怎么建群？</dt><dd>点加号。</dd></dl><script>alert(1)</script>",
        );
        assert_eq!(
            texts(&import),
            [
                ("怎么退群？", "点击右上角。\n\n![图](https://example.com/a.png)"),
                ("怎么入群？", "扫码。"),
                ("怎么建群？", "点加号。"),
            ]
        );
    }

    #[test]
    fn a_page_nested_without_end_is_refused() {
        for depth in [300, 3_000_000] {
            let page = "<div>".repeat(depth);
            let error = import_bytes("page.html", page.as_bytes(), &Options::default()).unwrap_err();
            assert!(matches!(error, ImportError::TooDeep { .. }), "{error}");
        }
    }
}
