//! Text to token ids: one tokenizer, the prompt in front, cut to the model's length.
//!
//! The only file that names the `tokenizers` crate. Works from `tokenizer.json` alone, which holds normalizer,
//! pre-tokenizer, vocabulary and special tokens.

use std::borrow::Cow;

use tokenizers::{PostProcessor as _, Tokenizer, TruncationDirection, TruncationParams, TruncationStrategy};

use super::{Error, Tokens};

/// Texts longer than this many characters a token of the limit are cut before tokenizing: 1 MB of text would cost
/// seconds only to be thrown away. No real token is that long, so only padding with blanks could tell a difference.
const MAX_CHARS_PER_TOKEN: usize = 64;

/// Why a tokenizer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// `tokenizer.json` is not what the tokenizers library reads.
    #[error("tokenizer.json cannot be read: {reason}; download or save the model again")]
    Invalid {
        /// What the library said.
        reason: String,
    },
    /// The limit leaves no room for text.
    #[error(
        "a maximum of {max_tokens} tokens leaves no room for text: special tokens and prompt take {taken}; \
         raise the maximum length or shorten the prompt"
    )]
    TooShort {
        /// The limit.
        max_tokens: usize,
        /// Tokens that every text carries anyway.
        taken: usize,
    },
}

/// A model's tokenizer with its length limit.
pub(super) struct TextTokenizer {
    tokenizer: Tokenizer,
    max_tokens: usize,
    /// Stands in when a text has no token at all.
    filler: u32,
    lowercase: bool,
}

impl TextTokenizer {
    /// Reads the bytes of a `tokenizer.json`. `max_tokens` counts special tokens and prompt; `filler` is the id that
    /// an empty input becomes when the tokenizer adds no special tokens; `lowercase` lowers texts first.
    ///
    /// # Errors
    /// When the bytes are no tokenizer, or `max_tokens` leaves no room for text.
    pub(super) fn new(
        json: &[u8],
        max_tokens: usize,
        filler: u32,
        lowercase: bool,
    ) -> Result<Self, TokenizerError> {
        let mut tokenizer = Tokenizer::from_bytes(json)
            .map_err(|error| TokenizerError::Invalid { reason: error.to_string() })?;
        // The file may carry the padding and truncation of whoever saved it; ours replaces both. The check comes
        // first because the library subtracts without looking.
        tokenizer.with_padding(None);
        let special = tokenizer.get_post_processor().map_or(0, |post| post.added_tokens(false));
        if max_tokens <= special {
            return Err(TokenizerError::TooShort { max_tokens, taken: special });
        }
        tokenizer
            .with_truncation(Some(TruncationParams {
                direction: TruncationDirection::Right,
                max_length: max_tokens,
                strategy: TruncationStrategy::LongestFirst,
                stride: 0,
            }))
            .map_err(|error| TokenizerError::Invalid { reason: error.to_string() })?;
        Ok(Self { tokenizer, max_tokens, filler, lowercase })
    }

    /// Refuses a prompt that would fill the whole input: every text would get the same vector.
    ///
    /// # Errors
    /// When prompt and special tokens leave no room for text, or the prompt cannot be tokenized.
    pub(super) fn check_prompt(&self, prompt: &str) -> Result<(), TokenizerError> {
        let taken = self
            .encode("", prompt)
            .map_err(|error| TokenizerError::Invalid { reason: error.to_string() })?
            .ids
            .len();
        if !prompt.is_empty() && taken >= self.max_tokens {
            return Err(TokenizerError::TooShort { max_tokens: self.max_tokens, taken });
        }
        Ok(())
    }

    /// Ids of `prompt` followed by `text`, special tokens included, never empty, at most the maximum; the cut is at
    /// the end of the text and keeps the special tokens.
    ///
    /// # Errors
    /// When the tokenizer refuses the text.
    pub(super) fn encode(&self, text: &str, prompt: &str) -> Result<Tokens, Error> {
        let mut input = Cow::Borrowed(clip(text, self.max_tokens.saturating_mul(MAX_CHARS_PER_TOKEN)));
        if !prompt.is_empty() {
            input = Cow::Owned(format!("{prompt}{input}"));
        }
        if self.lowercase {
            input = Cow::Owned(input.to_lowercase());
        }
        let encoding = self
            .tokenizer
            .encode(input.as_ref(), true)
            .map_err(|error| Error::Tokenize { reason: error.to_string() })?;
        let ids = encoding.get_ids();
        if ids.is_empty() {
            return Ok(Tokens { ids: vec![self.filler], telling: Vec::new() });
        }
        let telling = (0..ids.len())
            .filter(|&token| {
                let (start, end) = encoding.get_offsets()[token];
                encoding.get_special_tokens_mask()[token] == 0
                    && start >= prompt.len()
                    && input.get(start..end).is_some_and(|piece| piece.chars().any(char::is_alphanumeric))
            })
            .collect();
        Ok(Tokens { ids: ids.to_vec(), telling })
    }

    /// Largest id that the tokenizer can produce, to be compared with the model's table.
    #[must_use]
    pub(super) fn largest_id(&self) -> u32 {
        self.tokenizer.get_vocab(true).into_values().max().unwrap_or(0)
    }
}

/// The first `max_chars` characters of `text`.
fn clip(text: &str, max_chars: usize) -> &str {
    // Fewer bytes than characters allowed: the common case, without counting.
    if text.len() <= max_chars {
        return text;
    }
    text.char_indices().nth(max_chars).map_or(text, |(end, _)| &text[..end])
}
