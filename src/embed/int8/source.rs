//! Where the weights of a packed layer come from: rows of the file's matrices, in the engine's order and padding.

use super::Int8Error;
use super::kernel::PANEL;
use super::layout::Layout;
use super::pack::Columns;
use super::tensors::{Matrix, Tensors};
use crate::embed::model_dir::TransformerConfig;

/// Parts of the fused projection.
const PARTS: [&str; 3] = ["query", "key", "value"];

/// Linear layers of a transformer layer, in the order in which they are computed.
pub(super) const LINEARS: usize = 4;

/// The weights of the [`LINEARS`] of one transformer layer, still in the file.
pub(super) struct Sources<'a>(pub(super) [Source<'a>; LINEARS]);

impl<'a> Sources<'a> {
    /// Finds the matrices of layer `index` and checks their sizes.
    pub(super) fn new(
        tensors: &Tensors<'a>,
        config: &TransformerConfig,
        layout: Layout,
        index: usize,
    ) -> Result<Self, Int8Error> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let part = |name: &str, outputs: usize, inputs: usize| -> Result<Part<'a>, Int8Error> {
            let name = format!("encoder.layer.{index}.{name}");
            Ok(Part {
                matrix: tensors.matrix(&format!("{name}.weight"), outputs, inputs)?,
                bias: tensors.vector(&format!("{name}.bias"), outputs)?,
            })
        };
        let mut projections = Vec::with_capacity(PARTS.len());
        for name in PARTS {
            projections.push(part(&format!("attention.self.{name}"), hidden, hidden)?);
        }
        let order = (0..layout.context)
            .map(|place| layout.source(place / layout.group_stride, place % layout.group_stride))
            .collect();
        Ok(Self([
            Source::Projection { parts: projections, layout },
            Source::Context { part: part("attention.output.dense", hidden, hidden)?, order },
            Source::Plain(part("intermediate.dense", intermediate, hidden)?),
            Source::Plain(part("output.dense", hidden, intermediate)?),
        ]))
    }
}

/// A weight matrix, outputs x inputs, and its bias.
pub(super) struct Part<'a> {
    matrix: Matrix<'a>,
    bias: Vec<f32>,
}

/// The columns of one packed layer.
pub(super) enum Source<'a> {
    /// An ordinary layer.
    Plain(Part<'a>),
    /// Q, K and V of each group of heads in turn; Q is scaled by `log2(e) / sqrt(head size)`.
    Projection {
        /// Query, key, value.
        parts: Vec<Part<'a>>,
        layout: Layout,
    },
    /// The layer behind attention, whose inputs stand in the order of the groups.
    Context {
        part: Part<'a>,
        /// For each input, its column in the matrix; `None` is padding.
        order: Vec<Option<usize>>,
    },
}

impl Columns for Source<'_> {
    type Error = Int8Error;

    fn size(&self) -> (usize, usize) {
        match self {
            Self::Plain(part) => {
                let (inputs, outputs) = (part.matrix.columns(), part.bias.len());
                (inputs.next_multiple_of(PANEL), outputs.next_multiple_of(PANEL))
            }
            Self::Projection { layout, .. } => {
                (layout.hidden, layout.groups * PARTS.len() * layout.group_stride)
            }
            Self::Context { part, order } => (order.len(), part.bias.len().next_multiple_of(PANEL)),
        }
    }

    fn column(&self, column: usize, row: &mut [f32]) -> Result<f32, Int8Error> {
        match self {
            Self::Plain(part) => {
                let Some(&bias) = part.bias.get(column) else { return Ok(0.0) };
                part.matrix.row(column, row)?;
                Ok(bias)
            }
            Self::Projection { parts, layout } => {
                let (block, column) = (column / layout.group_stride, column % layout.group_stride);
                let (group, part) = (block / PARTS.len(), block % PARTS.len());
                let Some(source) = layout.source(group, column) else { return Ok(0.0) };
                parts[part].matrix.row(source, row)?;
                let mut bias = parts[part].bias[source];
                if part == 0 {
                    let scale = std::f32::consts::LOG2_E / (layout.head as f32).sqrt();
                    for weight in row.iter_mut() {
                        *weight *= scale;
                    }
                    bias *= scale;
                }
                Ok(bias)
            }
            Self::Context { part, order } => {
                let Some(&bias) = part.bias.get(column) else { return Ok(0.0) };
                let mut plain = vec![0.0; part.matrix.columns()];
                part.matrix.row(column, &mut plain)?;
                for (place, source) in row.iter_mut().zip(order) {
                    *place = source.map_or(0.0, |source| plain[source]);
                }
                Ok(bias)
            }
        }
    }
}
