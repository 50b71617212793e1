//! Minimising a smooth function of a few weights, some of which may not be negative.
//!
//! Newton's method, projected (Bertsekas, SIAM J. Control and Optimization 20, 1982): a weight that rests on its
//! bound and wants to go below takes no part in the step; all others take a Newton step and stop at their bounds.
//! With fewer than ten weights the Hessian costs nothing, and a dozen steps reach the precision of the machine.

/// Steps after which to stop in any case; far more than a convex problem needs.
const MAX_STEPS: usize = 200;

/// A step that gains less than this ends the search.
const PRECISION: f64 = 1e-12;

/// Keeps the Hessian invertible where the function is flat.
const DAMPING: f64 = 1e-9;

/// A function near a point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Local {
    /// Its value.
    pub(super) value: f64,
    /// Its slope.
    pub(super) gradient: Vec<f64>,
    /// Its curvature, or a positive semi-definite upper bound of it; row-major, square.
    pub(super) hessian: Vec<f64>,
}

impl Local {
    /// All zero.
    pub(super) fn new(dimension: usize) -> Self {
        Self { value: 0.0, gradient: vec![0.0; dimension], hessian: vec![0.0; dimension * dimension] }
    }

    /// Adds `strength / 2 * |weights - center|^2` over the weights that have a centre.
    pub(super) fn pull(&mut self, weights: &[f64], center: &[f64], strength: f64) {
        let dimension = self.gradient.len();
        for (i, (weight, center)) in weights.iter().zip(center).enumerate() {
            let distance = weight - center;
            self.value += strength / 2.0 * distance * distance;
            self.gradient[i] += strength * distance;
            self.hessian[i * dimension + i] += strength;
        }
    }
}

/// The weights with the smallest value of `function`; `bounded` says which may not be negative.
pub(super) fn minimise(function: impl Fn(&[f64]) -> Local, start: Vec<f64>, bounded: &[bool]) -> Vec<f64> {
    let mut weights = start;
    let mut here = function(&weights);
    for _ in 0..MAX_STEPS {
        let free: Vec<usize> = (0..weights.len())
            .filter(|&i| !(bounded[i] && weights[i] <= 0.0 && here.gradient[i] > 0.0))
            .collect();
        let Some(step) = newton_step(&here, &free) else { break };
        let slope: f64 = free.iter().zip(&step).map(|(&i, step)| here.gradient[i] * step).sum();
        let mut length = 1.0;
        let next = loop {
            let mut moved = weights.clone();
            for (&i, step) in free.iter().zip(&step) {
                moved[i] -= length * step;
                if bounded[i] {
                    moved[i] = moved[i].max(0.0);
                }
            }
            let there = function(&moved);
            if there.value <= here.value - 1e-4 * length * slope.max(0.0) {
                break Some((moved, there));
            }
            length /= 2.0;
            if length < 1e-10 {
                break None;
            }
        };
        let Some((moved, there)) = next else { break };
        let gain = here.value - there.value;
        (weights, here) = (moved, there);
        if gain < PRECISION {
            break;
        }
    }
    weights
}

/// Solves `hessian * step = gradient` over the free weights by Cholesky decomposition.
fn newton_step(local: &Local, free: &[usize]) -> Option<Vec<f64>> {
    let (dimension, n) = (local.gradient.len(), free.len());
    let mut lower = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
            let rest = local.hessian[free[i] * dimension + free[j]] - known;
            lower[i * n + j] =
                if i == j { (rest + DAMPING).max(DAMPING).sqrt() } else { rest / lower[j * n + j] };
        }
    }
    let mut step: Vec<f64> = free.iter().map(|&i| local.gradient[i]).collect();
    for i in 0..n {
        let known: f64 = (0..i).map(|k| lower[i * n + k] * step[k]).sum();
        step[i] = (step[i] - known) / lower[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| lower[k * n + i] * step[k]).sum();
        step[i] = (step[i] - known) / lower[i * n + i];
    }
    step.iter().all(|x| x.is_finite()).then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(x - 3)^2 + (x - 3)(y + 1) + (y + 1)^2`: smallest at (3, -1); with y >= 0 at x = 2.5.
    fn bowl(w: &[f64]) -> Local {
        let (x, y) = (w[0] - 3.0, w[1] + 1.0);
        Local {
            value: x * x + x * y + y * y,
            gradient: vec![2.0 * x + y, x + 2.0 * y],
            hessian: vec![2.0, 1.0, 1.0, 2.0],
        }
    }

    fn assert_near(found: &[f64], expected: &[f64]) {
        let near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near, "{found:?}, expected {expected:?}");
    }

    #[test]
    fn a_bowl_has_its_minimum_where_algebra_says() {
        assert_near(&minimise(bowl, vec![0.0, 0.0], &[false, false]), &[3.0, -1.0]);
    }

    #[test]
    fn a_bound_moves_the_other_weight_too() {
        assert_near(&minimise(bowl, vec![0.0, 0.0], &[true, true]), &[2.5, 0.0]);
    }

    #[test]
    fn a_weight_leaves_its_bound_when_that_pays() {
        let shifted = |w: &[f64]| bowl(&[w[0], w[1] - 5.0]);
        assert_near(&minimise(shifted, vec![0.0, 0.0], &[true, true]), &[3.0, 4.0]);
    }

    #[test]
    fn a_function_without_curvature_in_one_direction_does_not_blow_up() {
        let valley = |w: &[f64]| Local {
            value: (w[0] - 1.0).powi(2),
            gradient: vec![2.0 * (w[0] - 1.0), 0.0],
            hessian: vec![2.0, 0.0, 0.0, 0.0],
        };
        assert_near(&minimise(valley, vec![0.0, 7.0], &[false, false]), &[1.0, 7.0]);
    }

    #[test]
    fn a_function_that_is_not_quadratic_is_followed_to_its_minimum() {
        // exp(x) - 2x, smallest at ln 2; the full Newton step from -10 overshoots by far.
        let curved = |w: &[f64]| Local {
            value: w[0].exp() - 2.0 * w[0],
            gradient: vec![w[0].exp() - 2.0],
            hessian: vec![w[0].exp()],
        };
        assert_near(&minimise(curved, vec![-10.0], &[false]), &[2f64.ln()]);
    }
}
