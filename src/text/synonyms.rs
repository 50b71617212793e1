//! A customer's own synonyms (`synonyms.tsv`): 企微 = 企业微信 = WeCom.
//!
//! Applied to questions and FAQ texts alike, so that both say the group's first term. Works on normalised text; the
//! result still knows where in the original each character came from.

use std::collections::{HashMap, hash_map::Entry};

use aho_corasick::{AhoCorasick, Input, MatchKind};

use super::{
    chars::is_latin_word,
    normalize::{Normalized, Span, normalize},
};

/// Groups of terms that mean the same.
#[derive(Debug, Clone, Default)]
pub struct Synonyms {
    automaton: Option<AhoCorasick>,
    /// By pattern of the automaton, the index of its group in `canonical`.
    groups: Vec<usize>,
    canonical: Vec<String>,
}

/// Why synonyms could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SynonymError {
    /// The file is no UTF-8.
    #[error("synonyms line {line}: not UTF-8; save the file as UTF-8")]
    Encoding {
        /// Line number, from 1.
        line: usize,
    },
    /// Some lines are wrong; all of them are listed, so that one round of repair is enough.
    #[error("{}", lines(problems))]
    Lines {
        /// The bad lines in order.
        problems: Vec<LineProblem>,
    },
    /// The terms are too many or too long to be searched for together.
    #[error("cannot build the synonym table: {reason}; split the file or remove terms")]
    TooLarge {
        /// What the automaton said.
        reason: String,
    },
}

/// A bad line of `synonyms.tsv`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("synonyms line {line}: {kind}")]
pub struct LineProblem {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// No `=` and no TAB.
    #[error("expected two or more terms separated by `=` or TAB, got {text:?}")]
    OneTerm {
        /// The line.
        text: String,
    },
    /// Two separators in a row, one at an end, or only punctuation between them.
    #[error("term {position} is empty or has no letter")]
    BlankTerm {
        /// Which one, from 1.
        position: usize,
    },
    /// A term stands for two things.
    #[error("{term:?} is already in the group of line {first_line}; put both groups on one line")]
    Duplicate {
        /// The term as it is compared.
        term: String,
        /// The line that has it.
        first_line: usize,
    },
}

fn lines(problems: &[LineProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Synonyms {
    /// Reads a file: a group a line, its terms separated by `=` or TAB, the first one being the one that stays.
    /// Empty lines and lines that begin with `#` are skipped. Case, width and 繁/简 of the terms do not matter.
    ///
    /// # Errors
    /// When the bytes are no UTF-8 or any line is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, SynonymError> {
        let text = std::str::from_utf8(bytes).map_err(|error| SynonymError::Encoding {
            line: bytes[..error.valid_up_to()].split(|&b| b == b'\n').count(),
        })?;
        let mut groups: Vec<Vec<String>> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut problems = Vec::new();
        for (line, text) in (1..).zip(text.trim_start_matches('\u{FEFF}').lines()) {
            if text.trim().is_empty() || text.trim_start().starts_with('#') {
                continue;
            }
            match read_group(text, line, &mut seen) {
                Ok(group) if group.len() > 1 => groups.push(group),
                // `企微 = 企微` says nothing and harms nothing.
                Ok(_) => {}
                Err(kind) => problems.push(LineProblem { line, kind }),
            }
        }
        if problems.is_empty() { Self::build(groups) } else { Err(SynonymError::Lines { problems }) }
    }

    fn build(groups: Vec<Vec<String>>) -> Result<Self, SynonymError> {
        if groups.is_empty() {
            return Ok(Self::default());
        }
        let patterns: Vec<(usize, &String)> = groups
            .iter()
            .enumerate()
            .flat_map(|(group, terms)| terms.iter().map(move |t| (group, t)))
            .collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(patterns.iter().map(|(_, term)| term.as_str()))
            .map_err(|error| SynonymError::TooLarge { reason: error.to_string() })?;
        Ok(Self {
            automaton: Some(automaton),
            groups: patterns.iter().map(|&(group, _)| group).collect(),
            canonical: groups.into_iter().filter_map(|terms| terms.into_iter().next()).collect(),
        })
    }

    /// How many groups there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.canonical.len()
    }

    /// Whether there are no synonyms at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.canonical.is_empty()
    }

    /// `text` with every term replaced by the first of its group: leftmost first, the longest wins, terms in Latin
    /// letters only as whole words. A replaced character points to the whole term in the original text.
    #[must_use]
    pub fn canonicalize(&self, text: &Normalized) -> Normalized {
        let Some(automaton) = &self.automaton else { return text.clone() };
        let source = text.as_str();
        let mut output =
            Writer { text, made: String::with_capacity(source.len()), spans: Vec::new(), read: 0, chars: 0 };
        let mut from = 0;
        while let Some(found) = automaton.find(Input::new(source).range(from..)) {
            if is_whole_word(source, found.start(), found.end()) {
                output.copy_to(found.start());
                output.replace_to(found.end(), &self.canonical[self.groups[found.pattern().as_usize()]]);
                from = found.end();
            } else {
                from = found.start() + source[found.start()..].chars().next().map_or(1, char::len_utf8);
            }
        }
        output.copy_to(source.len());
        Normalized::from_parts(output.made, output.spans)
    }
}

fn read_group(
    text: &str,
    line: usize,
    seen: &mut HashMap<String, usize>,
) -> Result<Vec<String>, ProblemKind> {
    // With a TAB in the line, `=` may be part of a term.
    let separator = if text.contains('\t') { '\t' } else { '=' };
    if !text.contains(separator) {
        return Err(ProblemKind::OneTerm { text: text.trim().to_owned() });
    }
    let mut group: Vec<String> = Vec::new();
    for (position, term) in (1..).zip(text.split(separator)) {
        let normalized = normalize(term);
        if normalized.is_blank() {
            return Err(ProblemKind::BlankTerm { position });
        }
        let term = normalized.as_str().to_owned();
        match seen.entry(term.clone()) {
            Entry::Vacant(free) => {
                free.insert(line);
                group.push(term);
            }
            Entry::Occupied(taken) if *taken.get() == line => {}
            Entry::Occupied(taken) => {
                return Err(ProblemKind::Duplicate { term, first_line: *taken.get() });
            }
        }
    }
    Ok(group)
}

/// Whether the match does not cut a Latin word or number: `wecom` is not in `wecoms`, but 企微 is in 企微群.
fn is_whole_word(text: &str, start: usize, end: usize) -> bool {
    let joined = |left: Option<char>, right: Option<char>| {
        left.is_some_and(is_latin_word) && right.is_some_and(is_latin_word)
    };
    !joined(text[..start].chars().next_back(), text[start..].chars().next())
        && !joined(text[..end].chars().next_back(), text[end..].chars().next())
}

struct Writer<'a> {
    text: &'a Normalized,
    made: String,
    spans: Vec<Span>,
    /// Bytes and characters of the source that are done.
    read: usize,
    chars: usize,
}

impl Writer<'_> {
    fn copy_to(&mut self, end: usize) {
        let part = &self.text.as_str()[self.read..end];
        let count = part.chars().count();
        self.push(part, None, self.chars..self.chars + count);
        self.read = end;
        self.chars += count;
    }

    fn replace_to(&mut self, end: usize, term: &str) {
        let count = self.text.as_str()[self.read..end].chars().count();
        let chars = self.chars..self.chars + count;
        if let Some(range) = self.text.source_range(chars.clone()) {
            let span = Span { start: range.start as u32, end: range.end as u32 };
            self.push(term, Some(span), chars);
        }
        self.read = end;
        self.chars += count;
    }

    fn push(&mut self, part: &str, span: Option<Span>, chars: std::ops::Range<usize>) {
        let spans = &self.text.spans()[chars];
        let (Some(first), Some(last)) = (part.chars().next(), self.made.chars().next_back().or(Some(' ')))
        else {
            return;
        };
        // A Latin term in place of a Chinese one must not melt with the Latin word beside it.
        if is_latin_word(first) && is_latin_word(last) {
            self.made.push(' ');
            self.spans.push(span.or(spans.first().copied()).unwrap_or(Span { start: 0, end: 0 }));
        }
        self.made.push_str(part);
        match span {
            Some(span) => self.spans.extend(part.chars().map(|_| span)),
            None => self.spans.extend_from_slice(spans),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str =
        "# 产品名\n企业微信=企微=WeCom=微信企业版\r\niPhone\t苹果手机\n\n微信=WeChat\nAPI 接口=接口\n";

    fn table() -> Synonyms {
        Synonyms::parse(FILE.as_bytes()).unwrap()
    }

    #[test]
    fn terms_become_the_first_of_their_group() {
        for (typed, wanted) in [
            ("企微怎么登录", "企业微信怎么登录"),
            ("ＷＥＣＯＭ怎么登录", "企业微信怎么登录"),
            ("企业微信和微信", "企业微信和微信"),
            ("wechat和企微", "微信和企业微信"),
            ("wecoms", "wecoms"),
            ("mywecom", "mywecom"),
            ("苹果手机15", "iphone 15"),
            ("用苹果手机wecom登录", "用iphone企业微信登录"),
            ("蘋果手機登錄企微", "iphone登录企业微信"),
            ("没有同义词", "没有同义词"),
            ("", ""),
        ] {
            let made = table().canonicalize(&normalize(typed));
            assert_eq!(made.as_str(), wanted, "canonical form of {typed:?}");
            assert_eq!(made.spans().len(), made.as_str().chars().count(), "spans of {typed:?}");
        }
    }

    #[test]
    fn a_replaced_term_still_points_to_what_was_typed() {
        let typed = "请用ＷｅＣｏｍ 登录";
        let made = table().canonicalize(&normalize(typed));
        assert_eq!(made.as_str(), "请用企业微信登录");
        assert_eq!(&typed[made.source_range(2..6).unwrap()], "ＷｅＣｏｍ");
        assert_eq!(&typed[made.source_range(6..8).unwrap()], "登录");
    }

    #[test]
    fn every_bad_line_is_reported_with_its_number() {
        let error = Synonyms::parse("企微\n好=的\n=空\n的=啊\n？=问\n".as_bytes()).unwrap_err();
        let SynonymError::Lines { problems } = &error else { panic!("{error}") };
        let numbers: Vec<usize> = problems.iter().map(|p| p.line).collect();
        assert_eq!(numbers, [1, 3, 4, 5]);
        assert!(error.to_string().contains("\"的\" is already in the group of line 2"), "{error}");
    }

    #[test]
    fn another_encoding_is_refused_with_the_line() {
        let error = Synonyms::parse(b"a=b\n\xC6\xF3\xCE\xA2=c\n").unwrap_err();
        assert!(matches!(error, SynonymError::Encoding { line: 2 }), "{error}");
    }

    #[test]
    fn nothing_but_comments_changes_nothing() {
        let table = Synonyms::parse("\u{FEFF}# 空\n\n企微=企微\n".as_bytes()).unwrap();
        assert!(table.is_empty());
        let text = normalize("企微");
        assert_eq!(table.canonicalize(&text), text);
    }

    proptest! {
        #[test]
        fn spans_stay_valid_for_any_text(text in "(企微|wecom|苹果手机|微信|a|1| |群|\\PC){0,12}") {
            let made = table().canonicalize(&normalize(&text));
            prop_assert_eq!(made.spans().len(), made.as_str().chars().count());
            let mut start = 0;
            for span in made.spans() {
                prop_assert!(span.start >= start && span.start < span.end && span.end as usize <= text.len());
                start = span.start;
            }
        }

        #[test]
        fn any_file_is_read_or_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Synonyms::parse(&bytes);
        }
    }
}
