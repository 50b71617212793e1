//! The arithmetic that depends on the processor: one backend an instruction set, picked at run time.
//!
//! A [`Backend`] multiplies a tile of quantised rows with a panel of packed weights, exactly in integers, and offers
//! a dozen operations on vectors of `f32`. Everything above is written once, as a [`Task`] that is compiled for
//! every backend. Owns no model knowledge and no memory.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

/// Columns of a panel: the unit in which weights are packed and work is split between threads.
pub(super) const PANEL: usize = 64;

/// Weights of one column that lie side by side in a panel, the length of a dot-product instruction.
pub(super) const QUAD: usize = 4;

/// Most rows that one call of [`Backend::tile`] takes: with 4 vectors of columns, 24 accumulators of 32 registers.
pub(super) const TILE_ROWS: usize = 6;

/// The longest vector of any backend, in `f32`; strides and paddings are multiples of it.
pub(super) const MAX_LANES: usize = 16;

/// 32-bit sums of a tile, one line a row.
#[repr(align(64))]
pub(super) struct Sums(pub(super) [[i32; PANEL]; TILE_ROWS]);

/// Quantised rows and the panel they are multiplied with.
#[derive(Clone, Copy)]
pub(super) struct Operands<'a> {
    /// The first row starts at 0, the others follow at multiples of `stride`.
    pub(super) rows: &'a [u8],
    /// Distance between rows, at least `depth`.
    pub(super) stride: usize,
    /// Length of the dot products, a multiple of [`QUAD`].
    pub(super) depth: usize,
    /// `depth x PANEL` weights: for every quad of the depth, 64 columns of 4 weights.
    pub(super) panel: &'a [i8],
}

impl Operands<'_> {
    /// What every backend relies on before it reads through pointers.
    ///
    /// # Panics
    /// When `count` rows or the panel do not lie inside their slices.
    #[inline(always)]
    fn check(&self, count: usize) {
        assert!(self.depth.is_multiple_of(QUAD) && self.panel.len() == self.depth * PANEL);
        assert!(count > 0 && self.depth <= self.stride);
        assert!((count - 1) * self.stride + self.depth <= self.rows.len());
    }
}

/// Code that is compiled once for every backend.
pub(super) trait Task {
    /// Does the work. Implementations are `#[inline(always)]`, so that they take on the backend's instruction set.
    fn run<B: Backend>(self, backend: B);
}

/// One instruction set. A value of an implementing type is the proof that the processor has it, which is what makes
/// its methods safe to call.
pub(super) trait Backend: Copy + Send + Sync {
    /// A vector of [`Self::LANES`] numbers.
    type F: Copy;
    /// Numbers in a vector; divides [`MAX_LANES`].
    const LANES: usize;

    /// Runs a task with the instruction set switched on.
    fn run<T: Task>(self, task: T);

    /// Sums of products of `R` rows with the 64 columns of a panel, into the first `R` lines of `sums`.
    fn tile<const R: usize>(self, operands: &Operands<'_>, sums: &mut Sums);

    /// The first `LANES` numbers of a slice.
    fn load(self, from: &[f32]) -> Self::F;
    /// Writes to the first `LANES` places of a slice.
    fn store(self, to: &mut [f32], value: Self::F);
    /// The first `LANES` integers, rounded to the nearest `f32`.
    fn load_i32(self, from: &[i32]) -> Self::F;
    /// Rounds to nearest, clamps to 0..=255 and writes to the first `LANES` places.
    fn store_u8(self, to: &mut [u8], value: Self::F);
    /// The same number in every lane.
    fn splat(self, value: f32) -> Self::F;
    /// `a + b`
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a - b`
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a * b`
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a / b`
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a * b + c`, in one rounding where the processor can.
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// The smaller of each pair.
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    /// The larger of each pair.
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// Nearest whole number, for values inside `i32`.
    fn round(self, a: Self::F) -> Self::F;
    /// `2^a` of whole numbers in -126..=127.
    fn power_of_two(self, a: Self::F) -> Self::F;
    /// Sum of the lanes.
    fn sum(self, a: Self::F) -> f32;
    /// Smallest lane.
    fn lowest(self, a: Self::F) -> f32;
    /// Largest lane.
    fn highest(self, a: Self::F) -> f32;
}

/// An instruction set that the int8 engine has code for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// x86-64 with AVX-512 and its 512-bit dot product (Ice Lake, Zen 4 and later).
    Avx512Vnni,
    /// x86-64 with AVX2 and the 256-bit dot product (Alder Lake and later, without AVX-512).
    AvxVnni,
    /// x86-64 with AVX2 and FMA (Haswell, Zen and later).
    Avx2,
    /// 64-bit ARM with the dot product of unsigned with signed bytes (Neoverse V1, Apple M2 and later).
    NeonI8mm,
    /// 64-bit ARM with the dot product of bytes of one kind (Cortex-A76, Neoverse N1, Apple M1 and later).
    Neon,
    /// Plain Rust, for any processor; on 64-bit ARM without the dot product the compiler makes NEON of it.
    Portable,
}

impl Kernel {
    /// All kernels, the fastest first.
    pub const ALL: [Self; 6] =
        [Self::Avx512Vnni, Self::AvxVnni, Self::Avx2, Self::NeonI8mm, Self::Neon, Self::Portable];

    /// Whether this processor can run it.
    #[must_use]
    pub fn is_supported(self) -> bool {
        Processor::detect(self).is_some()
    }

    /// The fastest kernel of this processor.
    #[must_use]
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|kernel| kernel.is_supported()).unwrap_or(Self::Portable)
    }

    /// Name for logs and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512Vnni => "avx512-vnni",
            Self::AvxVnni => "avx-vnni",
            Self::Avx2 => "avx2",
            Self::NeonI8mm => "neon-i8mm",
            Self::Neon => "neon",
            Self::Portable => "portable",
        }
    }
}

/// A backend that was found on this processor.
#[derive(Clone, Copy)]
pub(super) enum Processor {
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Avx512),
    #[cfg(target_arch = "x86_64")]
    AvxVnni(avx2::Avx2<true>),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2<false>),
    #[cfg(target_arch = "aarch64")]
    NeonI8mm(neon::Neon<true>),
    #[cfg(target_arch = "aarch64")]
    Neon(neon::Neon<false>),
    Portable(portable::Portable),
}

impl Processor {
    /// The backend of a kernel, or `None` when the processor lacks it.
    pub(super) fn detect(kernel: Kernel) -> Option<Self> {
        match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512Vnni => avx512::Avx512::detect().map(Self::Avx512),
            #[cfg(target_arch = "x86_64")]
            Kernel::AvxVnni => avx2::Avx2::<true>::detect().map(Self::AvxVnni),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => avx2::Avx2::<false>::detect().map(Self::Avx2),
            #[cfg(not(target_arch = "x86_64"))]
            Kernel::Avx512Vnni | Kernel::AvxVnni | Kernel::Avx2 => None,
            #[cfg(target_arch = "aarch64")]
            Kernel::NeonI8mm => neon::Neon::<true>::detect().map(Self::NeonI8mm),
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon => neon::Neon::<false>::detect().map(Self::Neon),
            #[cfg(not(target_arch = "aarch64"))]
            Kernel::NeonI8mm | Kernel::Neon => None,
            Kernel::Portable => Some(Self::Portable(portable::Portable)),
        }
    }

    /// Runs a task with this backend.
    pub(super) fn run<T: Task>(self, task: T) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(backend) => backend.run(task),
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni(backend) => backend.run(task),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(backend) => backend.run(task),
            #[cfg(target_arch = "aarch64")]
            Self::NeonI8mm(backend) => backend.run(task),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(backend) => backend.run(task),
            Self::Portable(backend) => backend.run(task),
        }
    }
}

#[cfg(test)]
mod tests;
