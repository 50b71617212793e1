//! Chinese text: one normalisation for everything that is compared, grams, pinyin, synonyms, contrasts, overlap.
//!
//! Pure functions and read-only tables. Knows nothing of entries, models or storage. The matcher normalises with
//! [`normalize`] once per text; indexes and features work on the result.

pub mod chars;
pub mod contrast;
pub mod filler;
pub mod grams;
pub mod marks;
pub mod normalize;
pub mod numbers;
pub mod overlap;
pub mod pinyin;
pub mod question_kind;
pub mod spelling;
pub mod synonyms;
