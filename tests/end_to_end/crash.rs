//! `kill -9` at fifty moments while several people change the FAQ: nothing that was acknowledged is lost, nothing is
//! half written, and what is served after the restart is what one gets from the store alone.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::mpsc::{Sender, channel},
    thread,
};

use dayi::{
    faq::Entry,
    store::{FILE_NAME, Store},
};
use serde_json::{Value, json};

use crate::{
    binary::{Server, dayi},
    tiny::TinyModel,
};

/// How often the service is killed.
const KILLS: usize = 50;

/// People who change entries at the same time, each his own.
const WRITERS: usize = 3;

/// Entries of one writer, so that they are changed and removed again and again.
const ENTRIES: usize = 4;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// It has this question.
    Asks(String),
    /// There is none.
    Gone,
}

impl Fate {
    fn of(id: &str, entries: &BTreeMap<String, Entry>) -> Self {
        entries.get(id).map_or(Self::Gone, |entry| Self::Asks(entry.question.clone()))
    }
}

/// What one writer knows of one entry.
#[derive(Debug, Clone, Default)]
struct Known {
    /// As it was acknowledged last.
    acknowledged: Option<Fate>,
    /// As it was sent and not acknowledged.
    sent: Option<Fate>,
}

impl Known {
    /// Whether `stored` can be there now, when `before` was there before this writer came.
    fn allows(&self, stored: &Fate, before: &Fate) -> bool {
        stored == self.acknowledged.as_ref().unwrap_or(before) || self.sent.as_ref() == Some(stored)
    }
}

/// Changes entries until the service is gone; tells `acknowledged` of every change that was.
fn write(url: &str, writer: usize, round: usize, acknowledged: &Sender<()>) -> BTreeMap<String, Known> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    for step in 0.. {
        let id = format!("w{writer}-{}", step % ENTRIES);
        let remove = step % 7 == 6;
        let question = format!("第{round}轮第{writer}人第{step}步怎么办");
        let change = if remove {
            json!({"op": "delete", "id": id})
        } else {
            json!({"op": "put", "entry": {"id": id, "question": question, "answer": format!("答{question}")}})
        };
        let of_entry = known.entry(id).or_default();
        of_entry.sent = Some(if remove { Fate::Gone } else { Fate::Asks(question) });
        let sent = agent
            .post(format!("{url}/v1/entries/bulk"))
            .header("content-type", "application/json")
            .send(json!({"changes": [change]}).to_string());
        match sent.map(|response| response.status().as_u16()) {
            Ok(200) => of_entry.acknowledged = of_entry.sent.take(),
            // Removing what another round removed.
            Ok(409) if remove => of_entry.sent = None,
            Ok(status) => panic!("{status}"),
            Err(_) => break,
        }
        if acknowledged.send(()).is_err() {
            break;
        }
    }
    known
}

/// The answers of `dayi ask` from `data`.
fn answers(data: &Path, model: &Path, questions: &[String]) -> Vec<Value> {
    let ask = |question: &String| {
        let output = dayi(data)
            .args(["ask", question, "--json", "--model", &model.display().to_string()])
            .output()
            .unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["matches"].clone()
    };
    questions.iter().map(ask).collect()
}

fn entries(data: &Path) -> BTreeMap<String, Entry> {
    let entries = Store::open(data).unwrap().entries().unwrap();
    entries.into_iter().map(|entry| (entry.id.to_string(), entry)).collect()
}

#[test]
fn whatever_was_acknowledged_survives_kill_9_at_any_moment() {
    let model = TinyModel::bert().write();
    let data = tempfile::tempdir().unwrap();
    let mut first = Store::open_or_create(data.path()).unwrap();
    first.replace_file("faq.md", &[Entry::new("first".parse().unwrap(), "一直都在的问题", "答")]).unwrap();
    drop(first);
    let model_path = model.path().display().to_string();
    let mut random = fastrand::Rng::with_seed(5);
    let mut acknowledged_in_all = 0;
    for round in 0..KILLS {
        let mut server = Server::start(data.path(), &["--model", &model_path]);
        let before = entries(data.path());
        let (_, found) = server.post("/v1/match", &json!({"query": "一直都在的问题"}).to_string());
        assert_eq!(found["matches"][0]["id"], "first");
        assert_eq!(found["index_version"], Store::open(data.path()).unwrap().version().unwrap());

        let (acknowledged, received) = channel();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (url, acknowledged) = (server.url.clone(), acknowledged.clone());
                thread::spawn(move || write(&url, writer, round, &acknowledged))
            })
            .collect();
        drop(acknowledged);
        // From "hardly begun" to "in full swing"; then some instructions more, so that any moment of a write is met.
        for _ in 0..random.usize(0..8) {
            received.recv().unwrap();
            acknowledged_in_all += 1;
        }
        (0..random.usize(0..20_000)).for_each(|_| std::hint::spin_loop());
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        drop(received);

        let after = entries(data.path());
        for known in writers.into_iter().map(|writer| writer.join().unwrap()) {
            for (id, known) in known {
                let (stored, before) = (Fate::of(&id, &after), Fate::of(&id, &before));
                let allowed = known.allows(&stored, &before);
                assert!(allowed, "{id}: {known:?} after {before:?}, but stored is {stored:?}");
            }
        }
        for (id, entry) in &after {
            let answer = entry.answer.markdown();
            assert!(
                id == "first" || answer == format!("答{}", entry.question),
                "{id} is half written: {entry:?}"
            );
        }
    }
    assert!(acknowledged_in_all > KILLS, "hardly anything was written: {acknowledged_in_all}");

    // The same store alone, without any index that was kept beside it.
    let alone = tempfile::tempdir().unwrap();
    for file in fs::read_dir(data.path()).unwrap().map(Result::unwrap) {
        if file.file_name().to_string_lossy().starts_with(FILE_NAME) {
            fs::copy(file.path(), alone.path().join(file.file_name())).unwrap();
        }
    }
    let questions: Vec<String> =
        entries(data.path()).into_values().map(|entry| entry.question).chain(["怎么办".into()]).collect();
    assert_eq!(
        answers(data.path(), model.path(), &questions),
        answers(alone.path(), model.path(), &questions)
    );
}
