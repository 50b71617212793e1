//! A FAQ that is changed and asked at the same time, in one process: nobody gets an error, nobody sees half a change,
//! and what is served in the end is what one would build from the store.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI8, Ordering},
    },
    time::{Duration, Instant},
};

use dayi::{
    config::QueueConfig,
    editor::{Clock, Editor, Setup, system_clock},
    embed::{Embedder, HashedEmbedder, Role, batcher::Unobserved},
    faq::{Entry, EntryId},
    index::{HnswParams, IndexParams},
    matcher::{self, Builder, Matcher, Query, QueryCache, Snapshot, Verdict},
    store::{Edit, FileEntries, Store},
};
use jiff::civil::date;
use proptest::prelude::*;

fn entry(id: &str, question: &str, answer: &str) -> Entry {
    Entry::new(id.parse().unwrap(), question, answer)
}

fn build(store: &mut Store, embedder: &dyn Embedder, params: &IndexParams) -> Snapshot {
    let ranker = Arc::new(matcher::find_ranker(embedder.model(), None).unwrap());
    let builder = Builder { embedder, ranker, synonyms: Arc::default(), params, folder: None, progress: &() };
    builder.build(store).unwrap().0
}

/// A matcher and an editor over the store in `data`.
fn start(data: &Path, clock: Clock) -> (Arc<Matcher>, Editor) {
    let embedder: Arc<dyn Embedder> = Arc::new(HashedEmbedder::new(64));
    let params = IndexParams::default();
    let snapshot = build(&mut Store::open(data).unwrap(), embedder.as_ref(), &params);
    let queue =
        QueueConfig { capacity: 512, max_batch_tokens: 2048, cache_bytes: 1_000_000, callers_embed: false };
    let questions = QueryCache::start(embedder.clone(), queue, Arc::new(Unobserved)).unwrap();
    let matcher = Arc::new(Matcher::new(snapshot, Arc::new(questions)));
    let setup = Setup { embedder, params, folder: None, clock };
    let editor = Editor::start(data, matcher.clone(), setup).unwrap();
    (matcher, editor)
}

async fn ask(matcher: &Matcher, question: &str) -> Verdict {
    let query = Query { text: question.to_owned(), ..Query::default() };
    matcher.ask(vec![query]).await.unwrap().remove(0)
}

/// Waits until `done`, which must come soon.
async fn until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(30), "it did not happen");
        tokio::task::yield_now().await;
    }
}

/// Verdicts without what tells the versions apart.
fn verdicts(snapshot: &Snapshot, questions: &[String]) -> Vec<serde_json::Value> {
    let embedder = HashedEmbedder::new(64);
    let verdict = |question: &String| {
        let text = snapshot.model_text(question);
        let embedded = embedder.embed_tokens(&[text.as_str()], Role::Query).unwrap().remove(0);
        let query = Query { text: question.clone(), top_k: 10, ..Query::default() };
        let verdict = snapshot.verdict(&query, &embedded).unwrap();
        serde_json::json!({"decision": verdict.decision, "matches": verdict.matches})
    };
    questions.iter().map(verdict).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_writers_and_eight_readers_do_not_disturb_each_other() {
    const WRITERS: usize = 4;
    const READERS: usize = 8;
    const STEPS: usize = 40;
    let data = tempfile::tempdir().unwrap();
    let mut store = Store::open_or_create(data.path()).unwrap();
    let stamped = |id: &str, stamp: usize| {
        let mut entry = entry(id, &format!("{id}号业务怎么办理 {stamp}"), &format!("答案 {stamp}"));
        entry.similar = vec![format!("{id}号业务在哪里办 {stamp}")];
        entry
    };
    let first: Vec<Entry> = (0..20).map(|i| stamped(&format!("f{i}"), 0)).collect();
    store.replace_file("faq.md", &first).unwrap();
    let (matcher, editor) = start(data.path(), system_clock());
    let (editor, done) = (Arc::new(editor), Arc::new(AtomicBool::new(false)));

    let mut readers = Vec::new();
    for reader in 0..READERS {
        let (matcher, done) = (matcher.clone(), done.clone());
        readers.push(tokio::spawn(async move {
            let (mut version, mut asked) = (0, 0);
            while !done.load(Ordering::Relaxed) || asked < 50 {
                let verdict = ask(&matcher, &format!("f{}号业务怎么办理", (asked + reader) % 20)).await;
                assert!(verdict.index_version >= version, "an older FAQ came back");
                version = verdict.index_version;
                for found in verdict.matches {
                    let stamp = |text: &str| text.rsplit(' ').next().unwrap().to_owned();
                    let stamps = [
                        stamp(&found.entry.question),
                        stamp(&found.entry.similar[0]),
                        stamp(found.entry.answer.markdown()),
                        stamp(&found.matched_phrasing),
                    ];
                    assert!(stamps.iter().all(|other| *other == stamps[0]), "half a change: {stamps:?}");
                }
                asked += 1;
            }
            asked
        }));
    }
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let editor = editor.clone();
        writers.push(tokio::spawn(async move {
            let actor = format!("writer {writer}");
            for step in 1..=STEPS {
                // Each writer has five entries of the file and some of its own.
                let old = format!("f{}", writer * 5 + step % 5);
                let own = format!("w{writer}-{}", step % 3);
                let edits = match step % 4 {
                    0 => vec![Edit::Delete { id: own.parse().unwrap(), revision: None }],
                    1 => vec![Edit::Put { entry: stamped(&own, step), revision: None }],
                    _ => vec![
                        Edit::Put { entry: stamped(&old, step), revision: None },
                        Edit::Put { entry: stamped(&own, step), revision: None },
                    ],
                };
                editor.apply(edits, actor.clone()).await.unwrap();
                if step % 10 == 0 {
                    let imported: Vec<Entry> =
                        (0..3).map(|i| stamped(&format!("i{writer}-{i}"), step)).collect();
                    let file = FileEntries {
                        file: format!("file-{writer}.md"),
                        entries: imported,
                        is_complete: true,
                        overwrite: false,
                    };
                    editor.import(file, actor.clone()).await.unwrap();
                }
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() >= 50);
    }

    let version = store.version().unwrap();
    assert_eq!(version as usize, 1 + WRITERS * (STEPS + STEPS / 10), "every change is a version of its own");
    until(|| matcher.snapshot().version() == version).await;
    let rebuilt = build(&mut store, &HashedEmbedder::new(64), &IndexParams::default());
    let questions: Vec<String> = rebuilt.entries().map(|entry| entry.question.clone()).collect();
    assert_eq!(verdicts(&matcher.snapshot(), &questions), verdicts(&rebuilt, &questions));
}

#[tokio::test]
async fn entries_begin_and_cease_to_be_valid_while_the_faq_is_served() {
    let data = tempfile::tempdir().unwrap();
    let mut store = Store::open_or_create(data.path()).unwrap();
    let next_day = date(2026, 3, 2);
    let until_today =
        Entry { valid_until: Some(date(2026, 3, 1)), ..entry("old", "春节放几天假", "七天") };
    let from_tomorrow = Entry { valid_from: Some(next_day), ..entry("new", "清明放几天假", "三天") };
    store.replace_file("faq.md", &[until_today, from_tomorrow]).unwrap();
    let day = Arc::new(AtomicI8::new(1));
    let clock = day.clone();
    let (matcher, _editor) =
        start(data.path(), Box::new(move || date(2026, 3, clock.load(Ordering::Relaxed))));
    let ids = || -> Vec<String> { matcher.snapshot().entries().map(|entry| entry.id.to_string()).collect() };
    // It was built for another day, the system's.
    until(|| ids() == ["old"]).await;
    day.store(2, Ordering::Relaxed);
    until(|| ids() == ["new"]).await;
    assert_eq!(ask(&matcher, "清明放几天假").await.matches[0].entry.id.as_str(), "new");
}

#[tokio::test]
async fn what_another_process_changes_is_served_too() {
    let data = tempfile::tempdir().unwrap();
    let mut store = Store::open_or_create(data.path()).unwrap();
    store.replace_file("faq.md", &[entry("a", "群能解散吗", "能")]).unwrap();
    let (matcher, _editor) = start(data.path(), system_clock());
    store.replace_file("faq.md", &[entry("b", "打印机卡纸怎么办", "取出纸")]).unwrap();
    until(|| matcher.snapshot().version() == 2).await;
    assert_eq!(ask(&matcher, "打印机卡纸怎么办").await.matches[0].entry.id.as_str(), "b");
}

/// A change of a small FAQ.
#[derive(Debug, Clone)]
enum Step {
    Put { id: usize, question: String, similar: Vec<String> },
    Delete { id: usize },
    Undo { back: u64 },
}

fn text() -> impl Strategy<Value = String> {
    let words = ["群", "解散", "登录", "wecom", "打印机", "怎么", "发票", "qun", "不能", "吗"];
    prop::collection::vec(prop::sample::select(words.to_vec()), 1..6).prop_map(|words| words.concat())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0usize..90, text(), prop::collection::vec(text(), 0..3))
            .prop_map(|(id, question, similar)| Step::Put { id, question, similar }),
        2 => (0usize..90).prop_map(|id| Step::Delete { id }),
        1 => (0u64..5).prop_map(|back| Step::Undo { back }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_snapshot_that_was_updated_answers_as_one_that_is_built(
        first in prop::collection::vec((text(), text()), 60..90),
        rounds in prop::collection::vec(prop::collection::vec(step(), 1..6), 1..4),
        with_graph in any::<bool>(),
        asked in prop::collection::vec(text(), 4),
    ) {
        let embedder = HashedEmbedder::new(64);
        let full_scan_threshold = if with_graph { 1 } else { usize::MAX };
        // A walk this wide meets every vector, so that a graph misses none.
        let hnsw = HnswParams { ef_search: 1_000, ..HnswParams::default() };
        let params = IndexParams { full_scan_threshold, hnsw };
        let mut store = Store::in_memory().unwrap();
        let id = |id: usize| format!("e{id}").parse::<EntryId>().unwrap();
        let first: Vec<Entry> = first
            .iter()
            .enumerate()
            .map(|(nth, (question, answer))| entry(id(nth).as_str(), question, answer))
            .collect();
        store.replace_file("faq.md", &first).unwrap();
        let mut snapshot = build(&mut store, &embedder, &params);
        for steps in rounds {
            for step in steps {
                let edit = match step {
                    Step::Put { id: nth, question, similar } => {
                        let entry = Entry { similar, ..entry(id(nth).as_str(), &question, &question) };
                        Edit::Put { entry, revision: None }
                    }
                    Step::Delete { id: nth } => Edit::Delete { id: id(nth), revision: None },
                    Step::Undo { back } => {
                        let version = store.version().unwrap().saturating_sub(back);
                        store.rollback(version, "me").unwrap();
                        continue;
                    }
                };
                // Deleting what is not there is refused, which is fine here.
                let _ = store.edit(&[edit], "me");
            }
            let builder = Builder {
                embedder: &embedder,
                ranker: snapshot.ranker().clone(),
                synonyms: snapshot.synonyms().clone(),
                params: &params,
                folder: None,
                progress: &(),
            };
            snapshot = builder.update(&snapshot, store.edition().unwrap(), snapshot.day(), &mut store).unwrap().0;
        }
        let built = build(&mut store, &embedder, &params);
        prop_assert_eq!(snapshot.version(), built.version());
        let questions: Vec<String> =
            built.entries().map(|entry| entry.question.clone()).step_by(9).chain(asked).collect();
        prop_assert_eq!(verdicts(&snapshot, &questions), verdicts(&built, &questions));
    }
}
