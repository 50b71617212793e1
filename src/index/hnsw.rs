//! Approximate search in an HNSW graph. The only file that names `hnsw_rs`.
//!
//! `hnsw_rs` builds the graph; then the graph is frozen into a [`Graph`], which searches and is saved. What is done
//! here for traps of `hnsw_rs` 0.3.5:
//!
//! - Its dot distance panics when rounding lifts a product above 1, so that [`ClampedCosine`] never goes below 0.
//! - More than 256 connections end the process and more than 255 overflow: [`HnswParams::validate`] comes first.
//! - It keeps a copy of each vector. It is given positions instead, and the distance looks the vectors up: one copy.
//! - Of many equal vectors, each drops the links to all others but one, and parts of the graph get lost. Equal
//!   vectors are inserted once and multiplied again in results.
//! - Cutting neighbour lists can leave vectors that no search can reach; [`connect`] links them again.
//! - Its own dump panics or ends the process on damaged files, reads out of bounds on wrong lengths, borrows its
//!   loader and prints to standard output. It is not used; see `snapshot`.
//!
//! Inserting runs on all cores, so two builds of the same vectors give slightly different graphs.

use super::bytes::ByteQuery;
use super::graph::{Space, reach};
use super::top_k::TopK;
use super::twins::Twins;
use super::vectors::{prefetch, similarity};
use super::{Graph, Hit, HnswParams, IndexError, Progress, VectorIndex, VectorSet, checked, exact};
use crate::vector::{Embedding, VectorError};
use hnsw_rs::prelude::{Distance, Hnsw};
use std::sync::Arc;

/// Layers that `hnsw_rs` can hold at most.
const MAX_LAYERS: usize = 16;
/// Vectors inserted one by one before several threads start: the first ones must find each other.
const SERIAL_START: usize = 1_000;
/// Vectors inserted between two reports of progress.
const BATCH: usize = 2_000;

/// Searches a graph over the vectors, in 8 bits on the way; similarities are exact, a neighbour may be missed.
///
/// An index that [follows](VectorIndex::follow) another keeps its graph: vectors that are gone are walked over, new
/// ones are compared one by one, until a graph is built anew.
#[derive(Debug, Clone)]
pub struct HnswIndex {
    vectors: Arc<VectorSet>,
    built: Arc<Built>,
    drift: Drift,
    ef_search: usize,
}

/// A graph over the vectors that there were when it was built.
#[derive(Debug)]
struct Built {
    graph: Graph,
    twins: Twins,
}

/// How the vectors differ from those that the graph was built over.
#[derive(Debug, Clone, Default)]
struct Drift {
    /// Where each vector of the graph is now; empty while none has moved.
    places: Vec<Place>,
    /// Positions that the graph does not know.
    new: Vec<u32>,
    /// How many vectors of the graph are gone.
    gone: usize,
}

/// Where a vector of the graph is now.
#[derive(Debug, Clone)]
enum Place {
    /// At this position.
    At(u32),
    /// Nowhere; its numbers are kept for the walk.
    Gone(Arc<[f32]>),
}

impl HnswIndex {
    /// Builds the graph on all cores.
    ///
    /// # Errors
    /// When a parameter is outside its range or there are more vectors than a graph can number.
    pub fn build(
        vectors: Arc<VectorSet>,
        params: &HnswParams,
        progress: Progress<'_>,
    ) -> Result<Self, IndexError> {
        params.validate()?;
        // Every link is numbered with 32 bits; the reconnecting adds at most one a vector.
        let most = u32::MAX as usize / (2 * params.max_connections + 2);
        if vectors.len() > most {
            let max_connections = params.max_connections;
            return Err(IndexError::TooMany { count: vectors.len(), most, max_connections });
        }
        let twins = Twins::find(&vectors);
        let graph = build_graph(&vectors, &twins, params, progress);
        let built = Arc::new(Built { graph, twins });
        Ok(Self { vectors, built, drift: Drift::default(), ef_search: params.ef_search })
    }

    /// Searches a graph that was built over these vectors before. `None` when it was built over another number.
    #[must_use]
    pub fn from_graph(vectors: Arc<VectorSet>, graph: Graph, ef_search: usize) -> Option<Self> {
        (graph.len() == vectors.len()).then(|| {
            let built = Arc::new(Built { twins: Twins::find(&vectors), graph });
            Self { vectors, built, drift: Drift::default(), ef_search }
        })
    }

    /// Where a vector of the graph is now.
    fn position(&self, of_graph: u32) -> Option<u32> {
        match self.drift.places.get(of_graph as usize) {
            None => Some(of_graph),
            Some(Place::At(position)) => Some(*position),
            Some(Place::Gone(_)) => None,
        }
    }

    /// The numbers of a vector of the graph.
    fn vector(&self, of_graph: u32) -> &[f32] {
        match self.drift.places.get(of_graph as usize) {
            None => self.vectors.vector(of_graph),
            Some(Place::At(position)) => self.vectors.vector(*position),
            Some(Place::Gone(vector)) => vector,
        }
    }
}

impl VectorIndex for HnswIndex {
    fn vectors(&self) -> &Arc<VectorSet> {
        &self.vectors
    }

    fn graph(&self) -> Option<&Graph> {
        // A graph that has drifted does not fit the vectors any more: it is of no use to anybody else.
        self.drift.places.is_empty().then_some(&self.built.graph)
    }

    fn search(&self, query: &Embedding, k: usize) -> Result<Vec<Hit>, VectorError> {
        let query = checked(&self.vectors, query)?;
        if k >= self.len() {
            // Everything is asked for: a walk cannot be quicker, and could miss something.
            return Ok(exact::scan(&self.vectors, query, k, exact::PARALLEL_WORK));
        }
        let Built { graph, twins } = self.built.as_ref();
        let seen = Seen { index: self, query, byte_query: ByteQuery::new(query) };
        let mut found = graph.search(self.ef_search.max(k), &seen);
        // Only those are compared in full that may be among the nearest for all that 8 bits tell.
        if let Some(last) = k.checked_sub(1).and_then(|last| found.get(last)) {
            let least = last.similarity - 2.0 * self.vectors.bytes().bound(&seen.byte_query);
            found.truncate(found.partition_point(|hit| hit.similarity >= least));
        }
        for hit in &found {
            prefetch(self.vector(hit.position));
        }
        let known = found.into_iter().flat_map(|hit| {
            let similarity = similarity(query, self.vector(hit.position));
            let family = twins.family(hit.position).filter_map(|twin| self.position(twin));
            family.map(move |position| Hit { position, similarity })
        });
        let new = self
            .drift
            .new
            .iter()
            .map(|&position| Hit { position, similarity: similarity(query, self.vectors.vector(position)) });
        let mut best = TopK::new(k);
        known.chain(new).for_each(|hit| best.push(hit));
        Ok(best.into_hits())
    }

    fn follow(&self, vectors: Arc<VectorSet>, known: &[Option<u32>]) -> Arc<dyn VectorIndex> {
        let mut moved = vec![None; self.len()];
        for (position, old) in (0u32..).zip(known) {
            if let Some(old) = old {
                moved[*old as usize] = Some(position);
            }
        }
        let mut reached = vec![false; vectors.len()];
        let places: Vec<Place> = (0..self.built.graph.len() as u32)
            .map(|of_graph| match self.position(of_graph).and_then(|old| moved[old as usize]) {
                Some(position) => {
                    reached[position as usize] = true;
                    Place::At(position)
                }
                None => match self.drift.places.get(of_graph as usize) {
                    Some(Place::Gone(vector)) => Place::Gone(vector.clone()),
                    Some(Place::At(_)) | None => Place::Gone(self.vector(of_graph).into()),
                },
            })
            .collect();
        let new = (0u32..).zip(reached).filter(|(_, reached)| !reached).map(|(position, _)| position);
        let gone = places.iter().filter(|place| matches!(place, Place::Gone(_))).count();
        let drift = Drift { new: new.collect(), gone, places };
        Arc::new(Self { vectors, built: self.built.clone(), drift, ef_search: self.ef_search })
    }

    fn drift(&self) -> usize {
        self.drift.new.len() + self.drift.gone
    }
}

/// The vectors of an index as seen from a query, in 8 bits as far as they are still there.
struct Seen<'a> {
    index: &'a HnswIndex,
    query: &'a [f32],
    byte_query: ByteQuery,
}

impl Space for Seen<'_> {
    fn similarity(&self, of_graph: u32) -> f32 {
        match self.index.position(of_graph) {
            Some(position) => self.index.vectors.bytes().similarity(&self.byte_query, position),
            None => similarity(self.query, self.index.vector(of_graph)),
        }
    }

    fn is_wanted(&self, position: u32) -> bool {
        self.index.built.twins.family(position).any(|twin| self.index.position(twin).is_some())
    }

    fn prepare(&self, of_graph: u32) {
        match self.index.position(of_graph) {
            Some(position) => prefetch(self.index.vectors.bytes().row(position)),
            None => prefetch(self.index.vector(of_graph)),
        }
    }
}

/// All vectors as seen from one of them, while links are made.
struct SeenFrom<'a> {
    vectors: &'a VectorSet,
    position: u32,
}

impl Space for SeenFrom<'_> {
    fn similarity(&self, position: u32) -> f32 {
        similarity(self.vectors.vector(self.position), self.vectors.vector(position))
    }

    fn is_wanted(&self, _: u32) -> bool {
        true
    }

    fn prepare(&self, position: u32) {
        prefetch(self.vectors.vector(position));
    }
}

/// Cosine distance between two stored vectors, which `hnsw_rs` knows by their positions only.
struct ClampedCosine<'v>(&'v VectorSet);

impl Distance<u32> for ClampedCosine<'_> {
    fn eval(&self, a: &[u32], b: &[u32]) -> f32 {
        1.0 - similarity(self.0.vector(a[0]), self.0.vector(b[0]))
    }
}

fn build_graph(vectors: &VectorSet, twins: &Twins, params: &HnswParams, progress: Progress<'_>) -> Graph {
    let total = vectors.len();
    let positions: Vec<u32> = (0..total as u32).filter(|p| !twins.is_copy(*p)).collect();
    let HnswParams { max_connections, ef_construction, ef_search: _ } = *params;
    let builder = Hnsw::<u32, _>::new(
        max_connections,
        positions.len(),
        MAX_LAYERS,
        ef_construction,
        ClampedCosine(vectors),
    );
    let points: Vec<(&[u32], usize)> = positions.chunks(1).map(|point| (point, point[0] as usize)).collect();
    let (first, rest) = points.split_at(points.len().min(SERIAL_START));
    for point in first {
        builder.insert_slice(*point);
    }
    let mut done = total - rest.len();
    progress(done, total);
    for batch in rest.chunks(BATCH) {
        builder.parallel_insert_slice(&batch.to_vec());
        done += batch.len();
        progress(done, total);
    }
    freeze(&builder, vectors, &positions, params)
}

/// Copies the links out of `hnsw_rs`.
fn freeze(
    builder: &Hnsw<'_, u32, ClampedCosine<'_>>,
    vectors: &VectorSet,
    positions: &[u32],
    params: &HnswParams,
) -> Graph {
    let points = builder.get_point_indexation();
    let top = usize::from(points.get_max_level_observed());
    let entry = points.get_layer_iterator(top).next().map_or(0, |point| point.get_origin_id() as u32);
    let mut layers = vec![vec![Vec::new(); vectors.len()]; top + 1];
    for point in (0..=top).flat_map(|layer| points.get_layer_iterator(layer)) {
        for (layer, neighbours) in point.get_neighborhood_id().into_iter().take(top + 1).enumerate() {
            layers[layer][point.get_origin_id()] =
                neighbours.into_iter().map(|neighbour| neighbour.d_id as u32).collect();
        }
    }
    for layer in &mut layers[1..] {
        drop_unreachable(layer, entry);
    }
    connect(&mut layers, vectors, entry, positions, params);
    Graph::new(*params, entry, &layers)
}

/// Removes lists that no search meets: `hnsw_rs` leaves a link in every layer above a vector's own.
fn drop_unreachable(lists: &mut [Vec<u32>], entry: u32) {
    let mut reached = vec![false; lists.len()];
    reach(lists, entry, &mut reached);
    lists.iter_mut().zip(reached).filter(|(_, reached)| !reached).for_each(|(list, _)| *list = Vec::new());
}

/// Makes every position reachable in the lowest layer: whoever is not gets a link from the nearest that is.
fn connect(
    layers: &mut [Vec<Vec<u32>>],
    vectors: &VectorSet,
    entry: u32,
    positions: &[u32],
    params: &HnswParams,
) {
    let mut reached = vec![false; vectors.len()];
    if vectors.is_empty() {
        return;
    }
    reach(&layers[0], entry, &mut reached);
    if positions.iter().all(|p| reached[*p as usize]) {
        return;
    }
    // The search runs on the graph as it was: what it finds is reachable.
    let graph = Graph::new(*params, entry, layers);
    for &lost in positions {
        if !reached[lost as usize] {
            let nearest = graph.search(params.ef_construction, &SeenFrom { vectors, position: lost });
            if let Some(nearest) = nearest.first() {
                layers[0][nearest.position as usize].push(lost);
            }
            reach(&layers[0], lost, &mut reached);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_that_lost_all_links_to_them_are_linked_again() {
        let angles = [0.0f32, 0.1, 0.2, 1.5, 1.6];
        let values = angles.iter().flat_map(|a| [a.cos(), a.sin()]).collect();
        let vectors = VectorSet::from_values(2, values).unwrap();
        // 3 and 4 know each other and 0; nobody knows them.
        let mut layers = vec![vec![vec![1], vec![0, 2], vec![1], vec![4, 0], vec![3]]];
        let params = HnswParams::default();

        connect(&mut layers, &vectors, 0, &[0, 1, 2, 3, 4], &params);

        let mut reached = vec![false; 5];
        reach(&layers[0], 0, &mut reached);
        assert_eq!(reached, [true; 5]);
        assert_eq!(layers[0][2], [1, 3], "from the nearest, once for both");
        assert_eq!(layers[0][0], [1], "nothing else changes");
    }
}
