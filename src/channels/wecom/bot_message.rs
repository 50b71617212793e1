//! What the AI bot's JSON callback carries.

use serde::Deserialize;
use uuid::Uuid;

use super::Error;
use crate::{
    faq::EntryId,
    learn::{Feedback, FeedbackVerdict},
};

#[derive(Deserialize)]
struct Envelope {
    /// Newer callbacks write it small, older ones with a capital.
    #[serde(alias = "Encrypt")]
    encrypt: String,
}

/// The encrypted text of a request body.
pub(super) fn encrypted(body: &str) -> Result<String, Error> {
    let envelope: Envelope = serde_json::from_str(body).map_err(|error| Error::Envelope {
        expected: "JSON with the member encrypt",
        reason: error.to_string(),
    })?;
    Ok(envelope.encrypt)
}

/// A decrypted message. Members that no answer depends on are left out.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct BotMessage {
    msgid: Option<String>,
    chatid: Option<String>,
    chattype: Option<String>,
    from: Option<Sender>,
    msgtype: String,
    text: Option<Content>,
    voice: Option<Content>,
    mixed: Option<Mixed>,
    event: Option<Event>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Sender {
    userid: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Content {
    content: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Mixed {
    msg_item: Vec<MixedItem>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct MixedItem {
    text: Option<Content>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Event {
    eventtype: String,
    feedback_event: Option<FeedbackEvent>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct FeedbackEvent {
    id: String,
    #[serde(rename = "type")]
    kind: u8,
    content: Option<String>,
    #[serde(default)]
    inaccurate_reason_list: Vec<u8>,
}

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// A text; empty when there was only a picture or a file.
    Text(String),
    /// Somebody opened the chat for the first time of the day.
    Entered,
    /// 准确 / 不准确.
    Feedback(Feedback),
    /// Nothing that is answered.
    Nothing,
}

/// The reasons that WeCom offers for 不准确, from 1.
const REASONS: [&str; 4] = ["与问题无关", "内容不完整", "内容有错误", "数据分析错误"];

impl BotMessage {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Error::Message { reason: error.to_string() })
    }

    /// What names this message however often it comes.
    pub(super) fn key(&self) -> Option<String> {
        self.msgid.clone()
    }

    pub(super) fn person(&self) -> &str {
        self.from.as_ref().map_or("", |from| from.userid.as_str())
    }

    /// The group; empty when two talk alone.
    pub(super) fn chat(&self) -> &str {
        self.chatid.as_deref().unwrap_or_default()
    }

    pub(super) fn in_group(&self) -> bool {
        self.chattype.as_deref() == Some("group")
    }

    pub(super) fn asked(&self) -> Asked {
        match (self.msgtype.as_str(), &self.event) {
            ("text", _) => Asked::Text(content(self.text.as_ref())),
            ("voice", _) => Asked::Text(content(self.voice.as_ref())),
            ("mixed", _) => {
                let items = self.mixed.iter().flat_map(|mixed| &mixed.msg_item);
                let texts: Vec<&str> =
                    items.filter_map(|item| item.text.as_ref()).map(|text| text.content.as_str()).collect();
                Asked::Text(texts.join("\n"))
            }
            ("event", Some(event)) => match (event.eventtype.as_str(), &event.feedback_event) {
                ("enter_chat", _) => Asked::Entered,
                ("feedback_event", Some(feedback)) => feedback.read().map_or(Asked::Nothing, Asked::Feedback),
                _ => Asked::Nothing,
            },
            // A refresh of a stream: every answer is complete at once, so there is nothing to add.
            ("event" | "stream", _) => Asked::Nothing,
            _ => Asked::Text(String::new()),
        }
    }
}

fn content(text: Option<&Content>) -> String {
    text.map(|text| text.content.clone()).unwrap_or_default()
}

/// What comes back with a 准确 or 不准确 on an answer.
pub(super) fn feedback_id(query_id: Uuid, entry: &EntryId) -> String {
    format!("{query_id}/{entry}")
}

impl FeedbackEvent {
    /// `None` when the id is none that dayi gave, and when somebody takes a click back (3): what was said once stays
    /// said, as nobody can tell any more what it was.
    fn read(&self) -> Option<Feedback> {
        let (query_id, entry) = self.id.split_once('/')?;
        let verdict = match self.kind {
            1 => FeedbackVerdict::Helpful,
            2 => FeedbackVerdict::Wrong,
            _ => return None,
        };
        let reason = |&number: &u8| REASONS.get(usize::from(number).checked_sub(1)?).copied();
        let reasons = self.inaccurate_reason_list.iter().filter_map(reason);
        let words = reasons.chain(self.content.as_deref()).filter(|word| !word.trim().is_empty());
        let comment = words.collect::<Vec<_>>().join("；");
        Some(Feedback {
            query_id: query_id.parse().ok()?,
            entry_id: Some(entry.parse().ok()?),
            verdict,
            chosen: None,
            comment: (!comment.is_empty()).then_some(comment),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(value: &serde_json::Value) -> BotMessage {
        BotMessage::parse(&value.to_string()).unwrap()
    }

    #[test]
    fn the_envelope_is_read_in_both_spellings() {
        for body in [
            r#"{"encrypt":"aA=="}"#,
            r#"{"Encrypt":"aA==","ToUserName":"a","AgentID":"1"}"#,
            r#"{"tousername":"a","encrypt":"aA==","agentid":"1"}"#,
        ] {
            assert_eq!(encrypted(body).unwrap(), "aA==");
        }
        for body in ["", "[]", "{}", r#"{"encrypt":7}"#, "<xml/>"] {
            assert!(matches!(encrypted(body), Err(Error::Envelope { .. })), "{body}");
        }
    }

    #[test]
    fn the_words_are_found_wherever_they_stand() {
        let text = |value| message(&value).asked();
        assert_eq!(text(json!({"msgtype": "text", "text": {"content": "群"}})), Asked::Text("群".into()));
        assert_eq!(text(json!({"msgtype": "voice", "voice": {"content": "群"}})), Asked::Text("群".into()));
        let mixed = json!({"msgtype": "mixed", "mixed": {"msg_item": [
            {"msgtype": "text", "text": {"content": "这是什么"}},
            {"msgtype": "image", "image": {"url": "https://e.cn/a"}},
        ]}});
        assert_eq!(text(mixed), Asked::Text("这是什么".into()));
        assert_eq!(text(json!({"msgtype": "image", "image": {"url": "u"}})), Asked::Text(String::new()));
        assert_eq!(text(json!({"msgtype": "stream", "stream": {"id": "s"}})), Asked::Nothing);
        assert_eq!(text(json!({"msgtype": "event", "event": {"eventtype": "enter_chat"}})), Asked::Entered);
        assert_eq!(text(json!({"msgtype": "event", "event": {"eventtype": "other"}})), Asked::Nothing);
    }

    #[test]
    fn feedback_comes_back_to_its_question_and_entry() {
        let query_id = Uuid::from_u128(7);
        let id = feedback_id(query_id, &"wecom-faq-3-1".parse().unwrap());
        let event = |kind: u8, id: &str| {
            message(&json!({"msgtype": "event", "event": {"eventtype": "feedback_event", "feedback_event":
                {"id": id, "type": kind, "content": "没有写清楚", "inaccurate_reason_list": [1, 3, 9]}}}))
            .asked()
        };
        let Asked::Feedback(feedback) = event(2, &id) else { panic!("no feedback") };
        let entry = feedback.entry_id.as_ref().map(EntryId::as_str);
        assert_eq!((feedback.query_id, entry), (query_id, Some("wecom-faq-3-1")));
        assert_eq!(feedback.verdict, FeedbackVerdict::Wrong);
        assert_eq!(feedback.comment.as_deref(), Some("与问题无关；内容有错误；没有写清楚"));
        for (kind, id) in [(9, id.as_str()), (3, id.as_str()), (1, "somebody else's"), (1, "7/a"), (1, "")] {
            assert_eq!(event(kind, id), Asked::Nothing, "{kind} {id}");
        }
    }
}
