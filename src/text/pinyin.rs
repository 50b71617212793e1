//! Toneless pinyin: how a text sounds, for homophones (登陆/登录, 帐号/账号) and questions typed as `zenme jiesan qun`.
//!
//! Input is normalised text. A character has one reading, its most frequent one, on both sides of a comparison;
//! characters with several readings therefore still match themselves.

use std::{collections::HashMap, sync::LazyLock};

use pinyin::ToPinyin;

use super::chars::{is_han, is_latin_word};

/// Longest Latin run that is tried as pinyin; longer ones are ids, links or noise.
pub(super) const LONGEST_RUN: usize = 96;
/// Longest toneless syllable: zhuang, chuang, shuang.
pub(super) const LONGEST_SYLLABLE: usize = 6;
/// Set in the code of a Latin word that is no pinyin.
const LATIN_BIT: u16 = 0x8000;

/// A syllable, or a Latin word that is none: two of them sound alike when they are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sound(u16);

/// The sounds of a text and their pairs, ready for comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sounds {
    sequence: Vec<Sound>,
    /// Neighbouring sounds as one number, sorted, each once.
    pairs: Vec<u32>,
}

impl Sounds {
    /// The sounds of a normalised text. Latin runs are read as pinyin where they can be: all of them in a text
    /// without ideographs, and those of three and more letters in a mixed one ("怎么jiesan群"; "AI群" stays AI).
    #[must_use]
    pub fn of(normalized: &str) -> Self {
        let mixed = normalized.chars().any(is_han);
        let mut sequence = Vec::with_capacity(normalized.len() / 3 + 1);
        for piece in pieces(normalized) {
            match piece {
                Piece::Han(c) => sequence.extend(SYLLABLES.reading(c)),
                Piece::Latin(run) => match SYLLABLES.segment(run) {
                    Some(syllables) if !mixed || run.len() > 2 => sequence.extend(syllables),
                    Some(_) | None => sequence.push(latin_sound(run)),
                },
            }
        }
        let mut pairs: Vec<u32> =
            sequence.windows(2).map(|pair| u32::from(pair[0].0) << 16 | u32::from(pair[1].0)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        Self { sequence, pairs }
    }

    /// Each two neighbouring sounds as one number, sorted, none twice.
    #[must_use]
    pub fn pairs(&self) -> &[u32] {
        &self.pairs
    }

    /// How many sounds there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sequence.len()
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sequence.is_empty()
    }

    /// Whether both texts sound the same from beginning to end. Nothing sounds like a text without sounds.
    #[must_use]
    pub fn sounds_like(&self, other: &Self) -> bool {
        !self.is_empty() && self.sequence == other.sequence
    }

    /// Share of this text's pairs of sounds that `other` has too, 0..=1. A text of one sound counts as covered when
    /// `other` holds that sound.
    #[must_use]
    pub fn coverage_by(&self, other: &Self) -> f32 {
        match (self.pairs.len(), self.sequence.first()) {
            (0, None) => 0.0,
            (0, Some(only)) => f32::from(u8::from(other.sequence.contains(only))),
            (count, _) => common(&self.pairs, &other.pairs) as f32 / count as f32,
        }
    }

    /// Dice coefficient of the two sets of pairs, 0..=1: twice the common ones over all.
    #[must_use]
    pub fn dice(&self, other: &Self) -> f32 {
        if self.pairs.is_empty() || other.pairs.is_empty() {
            return f32::from(u8::from(self.sounds_like(other)));
        }
        2.0 * common(&self.pairs, &other.pairs) as f32 / (self.pairs.len() + other.pairs.len()) as f32
    }
}

/// The letters of a text as it sounds, without any separator: equal for 登陆 and 登录, and for 群怎么解散,
/// `qun zenme jiesan` and `qunzenmejiesan`. Useful as a key for looking texts up by sound.
#[must_use]
pub fn sound_key(normalized: &str) -> String {
    let mut key = String::with_capacity(normalized.len());
    for piece in pieces(normalized) {
        match piece {
            Piece::Han(c) => match SYLLABLES.reading(c) {
                Some(sound) => key.push_str(SYLLABLES.names[usize::from(sound.0)]),
                None => key.push(c),
            },
            Piece::Latin(run) => key.push_str(run),
        }
    }
    key
}

/// Whether a text without ideographs reads as pinyin of two and more syllables from beginning to end.
#[must_use]
pub fn is_typed_pinyin(normalized: &str) -> bool {
    let mut syllables = 0;
    for piece in pieces(normalized) {
        match piece {
            Piece::Han(_) => return false,
            Piece::Latin(run) => match SYLLABLES.segment(run) {
                Some(found) => syllables += found.len(),
                None => return false,
            },
        }
    }
    syllables > 1
}

/// Splits a run of letters into pinyin syllables: as few as possible, the first ones as long as possible
/// (`xian` is one, `fangan` is fang an). `None` when it is no pinyin.
#[must_use]
pub fn segment(run: &str) -> Option<Vec<&'static str>> {
    let sounds = SYLLABLES.segment(run)?;
    Some(sounds.iter().map(|sound| SYLLABLES.names[usize::from(sound.0)]).collect())
}

/// How an ideograph sounds, by its most frequent reading.
pub(super) fn reading(c: char) -> Option<Sound> {
    SYLLABLES.reading(c)
}

/// The sound of letters that are exactly one syllable.
pub(super) fn syllable(letters: &str) -> Option<Sound> {
    SYLLABLES.codes.get(letters).map(|&code| Sound(code))
}

/// Homophones but for their tone that turn a question into another one: 怎么买 is not 怎么卖.
const DISTINCT: [&str; 3] = ["买卖", "收售授受", "借结"];

/// Whether two texts of one sound may mean the same: they differ in no character that is known to matter.
#[must_use]
pub fn may_be_homophones(a: &str, b: &str) -> bool {
    let distinct =
        |a: char, b: char| a != b && DISTINCT.iter().any(|group| group.contains(a) && group.contains(b));
    !a.chars().zip(b.chars()).any(|(a, b)| distinct(a, b))
}

enum Piece<'a> {
    Han(char),
    Latin(&'a str),
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c| !is_han(c) && !is_latin_word(c));
        let first = rest.chars().next()?;
        if is_han(first) {
            rest = &rest[first.len_utf8()..];
            return Some(Piece::Han(first));
        }
        let end = rest.find(|c| !is_latin_word(c)).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        rest = tail;
        Some(Piece::Latin(run))
    })
}

/// FNV-1a, folded to 15 bits. Two different Latin words share a code once in 32,768 pairs: good enough for overlap.
fn latin_sound(run: &str) -> Sound {
    let hash = run.bytes().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193));
    Sound(((hash >> 16) ^ hash) as u16 | LATIN_BIT)
}

/// Every toneless syllable that some ideograph has as its first reading.
struct Syllables {
    names: Vec<&'static str>,
    codes: HashMap<&'static str, u16>,
    /// By ideograph from U+4E00; `u16::MAX` when it has no reading.
    common: Vec<u16>,
}

const FIRST_COMMON: char = '\u{4E00}';
const LAST_COMMON: char = '\u{9FFF}';
const NO_READING: u16 = u16::MAX;

static SYLLABLES: LazyLock<Syllables> = LazyLock::new(Syllables::collect);

impl Syllables {
    fn collect() -> Self {
        let mut names: Vec<&'static str> = (FIRST_COMMON..=LAST_COMMON)
            .filter_map(|c| c.to_pinyin())
            .filter_map(|p| plain(p.plain()))
            .collect();
        names.sort_unstable();
        names.dedup();
        let codes: HashMap<&'static str, u16> = (0..).zip(&names).map(|(code, name)| (*name, code)).collect();
        let common = (FIRST_COMMON..=LAST_COMMON)
            .map(|c| {
                let name = c.to_pinyin().and_then(|p| plain(p.plain()));
                name.and_then(|name| codes.get(name).copied()).unwrap_or(NO_READING)
            })
            .collect();
        Self { names, codes, common }
    }

    fn reading(&self, c: char) -> Option<Sound> {
        let code = match c {
            FIRST_COMMON..=LAST_COMMON => *self.common.get(c as usize - FIRST_COMMON as usize)?,
            _ => *self.codes.get(plain(c.to_pinyin()?.plain())?)?,
        };
        (code != NO_READING).then_some(Sound(code))
    }

    fn segment(&self, run: &str) -> Option<Vec<Sound>> {
        let bytes = run.as_bytes();
        if bytes.is_empty() || bytes.len() > LONGEST_RUN || !bytes.iter().all(u8::is_ascii_lowercase) {
            return None;
        }
        // `best[i]`: fewest syllables for the letters from `i` on and the length of the first; filled from the end.
        let mut best: [Option<(u8, u8)>; LONGEST_RUN + 1] = [None; LONGEST_RUN + 1];
        best[bytes.len()] = Some((0, 0));
        for at in (0..bytes.len()).rev() {
            for length in (1..=LONGEST_SYLLABLE.min(bytes.len() - at)).rev() {
                let Some((after, _)) = best[at + length] else { continue };
                if best[at].is_none_or(|(count, _)| after + 1 < count)
                    && self.codes.contains_key(&run[at..at + length])
                {
                    best[at] = Some((after + 1, length as u8));
                }
            }
        }
        let mut sounds = Vec::with_capacity(usize::from(best[0]?.0));
        let mut at = 0;
        while at < bytes.len() {
            let (_, length) = best[at]?;
            let end = at + usize::from(length);
            sounds.push(Sound(*self.codes.get(&run[at..end])?));
            at = end;
        }
        Some(sounds)
    }
}

/// Keyboard spelling. Interjections without a vowel (嗯, 呣) are left out: they would make a pinyin of anything.
fn plain(name: &'static str) -> Option<&'static str> {
    match name {
        "lü" => Some("lv"),
        "nü" => Some("nv"),
        "lüe" => Some("lve"),
        "nüe" => Some("nve"),
        "lüan" => Some("lvan"),
        "lün" => Some("lvn"),
        _ => (name.is_ascii() && name.bytes().any(|b| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u' | b'v')))
            .then_some(name),
    }
}

/// How many numbers two sorted lists without repetition share.
fn common(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        count += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn homophones_sound_alike() {
        for (a, b) in [
            ("怎么登陆", "怎么登录"),
            ("帐号", "账号"),
            ("女士", "nvshi"),
            ("群怎么解散", "qun zenme jiesan"),
            ("群怎么解散", "qunzenmejiesan"),
            ("wecom登陆", "wecom登录"),
            ("怎么jiesan群", "怎么解散群"),
        ] {
            assert!(Sounds::of(a).sounds_like(&Sounds::of(b)), "{a} and {b}");
            assert_eq!(sound_key(a), sound_key(b), "{a} and {b}");
        }
    }

    #[test]
    fn other_texts_do_not_sound_alike() {
        for (a, b) in
            [("登录", "退出"), ("wecom登录", "dingtalk登录"), ("", ""), ("？", "？"), ("群", "裙子")]
        {
            assert!(!Sounds::of(a).sounds_like(&Sounds::of(b)), "{a} and {b}");
        }
    }

    #[test]
    fn letters_are_split_into_as_few_syllables_as_possible() {
        for (run, wanted) in [
            ("zenmejiesanqun", Some("zen me jie san qun")),
            ("qunzhujiesanqun", Some("qun zhu jie san qun")),
            ("xian", Some("xian")),
            ("fangan", Some("fang an")),
            ("lvse", Some("lv se")),
            ("wecom", None),
            ("iphone", None),
            ("zenme1", None),
            ("ZENME", None),
            ("mm", None),
            ("", None),
        ] {
            assert_eq!(segment(run).map(|s| s.join(" ")).as_deref(), wanted, "{run:?}");
        }
        assert_eq!(segment(&"a".repeat(LONGEST_RUN + 1)), None);
    }

    #[test]
    fn pinyin_typed_as_letters_is_told_from_english_and_chinese() {
        for (text, wanted) in [
            ("zenme jiesan qun", true),
            ("zenmejiesanqun", true),
            ("how to log in", false),
            ("qun", false),
            ("怎么jiesan", false),
            ("", false),
        ] {
            assert_eq!(is_typed_pinyin(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn overlap_counts_pairs_of_sounds() {
        let (query, entry) = (Sounds::of("解散qun"), Sounds::of("群主怎么解散群聊"));
        assert!((query.coverage_by(&entry) - 1.0).abs() < 1e-6);
        assert!((entry.coverage_by(&query) - 2.0 / 7.0).abs() < 1e-6);
        assert!((query.dice(&entry) - 4.0 / 9.0).abs() < 1e-6);
        assert!((Sounds::of("裙").coverage_by(&entry) - 1.0).abs() < 1e-6);
        assert!(Sounds::of("").coverage_by(&entry).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(群|zen|me|A|9|\\PC){0,20}") {
            let sounds = Sounds::of(&text);
            prop_assert!(sounds.is_empty() || sounds.sounds_like(&sounds));
            prop_assert!((0.0..=1.0).contains(&sounds.coverage_by(&Sounds::of("群主"))));
            let _ = sound_key(&text);
        }
    }
}
