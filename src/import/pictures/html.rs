//! Attributes of the HTML tags that stand in Markdown.

/// `src` and `alt` of the first `<img …>` tag in a piece of HTML.
pub(in crate::import) fn html_picture(html: &str) -> Option<(&str, &str)> {
    let start = html.as_bytes().windows(4).position(|window| window.eq_ignore_ascii_case(b"<img"))?;
    let tag = &html[start..];
    let tag = &tag[..tag.find('>').map_or(tag.len(), |end| end + 1)];
    Some((attribute(tag, "src")?, attribute(tag, "alt").unwrap_or_default()))
}

/// Value of an attribute of an HTML tag.
pub(in crate::import) fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let at = from + lower[from..].find(name)?;
        from = at + name.len();
        let before = lower[..at].chars().next_back();
        let Some(value) = tag[from..].trim_start().strip_prefix('=') else { continue };
        if !before.is_some_and(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '/')) {
            continue;
        }
        let value = value.trim_start();
        return match value.chars().next()? {
            quote @ ('"' | '\'') => value[1..].split(quote).next(),
            _ => value.split([' ', '\t', '\n', '>']).next(),
        };
    }
}
