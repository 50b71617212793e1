//! [`Graph`]: a finished HNSW graph as flat arrays, its search, and its bytes.
//!
//! `hnsw.rs` builds a graph with `hnsw_rs` and freezes it into this form; `snapshot` keeps it on disk. Frozen, a link
//! costs 4 bytes instead of about 56, a search takes no locks, and a file is checked number by number before use
//! instead of panicking or ending the process half way.
//!
//! The search is algorithm 2 of Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using
//! Hierarchical Navigable Small World graphs" (2018).

use super::top_k::{Near, TopK};
use super::{Hit, HnswParams};
use std::collections::BinaryHeap;

/// More layers than a graph of 2^32 vectors needs.
const MAX_LAYERS: usize = 16;

/// What a search walks through: the vectors behind the positions of a graph, as seen from the query.
pub(super) trait Space {
    /// Similarity of the query to the vector at a position.
    fn similarity(&self, position: u32) -> f32;

    /// Whether it may be a hit; if not, it is walked over all the same.
    fn is_wanted(&self, position: u32) -> bool;

    /// Will soon be asked for the similarity at `position`.
    fn prepare(&self, position: u32);

    /// The position with its similarity.
    fn hit(&self, position: u32) -> Hit {
        Hit { position, similarity: self.similarity(position) }
    }
}

/// Links between the vectors of a [`VectorSet`](super::VectorSet), layer by layer; layer 0 holds everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// What it was built with.
    built_with: HnswParams,
    /// Where every search starts.
    entry: u32,
    layers: Vec<Layer>,
}

/// Neighbours of each position: `links[offsets[p]..offsets[p + 1]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Layer {
    offsets: Vec<u32>,
    links: Vec<u32>,
}

/// Why bytes are not a graph over so many vectors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a graph over {count} vectors: {reason}")]
pub struct GraphError {
    /// How many vectors it should link.
    pub count: usize,
    /// The first thing that is wrong.
    pub reason: &'static str,
}

impl Layer {
    fn new(lists: &[Vec<u32>]) -> Self {
        let mut offsets = Vec::with_capacity(lists.len() + 1);
        let mut links = Vec::with_capacity(lists.iter().map(Vec::len).sum());
        offsets.push(0);
        for list in lists {
            links.extend_from_slice(list);
            offsets.push(links.len() as u32);
        }
        Self { offsets, links }
    }

    fn neighbours(&self, position: u32) -> &[u32] {
        let at = position as usize;
        &self.links[self.offsets[at] as usize..self.offsets[at + 1] as usize]
    }
}

impl Graph {
    /// From neighbour lists, `layers[layer][position]`. Positions must be below the length of each layer.
    pub(super) fn new(built_with: HnswParams, entry: u32, layers: &[Vec<Vec<u32>>]) -> Self {
        Self { built_with, entry, layers: layers.iter().map(|lists| Layer::new(lists)).collect() }
    }

    /// The parameters it was built with.
    #[must_use]
    pub fn built_with(&self) -> &HnswParams {
        &self.built_with
    }

    /// How many vectors it was built over.
    #[must_use]
    pub fn len(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.offsets.len() - 1)
    }

    /// Whether it links nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The nearest `ef` that the search meets in `space`, nearest first.
    pub(super) fn search(&self, ef: usize, space: &impl Space) -> Vec<Hit> {
        let mut best = space.hit(self.entry);
        for layer in self.layers.iter().skip(1).rev() {
            best = descend(layer, best, space);
        }
        self.layers.first().map_or_else(Vec::new, |layer| explore(layer, best, ef, space))
    }

    /// Little-endian `u32`s: entry, number of layers, then for each layer its number of links, offsets and links.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let head = [self.entry, self.layers.len() as u32];
        let numbers = self.layers.iter().flat_map(|layer| {
            let count = layer.links.len() as u32;
            std::iter::once(count).chain(layer.offsets.iter().copied()).chain(layer.links.iter().copied())
        });
        head.into_iter().chain(numbers).flat_map(u32::to_le_bytes).collect()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. Every number is checked, so that no search can leave the arrays.
    pub(super) fn from_bytes(bytes: &[u8], count: usize, built_with: HnswParams) -> Result<Self, GraphError> {
        let fail = |reason| GraphError { count, reason };
        let (words, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(fail("its length is no multiple of four"));
        }
        let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
        let short = || fail("it ends too early");
        let entry = words.next().ok_or_else(short)?;
        let layer_count = words.next().ok_or_else(short)? as usize;
        if entry as usize >= count {
            return Err(fail("the entry point is out of range"));
        }
        if !(1..=MAX_LAYERS).contains(&layer_count) {
            return Err(fail("the number of layers is out of range"));
        }
        let mut layers = Vec::with_capacity(layer_count);
        for _ in 0..layer_count {
            let link_count = words.next().ok_or_else(short)? as usize;
            if words.len() < count + 1 || words.len() - (count + 1) < link_count {
                return Err(short());
            }
            let offsets: Vec<u32> = words.by_ref().take(count + 1).collect();
            let links: Vec<u32> = words.by_ref().take(link_count).collect();
            if offsets[0] != 0 || offsets[count] as usize != link_count || !offsets.is_sorted() {
                return Err(fail("the offsets do not fit the links"));
            }
            if links.iter().any(|link| *link as usize >= count) {
                return Err(fail("a link is out of range"));
            }
            layers.push(Layer { offsets, links });
        }
        if words.next().is_some() {
            return Err(fail("something follows the last layer"));
        }
        Ok(Self { built_with, entry, layers })
    }
}

/// Walks to the nearest neighbour until none is nearer.
fn descend(layer: &Layer, start: Hit, space: &impl Space) -> Hit {
    let mut best = Near(start);
    loop {
        let links = layer.neighbours(best.0.position);
        for &link in links {
            space.prepare(link);
        }
        let Some(next) = links.iter().map(|link| Near(space.hit(*link))).max() else {
            return best.0;
        };
        if next <= best {
            return best.0;
        }
        best = next;
    }
}

/// Best-first search that keeps the nearest `ef` wanted ones and stops when nothing nearer than the worst of them is
/// left.
fn explore(layer: &Layer, start: Hit, ef: usize, space: &impl Space) -> Vec<Hit> {
    let mut visited = Visited::new(layer.offsets.len());
    let mut kept = TopK::new(ef);
    let mut candidates = BinaryHeap::from([Near(start)]);
    let mut new = Vec::new();
    visited.insert(start.position);
    if space.is_wanted(start.position) {
        kept.push(start);
    }
    while let Some(Near(nearest)) = candidates.pop() {
        if kept.is_full_of_nearer_than(nearest) {
            break;
        }
        new.extend(layer.neighbours(nearest.position).iter().copied().filter(|link| visited.insert(*link)));
        // The vectors lie anywhere in memory: all of them are on their way while the first is compared.
        for &link in &new {
            space.prepare(link);
        }
        for found in new.drain(..).map(|link| space.hit(link)) {
            if kept.accepts(found) {
                candidates.push(Near(found));
                if space.is_wanted(found.position) {
                    kept.push(found);
                }
            }
        }
    }
    kept.into_hits()
}

/// A bit for each position.
struct Visited(Vec<u64>);

impl Visited {
    fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    /// Whether it was not there yet.
    fn insert(&mut self, position: u32) -> bool {
        let (word, bit) = (position as usize / 64, 1 << (position % 64));
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
    }
}

/// Marks what can be reached from `start` over `lists`; returns what was new, `start` first.
pub(super) fn reach(lists: &[Vec<u32>], start: u32, reached: &mut [bool]) -> Vec<u32> {
    let mut new = Vec::new();
    if std::mem::replace(&mut reached[start as usize], true) {
        return new;
    }
    new.push(start);
    let mut next = 0;
    while let Some(&position) = new.get(next) {
        next += 1;
        for &link in &lists[position as usize] {
            if !std::mem::replace(&mut reached[link as usize], true) {
                new.push(link);
            }
        }
    }
    new
}
