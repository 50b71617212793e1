//! Linear layers: quantised rows times packed weights, then bias, activation or residual in one pass.

use std::ops::Range;

use super::buffer::Shared;
use super::kernel::{Backend, Operands, PANEL, Sums, TILE_ROWS, Task};
use super::level::Inputs;
use super::math;
use super::pack::Packed;

/// Rows of 8-bit numbers, levelled; `x = offset + scale * byte`, with a scale and an offset a row.
#[derive(Clone, Copy)]
pub(super) struct Quantized<'a> {
    /// Row-major, each row as long as the depth of the weights.
    pub(super) values: &'a [u8],
    /// Step between neighbouring bytes, one a row.
    pub(super) scales: &'a [f32],
    /// What byte 0 stands for, one a row.
    pub(super) offsets: &'a [f32],
}

impl Quantized<'_> {
    /// Mean and deviation of each column over the rows.
    pub(super) fn describe(&self, depth: usize) -> Inputs {
        let mean = self.mean_of(depth, |_, value| value);
        let variance = self.mean_of(depth, |column, value| (value - mean[column]) * (value - mean[column]));
        let deviation = variance.into_iter().map(f32::sqrt).collect();
        Inputs { mean, deviation }
    }

    /// Mean of what `of` makes of each number, by column.
    fn mean_of(&self, depth: usize, of: impl Fn(usize, f32) -> f32) -> Vec<f32> {
        let mut sums = vec![0.0; depth];
        let rows = self.values.chunks_exact(depth).zip(self.scales.iter().zip(self.offsets));
        for (values, (scale, offset)) in rows {
            for (column, (sum, &value)) in sums.iter_mut().zip(values).enumerate() {
                *sum += of(column, offset + scale * f32::from(value));
            }
        }
        let rows = self.scales.len().max(1) as f32;
        sums.iter().map(|sum| sum / rows).collect()
    }
}

/// What happens to an output before it is stored.
#[derive(Clone, Copy)]
pub(super) enum Then<'a> {
    /// Nothing.
    Store,
    /// The exact GELU.
    Gelu,
    /// GELU by tanh.
    GeluTanh,
    /// Rectifier.
    Relu,
    /// The number at the same place of this buffer, of the output's stride, is added.
    Add(Shared<'a, f32>),
}

/// Some panels of a linear layer over all rows of a block.
pub(super) struct Linear<'a> {
    pub(super) weights: &'a Packed,
    pub(super) panels: Range<usize>,
    pub(super) input: Quantized<'a>,
    pub(super) then: Then<'a>,
    /// Row-major; panel `panels.start` goes to column `first_column`.
    pub(super) output: Shared<'a, f32>,
    pub(super) stride: usize,
    pub(super) first_column: usize,
}

/// Where the tile at hand goes.
struct Place {
    row: usize,
    count: usize,
    /// In the weights.
    source: usize,
    /// In the output.
    target: usize,
}

impl Task for Linear<'_> {
    #[inline(always)]
    fn run<B: Backend>(self, b: B) {
        let depth = self.weights.depth;
        let rows = self.input.scales.len();
        let mut sums = Sums([[0; PANEL]; TILE_ROWS]);
        for panel in self.panels.clone() {
            let weights = self.weights.panel(panel);
            let mut row = 0;
            while row < rows {
                let count = tile_height(rows - row);
                let operands = Operands {
                    rows: &self.input.values[row * depth..(row + count) * depth],
                    stride: depth,
                    depth,
                    panel: weights,
                };
                match count {
                    1 => b.tile::<1>(&operands, &mut sums),
                    2 => b.tile::<2>(&operands, &mut sums),
                    3 => b.tile::<3>(&operands, &mut sums),
                    4 => b.tile::<4>(&operands, &mut sums),
                    5 => b.tile::<5>(&operands, &mut sums),
                    _ => b.tile::<TILE_ROWS>(&operands, &mut sums),
                }
                let place = Place {
                    row,
                    count,
                    source: panel * PANEL,
                    target: self.first_column + (panel - self.panels.start) * PANEL,
                };
                self.finish(b, &sums, &place);
                row += count;
            }
        }
    }
}

impl Linear<'_> {
    /// Turns the sums of a tile into outputs.
    ///
    /// With `x = offset + scale * byte`, `W x + b = scale * w_scale * sum + (offset * w_slope + b)`.
    #[inline(always)]
    fn finish<B: Backend>(&self, b: B, sums: &Sums, place: &Place) {
        let columns = place.source..place.source + PANEL;
        let scale = &self.weights.scale.as_slice()[columns.clone()];
        let slope = &self.weights.slope.as_slice()[columns.clone()];
        let bias = &self.weights.bias.as_slice()[columns];
        for (line, row) in sums.0[..place.count].iter().zip(place.row..) {
            let row_scale = b.splat(self.input.scales[row]);
            let row_offset = b.splat(self.input.offsets[row]);
            let first = row * self.stride + place.target;
            for lane in (0..PANEL).step_by(B::LANES) {
                let sum = b.mul(b.load_i32(&line[lane..]), b.load(&scale[lane..]));
                let constant = b.mul_add(row_offset, b.load(&slope[lane..]), b.load(&bias[lane..]));
                let range = first + lane..first + lane + B::LANES;
                let value = b.mul_add(sum, row_scale, constant);
                let value = match self.then {
                    Then::Store => value,
                    Then::Gelu => math::gelu(b, value),
                    Then::GeluTanh => math::gelu_tanh(b, value),
                    Then::Relu => math::relu(b, value),
                    // SAFETY: nobody writes to what is added during this phase.
                    Then::Add(other) => b.add(value, b.load(unsafe { other.read(range.clone()) })),
                };
                // SAFETY: these columns are this task's alone, and nobody reads them during this phase.
                b.store(unsafe { self.output.write(range) }, value);
            }
        }
    }
}

/// Height of the next tile: as few tiles as possible, of nearly equal height.
fn tile_height(rows: usize) -> usize {
    rows.div_ceil(rows.div_ceil(TILE_ROWS))
}
