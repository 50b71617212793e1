//! [`QueryRows`]: a query's token vectors in 8 bits, multiplied with those of many texts. This is most of the work of
//! comparing a question with its candidates, and exact whatever instructions do it.

/// Signed bytes of a query, row by row.
pub(super) struct QueryRows<'q> {
    values: &'q [u8],
    dimension: usize,
    kernel: Kernel,
}

/// Instructions that multiply.
enum Kernel {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// With the query in the order in which they want it.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni(Vec<vnni::Panel>),
    #[cfg(target_arch = "aarch64")]
    NeonDot,
}

impl<'q> QueryRows<'q> {
    /// Of `values`, `[rows x dimension]`.
    pub(super) fn new(values: &'q [u8], dimension: usize) -> Self {
        Self { values, dimension, kernel: Kernel::available(values, dimension).swap_remove(0) }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.values.len().checked_div(self.dimension).unwrap_or(0)
    }

    /// The dot products of every one of `rows`, signed bytes `[text rows x dimension]`, with every row of the query,
    /// `[text rows x query rows]`.
    ///
    /// # Panics
    /// When `products` has another number.
    pub(super) fn dots(&self, rows: &[u8], products: &mut [i32]) {
        let text_rows = rows.len().checked_div(self.dimension).unwrap_or(0);
        assert_eq!(products.len(), text_rows * self.len(), "a place for every pair of rows");
        match &self.kernel {
            Kernel::Portable => portable(self.values, self.dimension, rows, products),
            // SAFETY: a kernel is only chosen where the processor has its instructions.
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => unsafe { avx2(self.values, self.dimension, rows, products) },
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512Vnni(panels) => {
                for (nth, panel) in panels.iter().enumerate() {
                    // SAFETY: as above.
                    unsafe { vnni::dots(panel, rows, products, self.len(), nth * vnni::ROWS) };
                }
            }
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            Kernel::NeonDot => unsafe { neon_dot(self.values, self.dimension, rows, products) },
        }
    }
}

impl Kernel {
    /// What the processor has, the best first.
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(unused_variables, reason = "only AVX-512 wants the query in an order of its own")
    )]
    fn available(values: &[u8], dimension: usize) -> Vec<Self> {
        let mut kernels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let has_vnni = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni");
            if has_vnni && dimension > 0 && dimension.is_multiple_of(vnni::DEPTH) {
                let panels = values.chunks(vnni::ROWS * dimension);
                kernels
                    .push(Self::Avx512Vnni(panels.map(|rows| vnni::Panel::new(rows, dimension)).collect()));
            }
            if is_x86_feature_detected!("avx2") {
                kernels.push(Self::Avx2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("dotprod") {
            kernels.push(Self::NeonDot);
        }
        kernels.push(Self::Portable);
        kernels
    }
}

#[expect(clippy::inline_always, reason = "otherwise it would not be compiled for the features of its caller")]
#[inline(always)]
fn portable(values: &[u8], dimension: usize, rows: &[u8], products: &mut [i32]) {
    let dimension = dimension.max(1);
    let queries = values.len() / dimension;
    for (row, products) in rows.chunks_exact(dimension).zip(products.chunks_exact_mut(queries.max(1))) {
        for (query, product) in values.chunks_exact(dimension).zip(products) {
            let numbers = query.iter().zip(row);
            *product = numbers.map(|(a, b)| i32::from(a.cast_signed()) * i32::from(b.cast_signed())).sum();
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(values: &[u8], dimension: usize, rows: &[u8], products: &mut [i32]) {
    portable(values, dimension, rows, products);
}

/// The compiler makes dot-product instructions of it.
#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "dotprod")]
fn neon_dot(values: &[u8], dimension: usize, rows: &[u8], products: &mut [i32]) {
    portable(values, dimension, rows, products);
}

/// With the instruction that multiplies 64 unsigned bytes by 64 signed ones and adds up fours of them.
#[cfg(target_arch = "x86_64")]
mod vnni {
    use std::arch::x86_64::{
        _mm512_dpbusd_epi32, _mm512_load_si512, _mm512_mask_storeu_epi32, _mm512_permutexvar_epi32,
        _mm512_set1_epi32, _mm512_setzero_si512, _mm512_sub_epi32,
    };

    /// Bytes of a row that are added up by one instruction.
    pub(super) const DEPTH: usize = 4;

    /// Sums in a register.
    const LANES: usize = 16;

    /// Rows of the query in a panel: one lane is for what the unsigned side costs.
    pub(super) const ROWS: usize = LANES - 1;

    /// The lane that is left.
    const LAST: i32 = 15;

    /// Rows of a text that are multiplied at once: enough sums to wait for none.
    const AT_ONCE: usize = 8;

    /// Some rows of the query, [`DEPTH`] bytes of each in turn, so that one register holds the sums of all and none has
    /// to be added up in the end. The bytes are 128 more than they should be, for the instruction wants one side
    /// unsigned; the last lane is a row of zeros, which tells what that adds to each sum.
    pub(super) struct Panel {
        steps: Vec<Step>,
        rows: usize,
    }

    #[repr(align(64))]
    #[derive(Clone)]
    struct Step([[u8; DEPTH]; LANES]);

    impl Panel {
        /// Of at most [`ROWS`] rows of `dimension` bytes, a multiple of [`DEPTH`].
        pub(super) fn new(rows: &[u8], dimension: usize) -> Self {
            let mut steps = vec![Step([[1 << 7; DEPTH]; LANES]); dimension / DEPTH];
            for (lane, row) in rows.chunks_exact(dimension).enumerate() {
                for (step, bytes) in steps.iter_mut().zip(row.as_chunks::<DEPTH>().0) {
                    step.0[lane] = bytes.map(|byte| byte ^ (1 << 7));
                }
            }
            Self { steps, rows: rows.len() / dimension }
        }
    }

    /// Writes the products of each of `rows` behind one another, `stride` apart, beginning at `first`.
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) fn dots(panel: &Panel, rows: &[u8], products: &mut [i32], stride: usize, first: usize) {
        let dimension = panel.steps.len() * DEPTH;
        let blocks = rows.chunks_exact(AT_ONCE * dimension);
        let rest = blocks.remainder();
        let in_blocks = blocks.len() * AT_ONCE;
        let (of_blocks, of_rest) = products.split_at_mut(in_blocks * stride);
        for (block, products) in blocks.zip(of_blocks.chunks_exact_mut(AT_ONCE * stride)) {
            together::<AT_ONCE>(panel, block, products, stride, first);
        }
        for (row, products) in rest.chunks_exact(dimension).zip(of_rest.chunks_exact_mut(stride)) {
            together::<1>(panel, row, products, stride, first);
        }
    }

    /// `N` rows lie one after another in `block`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn together<const N: usize>(
        panel: &Panel,
        block: &[u8],
        products: &mut [i32],
        stride: usize,
        first: usize,
    ) {
        let depth = panel.steps.len();
        let (fours, _) = block.as_chunks::<DEPTH>();
        let rows: [&[[u8; DEPTH]]; N] = std::array::from_fn(|row| &fours[row * depth..][..depth]);
        let mut sums = [_mm512_setzero_si512(); N];
        for (at, step) in panel.steps.iter().enumerate() {
            // SAFETY: a step has the size and the alignment of a register.
            let queries = unsafe { _mm512_load_si512(step.0.as_ptr().cast()) };
            for (sum, row) in sums.iter_mut().zip(&rows) {
                *sum = _mm512_dpbusd_epi32(*sum, queries, _mm512_set1_epi32(i32::from_le_bytes(row[at])));
            }
        }
        let mask = (1u16 << panel.rows) - 1;
        let last = _mm512_set1_epi32(LAST);
        for (sum, products) in sums.into_iter().zip(products.chunks_exact_mut(stride)) {
            let exact = _mm512_sub_epi32(sum, _mm512_permutexvar_epi32(last, sum));
            let place = &mut products[first..first + panel.rows];
            // SAFETY: the mask has a bit for each number of `place`, and only those are written.
            unsafe { _mm512_mask_storeu_epi32(place.as_mut_ptr(), mask, exact) };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn every_kernel_multiplies_exactly(
            (dimension, values, rows) in (1usize..200, 0usize..40, 0usize..20, any::<bool>()).prop_flat_map(
                |(dimension, queries, rows, whole)| {
                    let dimension = if whole { dimension.next_multiple_of(4) } else { dimension };
                    (Just(dimension), vec(any::<u8>(), dimension * queries), vec(any::<u8>(), dimension * rows))
                }
            )
        ) {
            let count = values.len() / dimension * (rows.len() / dimension);
            let mut expected = vec![0; count];
            portable(&values, dimension, &rows, &mut expected);
            for kernel in Kernel::available(&values, dimension) {
                let query = QueryRows { values: &values, dimension, kernel };
                let mut products = vec![1; count];
                query.dots(&rows, &mut products);
                prop_assert_eq!(&products, &expected);
            }
        }
    }
}
