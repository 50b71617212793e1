//! The HTML that converters leave in Markdown: anchors, formatting, pictures.

use super::super::pictures::{attribute, html_picture};

/// What an HTML tag means for a FAQ.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HtmlTag {
    /// Anchors, fonts, comments: nothing a reader would miss.
    Noise,
    /// Begins or ends bold words.
    Bold,
    /// `<br>`
    LineBreak,
    /// `<img>`
    Picture {
        /// Path or address.
        src: String,
        /// Words for those who cannot see it.
        alt: String,
    },
    /// `<a href>`
    Link(String),
    /// `</a>`, of a link or of a mere anchor.
    AnchorEnd,
    /// Kept as it is.
    Other,
}

/// Tells what a tag means.
pub(super) fn tag(raw: &str) -> HtmlTag {
    if raw.starts_with("<!--") {
        return HtmlTag::Noise;
    }
    let name = raw.trim_start_matches(['<', '/']);
    let name = name.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':')).next().unwrap_or_default();
    match name.to_ascii_lowercase().as_str() {
        "a" if raw.starts_with("</") => HtmlTag::AnchorEnd,
        "a" => match attribute(raw, "href") {
            // Links within the document lead nowhere once it is cut into entries.
            Some(address) if !address.starts_with('#') => HtmlTag::Link(address.to_owned()),
            Some(_) | None => HtmlTag::Noise,
        },
        "span" | "font" | "u" | "ins" | "o:p" | "center" | "p" | "div" => HtmlTag::Noise,
        "b" | "strong" => HtmlTag::Bold,
        "br" => HtmlTag::LineBreak,
        "img" => match html_picture(raw) {
            Some((src, alt)) => HtmlTag::Picture { src: src.to_owned(), alt: alt.to_owned() },
            None => HtmlTag::Noise,
        },
        _ => HtmlTag::Other,
    }
}

/// Splits a line into tags and what stands between them.
pub(super) fn split(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = if rest.starts_with('<') {
            rest.find('>').map_or(rest.len(), |end| end + 1)
        } else {
            rest.find('<').unwrap_or(rest.len())
        };
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(part)
    })
}

/// The line behind the anchors and formatting tags at its beginning.
pub(super) fn behind_anchors(line: &str) -> &str {
    let mut rest = line;
    while rest.starts_with('<')
        && let Some(end) = rest.find('>')
        && matches!(tag(&rest[..=end]), HtmlTag::Noise | HtmlTag::AnchorEnd)
    {
        rest = rest[end + 1..].trim_start();
    }
    rest
}

/// A picture as Markdown.
pub(in crate::import) fn markdown_picture(src: &str, alt: &str) -> String {
    let alt = alt.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("![{}]({})", escaped(&alt, &['[', ']', '\\', '`', '<', '*']), markdown_address(src))
}

/// An address as Markdown wants it.
pub(in crate::import) fn markdown_address(address: &str) -> String {
    let plain = !address.is_empty()
        && !address.contains(|c: char| c.is_whitespace() || c.is_control() || "()<>\\".contains(c));
    if plain {
        return address.to_owned();
    }
    let one_line: String = address.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    if one_line.is_empty() { String::new() } else { format!("<{}>", escaped(&one_line, &['<', '>', '\\'])) }
}

fn escaped(text: &str, special: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faq::{Answer, Image};

    #[test]
    fn any_address_and_words_survive_as_markdown() {
        for (src, alt) in [("a.png", "图"), ("图 (1).png", "a]b*c"), ("a<b>.png", "`x"), ("a\\b.png", "")] {
            let images = Answer::new(markdown_picture(src, alt)).images();
            assert_eq!(images, [Image { src: src.into(), alt: alt.into() }]);
        }
    }

    #[test]
    fn tags_are_told_apart() {
        assert_eq!(tag("<a name=\"b\">"), HtmlTag::Noise);
        assert_eq!(tag("<a href='x'>"), HtmlTag::Link("x".into()));
        assert_eq!(tag("</STRONG>"), HtmlTag::Bold);
        assert_eq!(tag("<br/>"), HtmlTag::LineBreak);
        assert_eq!(split("a<b>c<d").collect::<Vec<_>>(), ["a", "<b>", "c", "<d"]);
        assert_eq!(behind_anchors("<a name=x></a> **1、**"), "**1、**");
    }
}
