//! What a ticket is about: by its questions' entries, or by labelled examples.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Found, outcome::Band};

/// What a ticket is about.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CategoryGuess {
    /// From the widest category to the narrowest.
    #[schema(example = json!(["客户联系", "群聊"]))]
    pub path: Vec<String>,
    /// How sure that is, 0 to 1: the confidence in the entry of that category, or the examples' share of the vote.
    pub confidence: f32,
    /// How it was found.
    pub source: CategorySource,
}

/// How a category was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CategorySource {
    /// It is the category of the entries that answer the ticket.
    Faq,
    /// Labelled tickets like this one have it.
    Examples,
}

/// The category that most confidence speaks for. Entries that answer nothing have no say.
pub(super) fn of_questions(questions: &[Found]) -> Option<CategoryGuess> {
    let mut votes: Vec<(&[String], f32, f32)> = Vec::new();
    for question in questions.iter().filter(|question| question.band > Band::Low) {
        let Some(best) = question.matches.first().filter(|best| !best.category.is_empty()) else { continue };
        match votes.iter_mut().find(|(path, ..)| *path == best.category) {
            Some((_, sum, most)) => (*sum, *most) = (*sum + best.confidence, most.max(best.confidence)),
            None => votes.push((&best.category, best.confidence, best.confidence)),
        }
    }
    // The first of equals: what is asked first is what the ticket is about.
    let best = votes.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(path, _, confidence)| CategoryGuess {
        path: path.to_vec(),
        confidence,
        source: CategorySource::Faq,
    })
}
