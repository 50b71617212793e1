//! NEON with the integer dot product, of unsigned bytes or of unsigned with signed ones (I8MM).

use std::arch::aarch64::{
    float32x4_t, int8x16_t, int32x4_t, uint8x16_t, vaddq_f32, vaddq_s32, vaddvq_f32, vcombine_u16,
    vcvtnq_s32_f32, vcvtq_f32_s32, vdivq_f32, vdupq_n_f32, vdupq_n_s8, vdupq_n_s32, vdupq_n_u8, vdupq_n_u32,
    veorq_s8, vfmaq_f32, vget_lane_u32, vld1q_f32, vld1q_s8, vld1q_s32, vld1q_u8, vmaxnmq_f32, vmaxnmvq_f32,
    vminnmq_f32, vminnmvq_f32, vmulq_f32, vqmovn_u16, vqmovun_s32, vreinterpret_u32_u8,
    vreinterpretq_f32_s32, vreinterpretq_u8_u32, vrndnq_f32, vshlq_n_s32, vst1q_f32, vst1q_s32, vsubq_f32,
};
use std::arch::{asm, is_aarch64_feature_detected};

use super::{Backend, Operands, PANEL, QUAD, Sums, TILE_ROWS, Task};

/// Proof of the dot product of bytes of one kind; with `MIXED`, of that of unsigned with signed bytes.
#[derive(Clone, Copy)]
pub(in super::super) struct Neon<const MIXED: bool>(());

const LANES: usize = 4;
/// Bytes of a row that are loaded at once: four quads, of which the instruction takes any.
const BLOCK: usize = 4 * QUAD;
/// What a flipped highest bit adds to a signed byte, read as an unsigned one.
const FLIP: i32 = 1 << 7;

/// A dot-product instruction: adds to each lane of `sum` the products of its four weights with the bytes of the quad
/// that `LANE` chooses. Assembly because the intrinsics for it are not stable in Rust 1.95.
macro_rules! dot {
    ($name:ident, $instruction:literal, $feature:literal) => {
        #[inline]
        #[target_feature(enable = $feature)]
        fn $name<const LANE: usize>(mut sum: int32x4_t, weights: int8x16_t, quads: uint8x16_t) -> int32x4_t {
            // SAFETY: an instruction of the feature, on registers only.
            unsafe {
                asm!(
                    concat!($instruction, " {sum:v}.4s, {weights:v}.16b, {quads:v}.4b[{lane}]"),
                    sum = inout(vreg) sum,
                    weights = in(vreg) weights,
                    quads = in(vreg) quads,
                    lane = const LANE,
                    options(pure, nomem, nostack, preserves_flags),
                );
            }
            sum
        }
    };
}
dot!(dot_unsigned, "udot", "dotprod");
dot!(dot_mixed, "sudot", "i8mm");

impl<const MIXED: bool> Neon<MIXED> {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        let found = if MIXED {
            is_aarch64_feature_detected!("i8mm")
        } else {
            is_aarch64_feature_detected!("dotprod")
        };
        found.then_some(Self(()))
    }

    /// Adds to the sums of `R` rows with `V` vectors of columns the products of one quad of each row.
    ///
    /// # Safety
    /// The processor has the instruction; `16 * V` weights can be read.
    #[inline(always)]
    unsafe fn add_quad<const LANE: usize, const R: usize, const V: usize>(
        total: &mut [[int32x4_t; V]; R],
        quads: &[uint8x16_t; R],
        weights: *const i8,
    ) {
        for vector in 0..V {
            // SAFETY: as demanded of the caller.
            unsafe {
                let mut columns = vld1q_s8(weights.add(vector * LANES * QUAD));
                if !MIXED {
                    columns = veorq_s8(columns, vdupq_n_s8(i8::MIN));
                }
                for (total, &quads) in total.iter_mut().zip(quads) {
                    total[vector] = if MIXED {
                        dot_mixed::<LANE>(total[vector], columns, quads)
                    } else {
                        dot_unsigned::<LANE>(total[vector], columns, quads)
                    };
                }
            }
        }
    }

    /// Sums of `R` rows with `V` vectors of columns, from `starts` up.
    ///
    /// # Safety
    /// The processor has the instruction; `R` rows of `depth` bytes at `stride` can be read; the `4 * V` columns from
    /// `column` lie in the panel, of `depth * PANEL` weights, and in every line of `sums`.
    #[inline(always)]
    unsafe fn strip<const R: usize, const V: usize>(
        operands: &Operands<'_>,
        starts: &[i32; R],
        column: usize,
        sums: &mut [[i32; PANEL]],
    ) {
        // SAFETY: as demanded of the caller.
        unsafe {
            let mut total = [[vdupq_n_s32(0); V]; R];
            for (total, &start) in total.iter_mut().zip(starts) {
                *total = [vdupq_n_s32(start); V];
            }
            let mut quads = [vdupq_n_u8(0); R];
            let rows = operands.rows.as_ptr();
            let weights = operands.panel.as_ptr().add(column * QUAD);
            let blocks = operands.depth / BLOCK * BLOCK;
            for at in (0..blocks).step_by(BLOCK) {
                for (row, quads) in quads.iter_mut().enumerate() {
                    *quads = vld1q_u8(rows.add(row * operands.stride + at));
                }
                let weights = weights.add(at * PANEL);
                Self::add_quad::<0, R, V>(&mut total, &quads, weights);
                Self::add_quad::<1, R, V>(&mut total, &quads, weights.add(PANEL * QUAD));
                Self::add_quad::<2, R, V>(&mut total, &quads, weights.add(2 * PANEL * QUAD));
                Self::add_quad::<3, R, V>(&mut total, &quads, weights.add(3 * PANEL * QUAD));
            }
            for at in (blocks..operands.depth).step_by(QUAD) {
                for (row, quads) in quads.iter_mut().enumerate() {
                    let quad = rows.add(row * operands.stride + at).cast::<u32>().read_unaligned();
                    *quads = vreinterpretq_u8_u32(vdupq_n_u32(quad));
                }
                Self::add_quad::<0, R, V>(&mut total, &quads, weights.add(at * PANEL));
            }
            for (line, total) in sums.iter_mut().zip(total) {
                for (vector, total) in total.into_iter().enumerate() {
                    vst1q_s32(line.as_mut_ptr().add(column + vector * LANES), total);
                }
            }
        }
    }

    /// All strips of a panel.
    ///
    /// # Safety
    /// As for [`Self::strip`].
    #[inline(always)]
    unsafe fn strips<const R: usize, const V: usize>(operands: &Operands<'_>, sums: &mut Sums) {
        const { assert!(R <= TILE_ROWS && PANEL.is_multiple_of(V * LANES)) }
        let mut starts = [0; R];
        if !MIXED {
            // The weights are taken as unsigned, FLIP more than they are, for it is cheaper to flip one vector of
            // weights than to flip R rows again for each strip. That adds FLIP times the sum of the row.
            for (row, start) in starts.iter_mut().enumerate() {
                let row = &operands.rows[row * operands.stride..][..operands.depth];
                *start = -FLIP * row.iter().map(|&byte| i32::from(byte)).sum::<i32>();
            }
        }
        for column in (0..PANEL).step_by(V * LANES) {
            // SAFETY: as demanded of the caller.
            unsafe { Self::strip::<R, V>(operands, &starts, column, &mut sums.0) }
        }
    }
}

impl<const MIXED: bool> Backend for Neon<MIXED> {
    type F = float32x4_t;
    const LANES: usize = LANES;

    #[inline]
    fn run<T: Task>(self, task: T) {
        #[target_feature(enable = "dotprod")]
        fn unsigned<T: Task>(backend: Neon<false>, task: T) {
            task.run(backend);
        }
        #[target_feature(enable = "i8mm")]
        fn mixed<T: Task>(backend: Neon<true>, task: T) {
            task.run(backend);
        }
        // SAFETY: `self` exists only where `detect` found the feature.
        unsafe { if MIXED { mixed(Neon(()), task) } else { unsigned(Neon(()), task) } }
    }

    #[inline(always)]
    fn tile<const R: usize>(self, operands: &Operands<'_>, sums: &mut Sums) {
        operands.check(R);
        // SAFETY: the feature is there (`self`). `check` has shown that R rows of `depth` bytes at `stride` and
        // `depth * PANEL` weights lie in their slices; a strip ends within the 64 columns.
        unsafe {
            // Enough sums to wait for none, and 32 registers hold them, the rows and some weights.
            match R {
                1 | 2 => Self::strips::<R, 8>(operands, sums),
                3 | 4 => Self::strips::<R, 4>(operands, sums),
                _ => Self::strips::<R, 2>(operands, sums),
            }
        }
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::F {
        let from = &from[..LANES];
        // SAFETY: the slice holds 4 numbers.
        unsafe { vld1q_f32(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32], value: Self::F) {
        let to = &mut to[..LANES];
        // SAFETY: the slice holds 4 numbers.
        unsafe { vst1q_f32(to.as_mut_ptr(), value) }
    }

    #[inline(always)]
    fn load_i32(self, from: &[i32]) -> Self::F {
        let from = &from[..LANES];
        // SAFETY: the slice holds 4 integers.
        unsafe { vcvtq_f32_s32(vld1q_s32(from.as_ptr())) }
    }

    #[inline(always)]
    fn store_u8(self, to: &mut [u8], value: Self::F) {
        // SAFETY: NEON is part of every 64-bit ARM. Both narrowings saturate.
        let bytes = unsafe {
            let words = vqmovun_s32(vcvtnq_s32_f32(value));
            vget_lane_u32::<0>(vreinterpret_u32_u8(vqmovn_u16(vcombine_u16(words, words))))
        };
        to[..LANES].copy_from_slice(&bytes.to_ne_bytes());
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::F {
        // SAFETY: as for `store_u8`.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: as for `store_u8`.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: as for `store_u8`.
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: as for `store_u8`.
        unsafe { vmulq_f32(a, b) }
    }

    #[inline(always)]
    fn div(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: as for `store_u8`.
        unsafe { vdivq_f32(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        // SAFETY: as for `store_u8`.
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: as for `store_u8`.
        unsafe { vminnmq_f32(a, b) }
    }

    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: as for `store_u8`.
        unsafe { vmaxnmq_f32(a, b) }
    }

    #[inline(always)]
    fn round(self, a: Self::F) -> Self::F {
        // SAFETY: as for `store_u8`.
        unsafe { vrndnq_f32(a) }
    }

    #[inline(always)]
    fn power_of_two(self, a: Self::F) -> Self::F {
        // SAFETY: as for `store_u8`.
        unsafe {
            let exponent = vaddq_s32(vcvtnq_s32_f32(a), vdupq_n_s32(127));
            vreinterpretq_f32_s32(vshlq_n_s32::<23>(exponent))
        }
    }

    #[inline(always)]
    fn sum(self, a: Self::F) -> f32 {
        // SAFETY: as for `store_u8`.
        unsafe { vaddvq_f32(a) }
    }

    #[inline(always)]
    fn lowest(self, a: Self::F) -> f32 {
        // SAFETY: as for `store_u8`.
        unsafe { vminnmvq_f32(a) }
    }

    #[inline(always)]
    fn highest(self, a: Self::F) -> f32 {
        // SAFETY: as for `store_u8`.
        unsafe { vmaxnmvq_f32(a) }
    }
}
