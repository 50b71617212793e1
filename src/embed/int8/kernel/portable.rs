//! Plain Rust: the reference that the other backends are tested against, and the fallback.

use super::{Backend, Operands, PANEL, QUAD, Sums, Task};

/// Needs nothing of the processor.
#[derive(Clone, Copy)]
pub(in super::super) struct Portable;

const LANES: usize = 8;

/// Applies an operation to each pair of lanes.
macro_rules! lanes {
    ($a:ident, $b:ident, $operation:expr) => {{
        let mut result = $a;
        for (left, &right) in result.iter_mut().zip(&$b) {
            *left = $operation(*left, right);
        }
        result
    }};
}

impl Backend for Portable {
    type F = [f32; LANES];
    const LANES: usize = LANES;

    fn run<T: Task>(self, task: T) {
        task.run(self);
    }

    #[inline(always)]
    fn tile<const R: usize>(self, operands: &Operands<'_>, sums: &mut Sums) {
        operands.check(R);
        for (row, sums) in sums.0.iter_mut().enumerate().take(R) {
            let row = &operands.rows[row * operands.stride..][..operands.depth];
            *sums = [0; PANEL];
            for (quad, weights) in row.chunks_exact(QUAD).zip(operands.panel.chunks_exact(PANEL * QUAD)) {
                for (sum, weights) in sums.iter_mut().zip(weights.chunks_exact(QUAD)) {
                    for (&x, &w) in quad.iter().zip(weights) {
                        *sum += i32::from(x) * i32::from(w);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::F {
        let mut value = [0.0; LANES];
        value.copy_from_slice(&from[..LANES]);
        value
    }

    #[inline(always)]
    fn store(self, to: &mut [f32], value: Self::F) {
        to[..LANES].copy_from_slice(&value);
    }

    #[inline(always)]
    fn load_i32(self, from: &[i32]) -> Self::F {
        let mut value = [0.0; LANES];
        for (value, &from) in value.iter_mut().zip(&from[..LANES]) {
            *value = from as f32;
        }
        value
    }

    #[inline(always)]
    fn store_u8(self, to: &mut [u8], value: Self::F) {
        for (to, value) in to[..LANES].iter_mut().zip(value) {
            *to = value.round_ties_even() as u8;
        }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::F {
        [value; LANES]
    }

    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        lanes!(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        lanes!(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        lanes!(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: Self::F, b: Self::F) -> Self::F {
        lanes!(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        // Not `f32::mul_add`: without the instruction that is a slow library call.
        self.add(self.mul(a, b), c)
    }

    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        lanes!(a, b, f32::min)
    }

    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        lanes!(a, b, f32::max)
    }

    #[inline(always)]
    fn round(self, a: Self::F) -> Self::F {
        // Adding 1.5 * 2^23 leaves no bits for a fraction; exact for |a| < 2^22, far beyond what is rounded here.
        const SHIFT: f32 = 12_582_912.0;
        lanes!(a, a, |a, _| (a + SHIFT) - SHIFT)
    }

    #[inline(always)]
    fn power_of_two(self, a: Self::F) -> Self::F {
        lanes!(a, a, |a, _| f32::from_bits(((a as i32 + 127) as u32) << 23))
    }

    #[inline(always)]
    fn sum(self, a: Self::F) -> f32 {
        a.iter().sum()
    }

    #[inline(always)]
    fn lowest(self, a: Self::F) -> f32 {
        a.iter().copied().fold(f32::INFINITY, f32::min)
    }

    #[inline(always)]
    fn highest(self, a: Self::F) -> f32 {
        a.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }
}
