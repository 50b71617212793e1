//! What the query log and the feedback say in numbers: overall and for each entry.

use std::time::Duration;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;
use utoipa::ToSchema;

use super::days_plot::days_plot;
use crate::{
    plot::Language,
    rank::Decision,
    store::{self, EntryUsage, FeedbackVerdict, Period, Store, UsageOrder, WordingOrder, WordingUsage},
};

/// Wordings that are listed of each kind.
const LISTED_WORDINGS: u32 = 10;

/// What to count.
#[derive(Debug, Clone)]
pub struct StatisticsFilter {
    /// Questions asked and feedback given in this time.
    pub period: Period,
    /// The zone whose days count.
    pub zone: TimeZone,
    /// The order of the entries.
    pub order: UsageOrder,
    /// Entries to leave out at the beginning.
    pub offset: u32,
    /// Entries to return.
    pub limit: u32,
    /// Draw the days too, with words in this language.
    pub figure: Option<Language>,
}

/// The numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Statistics {
    /// All questions.
    pub questions: QuestionCounts,
    /// The share of questions with each decision; all 0 without questions.
    pub share: DecisionShares,
    /// What people said.
    pub feedback: FeedbackCounts,
    /// Time to the answer in milliseconds; absent without questions.
    pub took_ms: Option<TookMs>,
    /// Zone in which days begin: its IANA name, or its offset such as `UTC+08` when it has none.
    pub time_zone: String,
    /// Days with questions, in order.
    pub days: Vec<DayCounts>,
    /// The days as a drawing, SVG with CSS variables as colours, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_figure: Option<String>,
    /// The ten wordings that were asked most often.
    pub most_asked: Vec<WordingUsage>,
    /// The ten wordings whose answer took longest.
    pub slowest: Vec<WordingUsage>,
    /// Entries on all pages.
    pub entries_total: u32,
    /// Entries with how they were used, also those that never were.
    pub entries: Vec<EntryUsage>,
}

/// Questions by decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct QuestionCounts {
    /// All.
    pub total: u64,
    /// Decision `answer`.
    pub answered: u64,
    /// Decision `clarify`.
    pub clarified: u64,
    /// Decision `no_answer`.
    pub unanswered: u64,
}

/// Shares of the questions, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, ToSchema)]
pub struct DecisionShares {
    /// Decision `answer`.
    pub answered: f64,
    /// Decision `clarify`.
    pub clarified: f64,
    /// Decision `no_answer`.
    pub unanswered: f64,
}

/// Feedback by verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct FeedbackCounts {
    /// The entry answered the question.
    pub helpful: u64,
    /// It did not.
    pub wrong: u64,
    /// None that was offered did.
    pub none_of_these: u64,
}

/// Percentiles of the time to the answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct TookMs {
    /// Half of the questions took at most this long.
    pub p50: f64,
    /// 99 of 100 did.
    pub p99: f64,
}

/// The questions of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayCounts {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// Its questions.
    #[serde(flatten)]
    pub questions: QuestionCounts,
}

impl QuestionCounts {
    fn add(&mut self, decision: &str, questions: u64) {
        self.total += questions;
        let of = |known: Decision| known.as_str() == decision;
        if of(Decision::Answer) {
            self.answered += questions;
        } else if of(Decision::Clarify) {
            self.clarified += questions;
        } else {
            self.unanswered += questions;
        }
    }

    fn shares(self) -> DecisionShares {
        let share = |questions: u64| questions as f64 / self.total.max(1) as f64;
        DecisionShares {
            answered: share(self.answered),
            clarified: share(self.clarified),
            unanswered: share(self.unanswered),
        }
    }
}

impl Statistics {
    /// Counts what `filter` names.
    ///
    /// # Errors
    /// When the database fails.
    pub fn read(store: &Store, filter: &StatisticsFilter) -> Result<Self, store::Error> {
        let StatisticsFilter { period, zone, order, offset, limit, figure } = filter;
        let mut questions = QuestionCounts::default();
        let mut days: Vec<DayCounts> = Vec::new();
        for piece in store.count_questions(period)? {
            let day = zone.to_datetime(piece.begins).date();
            questions.add(&piece.decision, piece.questions);
            if days.last().is_none_or(|last| last.day != day) {
                days.push(DayCounts { day, questions: QuestionCounts::default() });
            }
            if let Some(last) = days.last_mut() {
                last.questions.add(&piece.decision, piece.questions);
            }
        }
        let verdicts = store.count_feedback(period)?;
        let said = |verdict: FeedbackVerdict| {
            verdicts.iter().find(|(name, _)| name == verdict.as_str()).map_or(0, |(_, count)| *count)
        };
        let milliseconds = |took: Duration| took.as_secs_f64() * 1e3;
        let percentiles = (store.time_taken(period, 0.5)?, store.time_taken(period, 0.99)?);
        let (entries, entries_total) = store.entry_usage(period, *order, *offset, *limit)?;
        Ok(Self {
            questions,
            share: questions.shares(),
            feedback: FeedbackCounts {
                helpful: said(FeedbackVerdict::Helpful),
                wrong: said(FeedbackVerdict::Wrong),
                none_of_these: said(FeedbackVerdict::NoneOfThese),
            },
            took_ms: match percentiles {
                (Some(p50), Some(p99)) => Some(TookMs { p50: milliseconds(p50), p99: milliseconds(p99) }),
                _ => None,
            },
            time_zone: name_of(zone, period.until),
            days_figure: figure.and_then(|language| drawn(&days, language)),
            days,
            most_asked: store.wording_usage(period, WordingOrder::Times, LISTED_WORDINGS)?,
            slowest: store.wording_usage(period, WordingOrder::Took, LISTED_WORDINGS)?,
            entries_total,
            entries,
        })
    }
}

/// The name of `zone`; the offset that it has at `time` when it has no name, as of an `/etc/localtime` that is a copy.
fn name_of(zone: &TimeZone, time: Timestamp) -> String {
    zone.iana_name().map_or_else(|| format!("UTC{}", zone.to_offset(time)), str::to_owned)
}

/// The days as a drawing. The numbers are worth having without one.
fn drawn(days: &[DayCounts], language: Language) -> Option<String> {
    let drawn = days_plot(days, language);
    drawn.inspect_err(|error| tracing::warn!(%error, "the days cannot be drawn")).ok()
}

#[cfg(test)]
mod tests {
    use jiff::tz;

    use super::*;

    #[test]
    fn a_zone_without_a_name_is_not_called_utc() {
        let name = |zone: &TimeZone| name_of(zone, Timestamp::UNIX_EPOCH);
        assert_eq!(name(&TimeZone::UTC), "UTC");
        assert_eq!(name(&TimeZone::fixed(tz::offset(8))), "UTC+08");
        assert_eq!(name(&TimeZone::posix("IST-5:30").unwrap()), "UTC+05:30");
    }
}
