//! [`Parts`]: the entries of a snapshot in the making, each new or taken over from the snapshot before.

use std::{collections::HashMap, sync::Arc};

use rayon::prelude::*;

use crate::{
    faq::{Entry, EntryId},
    matcher::{
        Snapshot,
        prepared::{EntryTexts, Prepared, Vectors},
    },
    store::TextHash,
    text::synonyms::Synonyms,
};

/// All entries, in order.
pub(super) struct Parts {
    parts: Vec<Part>,
    /// For each, its position in the snapshot before.
    known: Vec<Option<u32>>,
}

enum Part {
    Known(Arc<Prepared>),
    New(Box<(Entry, EntryTexts)>),
}

impl Part {
    fn texts(&self) -> &EntryTexts {
        match self {
            Self::Known(prepared) => &prepared.texts,
            Self::New(new) => &new.1,
        }
    }
}

impl Parts {
    pub(super) fn new(entries: Vec<Entry>, old: Option<&Snapshot>, synonyms: &Synonyms) -> Self {
        let old_entries = old.map_or(&[][..], |old| &old.entries);
        let positions: HashMap<&EntryId, u32> =
            old_entries.iter().map(|prepared| &prepared.entry.id).zip(0..).collect();
        let part = |entry: Entry| {
            let known = positions.get(&entry.id).copied();
            match known.map(|known| (known, &old_entries[known as usize])) {
                Some((known, prepared)) if *prepared.entry == entry => {
                    (Part::Known(prepared.clone()), Some(known))
                }
                Some(_) | None => {
                    let texts = EntryTexts::of(&entry, synonyms);
                    (Part::New(Box::new((entry, texts))), None)
                }
            }
        };
        let (parts, known) = entries.into_par_iter().map(part).unzip();
        Self { parts, known }
    }

    /// For each entry, its position in the snapshot before.
    pub(super) fn known(&self) -> &[Option<u32>] {
        &self.known
    }

    /// The texts of all entries.
    pub(super) fn texts(&self) -> impl Iterator<Item = &EntryTexts> {
        self.parts.iter().map(Part::texts)
    }

    fn new_entries(&self) -> impl Iterator<Item = &EntryTexts> {
        self.parts.iter().filter_map(|part| match part {
            Part::New(new) => Some(&new.1),
            Part::Known(_) => None,
        })
    }

    /// Everything that needs a vector.
    pub(super) fn new_texts(&self) -> impl Iterator<Item = &str> {
        self.new_entries().flat_map(EntryTexts::all)
    }

    /// The answers of the new entries.
    pub(super) fn new_answers(&self) -> impl Iterator<Item = &str> {
        self.new_entries().filter_map(|texts| texts.answer.as_deref())
    }

    /// The negative questions of the new entries.
    pub(super) fn new_negatives(&self) -> impl Iterator<Item = &str> {
        self.new_entries().flat_map(EntryTexts::negatives)
    }

    /// What the new entries tell about spelling.
    pub(super) fn new_spelled(&self) -> impl Iterator<Item = &str> {
        self.new_entries().flat_map(EntryTexts::spelled)
    }

    /// What the entries that are not taken over from `old` told about spelling.
    pub(super) fn gone<'o>(&self, old: &'o Snapshot) -> impl Iterator<Item = &'o str> {
        let mut kept = vec![false; old.entries.len()];
        self.known.iter().flatten().for_each(|&known| kept[known as usize] = true);
        let gone = old.entries.iter().zip(kept).filter(|(_, kept)| !kept);
        gone.flat_map(|(prepared, _)| prepared.texts.spelled())
    }

    /// A hash for each phrasing.
    pub(super) fn hashes(&self) -> Vec<TextHash> {
        self.texts().flat_map(|texts| &texts.phrasings).map(|phrasing| phrasing.hash).collect()
    }

    /// For each phrasing, the position of its vector in the index of `old`, if it is taken over.
    pub(super) fn known_vectors(&self, old: Option<&Snapshot>) -> Vec<Option<u32>> {
        let of_entry = |(texts, known): (&EntryTexts, &Option<u32>)| {
            let first = old.zip(*known).map(|(old, known)| old.first_vectors[known as usize]);
            (0..texts.phrasings.len() as u32).map(move |nth| Some(first? + nth))
        };
        self.texts().zip(&self.known).flat_map(of_entry).collect()
    }

    /// The entries, all of them ready; `vectors` holds what [`new_texts`](Self::new_texts) asked for.
    pub(super) fn prepare(self, vectors: &Vectors) -> Vec<Arc<Prepared>> {
        let prepare = |part| match part {
            Part::Known(prepared) => prepared,
            Part::New(new) => {
                let (entry, texts) = *new;
                Arc::new(Prepared::new(entry, texts, vectors))
            }
        };
        self.parts.into_par_iter().map(prepare).collect()
    }
}
