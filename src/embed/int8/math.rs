//! Elementary functions on vectors: the exponential of softmax and the activations of BERT models.
//!
//! The coefficients are minimax fits made for this file; the tests hold each function to its stated error.

use super::kernel::Backend;

/// `2^x`, relative error below 3e-7; 0 and below `2^-126` become `2^-126`, which vanishes in any sum.
#[inline(always)]
pub(super) fn exp2<B: Backend>(b: B, x: B::F) -> B::F {
    // 2^f on -0.5..=0.5
    const POLYNOMIAL: [f32; 6] = [1.0, 0.693_146_94, 0.240_221_3, 0.055_508_64, 0.009_675_669, 0.001_322_54];
    let x = b.min(b.max(x, b.splat(-126.0)), b.splat(127.0));
    let whole = b.round(x);
    b.mul(polynomial(b, b.sub(x, whole), &POLYNOMIAL), b.power_of_two(whole))
}

/// `x * Phi(x)` with the Gaussian distribution function: BERT's `gelu`, absolute error below 6e-6 for |x| <= 20.
#[inline(always)]
pub(super) fn gelu<B: Backend>(b: B, x: B::F) -> B::F {
    // erf(z / sqrt 2) = z * P(2 z^2 / LIMIT^2 - 1) for |z| <= LIMIT; fitted for the least error of gelu itself, the
    // tail beyond LIMIT included.
    const LIMIT: f32 = 4.8;
    const POLYNOMIAL: [f32; 11] = [
        0.294_425_58,
        -0.145_959_47,
        0.105_808_236,
        -0.081_132_82,
        0.061_442_215,
        -0.044_371_154,
        0.027_724_95,
        -0.014_892_53,
        0.010_790_038,
        -0.008_386_546,
        0.002_884_852,
    ];
    let z = b.min(b.max(x, b.splat(-LIMIT)), b.splat(LIMIT));
    let t = b.mul_add(b.mul(z, z), b.splat(2.0 / (LIMIT * LIMIT)), b.splat(-1.0));
    let erf = b.mul(z, polynomial(b, t, &POLYNOMIAL));
    let half = b.mul(x, b.splat(0.5));
    b.mul_add(half, erf, half)
}

/// The approximation of GELU by tanh, `gelu_new` and `gelu_pytorch_tanh`:
/// `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`, absolute error below 2e-6 for |x| <= 20.
#[inline(always)]
pub(super) fn gelu_tanh<B: Backend>(b: B, x: B::F) -> B::F {
    // x / 2 * (1 + tanh y) = x / (1 + e^-2y); the factor is -2 * sqrt(2 / pi) * log2(e).
    const FACTOR: f32 = -2.302_208_2;
    let cube = b.mul(b.mul(x, x), x);
    let y = b.mul_add(cube, b.splat(0.044_715), x);
    b.div(x, b.add(b.splat(1.0), exp2(b, b.mul(y, b.splat(FACTOR)))))
}

/// `max(x, 0)`.
#[inline(always)]
pub(super) fn relu<B: Backend>(b: B, x: B::F) -> B::F {
    b.max(x, b.splat(0.0))
}

/// Horner's scheme, coefficients from the constant term up.
#[inline(always)]
fn polynomial<B: Backend, const N: usize>(b: B, x: B::F, coefficients: &[f32; N]) -> B::F {
    let mut sum = b.splat(coefficients[N - 1]);
    for &coefficient in coefficients[..N - 1].iter().rev() {
        sum = b.mul_add(sum, x, b.splat(coefficient));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::kernel::{Kernel, Processor, Task};
    use super::*;

    /// A function on vectors.
    trait Function: Copy {
        fn apply<B: Backend>(self, b: B, x: B::F) -> B::F;
    }

    struct Apply<'a, F> {
        function: F,
        values: &'a mut [f32],
    }

    impl<F: Function> Task for Apply<'_, F> {
        #[inline(always)]
        fn run<B: Backend>(self, b: B) {
            for lanes in self.values.chunks_exact_mut(B::LANES) {
                let value = self.function.apply(b, b.load(lanes));
                b.store(lanes, value);
            }
        }
    }

    macro_rules! function {
        ($name:ident, $function:path) => {
            #[derive(Clone, Copy)]
            struct $name;
            impl Function for $name {
                #[inline(always)]
                fn apply<B: Backend>(self, b: B, x: B::F) -> B::F {
                    $function(b, x)
                }
            }
        };
    }
    function!(Exp2, exp2);
    function!(Gelu, gelu);
    function!(GeluTanh, gelu_tanh);
    function!(Relu, relu);

    /// Largest error over a fine grid, for each kernel of this machine.
    fn hold<F: Function>(
        function: F,
        range: std::ops::Range<f32>,
        exact: fn(f64) -> f64,
        bound: f64,
        relative: bool,
    ) {
        const POINTS: usize = 1 << 14;
        let step = (range.end - range.start) / POINTS as f32;
        let grid: Vec<f32> = (0..POINTS).map(|point| range.start + point as f32 * step).collect();
        for (kernel, processor) in Kernel::ALL.into_iter().filter_map(|k| Some((k, Processor::detect(k)?))) {
            let mut values = grid.clone();
            processor.run(Apply { function, values: &mut values });
            for (&x, &found) in grid.iter().zip(&values) {
                let expected = exact(f64::from(x));
                let scale = if relative { expected } else { 1.0 };
                let error = (f64::from(found) - expected).abs() / scale;
                assert!(error <= bound, "{} at {x}: {found} instead of {expected}", kernel.name());
            }
        }
    }

    /// erf by its power series, which converges quickly for the arguments that matter.
    fn erf(x: f64) -> f64 {
        if x.abs() > 5.0 {
            return x.signum();
        }
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn exp2_is_as_exact_as_stated() {
        hold(Exp2, -120.0..120.0, f64::exp2, 3e-7, true);
        hold(Exp2, -300.0..-200.0, |_| 0.0, 1.2e-38, false);
    }

    #[test]
    fn gelu_is_as_exact_as_stated() {
        let exact = |x: f64| 0.5 * x * (1.0 + erf(x / std::f64::consts::SQRT_2));
        hold(Gelu, -6.0..6.0, exact, 6e-6, false);
        hold(Gelu, -20.0..20.0, exact, 6e-6, false);
    }

    #[test]
    fn gelu_tanh_is_as_exact_as_stated() {
        let exact = |x: f64| {
            let y = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
            0.5 * x * (1.0 + y.tanh())
        };
        hold(GeluTanh, -6.0..6.0, exact, 2e-6, false);
        hold(GeluTanh, -20.0..20.0, exact, 2e-6, false);
    }

    #[test]
    fn relu_is_exact() {
        hold(Relu, -6.0..6.0, |x| x.max(0.0), 0.0, false);
    }
}
