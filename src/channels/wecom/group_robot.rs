//! [`GroupRobot`]: tells a group of colleagues (群机器人, 消息推送) what the FAQ could not answer.
//!
//! Messages go through the outbox: none is lost when WeCom is not reachable, and no more go than a robot may send.

use std::{num::NonZeroU32, sync::Arc};

use governor::Quota;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use quick_cache::sync::Cache;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    channels::webhook::deliver::Deliveries,
    learn::mask,
    text::{filler::core_key, normalize::normalize},
};

/// Its name in the outbox. No hook has a slash in its name.
pub const DESTINATION: &str = "wecom/group-robot";

/// Messages a minute that WeCom takes from one robot.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(20).expect("not zero");

/// Messages that may wait. A group that gets more than that in one go reads none of them; the query log has them all.
const WAITING: u32 = 200;

/// Questions of which it is known that they were told today.
const REMEMBERED: usize = 10_000;

/// Longest question that is shown, characters: far within the 4096 bytes of a message.
const SHOWN: usize = 500;

/// How often a robot may send.
#[must_use]
pub fn quota() -> Quota {
    Quota::per_minute(PER_MINUTE)
}

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Nothing in the FAQ answers a question.
    Unanswered {
        /// The question.
        question: String,
    },
    /// Somebody wants a person.
    HandOver {
        /// Who, by the id in WeCom.
        person: String,
        /// What they asked last, if anything.
        question: Option<String>,
    },
}

/// Tells each thing once a day.
pub struct GroupRobot {
    deliveries: Arc<Deliveries>,
    told: Cache<String, ()>,
}

impl GroupRobot {
    /// A robot whose messages `deliveries` sends to [`DESTINATION`].
    #[must_use]
    pub fn new(deliveries: Arc<Deliveries>) -> Self {
        Self { deliveries, told: Cache::new(REMEMBERED) }
    }

    /// Has `news` sent. The same question, however politely it is asked, is told once a day.
    ///
    /// Waits for the disk: not for a thread that answers questions.
    pub fn tell(&self, news: &News, now: Timestamp) {
        // The day of those who read it.
        let id = news.id(TimeZone::system().to_datetime(now).date());
        if self.told.get(&id).is_some() {
            return;
        }
        let outbox = self.deliveries.outbox();
        let told = outbox.waiting(DESTINATION).and_then(|waiting| {
            if waiting >= WAITING {
                tracing::warn!(
                    waiting,
                    "the group robot is not told of a question: too much is waiting for it"
                );
                return Ok(());
            }
            self.deliveries.send(&id, DESTINATION, news.message().as_bytes(), now)
        });
        match told {
            Ok(()) => self.told.insert(id, ()),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot tell the group robot");
            }
        }
    }
}

impl News {
    /// The same for the same thing on the same day.
    fn id(&self, day: Date) -> String {
        let key = |question: &str| core_key(&normalize(question));
        let what = match self {
            Self::Unanswered { question } => key(question),
            Self::HandOver { person, question } => {
                format!("{person}\n{}", question.as_deref().map(key).unwrap_or_default())
            }
        };
        let digest = Sha256::digest(format!("{day} {what}"));
        format!("robot_{}", hex::encode(&digest[..16]))
    }

    fn message(&self) -> String {
        let (title, question) = match self {
            Self::Unanswered { question } => ("FAQ 中没有答案的问题".to_owned(), question.as_str()),
            Self::HandOver { person, question: Some(question) } => {
                (format!("{person} 请求转人工，刚才问的是"), question.as_str())
            }
            Self::HandOver { person, question: None } => (format!("{person} 请求转人工"), "（没有提问）"),
        };
        // A group has more members than the one who asked had in mind.
        let question: String = mask(question).chars().take(SHOWN).collect();
        // `<@all>` would call everybody.
        let content = format!("**{title}**\n> {}", question.replace('\n', "\n> ")).replace('<', "＜");
        json!({"msgtype": "markdown", "markdown": {"content": content}}).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::webhook::outbox::Outbox;

    fn robot() -> (tempfile::TempDir, GroupRobot) {
        let directory = tempfile::tempdir().unwrap();
        let outbox = Arc::new(Outbox::open_or_create(directory.path()).unwrap());
        (directory, GroupRobot::new(Arc::new(Deliveries::start(outbox, Vec::new()).unwrap())))
    }

    fn unanswered(question: &str) -> News {
        News::Unanswered { question: question.to_owned() }
    }

    fn waiting(robot: &GroupRobot) -> u32 {
        robot.deliveries.outbox().waiting(DESTINATION).unwrap()
    }

    #[test]
    fn a_question_is_told_once_a_day_however_it_is_dressed() {
        let (_directory, robot) = robot();
        let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        for question in ["打印机冒烟了", "您好，打印机冒烟了！谢谢", "打印機冒煙了"] {
            robot.tell(&unanswered(question), now);
        }
        assert_eq!(waiting(&robot), 1);
        for person in ["zhangsan", "lisi", "lisi"] {
            let question = Some("打印机冒烟了".to_owned());
            robot.tell(&News::HandOver { person: person.to_owned(), question }, now);
        }
        robot.tell(&unanswered("打印机着火了"), now);
        robot.tell(&unanswered("打印机冒烟了"), now + jiff::SignedDuration::from_hours(24));
        assert_eq!(waiting(&robot), 5);
        // Also by a robot that was started anew.
        let again = GroupRobot::new(robot.deliveries.clone());
        again.tell(&unanswered("打印机冒烟了"), now);
        assert_eq!(waiting(&again), 5);
    }

    #[test]
    fn a_day_ends_at_midnight_where_the_service_is() {
        let day: Date = "2026-03-02".parse().unwrap();
        let midnight = day.to_zoned_datetime(TimeZone::system()).unwrap().timestamp();
        let (_directory, robot) = robot();
        for (minutes, told) in [(-90, 1), (-1, 1), (1, 2), (90, 2)] {
            robot.tell(&unanswered("打印机冒烟了"), midnight + jiff::SignedDuration::from_mins(minutes));
            assert_eq!(waiting(&robot), told, "{minutes} minutes after midnight");
        }
    }

    #[test]
    fn a_flood_is_not_passed_on() {
        let (_directory, robot) = robot();
        for nth in 0..WAITING + 5 {
            robot.tell(&unanswered(&format!("第{nth}个问题")), Timestamp::UNIX_EPOCH);
        }
        assert_eq!(waiting(&robot), WAITING);
    }

    #[test]
    fn a_message_calls_nobody_and_fits() {
        let news = unanswered(&format!("<@all>\n{}", "群".repeat(2000)));
        let body: serde_json::Value = serde_json::from_str(&news.message()).unwrap();
        let content = body["markdown"]["content"].as_str().unwrap();
        assert!(content.len() < 4096 && !content.contains("<@"), "{content}");
        assert!(content.starts_with("**FAQ 中没有答案的问题**\n> ＜@all>\n> 群"), "{content}");
    }
}
