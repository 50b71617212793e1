//! The self-built app's XML: envelopes and messages, in and out.

use std::{fmt::Display, io};

use jiff::Timestamp;
use quick_xml::{
    Writer,
    events::{BytesCData, BytesText, Event},
};
use serde::Deserialize;

use super::{Error, crypto::Sealed};

const CDATA: &str = "<![CDATA[";
const CDATA_END: &str = "]]>";

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "Encrypt")]
    encrypt: String,
}

/// A decrypted message. Everything that other kinds of messages carry besides is left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AppMessage {
    pub(super) to_user_name: String,
    pub(super) from_user_name: String,
    pub(super) create_time: String,
    pub(super) msg_type: String,
    pub(super) content: Option<String>,
    /// 64 bits: kept as a text, so that no digit is lost.
    pub(super) msg_id: Option<String>,
    pub(super) event: Option<String>,
}

/// What goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AppReply {
    Text(String),
    /// 图文: one article a picture, the first with the text.
    News {
        title: String,
        description: String,
        pictures: Vec<String>,
    },
}

/// The encrypted text of a request body.
pub(super) fn encrypted(body: &str) -> Result<String, Error> {
    let envelope: Envelope = quick_xml::de::from_str(body).map_err(|error| Error::Envelope {
        expected: "XML with an Encrypt element",
        reason: error.to_string(),
    })?;
    Ok(envelope.encrypt)
}

impl AppMessage {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        quick_xml::de::from_str(text).map_err(|error| Error::Message { reason: error.to_string() })
    }

    /// What names this message however often it comes: events have no id of their own.
    pub(super) fn key(&self) -> String {
        match &self.msg_id {
            Some(id) => id.clone(),
            None => {
                [&self.from_user_name, &self.create_time, self.event.as_deref().unwrap_or_default()].join(" ")
            }
        }
    }

    /// The XML of `reply`, from the one who got this message to the one who sent it.
    pub(super) fn answered_by(&self, reply: &AppReply, now: Timestamp) -> io::Result<String> {
        let mut writer = Writer::new(Vec::new());
        writer.create_element("xml").write_inner_content(|writer| {
            element(writer, "ToUserName", &self.from_user_name)?;
            element(writer, "FromUserName", &self.to_user_name)?;
            number(writer, "CreateTime", now.as_second())?;
            match reply {
                AppReply::Text(text) => {
                    element(writer, "MsgType", "text")?;
                    element(writer, "Content", text)
                }
                AppReply::News { title, description, pictures } => {
                    element(writer, "MsgType", "news")?;
                    number(writer, "ArticleCount", pictures.len())?;
                    writer.create_element("Articles").write_inner_content(|writer| {
                        for (nth, picture) in (1..).zip(pictures) {
                            let (title, description) = match nth {
                                1 => (title.clone(), description.as_str()),
                                _ => (format!("图{nth}"), ""),
                            };
                            writer.create_element("item").write_inner_content(|writer| {
                                element(writer, "Title", &title)?;
                                element(writer, "Description", description)?;
                                element(writer, "PicUrl", picture)?;
                                element(writer, "Url", picture)
                            })?;
                        }
                        Ok(())
                    })?;
                    Ok(())
                }
            }
        })?;
        String::from_utf8(writer.into_inner()).map_err(io::Error::other)
    }
}

fn element(writer: &mut Writer<Vec<u8>>, name: &str, text: &str) -> io::Result<()> {
    // Control characters cannot stand in XML, not even escaped.
    let text: String = text.chars().filter(|&c| !c.is_control() || matches!(c, '\n' | '\t' | '\r')).collect();
    writer.create_element(name).write_inner_content(|writer| {
        BytesCData::escaped(&text).try_for_each(|part| writer.write_event(Event::CData(part)))
    })?;
    Ok(())
}

fn number(writer: &mut Writer<Vec<u8>>, name: &str, number: impl Display) -> io::Result<()> {
    writer.create_element(name).write_text_content(BytesText::new(&number.to_string()))?;
    Ok(())
}

/// The envelope around a reply, to the byte as WeCom's own library writes it.
pub(super) fn envelope(sealed: &Sealed) -> String {
    let Sealed { encrypt, signature, timestamp, nonce } = sealed;
    // The nonce is the sender's: it is signed, but nobody says that it is no markup.
    let [encrypt, signature, nonce] = [encrypt, signature, nonce].map(|text| {
        BytesCData::escaped(text)
            .flat_map(|part| [CDATA.into(), part.into_inner(), CDATA_END.into()])
            .collect::<String>()
    });
    format!(
        "<xml>\n<Encrypt>{encrypt}</Encrypt>\n<MsgSignature>{signature}</MsgSignature>\n\
         <TimeStamp>{timestamp}</TimeStamp>\n<Nonce>{nonce}</Nonce>\n</xml>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>\n\
        <FromUserName><![CDATA[mycreate]]></FromUserName>\n<CreateTime>1409659813</CreateTime>\n\
        <MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[a < b & c]]></Content>\n\
        <MsgId>4561255354251345929</MsgId>\n<AgentID>218</AgentID>\n</xml>";

    #[test]
    fn a_message_keeps_every_digit_of_its_id() {
        let message = AppMessage::parse(MESSAGE).unwrap();
        assert_eq!(message.key(), "4561255354251345929");
        assert_eq!(message.content.as_deref(), Some("a < b & c"));
    }

    #[test]
    fn an_event_is_named_by_who_and_when() {
        let event = "<xml><ToUserName>t</ToUserName><FromUserName>zhang</FromUserName><CreateTime>7</CreateTime>\
            <MsgType>event</MsgType><Event>subscribe</Event></xml>";
        assert_eq!(AppMessage::parse(event).unwrap().key(), "zhang 7 subscribe");
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let bomb =
            "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><xml><Encrypt>&b;</Encrypt></xml>";
        for body in ["", "<xml>", "{}", "<xml></xml>", "<xml><Encrypt>a</Encrypt>", bomb] {
            let error = encrypted(body).unwrap_err();
            assert!(matches!(error, Error::Envelope { .. }), "{body}: {error}");
        }
        assert!(matches!(
            AppMessage::parse("<xml><MsgType>text</MsgType></xml>"),
            Err(Error::Message { .. })
        ));
        assert_eq!(
            encrypted("<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[aA==]]></Encrypt></xml>").unwrap(),
            "aA=="
        );
    }

    #[test]
    fn a_reply_goes_the_other_way_and_may_hold_markup() {
        let message = AppMessage::parse(MESSAGE).unwrap();
        let now = Timestamp::from_second(1_348_831_860).unwrap();
        let text = AppReply::Text("a]]>b\u{8}\n<c>".to_owned());
        assert_eq!(
            message.answered_by(&text, now).unwrap(),
            "<xml><ToUserName><![CDATA[mycreate]]></ToUserName>\
             <FromUserName><![CDATA[wx5823bf96d3bd56c7]]></FromUserName>\
             <CreateTime>1348831860</CreateTime><MsgType><![CDATA[text]]></MsgType>\
             <Content><![CDATA[a]]]]><![CDATA[>b\n<c>]]></Content></xml>"
        );
        let news = AppReply::News {
            title: "群能解散吗".into(),
            description: "可以".into(),
            pictures: vec!["https://e.cn/a.png".into(), "https://e.cn/b.png".into()],
        };
        let xml = message.answered_by(&news, now).unwrap();
        assert!(xml.contains("<ArticleCount>2</ArticleCount>"), "{xml}");
        assert_eq!(xml.matches("<item>").count(), 2);
    }

    #[test]
    fn the_envelope_is_as_published_to_the_byte() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/vectors/wecom.json")).unwrap();
        let vector = vectors.as_array().unwrap().iter().find(|vector| vector["id"] == "G").unwrap();
        let encrypt = vector["encrypt"].as_str().unwrap();
        let sealed = Sealed {
            encrypt: encrypt.to_owned(),
            signature: vector["msg_signature"].as_str().unwrap().to_owned(),
            timestamp: 1_411_525_903,
            nonce: "461056294".to_owned(),
        };
        let expected = [
            "<xml>".to_owned(),
            format!("<Encrypt><![CDATA[{encrypt}]]></Encrypt>"),
            "<MsgSignature><![CDATA[407518b7649e86ef23978113f92d27afa9296533]]></MsgSignature>".to_owned(),
            "<TimeStamp>1411525903</TimeStamp>".to_owned(),
            "<Nonce><![CDATA[461056294]]></Nonce>".to_owned(),
            "</xml>".to_owned(),
        ];
        assert_eq!(envelope(&sealed), expected.join("\n"));
        assert!(envelope(&Sealed { nonce: "]]><x>".into(), ..sealed }).contains("]]]]><![CDATA[><x>"));
    }
}
