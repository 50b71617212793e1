//! [`Trial`]: a change that is tried out without being made.

use crate::{
    faq::Entry,
    store::{self, Edition, Store},
};

/// What would be different.
#[derive(Debug, Clone)]
pub enum Trial {
    /// The draft would be published.
    Draft,
    /// This entry would be added, or take the place of the one of its id.
    Entry(Box<Entry>),
}

impl Trial {
    /// All entries as they would be.
    pub(super) fn edition(self, store: &Store) -> Result<Edition, store::Error> {
        match self {
            Self::Draft => store.drafted_edition(),
            Self::Entry(tried) => {
                let mut edition = store.edition()?;
                match edition.entries.iter_mut().find(|entry| entry.id == tried.id) {
                    Some(entry) => *entry = *tried,
                    None => edition.entries.push(*tried),
                }
                Ok(edition)
            }
        }
    }
}
