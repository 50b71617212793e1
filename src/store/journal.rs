//! The tables of what was asked and of what people said of the answers.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Error, Store,
    groups::{reconsider, remove_empty},
};
use crate::faq::EntryId;

/// Rows deleted between two commits: other writers get their turn in between.
const FORGOTTEN_AT_ONCE: u32 = 5_000;

/// A question as it is logged.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedQuery {
    /// Names the question in feedback.
    pub id: Uuid,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Over which way it came, a short fixed name: `http`, `batch` …
    pub channel: &'static str,
    /// The question without personal data.
    pub text: String,
    /// Name of the decision.
    pub decision: &'static str,
    /// The most probable entries with their confidences, best first.
    pub candidates: Vec<(EntryId, f32)>,
    /// Version of the FAQ that answered.
    pub index_version: u64,
    /// How long the answer took.
    pub took: Duration,
    /// Why the question counts as unanswered, if it does.
    pub reason: Option<UnansweredReason>,
}

/// Why a question counts as unanswered when it is asked; feedback may say so later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnansweredReason {
    /// No entry fitted.
    NoAnswer,
    /// Two entries fitted about equally well.
    NearTie,
}

impl UnansweredReason {
    /// The name in the table.
    fn as_str(self) -> &'static str {
        match self {
            Self::NoAnswer => "no_answer",
            Self::NearTie => "near_tie",
        }
    }
}

/// What somebody said of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackVerdict {
    /// The entry answered the question.
    Helpful,
    /// The entry did not answer the question.
    Wrong,
    /// None of the entries that were offered is what was meant.
    NoneOfThese,
}

impl FeedbackVerdict {
    /// The name in JSON, tables and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Helpful => "helpful",
            Self::Wrong => "wrong",
            Self::NoneOfThese => "none_of_these",
        }
    }
}

/// One person's verdict on the answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// Which question.
    pub query_id: Uuid,
    /// Which of the entries; the best one when nothing is said. Never with [`FeedbackVerdict::NoneOfThese`].
    pub entry_id: Option<EntryId>,
    /// What is said of it.
    pub verdict: FeedbackVerdict,
    /// The entry that would have been right, when somebody knows it.
    pub chosen: Option<EntryId>,
    /// In the person's own words, without personal data.
    pub comment: Option<String>,
}

/// What became of a [`Feedback`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedbackFate {
    /// It is stored; it replaces what was said before of the same entry in the same answer.
    Kept,
    /// The very same was said before.
    Repeated,
    /// No such question is in the log.
    UnknownQuery,
    /// The entry is neither in the FAQ nor among those that were offered.
    UnknownEntry {
        /// Which one.
        id: EntryId,
        /// Which field of the feedback named it.
        field: &'static str,
    },
}

impl Store {
    /// Writes `asked`, then `feedback` given at `now`, in one transaction. One fate a feedback, in order.
    ///
    /// `log_is_kept`: feedback on a question that is not in the log is refused; without a log it is kept as it is.
    ///
    /// # Errors
    /// When the database fails; nothing is written then.
    pub fn write_journal(
        &mut self,
        asked: &[LoggedQuery],
        feedback: &[Feedback],
        now: Timestamp,
        log_is_kept: bool,
    ) -> Result<Vec<FeedbackFate>, Error> {
        self.transact(|transaction| {
            for query in asked {
                insert_query(transaction, query)?;
            }
            feedback.iter().map(|given| keep_feedback(transaction, given, now, log_is_kept)).collect()
        })
    }

    /// Deletes questions asked, and feedback given, before `cutoff`, so that their text is gone from the file too.
    /// Returns the number of questions.
    ///
    /// # Errors
    /// When the database fails; a part may be deleted then.
    pub fn forget_before(&mut self, cutoff: Timestamp) -> Result<usize, Error> {
        let cutoff = cutoff.as_millisecond();
        // Without this the text would stay readable in free pages.
        self.connection.pragma_update(None, "secure_delete", true).map_err(self.failed("clean"))?;
        let mut forgotten = 0;
        loop {
            let deleted = self.transact(|transaction| {
                transaction.execute(
                    "DELETE FROM queries WHERE ordinal IN
                        (SELECT ordinal FROM queries WHERE asked_at < ?1 ORDER BY asked_at LIMIT ?2)",
                    params![cutoff, FORGOTTEN_AT_ONCE],
                )
            })?;
            forgotten += deleted;
            if deleted < FORGOTTEN_AT_ONCE as usize {
                break;
            }
        }
        let comments = self.transact(|transaction| {
            remove_empty(transaction)?;
            transaction.execute("DELETE FROM feedback WHERE given_at < ?1", [cutoff])
        })?;
        if forgotten + comments > 0 {
            // The log that is written ahead holds old pages until it is emptied; a reader may put that off.
            self.connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .map_err(self.failed("clean"))?;
        }
        Ok(forgotten)
    }
}

fn insert_query(transaction: &Transaction<'_>, query: &LoggedQuery) -> rusqlite::Result<()> {
    let LoggedQuery { id, asked_at, channel, text, decision, candidates, index_version, took, reason } =
        query;
    let best = candidates.first().map(|(id, _)| id.as_str());
    let candidates = serde_json::to_string(candidates)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    transaction
        .prepare_cached(
            "INSERT INTO queries
                (id, asked_at, channel, text, decision, best, candidates, index_version, took_us, reason, waiting)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10 IS NOT NULL)",
        )?
        .execute(params![
            id.as_bytes().as_slice(),
            asked_at.as_millisecond(),
            channel,
            text,
            decision,
            best,
            candidates,
            i64::try_from(*index_version).unwrap_or(i64::MAX),
            i64::try_from(took.as_micros()).unwrap_or(i64::MAX),
            reason.map(UnansweredReason::as_str),
        ])?;
    Ok(())
}

fn keep_feedback(
    transaction: &Transaction<'_>,
    feedback: &Feedback,
    now: Timestamp,
    log_is_kept: bool,
) -> rusqlite::Result<FeedbackFate> {
    let Feedback { query_id, entry_id, verdict, chosen, comment } = feedback;
    let offered = offered(transaction, *query_id)?;
    if offered.is_none() && log_is_kept {
        return Ok(FeedbackFate::UnknownQuery);
    }
    let offered = offered.unwrap_or_default();
    for (field, id) in [("entry_id", entry_id), ("chosen", chosen)] {
        if let Some(id) = id
            && !offered.contains(id)
            && !is_in_faq(transaction, id)?
        {
            return Ok(FeedbackFate::UnknownEntry { id: id.clone(), field });
        }
    }
    let about = match verdict {
        FeedbackVerdict::Helpful | FeedbackVerdict::Wrong => entry_id.as_ref().or(offered.first()),
        FeedbackVerdict::NoneOfThese => None,
    };
    let (query_id, about) = (query_id.as_bytes().as_slice(), about.map_or("", EntryId::as_str));
    let (verdict, chosen) = (verdict.as_str(), chosen.as_ref().map(EntryId::as_str));
    let repeated = transaction
        .prepare_cached(
            "SELECT 1 FROM feedback
                WHERE query_id = ?1 AND entry_id = ?2 AND verdict = ?3 AND chosen IS ?4 AND comment IS ?5",
        )?
        .exists(params![query_id, about, verdict, chosen, comment])?;
    if repeated {
        return Ok(FeedbackFate::Repeated);
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO feedback VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![query_id, about, verdict, chosen, comment, now.as_millisecond()])?;
    reconsider(transaction, query_id)?;
    Ok(FeedbackFate::Kept)
}

/// The entries that a logged question was offered, best first; `None` when there is no such question.
fn offered(transaction: &Transaction<'_>, query_id: Uuid) -> rusqlite::Result<Option<Vec<EntryId>>> {
    let candidates: Option<String> = transaction
        .prepare_cached("SELECT candidates FROM queries WHERE id = ?1")?
        .query_row([query_id.as_bytes().as_slice()], |row| row.get(0))
        .optional()?;
    // A row that cannot be read offers nothing; its question is still known.
    Ok(candidates.map(|json| {
        let candidates: Vec<(EntryId, f32)> = serde_json::from_str(&json).unwrap_or_default();
        candidates.into_iter().map(|(id, _)| id).collect()
    }))
}

fn is_in_faq(transaction: &Transaction<'_>, id: &EntryId) -> rusqlite::Result<bool> {
    transaction.prepare_cached("SELECT 1 FROM entries WHERE id = ?1")?.exists([id.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faq::Entry;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn query(id: u128, asked_at: &str) -> LoggedQuery {
        LoggedQuery {
            id: Uuid::from_u128(id),
            asked_at: at(asked_at),
            channel: "http",
            text: format!("第{id}个问题"),
            decision: "answer",
            candidates: vec![("a".parse().unwrap(), 0.9), ("b".parse().unwrap(), 0.1)],
            index_version: 1,
            took: Duration::from_millis(3),
            reason: None,
        }
    }

    fn feedback(id: u128, verdict: FeedbackVerdict) -> Feedback {
        Feedback { query_id: Uuid::from_u128(id), entry_id: None, verdict, chosen: None, comment: None }
    }

    fn rows(store: &Store) -> Vec<(String, String)> {
        let mut statement =
            store.connection.prepare("SELECT entry_id, verdict FROM feedback ORDER BY entry_id").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    const NOW: &str = "2026-03-01T08:00:00Z";

    #[test]
    fn feedback_is_about_the_best_entry_when_it_names_none_and_the_last_word_counts() {
        let mut store = Store::in_memory().unwrap();
        store.write_journal(&[query(1, NOW)], &[], at(NOW), true).unwrap();
        let say = |store: &mut Store, feedback: Feedback| {
            store.write_journal(&[], &[feedback], at(NOW), true).unwrap().remove(0)
        };
        assert_eq!(say(&mut store, feedback(1, FeedbackVerdict::Helpful)), FeedbackFate::Kept);
        assert_eq!(say(&mut store, feedback(1, FeedbackVerdict::Helpful)), FeedbackFate::Repeated);
        assert_eq!(rows(&store), [("a".into(), "helpful".into())]);
        let other = Feedback { entry_id: Some("b".parse().unwrap()), ..feedback(1, FeedbackVerdict::Wrong) };
        say(&mut store, feedback(1, FeedbackVerdict::Wrong));
        say(&mut store, other);
        say(&mut store, feedback(1, FeedbackVerdict::NoneOfThese));
        let wrong = |id: &str| (id.to_owned(), "wrong".to_owned());
        assert_eq!(rows(&store), [(String::new(), "none_of_these".into()), wrong("a"), wrong("b")]);
    }

    #[test]
    fn what_is_not_known_is_refused_and_the_rest_of_the_batch_is_kept() {
        let mut store = Store::in_memory().unwrap();
        store.replace_file("faq.md", &[Entry::new("c".parse().unwrap(), "丙", "答")]).unwrap();
        let chosen = |id: &str| Feedback {
            chosen: Some(id.parse().unwrap()),
            ..feedback(1, FeedbackVerdict::NoneOfThese)
        };
        let given = [feedback(2, FeedbackVerdict::Wrong), chosen("c"), chosen("b"), chosen("z")];
        let fates = store.write_journal(&[query(1, NOW)], &given, at(NOW), true).unwrap();
        let unknown = FeedbackFate::UnknownEntry { id: "z".parse().unwrap(), field: "chosen" };
        assert_eq!(fates, [FeedbackFate::UnknownQuery, FeedbackFate::Kept, FeedbackFate::Kept, unknown]);
        assert_eq!(rows(&store).len(), 1);
    }

    #[test]
    fn without_a_log_feedback_is_kept_as_it_is() {
        let mut store = Store::in_memory().unwrap();
        let given = [feedback(7, FeedbackVerdict::Helpful)];
        assert_eq!(store.write_journal(&[], &given, at(NOW), false).unwrap(), [FeedbackFate::Kept]);
        assert_eq!(rows(&store), [(String::new(), "helpful".into())]);
    }

    #[test]
    fn what_is_forgotten_leaves_no_text_in_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open_or_create(directory.path()).unwrap();
        let old: Vec<LoggedQuery> = (0..12_000).map(|id| query(id, "2026-01-01T00:00:00Z")).collect();
        let comment = Feedback { comment: Some("老评论".into()), ..feedback(3, FeedbackVerdict::Wrong) };
        store.write_journal(&old, &[comment], at("2026-01-01T00:00:01Z"), true).unwrap();
        store.write_journal(&[query(90_001, NOW)], &[], at(NOW), true).unwrap();
        assert_eq!(store.forget_before(at("2026-02-01T00:00:00Z")).unwrap(), 12_000);
        let files = || std::fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().path());
        let bytes: Vec<u8> = files().flat_map(|path| std::fs::read(path).unwrap()).collect();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(holds("第90001个问题"));
        assert!(!holds("第77个问题") && !holds("老评论"));
    }
}
