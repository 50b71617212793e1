//! What a loaded model must give: the bundled model against its reference, and the rules on tiny models.

mod reference;
mod rules;
