//! [`App`]: the callback of a self-built app (自建应用): encrypted XML in, a passive reply out.

use jiff::Timestamp;

use super::{
    Callback, Error, Signed,
    dialogue::{Resources, Said, Typed},
    layout,
    plain::plain,
    xml::{self, AppMessage, AppReply},
};
use crate::assets::AssetName;

/// Where the pictures are that a chat shows.
const PICTURES: &str = "/v1/wecom/pictures/";

/// Longest text of a message, bytes.
const MAX_TEXT: usize = 2048;
/// Longest description of an article, bytes.
const MAX_DESCRIPTION: usize = 512;
/// Articles in one message.
const MAX_ARTICLES: usize = 8;

/// A self-built app.
pub struct App {
    /// Its keys and conversations.
    pub callback: Callback,
    /// Address under which others reach this service, for pictures.
    pub public_url: Option<String>,
}

impl App {
    /// The response to a message; empty when nothing is to be said.
    ///
    /// # Errors
    /// When the message is not to be trusted or not readable, or the matcher fails.
    pub async fn receive(
        &self,
        resources: Resources<'_>,
        signed: &Signed<'_>,
        body: &str,
        now: Timestamp,
    ) -> Result<String, Error> {
        let message = AppMessage::parse(&self.callback.crypto.open(signed, &xml::encrypted(body)?, now)?)?;
        let Some(reply) = self.reply(resources, &message, now).await? else { return Ok(String::new()) };
        let reply = message.answered_by(&reply, now).map_err(|source| Error::Reply { source })?;
        Ok(xml::envelope(&self.callback.crypto.seal(&reply, signed.nonce, now)?))
    }

    async fn reply(
        &self,
        resources: Resources<'_>,
        message: &AppMessage,
        now: Timestamp,
    ) -> Result<Option<AppReply>, Error> {
        let text = match (message.msg_type.as_str(), message.event.as_deref()) {
            ("text", _) => message.content.as_deref().unwrap_or_default(),
            ("event", Some("subscribe")) => return Ok(Some(self.show(&Said::Welcome, None))),
            ("event", _) => return Ok(None),
            _ => "",
        };
        let typed = Typed { person: &message.from_user_name, chat: "", text, now };
        let said = self.callback.dialogue.reply(resources, Some(message.key()), typed).await?;
        Ok(Some(self.show(&said, Some(typed))))
    }

    fn show(&self, said: &Said, typed: Option<Typed<'_>>) -> AppReply {
        let address = |src: &str| {
            let name = AssetName::from_reference(src)?;
            self.public_url.as_ref().map(|url| format!("{url}{PICTURES}{name}"))
        };
        let message = self.callback.wording.message(said, address);
        let text = plain(&message.markdown);
        let pictures = message.pictures;
        if let Said::Answer { entry, .. } = said
            && (1..=MAX_ARTICLES).contains(&pictures.len())
            && text.len() <= MAX_DESCRIPTION
        {
            return AppReply::News { title: entry.question.clone(), description: text, pictures };
        }
        let links = (1..).zip(&pictures).map(|(nth, address)| format!("\n图{nth}：{address}"));
        let (text, rest) = layout::cut(&(text + &links.collect::<String>()), MAX_TEXT);
        if let Some(typed) = typed {
            self.callback.dialogue.keep_rest(typed, rest);
        }
        AppReply::Text(text)
    }
}
