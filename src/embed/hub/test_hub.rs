//! A small model hub on loopback, with faults on demand.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;

use crate::embed::model_dir::sha256;

pub(super) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What goes wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection is cut in the middle of the body.
    CutOff,
    /// One byte is changed.
    Flipped,
    /// The hub answers with this status.
    Status(u16),
}

#[derive(Default)]
struct State {
    files: HashMap<String, Vec<u8>>,
    faults: HashMap<String, Fault>,
    /// `path`, `range`, `authorization` of every request.
    requests: Vec<(String, String, Option<String>)>,
}

/// Serves `/{repository}/resolve/{revision}/{file}` until dropped.
pub(super) struct TestHub {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TestHub {
    /// A hub with one repository, `org/tiny`, that holds the files of `folder`.
    pub(super) fn serving(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { files: read_all(folder, folder), ..State::default() }));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let (state, stop) = (Arc::clone(&state), Arc::clone(&stop));
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    // A client that hangs up early is part of the tests.
                    let _ = answer(stream.unwrap(), &state);
                }
            })
        };
        Self { address, state, stop, thread: Some(thread) }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn set_fault(&self, file: &str, fault: Option<Fault>) {
        let faults = &mut self.state.lock().faults;
        match fault {
            Some(fault) => faults.insert(file.to_owned(), fault),
            None => faults.remove(file),
        };
    }

    pub(super) fn remove(&self, file: &str) {
        self.state.lock().files.remove(file).unwrap();
    }

    /// `path`, `range` and `authorization` of every request so far; starts anew.
    pub(super) fn take_requests(&self) -> Vec<(String, String, Option<String>)> {
        std::mem::take(&mut self.state.lock().requests)
    }
}

impl Drop for TestHub {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread from waiting for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read_all(root: &Path, folder: &Path) -> HashMap<String, Vec<u8>> {
    let mut files = HashMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(read_all(root, &path));
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
    files
}

fn answer(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().unwrap_or(Ok(String::new()))?;
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let range = headers.get("range").cloned().unwrap_or_default();
    let mut state = state.lock();
    state.requests.push((path.clone(), range.clone(), headers.get("authorization").cloned()));
    let file = ["main", "v1", COMMIT]
        .iter()
        .find_map(|revision| path.strip_prefix(&format!("/org/tiny/resolve/{revision}/")));
    let fault = file.and_then(|file| state.faults.get(file)).copied();
    let content = file.and_then(|file| state.files.get(file));
    match (content, fault) {
        (_, Some(Fault::Status(status))) => refuse(stream, status),
        (None, _) => refuse(stream, 404),
        (Some(content), fault) => send(stream, content, &range, fault),
    }
}

fn refuse(mut stream: TcpStream, status: u16) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

fn send(mut stream: TcpStream, content: &[u8], range: &str, fault: Option<Fault>) -> std::io::Result<()> {
    let (start, end) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')).unwrap();
    let start: usize = start.parse().unwrap();
    let end = end.parse().map_or(content.len(), |last: usize| (last + 1).min(content.len()));
    let mut body = content[start..end].to_vec();
    let probe = end - start == 1;
    if fault == Some(Fault::Flipped) && !probe {
        body[0] ^= 1;
    }
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nx-repo-commit: {COMMIT}\r\netag: \"{}\"\r\n\
         content-range: bytes {start}-{}/{}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        sha256(content),
        end.saturating_sub(1),
        content.len(),
        body.len(),
    )?;
    if fault == Some(Fault::CutOff) && !probe {
        body.truncate(body.len() / 2);
    }
    stream.write_all(&body)
}
