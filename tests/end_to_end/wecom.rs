//! 企业微信 against the real binary: a client that verifies, encrypts and decrypts as WeCom's servers do.

use std::{
    cell::Cell,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use dayi::{
    assets::{Assets, Picture},
    channels::wecom::crypto::{Crypto, Signed},
};
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::{
    binary::{Server, run, stderr},
    receiver::Receiver,
};

/// Longest wait for something that is about to happen.
const PATIENCE: Duration = Duration::from_mins(1);

const TOKEN: &str = "QDG6eK";
const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const CORP: &str = "wx5823bf96d3bd56c7";

/// A PNG of one pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// WeCom, as far as a callback address sees it.
struct Client<'a> {
    server: &'a Server,
    path: &'static str,
    crypto: Crypto,
    messages: Cell<u32>,
}

impl<'a> Client<'a> {
    fn new(server: &'a Server, path: &'static str, receiver: &str) -> Self {
        let crypto = Crypto::new(TOKEN, KEY, receiver).unwrap();
        Self { server, path, crypto, messages: Cell::new(0) }
    }

    /// The address with a signature over `text`, and `text` encrypted.
    fn seal(&self, text: &str) -> (String, String) {
        let sealed = self.crypto.seal(text, "372623149", Timestamp::now()).unwrap();
        let query = format!(
            "msg_signature={}&timestamp={}&nonce={}",
            sealed.signature, sealed.timestamp, sealed.nonce
        );
        (format!("{}{}?{query}", self.server.url, self.path), sealed.encrypt)
    }

    fn open(&self, encrypt: &str, signature: &str, timestamp: &str, nonce: &str) -> String {
        let signed = Signed { signature, timestamp, nonce };
        self.crypto.open(&signed, encrypt, Timestamp::now()).unwrap()
    }

    fn verify(&self, echo: &str) -> (u16, String) {
        let (url, encrypt) = self.seal(echo);
        let encoded = encrypt.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        read(agent().get(format!("{url}&echostr={encoded}")).call().unwrap())
    }

    /// A message to the bot; the decrypted reply, if there is one.
    fn bot(&self, message: &Value) -> Option<Value> {
        let (url, encrypt) = self.seal(&message.to_string());
        let text = post(&url, &json!({"encrypt": encrypt}).to_string());
        if text.is_empty() {
            return None;
        }
        let reply: Value = serde_json::from_str(&text).unwrap();
        let member = |name: &str| reply[name].as_str().unwrap();
        let timestamp = reply["timestamp"].to_string();
        let opened = self.open(member("encrypt"), member("msgsignature"), &timestamp, member("nonce"));
        Some(serde_json::from_str(&opened).unwrap())
    }

    /// A text to the bot; the stream that comes back.
    fn ask(&self, text: &str) -> Value {
        self.messages.set(self.messages.get() + 1);
        self.ask_as(text, &format!("message {}", self.messages.get()))
    }

    fn ask_as(&self, text: &str, id: &str) -> Value {
        let reply = self
            .bot(&json!({"msgid": id, "aibotid": "B", "chattype": "single", "from": {"userid": "zhangsan"},
            "msgtype": "text", "text": {"content": text}}));
        let stream = reply.unwrap()["stream"].clone();
        assert_eq!(stream["finish"], true, "{stream}");
        stream
    }

    /// A text to the app; the decrypted XML that comes back.
    fn app(&self, text: &str, id: u64) -> String {
        let message = format!(
            "<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[lisi]]></FromUserName>\
             <CreateTime>1700000000</CreateTime><MsgType><![CDATA[text]]></MsgType>\
             <Content><![CDATA[{text}]]></Content><MsgId>{id}</MsgId><AgentID>1000002</AgentID></xml>"
        );
        let (url, encrypt) = self.seal(&message);
        let reply = post(&url, &format!("<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"));
        self.open(
            &cdata(&reply, "Encrypt"),
            &cdata(&reply, "MsgSignature"),
            between(&reply, "<TimeStamp>", "</TimeStamp>"),
            &cdata(&reply, "Nonce"),
        )
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// The response to a message that must be taken.
fn post(url: &str, body: &str) -> String {
    let (status, text) = read(agent().post(url).send(body).unwrap());
    assert_eq!(status, 200, "{text}");
    text
}

fn get(server: &Server, path: &str) -> Value {
    serde_json::from_str(&read(agent().get(format!("{}{path}", server.url)).call().unwrap()).1).unwrap()
}

/// Asks again until it is so.
fn wait_until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "this takes too long");
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> (u16, String) {
    (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let start = text.find(before).unwrap_or_else(|| panic!("no {before} in {text}")) + before.len();
    &text[start..start + text[start..].find(after).unwrap()]
}

fn cdata(xml: &str, element: &str) -> String {
    between(xml, &format!("<{element}><![CDATA["), "]]>").to_owned()
}

/// A data directory with a FAQ, and a configuration with an app, a bot and a robot.
fn set_up(folder: &Path, robot: &str) -> String {
    let picture = Picture::new(STANDARD.decode(PNG).unwrap()).unwrap();
    fs::create_dir(folder.join("data")).unwrap();
    Assets::in_data(&folder.join("data")).keep([&picture]).unwrap();
    let printer =
        format!("1. 检查电源\n2. 重启打印机\n\n![电源]({})\n\n3. 仍不行请报修", picture.name().reference());
    let entries = [
        ("printer", "打印机连不上怎么办？", printer.as_str()),
        ("vpn", "VPN 登录不上怎么办？", "先确认密码没有过期。"),
        ("outside", "如何建外部群？", "选一位客户，建的就是外部群。"),
        ("mobile", "手机上如何建外部群？", "点右上角的加号。"),
        ("leave", "年假怎么申请？", "在 OA 提交申请。"),
        ("pay", "工资条在哪里看？", "在人事系统里看。"),
    ];
    let line = |(id, question, answer): (&str, &str, &str)| {
        json!({"id": id, "question": question, "answer": answer}).to_string()
    };
    fs::write(folder.join("faq.jsonl"), entries.map(line).join("\n")).unwrap();
    let config = format!(
        "public_url = 'https://faq.example.com/'\n\
         [wecom]\nhand_over = '请拨打 IT 服务台 8888。'\n\
         [wecom.app]\ncorp_id = '{CORP}'\ntoken = '{TOKEN}'\nencoding_aes_key = '{KEY}'\n\
         [wecom.bot]\ntoken = '{TOKEN}'\nencoding_aes_key = '{KEY}'\n\
         [wecom.group_robot]\nurl = '{robot}?key=hunter2'\nallow_private_address = true\n"
    );
    let path = folder.join("dayi.toml");
    fs::write(&path, config).unwrap();
    let indexed = run(&folder.join("data"), &["index", folder.join("faq.jsonl").to_str().unwrap()]);
    assert!(indexed.status.success(), "{}", stderr(&indexed));
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_day_at_the_help_desk() {
    let folder = tempfile::tempdir().unwrap();
    let robot = Receiver::start(|_| {
        "200 OK\r\ncontent-length: 27\r\nconnection: close\r\n\r\n{\"errcode\":0,\"errmsg\":\"ok\"}"
            .to_owned()
    });
    let config = set_up(folder.path(), &robot.url);
    let server = Server::start(&folder.path().join("data"), &["--config", &config]);
    let bot = Client::new(&server, "/v1/wecom/bot", "");

    // The address is verified, by WeCom and by nobody else.
    assert_eq!(bot.verify("1616140317555161061"), (200, "1616140317555161061".to_owned()));
    let app = Client::new(&server, "/v1/wecom/app", CORP);
    assert_eq!(app.verify("5927782489442352469"), (200, "5927782489442352469".to_owned()));
    for stranger in
        [Client::new(&server, "/v1/wecom/app", "wx0"), Client::new(&server, "/v1/wecom/bot", CORP)]
    {
        let (status, text) = stranger.verify("1");
        assert_eq!(status, 403, "{text}");
        assert!(text.contains("-40005"), "{text}");
    }

    // Somebody comes in and asks; the picture comes along, below the text that says where it belongs.
    let hello = bot.bot(&json!({"msgid": "enter", "msgtype": "event", "from": {"userid": "zhangsan"},
        "event": {"eventtype": "enter_chat"}}));
    assert_eq!(hello.unwrap()["msgtype"], "text");
    let answer = bot.ask("打印机连不上怎么办");
    let content = answer["content"].as_str().unwrap();
    assert!(content.starts_with("为您找到：**打印机连不上怎么办？**"), "{content}");
    assert!(content.contains("2. 重启打印机\n\n【图1】\n\n3. 仍不行请报修"), "{content}");
    let picture = &answer["msg_item"][0]["image"];
    let bytes = STANDARD.decode(picture["base64"].as_str().unwrap()).unwrap();
    assert_eq!(bytes, STANDARD.decode(PNG).unwrap());
    assert_eq!(picture["md5"], hex::encode(Md5::digest(&bytes)));

    // It was not what was wanted.
    let feedback = |kind: u8| {
        bot.bot(
            &json!({"msgid": format!("feedback {kind}"), "msgtype": "event", "from": {"userid": "zhangsan"},
            "event": {"eventtype": "feedback_event", "feedback_event": {"id": answer["feedback"]["id"],
            "type": kind, "inaccurate_reason_list": [2]}}}),
        )
    };
    assert_eq!((feedback(2), feedback(1)), (None, None));
    // What was said last counts.
    let said = &get(&server, "/v1/stats")["feedback"];
    assert_eq!((&said["helpful"], &said["wrong"]), (&json!(1), &json!(0)), "{said}");

    // What the FAQ only says of the opposite is offered, never answered, and a number picks one.
    let offer = bot.ask("如何建内部群");
    let content = offer["content"].as_str().unwrap();
    assert!(content.starts_with("您是不是想问：\n\n1. "), "{content}");
    assert!(offer.get("feedback").is_none() && offer.get("msg_item").is_none());
    let second = between(content, "\n2. ", "\n");
    for choice in ["2", "２", "第二个"] {
        let chosen = bot.ask(choice);
        let content = chosen["content"].as_str().unwrap();
        assert!(content.starts_with(&format!("为您找到：**{second}**\n")), "{choice}: {content}");
    }
    assert!(bot.ask("9")["content"].as_str().unwrap().starts_with("请回复 1 到"));

    // In a group the bot is mentioned, and what is said there is another conversation.
    let group = |text: &str, id: &str| {
        let message = json!({"msgid": id, "chattype": "group", "chatid": "C", "from": {"userid": "zhangsan"},
            "msgtype": "text", "text": {"content": text}});
        bot.bot(&message).unwrap()["stream"]["content"].as_str().unwrap().to_owned()
    };
    assert!(group("@答疑 2", "g1").starts_with("没有可以选择的问题"));
    assert!(group("@答疑 工资条在哪里看", "g2").contains("在人事系统里看。"));

    // Nothing answers: that is said, and colleagues are told, once although the message comes twice.
    let not_found = bot.ask_as("火星上有没有水", "lost");
    assert!(not_found["content"].as_str().unwrap().starts_with("没有找到"), "{not_found}");
    assert_eq!(bot.ask_as("火星上有没有水", "lost")["content"], not_found["content"]);
    wait_until(|| get(&server, "/v1/unanswered").to_string().contains("火星上有没有水"));
    // A person is asked for.
    assert_eq!(bot.ask("你好，请转人工")["content"], "请拨打 IT 服务台 8888。");
    let told = robot.wait_until(|received| received.len() >= 2);
    let mut told: Vec<String> =
        told.iter().map(|it| it.json()["markdown"]["content"].as_str().unwrap().to_owned()).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "**FAQ 中没有答案的问题**\n> 火星上有没有水",
            "**zhangsan 请求转人工，刚才问的是**\n> 火星上有没有水"
        ]
    );

    // The same in the self-built app, in its own form.
    let text = app.app("年假怎么申请", 1);
    assert!(text.contains("<ToUserName><![CDATA[lisi]]>") && text.contains("在 OA 提交申请。"), "{text}");
    assert!(!text.contains("**"), "the app shows no Markdown: {text}");
    let offer = app.app("如何建内部群", 2);
    let second = between(&offer, "\n2. ", "\n").to_owned();
    assert!(app.app("2", 3).contains(&format!("为您找到：{second}")));
    let news = app.app("打印机连不上怎么办", 4);
    assert_eq!(cdata(&news, "MsgType"), "news");
    assert!(cdata(&news, "PicUrl").starts_with("https://faq.example.com/v1/wecom/pictures/"), "{news}");
    assert!(app.app("人工", 5).contains("8888"));
}

#[test]
fn what_wecom_did_not_sign_is_refused_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let config = set_up(folder.path(), "http://127.0.0.1:1/in");
    let server = Server::start(&folder.path().join("data"), &["--config", &config]);
    let bot = Client::new(&server, "/v1/wecom/bot", "");
    let (url, encrypt) = bot.seal(r#"{"msgtype":"text","text":{"content":"群"}}"#);
    let body = json!({"encrypt": encrypt}).to_string();
    let post = |url: &str, body: &str| read(agent().post(url).send(body).unwrap());
    assert_eq!(post(&url, &body).0, 200);
    for (url, body, status, expected) in [
        (url.replace("msg_signature=", "msg_signature=0"), body.clone(), 403, "-40001"),
        (url.replace("timestamp=1", "timestamp=2"), body.clone(), 403, "-40001"),
        (url.clone(), body.replace("encrypt\":\"", "encrypt\":\"AAAA"), 403, "-40001"),
        (url.clone(), "{}".to_owned(), 400, "-40002"),
        (url.clone(), String::new(), 400, "-40002"),
        (url.split('?').next().unwrap().to_owned(), body.clone(), 400, "msg_signature"),
    ] {
        let (got, text) = post(&url, &body);
        assert_eq!(got, status, "{text}");
        assert!(text.contains(expected) && !text.contains(TOKEN), "{text}");
    }
    // Recorded an hour ago.
    let old = Timestamp::now() - jiff::SignedDuration::from_hours(1);
    let sealed = bot.crypto.seal("1", "n", old).unwrap();
    let (signature, time, nonce) = (sealed.signature, sealed.timestamp, sealed.nonce);
    let query = format!("msg_signature={signature}&timestamp={time}&nonce={nonce}");
    let url = format!("{}/v1/wecom/bot?{query}", server.url);
    let (status, text) = post(&url, &json!({"encrypt": sealed.encrypt}).to_string());
    assert_eq!(status, 403, "{text}");
    assert!(text.contains("clock"), "{text}");
}
