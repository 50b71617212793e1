//! The pictures of an answer: found beside the file, checked, and named after their content.
//!
//! A relative picture must stay inside the FAQ's folder however its path is spelled, because whoever shows the
//! answer will read that file. Web addresses are left alone.

mod html;
mod path;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::Read,
    ops::Range,
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::{markdown::markdown_picture, report::IssueKind};
pub(in crate::import) use html::{attribute, html_picture};
use path::{LEAVES, flat, spellings};

use crate::{
    assets::{AssetName, Assets, MAX_PICTURE_BYTES, Picture},
    faq::Answer,
    sheet::Archive,
};

/// The pictures of one file take at most this many bytes.
const MAX_BYTES: u64 = 512 << 20;

/// Where the pictures of a file are, and those that were found so far.
pub(super) struct Pictures<'a> {
    /// Folder of relative ones.
    pub(super) folder: Option<&'a Path>,
    /// Archive of relative ones, and the folder inside it.
    pub(super) archive: Option<(Archive<Vec<u8>>, String)>,
    /// Pictures that are kept already.
    pub(super) kept: Option<Assets>,
    /// What became of each path.
    judged: HashMap<String, Judgement>,
    found: BTreeMap<AssetName, Picture>,
    bytes: u64,
}

/// What is to be done with a picture.
#[derive(Debug, Clone)]
enum Judgement {
    /// It stays as it is written.
    Fine,
    /// It is there, under this name.
    Found(AssetName),
    Missing,
    Refused(String),
}

impl<'a> Pictures<'a> {
    pub(super) fn new(folder: Option<&'a Path>, kept: Option<Assets>) -> Self {
        Self { folder, archive: None, kept, judged: HashMap::new(), found: BTreeMap::new(), bytes: 0 }
    }

    /// The pictures that were found, each once.
    pub(super) fn into_found(self) -> Vec<Picture> {
        self.found.into_values().collect()
    }

    /// Finds every picture of an answer and refers to it by the name of its content. Those that must not be read, or
    /// are none, are cut out of the text; the issues tell.
    pub(super) fn take(&mut self, answer: Answer) -> (Answer, Vec<IssueKind>) {
        let mut issues = Vec::new();
        let mut changes: Vec<(Range<usize>, String)> = Vec::new();
        for Shown { src, alt, range, is_html } in shown(answer.markdown()) {
            match self.judge(&src) {
                Judgement::Fine => {}
                Judgement::Missing => issues.push(IssueKind::PictureMissing { src }),
                Judgement::Found(name) if is_html => {
                    let html = &answer.markdown()[range.clone()];
                    changes.push((range, html.replacen(&src, &name.reference(), 1)));
                }
                Judgement::Found(name) => changes.push((range, markdown_picture(&name.reference(), &alt))),
                Judgement::Refused(reason) => {
                    issues.push(IssueKind::PictureRefused { src: shortened(src), reason });
                    changes.push((range, String::new()));
                }
            }
        }
        if changes.is_empty() {
            return (answer, issues);
        }
        let markdown = answer.markdown();
        let mut text = String::with_capacity(markdown.len());
        let mut from = 0;
        for (range, replacement) in changes {
            // A picture inside the text of another one is gone with it.
            if range.start >= from {
                text.push_str(&markdown[from..range.start]);
                text.push_str(&replacement);
                from = range.end;
            }
        }
        text.push_str(&markdown[from..]);
        (Answer::new(text), issues)
    }

    fn judge(&mut self, src: &str) -> Judgement {
        if let Some(judgement) = self.judged.get(src) {
            return judgement.clone();
        }
        let judgement = self.look_at(src);
        self.judged.insert(src.to_owned(), judgement.clone());
        judgement
    }

    fn look_at(&mut self, src: &str) -> Judgement {
        if is_web_address(src) {
            return Judgement::Fine;
        }
        if let Some(data) = embedded(src) {
            return match data {
                Ok(bytes) => self.found(bytes),
                Err(reason) => Judgement::Refused(reason.to_owned()),
            };
        }
        let paths = match spellings(src) {
            Ok(paths) => paths,
            Err(reason) => return Judgement::Refused(reason.to_owned()),
        };
        for path in &paths {
            match self.bytes_of(path) {
                Ok(Some(bytes)) => return self.found(bytes),
                Ok(None) => {}
                Err(reason) => return Judgement::Refused(reason),
            }
        }
        let kept = AssetName::from_reference(src).zip(self.kept.as_ref());
        if kept.is_some_and(|(name, kept)| kept.holds(&name)) { Judgement::Fine } else { Judgement::Missing }
    }

    /// The content of the file at a harmless relative path; an error when it must not be read.
    fn bytes_of(&mut self, path: &str) -> Result<Option<Vec<u8>>, String> {
        if let Some((archive, base)) = &mut self.archive {
            return archive.read(&flat(base, path)).map_err(|error| error.to_string());
        }
        let Some(folder) = self.folder else { return Ok(None) };
        let Ok(file) = folder.join(path).canonicalize() else { return Ok(None) };
        // A link inside the folder may point anywhere.
        if !folder.canonicalize().is_ok_and(|folder| file.starts_with(folder)) {
            return Err(LEAVES.to_owned());
        }
        if !file.is_file() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let read =
            File::open(&file).and_then(|file| file.take(MAX_PICTURE_BYTES + 1).read_to_end(&mut bytes));
        read.map(|_| Some(bytes)).map_err(|error| format!("it cannot be read: {error}"))
    }

    fn found(&mut self, bytes: Vec<u8>) -> Judgement {
        let picture = match Picture::new(bytes) {
            Ok(picture) => picture,
            Err(error) => return Judgement::Refused(error.to_string()),
        };
        let name = picture.name().clone();
        if !self.found.contains_key(&name) {
            self.bytes += picture.bytes().len() as u64;
            if self.bytes > MAX_BYTES {
                return Judgement::Refused(format!(
                    "the pictures of the file take more than {MAX_BYTES} bytes"
                ));
            }
            self.found.insert(name.clone(), picture);
        }
        Judgement::Found(name)
    }
}

/// A picture where it stands in a text.
struct Shown {
    src: String,
    alt: String,
    range: Range<usize>,
    is_html: bool,
}

fn shown(markdown: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (event, range) in Parser::new(markdown).into_offset_iter() {
        if let Event::Start(Tag::Image { dest_url, .. }) = event {
            open.push(all.len());
            all.push(Shown { src: dest_url.into_string(), alt: String::new(), range, is_html: false });
        } else if let Event::End(TagEnd::Image) = event {
            // Words of a picture inside the words of another belong to both.
            let alt = open.pop().and_then(|index| all.get(index)).map(|picture| picture.alt.clone());
            if let (Some(alt), Some(outer)) = (alt, open.last().and_then(|&index| all.get_mut(index))) {
                outer.alt.push_str(&alt);
            }
        } else if let Event::Html(html) | Event::InlineHtml(html) = &event {
            if let Some((src, alt)) = html_picture(html) {
                all.push(Shown { src: src.to_owned(), alt: alt.to_owned(), range, is_html: true });
            }
        } else if let Event::Text(text) | Event::Code(text) = &event
            && let Some(picture) = open.last().and_then(|&index| all.get_mut(index))
        {
            picture.alt.push_str(text);
        }
    }
    all
}

/// A source that may be a whole picture, short enough for a message.
fn shortened(src: String) -> String {
    const CHARACTERS: usize = 200;
    match src.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &src[..end]),
        None => src,
    }
}

/// The content of `data:image/png;base64,…`, or what is wrong with it; `None` when it is another kind of address.
fn embedded(src: &str) -> Option<Result<Vec<u8>, &'static str>> {
    let start = src.get(.."data:image/".len())?;
    let (head, data) = start.eq_ignore_ascii_case("data:image/").then(|| src.split_once(','))??;
    let plain: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = head.to_ascii_lowercase().ends_with(";base64").then(|| BASE64_STANDARD.decode(plain).ok());
    Some(bytes.flatten().ok_or("its data is not valid base64"))
}

fn is_web_address(src: &str) -> bool {
    let starts = |prefix: &str| src.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix));
    starts("http://") || starts("https://")
}
