//! Entries by the wording of their phrasings: the same, the same but for politeness, the same in sound, and those
//! that sound most alike.

use std::collections::HashMap;

use crate::{
    rank::Wording,
    text::{
        filler::core_key,
        normalize::Normalized,
        pinyin::{Sounds, may_be_homophones, sound_key},
    },
};

/// Least Dice coefficient of two texts' pairs of sounds for one to be a candidate for the other.
const LEAST_ALIKE: f32 = 0.4;

/// Lookups by wording. Texts of queries and phrasings are normalised and have their synonyms replaced alike.
#[derive(Debug, Default)]
pub(super) struct Wordings {
    /// Entries by the comparison keys of their phrasings.
    same: HashMap<String, Vec<u32>>,
    /// Entries by the core keys of their phrasings.
    core: HashMap<String, Vec<u32>>,
    /// Entries and core keys of their phrasings, by how those sound.
    sound: HashMap<String, Vec<(u32, String)>>,
    /// Phrasings by the pairs of sounds in them.
    pairs: HashMap<u32, Vec<u32>>,
    /// For each phrasing its entry and how many pairs it has.
    phrasings: Vec<(u32, u32)>,
}

/// A question, read in the ways in which a wording can be the same.
#[derive(Debug)]
pub(super) struct Reading {
    /// As it was typed, normalised, with synonyms replaced.
    pub(super) typed: Normalized,
    /// The same with pinyin in characters, where there is any.
    pub(super) spelled: Option<Normalized>,
}

impl Reading {
    /// The text that is compared with others.
    pub(super) fn text(&self) -> &Normalized {
        self.spelled.as_ref().unwrap_or(&self.typed)
    }
}

/// A phrasing in the forms by which it is looked up.
#[derive(Debug)]
pub(super) struct Worded {
    same: String,
    core: String,
    sound: String,
    pairs: Box<[u32]>,
}

impl Worded {
    pub(super) fn of(phrasing: &Normalized) -> Self {
        let core = core_key(phrasing);
        Self {
            same: phrasing.comparison_key(),
            sound: sound_key(&core),
            core,
            pairs: Sounds::of(phrasing.as_str()).pairs().into(),
        }
    }
}

impl Wordings {
    /// Adds a phrasing of `entry`; phrasings of one entry come one after the other.
    pub(super) fn add(&mut self, entry: u32, phrasing: &Worded) {
        let Worded { same, core, sound, pairs } = phrasing;
        for (entries, key) in [(&mut self.same, same), (&mut self.core, core)] {
            let entries = entries.entry(key.clone()).or_default();
            if entries.last() != Some(&entry) {
                entries.push(entry);
            }
        }
        self.sound.entry(sound.clone()).or_default().push((entry, core.clone()));
        for &pair in pairs {
            self.pairs.entry(pair).or_default().push(self.phrasings.len() as u32);
        }
        self.phrasings.push((entry, pairs.len() as u32));
    }

    /// Entries with a phrasing of the same wording, and how far it is the same. An entry may come more than once.
    pub(super) fn find(&self, question: &Reading) -> Vec<(u32, Wording)> {
        let of = |entries: Option<&Vec<u32>>, wording| -> Vec<(u32, Wording)> {
            entries.into_iter().flatten().map(|&entry| (entry, wording)).collect()
        };
        let mut found = of(self.same.get(&question.typed.comparison_key()), Wording::Same);
        found.extend(of(self.core.get(&core_key(&question.typed)), Wording::SameCore));
        let core = core_key(question.text());
        let alike = self.sound.get(&sound_key(&core)).into_iter().flatten();
        // Whoever types letters has chosen no character that could be another one's opposite.
        let may_be = |phrasing: &str| question.spelled.is_some() || may_be_homophones(&core, phrasing);
        found.extend(
            alike.filter(|(_, phrasing)| may_be(phrasing)).map(|&(entry, _)| (entry, Wording::SoundsAlike)),
        );
        found
    }

    /// At most `n` entries with phrasings that sound most like `text`, each once, best first.
    pub(super) fn alike_in_sound(&self, text: &Normalized, n: usize) -> Vec<u32> {
        let sounds = Sounds::of(text.as_str());
        let mut common: HashMap<u32, u32> = HashMap::new();
        for pair in sounds.pairs() {
            for &phrasing in self.pairs.get(pair).into_iter().flatten() {
                *common.entry(phrasing).or_default() += 1;
            }
        }
        let mut best: HashMap<u32, f32> = HashMap::new();
        for (phrasing, common) in common {
            let (entry, pairs) = self.phrasings[phrasing as usize];
            let dice = 2.0 * common as f32 / (pairs + sounds.pairs().len() as u32) as f32;
            if dice >= LEAST_ALIKE {
                let best = best.entry(entry).or_default();
                *best = best.max(dice);
            }
        }
        let mut best: Vec<(u32, f32)> = best.into_iter().collect();
        best.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.into_iter().take(n).map(|(entry, _)| entry).collect()
    }
}
