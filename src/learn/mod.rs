//! What a FAQ learns from those who ask: the query log and what people said of the answers.
//!
//! Owns when and how much is remembered: masking, batching, retention. The tables are [`store`](crate::store)'s, the
//! answers [`matcher`](crate::matcher)'s. Whoever answers a question over HTTP, by WeCom or for an assistant's search
//! calls [`Journal::log`] once, and [`Journal::record_feedback`] once a verdict. The questions in tickets are not logged:
//! nobody typed them to be answered, and their ticket system keeps them. Nothing that is learned changes the FAQ
//! without a person's yes.

mod accept;
mod days_plot;
mod grouping;
mod inbox;
mod journal;
mod mask;
mod statistics;
mod unanswered;
mod writer;

pub use accept::{AcceptError, Acceptance, Change, accept};
pub use grouping::{Centres, Grouping, GroupingError};
pub use journal::{Clock, FeedbackError, Journal, JournalError, JournalObserver, Served, StartError};
pub use mask::mask;

pub use statistics::{
    DayCounts, DecisionShares, FeedbackCounts, QuestionCounts, Statistics, StatisticsFilter, TookMs,
};
pub use unanswered::{Chosen, Draft, Example, Near, Reasons, Unanswered, UnansweredGroup, UnansweredPage};

pub use crate::store::{
    EntryUsage, Feedback, FeedbackVerdict, GroupDecision, GroupFilter, GroupState, Period, UsageOrder,
    WordingUsage,
};
