//! Self-attention of one text: softmax(Q K^T) V for the heads of one group, in f32.

use super::buffer::Shared;
use super::kernel::{Backend, MAX_LANES, Task};
use super::math;

/// Query rows that are worked on together: as many independent sums as hide the latency of a multiplication.
const ROWS: usize = 8;

/// Attention of one text for one group of heads.
///
/// Q is already scaled by `log2(e) / sqrt(head size)`, so the softmax is a power of two.
pub(super) struct Attend<'a> {
    /// Q, K and V of the text's tokens for the group: row-major, `stride` floats a token, the three parts
    /// `stride / 3` long, each with the heads side by side.
    pub(super) projected: &'a [f32],
    pub(super) stride: usize,
    /// Heads of the group.
    pub(super) heads: usize,
    /// Floats a head, padding included: a multiple of [`MAX_LANES`].
    pub(super) head_size: usize,
    /// Room for [`scratch_len`] floats.
    pub(super) scratch: &'a mut [f32],
    /// Where token `i`'s result goes: `output_start + i * output_stride`, heads side by side.
    pub(super) output: Shared<'a, f32>,
    pub(super) output_start: usize,
    pub(super) output_stride: usize,
}

/// Floats of scratch room that a text of so many tokens needs: transposed keys and some rows of scores.
pub(super) fn scratch_len(tokens: usize, head_size: usize) -> usize {
    tokens.next_multiple_of(MAX_LANES) * (head_size + ROWS)
}

impl Task for Attend<'_> {
    #[inline(always)]
    fn run<B: Backend>(self, b: B) {
        let tokens = self.projected.len() / self.stride;
        let padded = tokens.next_multiple_of(MAX_LANES);
        let part = self.stride / 3;
        let (keys, scores) = self.scratch.split_at_mut(padded * self.head_size);
        let scores = &mut scores[..padded * ROWS];
        for head in 0..self.heads {
            let first = head * self.head_size;
            transpose(&self.projected[part + first..], self.stride, (tokens, self.head_size), keys);
            let queries = &self.projected[first..];
            let values = &self.projected[2 * part + first..];
            let mut row = 0;
            while row < tokens {
                let count = ROWS.min(tokens - row);
                // The last rows again rather than fewer: a fixed count keeps the sums in registers.
                let rows = std::array::from_fn(|i| row + i.min(count - 1));
                let factors = probabilities(b, (queries, self.stride), &rows, keys, (tokens, scores));
                for lane in (0..self.head_size).step_by(B::LANES) {
                    let sums = weighted_sum(b, &values[lane..], self.stride, scores, tokens);
                    for (i, (sum, factor)) in sums.into_iter().zip(factors).enumerate().take(count) {
                        let start = self.output_start + (row + i) * self.output_stride + first + lane;
                        // SAFETY: this text's columns of this group are this task's alone, and nobody reads them
                        // during this phase.
                        let place = unsafe { self.output.write(start..start + B::LANES) };
                        b.store(place, b.mul(sum, b.splat(factor)));
                    }
                }
                row += count;
            }
        }
    }
}

/// Fills `scores` with `ROWS` rows of unnormalised probabilities and returns the factors that normalise them.
#[inline(always)]
fn probabilities<B: Backend>(
    b: B,
    (queries, stride): (&[f32], usize),
    rows: &[usize; ROWS],
    keys: &[f32],
    (tokens, scores): (usize, &mut [f32]),
) -> [f32; ROWS] {
    let padded = scores.len() / ROWS;
    let size = keys.len() / padded;
    let queries = rows.map(|row| &queries[row * stride..][..size]);
    for lane in (0..padded).step_by(B::LANES) {
        let mut sums = [b.splat(0.0); ROWS];
        for (unit, keys) in keys.chunks_exact(padded).enumerate() {
            let key = b.load(&keys[lane..]);
            for (sum, query) in sums.iter_mut().zip(queries) {
                *sum = b.mul_add(b.splat(query[unit]), key, *sum);
            }
        }
        for (line, sum) in scores.chunks_exact_mut(padded).zip(sums) {
            b.store(&mut line[lane..], sum);
        }
    }
    let mut factors = [0.0; ROWS];
    for (factor, line) in factors.iter_mut().zip(scores.chunks_exact_mut(padded)) {
        line[tokens..].fill(f32::NEG_INFINITY);
        let mut highest = b.splat(f32::NEG_INFINITY);
        for score in line.chunks_exact(B::LANES) {
            highest = b.max(highest, b.load(score));
        }
        let top = b.splat(b.highest(highest));
        for score in line.chunks_exact_mut(B::LANES) {
            let power = math::exp2(b, b.sub(b.load(score), top));
            b.store(score, power);
        }
        // Padding is no token: exactly zero, not nearly.
        line[tokens..].fill(0.0);
        let mut sum = b.splat(0.0);
        for score in line.chunks_exact(B::LANES) {
            sum = b.add(sum, b.load(score));
        }
        *factor = 1.0 / b.sum(sum);
    }
    factors
}

/// For each of `ROWS` rows of weights, the weighted sum of one vector of every token.
#[inline(always)]
fn weighted_sum<B: Backend>(
    b: B,
    values: &[f32],
    stride: usize,
    weights: &[f32],
    tokens: usize,
) -> [B::F; ROWS] {
    let padded = weights.len() / ROWS;
    let mut sums = [b.splat(0.0); ROWS];
    for token in 0..tokens {
        let value = b.load(&values[token * stride..]);
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum = b.mul_add(b.splat(weights[i * padded + token]), value, *sum);
        }
    }
    sums
}

/// Writes the keys of one head column by column, padded with zeros.
#[inline(always)]
fn transpose(keys: &[f32], stride: usize, (tokens, size): (usize, usize), transposed: &mut [f32]) {
    let padded = tokens.next_multiple_of(MAX_LANES);
    for unit in 0..size {
        let line = &mut transposed[unit * padded..][..padded];
        for (token, place) in line[..tokens].iter_mut().enumerate() {
            *place = keys[token * stride + unit];
        }
        line[tokens..].fill(0.0);
    }
}
