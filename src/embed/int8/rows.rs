//! What happens to whole rows between the linear layers: layer normalisation and quantisation.

use super::buffer::Aligned;
use super::kernel::{Backend, Task};

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

/// Normalises rows and quantises the result: `x = norm(input)`, `bytes = quantised x`.
pub(super) struct Normalize<'a> {
    pub(super) norm: &'a Norm,
    pub(super) input: &'a [f32],
    pub(super) output: &'a mut [f32],
    pub(super) quantized: QuantizedMut<'a>,
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
        let bytes = self.quantized.values.chunks_exact_mut(self.stride);
        let ranges = self.quantized.scales.iter_mut().zip(self.quantized.offsets);
        for (((input, output), bytes), (scale, offset)) in lines.zip(bytes).zip(ranges) {
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
            let (mut low, mut high) = (b.splat(f32::INFINITY), b.splat(f32::NEG_INFINITY));
            let parameters = weight.chunks_exact(B::LANES).zip(bias.chunks_exact(B::LANES));
            let values = input.chunks_exact(B::LANES).zip(output.chunks_exact_mut(B::LANES));
            for ((input, output), (weight, bias)) in values.zip(parameters) {
                let value = b.mul(b.sub(b.load(input), center), factor);
                let value = b.mul_add(value, b.load(weight), b.load(bias));
                (low, high) = (b.min(low, value), b.max(high, value));
                b.store(output, value);
            }
            (*scale, *offset) = quantize_row(b, output, (b.lowest(low), b.highest(high)), bytes);
        }
    }
}

/// Quantises rows.
pub(super) struct Quantize<'a> {
    pub(super) input: &'a [f32],
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
            let (mut low, mut high) = (b.splat(f32::INFINITY), b.splat(f32::NEG_INFINITY));
            for value in input.chunks_exact(B::LANES) {
                let value = b.load(value);
                (low, high) = (b.min(low, value), b.max(high, value));
            }
            (*scale, *offset) = quantize_row(b, input, (b.lowest(low), b.highest(high)), bytes);
        }
    }
}

/// Spreads the range of a row over the 256 values of a byte; returns scale and offset.
#[inline(always)]
fn quantize_row<B: Backend>(b: B, input: &[f32], (low, high): (f32, f32), bytes: &mut [u8]) -> (f32, f32) {
    let range = high - low;
    let factor = if range > 0.0 { STEPS / range } else { 0.0 };
    let (factor_lanes, shift) = (b.splat(factor), b.splat(-low * factor));
    for (value, bytes) in input.chunks_exact(B::LANES).zip(bytes.chunks_exact_mut(B::LANES)) {
        b.store_u8(bytes, b.mul_add(b.load(value), factor_lanes, shift));
    }
    (range / STEPS, low)
}
