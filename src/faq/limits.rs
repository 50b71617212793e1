//! How long the texts of an entry may be: far more than anybody writes, far less than what fills a memory.

/// Longest standard, similar or negative question, in characters.
pub const MAX_QUESTION_CHARS: usize = 500;
/// Longest answer, in characters of Markdown.
pub const MAX_ANSWER_CHARS: usize = 100_000;
/// Most similar questions, and most negative ones, of one entry.
pub const MAX_PHRASINGS: usize = 500;
