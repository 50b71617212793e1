//! What two short texts share: their character bigrams, for finding near duplicates.
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
        let (mut i, mut j, mut common) = (0, 0, 0u32);
        while let (Some(x), Some(y)) = (self.0.get(i), other.0.get(j)) {
            common += u32::from(x == y);
            let (advance_left, advance_right) = (x <= y, y <= x);
            i += usize::from(advance_left);
            j += usize::from(advance_right);
        }
        2.0 * common as f32 / (self.0.len() + other.0.len()).max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn of_a_very_long_text_only_the_beginning_is_compared() {
        assert_eq!(letters(&"群".repeat(10 * LONGEST)).len(), LONGEST);
    }
}
