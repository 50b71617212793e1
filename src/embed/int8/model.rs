//! A model in memory: packed layers, norms and tables, made from the tensors of a safetensors file.

use std::thread;

use super::Int8Error;
use super::buffer::Aligned;
use super::kernel::PANEL;
use super::layout::Layout;
use super::level::{Inputs, Level};
use super::pack::{Columns, Packed};
use super::rows::Norm;
use super::source::{LINEARS, Source, Sources};
use super::tensors::{Table, Tensors};
use crate::embed::model_dir::TransformerConfig;

/// One transformer layer.
pub(super) struct Layer {
    /// Q, K and V of each group of heads in turn.
    pub(super) projection: Packed,
    pub(super) output: Packed,
    pub(super) attention_norm: Norm,
    pub(super) up: Packed,
    pub(super) down: Packed,
    pub(super) norm: Norm,
}

/// All of a model.
pub(super) struct Model {
    pub(super) config: TransformerConfig,
    pub(super) layout: Layout,
    pub(super) words: Table,
    pub(super) positions: Table,
    /// The embedding of token type 0, which sentence models use for every token.
    pub(super) token_type: Vec<f32>,
    pub(super) norm: Norm,
    pub(super) layers: Vec<Layer>,
}

impl Model {
    /// Reads, checks, quantises and packs, for inputs of which nothing is known yet: see [`Self::level`].
    pub(super) fn load(
        config: &TransformerConfig,
        content: &[u8],
        threads: usize,
    ) -> Result<Self, Int8Error> {
        let layout = Layout::new(config)?;
        let tensors = Tensors::new(content)?;
        let words =
            tensors.matrix("embeddings.word_embeddings.weight", config.vocab_size, config.hidden_size)?;
        let positions = tensors.matrix(
            "embeddings.position_embeddings.weight",
            config.max_position_embeddings,
            config.hidden_size,
        )?;
        let token_type = tensors.first_row("embeddings.token_type_embeddings.weight", config.hidden_size)?;
        let norm = load_norm(&tensors, config, "embeddings.LayerNorm")?;
        let mut layers: Vec<usize> = (0..config.layers).collect();
        let layers = in_parallel(&mut layers, threads, |_, &mut index| {
            let Sources([projection, output, up, down]) = Sources::new(&tensors, config, layout, index)?;
            let name = format!("encoder.layer.{index}");
            let plain = |source: &Source<'_>| Packed::new(source, Level::plain(source.size().0));
            Ok(Layer {
                projection: plain(&projection)?,
                output: plain(&output)?,
                attention_norm: load_norm(&tensors, config, &format!("{name}.attention.output.LayerNorm"))?,
                up: plain(&up)?,
                down: plain(&down)?,
                norm: load_norm(&tensors, config, &format!("{name}.output.LayerNorm"))?,
            })
        })?;
        Ok(Self {
            config: config.clone(),
            layout,
            words: words.to_table(),
            positions: positions.to_table(),
            token_type,
            norm,
            layers,
        })
    }

    /// Packs the linear layers anew for inputs that were observed, one item a layer in the order of computation.
    pub(super) fn level(
        &mut self,
        content: &[u8],
        inputs: &[Inputs],
        threads: usize,
    ) -> Result<(), Int8Error> {
        let tensors = Tensors::new(content)?;
        let (config, layout) = (&self.config, self.layout);
        in_parallel(&mut self.layers, threads, |index, layer| {
            let Sources(sources) = Sources::new(&tensors, config, layout, index)?;
            let inputs = inputs.iter().skip(index * LINEARS);
            let layers = [&mut layer.projection, &mut layer.output, &mut layer.up, &mut layer.down];
            for ((packed, source), inputs) in layers.into_iter().zip(&sources).zip(inputs) {
                *packed = Packed::for_inputs(source, inputs)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Bytes of weights and tables in memory.
    pub(super) fn bytes(&self) -> usize {
        let layer = |layer: &Layer| {
            [&layer.projection, &layer.output, &layer.up, &layer.down]
                .map(Packed::bytes)
                .iter()
                .sum::<usize>()
        };
        self.words.bytes() + self.positions.bytes() + self.layers.iter().map(layer).sum::<usize>()
    }
}

fn load_norm(tensors: &Tensors<'_>, config: &TransformerConfig, name: &str) -> Result<Norm, Int8Error> {
    let read = |part: &str| -> Result<Aligned<f32>, Int8Error> {
        let mut values = Aligned::zeroed(config.hidden_size.next_multiple_of(PANEL));
        let vector = tensors.vector(&format!("{name}.{part}"), config.hidden_size)?;
        values.as_mut_slice()[..config.hidden_size].copy_from_slice(&vector);
        Ok(values)
    };
    Ok(Norm {
        weight: read("weight")?,
        bias: read("bias")?,
        width: config.hidden_size,
        epsilon: config.layer_norm_eps as f32,
    })
}

/// Applies `work` to every item, on some threads; results in order, or the first error.
fn in_parallel<T: Send, R: Send>(
    items: &mut [T],
    threads: usize,
    work: impl Fn(usize, &mut T) -> Result<R, Int8Error> + Sync,
) -> Result<Vec<R>, Int8Error> {
    let mut results: Vec<Option<Result<R, Int8Error>>> = Vec::new();
    results.resize_with(items.len(), || None);
    let share = items.len().div_ceil(threads.max(1)).max(1);
    let work = &work;
    thread::scope(|scope| {
        let shares = items.chunks_mut(share).zip(results.chunks_mut(share)).enumerate();
        for (number, (items, results)) in shares {
            scope.spawn(move || {
                for (place, (item, result)) in items.iter_mut().zip(results).enumerate() {
                    *result = Some(work(number * share + place, item));
                }
            });
        }
    });
    results.into_iter().flatten().collect()
}
