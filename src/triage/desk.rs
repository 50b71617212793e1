//! [`Desk`]: where tickets come in. The one part of the room that asks the matcher and remembers anything.

use std::ops::Range;

use super::{
    Earlier, Examples, Field, Found, Suggestion, Ticket, Triage, category, clean,
    cues::Cue,
    draft, html,
    outcome::Band,
    reasons::{self, Reading},
    select::{self, Chosen, Scored},
    split::{self, Clause},
};
use crate::{
    faq::EntryId,
    matcher::{self, Answered, Matcher, Query},
    rank::Decision,
    text::marks::MarkedSpan,
    vector::Embedding,
};

/// Entries offered for a question.
const OFFERED: usize = 3;

/// What of a body is read, in characters; the rest makes a person look.
const MOST_CHARS: usize = 8_000;

/// Where tickets come in: labelled examples, if there are any, and the tickets before. One a FAQ.
#[derive(Debug, Default)]
pub struct Desk {
    examples: Option<Examples>,
    earlier: Earlier,
}

/// A text of the ticket on its way to its questions.
struct Part<'a> {
    field: Field,
    text: &'a str,
    lines: Vec<&'a str>,
    clauses: Vec<Clause>,
    runs: Vec<Range<usize>>,
}

impl Desk {
    /// A desk that remembers no ticket yet.
    #[must_use]
    pub fn new(examples: Option<Examples>, earlier: Earlier) -> Self {
        Self { examples, earlier }
    }

    /// Reads a ticket and says what is to be done with it, by what `matcher` serves.
    ///
    /// # Errors
    /// At once when the queue in front of the model is full or closed; later when the model fails.
    pub async fn triage(&self, matcher: &Matcher, ticket: &Ticket) -> Result<Triage, matcher::Error> {
        let html::Plain { text, pictures } = html::plain(&ticket.body);
        let read = first_chars(&text, MOST_CHARS);
        let body = Part::new(Field::Body, read);
        let subject = ticket.subject.as_deref().map(|subject| Part::new(Field::Subject, subject));
        let parts: Vec<&Part<'_>> = std::iter::once(&body).chain(&subject).collect();

        let snapshot = matcher.snapshot();
        let queries = parts.iter().flat_map(|part| part.queries()).collect();
        let mut answers = matcher.ask_embedded(queries).await?;
        let version = answers.first().map_or(snapshot.version(), |answer| answer.verdict.index_version);
        let about = vector_of(&parts, &answers).map(|vector| snapshot.ranker().centered(vector.as_slice()));
        let answers_of_subject = answers.split_off(body.runs.len());
        let mut questions = body.questions(answers);
        if let Some(subject) = &subject {
            add_subject(subject.questions(answers_of_subject), &mut questions);
        }
        let category = match (&self.examples, &about) {
            (Some(examples), Some(_)) => {
                let vectors = matcher.embed(&[&words(&parts)]).await?;
                let centered = vectors.first().map(|vector| snapshot.ranker().centered(vector.as_slice()));
                centered.and_then(|centered| examples.classify(&centered))
            }
            (Some(_) | None, _) => category::of_questions(&questions),
        };
        let clauses: Vec<Clause> = parts.iter().flat_map(|part| part.clauses.iter().cloned()).collect();
        let lines: Vec<&str> = parts.iter().flat_map(|part| part.lines.iter().copied()).collect();
        let reasons = reasons::reasons(&Reading {
            ticket,
            clauses: &clauses,
            lines: &lines,
            pictures,
            questions: &questions,
            too_long: read.len() < text.len() || clauses.len() > select::MOST_CLAUSES,
        });
        let duplicate_of = match about {
            Some(about) => {
                let (earlier, id) = (self.earlier.clone(), ticket.id.clone());
                let place = move || earlier.place(id.as_deref(), about);
                tokio::task::spawn_blocking(place).await.map_err(|_| matcher::Error::Interrupted)?
            }
            None => None,
        };
        Ok(Triage {
            ticket_id: ticket.id.clone(),
            draft_reply: draft::reply(&questions, &reasons),
            questions,
            category,
            needs_human: !reasons.is_empty(),
            reasons,
            duplicate_of,
            text: text.into_owned(),
            index_version: version,
            model: snapshot.model().name.clone(),
        })
    }
}

impl<'a> Part<'a> {
    fn new(field: Field, text: &'a str) -> Self {
        let lines = clean::own_lines(text);
        let mut clauses = split::clauses(text, &lines, &clean::identifiers(text));
        for clause in &mut clauses {
            // Whoever complains or calls for a person does not ask the FAQ, though it may sound so.
            if reasons::is_call(clause) {
                (clause.cue, clause.listed) = (Cue::Statement, false);
            }
        }
        let runs = select::runs(&clauses);
        Self { field, text, lines: lines.into_iter().map(|line| &text[line]).collect(), clauses, runs }
    }

    fn queries(&self) -> impl Iterator<Item = Query> {
        self.runs.iter().map(|run| Query {
            text: select::text(&self.clauses, run),
            top_k: OFFERED,
            ..Query::default()
        })
    }

    /// The questions, of which `answers` are the verdicts on all runs.
    fn questions(&self, answers: Vec<Answered>) -> Vec<Found> {
        let scored: Vec<Scored<&EntryId>> = answers
            .iter()
            .map(|answer| {
                let best = answer.verdict.matches.first();
                Scored {
                    confidence: best.map_or(0.0, |best| best.confidence),
                    entry: best.map(|best| &best.entry.id),
                }
            })
            .collect();
        let mut chosen = select::choose(&self.clauses, &self.runs, &scored);
        if chosen.is_empty() {
            chosen.extend(select::told(&self.clauses, &self.runs, &scored));
        }
        let mut answers: Vec<Option<Answered>> = answers.into_iter().map(Some).collect();
        chosen
            .into_iter()
            .filter_map(|chosen| Some(self.found(&chosen, answers[chosen.run].take()?)))
            .collect()
    }

    fn found(&self, chosen: &Chosen, answer: Answered) -> Found {
        let clauses = &self.clauses[chosen.clauses.clone()];
        let (first, last) = (clauses.first(), clauses.last());
        let bytes = [first.map_or(0, |clause| clause.range.start), last.map_or(0, |clause| clause.range.end)];
        let chars = bytes.map(|byte| self.text[..byte].chars().count());
        let matches: Vec<Suggestion> = answer.verdict.matches.into_iter().map(Suggestion::from).collect();
        Found {
            text: select::text(&self.clauses, &chosen.clauses),
            field: self.field,
            span: MarkedSpan { bytes, chars },
            decision: answer.verdict.decision,
            band: Band::from(answer.verdict.decision),
            confidence: matches.first().map_or(0.0, |best| best.confidence),
            matches,
        }
    }
}

/// The subject adds a question only when the body does not ask it: it mostly names what the body is about.
fn add_subject(subject: Vec<Found>, questions: &mut Vec<Found>) {
    let asked_nothing = questions.is_empty();
    for found in subject {
        let best = found.matches.first().map(|best| &best.id);
        let is_known =
            questions.iter().any(|known| known.matches.iter().any(|offer| Some(&offer.id) == best));
        if asked_nothing || (found.decision == Decision::Answer && !is_known) {
            questions.push(found);
        }
    }
}

/// The clauses of a ticket as one text, as labelled examples are one: the subject first.
fn words(parts: &[&Part<'_>]) -> String {
    let clauses = parts.iter().rev().flat_map(|part| &part.clauses);
    clauses.map(|clause| clause.text.as_str()).collect::<Vec<_>>().join("，")
}

/// What the ticket is about as one vector: the mean of its clauses', whatever their order.
fn vector_of(parts: &[&Part<'_>], answers: &[Answered]) -> Option<Embedding> {
    let runs = parts.iter().flat_map(|part| &part.runs);
    let single: Vec<&Embedding> =
        runs.zip(answers).filter(|(run, _)| run.len() == 1).map(|(_, answer)| &answer.vector).collect();
    let dimension = single.first()?.dimension();
    let mut sum = vec![0.0; dimension];
    for vector in &single {
        for (sum, value) in sum.iter_mut().zip(vector.as_slice()) {
            *sum += value;
        }
    }
    Embedding::normalized(sum, dimension).ok()
}

fn first_chars(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}
