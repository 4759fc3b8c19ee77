//! Depthwise 3x3 convolution of one row of pixels, and the gradient of its weights.
//!
//! The same kernel serves the forward pass (over inputs) and the gradient of the input (over gradients, with the weights
//! turned by 180 degrees). Rows that lie outside the image are rows of zeros.
//!
//! *Invariant:* channels are vectors; a row of output is computed from three rows of input, each read once per channel.

use crate::simd::isa::Processor;
use crate::simd::vectors::{load, store};
use pulp::{Simd, WithSimd};

/// Rows above, at and below an output row.
pub(crate) type ThreeRows<'a> = [&'a [f32]; 3];

/// `out[x][c] = sum over the 3x3 window of taps[ky][kx][c] * rows[ky][x + kx - 1][c]`.
pub(crate) struct Row<'a> {
    pub(crate) rows: ThreeRows<'a>,
    pub(crate) pitch: usize,
    pub(crate) side: usize,
    pub(crate) channels: usize,
    /// `[9, taps_pitch]`.
    pub(crate) taps: &'a [f32],
    pub(crate) taps_pitch: usize,
    pub(crate) out: &'a mut [f32],
    pub(crate) out_pitch: usize,
}

impl Row<'_> {
    pub(crate) fn run(self, processor: Processor) {
        processor.run(self);
    }
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.channels.next_multiple_of(S::F32_LANES);
        let last = self.side - 1;
        assert!(self.rows.iter().all(|row| row.len() >= last * self.pitch + channels));
        assert!(self.taps.len() >= 8 * self.taps_pitch + channels);
        assert!(self.out.len() >= last * self.out_pitch + channels);
        let zero = simd.splat_f32s(0.0);
        for channel in (0..channels).step_by(S::F32_LANES) {
            // SAFETY: the lengths are checked above: columns stay below `side`, vectors below `channels`.
            unsafe {
                let mut taps = [zero; 9];
                for (k, tap) in taps.iter_mut().enumerate() {
                    *tap = load::<S>(self.taps.as_ptr().add(k * self.taps_pitch + channel));
                }
                let rows = [
                    self.rows[0].as_ptr().add(channel),
                    self.rows[1].as_ptr().add(channel),
                    self.rows[2].as_ptr().add(channel),
                ];
                let out = self.out.as_mut_ptr().add(channel);
                // A column adds to the outputs on its left, at it and on its right.
                let (mut left, mut here) = (zero, zero);
                for x in 0..self.side {
                    let at = x * self.pitch;
                    let above = load::<S>(rows[0].add(at));
                    let level = load::<S>(rows[1].add(at));
                    let below = load::<S>(rows[2].add(at));
                    let add = |sum: S::f32s, kx: usize| {
                        let sum = simd.mul_add_e_f32s(above, taps[kx], sum);
                        let sum = simd.mul_add_e_f32s(level, taps[3 + kx], sum);
                        simd.mul_add_e_f32s(below, taps[6 + kx], sum)
                    };
                    if x > 0 {
                        store::<S>(out.add((x - 1) * self.out_pitch), add(left, 2));
                    }
                    left = add(here, 1);
                    here = simd.mul_f32s(above, taps[0]);
                    here = simd.mul_add_e_f32s(level, taps[3], here);
                    here = simd.mul_add_e_f32s(below, taps[6], here);
                }
                store::<S>(out.add(last * self.out_pitch), left);
            }
        }
    }
}

/// `out[ky][kx][c] += sum over x of gradient[x][c] * rows[ky][x + kx - 1][c]`.
pub(crate) struct TapGradients<'a> {
    pub(crate) rows: ThreeRows<'a>,
    pub(crate) pitch: usize,
    pub(crate) side: usize,
    pub(crate) channels: usize,
    pub(crate) gradient: &'a [f32],
    pub(crate) gradient_pitch: usize,
    /// `[9, out_pitch]`.
    pub(crate) out: &'a mut [f32],
    pub(crate) out_pitch: usize,
}

impl TapGradients<'_> {
    pub(crate) fn run(self, processor: Processor) {
        processor.run(self);
    }
}

impl WithSimd for TapGradients<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.channels.next_multiple_of(S::F32_LANES);
        let last = self.side - 1;
        assert!(self.rows.iter().all(|row| row.len() >= last * self.pitch + channels));
        assert!(self.gradient.len() >= last * self.gradient_pitch + channels);
        assert!(self.out.len() >= 8 * self.out_pitch + channels);
        let zero = simd.splat_f32s(0.0);
        for channel in (0..channels).step_by(S::F32_LANES) {
            // SAFETY: the lengths are checked above: columns stay below `side`, vectors below `channels`.
            unsafe {
                let rows = [
                    self.rows[0].as_ptr().add(channel),
                    self.rows[1].as_ptr().add(channel),
                    self.rows[2].as_ptr().add(channel),
                ];
                let gradient = self.gradient.as_ptr().add(channel);
                let mut sums = [zero; 9];
                let (mut left, mut here) = (zero, load::<S>(gradient));
                for x in 0..self.side {
                    let right =
                        if x < last { load::<S>(gradient.add((x + 1) * self.gradient_pitch)) } else { zero };
                    for ky in 0..3 {
                        let value = load::<S>(rows[ky].add(x * self.pitch));
                        sums[3 * ky] = simd.mul_add_e_f32s(value, right, sums[3 * ky]);
                        sums[3 * ky + 1] = simd.mul_add_e_f32s(value, here, sums[3 * ky + 1]);
                        sums[3 * ky + 2] = simd.mul_add_e_f32s(value, left, sums[3 * ky + 2]);
                    }
                    (left, here) = (here, right);
                }
                for (k, sum) in sums.into_iter().enumerate() {
                    let address = self.out.as_mut_ptr().add(k * self.out_pitch + channel);
                    store::<S>(address, simd.add_f32s(load::<S>(address), sum));
                }
            }
        }
    }
}
