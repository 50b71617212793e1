//! Paths of pictures: however one is spelled, it must stay inside the folder of the FAQ.

use std::borrow::Cow;

/// Longest path Linux takes; also bounds the decoding below.
const MAX_PATH_BYTES: usize = 4096;
pub(super) const LEAVES: &str = "its path leaves the folder of the FAQ";
const ABSOLUTE: &str = "its path must be relative to the folder of the FAQ";

/// The relative paths that a source may mean, with `/` between folders; an error when one is not to be followed.
pub(super) fn spellings(src: &str) -> Result<Vec<String>, &'static str> {
    let mut path = Cow::Borrowed(src.trim());
    if path.len() > MAX_PATH_BYTES {
        return Err("its path is too long");
    }
    // Whoever serves the picture may decode once more than we do, so every stage has to be harmless.
    loop {
        if let Some(reason) = objection(&path) {
            return Err(reason);
        }
        match percent_decoded(&path) {
            Some(Ok(decoded)) => path = Cow::Owned(decoded),
            Some(Err(())) => return Err("its path is not valid UTF-8"),
            None => break,
        }
    }
    if path.is_empty() {
        return Ok(Vec::new());
    }
    // Both spellings exist on disk: a file may really be called `a%20b.png`.
    Ok([path.as_ref(), src.trim()].map(|path| path.replace('\\', "/")).to_vec())
}

/// `base/path` without `.` and `..`, as names stand in an archive. `path` is known not to leave `base`.
pub(super) fn flat(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
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
