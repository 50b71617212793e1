//! The hub path against a hub on loopback.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::test_hub::{COMMIT, Fault, TestHub};
use super::*;
use crate::embed::tiny::TinyModel;
use crate::embed::{ModelOptions, Role, load_dir, model_dir::ModelDir};

fn id() -> HubId {
    "org/tiny".parse().unwrap()
}

fn hub_at(endpoint: &str, cache: &Path, offline: bool) -> Hub {
    Hub::new(HubSettings {
        endpoint: endpoint.to_owned(),
        cache: cache.to_owned(),
        token: Some("hf_secret".to_owned()),
        offline,
        retries: 0,
    })
}

/// A served tiny model and an empty cache.
fn setup() -> (TestHub, TempDir) {
    (TestHub::serving(TinyModel::bert().write().path()), tempfile::tempdir().unwrap())
}

fn fetch(server: &TestHub, cache: &TempDir) -> Result<PathBuf, HubError> {
    hub_at(&server.endpoint(), cache.path(), false).fetch(&id(), &mut |_| {})
}

fn fetch_offline(cache: &TempDir) -> Result<PathBuf, HubError> {
    // Nobody listens there: a socket that is opened anyway fails as a broken download, not as missing files.
    hub_at("http://127.0.0.1:1", cache.path(), true).fetch(&id(), &mut |_| {})
}

/// Files below `folder` that hold anything.
fn contents(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { contents(&path) } else { vec![path] }
        })
        .filter(|path| fs::metadata(path).is_ok_and(|file| file.len() > 0))
        .collect()
}

#[test]
fn a_model_is_downloaded_loads_and_then_comes_from_the_cache() {
    let (server, cache) = setup();
    let folder = fetch(&server, &cache).unwrap();
    let dir = ModelDir::open(&folder, Some("org/tiny")).unwrap();
    let embedder = load_dir(dir, &ModelOptions::default()).unwrap();
    assert_eq!(embedder.embed(&["a b"], Role::Query).unwrap().len(), 1);
    assert_eq!(embedder.model().name, "org/tiny");
    server.take_requests();
    assert_eq!(fetch(&server, &cache).unwrap(), folder);
    assert!(server.take_requests().is_empty(), "a complete model was asked for again");
    assert_eq!(fetch_offline(&cache).unwrap(), folder);
}

#[test]
fn the_token_is_sent_as_bearer_and_shown_nowhere() {
    let (server, cache) = setup();
    let hub = hub_at(&server.endpoint(), cache.path(), false);
    hub.fetch(&id(), &mut |_| {}).unwrap();
    let requests = server.take_requests();
    assert!(!requests.is_empty());
    for (path, _, authorization) in requests {
        assert_eq!(authorization.as_deref(), Some("Bearer hf_secret"), "{path}");
    }
    assert!(!format!("{hub:?}").contains("hf_secret"));
    for status in [401, 403, 500] {
        server.set_fault("config.json", Some(Fault::Status(status)));
        let error = hub.pull(&id(), &mut |_| {}).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("hf_secret"), "{error:?}");
    }
}

#[test]
fn progress_reaches_the_size_of_each_file() {
    let (server, cache) = setup();
    let mut seen = Vec::new();
    let hub = hub_at(&server.endpoint(), cache.path(), false);
    let folder =
        hub.fetch(&id(), &mut |step| seen.push((step.file.to_owned(), step.bytes, step.total))).unwrap();
    let weights = fs::metadata(folder.join(WEIGHTS)).unwrap().len();
    assert!(seen.contains(&(WEIGHTS.to_owned(), weights, weights)), "{seen:?}");
    assert!(seen.iter().all(|(_, bytes, total)| bytes <= total), "{seen:?}");
}

#[test]
fn a_broken_download_is_an_error_that_leaves_no_model_and_can_be_continued() {
    let (server, cache) = setup();
    server.set_fault(WEIGHTS, Some(Fault::CutOff));
    let error = fetch(&server, &cache).unwrap_err();
    assert!(matches!(&error, HubError::Broken { file, .. } if file == WEIGHTS), "{error:?}");
    assert!(error.to_string().contains("Run the same command again"), "{error}");
    assert!(matches!(fetch_offline(&cache), Err(HubError::NotCached { .. })));
    server.set_fault(WEIGHTS, None);
    server.take_requests();
    let folder = fetch(&server, &cache).unwrap();
    ModelDir::open(&folder, None).unwrap();
    let ranges: Vec<String> = server
        .take_requests()
        .into_iter()
        .filter(|(path, range, _)| path.ends_with(WEIGHTS) && range != "bytes=0-0")
        .map(|(_, range, _)| range)
        .collect();
    assert!(ranges.len() == 1 && ranges[0] != "bytes=0-", "expected to continue in the middle: {ranges:?}");
}

#[test]
fn a_wrong_checksum_is_an_error_and_the_file_is_removed() {
    for file in [WEIGHTS, TOKENIZER] {
        let (server, cache) = setup();
        server.set_fault(file, Some(Fault::Flipped));
        let error = fetch(&server, &cache).unwrap_err();
        let HubError::Damaged { file: damaged, expected, actual, .. } = &error else { panic!("{error:?}") };
        assert_eq!(damaged, file);
        assert_ne!(expected, actual);
        assert!(error.to_string().contains("run the same command again"), "{error}");
        let hash = expected.strip_prefix("SHA-256 ").unwrap();
        let left: Vec<_> = contents(cache.path())
            .into_iter()
            .filter(|path| path.ends_with(file) || path.to_string_lossy().contains(hash))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        server.set_fault(file, None);
        ModelDir::open(&fetch(&server, &cache).unwrap(), None).unwrap();
    }
}

#[test]
fn pull_repairs_a_file_that_was_damaged_in_the_cache() {
    let (server, cache) = setup();
    let folder = fetch(&server, &cache).unwrap();
    let blob = folder.join(WEIGHTS).canonicalize().unwrap();
    let intact = fs::read(&blob).unwrap();
    fs::write(&blob, b"damaged").unwrap();
    hub_at(&server.endpoint(), cache.path(), false).pull(&id(), &mut |_| {}).unwrap();
    assert_eq!(fs::read(folder.join(WEIGHTS)).unwrap(), intact);
}

#[test]
fn a_remainder_longer_than_the_file_is_thrown_away() {
    let (server, cache) = setup();
    server.set_fault(WEIGHTS, Some(Fault::CutOff));
    fetch(&server, &cache).unwrap_err();
    let part = contents(cache.path()).into_iter().find(|path| path.extension().is_some_and(|e| e == "part"));
    fs::write(part.unwrap(), vec![0; 1 << 20]).unwrap();
    server.set_fault(WEIGHTS, None);
    ModelDir::open(&fetch(&server, &cache).unwrap(), None).unwrap();
}

#[test]
fn a_missing_required_file_is_named() {
    for file in [CONFIG, TOKENIZER, WEIGHTS] {
        let (server, cache) = setup();
        server.remove(file);
        match fetch(&server, &cache) {
            Err(HubError::NotFound { file: missing, .. }) => assert_eq!(missing, file),
            other => panic!("{file}: {other:?}"),
        }
    }
}

#[test]
fn a_missing_optional_file_is_remembered_as_absent() {
    let (server, cache) = setup();
    server.remove(MODULES);
    server.remove("1_Pooling/config.json");
    let folder = fetch(&server, &cache).unwrap();
    assert_eq!(fetch_offline(&cache).unwrap(), folder);
}

#[test]
fn an_unknown_or_private_repository_says_what_to_do() {
    let (server, cache) = setup();
    let hub = hub_at(&server.endpoint(), cache.path(), false);
    let unknown = hub.fetch(&"org/other".parse().unwrap(), &mut |_| {}).unwrap_err();
    assert!(matches!(unknown, HubError::NotFound { .. }), "{unknown:?}");
    server.set_fault(CONFIG, Some(Fault::Status(401)));
    let refused = hub.fetch(&id(), &mut |_| {}).unwrap_err();
    assert!(matches!(refused, HubError::Refused { status: 401, .. }), "{refused:?}");
    assert!(refused.to_string().contains("HF_TOKEN"), "{refused}");
}

#[test]
fn an_unreachable_hub_says_so() {
    // A port that was free a moment ago and that nobody listens on.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cache = tempfile::tempdir().unwrap();
    let hub = hub_at(&format!("http://me:password@{address}"), cache.path(), false);
    let error = hub.fetch(&id(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, HubError::Broken { .. }), "{error:?}");
    assert!(error.to_string().contains("HF_ENDPOINT") && !error.to_string().contains("password"), "{error}");
}

#[test]
fn a_server_that_is_no_hub_is_an_error() {
    let (server, cache) = setup();
    for status in [204, 302, 500] {
        server.set_fault(CONFIG, Some(Fault::Status(status)));
        assert!(matches!(fetch(&server, &cache), Err(HubError::Broken { .. })), "{status}");
    }
}

#[test]
fn offline_without_a_cache_names_the_missing_files_and_opens_no_socket() {
    let (server, cache) = setup();
    let hub = hub_at(&server.endpoint(), cache.path(), true);
    let error = hub.fetch(&id(), &mut |_| {}).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, HubError::NotCached { .. }), "{text}");
    for part in [CONFIG, TOKENIZER, WEIGHTS, "dayi model pull org/tiny"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(matches!(hub.pull(&id(), &mut |_| {}), Err(HubError::Offline { .. })));
    assert!(server.take_requests().is_empty());
}

#[test]
fn offline_with_a_part_of_the_cache_names_what_is_missing() {
    let (server, cache) = setup();
    let folder = fetch(&server, &cache).unwrap();
    for file in [WEIGHTS, "1_Pooling/config.json", MODULES] {
        fs::remove_file(folder.join(file)).unwrap();
        match fetch_offline(&cache) {
            Err(HubError::NotCached { files, .. }) => assert!(files.contains(&file.to_owned()), "{files:?}"),
            other => panic!("{file}: {other:?}"),
        }
    }
    fetch(&server, &cache).unwrap();
    assert_eq!(fetch_offline(&cache).unwrap(), folder);
}

#[test]
fn a_revision_or_a_commit_can_be_asked_for() {
    let (server, cache) = setup();
    let hub = hub_at(&server.endpoint(), cache.path(), false);
    let tag: HubId = "org/tiny@v1".parse().unwrap();
    let folder = hub.fetch(&tag, &mut |_| {}).unwrap();
    assert!(folder.ends_with(COMMIT));
    assert_eq!(hub.fetch(&format!("org/tiny@{COMMIT}").parse().unwrap(), &mut |_| {}).unwrap(), folder);
    assert!(matches!(fetch_offline(&cache), Err(HubError::NotCached { .. })), "main was never fetched");
}

#[test]
fn the_cache_lists_its_models() {
    let (server, cache) = setup();
    let hub = hub_at(&server.endpoint(), cache.path(), false);
    assert!(hub.cached().is_empty());
    let path = hub.fetch(&id(), &mut |_| {}).unwrap();
    let expected = CachedModel { repository: "org/tiny".to_owned(), commit: COMMIT.to_owned(), path };
    assert_eq!(hub.cached(), [expected]);
}
