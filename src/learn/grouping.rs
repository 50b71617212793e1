//! Unanswered questions by meaning: each new wording joins the group whose centre is nearest, or begins one.
//!
//! One pass, in the order in which questions were asked: what is grouped stays where it is, so that a person finds a
//! group again, and the same log gives the same groups. The vectors are those of the matcher, of the masked text.

use std::collections::HashMap;

use crate::{
    embed::{self, Embedder, Role},
    matcher::Snapshot,
    store::{self, NewWording, Place, Store, WaitingQuestion},
    text::normalize::normalize,
    vector::dot,
};

/// Questions grouped in one go, between which the log is written.
const AT_ONCE: u32 = 32;

/// Texts embedded in one go, between which questions get their turn with the model.
const EMBEDDED_AT_ONCE: usize = 4;

/// Why questions could not be grouped.
#[derive(Debug, thiserror::Error)]
pub enum GroupingError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The model failed.
    #[error("an unanswered question could not be embedded")]
    Embed(#[from] embed::Error),
}

/// What makes groups of questions.
pub struct Grouping<'a> {
    /// The model that is served.
    pub embedder: &'a dyn Embedder,
    /// The FAQ that is served: it says in which form the model gets a question.
    pub snapshot: &'a Snapshot,
    /// Cosine similarity to the centre of a group from which on a question belongs to it.
    pub similarity: f32,
}

impl Grouping<'_> {
    /// Groups some of the questions that wait, oldest first. False when none waited.
    ///
    /// Wordings whose vectors another model made are embedded again first; they stay in their groups.
    ///
    /// # Errors
    /// When the database or the model fails; what was not grouped waits on.
    pub fn step(&self, store: &mut Store) -> Result<bool, GroupingError> {
        let model = self.embedder.model();
        let old = store.wordings_of_other_models(&model.fingerprint, AT_ONCE)?;
        if !old.is_empty() {
            let texts: Vec<&str> = old.iter().map(|(_, text)| text.as_str()).collect();
            let vectors: Vec<_> = old.iter().map(|(id, _)| *id).zip(self.embed(&texts)?).collect();
            store.replace_wording_vectors(&model.fingerprint, &vectors)?;
            return Ok(true);
        }
        let waiting = store.waiting_questions(AT_ONCE)?;
        if waiting.is_empty() {
            return Ok(false);
        }
        let keys: Vec<String> =
            waiting.iter().map(|question| normalize(&question.text).comparison_key()).collect();
        let mut new: Vec<(&str, &WaitingQuestion)> = Vec::new();
        for (key, question) in keys.iter().zip(&waiting) {
            // A question without a word (？？？) says nothing that could be grouped.
            let known = key.is_empty() || new.iter().any(|(other, _)| *other == key.as_str());
            if !known && !store.has_wording(key)? {
                new.push((key, question));
            }
        }
        let texts: Vec<&str> = new.iter().map(|(_, question)| question.text.as_str()).collect();
        let vectors = self.embed(&texts)?;
        let mut centres = Centres::new(self.similarity);
        if !new.is_empty() {
            for (group, vector) in store.grouped_vectors(&model.fingerprint, model.dimension)? {
                centres.add(Place::Group(group), &vector);
            }
        }
        let wordings: Vec<NewWording> = new
            .into_iter()
            .zip(vectors)
            .map(|((key, question), vector)| NewWording {
                key: key.to_owned(),
                text: question.text.clone(),
                place: centres.place(&vector),
                vector,
            })
            .collect();
        let rows: Vec<(i64, String)> = waiting.iter().map(|question| question.row).zip(keys).collect();
        store.group_questions(&model.fingerprint, &wordings, &rows)?;
        Ok(true)
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, embed::Error> {
        let texts: Vec<String> = texts.iter().map(|text| self.snapshot.model_text(text)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut vectors = Vec::with_capacity(texts.len());
        for chunk in texts.chunks(EMBEDDED_AT_ONCE) {
            let embedded = self.embedder.embed(chunk, Role::Query)?;
            vectors.extend(embedded.iter().map(|vector| vector.as_slice().to_vec()));
        }
        Ok(vectors)
    }
}

/// The middles of all groups.
#[derive(Debug)]
pub struct Centres {
    similarity: f32,
    made: usize,
    middles: Vec<Centre>,
    positions: HashMap<Place, usize>,
}

/// The sum of a group's vectors, which points to its middle, and its length.
#[derive(Debug)]
struct Centre {
    place: Place,
    sum: Vec<f32>,
    length: f32,
}

impl Centres {
    /// No groups yet. A vector belongs to a group when its cosine similarity to the centre is at least `similarity`.
    #[must_use]
    pub fn new(similarity: f32) -> Self {
        Self { similarity, made: 0, middles: Vec::new(), positions: HashMap::new() }
    }

    /// Adds a vector to the group at `place`.
    pub fn add(&mut self, place: Place, vector: &[f32]) {
        let position = *self.positions.entry(place).or_insert_with(|| {
            self.middles.push(Centre { place, sum: vec![0.0; vector.len()], length: 0.0 });
            self.middles.len() - 1
        });
        let Centre { place: _, sum, length } = &mut self.middles[position];
        for (sum, x) in sum.iter_mut().zip(vector) {
            *sum += x;
        }
        *length = dot(sum, sum).sqrt();
    }

    /// Finds the place of a unit vector, the nearest group or a new one, and adds it there.
    pub fn place(&mut self, vector: &[f32]) -> Place {
        let nearest = self
            .middles
            .iter()
            .map(|centre| (centre.place, dot(&centre.sum, vector) / centre.length.max(f32::MIN_POSITIVE)))
            .filter(|(_, cosine)| *cosine >= self.similarity)
            // The older of two that are equally near.
            .reduce(|best, other| if other.1 > best.1 { other } else { best });
        let place = nearest.map_or(Place::New(self.made), |(place, _)| place);
        if nearest.is_none() {
            self.made += 1;
        }
        self.add(place, vector);
        place
    }
}

#[cfg(test)]
mod tests;
