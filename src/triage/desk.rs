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

/// What of a subject or of a body's plain text is read, in characters; the rest makes a person look.
const MOST_CHARS: usize = 8_000;

/// What of a body is parsed, in characters, tags and all: the time that takes grows with the square of how deep the
/// HTML is nested. The rest makes a person look.
const MOST_SOURCE_CHARS: usize = 100_000;

/// Where tickets come in: labelled examples, if there are any, and the tickets before. One a FAQ.
#[derive(Debug, Default)]
pub struct Desk {
    examples: Option<Examples>,
    earlier: Earlier,
}

/// What of a ticket is read, on its way to another thread.
struct Source {
    body: String,
    subject: Option<String>,
    /// Whether the ticket has more than that.
    is_cut: bool,
}

/// A ticket as it was read.
struct Read {
    body: Part,
    subject: Option<Part>,
    /// The body as plain text.
    text: String,
    /// Pictures in the body.
    pictures: usize,
    /// Whether some of the ticket was not read, or will not be asked.
    too_long: bool,
}

/// A text of the ticket on its way to its questions.
struct Part {
    field: Field,
    text: String,
    lines: Vec<Range<usize>>,
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
        let source = Source::of(ticket);
        // Reading takes its time, and this thread answers others too.
        let read = tokio::task::spawn_blocking(move || source.read()).await;
        let Read { body, subject, text, pictures, too_long } =
            read.map_err(|_| matcher::Error::Interrupted)?;
        let parts: Vec<&Part> = std::iter::once(&body).chain(&subject).collect();

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
        let lines: Vec<&str> = parts.iter().flat_map(|part| part.own_lines()).collect();
        let reasons = reasons::reasons(&Reading {
            ticket,
            clauses: &clauses,
            lines: &lines,
            pictures,
            questions: &questions,
            too_long,
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
            text,
            index_version: version,
            model: snapshot.model().name.clone(),
        })
    }
}

impl Source {
    fn of(ticket: &Ticket) -> Self {
        let (body, body_is_cut) = first_chars(&ticket.body, MOST_SOURCE_CHARS);
        let subject = ticket.subject.as_deref().map(|subject| first_chars(subject, MOST_CHARS));
        Self {
            body: body.to_owned(),
            subject: subject.map(|(subject, _)| subject.to_owned()),
            is_cut: body_is_cut || subject.is_some_and(|(_, is_cut)| is_cut),
        }
    }

    fn read(self) -> Read {
        let html::Plain { text, pictures } = html::plain(&self.body);
        let (read, text_is_cut) = first_chars(&text, MOST_CHARS);
        let body = Part::new(Field::Body, read);
        let subject = self.subject.map(|subject| Part::new(Field::Subject, &subject));
        // Each part is asked by itself, so each by itself may have too much to ask.
        let asks_too_much = |part: &Part| part.clauses.len() > select::MOST_CLAUSES;
        let too_long =
            self.is_cut || text_is_cut || std::iter::once(&body).chain(&subject).any(asks_too_much);
        Read { body, subject, text: text.into_owned(), pictures, too_long }
    }
}

impl Part {
    fn new(field: Field, text: &str) -> Self {
        let lines = clean::own_lines(text);
        let mut clauses = split::clauses(text, &lines, &clean::identifiers(text));
        for clause in &mut clauses {
            // Whoever complains or calls for a person does not ask the FAQ, though it may sound so.
            if reasons::is_call(clause) {
                (clause.cue, clause.listed) = (Cue::Statement, false);
            }
        }
        let runs = select::runs(&clauses);
        Self { field, text: text.to_owned(), lines, clauses, runs }
    }

    /// What the requester wrote, line by line.
    fn own_lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| &self.text[line.clone()])
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
fn words(parts: &[&Part]) -> String {
    let clauses = parts.iter().rev().flat_map(|part| &part.clauses);
    clauses.map(|clause| clause.text.as_str()).collect::<Vec<_>>().join("，")
}

/// What the ticket is about as one vector: the mean of its clauses', whatever their order.
fn vector_of(parts: &[&Part], answers: &[Answered]) -> Option<Embedding> {
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

/// The beginning of `text`, and whether there is more.
fn first_chars(text: &str, most: usize) -> (&str, bool) {
    text.char_indices().nth(most).map_or((text, false), |(end, _)| (&text[..end], true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(subject: &str, body: &str) -> Read {
        let ticket = Ticket {
            subject: Some(subject.to_owned()).filter(|subject| !subject.is_empty()),
            body: body.to_owned(),
            ..Ticket::default()
        };
        Source::of(&ticket).read()
    }

    fn is_too_long(subject: &str, body: &str) -> bool {
        read(subject, body).too_long
    }

    #[test]
    fn what_is_cut_before_it_is_parsed_makes_a_ticket_too_long() {
        let body = |lines: usize| format!("<p>群怎么解散？</p>{}", "<br>".repeat(lines));
        let most_lines = (MOST_SOURCE_CHARS - body(0).chars().count()) / "<br>".len();
        assert!(!is_too_long("", &body(most_lines)));
        let cut = read("", &body(most_lines + 1));
        assert!(cut.too_long);
        assert_eq!(cut.text, "群怎么解散？", "what is left is read");
    }

    #[test]
    fn a_subject_is_cut_like_a_body() {
        let (most, more) = ("群".repeat(MOST_CHARS), "群".repeat(MOST_CHARS + 1));
        assert!(!is_too_long(&most, &most));
        assert!(is_too_long(&more, "群怎么解散？") && is_too_long("", &more));
        assert_eq!(read(&more, "").subject.map(|subject| subject.text), Some(most));
    }

    #[test]
    fn each_part_may_ask_as_much_as_one_may() {
        let questions = |number: usize| -> String {
            (1..=number).map(|nth| format!("第{nth}种群怎么解散？")).collect::<Vec<_>>().concat()
        };
        let most = questions(select::MOST_CLAUSES);
        assert_eq!(read("", &most).body.clauses.len(), select::MOST_CLAUSES);
        assert!(!is_too_long(&most, &most));
        let more = questions(select::MOST_CLAUSES + 1);
        assert!(is_too_long("群", &more) && is_too_long(&more, "群"));
    }
}
