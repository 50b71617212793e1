//! Counting over the query log and the feedback.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Error, Store};

/// The log is counted in pieces of this length, of which every time zone's days are made.
pub const PIECE: Duration = Duration::from_mins(15);

/// A period of time, from its first moment to before its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First moment.
    pub since: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
}

/// Questions of one decision that were asked in one [`PIECE`] of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceCount {
    /// When the piece begins.
    pub begins: Timestamp,
    /// Name of the decision.
    pub decision: String,
    /// How many.
    pub questions: u64,
}

/// What the entries are sorted by, the largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageOrder {
    /// Questions answered.
    #[default]
    Hits,
    /// Times called helpful.
    Helpful,
    /// Times called wrong.
    Wrong,
    /// The last use.
    LastUsed,
}

impl UsageOrder {
    fn column(self) -> &'static str {
        match self {
            Self::Hits => "hits",
            Self::Helpful => "helpful",
            Self::Wrong => "wrong",
            Self::LastUsed => "last_used",
        }
    }
}

/// How an entry was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EntryUsage {
    /// Its id; the entry may be gone.
    pub id: String,
    /// Questions it answered.
    pub hits: u64,
    /// How often people called it helpful.
    pub helpful: u64,
    /// How often people called it wrong.
    pub wrong: u64,
    /// When it last answered a question.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used: Option<Timestamp>,
}

/// What the wordings of questions are sorted by, the largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordingOrder {
    /// Times asked.
    Times,
    /// The longest time to an answer.
    Took,
}

impl WordingOrder {
    fn column(self) -> &'static str {
        match self {
            Self::Times => "times",
            Self::Took => "took",
        }
    }
}

/// How a question was asked, in one wording.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WordingUsage {
    /// The wording, without personal data.
    pub text: String,
    /// How often it was asked.
    pub times: u64,
    /// The longest time to its answer, in milliseconds.
    pub slowest_ms: f64,
    /// When it was asked last.
    #[schema(value_type = String, format = DateTime)]
    pub last_asked: Timestamp,
}

/// Every entry once, with how it was used.
const USAGE: &str = "
    SELECT id, sum(hits) AS hits, sum(helpful) AS helpful, sum(wrong) AS wrong, max(last) AS last_used FROM (
        SELECT best AS id, count(*) AS hits, 0 AS helpful, 0 AS wrong, max(asked_at) AS last FROM queries
            WHERE decision = 'answer' AND best IS NOT NULL AND asked_at >= ?1 AND asked_at < ?2 GROUP BY best
        UNION ALL
        SELECT entry_id, 0, sum(verdict = 'helpful'), sum(verdict = 'wrong'), NULL FROM feedback
            WHERE entry_id <> '' AND given_at >= ?1 AND given_at < ?2 GROUP BY entry_id
        UNION ALL
        SELECT id, 0, 0, 0, NULL FROM entries)
    GROUP BY id";

impl Store {
    /// Questions by decision and [`PIECE`] of time, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn count_questions(&self, period: &Period) -> Result<Vec<PieceCount>, Error> {
        let piece = PIECE.as_millis() as i64;
        self.list(
            "SELECT asked_at / ?3 * ?3, decision, count(*) FROM queries WHERE asked_at >= ?1 AND asked_at < ?2
                GROUP BY 1, 2 ORDER BY 1, 2",
            params![period.since.as_millisecond(), period.until.as_millisecond(), piece],
            |row| {
                Ok(PieceCount {
                    begins: super::time(row.get(0)?),
                    decision: row.get(1)?,
                    questions: row.get::<_, i64>(2)?.unsigned_abs(),
                })
            },
        )
    }

    /// The time within which `share` (0..=1) of the questions were answered; `None` without questions.
    ///
    /// # Errors
    /// When the database fails.
    pub fn time_taken(&self, period: &Period, share: f64) -> Result<Option<Duration>, Error> {
        let (since, until) = (period.since.as_millisecond(), period.until.as_millisecond());
        let questions: i64 = self
            .connection
            .query_row(
                "SELECT count(*) FROM queries WHERE asked_at >= ?1 AND asked_at < ?2",
                params![since, until],
                |row| row.get(0),
            )
            .map_err(self.failed("read"))?;
        let place = (share * questions as f64).ceil() as i64 - 1;
        let times: Vec<i64> = self.list(
            "SELECT took_us FROM queries WHERE asked_at >= ?1 AND asked_at < ?2 ORDER BY took_us LIMIT 1 OFFSET ?3",
            params![since, until, place.max(0)],
            |row| row.get(0),
        )?;
        Ok(times.first().map(|microseconds| Duration::from_micros(microseconds.unsigned_abs())))
    }

    /// The first wordings of the period in this order, at most `most` of them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn wording_usage(
        &self,
        period: &Period,
        order: WordingOrder,
        most: u32,
    ) -> Result<Vec<WordingUsage>, Error> {
        self.list(
            &format!(
                "SELECT text, count(*) AS times, max(took_us) AS took, max(asked_at) FROM queries
                    WHERE asked_at >= ?1 AND asked_at < ?2 GROUP BY text ORDER BY {} DESC, text LIMIT ?3",
                order.column()
            ),
            params![period.since.as_millisecond(), period.until.as_millisecond(), most],
            |row| {
                Ok(WordingUsage {
                    text: row.get(0)?,
                    times: row.get::<_, i64>(1)?.unsigned_abs(),
                    slowest_ms: row.get::<_, i64>(2)? as f64 / 1e3,
                    last_asked: super::time(row.get(3)?),
                })
            },
        )
    }

    /// The wordings asked most among the last questions of the log, at most `most` of them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn frequent_questions(&self, most: u32) -> Result<Vec<String>, Error> {
        self.list(
            "SELECT text FROM (SELECT text FROM queries ORDER BY asked_at DESC LIMIT 5000)
                GROUP BY text ORDER BY count(*) DESC, text LIMIT ?1",
            [most],
            |row| row.get(0),
        )
    }

    /// How often each verdict was given, by its name.
    ///
    /// # Errors
    /// When the database fails.
    pub fn count_feedback(&self, period: &Period) -> Result<Vec<(String, u64)>, Error> {
        self.list(
            "SELECT verdict, count(*) FROM feedback WHERE given_at >= ?1 AND given_at < ?2 GROUP BY verdict",
            params![period.since.as_millisecond(), period.until.as_millisecond()],
            |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())),
        )
    }

    /// A page of entries with how they were used, also those that never were; and how many there are on all pages.
    ///
    /// # Errors
    /// When the database fails.
    pub fn entry_usage(
        &self,
        period: &Period,
        order: UsageOrder,
        offset: u32,
        limit: u32,
    ) -> Result<(Vec<EntryUsage>, u32), Error> {
        let (since, until) = (period.since.as_millisecond(), period.until.as_millisecond());
        let entries = self.list(
            &format!("{USAGE} ORDER BY {} DESC, id LIMIT ?3 OFFSET ?4", order.column()),
            params![since, until, limit, offset],
            |row| {
                let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
                Ok(EntryUsage {
                    id: row.get(0)?,
                    hits: count(1)?,
                    helpful: count(2)?,
                    wrong: count(3)?,
                    last_used: row.get::<_, Option<i64>>(4)?.map(super::time),
                })
            },
        )?;
        let total = self
            .connection
            .query_row(&format!("SELECT count(*) FROM ({USAGE})"), params![since, until], |row| row.get(0))
            .map_err(self.failed("read"))?;
        Ok((entries, total))
    }
}
