//! A model in memory: packed layers, norms and tables, made from the tensors of a safetensors file.

use std::thread;

use super::Int8Error;
use super::buffer::Aligned;
use super::pack::Packed;
use super::rows::Norm;
use super::shape::{EncoderShape, Layout};
use super::tensors::{Table, Tensors};

/// Parts of the fused projection.
const PARTS: [&str; 3] = ["query", "key", "value"];

/// One transformer layer.
pub(super) struct Layer {
    /// Q, K and V of each group of heads in turn; Q is scaled by `log2(e) / sqrt(head size)`.
    pub(super) projection: Packed,
    pub(super) output: Packed,
    pub(super) attention_norm: Norm,
    pub(super) up: Packed,
    pub(super) down: Packed,
    pub(super) norm: Norm,
}

/// All of a model.
pub(super) struct Model {
    pub(super) shape: EncoderShape,
    pub(super) layout: Layout,
    pub(super) words: Table,
    pub(super) positions: Table,
    /// The embedding of token type 0, which sentence models use for every token.
    pub(super) token_type: Vec<f32>,
    pub(super) norm: Norm,
    pub(super) layers: Vec<Layer>,
}

impl Model {
    /// Reads, checks, quantises and packs, layers in parallel.
    pub(super) fn load(shape: &EncoderShape, content: &[u8], threads: usize) -> Result<Self, Int8Error> {
        shape.validate()?;
        let tensors = Tensors::new(content)?;
        let reader = Reader { tensors: &tensors, shape, layout: shape.layout() };
        let words = tensors.matrix("embeddings.word_embeddings.weight", shape.vocabulary, shape.hidden)?;
        let positions = tensors.matrix("embeddings.position_embeddings.weight", shape.positions, shape.hidden)?;
        let token_type = tensors.first_row("embeddings.token_type_embeddings.weight", shape.hidden)?;
        let mut layers: Vec<Option<Result<Layer, Int8Error>>> = Vec::new();
        layers.resize_with(shape.layers, || None);
        let share = shape.layers.div_ceil(threads.max(1)).max(1);
        let words = thread::scope(|scope| {
            for (first, places) in layers.chunks_mut(share).enumerate() {
                let reader = &reader;
                scope.spawn(move || {
                    for (index, place) in places.iter_mut().enumerate() {
                        *place = Some(reader.layer(first * share + index));
                    }
                });
            }
            words.to_table()
        });
        Ok(Self {
            shape: shape.clone(),
            layout: reader.layout,
            words,
            positions: positions.to_table(),
            token_type,
            norm: reader.norm("embeddings.LayerNorm")?,
            layers: layers.into_iter().flatten().collect::<Result<_, _>>()?,
        })
    }

    /// Bytes of weights and tables in memory.
    pub(super) fn bytes(&self) -> usize {
        let packed = |packed: &Packed| packed.depth * packed.columns + 16 * packed.columns;
        let layer = |layer: &Layer| {
            packed(&layer.projection) + packed(&layer.output) + packed(&layer.up) + packed(&layer.down)
        };
        self.words.bytes() + self.positions.bytes() + self.layers.iter().map(layer).sum::<usize>()
    }
}

struct Reader<'a> {
    tensors: &'a Tensors<'a>,
    shape: &'a EncoderShape,
    layout: Layout,
}

impl Reader<'_> {
    fn norm(&self, name: &str) -> Result<Norm, Int8Error> {
        let width = self.shape.hidden;
        let read = |part: &str| -> Result<Aligned<f32>, Int8Error> {
            let mut values = Aligned::zeroed(self.layout.hidden);
            let vector = self.tensors.vector(&format!("{name}.{part}"), width)?;
            values.as_mut_slice()[..width].copy_from_slice(&vector);
            Ok(values)
        };
        Ok(Norm { weight: read("weight")?, bias: read("bias")?, width, epsilon: self.shape.norm_epsilon })
    }

    fn layer(&self, index: usize) -> Result<Layer, Int8Error> {
        let base = format!("encoder.layer.{index}");
        let (hidden, intermediate) = (self.shape.hidden, self.shape.intermediate);
        Ok(Layer {
            projection: self.projection(&format!("{base}.attention.self"))?,
            output: self.attention_output(&format!("{base}.attention.output.dense"))?,
            attention_norm: self.norm(&format!("{base}.attention.output.LayerNorm"))?,
            up: self.dense(&format!("{base}.intermediate.dense"), intermediate, hidden)?,
            down: self.dense(&format!("{base}.output.dense"), hidden, intermediate)?,
            norm: self.norm(&format!("{base}.output.LayerNorm"))?,
        })
    }

    /// An ordinary layer, outputs x inputs.
    fn dense(&self, name: &str, outputs: usize, inputs: usize) -> Result<Packed, Int8Error> {
        use super::kernel::PANEL;
        let matrix = self.tensors.matrix(&format!("{name}.weight"), outputs, inputs)?;
        let bias = self.tensors.vector(&format!("{name}.bias"), outputs)?;
        Packed::new(inputs.next_multiple_of(PANEL), outputs.next_multiple_of(PANEL), |column, row| {
            let Some(&bias) = bias.get(column) else { return Ok(0.0) };
            matrix.row(column, row)?;
            Ok(bias)
        })
    }

    /// Q, K and V in one, group by group.
    fn projection(&self, name: &str) -> Result<Packed, Int8Error> {
        let (hidden, layout) = (self.shape.hidden, self.layout);
        let mut matrices = Vec::with_capacity(PARTS.len());
        let mut biases = Vec::with_capacity(PARTS.len());
        for part in PARTS {
            matrices.push(self.tensors.matrix(&format!("{name}.{part}.weight"), hidden, hidden)?);
            biases.push(self.tensors.vector(&format!("{name}.{part}.bias"), hidden)?);
        }
        let query_scale = std::f32::consts::LOG2_E / (layout.head as f32).sqrt();
        let columns = layout.groups * PARTS.len() * layout.group_stride;
        Packed::new(layout.hidden, columns, |column, row| {
            let (block, column) = (column / layout.group_stride, column % layout.group_stride);
            let (group, part) = (block / PARTS.len(), block % PARTS.len());
            let Some(source) = layout.source(group, column) else { return Ok(0.0) };
            matrices[part].row(source, row)?;
            let mut bias = biases[part][source];
            if part == 0 {
                row.iter_mut().for_each(|weight| *weight *= query_scale);
                bias *= query_scale;
            }
            Ok(bias)
        })
    }

    /// The layer behind attention, whose inputs stand in the order of the groups.
    fn attention_output(&self, name: &str) -> Result<Packed, Int8Error> {
        let (hidden, layout) = (self.shape.hidden, self.layout);
        let matrix = self.tensors.matrix(&format!("{name}.weight"), hidden, hidden)?;
        let bias = self.tensors.vector(&format!("{name}.bias"), hidden)?;
        let sources: Vec<_> = (0..layout.context)
            .map(|place| layout.source(place / layout.group_stride, place % layout.group_stride))
            .collect();
        let mut plain = vec![0.0; hidden];
        Packed::new(layout.context, layout.hidden, |column, row| {
            let Some(&bias) = bias.get(column) else { return Ok(0.0) };
            matrix.row(column, &mut plain)?;
            for (place, source) in row.iter_mut().zip(&sources) {
                *place = source.map_or(0.0, |source| plain[source]);
            }
            Ok(bias)
        })
    }
}
