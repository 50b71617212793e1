//! AVX-512 with the 512-bit integer dot product.

#![expect(clippy::cast_ptr_alignment, reason = "all loads and stores are of the unaligned kind")]

use std::arch::x86_64::{
    __m512, __m512i, _mm_storeu_si128, _mm512_add_epi32, _mm512_add_ps, _mm512_castsi512_ps,
    _mm512_cvtepi32_ps, _mm512_cvtps_epi32, _mm512_cvtusepi32_epi8, _mm512_div_ps, _mm512_dpbusd_epi32,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_max_epi32, _mm512_max_ps, _mm512_min_ps,
    _mm512_mul_ps, _mm512_reduce_add_ps, _mm512_reduce_max_ps, _mm512_reduce_min_ps, _mm512_roundscale_ps,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_si512, _mm512_slli_epi32, _mm512_storeu_ps,
    _mm512_storeu_si512, _mm512_sub_ps,
};

use super::{Backend, Operands, PANEL, QUAD, Sums, Task};

/// Proof of AVX-512 F, BW, DQ, VL and VNNI.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx512(());

const LANES: usize = 16;
/// Vectors of sums that cover a panel.
const VECTORS: usize = PANEL / LANES;
/// Rounding mode: to nearest, no exceptions, no fraction bits.
const NEAREST: i32 = 0x08;

impl Avx512 {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni");
        found.then_some(Self(()))
    }
}

impl Backend for Avx512 {
    type F = __m512;
    const LANES: usize = LANES;

    #[inline]
    fn run<T: Task>(self, task: T) {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")]
        fn inner<T: Task>(backend: Avx512, task: T) {
            task.run(backend);
        }
        // SAFETY: `self` exists only where `detect` found the features (AVX-512 F implies AVX2, FMA and F16C).
        unsafe { inner(self, task) }
    }

    #[inline(always)]
    fn tile<const R: usize>(self, operands: &Operands<'_>, sums: &mut Sums) {
        operands.check(R);
        const { assert!(R <= super::TILE_ROWS) }
        // SAFETY: the features are there (`self`). `check` has shown that R rows of `depth` bytes at `stride` and
        // `depth * PANEL` weights lie in their slices; the loop reads QUAD bytes of each row and PANEL * QUAD
        // weights for each of the `depth / QUAD` steps. A line of `sums` holds PANEL = 4 * 16 integers.
        unsafe {
            let mut total = [[_mm512_setzero_si512(); VECTORS]; R];
            let (rows, mut weights) = (operands.rows.as_ptr(), operands.panel.as_ptr());
            for step in 0..operands.depth / QUAD {
                let mut columns = [_mm512_setzero_si512(); VECTORS];
                for (vector, columns) in columns.iter_mut().enumerate() {
                    *columns = _mm512_loadu_si512(weights.add(vector * LANES * QUAD).cast::<__m512i>());
                }
                for (row, total) in total.iter_mut().enumerate() {
                    let quad = rows.add(row * operands.stride + step * QUAD).cast::<i32>().read_unaligned();
                    let quad = _mm512_set1_epi32(quad);
                    for (total, columns) in total.iter_mut().zip(columns) {
                        *total = _mm512_dpbusd_epi32(*total, quad, columns);
                    }
                }
                weights = weights.add(PANEL * QUAD);
            }
            for (line, total) in sums.0.iter_mut().zip(total) {
                for (vector, total) in total.into_iter().enumerate() {
                    _mm512_storeu_si512(line.as_mut_ptr().add(vector * LANES).cast::<__m512i>(), total);
                }
            }
        }
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::F {
        let from = &from[..LANES];
        // SAFETY: the features are there (`self`); the slice holds 16 numbers.
        unsafe { _mm512_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32], value: Self::F) {
        let to = &mut to[..LANES];
        // SAFETY: the features are there (`self`); the slice holds 16 numbers.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), value) }
    }

    #[inline(always)]
    fn load_i32(self, from: &[i32]) -> Self::F {
        let from = &from[..LANES];
        // SAFETY: the features are there (`self`); the slice holds 16 integers.
        unsafe { _mm512_cvtepi32_ps(_mm512_loadu_si512(from.as_ptr().cast::<__m512i>())) }
    }

    #[inline(always)]
    fn store_u8(self, to: &mut [u8], value: Self::F) {
        let to = &mut to[..LANES];
        // SAFETY: the features are there (`self`); the slice holds 16 bytes. The narrowing saturates at 255 but
        // takes integers as unsigned, so negative ones are cut at 0 first.
        unsafe {
            let whole = _mm512_max_epi32(_mm512_cvtps_epi32(value), _mm512_setzero_si512());
            _mm_storeu_si128(to.as_mut_ptr().cast(), _mm512_cvtusepi32_epi8(whole));
        }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_min_ps(a, b) }
    }

    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn round(self, a: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_roundscale_ps::<NEAREST>(a) }
    }

    #[inline(always)]
    fn power_of_two(self, a: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe {
            let exponent = _mm512_add_epi32(_mm512_cvtps_epi32(a), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent))
        }
    }

    #[inline(always)]
    fn sum(self, a: Self::F) -> f32 {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_reduce_add_ps(a) }
    }

    #[inline(always)]
    fn lowest(self, a: Self::F) -> f32 {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_reduce_min_ps(a) }
    }

    #[inline(always)]
    fn highest(self, a: Self::F) -> f32 {
        // SAFETY: the features are there (`self`).
        unsafe { _mm512_reduce_max_ps(a) }
    }
}
