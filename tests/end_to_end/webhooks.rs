//! Webhooks in and out against the real binary, which is killed in between.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use dayi::channels::webhook::standard::{self, Secret};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    binary::{Server, run, stderr},
    receiver::{Received, Receiver},
};

const IN: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OUT: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A data directory with a FAQ, and a configuration with a hook for each way of answering.
fn set_up(folder: &Path, receiver: &str) -> String {
    let entries = [
        ("printer", "打印机连不上怎么办？", "重启打印机。"),
        ("vpn", "VPN 登录不上怎么办？", "先确认密码没有过期。"),
        ("leave", "年假怎么申请？", "在 OA 提交申请。"),
    ];
    let line = |(id, question, answer): (&str, &str, &str)| {
        json!({"id": id, "question": question, "answer": answer}).to_string()
    };
    fs::write(folder.join("faq.jsonl"), entries.map(line).join("\n")).unwrap();
    let config = format!(
        "[[hooks]]\nname = 'desk'\nverify = 'standard-webhooks'\nsecret = '{IN}'\n\
         [[hooks]]\nname = 'later'\nverify = 'standard-webhooks'\nsecret = '{IN}'\nreply = 'deliver'\n\
         deliver_to = '{receiver}'\ndeliver_secret = '{OUT}'\nallow_private_address = true\n\
         [[hooks]]\nname = 'outside'\nverify = 'bearer'\nsecret = 'hunter2'\nreply = 'deliver'\n\
         deliver_to = '{receiver}'\ndeliver_secret = '{OUT}'\n\
         [[hooks]]\nname = 'zendesk'\nverify = 'zendesk'\nsecret = 'test-secret'\npreset = 'zendesk'\n"
    );
    let path = folder.join("dayi.toml");
    fs::write(&path, config).unwrap();
    let indexed = run(&folder.join("data"), &["index", folder.join("faq.jsonl").to_str().unwrap()]);
    assert!(indexed.status.success(), "{}", stderr(&indexed));
    path.to_str().unwrap().to_owned()
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// A request with these headers; status and body, or `None` when the server is not there.
fn post(agent: &ureq::Agent, url: &str, headers: &[(&str, &str)], body: &str) -> Option<(u16, Value)> {
    let request =
        headers.iter().fold(agent.post(url), |request, (name, value)| request.header(*name, *value));
    let mut response = request.send(body).ok()?;
    let text = response.body_mut().read_to_string().ok()?;
    Some((response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null)))
}

/// Sends a signed ticket to a hook.
fn send(agent: &ureq::Agent, server: &Server, hook: &str, id: &str, body: &str) -> Option<(u16, Value)> {
    let secret: Secret = IN.parse().unwrap();
    let time = Timestamp::now().as_second();
    let (signature, time) = (secret.sign(id, time, body.as_bytes()), time.to_string());
    let headers =
        [(standard::ID, id), (standard::TIMESTAMP, time.as_str()), (standard::SIGNATURE, signature.as_str())];
    post(agent, &format!("{}/v1/hooks/{hook}", server.url), &headers, body)
}

/// A ticket with two questions.
fn ticket(number: usize) -> String {
    json!({"id": number.to_string(), "body": "您好，打印机连不上怎么办？另外年假怎么申请？"}).to_string()
}

/// A ticket that is quick to read.
fn short_ticket(number: usize) -> String {
    json!({"id": number.to_string(), "body": "年假"}).to_string()
}

fn is_signed(received: &Received) -> bool {
    let secret: Secret = OUT.parse().unwrap();
    let [id, time, signature] =
        [standard::ID, standard::TIMESTAMP, standard::SIGNATURE].map(|it| received.header(it));
    secret.verify(signature, id, time, received.body.as_bytes())
}

#[test]
fn a_ticket_is_answered_in_the_response_or_later_and_a_stranger_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::taking();
    let config = set_up(folder.path(), &receiver.url);
    let server = Server::start(&folder.path().join("data"), &["--config", &config]);
    let agent = agent();

    let (status, triage) = send(&agent, &server, "desk", "msg_1", &ticket(7)).unwrap();
    assert_eq!((status, &triage["ticket_id"]), (200, &json!("7")), "{triage}");
    let found: Vec<&Value> =
        triage["questions"].as_array().unwrap().iter().map(|found| &found["matches"][0]["id"]).collect();
    assert_eq!(found, ["printer", "leave"], "{triage}");

    let (status, accepted) = send(&agent, &server, "later", "msg_2", &ticket(8)).unwrap();
    assert_eq!(status, 202, "{accepted}");
    let received = receiver.wait_until(|received| !received.is_empty()).remove(0);
    assert!(is_signed(&received));
    assert_eq!(accepted["delivery"], received.header(standard::ID));
    let event = received.json();
    assert_eq!((&event["type"], &event["data"]["ticket_id"]), (&json!("ticket.triaged"), &json!("8")));
    assert_eq!(event["data"]["questions"], triage["questions"]);

    // A ticket system's own JSON and signature; the same message again is the same answer.
    let body = r#"{"ticket":{"id":9,"subject":"打印机","description":"打印机连不上怎么办"}}"#;
    let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let signature = zendesk_signature(&time, body);
    let headers = [
        ("x-zendesk-webhook-signature", signature.as_str()),
        ("x-zendesk-webhook-signature-timestamp", &time),
        ("x-zendesk-webhook-invocation-id", "01F1"),
    ];
    let zendesk = format!("{}/v1/hooks/zendesk", server.url);
    let first = post(&agent, &zendesk, &headers, body).unwrap();
    assert_eq!((first.0, &first.1["ticket_id"]), (200, &json!("9")), "{}", first.1);
    assert_eq!(post(&agent, &zendesk, &headers, body).unwrap(), first);

    // Not signed, signed by another, for another address, no ticket, no such hook.
    let hook = |name: &str| format!("{}/v1/hooks/{name}", server.url);
    assert_eq!(post(&agent, &hook("desk"), &[], &ticket(1)).unwrap().0, 403);
    assert_eq!(post(&agent, &hook("outside"), &[("authorization", "Bearer hunter3")], "{}").unwrap().0, 403);
    assert_eq!(post(&agent, &zendesk, &headers, &body.replace('9', "8")).unwrap().0, 403);
    assert_eq!(send(&agent, &server, "desk", "msg_3", "no JSON").unwrap().0, 400);
    assert_eq!(send(&agent, &server, "none", "msg_4", &ticket(1)).unwrap().0, 404);

    // Into our own network only where that is allowed; what was given up is listed and can be tried again.
    let outside = [("authorization", "Bearer hunter2")];
    let (status, accepted) = post(&agent, &hook("outside"), &outside, &ticket(2)).unwrap();
    assert_eq!(status, 202);
    let dead = loop {
        let mut response = agent.get(format!("{}/v1/outbox?state=dead", server.url)).call().unwrap();
        let listed: Value = serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
        if let Some(delivery) = listed["deliveries"].get(0) {
            break delivery.clone();
        }
        std::thread::yield_now();
    };
    assert_eq!(dead["id"], accepted["delivery"]);
    assert!(dead["last_error"].as_str().unwrap().contains("allow_private_address"), "{dead}");
    let retry = format!("{}/v1/outbox/{}/retry", server.url, dead["id"].as_str().unwrap());
    let (status, retried) = post(&agent, &retry, &[], "").unwrap();
    assert_eq!((status, &retried["state"]), (200, &json!("pending")), "{retried}");
    assert_eq!(receiver.wait_until(|_| true).len(), 1, "nothing went to where it must not go");
}

#[test]
fn a_hook_of_a_space_that_is_not_there_keeps_the_service_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let config = set_up(folder.path(), "http://127.0.0.1:9/in");
    let hook = "[[hooks]]\nname = 'lost'\nverify = 'bearer'\nsecret = 'hunter2'\nspace = 'it'\n";
    fs::write(&config, fs::read_to_string(&config).unwrap() + hook).unwrap();
    let data = folder.path().join("data");
    let refused = run(&data, &["serve", "--listen", "127.0.0.1:0", "--config", &config]);
    assert_eq!(refused.status.code(), Some(2));
    let told = stderr(&refused);
    assert!(told.contains("hooks.lost.space") && told.contains("dayi space create it"), "{told}");
    assert!(run(&data, &["space", "create", "it"]).status.success());
    drop(Server::start(&data, &["--config", &config]));
}

fn zendesk_signature(time: &str, body: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use hmac::{Hmac, KeyInit, Mac};

    let code = Hmac::<sha2::Sha256>::new_from_slice(b"test-secret").unwrap();
    STANDARD.encode(code.chain_update(time).chain_update(body).finalize().into_bytes())
}

#[test]
fn a_thousand_deliveries_survive_kills_with_none_lost_and_none_under_two_ids() {
    const TICKETS: usize = 1_000;
    let folder = tempfile::tempdir().unwrap();
    // A receiver that is down for a while, and takes no more than half of what comes before that.
    let (down, came) = (std::sync::Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let is_down = down.clone();
    let receiver = Receiver::start(move |_| {
        let nth = came.fetch_add(1, Ordering::Relaxed);
        let busy = is_down.load(Ordering::Relaxed) || nth % 50 == 49;
        let status = if busy { "503 Busy" } else { "204 No Content" };
        format!("{status}\r\nconnection: close\r\n\r\n")
    });
    let config = set_up(folder.path(), &receiver.url);
    let data = folder.path().join("data");
    let start = || Server::start(&data, &["--config", &config]);
    let agent = agent();

    // The sender gives up a message only when it was taken, as ticket systems do; three times the server dies on it.
    let mut server = start();
    let mut deliveries: HashMap<usize, String> = HashMap::new();
    for number in 0..TICKETS {
        if number % 300 == 250 {
            // Some are taken, some delivered, some under way.
            server.child.kill().unwrap();
            server.child.wait().unwrap();
            down.store(number == 550, Ordering::Relaxed);
            // The last one again, to the new process: it is the same message, so it must not go out under a new id.
            server = start();
            let (_, again) =
                send(&agent, &server, "later", &format!("msg_{}", number - 1), &short_ticket(number - 1))
                    .unwrap();
            assert_eq!(again["delivery"], deliveries[&(number - 1)].as_str());
        }
        let (status, accepted) =
            send(&agent, &server, "later", &format!("msg_{number}"), &short_ticket(number)).unwrap();
        assert_eq!(status, 202, "{accepted}");
        deliveries.insert(number, accepted["delivery"].as_str().unwrap().to_owned());
    }
    down.store(false, Ordering::Relaxed);

    // What failed is tried again at once rather than in five minutes.
    let pending = |server: &Server| -> Vec<String> {
        let mut response =
            agent.get(format!("{}/v1/outbox?state=pending&limit=1000", server.url)).call().unwrap();
        let listed: Value = serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
        let ids = listed["deliveries"].as_array().unwrap().iter();
        ids.map(|delivery| delivery["id"].as_str().unwrap().to_owned()).collect()
    };
    let mut kills = 0;
    loop {
        let left = pending(&server);
        if left.is_empty() {
            break;
        }
        for id in left {
            let retried = post(&agent, &format!("{}/v1/outbox/{id}/retry", server.url), &[], "");
            assert!(matches!(retried, Some((200 | 404, _))), "{retried:?}");
        }
        if kills < 3 {
            server.child.kill().unwrap();
            server.child.wait().unwrap();
            (server, kills) = (start(), kills + 1);
        }
    }

    let received = receiver.wait_until(|received| ids_by_ticket(received).len() == TICKETS);
    let ids = ids_by_ticket(&received);
    for (number, delivery) in &deliveries {
        let under: &HashSet<String> = &ids[&number.to_string()];
        assert_eq!(under.iter().collect::<Vec<_>>(), [delivery], "ticket {number}");
    }
    assert!(received.iter().all(is_signed));
}

/// The ids under which each ticket arrived.
fn ids_by_ticket(received: &[Received]) -> HashMap<String, HashSet<String>> {
    let mut ids: HashMap<String, HashSet<String>> = HashMap::new();
    for received in received {
        let ticket = received.json()["data"]["ticket_id"].as_str().unwrap().to_owned();
        ids.entry(ticket).or_default().insert(received.header(standard::ID).to_owned());
    }
    ids
}
