//! [`Wording`]: how near the wording of a question is to that of an entry, where no model is needed to tell.

use super::ranker::EXACT_CONFIDENCE;

/// How the wording of a question relates to the phrasings of an entry; a greater one always ranks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Wording {
    /// Other words: the model has to tell.
    #[default]
    Other,
    /// Sounds like a phrasing: homophones (登陆/登录) or typed pinyin.
    SoundsAlike,
    /// A phrasing but for polite filler and final particles (请问…吗).
    SameCore,
    /// A phrasing, after normalisation.
    Same,
}

impl Wording {
    /// How probable it is that an entry with this wording is the right one, when it is alone with it. The rest is for
    /// FAQs that are wrong themselves, and for homophones that do mean something else.
    #[must_use]
    pub fn confidence(self) -> Option<f32> {
        match self {
            Self::Other => None,
            Self::SoundsAlike => Some(0.97),
            Self::SameCore => Some(0.99),
            Self::Same => Some(EXACT_CONFIDENCE),
        }
    }
}
