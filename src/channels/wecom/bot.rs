//! [`Bot`]: the callback of an AI bot (智能机器人): encrypted JSON in and out.
//!
//! An answer takes milliseconds, so every stream is finished with its first message: no refreshes, and pictures go
//! along at once.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Callback, Error, Signed,
    bot_message::{Asked, BotMessage, encrypted, feedback_id},
    command::without_mention,
    dialogue::{Resources, Said, Typed},
    layout,
};
use crate::{
    assets::{AssetName, Assets, Kind},
    learn::{Feedback, FeedbackError},
    matcher,
};

/// Longest text of a message, bytes.
const MAX_TEXT: usize = 20_480;
/// Largest picture, bytes before base64.
const MAX_PICTURE: usize = 10 << 20;

/// An AI bot.
pub struct Bot {
    /// Its keys and conversations.
    pub callback: Callback,
    /// Its name, as group messages mention it.
    pub name: Option<String>,
}

impl Bot {
    /// The response to a message; empty when nothing is to be said.
    ///
    /// # Errors
    /// When the message is not to be trusted or not readable, the matcher fails, or feedback cannot be stored.
    pub async fn receive(
        &self,
        resources: Resources<'_>,
        signed: &Signed<'_>,
        body: &str,
        now: Timestamp,
    ) -> Result<String, Error> {
        let message = BotMessage::parse(&self.callback.crypto.open(signed, &encrypted(body)?, now)?)?;
        let reply = match message.asked() {
            Asked::Text(text) => self.stream(resources, &message, &text, now).await?,
            Asked::Entered => {
                json!({"msgtype": "text", "text": {"content": self.callback.wording.welcome}})
            }
            Asked::Feedback(feedback) => {
                keep(feedback, resources).await?;
                return Ok(String::new());
            }
            Asked::Nothing => return Ok(String::new()),
        };
        let sealed = self.callback.crypto.seal(&reply.to_string(), signed.nonce, now)?;
        let response = json!({"encrypt": sealed.encrypt, "msgsignature": sealed.signature,
            "timestamp": sealed.timestamp, "nonce": sealed.nonce});
        Ok(response.to_string())
    }

    async fn stream(
        &self,
        resources: Resources<'_>,
        message: &BotMessage,
        text: &str,
        now: Timestamp,
    ) -> Result<Value, Error> {
        let text = if message.in_group() { without_mention(text, self.name.as_deref()) } else { text };
        let typed = Typed { person: message.person(), chat: message.chat(), text, now };
        let said = self.callback.dialogue.reply(resources, message.key(), typed).await?;
        let (wording, assets, shown) =
            (self.callback.wording.clone(), resources.space.assets().clone(), said.clone());
        // Pictures come from the disk and are megabytes to encode.
        let message =
            tokio::task::spawn_blocking(move || wording.message(&shown, |src| picture(&assets, src))).await;
        let message = message.map_err(|_| matcher::Error::Interrupted)?;
        let (content, rest) = layout::cut(&message.markdown, MAX_TEXT);
        self.callback.dialogue.keep_rest(typed, rest);
        let mut stream = json!({"id": Uuid::now_v7(), "finish": true, "content": content});
        if !message.pictures.is_empty() {
            stream["msg_item"] = message.pictures.into();
        }
        if let Said::Answer { entry, query_id, chosen: _ } = &said {
            stream["feedback"] = json!({"id": feedback_id(*query_id, &entry.id)});
        }
        Ok(json!({"msgtype": "stream", "stream": stream}))
    }
}

/// Stores what somebody thought of an answer. What it is about may be gone by now: whoever clicks cannot help that.
async fn keep(feedback: Feedback, resources: Resources<'_>) -> Result<(), Error> {
    match resources.space.journal().record_feedback(feedback).await {
        Err(error @ (FeedbackError::UnknownQuery { .. } | FeedbackError::UnknownEntry { .. })) => {
            tracing::info!(reason = %error, "feedback on an answer that is not known any more");
            Ok(())
        }
        stored => Ok(stored?),
    }
}

/// A stored picture as an item of a message; `None` when WeCom would not take it.
fn picture(assets: &Assets, src: &str) -> Option<Value> {
    let name = AssetName::from_reference(src)?;
    if !matches!(name.kind(), Kind::Png | Kind::Jpeg) {
        return None;
    }
    let bytes = match assets.read(&name) {
        Ok(bytes) => bytes?,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot show a picture");
            return None;
        }
    };
    (bytes.len() <= MAX_PICTURE).then(|| {
        let (base64, md5) = (STANDARD.encode(&bytes), hex::encode(Md5::digest(&bytes)));
        json!({"msgtype": "image", "image": {"base64": base64, "md5": md5}})
    })
}
