//! [`Twins`]: equal vectors, of which a graph holds only the first.

use super::VectorSet;
use std::collections::HashMap;

/// Equal vectors. The first of them is in the graph, the others stand behind it.
#[derive(Debug, Clone, Default)]
pub(super) struct Twins {
    /// Positions of the others, rising, by the position of the first.
    copies: HashMap<u32, Vec<u32>>,
    is_copy: Vec<bool>,
}

impl Twins {
    pub(super) fn find(vectors: &VectorSet) -> Self {
        let mut firsts: HashMap<u64, Vec<u32>> = HashMap::with_capacity(vectors.len());
        let mut twins = Self { copies: HashMap::new(), is_copy: vec![false; vectors.len()] };
        for (position, row) in vectors.rows().enumerate() {
            let same_hash = firsts.entry(hash(row)).or_default();
            match same_hash.iter().find(|first| vectors.vector(**first) == row) {
                Some(first) => {
                    twins.copies.entry(*first).or_default().push(position as u32);
                    twins.is_copy[position] = true;
                }
                None => same_hash.push(position as u32),
            }
        }
        twins
    }

    pub(super) fn is_copy(&self, position: u32) -> bool {
        self.is_copy[position as usize]
    }

    /// The position of a first and those of its copies.
    pub(super) fn family(&self, first: u32) -> impl Iterator<Item = u32> {
        std::iter::once(first).chain(self.copies.get(&first).into_iter().flatten().copied())
    }
}

/// FNV-style over the bits; equality is checked afterwards.
fn hash(row: &[f32]) -> u64 {
    row.iter().fold(0xcbf2_9ce4_8422_2325, |hash, x| {
        (hash ^ u64::from((x + 0.0).to_bits())).wrapping_mul(0x0100_0000_01b3).rotate_left(7)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_vectors_stand_behind_the_first_also_with_a_negative_zero() {
        let values = vec![1.0, 0.0, 0.0, 1.0, 1.0, -0.0];
        let twins = Twins::find(&VectorSet::from_values(2, values).unwrap());
        assert_eq!(twins.is_copy, [false, false, true]);
        assert_eq!(twins.copies[&0], [2]);
    }
}
