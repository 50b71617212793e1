//! AVX2 and FMA, with the 256-bit integer dot product (AVX-VNNI) or without.

#![expect(clippy::cast_ptr_alignment, reason = "all loads and stores are of the unaligned kind")]

use std::arch::x86_64::{
    __m128i, __m256, __m256i, _mm_loadu_si128, _mm_packs_epi32, _mm_packus_epi16, _mm_set1_epi32,
    _mm_storel_epi64, _mm256_add_epi32, _mm256_add_ps, _mm256_castsi256_ps, _mm256_castsi256_si128,
    _mm256_cvtepi8_epi16, _mm256_cvtepi32_ps, _mm256_cvtepu8_epi16, _mm256_cvtps_epi32, _mm256_div_ps,
    _mm256_dpbusd_avx_epi32, _mm256_extracti128_si256, _mm256_fmadd_ps, _mm256_hadd_epi32, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_madd_epi16, _mm256_max_ps, _mm256_min_ps, _mm256_mul_ps,
    _mm256_permute4x64_epi64, _mm256_round_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_si256,
    _mm256_slli_epi32, _mm256_storeu_ps, _mm256_storeu_si256, _mm256_sub_ps,
};

use super::{Backend, Operands, PANEL, QUAD, Sums, TILE_ROWS, Task};

/// Proof of AVX2, FMA and F16C; with `DOT`, of AVX-VNNI too.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx2<const DOT: bool>(());

const LANES: usize = 8;
/// Columns that are summed at a time: more would not fit 16 registers.
const STRIP: usize = 16;
/// Rounding mode: to nearest, no exceptions.
const NEAREST: i32 = 0x08;

impl<const DOT: bool> Avx2<DOT> {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
            && (!DOT || is_x86_feature_detected!("avxvnni"));
        found.then_some(Self(()))
    }

    /// The lanes as an array.
    #[inline(always)]
    fn lanes(self, value: __m256) -> [f32; LANES] {
        let mut lanes = [0.0; LANES];
        self.store(&mut lanes, value);
        lanes
    }

    /// Sums of `R` rows with 16 columns by the dot-product instruction.
    ///
    /// # Safety
    /// The processor has AVX-VNNI; `R` rows of `depth` bytes at `stride` can be read from `rows`, and 64 bytes from
    /// each of `depth / QUAD` strips that start at `weights` and lie `PANEL * QUAD` apart; every line of `sums` has
    /// 16 places from `column`.
    #[inline(always)]
    unsafe fn strip_dot<const R: usize>(operands: &Operands<'_>, column: usize, sums: &mut [[i32; PANEL]]) {
        // SAFETY: as demanded of the caller.
        unsafe {
            let mut total = [[_mm256_setzero_si256(); 2]; R];
            let rows = operands.rows.as_ptr();
            let mut weights = operands.panel.as_ptr().add(column * QUAD).cast::<__m256i>();
            for step in 0..operands.depth / QUAD {
                let columns = [_mm256_loadu_si256(weights), _mm256_loadu_si256(weights.add(1))];
                for (row, total) in total.iter_mut().enumerate() {
                    let quad = rows.add(row * operands.stride + step * QUAD).cast::<i32>().read_unaligned();
                    let quad = _mm256_set1_epi32(quad);
                    total[0] = _mm256_dpbusd_avx_epi32(total[0], quad, columns[0]);
                    total[1] = _mm256_dpbusd_avx_epi32(total[1], quad, columns[1]);
                }
                weights = weights.byte_add(PANEL * QUAD);
            }
            for (line, total) in sums.iter_mut().zip(total) {
                let line = line.as_mut_ptr().add(column).cast::<__m256i>();
                _mm256_storeu_si256(line, total[0]);
                _mm256_storeu_si256(line.add(1), total[1]);
            }
        }
    }

    /// Sums of `R` rows with 16 columns by 16-bit products. `vpmaddubsw` would be shorter but saturates at 16 bits.
    ///
    /// # Safety
    /// As for [`Self::strip_dot`], with AVX2 in place of AVX-VNNI.
    #[inline(always)]
    unsafe fn strip_wide<const R: usize>(operands: &Operands<'_>, column: usize, sums: &mut [[i32; PANEL]]) {
        // SAFETY: as demanded of the caller.
        unsafe {
            // Each vector holds two sums for each of 4 columns: of the even and of the odd pairs of products.
            let mut total = [[_mm256_setzero_si256(); 4]; R];
            let rows = operands.rows.as_ptr();
            let mut weights = operands.panel.as_ptr().add(column * QUAD).cast::<__m128i>();
            for step in 0..operands.depth / QUAD {
                let mut quads = [_mm256_setzero_si256(); R];
                for (row, wide) in quads.iter_mut().enumerate() {
                    let quad = rows.add(row * operands.stride + step * QUAD).cast::<i32>().read_unaligned();
                    *wide = _mm256_cvtepu8_epi16(_mm_set1_epi32(quad));
                }
                for part in 0..4 {
                    let columns = _mm256_cvtepi8_epi16(_mm_loadu_si128(weights.add(part)));
                    for (total, quad) in total.iter_mut().zip(quads) {
                        total[part] = _mm256_add_epi32(total[part], _mm256_madd_epi16(quad, columns));
                    }
                }
                weights = weights.byte_add(PANEL * QUAD);
            }
            for (line, total) in sums.iter_mut().zip(total) {
                let line = line.as_mut_ptr().add(column).cast::<__m256i>();
                for half in 0..2 {
                    // hadd works within 128-bit halves: 0 1 4 5 | 2 3 6 7, put right by swapping the middle.
                    let pairs = _mm256_hadd_epi32(total[2 * half], total[2 * half + 1]);
                    _mm256_storeu_si256(line.add(half), _mm256_permute4x64_epi64::<0b11_01_10_00>(pairs));
                }
            }
        }
    }
}

impl<const DOT: bool> Backend for Avx2<DOT> {
    type F = __m256;
    const LANES: usize = LANES;

    #[inline]
    fn run<T: Task>(self, task: T) {
        #[target_feature(enable = "avx2,fma,f16c")]
        fn wide<T: Task>(backend: Avx2<false>, task: T) {
            task.run(backend);
        }
        #[target_feature(enable = "avx2,fma,f16c,avxvnni")]
        fn dot<T: Task>(backend: Avx2<true>, task: T) {
            task.run(backend);
        }
        // SAFETY: `self` exists only where `detect` found the features.
        unsafe { if DOT { dot(Avx2(()), task) } else { wide(Avx2(()), task) } }
    }

    #[inline(always)]
    fn tile<const R: usize>(self, operands: &Operands<'_>, sums: &mut Sums) {
        operands.check(R);
        const { assert!(R <= TILE_ROWS) }
        for column in (0..PANEL).step_by(STRIP) {
            // SAFETY: the features are there (`self`). `check` has shown that R rows of `depth` bytes at `stride`
            // and `depth * PANEL` weights lie in their slices; a strip ends within the 64 columns.
            unsafe {
                if DOT {
                    Self::strip_dot::<R>(operands, column, &mut sums.0);
                } else if R <= 2 {
                    Self::strip_wide::<R>(operands, column, &mut sums.0);
                } else {
                    // 16 registers hold the sums of 2 rows (8), their quads (2) and the weights.
                    let mut first = 0;
                    while first < R {
                        let rest = Operands { rows: &operands.rows[first * operands.stride..], ..*operands };
                        if R - first >= 2 {
                            Self::strip_wide::<2>(&rest, column, &mut sums.0[first..]);
                        } else {
                            Self::strip_wide::<1>(&rest, column, &mut sums.0[first..]);
                        }
                        first += 2;
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::F {
        let from = &from[..LANES];
        // SAFETY: the features are there (`self`); the slice holds 8 numbers.
        unsafe { _mm256_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32], value: Self::F) {
        let to = &mut to[..LANES];
        // SAFETY: the features are there (`self`); the slice holds 8 numbers.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), value) }
    }

    #[inline(always)]
    fn load_i32(self, from: &[i32]) -> Self::F {
        let from = &from[..LANES];
        // SAFETY: the features are there (`self`); the slice holds 8 integers.
        unsafe { _mm256_cvtepi32_ps(_mm256_loadu_si256(from.as_ptr().cast())) }
    }

    #[inline(always)]
    fn store_u8(self, to: &mut [u8], value: Self::F) {
        let to = &mut to[..LANES];
        // SAFETY: the features are there (`self`); the slice holds 8 bytes. Both narrowings saturate.
        unsafe {
            let whole = _mm256_cvtps_epi32(value);
            let low = _mm256_castsi256_si128(whole);
            let words = _mm_packs_epi32(low, _mm256_extracti128_si256::<1>(whole));
            _mm_storel_epi64(to.as_mut_ptr().cast(), _mm_packus_epi16(words, words));
        }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm256_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm256_div_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm256_min_ps(a, b) }
    }

    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm256_max_ps(a, b) }
    }

    #[inline(always)]
    fn round(self, a: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe { _mm256_round_ps::<NEAREST>(a) }
    }

    #[inline(always)]
    fn power_of_two(self, a: Self::F) -> Self::F {
        // SAFETY: the features are there (`self`).
        unsafe {
            let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(a), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
        }
    }

    #[inline(always)]
    fn sum(self, a: Self::F) -> f32 {
        let lanes = self.lanes(a);
        let pairs: [f32; 4] = std::array::from_fn(|i| lanes[i] + lanes[i + 4]);
        (pairs[0] + pairs[1]) + (pairs[2] + pairs[3])
    }

    #[inline(always)]
    fn lowest(self, a: Self::F) -> f32 {
        self.lanes(a).into_iter().fold(f32::INFINITY, f32::min)
    }

    #[inline(always)]
    fn highest(self, a: Self::F) -> f32 {
        self.lanes(a).into_iter().fold(f32::NEG_INFINITY, f32::max)
    }
}
