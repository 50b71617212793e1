//! The pictures of an answer: is the file there, and may it be read at all?
//!
//! A relative picture must stay inside the FAQ's folder however its path is spelled, because whoever shows the
//! answer will read that file. Web addresses are left alone.

use std::{borrow::Cow, ops::Range, path::Path};

use pulldown_cmark::{Event, Parser, Tag};

use super::report::IssueKind;
use crate::faq::Answer;

/// Checks every picture of an answer. Those that must not be read are cut out of the text; the issues tell.
pub(super) fn check(answer: Answer, folder: Option<&Path>) -> (Answer, Vec<IssueKind>) {
    let mut issues = Vec::new();
    let mut refused: Vec<Range<usize>> = Vec::new();
    for (event, range) in Parser::new(answer.markdown()).into_offset_iter() {
        let src = if let Event::Start(Tag::Image { dest_url, .. }) = event {
            Some(dest_url.into_string())
        } else if let Event::Html(html) | Event::InlineHtml(html) = &event {
            html_picture(html).map(|(src, _)| src.to_owned())
        } else {
            None
        };
        let Some(src) = src else { continue };
        match judge(&src, folder) {
            Judgement::Fine => {}
            Judgement::Missing => issues.push(IssueKind::PictureMissing { src }),
            Judgement::Refused(reason) => {
                issues.push(IssueKind::PictureRefused { src, reason });
                refused.push(range);
            }
        }
    }
    if refused.is_empty() {
        return (answer, issues);
    }
    let markdown = answer.markdown();
    let mut kept = String::with_capacity(markdown.len());
    let mut from = 0;
    for range in refused {
        // A picture inside the text of a refused one is gone with it.
        if range.start >= from {
            kept.push_str(&markdown[from..range.start]);
            from = range.end;
        }
    }
    kept.push_str(&markdown[from..]);
    (Answer::new(kept), issues)
}

/// `src` and `alt` of the first `<img …>` tag in a piece of HTML.
pub(super) fn html_picture(html: &str) -> Option<(&str, &str)> {
    let start = html.as_bytes().windows(4).position(|window| window.eq_ignore_ascii_case(b"<img"))?;
    let tag = &html[start..];
    let tag = &tag[..tag.find('>').map_or(tag.len(), |end| end + 1)];
    Some((attribute(tag, "src")?, attribute(tag, "alt").unwrap_or_default()))
}

/// Value of an attribute of an HTML tag.
pub(super) fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
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

enum Judgement {
    Fine,
    Missing,
    Refused(&'static str),
}

/// Longest path Linux takes; also bounds the decoding below.
const MAX_PATH_BYTES: usize = 4096;
const LEAVES: &str = "its path leaves the folder of the FAQ";
const ABSOLUTE: &str = "its path must be relative to the folder of the FAQ";

fn judge(src: &str, folder: Option<&Path>) -> Judgement {
    let mut path = Cow::Borrowed(src.trim());
    if is_web_address(&path) {
        return Judgement::Fine;
    }
    if path.len() > MAX_PATH_BYTES {
        return Judgement::Refused("its path is too long");
    }
    // Whoever serves the picture may decode once more than we do, so every stage has to be harmless.
    loop {
        if let Some(reason) = objection(&path) {
            return Judgement::Refused(reason);
        }
        match percent_decoded(&path) {
            Some(Ok(decoded)) => path = Cow::Owned(decoded),
            Some(Err(())) => return Judgement::Refused("its path is not valid UTF-8"),
            None => break,
        }
    }
    let (Some(folder), false) = (folder, path.is_empty()) else { return Judgement::Missing };
    // Both spellings exist on disk: a file may really be called `a%20b.png`.
    for candidate in [path.as_ref(), src.trim()] {
        let Ok(file) = folder.join(candidate.replace('\\', "/")).canonicalize() else { continue };
        // A link inside the folder may point anywhere.
        if !folder.canonicalize().is_ok_and(|folder| file.starts_with(folder)) {
            return Judgement::Refused(LEAVES);
        }
        if file.is_file() {
            return Judgement::Fine;
        }
    }
    Judgement::Missing
}

fn is_web_address(src: &str) -> bool {
    let starts = |prefix: &str| src.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix));
    starts("http://") || starts("https://") || starts("data:image/")
}

/// What is wrong with a path, whatever system it was written on.
fn objection(path: &str) -> Option<&'static str> {
    if path.chars().any(char::is_control) {
        return Some("its path holds a control character");
    }
    // `/a`, `\a`, `//host/a`, `C:\a`, `file:a`
    if path.starts_with(['/', '\\', '~']) || path.split(['/', '\\']).next().is_some_and(|it| it.contains(':'))
    {
        return Some(ABSOLUTE);
    }
    let mut depth = 0_usize;
    for part in path.split(['/', '\\']) {
        // Windows drops dots and spaces at the end of a name: `.. ` is `..` there.
        match part.trim_end_matches(' ') {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return Some(LEAVES),
            },
            _ => depth += 1,
        }
    }
    None
}

/// The path with `%2e` and the like decoded once; `None` when there is nothing to decode.
fn percent_decoded(path: &str) -> Option<Result<String, ()>> {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        if let (b'%', [high, low, after @ ..]) = (first, after)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            decoded.push((high * 16 + low) as u8);
            rest = after;
        } else {
            decoded.push(*first);
            rest = after;
        }
    }
    (decoded.len() < bytes.len()).then(|| String::from_utf8(decoded).map_err(|_| ()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn codes(src: &str, folder: Option<&Path>) -> Vec<&'static str> {
        let escaped = src.replace('\\', "\\\\");
        let (_, issues) = check(Answer::new(format!("看图\n\n![图](<{escaped}>)")), folder);
        issues.iter().map(IssueKind::code).collect()
    }

    #[test]
    fn a_picture_that_leaves_the_folder_is_cut_out_however_it_is_spelled() {
        let folder = tempfile::tempdir().unwrap();
        for src in [
            "../a.png",
            "img/../../a.png",
            "%2e%2e/a.png",
            "..%2fa.png",
            "%252e%252e%252fa.png",
            "img\\..\\..\\a.png",
            "..\\a.png",
            "%5c%5chost%5ca.png",
            "/etc/passwd",
            "%2fetc/passwd",
            "//host/a.png",
            "C:\\a.png",
            "c:a.png",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "~/a.png",
            ".. /a.png",
            "a%00.png",
            "%ff.png",
        ] {
            assert_eq!(codes(src, Some(folder.path())), ["picture_refused"], "{src}");
            assert_eq!(codes(src, None), ["picture_refused"], "{src}");
        }
        let (answer, _) = check(Answer::new("看 ![x](../a.png) 图 <img src='/a.png'/>"), None);
        assert_eq!(answer.markdown(), "看  图");
    }

    #[test]
    fn a_picture_inside_the_folder_is_fine_or_missing() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("img")).unwrap();
        fs::write(folder.path().join("img/第 1 步.png"), b"").unwrap();
        for src in ["img/第 1 步.png", "./img/第%201%20步.png", "img\\第 1 步.png", "img/../img/第 1 步.png"]
        {
            assert_eq!(codes(src, Some(folder.path())), <[&str; 0]>::default(), "{src}");
            assert_eq!(codes(src, None), ["picture_missing"], "{src}");
        }
        for src in ["img/none.png", "img", ""] {
            assert_eq!(codes(src, Some(folder.path())), ["picture_missing"], "{src}");
        }
        for src in ["https://example.com/../a.png", "HTTP://example.com/a.png", "data:image/png;base64,AAAA"]
        {
            assert_eq!(codes(src, Some(folder.path())), <[&str; 0]>::default(), "{src}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_refused() {
        let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("a.png"), b"").unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("img")).unwrap();
        assert_eq!(codes("img/a.png", Some(folder.path())), ["picture_refused"]);
    }

    #[test]
    fn html_attributes_are_found_in_any_quotes() {
        for tag in [
            "<img src=a.png alt=b>",
            "<IMG data-src='x' SRC = \"a.png\" alt='b' />",
            "<img alt='b' src='a.png'>",
        ] {
            assert_eq!(html_picture(tag), Some(("a.png", "b")), "{tag}");
        }
        assert_eq!(html_picture("<img>"), None);
        assert_eq!(html_picture("<img src="), None);
    }
}
