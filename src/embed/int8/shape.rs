//! What the engine must know of a model before it reads the weights, and the layout that follows from it.

use super::Int8Error;
use super::kernel::{MAX_LANES, PANEL};

/// Non-linearity between the two feed-forward layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x * Phi(x)`; `gelu` in config.json.
    Gelu,
    /// The approximation by tanh; `gelu_new`, `gelu_pytorch_tanh` and `gelu_approximate` in config.json.
    GeluTanh,
    /// `max(x, 0)`.
    Relu,
}

/// Sizes of a BERT or XLM-RoBERTa encoder, as in its config.json.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderShape {
    /// Length of a token vector (`hidden_size`).
    pub hidden: usize,
    /// Number of layers (`num_hidden_layers`).
    pub layers: usize,
    /// Attention heads a layer (`num_attention_heads`); divides `hidden`.
    pub heads: usize,
    /// Width of the feed-forward layer (`intermediate_size`).
    pub intermediate: usize,
    /// Number of token ids (`vocab_size`).
    pub vocabulary: usize,
    /// Rows of the position table (`max_position_embeddings`).
    pub positions: usize,
    /// Row of the position table that the first token uses: 0 for BERT, `pad_token_id + 1` for XLM-RoBERTa.
    pub position_offset: usize,
    /// Added to the variance in layer normalisation (`layer_norm_eps`).
    pub norm_epsilon: f32,
    /// Non-linearity (`hidden_act`).
    pub activation: Activation,
}

impl EncoderShape {
    /// Longest text in tokens that the position table allows.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.positions.saturating_sub(self.position_offset)
    }

    /// Refuses sizes that fit no model.
    pub(super) fn validate(&self) -> Result<(), Int8Error> {
        let sizes = [
            ("hidden_size", self.hidden),
            ("num_attention_heads", self.heads),
            ("intermediate_size", self.intermediate),
            ("vocab_size", self.vocabulary),
            ("max_position_embeddings less the position offset", self.max_tokens()),
        ];
        if let Some((name, _)) = sizes.into_iter().find(|&(_, size)| size == 0) {
            return Err(Int8Error::Shape { reason: format!("{name} is 0") });
        }
        if !self.hidden.is_multiple_of(self.heads) {
            let reason = format!("{} heads do not divide a hidden size of {}", self.heads, self.hidden);
            return Err(Int8Error::Shape { reason });
        }
        if !(self.norm_epsilon.is_finite() && self.norm_epsilon >= 0.0) {
            let reason = format!("layer_norm_eps is {}", self.norm_epsilon);
            return Err(Int8Error::Shape { reason });
        }
        Ok(())
    }

    /// The padded layout for these sizes.
    pub(super) fn layout(&self) -> Layout {
        let head = self.hidden / self.heads;
        let head_stride = head.next_multiple_of(MAX_LANES);
        let group_heads = (PANEL / head_stride).clamp(1, self.heads);
        let group_stride = (group_heads * head_stride).next_multiple_of(PANEL);
        let groups = self.heads.div_ceil(group_heads);
        Layout {
            hidden: self.hidden.next_multiple_of(PANEL),
            intermediate: self.intermediate.next_multiple_of(PANEL),
            head,
            head_stride,
            heads: self.heads,
            group_heads,
            group_stride,
            groups,
            context: groups * group_stride,
        }
    }
}

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
}

impl Layout {
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

    fn shape(hidden: usize, heads: usize) -> EncoderShape {
        EncoderShape {
            hidden,
            layers: 1,
            heads,
            intermediate: 4 * hidden,
            vocabulary: 10,
            positions: 12,
            position_offset: 2,
            norm_epsilon: 1e-12,
            activation: Activation::Gelu,
        }
    }

    #[test]
    fn every_row_of_the_projections_has_exactly_one_place() {
        for (hidden, heads) in
            [(384, 12), (512, 8), (768, 12), (312, 12), (24, 3), (96, 2), (130, 1), (80, 5)]
        {
            let layout = shape(hidden, heads).layout();
            let columns = (0..layout.groups).flat_map(|g| (0..layout.group_stride).map(move |c| (g, c)));
            let mut rows: Vec<_> = columns.filter_map(|(group, c)| layout.source(group, c)).collect();
            rows.sort_unstable();
            assert_eq!(rows, (0..hidden).collect::<Vec<_>>(), "{hidden} in {heads} heads");
            assert_eq!((0..layout.groups).map(|group| layout.heads_in(group)).sum::<usize>(), heads);
        }
    }

    #[test]
    fn sizes_that_fit_no_model_are_refused() {
        assert!(shape(384, 12).validate().is_ok());
        assert!(shape(384, 7).validate().is_err());
        assert!(shape(384, 0).validate().is_err());
        assert!(EncoderShape { position_offset: 12, ..shape(384, 12) }.validate().is_err());
        assert!(EncoderShape { norm_epsilon: f32::NAN, ..shape(384, 12) }.validate().is_err());
    }
}
