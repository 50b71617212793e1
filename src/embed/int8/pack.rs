//! Weights of linear layers: quantised to 8 bits an output channel and laid out for the dot-product kernels.

use super::buffer::Aligned;
use super::kernel::{PANEL, QUAD};

/// Largest quantised weight; -128 is left out, so that the range is symmetric.
const LARGEST: f32 = 127.0;

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
    totals: Vec<i32>,
}

impl Packed {
    /// Quantises and packs column by column.
    ///
    /// `fill` gets the number of a column and a row of `depth` zeros; it writes the column's weights and returns
    /// its bias. Both sizes must already be multiples of 64.
    pub(super) fn new<E>(
        depth: usize,
        columns: usize,
        mut fill: impl FnMut(usize, &mut [f32]) -> Result<f32, E>,
    ) -> Result<Self, E> {
        debug_assert!(depth.is_multiple_of(PANEL) && columns.is_multiple_of(PANEL));
        let mut packed = Self {
            weights: Aligned::zeroed(depth * columns),
            depth,
            columns,
            scale: Aligned::zeroed(columns),
            slope: Aligned::zeroed(columns),
            bias: Aligned::zeroed(columns),
            totals: vec![0; columns],
        };
        let mut row = vec![0.0_f32; depth];
        for column in 0..columns {
            row.fill(0.0);
            packed.bias.as_mut_slice()[column] = fill(column, &mut row)?;
            packed.quantize(column, &row);
        }
        Ok(packed)
    }

    fn quantize(&mut self, column: usize, row: &[f32]) {
        // Adding 1.5 * 2^23 rounds to nearest and leaves the integer in the low bits of the number.
        const SHIFT: f32 = 12_582_912.0;
        let largest = largest_magnitude(row);
        let scale = largest / LARGEST;
        let inverse = if largest > 0.0 { LARGEST / largest } else { 0.0 };
        let first = column / PANEL * PANEL * self.depth + column % PANEL * QUAD;
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
        self.totals[column] = total;
    }

    /// Number of panels.
    pub(super) fn panels(&self) -> usize {
        self.columns / PANEL
    }

    /// The weights of a panel and the sums of its columns.
    pub(super) fn panel(&self, panel: usize) -> (&[i8], &[i32]) {
        let len = PANEL * self.depth;
        (&self.weights.as_slice()[panel * len..][..len], &self.totals[panel * PANEL..][..PANEL])
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
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn weights_come_back_within_half_a_step() {
        let weight = |column: usize, input: usize| ((column * 31 + input * 17) % 101) as f32 * 0.03 - 1.5;
        let packed = Packed::new(64, 128, |column, row| {
            for (input, place) in row.iter_mut().enumerate().take(50) {
                *place = weight(column, input);
            }
            Ok::<_, Infallible>(column as f32)
        })
        .unwrap();
        for column in 0..128 {
            let scale = packed.scale.as_slice()[column];
            let (panel, totals) = packed.panel(column / PANEL);
            let mut total = 0;
            for input in 0..64 {
                let quantized = panel[input / QUAD * PANEL * QUAD + column % PANEL * QUAD + input % QUAD];
                let expected = if input < 50 { weight(column, input) } else { 0.0 };
                assert!((f32::from(quantized) * scale - expected).abs() <= scale * 0.501);
                total += i32::from(quantized);
            }
            assert_eq!(totals[column % PANEL], total);
            assert!((packed.slope.as_slice()[column] - total as f32 * scale).abs() < 1e-3);
            assert!((packed.bias.as_slice()[column] - column as f32).abs() < f32::EPSILON);
        }
    }

    #[test]
    fn a_column_of_zeros_stays_zero() {
        let packed = Packed::new(64, 64, |_, _| Ok::<_, Infallible>(0.5)).unwrap();
        assert!(packed.panel(0).0.iter().all(|&weight| weight == 0));
        assert!(packed.scale.as_slice().iter().all(|&scale| scale == 0.0));
    }
}
