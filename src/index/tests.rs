//! What every index must hold, and the traps of HNSW.

use super::*;
use crate::vector::dot;
use proptest::prelude::*;
use std::cell::RefCell;
use std::sync::Mutex;

/// Unit vectors around a few centers; the same for the same seed.
pub(super) fn random_set(seed: u64, count: usize, dimension: usize) -> Arc<VectorSet> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let centers: Vec<Vec<f32>> = (0..8).map(|_| (0..dimension).map(|_| next()).collect()).collect();
    let rows: Vec<Embedding> = (0..count)
        .map(|row| {
            let values = centers[row % 8].iter().map(|x| x + 0.5 * next()).collect();
            Embedding::normalized(values, dimension).unwrap()
        })
        .collect();
    Arc::new(VectorSet::from_embeddings(dimension, &rows).unwrap())
}

pub(super) fn query(vectors: &VectorSet, position: usize) -> Embedding {
    Embedding::new(vectors.vector(position as u32).to_vec(), vectors.dimension()).unwrap()
}

fn with_graph(vectors: &Arc<VectorSet>, ef_search: usize) -> HnswIndex {
    let params = HnswParams { ef_search, ..HnswParams::default() };
    HnswIndex::build(Arc::clone(vectors), &params, &|_, _| ()).unwrap()
}

fn naive(vectors: &VectorSet, query: &Embedding, k: usize) -> Vec<Hit> {
    let mut hits: Vec<Hit> = vectors
        .rows()
        .enumerate()
        .map(|(position, row)| Hit {
            position: position as u32,
            similarity: dot(query.as_slice(), row).clamp(-1.0, 1.0),
        })
        .collect();
    hits.sort_by(|a, b| b.similarity.partial_cmp(&a.similarity).unwrap().then(a.position.cmp(&b.position)));
    hits.truncate(k);
    hits
}

fn both(vectors: &Arc<VectorSet>) -> [Arc<dyn VectorIndex>; 2] {
    [Arc::new(ExactIndex::new(Arc::clone(vectors))), Arc::new(with_graph(vectors, 400))]
}

#[test]
fn rounding_above_one_does_not_stop_the_build() {
    let vectors = random_set(3, 600, 48);
    assert!(vectors.rows().any(|row| dot(row, row) > 1.0), "the test needs a product above 1");
    let hits = with_graph(&vectors, 50).search(&query(&vectors, 5), 600).unwrap();
    assert!(hits.iter().all(|hit| (-1.0..=1.0).contains(&hit.similarity)));
}

#[test]
fn a_query_of_another_dimension_is_refused() {
    let vectors = random_set(1, 20, 4);
    let query = Embedding::new(vec![1.0], 1).unwrap();
    for index in both(&vectors) {
        let expected = VectorError::Dimension { expected: 4, actual: 1 };
        assert_eq!(index.search(&query, 1), Err(expected.clone()));
        assert_eq!(index.search_batch(std::slice::from_ref(&query), 1), Err(expected));
    }
}

#[test]
fn parameters_outside_their_range_are_refused_before_hnsw_rs_ends_the_process() {
    let good = HnswParams::default();
    let bad = [
        HnswParams { max_connections: 1_000, ..good },
        HnswParams { max_connections: 1, ..good },
        HnswParams { ef_construction: 0, ..good },
        HnswParams { ef_search: 0, ..good },
        HnswParams { ef_search: usize::MAX, ..good },
    ];
    for hnsw in bad {
        // Also when no graph is needed yet: a bad configuration shows on the first day.
        for full_scan_threshold in [0, 100] {
            let params = IndexParams { full_scan_threshold, hnsw };
            let result = build(random_set(1, 20, 4), &params, &|_, _| ());
            assert!(matches!(result, Err(IndexError::Parameter { .. })), "{hnsw:?}");
        }
    }
}

#[test]
fn every_one_of_many_equal_vectors_is_found_and_hides_nothing() {
    let different = random_set(9, 300, 8);
    let same = vec![different.vector(0); 500].concat();
    let values = [same.as_slice(), different.values()].concat();
    let vectors = Arc::new(VectorSet::from_values(8, values).unwrap());
    let index = with_graph(&vectors, 20);

    let hits = index.search(&query(&vectors, 0), 501).unwrap();
    let expected: Vec<u32> = (0..501).collect();
    assert_eq!(hits.iter().map(|hit| hit.position).collect::<Vec<_>>(), expected);
    for position in 501..800 {
        assert_eq!(index.search(&query(&vectors, position), 1).unwrap()[0].position, position as u32);
    }
}

#[test]
fn the_threshold_decides_between_scan_and_graph() {
    let vectors = random_set(2, 50, 4);
    for (full_scan_threshold, graph) in [(51, false), (50, true), (0, true)] {
        let params = IndexParams { full_scan_threshold, ..IndexParams::default() };
        let index = build(Arc::clone(&vectors), &params, &|_, _| ()).unwrap();
        assert_eq!(index.graph().is_some(), graph, "threshold {full_scan_threshold}");
    }
}

#[test]
fn an_empty_index_finds_nothing_even_when_a_graph_is_wanted() {
    let params = IndexParams { full_scan_threshold: 0, ..IndexParams::default() };
    let vectors = Arc::new(VectorSet::from_values(3, Vec::new()).unwrap());
    let index = build(vectors, &params, &|_, _| ()).unwrap();
    assert_eq!(index.search(&Embedding::new(vec![1.0, 0.0, 0.0], 3).unwrap(), 5), Ok(Vec::new()));
    let graph = HnswIndex::build(Arc::clone(index.vectors()), &params.hnsw, &|_, _| ()).unwrap();
    assert_eq!(graph.search(&Embedding::new(vec![1.0, 0.0, 0.0], 3).unwrap(), 5), Ok(Vec::new()));
}

#[test]
fn any_k_is_answered() {
    let vectors = random_set(4, 30, 4);
    for index in both(&vectors) {
        for (k, expected) in [(0, 0), (1, 1), (29, 29), (30, 30), (31, 30), (usize::MAX, 30)] {
            assert_eq!(index.search(&query(&vectors, 7), k).unwrap().len(), expected, "k {k}");
        }
    }
}

#[test]
fn a_parallel_scan_gives_what_a_serial_one_gives() {
    let vectors = random_set(5, 1_001, 12);
    let query = query(&vectors, 500);
    let parallel = exact::scan(&vectors, query.as_slice(), 40, 0);
    assert_eq!(parallel, exact::scan(&vectors, query.as_slice(), 40, usize::MAX));
    assert_eq!(parallel, naive(&vectors, &query, 40));
}

#[test]
fn a_batch_answers_as_single_queries_do() {
    let vectors = random_set(6, 200, 8);
    let queries: Vec<Embedding> = (0..40).map(|position| query(&vectors, position)).collect();
    for index in both(&vectors) {
        let single: Vec<_> = queries.iter().map(|query| index.search(query, 5).unwrap()).collect();
        assert_eq!(index.search_batch(&queries, 5).unwrap(), single);
    }
}

#[test]
fn progress_rises_to_the_total_with_and_without_a_graph() {
    for (count, full_scan_threshold) in [(3_500, 0), (10, 100)] {
        let calls = Mutex::new(Vec::new());
        let params = IndexParams { full_scan_threshold, ..IndexParams::default() };
        let note = |done, total| calls.lock().unwrap().push((done, total));
        build(random_set(7, count, 4), &params, &note).unwrap();
        let calls = calls.into_inner().unwrap();
        assert!(calls.is_sorted(), "{calls:?}");
        assert_eq!(calls.last(), Some(&(count, count)));
    }
}

#[test]
fn a_parallel_build_finds_nearly_all_neighbours_and_every_vector_itself() {
    let vectors = random_set(8, 3_000, 16);
    let index = with_graph(&vectors, 100);
    let mut found = 0;
    for position in (0..3_000).step_by(30) {
        let query = query(&vectors, position);
        let hits = index.search(&query, 10).unwrap();
        assert_eq!(hits[0].position, position as u32);
        found += naive(&vectors, &query, 10).iter().filter(|hit| hits.contains(hit)).count();
    }
    assert!(found >= 990, "recall@10 {}", found as f32 / 1_000.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // A search as wide as the index visits every vector, because every vector can be reached.
    #[test]
    fn both_indexes_agree_with_a_naive_scan(
        seed in 1u64.., count in 1usize..150, dimension in 1usize..12, k in 1usize..200, at in 0usize..150,
    ) {
        let vectors = random_set(seed, count, dimension);
        let query = query(&vectors, at % count);
        let expected = naive(&vectors, &query, k);
        for index in both(&vectors) {
            let hits = index.search(&query, k).unwrap();
            prop_assert_eq!(&hits, &expected);
            prop_assert!(hits[0].similarity > 0.999);
        }
    }

    #[test]
    fn a_narrow_search_returns_sorted_hits_without_repetition(
        seed in 1u64.., count in 2usize..150, dimension in 2usize..12, ef in 1usize..8,
    ) {
        let vectors = random_set(seed, count, dimension);
        let query = query(&random_set(!seed, 1, dimension), 0);
        let hits = with_graph(&vectors, ef).search(&query, 10).unwrap();
        let exact = naive(&vectors, &query, count);
        prop_assert!(hits.iter().all(|hit| exact.contains(hit)), "similarities are exact");
        prop_assert!(hits.windows(2).all(|w| w[0].similarity >= w[1].similarity));
        let positions = RefCell::new(std::collections::HashSet::new());
        prop_assert!(hits.iter().all(|hit| positions.borrow_mut().insert(hit.position)));
    }

    #[test]
    fn graph_bytes_come_back_the_same_and_any_changed_word_is_harmless(
        seed in 1u64.., count in 1usize..40, at in any::<prop::sample::Index>(), word in any::<u32>(), small in 0u32..50,
    ) {
        let vectors = random_set(seed, count, 3);
        let index = with_graph(&vectors, 10);
        let built_with = *index.graph().unwrap().built_with();
        let mut bytes = index.graph().unwrap().to_bytes();
        prop_assert_eq!(&Graph::from_bytes(&bytes, count, built_with).unwrap(), index.graph().unwrap());
        prop_assert!(Graph::from_bytes(&bytes[..at.index(bytes.len())], count, built_with).is_err());
        prop_assert!(Graph::from_bytes(&bytes, count + 1, built_with).is_err());

        for word in [word, small] {
            let at = at.index(bytes.len() / 4) * 4;
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            if let Ok(graph) = Graph::from_bytes(&bytes, count, built_with) {
                let index = HnswIndex::from_graph(Arc::clone(&vectors), graph, 10).unwrap();
                index.search(&query(&vectors, 0), 5).unwrap();
            }
        }
    }
}

#[test]
fn an_index_that_follows_finds_what_is_new_and_not_what_is_gone() {
    let vectors = random_set(11, 900, 16);
    // Every third is gone, the others stand elsewhere, and new ones lie in between.
    let extra = random_set(12, 100, 16);
    let mut rows: Vec<&[f32]> = Vec::new();
    let mut known = Vec::new();
    for old in (0..900u32).rev().filter(|old| old % 3 != 0) {
        if old % 6 == 1 && (old / 6) < 100 {
            rows.push(extra.vector(old / 6));
            known.push(None);
        }
        rows.push(vectors.vector(old));
        known.push(Some(old));
    }
    let changed = Arc::new(VectorSet::from_rows(16, rows).unwrap());
    for index in both(&vectors) {
        let has_graph = index.graph().is_some();
        let follower = index.follow(Arc::clone(&changed), &known);
        assert_eq!(follower.drift(), if has_graph { 300 + 100 } else { 700 });
        assert!(follower.graph().is_none(), "it must not be kept beside other vectors");
        // Following twice comes to the same.
        let same: Vec<Option<u32>> = (0..changed.len() as u32).map(Some).collect();
        for index in [follower.follow(Arc::clone(&changed), &same), follower] {
            for position in (0..changed.len()).step_by(7) {
                let query = query(&changed, position);
                assert_eq!(index.search(&query, 10).unwrap(), naive(&changed, &query, 10), "{position}");
            }
        }
    }
}

#[test]
fn a_twin_is_found_when_the_first_of_its_kind_is_gone() {
    let values = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.6, 0.8]].concat();
    let vectors = Arc::new(VectorSet::from_values(2, values).unwrap());
    let later = Arc::new(VectorSet::from_values(2, [[0.0, 1.0], [1.0, 0.0], [0.6, 0.8]].concat()).unwrap());
    let index = with_graph(&vectors, 50).follow(later, &[Some(1), Some(2), Some(3)]);
    let hits = index.search(&Embedding::new(vec![1.0, 0.0], 2).unwrap(), 2).unwrap();
    assert_eq!(hits.iter().map(|hit| hit.position).collect::<Vec<_>>(), [1, 2]);
}
