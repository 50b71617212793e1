//! The padded layout in memory that follows from a model's sizes.

use super::Int8Error;
use super::kernel::{MAX_LANES, PANEL};
use crate::embed::model_dir::{Architecture, TransformerConfig};

/// Padded sizes in memory. Padding is zero everywhere and stays zero.
///
/// Heads are computed in groups that fill whole panels, so that one task projects Q, K and V of a group and goes on
/// to its attention while they are in the cache.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// Floats of a token vector.
    pub(super) hidden: usize,
    /// Floats of a feed-forward row.
    pub(super) intermediate: usize,
    /// Numbers of a head.
    pub(super) head: usize,
    /// Floats of a head.
    pub(super) head_stride: usize,
    /// Heads of the model.
    pub(super) heads: usize,
    /// Heads of a group; the last group may have fewer.
    pub(super) group_heads: usize,
    /// Floats of a group in each of Q, K, V and in the context.
    pub(super) group_stride: usize,
    /// Groups of heads.
    pub(super) groups: usize,
    /// Floats of a row of attention results.
    pub(super) context: usize,
    /// Row of the position table that the first token uses.
    pub(super) first_position: usize,
}

impl Layout {
    /// Lays a model out.
    pub(super) fn new(config: &TransformerConfig) -> Result<Self, Int8Error> {
        if config.heads == 0 || config.hidden_size == 0 || !config.hidden_size.is_multiple_of(config.heads) {
            let reason = format!("{} heads do not divide a width of {}", config.heads, config.hidden_size);
            return Err(Int8Error::Config { reason });
        }
        if config.intermediate_size == 0 || config.vocab_size == 0 || config.max_tokens() == 0 {
            let reason = "the feed-forward width, the vocabulary or the position table is empty".to_owned();
            return Err(Int8Error::Config { reason });
        }
        let head = config.hidden_size / config.heads;
        let head_stride = head.next_multiple_of(MAX_LANES);
        let group_heads = (PANEL / head_stride).clamp(1, config.heads);
        let group_stride = (group_heads * head_stride).next_multiple_of(PANEL);
        let groups = config.heads.div_ceil(group_heads);
        Ok(Self {
            hidden: config.hidden_size.next_multiple_of(PANEL),
            intermediate: config.intermediate_size.next_multiple_of(PANEL),
            head,
            head_stride,
            heads: config.heads,
            group_heads,
            group_stride,
            groups,
            context: groups * group_stride,
            first_position: match config.architecture {
                Architecture::Bert => 0,
                Architecture::XlmRoberta => config.pad_token_id as usize + 1,
            },
        })
    }

    /// Where a column of a group's part comes from: the row of the Q, K or V matrix; `None` is padding.
    pub(super) fn source(&self, group: usize, column: usize) -> Option<usize> {
        let (place, unit) = (column / self.head_stride, column % self.head_stride);
        let head = group * self.group_heads + place;
        let real = place < self.group_heads && head < self.heads && unit < self.head;
        real.then_some(head * self.head + unit)
    }

    /// Heads of a group.
    pub(super) fn heads_in(&self, group: usize) -> usize {
        self.group_heads.min(self.heads - group * self.group_heads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::model_dir::Activation;

    fn config(hidden_size: usize, heads: usize) -> TransformerConfig {
        TransformerConfig {
            architecture: Architecture::XlmRoberta,
            hidden_size,
            layers: 1,
            heads,
            intermediate_size: 4 * hidden_size,
            vocab_size: 10,
            max_position_embeddings: 12,
            type_vocab_size: 1,
            layer_norm_eps: 1e-12,
            pad_token_id: 1,
            activation: Activation::Gelu,
        }
    }

    #[test]
    fn every_row_of_the_projections_has_exactly_one_place() {
        for (hidden, heads) in
            [(384, 12), (512, 8), (768, 12), (312, 12), (24, 3), (96, 2), (130, 1), (80, 5)]
        {
            let layout = Layout::new(&config(hidden, heads)).unwrap();
            let columns = (0..layout.groups).flat_map(|g| (0..layout.group_stride).map(move |c| (g, c)));
            let mut rows: Vec<_> = columns.filter_map(|(group, c)| layout.source(group, c)).collect();
            rows.sort_unstable();
            assert_eq!(rows, (0..hidden).collect::<Vec<_>>(), "{hidden} in {heads} heads");
            assert_eq!((0..layout.groups).map(|group| layout.heads_in(group)).sum::<usize>(), heads);
        }
    }

    #[test]
    fn sizes_that_fit_no_model_are_refused() {
        assert!(Layout::new(&config(384, 12)).is_ok());
        assert!(Layout::new(&config(384, 7)).is_err());
        assert!(Layout::new(&config(384, 0)).is_err());
        assert!(Layout::new(&TransformerConfig { pad_token_id: 11, ..config(384, 12) }).is_err());
        assert!(Layout::new(&TransformerConfig { vocab_size: 0, ..config(384, 12) }).is_err());
    }
}
