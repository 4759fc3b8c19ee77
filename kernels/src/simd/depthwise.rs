//! Depthwise 3x3 convolution of one row of pixels, and the gradient of its weights.
//!
//! The same kernel serves the forward pass (over inputs) and the gradient of the input (over gradients, with
//! the weights turned by 180 degrees). Rows that lie outside the image are rows of zeros.
//!
//! *Invariant:* channels are vectors; a row of output is computed from three rows of input, each read once
//! per channel.

use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::{load, whole_vectors};
use pulp::{Simd, WithSimd};

/// The image rows above, at and below an output row, each `[side, channels]`.
pub(crate) type ThreeRows<'a> = [Rows<'a>; 3];

/// The stride of three rows that have this shape and one stride.
fn check(rows: &ThreeRows<'_>, shape: (usize, usize)) -> usize {
    let stride = rows[0].stride();
    assert!(rows.iter().all(|row| (row.len(), row.width(), row.stride()) == (shape.0, shape.1, stride)));
    stride
}

/// `out[x][c] = sum over the 3x3 window of taps[ky][kx][c] * rows[ky][x + kx - 1][c]`.
pub(crate) struct Depthwise<'a> {
    pub(crate) rows: ThreeRows<'a>,
    /// `[9, channels]`.
    pub(crate) taps: Rows<'a>,
    /// `[side, channels]`.
    pub(crate) out: RowsMut<'a>,
}

impl WithSimd for Depthwise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let shape = (self.out.len(), self.out.width());
        assert!(shape.0 > 0, "a row of pixels");
        let pitch = check(&self.rows, shape);
        assert!((self.taps.len(), self.taps.width()) == (9, shape.1));
        let (side, last, channels) = (shape.0, shape.0 - 1, whole_vectors::<S>(shape.1));
        let zero = simd.splat_f32s(0.0);
        for channel in (0..channels).step_by(S::F32_LANES) {
            // SAFETY: the shapes are checked above: pixels stay within the side, vectors within the channels.
            unsafe {
                let mut taps = [zero; 9];
                for (k, tap) in taps.iter_mut().enumerate() {
                    *tap = self.taps.load::<S>(k, channel);
                }
                let rows = self.rows.map(|row| row.at(0, channel));
                // A column adds to the outputs on its left, at it and on its right.
                let (mut left, mut here) = (zero, zero);
                for x in 0..side {
                    let at = x * pitch;
                    let above = load::<S>(rows[0].add(at));
                    let level = load::<S>(rows[1].add(at));
                    let below = load::<S>(rows[2].add(at));
                    let add = |sum: S::f32s, kx: usize| {
                        let sum = simd.mul_add_e_f32s(above, taps[kx], sum);
                        let sum = simd.mul_add_e_f32s(level, taps[3 + kx], sum);
                        simd.mul_add_e_f32s(below, taps[6 + kx], sum)
                    };
                    if x > 0 {
                        self.out.store::<S>(x - 1, channel, add(left, 2));
                    }
                    left = add(here, 1);
                    here = simd.mul_f32s(above, taps[0]);
                    here = simd.mul_add_e_f32s(level, taps[3], here);
                    here = simd.mul_add_e_f32s(below, taps[6], here);
                }
                self.out.store::<S>(last, channel, left);
            }
        }
    }
}

/// `out[ky][kx][c] += sum over x of gradient[x][c] * rows[ky][x + kx - 1][c]`.
pub(crate) struct TapGradients<'a> {
    pub(crate) rows: ThreeRows<'a>,
    /// `[side, channels]`.
    pub(crate) gradient: Rows<'a>,
    /// `[9, channels]`.
    pub(crate) out: RowsMut<'a>,
}

impl WithSimd for TapGradients<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let shape = (self.gradient.len(), self.gradient.width());
        assert!(shape.0 > 0, "a row of pixels");
        let pitch = check(&self.rows, shape);
        assert!((self.out.len(), self.out.width()) == (9, shape.1));
        let (side, last, channels) = (shape.0, shape.0 - 1, whole_vectors::<S>(shape.1));
        let zero = simd.splat_f32s(0.0);
        for channel in (0..channels).step_by(S::F32_LANES) {
            // SAFETY: the shapes are checked above: pixels stay within the side, vectors within the channels.
            unsafe {
                let rows = self.rows.map(|row| row.at(0, channel));
                let mut sums = [zero; 9];
                let (mut left, mut here) = (zero, self.gradient.load::<S>(0, channel));
                for x in 0..side {
                    let right = if x < last { self.gradient.load::<S>(x + 1, channel) } else { zero };
                    for ky in 0..3 {
                        let value = load::<S>(rows[ky].add(x * pitch));
                        sums[3 * ky] = simd.mul_add_e_f32s(value, right, sums[3 * ky]);
                        sums[3 * ky + 1] = simd.mul_add_e_f32s(value, here, sums[3 * ky + 1]);
                        sums[3 * ky + 2] = simd.mul_add_e_f32s(value, left, sums[3 * ky + 2]);
                    }
                    (left, here) = (here, right);
                }
                for (k, sum) in sums.into_iter().enumerate() {
                    self.out.add(simd, k, channel, sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::guarded::{Draw, Guarded, processors};
    use crate::simd::isa::Run;
    use proptest::array::uniform3;
    use proptest::prelude::*;

    /// The number that tap `kx` at pixel `x` meets: zero outside the image.
    fn neighbour(row: &Guarded, x: usize, kx: usize, channel: usize) -> f64 {
        let at = (x + kx).checked_sub(1).filter(|&at| at < row.rows().len());
        at.map_or(0.0, |at| row.exact(at, channel))
    }

    proptest! {
        #[test]
        fn a_row_is_convolved_as_in_float64(
            (side, channels) in (1usize..12, 1usize..50), gaps in uniform3(0usize..20), seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let rows = [(); 3].map(|()| draw.input(side, channels, gaps[0]));
            let (taps, start) = (draw.input(9, channels, gaps[1]), draw.output(side, channels, gaps[2]));
            let expected = |x: usize, c: usize| {
                (0..9).map(|k| taps.exact(k, c) * neighbour(&rows[k / 3], x, k % 3, c)).sum()
            };
            for processor in processors() {
                let mut out = start.clone();
                let rows = rows.each_ref().map(Guarded::rows);
                Depthwise { rows, taps: taps.rows(), out: out.rows_mut() }.run(processor);
                prop_assert!(out.is(expected), "{:?}", processor);
            }
        }

        #[test]
        fn gradients_of_taps_add_up_to_those_of_float64(
            (side, channels) in (1usize..12, 1usize..50), gaps in uniform3(0usize..20), seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let rows = [(); 3].map(|()| draw.input(side, channels, gaps[0]));
            let (gradient, start) = (draw.input(side, channels, gaps[1]), draw.output(9, channels, gaps[2]));
            let expected = |k: usize, c: usize| {
                let product = |x: usize| gradient.exact(x, c) * neighbour(&rows[k / 3], x, k % 3, c);
                start.exact(k, c) + (0..side).map(product).sum::<f64>()
            };
            for processor in processors() {
                let mut out = start.clone();
                let rows = rows.each_ref().map(Guarded::rows);
                TapGradients { rows, gradient: gradient.rows(), out: out.rows_mut() }.run(processor);
                prop_assert!(out.is(expected), "{:?}", processor);
            }
        }
    }
}
