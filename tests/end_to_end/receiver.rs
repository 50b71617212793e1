//! Somebody who receives webhooks, on this machine.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

/// Longest wait for something that is about to happen.
const PATIENCE: Duration = Duration::from_mins(2);

/// A request that was received whole.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Takes requests until the test ends.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<(Mutex<Vec<Received>>, Condvar)>,
}

impl Receiver {
    /// Answers every request with what `respond` says: a status line, headers and a body, without `HTTP/1.1`.
    pub(crate) fn start(respond: impl Fn(&Received) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/in", listener.local_addr().unwrap());
        let received: Arc<(Mutex<Vec<Received>>, Condvar)> = Arc::default();
        let (shared, respond) = (received.clone(), Arc::new(respond));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (shared, respond) = (shared.clone(), respond.clone());
                std::thread::spawn(move || {
                    // A sender that was killed leaves half a request.
                    let Some((mut stream, request)) = stream.ok().and_then(read) else { return };
                    let response = respond(&request);
                    let (requests, changed) = &*shared;
                    requests.lock().unwrap().push(request);
                    changed.notify_all();
                    let _ = write!(stream, "HTTP/1.1 {response}");
                });
            }
        });
        Self { url, received }
    }

    /// Takes everything.
    pub(crate) fn taking() -> Self {
        Self::start(|_| "204 No Content\r\nconnection: close\r\n\r\n".to_owned())
    }

    /// What came so far, once that is `enough`.
    pub(crate) fn wait_until(&self, enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let (requests, changed) = &*self.received;
        let (mut requests, deadline) = (requests.lock().unwrap(), Instant::now() + PATIENCE);
        while !enough(&requests) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "only {} requests came", requests.len());
            requests = changed.wait_timeout(requests, left).unwrap().0;
        }
        requests.clone()
    }
}

fn read(stream: TcpStream) -> Option<(TcpStream, Received)> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut received = Received { headers, body: String::new() };
    let length: u64 = received.header("content-length").parse().ok()?;
    let read = reader.take(length).read_to_string(&mut received.body).ok()?;
    (read as u64 == length).then_some((stream, received))
}
