//! Weights of linear layers: quantised to 8 bits an output channel and laid out for the dot-product kernels.

use super::buffer::Aligned;
use super::kernel::{PANEL, QUAD};

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
}

impl Packed {
    /// Quantises and packs column by column.
    pub(super) fn new<C: Columns>(source: &C) -> Result<Self, C::Error> {
        let (depth, columns) = source.size();
        debug_assert!(depth.is_multiple_of(PANEL) && columns.is_multiple_of(PANEL));
        let mut packed = Self {
            weights: Aligned::zeroed(depth * columns),
            depth,
            columns,
            scale: Aligned::zeroed(columns),
            slope: Aligned::zeroed(columns),
            bias: Aligned::zeroed(columns),
        };
        let mut row = vec![0.0_f32; depth];
        for column in 0..columns {
            row.fill(0.0);
            packed.bias.as_mut_slice()[column] = source.column(column, &mut row)?;
            packed.quantize(column, &row);
        }
        Ok(packed)
    }

    /// Adds to each bias what the rounding of the weights takes away from the output at the mean input.
    pub(super) fn correct<C: Columns>(&mut self, source: &C, means: &[f32]) -> Result<(), C::Error> {
        let mut row = vec![0.0_f32; self.depth];
        for column in 0..self.columns {
            row.fill(0.0);
            source.column(column, &mut row)?;
            let scale = self.scale.as_slice()[column];
            let weights = self.weights.as_slice()[self.first_place(column)..].chunks(PANEL * QUAD);
            let inputs = row.chunks_exact(QUAD).zip(means.chunks_exact(QUAD));
            let mut error = [0.0; QUAD];
            for (weights, (row, means)) in weights.zip(inputs) {
                for (((error, &rounded), weight), mean) in error.iter_mut().zip(weights).zip(row).zip(means) {
                    *error += (weight - scale * f32::from(rounded)) * mean;
                }
            }
            self.bias.as_mut_slice()[column] += error.iter().sum::<f32>();
        }
        Ok(())
    }

    /// Where the first weight of a column is.
    fn first_place(&self, column: usize) -> usize {
        column / PANEL * PANEL * self.depth + column % PANEL * QUAD
    }

    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.depth * self.columns + 3 * size_of::<f32>() * self.columns
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
        let packed = Packed::new(&Formula((64, 128), uneven)).unwrap();
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
    fn the_correction_makes_the_output_at_the_mean_input_exact() {
        let source = Formula((64, 64), uneven);
        let mut packed = Packed::new(&source).unwrap();
        let means: Vec<f32> = (0..64).map(|input| if input == 7 { 26.0 } else { 0.1 }).collect();
        packed.correct(&source, &means).unwrap();
        for column in 0..64 {
            let scale = packed.scale.as_slice()[column];
            let product = |weight: &dyn Fn(usize) -> f32| (0..64).map(|i| weight(i) * means[i]).sum::<f32>();
            let exact = product(&|input| uneven(column, input)) + column as f32;
            let ours = product(&|input| scale * f32::from(quantized(&packed, column, input)));
            assert!((ours + packed.bias.as_slice()[column] - exact).abs() < 1e-3, "column {column}");
        }
    }

    #[test]
    fn a_column_of_zeros_stays_zero() {
        let packed = Packed::new(&Formula((64, 64), |_, _| 0.0)).unwrap();
        assert!(packed.panel(0).iter().all(|&weight| weight == 0));
        assert!(packed.scale.as_slice().iter().all(|&scale| scale == 0.0));
    }
}
