//! Weights of linear layers: quantised to 8 bits an output channel and laid out for the dot-product kernels.

use super::buffer::Aligned;
use super::kernel::{PANEL, QUAD};
use super::level::{Inputs, Level};

/// Largest quantised weight; -128 is left out, so that the range is symmetric.
const LARGEST: f32 = 127.0;

/// Supplies the weights of a linear layer.
pub(super) trait Columns {
    /// Why a column cannot be had.
    type Error;
    /// Inputs and outputs, both multiples of 64.
    fn size(&self) -> (usize, usize);
    /// Writes the weights of an output into a row of zeros, as long as there are inputs, and returns its bias.
    fn column(&self, column: usize, row: &mut [f32]) -> Result<f32, Self::Error>;
}

/// A linear layer `y = W x + b` with 8-bit weights.
///
/// The columns (outputs) stand in panels of 64, both sizes padded with zero weights: for every four inputs in turn,
/// the 64 columns of the panel with four weights each.
pub(super) struct Packed {
    weights: Aligned<i8>,
    /// Inputs, padded to a multiple of 64.
    pub(super) depth: usize,
    /// Outputs, padded to a multiple of 64.
    pub(super) columns: usize,
    /// A quantised weight times this is the weight.
    pub(super) scale: Aligned<f32>,
    /// Sum of a column's weights as quantised, times `scale`: what an input offset of 1 adds to the output.
    pub(super) slope: Aligned<f32>,
    /// Added to each output.
    pub(super) bias: Aligned<f32>,
    /// What is done to inputs before they are quantised; the weights are those of such inputs.
    pub(super) level: Level,
}

impl Packed {
    /// Quantises and packs column by column.
    pub(super) fn new<C: Columns>(source: &C, level: Level) -> Result<Self, C::Error> {
        let (depth, columns) = source.size();
        debug_assert!(depth.is_multiple_of(PANEL) && columns.is_multiple_of(PANEL));
        let mut packed = Self {
            weights: Aligned::zeroed(depth * columns),
            depth,
            columns,
            scale: Aligned::zeroed(columns),
            slope: Aligned::zeroed(columns),
            bias: Aligned::zeroed(columns),
            level,
        };
        let mut row = vec![0.0_f32; depth];
        for column in 0..columns {
            row.fill(0.0);
            let bias = source.column(column, &mut row)?;
            packed.bias.as_mut_slice()[column] = bias + packed.level.undo(&mut row);
            packed.quantize(column, &row);
        }
        Ok(packed)
    }

    /// Packs anew for inputs that were observed: levelled as these weights want it.
    pub(super) fn for_inputs<C: Columns>(source: &C, inputs: &Inputs) -> Result<Self, C::Error> {
        let (depth, columns) = source.size();
        let (mut row, mut squares) = (vec![0.0_f32; depth], vec![0.0_f32; depth]);
        for column in 0..columns {
            row.fill(0.0);
            source.column(column, &mut row)?;
            squares.iter_mut().zip(&row).for_each(|(sum, weight)| *sum += weight * weight);
        }
        let gains: Vec<f32> = squares.into_iter().map(f32::sqrt).collect();
        Self::new(source, Level::new(inputs, &gains))
    }

    /// Where the first weight of a column is.
    fn first_place(&self, column: usize) -> usize {
        column / PANEL * PANEL * self.depth + column % PANEL * QUAD
    }

    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.depth * self.columns + size_of::<f32>() * (3 * self.columns + 2 * self.depth)
    }

    fn quantize(&mut self, column: usize, row: &[f32]) {
        // Adding 1.5 * 2^23 rounds to nearest and leaves the integer in the low bits of the number.
        const SHIFT: f32 = 12_582_912.0;
        let largest = largest_magnitude(row);
        let scale = largest / LARGEST;
        let inverse = if largest > 0.0 { LARGEST / largest } else { 0.0 };
        let first = self.first_place(column);
        let mut total = 0;
        let places = self.weights.as_mut_slice()[first..].chunks_mut(PANEL * QUAD);
        for (place, quad) in places.zip(row.chunks_exact(QUAD)) {
            for (place, &weight) in place.iter_mut().zip(quad) {
                let whole = (weight * inverse + SHIFT).to_bits() as i8;
                *place = whole;
                total += i32::from(whole);
            }
        }
        self.scale.as_mut_slice()[column] = scale;
        self.slope.as_mut_slice()[column] = scale * total as f32;
    }

    /// Number of panels.
    pub(super) fn panels(&self) -> usize {
        self.columns / PANEL
    }

    /// The weights of a panel.
    pub(super) fn panel(&self, panel: usize) -> &[i8] {
        let len = PANEL * self.depth;
        &self.weights.as_slice()[panel * len..][..len]
    }
}

/// Largest absolute value, in independent lanes so that the compiler can use vectors.
fn largest_magnitude(row: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    for chunk in row.chunks(16) {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            let value = value.abs();
            *lane = if value > *lane { value } else { *lane };
        }
    }
    lanes.into_iter().fold(0.0, f32::max)
}

#[cfg(test)]
pub(super) mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Weights from a formula.
    pub(in super::super) struct Formula<F>(pub(in super::super) (usize, usize), pub(in super::super) F);

    impl<F: Fn(usize, usize) -> f32> Columns for Formula<F> {
        type Error = Infallible;

        fn size(&self) -> (usize, usize) {
            self.0
        }

        fn column(&self, column: usize, row: &mut [f32]) -> Result<f32, Infallible> {
            row.iter_mut().enumerate().for_each(|(input, place)| *place = self.1(column, input));
            Ok(column as f32)
        }
    }

    /// A packed weight.
    fn quantized(packed: &Packed, column: usize, input: usize) -> i8 {
        packed.panel(column / PANEL)[input / QUAD * PANEL * QUAD + column % PANEL * QUAD + input % QUAD]
    }

    fn uneven(column: usize, input: usize) -> f32 {
        if input < 50 { ((column * 31 + input * 17) % 101) as f32 * 0.03 - 1.5 } else { 0.0 }
    }

    #[test]
    fn weights_come_back_within_half_a_step() {
        let packed = Packed::new(&Formula((64, 128), uneven), Level::plain(64)).unwrap();
        for column in 0..128 {
            let scale = packed.scale.as_slice()[column];
            let mut total = 0;
            for input in 0..64 {
                let weight = quantized(&packed, column, input);
                assert!((f32::from(weight) * scale - uneven(column, input)).abs() <= scale * 0.501);
                total += i32::from(weight);
            }
            assert!((packed.slope.as_slice()[column] - total as f32 * scale).abs() < 1e-3);
            assert!((packed.bias.as_slice()[column] - column as f32).abs() < f32::EPSILON);
        }
    }

    #[test]
    fn the_output_at_the_mean_input_is_exact_and_outliers_cost_the_others_nothing() {
        let source = Formula((64, 64), uneven);
        let mean: Vec<f32> = (0..64).map(|input| if input == 7 { 26.0 } else { 0.1 }).collect();
        let deviation: Vec<f32> = (0..64).map(|input| if input == 9 { 20.0 } else { 0.5 }).collect();
        let packed = Packed::for_inputs(&source, &Inputs { mean: mean.clone(), deviation }).unwrap();
        for column in 0..64 {
            let exact = (0..64).map(|i| uneven(column, i) * mean[i]).sum::<f32>() + column as f32;
            // A levelled mean is 0, so only the bias is left.
            assert!((packed.bias.as_slice()[column] - exact).abs() < 1e-3, "column {column}");
        }
        assert!(packed.level.factor.as_slice()[9] < packed.level.factor.as_slice()[8] / 5.0);
    }

    #[test]
    fn a_column_of_zeros_stays_zero() {
        let packed = Packed::new(&Formula((64, 64), |_, _| 0.0), Level::plain(64)).unwrap();
        assert!(packed.panel(0).iter().all(|&weight| weight == 0));
        assert!(packed.scale.as_slice().iter().all(|&scale| scale == 0.0));
    }
}
