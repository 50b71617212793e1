//! What happens to whole rows between the linear layers: layer normalisation and quantisation.

use super::buffer::Aligned;
use super::kernel::{Backend, Task};
use super::level::Level;

/// Steps of an unsigned byte.
const STEPS: f32 = 255.0;

/// Scale and shift of a layer normalisation.
pub(super) struct Norm {
    /// Zero beyond `width`.
    pub(super) weight: Aligned<f32>,
    /// Zero beyond `width`.
    pub(super) bias: Aligned<f32>,
    /// Numbers that are normalised; the row is padded with zeros beyond them.
    pub(super) width: usize,
    pub(super) epsilon: f32,
}

/// Bytes of some rows, with each row's scale and offset.
pub(super) struct QuantizedMut<'a> {
    pub(super) values: &'a mut [u8],
    pub(super) scales: &'a mut [f32],
    pub(super) offsets: &'a mut [f32],
}

/// Normalises rows.
pub(super) struct Normalize<'a> {
    pub(super) norm: &'a Norm,
    pub(super) input: &'a [f32],
    pub(super) output: &'a mut [f32],
    pub(super) stride: usize,
}

impl Task for Normalize<'_> {
    #[inline(always)]
    fn run<B: Backend>(self, b: B) {
        let weight = self.norm.weight.as_slice();
        let bias = self.norm.bias.as_slice();
        let width = self.norm.width as f32;
        let padding = (self.stride - self.norm.width) as f32;
        let lines = self.input.chunks_exact(self.stride).zip(self.output.chunks_exact_mut(self.stride));
        for (input, output) in lines {
            let mut sum = b.splat(0.0);
            for value in input.chunks_exact(B::LANES) {
                sum = b.add(sum, b.load(value));
            }
            let mean = b.sum(sum) / width;
            let center = b.splat(mean);
            let mut squares = b.splat(0.0);
            for value in input.chunks_exact(B::LANES) {
                let value = b.sub(b.load(value), center);
                squares = b.mul_add(value, value, squares);
            }
            // Each zero of the padding has added the square of the mean.
            let variance = (b.sum(squares) - padding * mean * mean).max(0.0) / width;
            let factor = b.splat(1.0 / (variance + self.norm.epsilon).sqrt());
            let parameters = weight.chunks_exact(B::LANES).zip(bias.chunks_exact(B::LANES));
            let values = input.chunks_exact(B::LANES).zip(output.chunks_exact_mut(B::LANES));
            for ((input, output), (weight, bias)) in values.zip(parameters) {
                let value = b.mul(b.sub(b.load(input), center), factor);
                let value = b.mul_add(value, b.load(weight), b.load(bias));
                b.store(output, value);
            }
        }
    }
}

/// Levels and quantises rows.
pub(super) struct Quantize<'a> {
    pub(super) input: &'a [f32],
    pub(super) level: &'a Level,
    pub(super) quantized: QuantizedMut<'a>,
    pub(super) stride: usize,
}

impl Task for Quantize<'_> {
    #[inline(always)]
    fn run<B: Backend>(self, b: B) {
        let lines = self.input.chunks_exact(self.stride);
        let bytes = self.quantized.values.chunks_exact_mut(self.stride);
        let ranges = self.quantized.scales.iter_mut().zip(self.quantized.offsets);
        for ((input, bytes), (scale, offset)) in lines.zip(bytes).zip(ranges) {
            (*scale, *offset) = quantize_row(b, input, self.level, bytes);
        }
    }
}

/// Spreads the range of a levelled row over the 256 values of a byte; returns scale and offset.
#[inline(always)]
fn quantize_row<B: Backend>(b: B, input: &[f32], level: &Level, bytes: &mut [u8]) -> (f32, f32) {
    let levels =
        || level.factor.as_slice().chunks_exact(B::LANES).zip(level.shift.as_slice().chunks_exact(B::LANES));
    let (mut lowest, mut highest) = (b.splat(f32::INFINITY), b.splat(f32::NEG_INFINITY));
    for (value, (factor, shift)) in input.chunks_exact(B::LANES).zip(levels()) {
        let value = b.mul_add(b.load(value), b.load(factor), b.load(shift));
        (lowest, highest) = (b.min(lowest, value), b.max(highest, value));
    }
    let (low, range) = (b.lowest(lowest), b.highest(highest) - b.lowest(lowest));
    let steps = if range > 0.0 { STEPS / range } else { 0.0 };
    let (steps_lanes, start) = (b.splat(steps), b.splat(-low * steps));
    let values = input.chunks_exact(B::LANES).zip(bytes.chunks_exact_mut(B::LANES));
    for ((value, bytes), (factor, shift)) in values.zip(levels()) {
        let value = b.mul_add(b.load(value), b.load(factor), b.load(shift));
        b.store_u8(bytes, b.mul_add(value, steps_lanes, start));
    }
    (range / STEPS, low)
}
