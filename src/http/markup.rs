//! Answers as HTML that a page can show as it is: rendered from Markdown, then sanitised.
//!
//! Whoever may write answers must not be able to run anything in the browser of whoever reads them, nor to make it
//! call elsewhere. What is left is text, lists, tables, links that open only when they are followed, and pictures of
//! this service.

use std::{collections::HashSet, sync::LazyLock};

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html::push_html};

/// Where the pictures of answers are served.
const PICTURES: &str = "/v1/assets/";

/// Read out for a picture that has no text of its own, which links to itself.
const PICTURE: &str = "图片";

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("img", "loading", "lazy")
        .rm_tag_attributes("img", ["width", "height"])
        .attribute_filter(|element, attribute, value| match (element, attribute) {
            // Anything else would call elsewhere as soon as it is shown.
            ("img", "src") => value.starts_with(PICTURES).then(|| value.into()),
            _ => Some(value.into()),
        });
    builder
});

/// Renders `markdown`, in which stored pictures have their addresses. They link to themselves; one from elsewhere becomes a link to it, and one that is
/// nowhere its text.
#[must_use]
pub(super) fn html(markdown: &str) -> String {
    let parser = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let mut rendered = String::with_capacity(markdown.len() * 2);
    push_html(&mut rendered, with_linked_pictures(parser).into_iter());
    SANITIZER.clean(&rendered).to_string()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "of CommonMark's many events only these matter here")]
fn with_linked_pictures<'a>(mut events: impl Iterator<Item = Event<'a>>) -> Vec<Event<'a>> {
    let mut all = Vec::new();
    let mut inside_link = false;
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let text = text_of_picture(&mut events);
                let shown =
                    || if text.is_empty() { CowStr::from(PICTURE) } else { CowStr::from(text.clone()) };
                let is_stored = dest_url.starts_with(PICTURES);
                let is_elsewhere = dest_url.starts_with("http://") || dest_url.starts_with("https://");
                let is_linked = !inside_link && (is_stored || is_elsewhere);
                if is_linked {
                    let (dest_url, title, id) = (dest_url.clone(), CowStr::from(""), CowStr::from(""));
                    all.push(Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id }));
                }
                if is_elsewhere {
                    all.push(Event::Text(shown()));
                } else {
                    all.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
                    all.push(Event::Text(shown()));
                    all.push(Event::End(TagEnd::Image));
                }
                if is_linked {
                    all.push(Event::End(TagEnd::Link));
                }
            }
            event => {
                match event {
                    Event::Start(Tag::Link { .. }) => inside_link = true,
                    Event::End(TagEnd::Link) => inside_link = false,
                    _ => {}
                }
                all.push(event);
            }
        }
    }
    all
}

/// Reads to the end of a picture that has begun.
#[expect(clippy::wildcard_enum_match_arm, reason = "of CommonMark's many events only these matter here")]
fn text_of_picture<'a>(events: &mut impl Iterator<Item = Event<'a>>) -> String {
    let mut text = String::new();
    // A picture may stand in the text of another one.
    let mut open = 1;
    for event in events {
        match event {
            Event::Start(Tag::Image { .. }) => open += 1,
            Event::End(TagEnd::Image) if open == 1 => break,
            Event::End(TagEnd::Image) => open -= 1,
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STORED: &str = "/v1/assets/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.png";

    #[test]
    fn a_stored_picture_is_shown_and_opens_itself() {
        let html = html(&format!("点击**这里**\n\n![第一步]({STORED})"));
        assert!(html.starts_with("<p>点击<strong>这里</strong></p>"), "{html}");
        assert!(html.contains(&format!("<a href=\"{STORED}\"")), "{html}");
        assert!(html.contains(&format!("src=\"{STORED}\" alt=\"第一步\"")), "{html}");
    }

    #[test]
    fn a_picture_without_text_or_within_a_link_can_still_be_named_and_followed() {
        assert!(html(&format!("![]({STORED})")).contains("alt=\"图片\""));
        let linked = html(&format!("[![图]({STORED})](https://example.com)"));
        assert_eq!(linked.matches("<a ").count(), 1, "{linked}");
        assert!(linked.contains("href=\"https://example.com\""), "{linked}");
    }

    #[test]
    fn a_picture_from_elsewhere_is_a_link_and_one_that_is_nowhere_its_text() {
        let elsewhere = html("![图](https://example.com/a.png)");
        assert!(
            !elsewhere.contains("<img") && elsewhere.contains("href=\"https://example.com/a.png\""),
            "{elsewhere}"
        );
        let nowhere = html("![位置](pictures/a.png)");
        assert!(!nowhere.contains("src=") && nowhere.contains("alt=\"位置\""), "{nowhere}");
    }

    #[test]
    fn hostile_markdown_is_harmless() {
        for hostile in [
            "<script>alert(1)</script>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt&#58;alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "<img src=x onerror=alert(1)>",
            "<img src=\"https://evil.example/p.png\">",
            "![x](//evil.example/p.png)",
            "<svg onload=alert(1)></svg>",
            "<iframe src=https://evil.example></iframe>",
            "<p style=\"background:url(https://evil.example)\">a</p>",
            "<a href=\"vbscript:x\" onclick=alert(1)>x</a>",
            "![x\" onerror=\"alert(1)](a.png)",
            "<form action=https://evil.example><button>x</button></form>",
        ] {
            assert_harmless(&html(hostile));
        }
    }

    fn assert_harmless(html: &str) {
        let page = scraper::Html::parse_fragment(html);
        for element in page.root_element().descendants().filter_map(scraper::ElementRef::wrap) {
            let name = element.value().name();
            assert!(
                !matches!(name, "script" | "svg" | "iframe" | "form" | "style" | "link" | "base" | "object"),
                "{html}"
            );
            for (attribute, value) in element.value().attrs() {
                assert!(!attribute.starts_with("on") && attribute != "style", "{html}");
                if attribute == "src" {
                    assert!(value.starts_with(PICTURES), "{html}");
                }
                if attribute == "href" {
                    let scheme = value.split_once(':').map(|(scheme, _)| scheme);
                    assert!(scheme.is_none_or(|s| ["http", "https", "mailto", "tel"].contains(&s)), "{html}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_harmless(
            text in r#"([<>/\[\]()!"'=`*_ \n]|script|img|src|href|onerror|javascript:|https://e.example|assets/|a){0,40}"#
        ) {
            assert_harmless(&html(&text));
        }
    }
}
