//! [`Dialogue`]: from what somebody typed to what is said, the same for app and bot.
//!
//! Owns the order of things: a wish for a person is honoured before anything is matched, then a number that picks one
//! of the offered questions, then the question itself. How it looks is [`super::layout`]'s.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    command::Command,
    conversations::{Conversation, Conversations},
    group_robot::{GroupRobot, News},
};
use crate::{
    channels::once::Once,
    faq::{Entry, EntryId},
    matcher::{self, Query},
    rank::Decision,
    spaces::Space,
};

/// Questions that are offered when it is not clear which one is meant.
const OFFERED: usize = 3;

/// WeCom hangs up after five seconds and asks again; somebody who waits is told before that.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// Messages whose answers are remembered for when they come again.
const REMEMBERED: usize = 10_000;

/// A text that somebody typed.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    /// Who typed it.
    pub person: &'a str,
    /// In which group; empty when there is none.
    pub chat: &'a str,
    /// What, without the mention of the bot.
    pub text: &'a str,
    /// When it came.
    pub now: Timestamp,
}

impl Typed<'_> {
    /// Names the conversation: a person may have one in each group.
    fn conversation(&self) -> String {
        format!("{}/{}", self.chat, self.person)
    }
}

/// The name of this channel in the query log.
const CHANNEL: &str = "wecom";

/// What a conversation needs: the FAQ that answers, and who is told what was not answered.
#[derive(Clone, Copy)]
pub struct Resources<'a> {
    /// Answers questions and remembers them.
    pub space: &'a Space,
    /// Tells colleagues, if there is one.
    pub robot: Option<&'a Arc<GroupRobot>>,
}

impl Resources<'_> {
    fn tell(&self, news: News, now: Timestamp) {
        if let Some(robot) = self.robot.cloned() {
            // Nobody waits for the disk: what cannot be written is logged there.
            tokio::task::spawn_blocking(move || robot.tell(&news, now));
        }
    }
}

/// What is said to it.
#[derive(Debug, Clone)]
pub enum Said {
    /// The entry that answers.
    Answer {
        /// The entry.
        entry: Arc<Entry>,
        /// Names the question in feedback.
        query_id: Uuid,
        /// Whether the person picked it from a list, so that nothing is uncertain about it.
        chosen: bool,
    },
    /// "您是不是想问", numbered from 1.
    Offer {
        /// Standard questions.
        questions: Vec<String>,
    },
    /// Nothing in the FAQ answers.
    NotFound,
    /// A person has to take over.
    HandOver,
    /// The rest of a long answer.
    Rest(String),
    /// A number that was not offered.
    NoSuchChoice {
        /// How many were.
        offered: usize,
    },
    /// A number although nothing was offered, or too long ago.
    NothingOffered,
    /// The answer that was picked is gone from the FAQ meanwhile.
    Gone,
    /// Nothing that can be matched: a picture, a file, an empty text.
    WordsPlease,
    /// The first message of the day.
    Welcome,
    /// Too much to do just now.
    Busy,
}

/// All conversations of one callback address.
pub struct Dialogue {
    conversations: Conversations,
    answered: Once<Said>,
}

impl Default for Dialogue {
    fn default() -> Self {
        Self { conversations: Conversations::default(), answered: Once::new(REMEMBERED) }
    }
}

impl Dialogue {
    /// What is said to `typed`, which came as the message `id`. The same again when the message comes again.
    ///
    /// # Errors
    /// When the matcher cannot answer.
    pub async fn reply(
        &self,
        resources: Resources<'_>,
        id: Option<String>,
        typed: Typed<'_>,
    ) -> Result<Said, matcher::Error> {
        let reply = self.answered.answer(id, self.first_reply(resources, typed));
        match tokio::time::timeout(ANSWER_WITHIN, reply).await {
            Ok(Err(matcher::Error::Overloaded)) | Err(_) => Ok(Said::Busy),
            Ok(said) => said,
        }
    }

    async fn first_reply(&self, resources: Resources<'_>, typed: Typed<'_>) -> Result<Said, matcher::Error> {
        if typed.text.trim().is_empty() {
            return Ok(Said::WordsPlease);
        }
        let before = self.conversations.get(&typed.conversation(), typed.now);
        match Command::of(typed.text) {
            Command::HandOver => {
                let question = before.map(|before| before.question);
                resources.tell(News::HandOver { person: typed.person.to_owned(), question }, typed.now);
                Ok(Said::HandOver)
            }
            Command::Choice(number) => Ok(self.choose(resources, typed, before, number)),
            Command::More => match before.filter(|before| !before.rest.is_empty()) {
                Some(before) => Ok(Said::Rest(before.rest)),
                None => self.ask(resources, typed).await,
            },
            Command::Question => self.ask(resources, typed).await,
        }
    }

    /// Keeps what did not fit into a message until somebody asks for more.
    pub fn keep_rest(&self, typed: Typed<'_>, rest: String) {
        if let Some(before) = self.conversations.get(&typed.conversation(), typed.now) {
            self.conversations.set(&typed.conversation(), Conversation { rest, at: typed.now, ..before });
        }
    }

    fn choose(
        &self,
        resources: Resources<'_>,
        typed: Typed<'_>,
        before: Option<Conversation>,
        number: usize,
    ) -> Said {
        let Some(before) = before.filter(|before| !before.offered.is_empty()) else {
            return Said::NothingOffered;
        };
        let Some(id) = before.offered.get(number - 1) else {
            return Said::NoSuchChoice { offered: before.offered.len() };
        };
        let snapshot = resources.space.matcher().snapshot();
        let Some(entry) = snapshot.entries().find(|entry| entry.id == *id).cloned() else {
            return Said::Gone;
        };
        let query_id = before.query_id;
        // The list stays: whoever picked the wrong one picks another.
        self.conversations
            .set(&typed.conversation(), Conversation { rest: String::new(), at: typed.now, ..before });
        Said::Answer { entry, query_id, chosen: true }
    }

    async fn ask(&self, resources: Resources<'_>, typed: Typed<'_>) -> Result<Said, matcher::Error> {
        let query = Query { text: typed.text.to_owned(), top_k: OFFERED, ..Query::default() };
        let (space, start) = (resources.space, Instant::now());
        let verdict = space.matcher().ask(vec![query]).await?.pop().ok_or(matcher::Error::Interrupted)?;
        let query_id = space.journal().log(CHANNEL, typed.text, &verdict, start.elapsed());
        let mut offered: Vec<EntryId> = Vec::new();
        let said = match verdict.decision {
            Decision::Answer => match verdict.matches.into_iter().next() {
                Some(best) => Said::Answer { entry: best.entry, query_id, chosen: false },
                None => Said::NotFound,
            },
            Decision::Clarify => {
                offered = verdict.matches.iter().map(|found| found.entry.id.clone()).collect();
                let question = |found: matcher::Match| found.entry.question.clone();
                Said::Offer { questions: verdict.matches.into_iter().map(question).collect() }
            }
            Decision::NoAnswer => {
                resources.tell(News::Unanswered { question: typed.text.to_owned() }, typed.now);
                Said::NotFound
            }
        };
        let question = typed.text.to_owned();
        let conversation = Conversation { question, query_id, offered, rest: String::new(), at: typed.now };
        self.conversations.set(&typed.conversation(), conversation);
        Ok(said)
    }
}
