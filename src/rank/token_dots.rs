//! [`QueryRows`]: a query's token vectors in 8 bits, multiplied with those of many texts. This is most of the work of
//! comparing a question with its candidates, and exact whatever instructions do it.

/// Signed bytes of a query, row by row.
pub(super) struct QueryRows<'q> {
    values: &'q [u8],
    dimension: usize,
    kernel: Kernel,
    /// Of each row, the sum of its numbers.
    sums: Vec<i32>,
}

/// Instructions that multiply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kernel {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
}

impl Kernel {
    /// What the processor has, the best first.
    fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let special = [
            (
                is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni"),
                Self::Avx512Vnni,
            ),
            (is_x86_feature_detected!("avx2"), Self::Avx2),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let special: [(bool, Self); 0] = [];
        special.into_iter().filter(|(has, _)| *has).map(|(_, kernel)| kernel).chain([Self::Portable])
    }
}

impl<'q> QueryRows<'q> {
    /// Of `values`, `[rows x dimension]`.
    pub(super) fn new(values: &'q [u8], dimension: usize) -> Self {
        Self::with_kernel(values, dimension, Kernel::available().next().unwrap_or(Kernel::Portable))
    }

    fn with_kernel(values: &'q [u8], dimension: usize, kernel: Kernel) -> Self {
        let sum = |row: &[u8]| row.iter().map(|value| i32::from(value.cast_signed())).sum();
        Self { values, dimension, kernel, sums: values.chunks_exact(dimension.max(1)).map(sum).collect() }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.sums.len()
    }

    /// The dot products of `row`, signed bytes too, with every row of the query. Nothing when its length differs.
    pub(super) fn dots(&self, row: &[u8], products: &mut [i32]) {
        if row.len() != self.dimension {
            return products.fill(0);
        }
        match self.kernel {
            Kernel::Portable => portable(self.values, row, products),
            // SAFETY: a kernel is only chosen where the processor has its instructions.
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => unsafe { avx2(self.values, row, products) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512Vnni => unsafe { vnni::dots(self.values, &self.sums, row, products) },
        }
    }
}

#[expect(clippy::inline_always, reason = "otherwise it would not be compiled for the features of its caller")]
#[inline(always)]
fn portable(values: &[u8], row: &[u8], products: &mut [i32]) {
    for (query, product) in values.chunks_exact(row.len().max(1)).zip(products) {
        let numbers = query.iter().zip(row);
        *product = numbers.map(|(a, b)| i32::from(a.cast_signed()) * i32::from(b.cast_signed())).sum();
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(values: &[u8], row: &[u8], products: &mut [i32]) {
    portable(values, row, products);
}

/// With the instruction that multiplies 64 unsigned bytes by 64 signed ones and adds up fours of them.
#[cfg(target_arch = "x86_64")]
mod vnni {
    use std::arch::x86_64::{
        _mm512_dpbusd_epi32, _mm512_maskz_loadu_epi8, _mm512_reduce_add_epi32, _mm512_set1_epi8,
        _mm512_setzero_si512, _mm512_xor_si512,
    };

    /// Bytes of a register.
    const WIDTH: usize = 64;

    /// Rows of the query that are multiplied at once.
    const AT_ONCE: usize = 4;

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn dots(values: &[u8], sums: &[i32], row: &[u8], products: &mut [i32]) {
        let groups = values.chunks_exact(AT_ONCE * row.len());
        let rest = groups.remainder().chunks_exact(row.len());
        let (grouped, single) = products.split_at_mut(groups.len() * AT_ONCE);
        let (sums_of_grouped, sums_of_single) = sums.split_at(grouped.len());
        let grouped = grouped.chunks_exact_mut(AT_ONCE).zip(sums_of_grouped.chunks_exact(AT_ONCE));
        for (group, (products, sums)) in groups.zip(grouped) {
            together::<AT_ONCE>(group, sums, row, products);
        }
        let single = single.chunks_exact_mut(1).zip(sums_of_single.chunks_exact(1));
        for (query, (product, sum)) in rest.zip(single) {
            together::<1>(query, sum, row, product);
        }
    }

    /// `N` rows of the query lie one after another in `group`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn together<const N: usize>(group: &[u8], sums: &[i32], row: &[u8], products: &mut [i32]) {
        let length = row.len();
        assert_eq!(group.len(), N * length, "every row is as long as the other");
        let offset = _mm512_set1_epi8(i8::MIN);
        let mut totals = [_mm512_setzero_si512(); N];
        for at in (0..length).step_by(WIDTH) {
            let mask = u64::MAX >> (WIDTH - (length - at).min(WIDTH));
            // SAFETY: the mask ends with the row.
            let bytes = unsafe { _mm512_maskz_loadu_epi8(mask, row.as_ptr().add(at).cast()) };
            // Flipping the highest bit adds 128: the instruction wants one side unsigned.
            let unsigned = _mm512_xor_si512(bytes, offset);
            for (nth, total) in totals.iter_mut().enumerate() {
                // SAFETY: the mask ends with each row of the group, whose length was checked.
                let query =
                    unsafe { _mm512_maskz_loadu_epi8(mask, group.as_ptr().add(nth * length + at).cast()) };
                *total = _mm512_dpbusd_epi32(*total, unsigned, query);
            }
        }
        for ((product, total), sum) in products.iter_mut().zip(totals).zip(sums) {
            *product = _mm512_reduce_add_epi32(total) - 128 * sum;
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
            (dimension, rows, values, row) in (1usize..200, 0usize..11).prop_flat_map(|(dimension, rows)| {
                (Just(dimension), Just(rows), vec(any::<u8>(), dimension * rows), vec(any::<u8>(), dimension))
            })
        ) {
            let mut expected = vec![0; rows];
            portable(&values, &row, &mut expected);
            for kernel in Kernel::available() {
                let query = QueryRows::with_kernel(&values, dimension, kernel);
                let mut products = vec![1; query.len()];
                query.dots(&row, &mut products);
                prop_assert_eq!(&products, &expected, "{:?}", kernel);
                query.dots(&row[1..], &mut products);
                prop_assert!(products.iter().all(|product| *product == 0), "another dimension is like nothing");
            }
        }
    }
}
