//! The order of neighbours and a small heap that keeps the best `k`. Shared by the exact scan and the graph search.

use super::Hit;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A hit ordered by nearness: the greater one is more similar, or comes first among equals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Near(pub(super) Hit);

impl Eq for Near {}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.0, &other.0);
        a.similarity.total_cmp(&b.similarity).then_with(|| b.position.cmp(&a.position))
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The best `k` of everything pushed.
#[derive(Debug)]
pub(super) struct TopK {
    k: usize,
    // The worst of the kept is on top, where it is compared and replaced.
    heap: BinaryHeap<Reverse<Near>>,
}

impl TopK {
    pub(super) fn new(k: usize) -> Self {
        Self { k, heap: BinaryHeap::new() }
    }

    /// Whether the hit would be kept.
    pub(super) fn accepts(&self, hit: Hit) -> bool {
        self.heap.len() < self.k || self.heap.peek().is_some_and(|Reverse(worst)| Near(hit) > *worst)
    }

    /// Whether `k` are kept and all of them are nearer than the hit.
    pub(super) fn is_full_of_nearer_than(&self, hit: Hit) -> bool {
        self.heap.len() >= self.k && self.heap.peek().is_none_or(|Reverse(worst)| *worst > Near(hit))
    }

    /// The last of the kept, once there are `k`.
    pub(super) fn worst(&self) -> Option<Hit> {
        self.heap.peek().filter(|_| self.heap.len() >= self.k).map(|Reverse(Near(hit))| *hit)
    }

    pub(super) fn push(&mut self, hit: Hit) {
        if self.heap.len() < self.k {
            self.heap.push(Reverse(Near(hit)));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && Near(hit) > worst.0
        {
            *worst = Reverse(Near(hit));
        }
    }

    /// The kept hits, nearest first.
    pub(super) fn into_hits(self) -> Vec<Hit> {
        self.heap.into_sorted_vec().into_iter().map(|Reverse(Near(hit))| hit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(position: u32, similarity: f32) -> Hit {
        Hit { position, similarity }
    }

    #[test]
    fn keeps_the_most_similar_and_orders_equals_by_position() {
        let mut top = TopK::new(3);
        for h in [hit(4, 0.5), hit(1, 0.5), hit(9, 0.9), hit(0, 0.1), hit(2, 0.5)] {
            top.push(h);
        }
        assert_eq!(top.into_hits(), [hit(9, 0.9), hit(1, 0.5), hit(2, 0.5)]);
    }

    #[test]
    fn nothing_is_kept_for_k_zero() {
        let mut top = TopK::new(0);
        assert!(!top.accepts(hit(0, 1.0)));
        top.push(hit(0, 1.0));
        assert!(top.into_hits().is_empty());
    }
}
