//! Levelling: each input of a linear layer is shifted and stretched before it is rounded, so that its few units with
//! large activations do not take the precision of all the others. The weights undo it, so nothing else changes.

use super::buffer::Aligned;

/// Farthest that a unit is stretched beyond the others, up or down: a unit that happened to be still during the
/// calibration must not explode later.
const FARTHEST: f32 = 8.0;

/// What the inputs of a linear layer are like: mean and standard deviation of each unit.
pub(super) struct Inputs {
    pub(super) mean: Vec<f32>,
    pub(super) deviation: Vec<f32>,
}

/// An affine map of each unit, `u = factor * x + shift`.
pub(super) struct Level {
    pub(super) factor: Aligned<f32>,
    pub(super) shift: Aligned<f32>,
}

impl Level {
    /// Changes nothing.
    pub(super) fn plain(depth: usize) -> Self {
        let mut factor = Aligned::zeroed(depth);
        factor.as_mut_slice().fill(1.0);
        Self { factor, shift: Aligned::zeroed(depth) }
    }

    /// The best map for `inputs` before weights whose columns have the norms `gains`, one an input.
    ///
    /// The mean goes into the bias, where it is exact. What is left is rounded twice: activations with steps that are
    /// the same for all units of a row, weights with steps that are the same for all inputs of an output. Dividing
    /// unit `j` by `f` and multiplying its weights by it turns the two errors into `A f^2 gain^2` and
    /// `B deviation^2 / f^2`, whose sum is least at `f = (B / A)^(1/4) sqrt(deviation / gain)`; a factor that all
    /// units share has no effect. (`SmoothQuant`, arXiv 2211.10438, balances the largest values in the same way.)
    pub(super) fn new(inputs: &Inputs, gains: &[f32]) -> Self {
        let balance = |(&deviation, &gain): (&f32, &f32)| {
            let logarithm = 0.5 * (deviation.ln() - gain.ln());
            logarithm.is_finite().then_some(logarithm)
        };
        let pairs = || inputs.deviation.iter().zip(gains);
        let mut logarithms: Vec<f32> = pairs().filter_map(balance).collect();
        logarithms.sort_unstable_by(f32::total_cmp);
        let middle = logarithms.get(logarithms.len() / 2).copied().unwrap_or(0.0);
        let mut level = Self::plain(inputs.mean.len());
        let places = level.factor.as_mut_slice().iter_mut().zip(level.shift.as_mut_slice());
        for ((factor, shift), (pair, mean)) in places.zip(pairs().zip(&inputs.mean)) {
            if let Some(logarithm) = balance(pair) {
                *factor = (middle - logarithm).exp().clamp(1.0 / FARTHEST, FARTHEST);
            }
            *shift = -mean * *factor;
        }
        level
    }

    /// Turns the weights of an output, one an input, into those of levelled inputs; returns what its bias gains.
    pub(super) fn undo(&self, weights: &mut [f32]) -> f32 {
        // Independent lanes, so that the compiler can use vectors.
        let mut lanes = [0.0_f32; 16];
        let level = self.factor.as_slice().chunks(16).zip(self.shift.as_slice().chunks(16));
        for (weights, (factor, shift)) in weights.chunks_mut(16).zip(level) {
            for (((weight, factor), shift), lane) in weights.iter_mut().zip(factor).zip(shift).zip(&mut lanes)
            {
                *weight /= factor;
                *lane -= *weight * shift;
            }
        }
        lanes.into_iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two ordinary units, a loud one, a constant one, one without weights.
    fn inputs() -> (Inputs, [f32; 5]) {
        let inputs =
            Inputs { mean: vec![0.1, 0.2, -2.0, 30.0, 1.0], deviation: vec![0.5, 0.5, 8.0, 0.0, 0.5] };
        (inputs, [1.0, 1.0, 1.0, 1.0, 0.0])
    }

    #[test]
    fn a_loud_unit_is_made_quieter_and_every_mean_becomes_zero() {
        let (inputs, gains) = inputs();
        let level = Level::new(&inputs, &gains);
        let (factor, shift) = (level.factor.as_slice(), level.shift.as_slice());
        let expected = [1.0, 1.0, 0.25, 1.0, 1.0];
        assert!(factor.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{:?}", &factor[..5]);
        for unit in 0..5 {
            assert!((inputs.mean[unit] * factor[unit] + shift[unit]).abs() < 1e-6);
        }
    }

    #[test]
    fn the_weights_undo_the_level() {
        let (inputs, gains) = inputs();
        let level = Level::new(&inputs, &gains);
        let (x, weights) = ([0.7, 0.1, 5.0, 30.0, -1.0], [0.3, 0.7, -0.2, 0.05, 0.0]);
        let mut levelled = weights;
        let bias = level.undo(&mut levelled);
        let product = |x: &[f32], w: &[f32]| x.iter().zip(w).map(|(x, w)| x * w).sum::<f32>();
        let parts = level.factor.as_slice().iter().zip(level.shift.as_slice());
        let u: Vec<f32> = x.iter().zip(parts).map(|(x, (factor, shift))| x * factor + shift).collect();
        assert!((product(&u, &levelled) + bias - product(&x, &weights)).abs() < 1e-5);
    }

    #[test]
    fn a_unit_that_hardly_moved_is_stretched_only_so_far() {
        let inputs = Inputs { mean: vec![0.0; 3], deviation: vec![1.0, 1.0, 1e-20] };
        let level = Level::new(&inputs, &[1.0; 3]);
        assert_eq!(level.factor.as_slice()[..3], [1.0, 1.0, FARTHEST]);
    }
}
