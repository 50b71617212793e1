//! Token vectors to one vector a text.
//!
//! Works on one text at a time, after the engine has dropped padding, so that padding has no way to leak in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Error, TokenVectors};
use crate::vector::Embedding;

/// Which of a text's token vectors stand for the text. Named as in `1_Pooling/config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The first token's vector (`[CLS]` or `<s>`).
    Cls,
    /// The mean over all tokens, prompt and special tokens included.
    Mean,
    /// The last token's vector.
    LastToken,
}

/// A name that is no [`Pooling`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a pooling of cls, mean or last-token, got `{given}`")]
pub struct UnknownPooling {
    /// What was given.
    pub given: String,
}

impl FromStr for Pooling {
    type Err = UnknownPooling;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "cls" => Ok(Self::Cls),
            "mean" => Ok(Self::Mean),
            "last-token" => Ok(Self::LastToken),
            _ => Err(UnknownPooling { given: name.to_owned() }),
        }
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cls => "cls",
            Self::Mean => "mean",
            Self::LastToken => "last-token",
        })
    }
}

impl Pooling {
    /// One unit vector from the token vectors of one text (no padding among them).
    ///
    /// # Errors
    /// When there is no token, or the numbers cannot be scaled to a unit vector.
    pub fn pool(self, tokens: &TokenVectors) -> Result<Embedding, Error> {
        let dimension = tokens.dimension;
        let mut rows = tokens.values.chunks_exact(dimension.max(1));
        let pooled = match self {
            Self::Cls => rows.next().map(<[f32]>::to_vec),
            Self::LastToken => rows.next_back().map(<[f32]>::to_vec),
            Self::Mean => rows.next().map(|first| mean(first, rows)),
        };
        // Without a token the empty vector fails the length check below with a text that says so.
        Ok(Embedding::normalized(pooled.unwrap_or_default(), dimension)?)
    }
}

fn mean<'a>(first: &[f32], rest: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
    let mut sum = first.to_vec();
    let mut count = 1.0f32;
    for row in rest {
        for (total, x) in sum.iter_mut().zip(row) {
            *total += x;
        }
        count += 1.0;
    }
    for total in &mut sum {
        *total /= count;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> TokenVectors {
        TokenVectors { values: vec![3.0, 4.0, 0.0, 2.0, -3.0, 0.0], dimension: 2 }
    }

    #[test]
    fn each_pooling_takes_its_tokens_and_makes_a_unit_vector() {
        let cases =
            [(Pooling::Cls, [0.6, 0.8]), (Pooling::Mean, [0.0, 1.0]), (Pooling::LastToken, [-1.0, 0.0])];
        for (pooling, expected) in cases {
            let pooled = pooling.pool(&tokens()).unwrap();
            for (got, want) in pooled.as_slice().iter().zip(expected) {
                assert!((got - want).abs() < 1e-6, "{pooling}: {pooled:?}");
            }
        }
    }

    #[test]
    fn no_tokens_is_an_error_not_a_zero_vector() {
        for pooling in [Pooling::Cls, Pooling::Mean, Pooling::LastToken] {
            assert!(pooling.pool(&TokenVectors { values: vec![], dimension: 2 }).is_err(), "{pooling}");
        }
    }

    #[test]
    fn names_read_back_as_written() {
        for pooling in [Pooling::Cls, Pooling::Mean, Pooling::LastToken] {
            assert_eq!(pooling.to_string().parse(), Ok(pooling));
        }
        assert!("max".parse::<Pooling>().is_err());
    }
}
