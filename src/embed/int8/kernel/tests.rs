use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// The kernels of this machine, the portable one included.
fn supported() -> Vec<(Kernel, Processor)> {
    Kernel::ALL.into_iter().filter_map(|kernel| Some((kernel, Processor::detect(kernel)?))).collect()
}

/// Sums of some rows.
struct Tile<'a> {
    operands: Operands<'a>,
    rows: usize,
    sums: &'a mut Sums,
}

impl Task for Tile<'_> {
    #[inline(always)]
    fn run<B: Backend>(self, b: B) {
        match self.rows {
            1 => b.tile::<1>(&self.operands, self.sums),
            2 => b.tile::<2>(&self.operands, self.sums),
            3 => b.tile::<3>(&self.operands, self.sums),
            4 => b.tile::<4>(&self.operands, self.sums),
            5 => b.tile::<5>(&self.operands, self.sums),
            _ => b.tile::<6>(&self.operands, self.sums),
        }
    }
}

fn sums(processor: Processor, operands: Operands<'_>, rows: usize) -> Vec<[i32; PANEL]> {
    let mut sums = Sums([[-1; PANEL]; TILE_ROWS]);
    processor.run(Tile { operands, rows, sums: &mut sums });
    sums.0[..rows].to_vec()
}

/// The sums by definition.
fn expected(operands: &Operands<'_>, rows: usize) -> Vec<[i32; PANEL]> {
    let product = |row: usize, column: usize, input: usize| {
        let x = operands.rows[row * operands.stride + input];
        let w = operands.panel[input / QUAD * PANEL * QUAD + column * QUAD + input % QUAD];
        i32::from(x) * i32::from(w)
    };
    let sum = |row, column| (0..operands.depth).map(|input| product(row, column, input)).sum();
    (0..rows).map(|row| std::array::from_fn(|column| sum(row, column))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_kernel_sums_exactly(
        rows in 1..=TILE_ROWS,
        quads in 1..40_usize,
        slack in 0..9_usize,
        noise in vec(any::<u8>(), 6 * 169 + 40 * 256),
    ) {
        let (depth, stride) = (quads * QUAD, quads * QUAD + slack);
        let bytes = &noise[..(rows - 1) * stride + depth];
        let panel: Vec<i8> = noise.iter().rev().take(depth * PANEL).map(|&byte| byte.cast_signed()).collect();
        let operands = Operands { rows: bytes, stride, depth, panel: &panel };
        for (kernel, processor) in supported() {
            prop_assert_eq!(sums(processor, operands, rows), expected(&operands, rows), "{}", kernel.name());
        }
    }
}

#[test]
fn the_largest_products_do_not_saturate() {
    let (rows, depth) = (vec![255; 6 * 4096], 4096);
    for weight in [-127, 127] {
        let panel = vec![weight; depth * PANEL];
        let operands = Operands { rows: &rows, stride: depth, depth, panel: &panel };
        for (kernel, processor) in supported() {
            let sums = sums(processor, operands, 6);
            let sum = 255 * i32::from(weight) * 4096;
            assert!(sums.iter().flatten().all(|&found| found == sum), "{}", kernel.name());
        }
    }
}

#[test]
fn rows_outside_their_slice_are_refused() {
    let panel = vec![1; 8 * PANEL];
    let operands = Operands { rows: &[1; 15], stride: 8, depth: 8, panel: &panel };
    for (kernel, processor) in supported() {
        let outcome = std::panic::catch_unwind(|| sums(processor, operands, 2));
        assert!(outcome.is_err(), "{}", kernel.name());
    }
}

/// Applies the lane-wise operations to two vectors and reports each result.
struct Lanes<'a> {
    a: &'a [f32; MAX_LANES],
    b: &'a [f32; MAX_LANES],
    found: &'a mut Vec<(&'static str, Vec<f32>)>,
}

impl Task for Lanes<'_> {
    #[inline(always)]
    fn run<B: Backend>(self, k: B) {
        let mut report = |name, value: B::F| {
            let mut lanes = vec![0.0; B::LANES];
            k.store(&mut lanes, value);
            self.found.push((name, lanes));
        };
        let (a, b) = (k.load(self.a), k.load(self.b));
        report("add", k.add(a, b));
        report("sub", k.sub(a, b));
        report("mul", k.mul(a, b));
        report("div", k.div(a, b));
        report("min", k.min(a, b));
        report("max", k.max(a, b));
        report("round", k.round(a));
        report("power of two", k.power_of_two(k.round(a)));
        report("sum", k.splat(k.sum(k.round(a))));
        report("lowest", k.splat(k.lowest(a)));
        report("highest", k.splat(k.highest(a)));
        let mut bytes = [0_u8; MAX_LANES];
        k.store_u8(&mut bytes, k.mul(a, b));
        let bytes = bytes.map(f32::from);
        report("bytes", k.load(&bytes));
    }
}

#[test]
fn every_kernel_computes_lanes_alike() {
    // The first four lanes decide the reductions, so that they are the same for vectors of any length.
    let a: [f32; MAX_LANES] = std::array::from_fn(|i| [7.5, -100.25, 101.0, 0.3][i % 4]);
    let b: [f32; MAX_LANES] = std::array::from_fn(|i| [2.0, -0.7, 40.0, -3.0, 0.5][i % 5]);
    let per_lane = |name: &str| name != "sum";
    for (kernel, processor) in supported() {
        let mut found = Vec::new();
        processor.run(Lanes { a: &a, b: &b, found: &mut found });
        let mut expected = Vec::new();
        Processor::Portable(portable::Portable).run(Lanes { a: &a, b: &b, found: &mut expected });
        for ((name, found), (_, expected)) in
            found.iter().zip(&expected).filter(|((name, _), _)| per_lane(name))
        {
            let same = found.iter().zip(expected).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{} {name}: {found:?} instead of {expected:?}", kernel.name());
        }
        let lanes = found[0].1.len() as f32;
        let sum = found.iter().find(|(name, _)| *name == "sum").map(|(_, lanes)| lanes[0]);
        assert_eq!(sum, Some((8.0 - 100.0 + 101.0) * lanes / 4.0), "{}", kernel.name());
    }
}

#[test]
fn the_best_kernel_is_supported() {
    assert!(Kernel::best().is_supported());
    assert!(Kernel::Portable.is_supported());
}
