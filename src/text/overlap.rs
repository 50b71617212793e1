//! What two short texts share: characters, runs and bigrams. Cheap pair features for the ranker.
//!
//! Works on characters of normalised text ([`letters`] leaves punctuation out). Every cost is bounded: of longer
//! texts only the first [`LONGEST`] characters are compared.

use super::chars::is_word;

/// Characters of a text that take part in a comparison.
pub const LONGEST: usize = 256;

/// The characters of a normalised text that carry meaning, at most [`LONGEST`].
#[must_use]
pub fn letters(normalized: &str) -> Vec<char> {
    normalized.chars().filter(|&c| is_word(c)).take(LONGEST).collect()
}

/// Weighted share of the characters of `a` that also occur somewhere in `b`, 0..=1; 0 when `a` weighs nothing.
///
/// Not symmetric: call it both ways. `weight` is usually the character's rarity in the FAQ (its IDF).
pub fn coverage(a: &[char], b: &[char], weight: impl Fn(char) -> f32) -> f32 {
    let (mut found, mut all) = (0.0, 0.0);
    for &c in a {
        let weight = weight(c);
        all += weight;
        if b.contains(&c) {
            found += weight;
        }
    }
    if all > 0.0 { found / all } else { 0.0 }
}

/// Lengths in characters of what two texts have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommonParts {
    /// Longest common substring: an unbroken run.
    pub substring: usize,
    /// Longest common subsequence: in the same order, gaps allowed.
    pub subsequence: usize,
}

impl CommonParts {
    /// Both lengths, found in one pass over `a` x `b`.
    #[must_use]
    pub fn of(a: &[char], b: &[char]) -> Self {
        let (a, b) = (&a[..a.len().min(LONGEST)], &b[..b.len().min(LONGEST)]);
        let mut runs = [0u16; LONGEST + 1];
        let mut sequences = [0u16; LONGEST + 1];
        let mut substring = 0;
        for &x in a {
            let (mut run_before, mut sequence_before) = (0, 0);
            for (j, &y) in b.iter().enumerate() {
                let (run_here, sequence_here) = (runs[j + 1], sequences[j + 1]);
                if x == y {
                    runs[j + 1] = run_before + 1;
                    sequences[j + 1] = sequence_before + 1;
                    substring = substring.max(runs[j + 1]);
                } else {
                    runs[j + 1] = 0;
                    sequences[j + 1] = sequences[j + 1].max(sequences[j]);
                }
                (run_before, sequence_before) = (run_here, sequence_here);
            }
        }
        Self { substring: usize::from(substring), subsequence: usize::from(sequences[b.len()]) }
    }
}

/// `length` as a share of `of` characters, 0..=1; 0 of nothing.
#[must_use]
pub fn share(length: usize, of: usize) -> f32 {
    if of == 0 { 0.0 } else { (length as f32 / of as f32).min(1.0) }
}

/// The character bigrams of a text, counted, ready for comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bigrams(Vec<(char, char)>);

impl Bigrams {
    /// The bigrams of `letters`. A single letter stands for itself, twice.
    #[must_use]
    pub fn of(letters: &[char]) -> Self {
        let mut bigrams: Vec<(char, char)> = match letters {
            [only] => vec![(*only, *only)],
            letters => letters.windows(2).map(|pair| (pair[0], pair[1])).collect(),
        };
        bigrams.sort_unstable();
        Self(bigrams)
    }

    /// Dice coefficient with repetitions, 0..=1: twice the common bigrams over all.
    #[must_use]
    pub fn dice(&self, other: &Self) -> f32 {
        let (mut i, mut j, mut common) = (0, 0, 0);
        while let (Some(x), Some(y)) = (self.0.get(i), other.0.get(j)) {
            common += usize::from(x == y);
            let (advance_left, advance_right) = (x <= y, y <= x);
            i += usize::from(advance_left);
            j += usize::from(advance_right);
        }
        share(2 * common, self.0.len() + other.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn coverage_weighs_rare_characters_and_is_not_symmetric() {
        let (a, b) = (letters("群怎么解散?"), letters("解散群聊"));
        assert!((coverage(&a, &b, |_| 1.0) - 0.6).abs() < 1e-6);
        assert!((coverage(&b, &a, |_| 1.0) - 0.75).abs() < 1e-6);
        let rarity = |c| if matches!(c, '怎' | '么') { 0.5 } else { 3.0 };
        assert!((coverage(&a, &b, rarity) - 0.9).abs() < 1e-6);
        assert!(coverage(&[], &b, rarity).abs() < 1e-6);
        assert!(coverage(&a, &b, |_| 0.0).abs() < 1e-6);
    }

    #[test]
    fn common_parts_are_a_run_and_an_ordered_choice() {
        let parts = CommonParts::of(&chars("怎么解散这个群"), &chars("群聊解散怎么个"));
        assert_eq!(parts, CommonParts { substring: 2, subsequence: 3 });
        assert_eq!(CommonParts::of(&[], &chars("群")), CommonParts::default());
    }

    #[test]
    fn dice_counts_repetitions() {
        let dice = |a, b| Bigrams::of(&letters(a)).dice(&Bigrams::of(&letters(b)));
        assert!((dice("解散群", "解散群") - 1.0).abs() < 1e-6);
        assert!((dice("哈哈哈", "哈哈") - 2.0 / 3.0).abs() < 1e-6);
        assert!((dice("群", "群") - 1.0).abs() < 1e-6);
        assert!(dice("", "").abs() < 1e-6);
        assert!(dice("群主", "主群").abs() < 1e-6);
    }

    #[test]
    fn a_very_long_text_costs_no_more_than_the_longest_compared() {
        let long = chars(&"群".repeat(10 * LONGEST));
        assert_eq!(CommonParts::of(&long, &long).substring, LONGEST);
    }

    /// The textbook recurrence, kept apart from the optimised one.
    fn subsequence(a: &[char], b: &[char]) -> usize {
        match (a.split_last(), b.split_last()) {
            (Some((x, a_rest)), Some((y, b_rest))) if x == y => subsequence(a_rest, b_rest) + 1,
            (Some((_, a_rest)), Some((_, b_rest))) => subsequence(a_rest, b).max(subsequence(a, b_rest)),
            (None, _) | (_, None) => 0,
        }
    }

    proptest! {
        #[test]
        fn common_parts_agree_with_the_definition(a in "[群主解]{0,7}", b in "[群主解]{0,7}") {
            let (a_chars, b_chars) = (chars(&a), chars(&b));
            let parts = CommonParts::of(&a_chars, &b_chars);
            let substring = (0..=a_chars.len())
                .flat_map(|i| (i..=a_chars.len()).map(move |j| (i, j)))
                .filter(|&(i, j)| b.contains(&a_chars[i..j].iter().collect::<String>()))
                .map(|(i, j)| j - i)
                .max();
            prop_assert_eq!(Some(parts.substring), substring);
            prop_assert_eq!(parts.subsequence, subsequence(&a_chars, &b_chars));
        }
    }
}
