use super::*;
use crate::index::tests::{query, random_set};
use crate::index::{HnswParams, IndexError, build};
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use tempfile::TempDir;

const IDENTITY: Identity<'static> = Identity { model_fingerprint: "model-a", content_hash: "faq-1" };
const GRAPH_PARAMS: IndexParams = IndexParams {
    full_scan_threshold: 1,
    hnsw: HnswParams { max_connections: 4, ef_construction: 16, ef_search: 20 },
};
const SCAN_PARAMS: IndexParams = IndexParams { full_scan_threshold: 1_000_000, ..GRAPH_PARAMS };

fn index(count: usize, params: &IndexParams) -> Arc<dyn VectorIndex> {
    build(random_set(11, count, 3), params, &|_, _| ()).unwrap()
}

/// A folder with one snapshot, and the snapshot's own folder.
fn written(count: usize, params: &IndexParams) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let number = write(dir.path(), index(count, params).as_ref(), &IDENTITY).unwrap();
    let folder = dir.path().join(format!("snapshot-{number:010}"));
    (dir, folder)
}

fn names(dir: &Path) -> BTreeSet<String> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn open_error(dir: &Path, identity: &Identity<'_>, params: &IndexParams) -> SnapshotError {
    open(dir, identity, params).map(|opened| opened.number).unwrap_err()
}

#[test]
fn what_is_written_is_what_is_opened() {
    for (count, params) in [(0, SCAN_PARAMS), (1, GRAPH_PARAMS), (300, SCAN_PARAMS), (300, GRAPH_PARAMS)] {
        let dir = tempfile::tempdir().unwrap();
        let index = index(count, &params);
        assert_eq!(write(&dir.path().join("index"), index.as_ref(), &IDENTITY).unwrap(), 1);

        let opened = open(&dir.path().join("index"), &IDENTITY, &params).unwrap();
        assert_eq!(opened.number, 1);
        assert_eq!(opened.index.vectors(), index.vectors());
        assert_eq!(opened.index.graph(), index.graph());
        for position in (0..count).step_by(17) {
            let query = query(index.vectors(), position);
            assert_eq!(opened.index.search(&query, 5), index.search(&query, 5));
        }
    }
}

#[test]
fn nothing_written_is_told_from_something_broken() {
    let dir = tempfile::tempdir().unwrap();
    for dir in [dir.path(), &dir.path().join("never-made")] {
        let error = open_error(dir, &IDENTITY, &GRAPH_PARAMS);
        assert!(matches!(error, SnapshotError::Missing { .. }), "{error}");
        assert!(error.calls_for_rebuild());
    }
}

#[test]
fn vectors_of_another_model_or_other_phrasings_are_refused() {
    let (dir, _) = written(20, &GRAPH_PARAMS);
    let error = open_error(dir.path(), &Identity { model_fingerprint: "model-b", ..IDENTITY }, &GRAPH_PARAMS);
    assert_eq!(
        error.to_string(),
        "the index was made with model model-a, not with model-b; run `dayi index` with the model you use now"
    );
    let error = open_error(dir.path(), &Identity { content_hash: "faq-2", ..IDENTITY }, &GRAPH_PARAMS);
    assert!(matches!(error, SnapshotError::OtherContent { .. }), "{error}");
}

#[test]
fn a_graph_of_another_shape_is_refused_but_a_wider_search_is_not() {
    let with = |hnsw| IndexParams { hnsw, ..GRAPH_PARAMS };
    let (dir, _) = written(20, &GRAPH_PARAMS);
    let denser = HnswParams { max_connections: 5, ..GRAPH_PARAMS.hnsw };
    let error = open_error(dir.path(), &IDENTITY, &with(denser));
    assert!(matches!(error, SnapshotError::OtherParameters { .. }), "{error}");
    assert!(open(dir.path(), &IDENTITY, &with(HnswParams { ef_search: 99, ..GRAPH_PARAMS.hnsw })).is_ok());

    let opened = open(dir.path(), &IDENTITY, &SCAN_PARAMS).unwrap();
    assert!(opened.index.graph().is_none(), "a graph that is not wanted is left aside");
    let (dir, _) = written(20, &SCAN_PARAMS);
    let error = open_error(dir.path(), &IDENTITY, &GRAPH_PARAMS);
    assert!(error.to_string().contains("no graph"), "{error}");
}

#[test]
fn bad_parameters_do_not_call_for_a_rebuild() {
    let (dir, _) = written(20, &GRAPH_PARAMS);
    let hnsw = HnswParams { ef_search: 0, ..GRAPH_PARAMS.hnsw };
    let error = open_error(dir.path(), &IDENTITY, &IndexParams { hnsw, ..GRAPH_PARAMS });
    assert!(matches!(error, SnapshotError::Parameters(IndexError::Parameter { .. })));
    assert!(!error.calls_for_rebuild());
}

#[test]
fn other_formats_are_named_as_older_or_newer() {
    let (dir, folder) = written(5, &SCAN_PARAMS);
    let manifest = folder.join(MANIFEST);
    let text = fs::read_to_string(&manifest).unwrap();
    for (format, newer) in [("0", false), ("2", true), ("4294967295", true)] {
        let first = format!("dayi-index-snapshot {format} ");
        fs::write(&manifest, text.replacen("dayi-index-snapshot 1 ", &first, 1)).unwrap();
        let error = open_error(dir.path(), &IDENTITY, &SCAN_PARAMS);
        assert_eq!(matches!(error, SnapshotError::NewerFormat { .. }), newer, "{format}: {error}");
        assert_eq!(matches!(error, SnapshotError::OldFormat { .. }), !newer, "{format}: {error}");
    }
}

#[test]
fn any_flipped_byte_and_any_truncation_of_any_file_is_detected() {
    let (dir, folder) = written(12, &GRAPH_PARAMS);
    for name in [MANIFEST, VECTORS, GRAPH] {
        let path = folder.join(name);
        let whole = fs::read(&path).unwrap();
        let refused = |bytes: &[u8], what: &str| {
            fs::write(&path, bytes).unwrap();
            let error = open(dir.path(), &IDENTITY, &GRAPH_PARAMS).map(|opened| opened.number).unwrap_err();
            assert!(error.calls_for_rebuild(), "{name} {what}: {error}");
        };
        for at in 0..whole.len() {
            for mask in [0x01, 0x20, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= mask;
                refused(&bytes, &format!("byte {at} ^ {mask:#x}"));
            }
            refused(&whole[..at], &format!("cut at {at}"));
        }
        refused(&[whole.as_slice(), &[0]].concat(), "one byte more");
        fs::remove_file(&path).unwrap();
        let error = open_error(dir.path(), &IDENTITY, &GRAPH_PARAMS);
        assert!(matches!(error, SnapshotError::Damaged { .. }), "{name} removed: {error}");
        fs::create_dir(&path).unwrap();
        let error = open_error(dir.path(), &IDENTITY, &GRAPH_PARAMS);
        assert!(matches!(error, SnapshotError::Damaged { .. }), "{name} a folder: {error}");
        fs::remove_dir(&path).unwrap();
        fs::write(&path, whole).unwrap();
        assert!(open(dir.path(), &IDENTITY, &GRAPH_PARAMS).is_ok());
    }
}

#[test]
fn a_manifest_that_lies_with_a_right_checksum_is_refused() {
    let (dir, path) = written(12, &GRAPH_PARAMS);
    let folder = Folder::existing(path.clone());
    let honest = Manifest::read(&folder).unwrap();
    let refused = |lie: &Manifest| {
        fs::write(path.join(MANIFEST), lie.to_bytes()).unwrap();
        let error = open_error(dir.path(), &IDENTITY, &GRAPH_PARAMS);
        assert!(matches!(error, SnapshotError::Damaged { .. }), "{lie:?}: {error}");
    };
    let lies: [fn(&mut Manifest); 6] = [
        |m| m.count = usize::MAX,
        |m| (m.count, m.dimension) = (3, 12),
        |m| (m.count, m.dimension, m.vectors.bytes) = (1 << 40, 1 << 10, 1 << 52),
        |m| (m.count, m.dimension) = (36, 1),
        |m| m.vectors.bytes = u64::MAX,
        |m| m.graph.as_mut().unwrap().file.bytes = u64::MAX,
    ];
    for lie in lies {
        let mut manifest = honest.clone();
        lie(&mut manifest);
        refused(&manifest);
    }
    // Vectors of length 0 and links that lead nowhere, both properly signed.
    for name in [VECTORS, GRAPH] {
        let mut manifest = honest.clone();
        let old = fs::read(path.join(name)).unwrap();
        fs::remove_file(path.join(name)).unwrap();
        let zeros = vec![if name == GRAPH { 0x7f } else { 0 }; old.len()];
        let sum = folder.write(name, std::iter::once(zeros)).unwrap();
        if name == GRAPH {
            manifest.graph.as_mut().unwrap().file = sum;
        } else {
            manifest.vectors = sum;
        }
        refused(&manifest);
        fs::write(path.join(name), old).unwrap();
    }
}

#[test]
fn a_writer_that_dies_at_any_step_leaves_the_old_or_the_new_snapshot() {
    use Step::{
        Cleaned, FolderMade, FolderSynced, GraphWritten, Locked, ManifestWritten, Renamed, VectorsWritten,
    };
    let steps =
        [Locked, FolderMade, VectorsWritten, GraphWritten, ManifestWritten, FolderSynced, Renamed, Cleaned];
    let new = Identity { content_hash: "faq-2", ..IDENTITY };
    for (place, dies_after) in steps.into_iter().enumerate() {
        let (dir, _) = written(10, &GRAPH_PARAMS);
        let index = index(20, &GRAPH_PARAMS);
        let mut seen = Vec::new();
        // Unwinding skips all clean-up of the writer, as a killed process would.
        let died = catch_unwind(AssertUnwindSafe(|| {
            let mut after = |step| {
                seen.push(step);
                if step == dies_after {
                    std::panic::resume_unwind(Box::new("killed"));
                }
            };
            write_step_by_step(dir.path(), index.as_ref(), &new, &mut after)
        }));
        assert!(died.is_err());
        assert_eq!(seen, steps[..=place]);

        let (readable, gone) = if place < 6 { (&IDENTITY, &new) } else { (&new, &IDENTITY) };
        assert!(open(dir.path(), readable, &GRAPH_PARAMS).is_ok(), "after {dies_after:?}");
        let error = open_error(dir.path(), gone, &GRAPH_PARAMS);
        assert!(matches!(error, SnapshotError::OtherContent { .. }), "after {dies_after:?}: {error}");

        let number = write(dir.path(), index.as_ref(), &new).unwrap();
        assert_eq!(open(dir.path(), &new, &GRAPH_PARAMS).unwrap().number, number);
        let left = BTreeSet::from([format!("snapshot-{number:010}"), "writer.lock".to_owned()]);
        assert_eq!(names(dir.path()), left, "after {dies_after:?}");
    }
}

#[test]
fn writers_and_readers_at_the_same_time_do_not_disturb_each_other() {
    let (dir, _) = written(50, &GRAPH_PARAMS);
    let index = index(50, &GRAPH_PARAMS);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..5 {
                    write(dir.path(), index.as_ref(), &IDENTITY).unwrap();
                }
            });
            scope.spawn(|| {
                for _ in 0..20 {
                    open(dir.path(), &IDENTITY, &GRAPH_PARAMS).unwrap();
                }
            });
        }
    });
    assert_eq!(open(dir.path(), &IDENTITY, &GRAPH_PARAMS).unwrap().number, 16);
    assert_eq!(names(dir.path()).len(), 2);
}

#[test]
fn strange_names_in_the_folder_are_neither_read_nor_removed() {
    let (dir, _) = written(5, &SCAN_PARAMS);
    let strange = ["snapshot-", "snapshot-x", "snapshot-18446744073709551615", "notes.txt"];
    for name in strange {
        fs::write(dir.path().join(name), "mine").unwrap();
    }
    assert_eq!(write(dir.path(), index(5, &SCAN_PARAMS).as_ref(), &IDENTITY).unwrap(), 2);
    assert_eq!(open(dir.path(), &IDENTITY, &SCAN_PARAMS).unwrap().number, 2);
    assert!(strange.iter().all(|name| dir.path().join(name).exists()));
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a-file");
    fs::write(&file, "").unwrap();
    let error = write(&file.join("index"), index(5, &SCAN_PARAMS).as_ref(), &IDENTITY).unwrap_err();
    assert!(matches!(error, SnapshotError::Io { .. }));
    assert!(error.to_string().contains("a-file"), "{error}");
    assert!(!error.calls_for_rebuild());
}
