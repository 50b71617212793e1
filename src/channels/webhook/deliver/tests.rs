//! Deliveries to a receiver on this machine that answers as it is told.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc,
};

use super::*;
use crate::channels::webhook::outbox::State;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a receiver saw of a request.
struct Seen {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }
}

/// Answers one request after the other with these responses.
fn receiver(responses: &'static [&'static str]) -> (String, mpsc::Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    let (sender, seen) = mpsc::channel();
    std::thread::spawn(move || {
        for response in responses {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut headers = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                match line.trim().split_once(": ") {
                    Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
                    None if line.trim().is_empty() => break,
                    None => {}
                }
            }
            let mut seen = Seen { headers, body: Vec::new() };
            let length = seen.header("content-length").parse().unwrap();
            reader.take(length).read_to_end(&mut seen.body).unwrap();
            write!(stream, "HTTP/1.1 {response}").unwrap();
            sender.send(seen).unwrap();
        }
    });
    (url, seen)
}

fn courier(url: &str, kind: Kind, allow_private_address: bool) -> (tempfile::TempDir, Courier) {
    let directory = tempfile::tempdir().unwrap();
    let outbox = Arc::new(Outbox::open_or_create(directory.path()).unwrap());
    let destination = Destination { name: "hook".into(), url: url.into(), kind, allow_private_address };
    (directory, Courier::new(outbox, destination))
}

fn signed() -> Kind {
    Kind::Signed(SECRET.parse().unwrap())
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

#[test]
fn a_message_keeps_its_id_over_attempts_and_is_signed_anew_each_time() {
    let (url, seen) = receiver(&[
        "503 Busy\r\nretry-after: 120\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "204 Taken\r\nconnection: close\r\n\r\n",
    ]);
    let (_directory, courier) = courier(&url, signed(), true);
    courier.outbox.put("msg_1", "hook", br#"{"type":"ticket.triaged"}"#, at(0)).unwrap();
    courier.round(at(0)).unwrap();
    courier.round(at(119)).unwrap();
    courier.round(at(120)).unwrap();
    let times: Vec<String> = (0..2)
        .map(|_| {
            let seen = seen.recv().unwrap();
            let (id, time) = (seen.header(standard::ID), seen.header(standard::TIMESTAMP));
            assert_eq!((id, seen.header("content-type")), ("msg_1", "application/json"));
            let secret: Secret = SECRET.parse().unwrap();
            assert!(secret.verify(seen.header(standard::SIGNATURE), id, time, &seen.body));
            time.to_owned()
        })
        .collect();
    assert_eq!(times, ["1700000000", "1700000120"]);
    let delivery = courier.outbox.list(None, 10).unwrap().remove(0);
    assert_eq!((delivery.state, delivery.attempts, delivery.last_error), (State::Delivered, 2, None));
}

#[test]
fn what_a_receiver_answers_decides_what_becomes_of_a_message() {
    for (response, state, error) in [
        ("200 OK\r\ncontent-length: 0\r\n\r\n", State::Delivered, ""),
        ("410 Gone\r\ncontent-length: 0\r\n\r\n", State::Dead, "410"),
        ("400 Bad\r\ncontent-length: 0\r\n\r\n", State::Pending, "400"),
        (
            "302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            State::Pending,
            "redirects",
        ),
        ("", State::Pending, ""),
    ] {
        let (url, seen) = receiver(Box::leak(Box::new([response])));
        let (_directory, courier) = courier(&url, signed(), true);
        courier.outbox.put("a", "hook", b"{}", at(0)).unwrap();
        courier.round(at(0)).unwrap();
        seen.recv().unwrap();
        let delivery = courier.outbox.list(None, 10).unwrap().remove(0);
        assert_eq!(delivery.state, state, "{response}");
        assert!(delivery.last_error.unwrap_or_default().contains(error), "{response}");
    }
}

#[test]
fn nothing_is_sent_into_our_own_network_unless_that_is_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let (_directory, courier) = courier(&format!("http://{host}:{port}/?key=hunter2"), signed(), false);
        courier.outbox.put("a", "hook", b"{}", at(0)).unwrap();
        courier.round(at(0)).unwrap();
        let delivery = courier.outbox.list(None, 10).unwrap().remove(0);
        let error = delivery.last_error.unwrap();
        assert_eq!(delivery.state, State::Dead, "{host}: {error}");
        assert!(error.contains("allow_private_address") && !error.contains("hunter2"), "{host}: {error}");
    }
    assert!(listener.accept().is_err(), "a connection was made");
}

#[test]
fn a_group_robot_takes_so_many_messages_a_minute_and_says_in_words_what_is_wrong() {
    let (url, seen) = receiver(&[
        "200 OK\r\ncontent-length: 27\r\nconnection: close\r\n\r\n{\"errcode\":0,\"errmsg\":\"ok\"}",
        "200 OK\r\ncontent-length: 35\r\nconnection: close\r\n\r\n{\"errcode\":93000,\"errmsg\":\"no key\"}",
    ]);
    let quota = Quota::per_minute(2.try_into().unwrap());
    let (_directory, courier) = courier(&url, Kind::GroupRobot { quota }, true);
    for id in ["a", "b", "c", "d"] {
        courier.outbox.put(id, "hook", id.as_bytes(), at(0)).unwrap();
    }
    courier.round(at(0)).unwrap();
    let mut bodies: Vec<Vec<u8>> = (0..2).map(|_| seen.recv().unwrap().body).collect();
    bodies.sort();
    assert_eq!(bodies, [b"a", b"b"]);
    let list = courier.outbox.list(None, 10).unwrap();
    let attempts: Vec<u32> = list.iter().rev().map(|delivery| delivery.attempts).collect();
    assert_eq!(attempts, [1, 1, 0, 0]);
    assert!(
        list.iter()
            .any(|delivery| delivery.last_error.as_deref() == Some("the group robot answered 93000 no key"))
    );
    assert!(list[0].due_at > at(0) && list[1].due_at > at(0), "the others wait");
}

#[test]
fn a_pause_is_asked_for_in_seconds_or_as_a_date() {
    let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
    assert_eq!(pause("120", now), Some(SignedDuration::from_secs(120)));
    assert_eq!(pause("Sun, 01 Mar 2026 08:05:00 GMT", now), Some(SignedDuration::from_mins(5)));
    assert_eq!(pause("soon", now), None);
}
