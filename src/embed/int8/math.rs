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
    const POLYNOMIAL: [f32; 11] = [0.294_425_58, -0.145_959_47, 0.105_808_236, -0.081_132_82, 0.061_442_215, -0.044_371_154, 0.027_724_95, -0.014_892_53, 0.010_790_038, -0.008_386_546, 0.002_884_852];
    let z = b.min(b.max(x, b.splat(-LIMIT)), b.splat(LIMIT));
    let t = b.mul_add(b.mul(z, z), b.splat(2.0 / (LIMIT * LIMIT)), b.splat(-1.0));
    let erf = b.mul(z, polynomial(b, t, &POLYNOMIAL));
    let half = b.mul(x, b.splat(0.5));
    b.mul_add(half, erf, half)
}

/// The approximation of GELU by tanh, `gelu_new` and `gelu_pytorch_tanh`:
/// `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`, absolute error below 1e-6 for |x| <= 20.
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
