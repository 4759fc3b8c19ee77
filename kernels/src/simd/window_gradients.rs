//! The way back through a max pool.
//!
//! Behind a pool one pixel of each window has a gradient, so products with the gradient visit those pixels
//! and no other.
//!
//! *Invariant:* windows are added in their order, even and odd ones apart.

use crate::simd::isa::Processor;
use crate::simd::pool::{PACKED, unpack};
use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::{STRIP, load, store, whole_vectors};
use pulp::{Simd, WithSimd};

/// The gradient behind a max pool, window by window: one pixel of each has it.
///
/// For window `w`, output `o` and `p = argmax[w][o]`: `codes[p]` takes part in
/// `out[o] += gradient[w][o] * codes[p]`, and `back[p] += gradient[w][o] * weights[o]`.
pub(crate) struct WindowGradients<'a> {
    /// `[windows, outputs]`.
    pub(crate) gradient: Rows<'a>,
    /// Rows of `codes` and `back`, packed: `[windows / 4, outputs]`, rounded up.
    pub(crate) argmax: Rows<'a, u32>,
    /// `[STRIP, rank]`.
    pub(crate) codes: Rows<'a>,
    /// `[STRIP, rank]`, with the stride of `codes`.
    pub(crate) back: RowsMut<'a>,
    /// `[outputs, rank]`.
    pub(crate) weights: Rows<'a>,
    /// `[outputs, rank]`.
    pub(crate) out: RowsMut<'a>,
}

impl WindowGradients<'_> {
    pub(crate) fn run(self, processor: Processor) {
        if self.gradient.len() > 0 {
            processor.narrowed(self.codes.width()).run(self);
        }
    }

    /// Takes one window's gradient of one output to its winner. The winner's numbers begin at `start` in both
    /// strips.
    ///
    /// # Safety
    /// `V` vectors must be within the strips at `start`.
    #[inline(always)]
    unsafe fn spread<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        start: usize,
        gradient: f32,
        weights: &[S::f32s; V],
        sums: &mut [S::f32s; V],
    ) {
        let gradient = simd.splat_f32s(gradient);
        for v in 0..V {
            // SAFETY: the caller's promise.
            unsafe {
                let code = load::<S>(self.codes.at(0, 0).add(start + v * S::F32_LANES));
                sums[v] = simd.mul_add_e_f32s(gradient, code, sums[v]);
                let back = self.back.at(0, 0).add(start + v * S::F32_LANES);
                store::<S>(back, simd.mul_add_e_f32s(gradient, weights[v], load::<S>(back)));
            }
        }
    }

    /// Takes all windows for `V` vectors of the rank.
    ///
    /// # Safety
    /// Columns `column..column + V * lanes` must be within the rows of codes, weights and results.
    #[inline(always)]
    unsafe fn columns<S: Simd, const V: usize>(&mut self, simd: S, column: usize) {
        let zero = simd.splat_f32s(0.0);
        let Self { gradient, argmax, codes, .. } = *self;
        let windows = gradient.len();
        for output in 0..gradient.width() {
            let (mut weights, mut sums) = ([zero; V], [zero; V]);
            // SAFETY: outputs and windows are within their arrays, argmax below `STRIP`, as `with_simd` has
            // checked.
            unsafe {
                for v in 0..V {
                    weights[v] = self.weights.load::<S>(output, column + v * S::F32_LANES);
                    sums[v] = self.out.as_rows().load::<S>(output, column + v * S::F32_LANES);
                }
                // Two sums in turn: one would wait for itself.
                let mut both = [sums, [zero; V]];
                let mut take = |word: u32, window: usize, n: usize| {
                    let start = unpack(word, n) * codes.stride() + column;
                    self.spread::<S, V>(
                        simd,
                        start,
                        *gradient.at(window + n, output),
                        &weights,
                        &mut both[n % 2],
                    );
                };
                let whole = windows / PACKED;
                for group in 0..whole {
                    let word = *argmax.at(group, output);
                    for n in 0..PACKED {
                        take(word, PACKED * group, n);
                    }
                }
                for n in 0..windows % PACKED {
                    take(*argmax.at(whole, output), PACKED * whole, n);
                }
                let [sums, others] = both;
                for v in 0..V {
                    let sum = simd.add_f32s(sums[v], others[v]);
                    self.out.store::<S>(output, column + v * S::F32_LANES, sum);
                }
            }
        }
    }
}

impl WithSimd for WindowGradients<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Self { gradient, argmax, codes, weights, .. } = self;
        let width = codes.width();
        assert!(argmax.len() == gradient.len().div_ceil(PACKED) && argmax.width() == gradient.width());
        // Whatever the words hold, a winner is one of so many pixels.
        assert!(codes.len() == STRIP && self.back.len() == STRIP);
        assert!(self.back.width() == width && self.back.as_rows().stride() == codes.stride());
        assert!((weights.len(), weights.width()) == (gradient.width(), width));
        assert!((self.out.len(), self.out.width()) == (gradient.width(), width));
        let rank = whole_vectors::<S>(width);
        let mut column = 0;
        while column < rank {
            let vectors = (rank - column) / S::F32_LANES;
            // SAFETY: the shapes are checked above, and columns end within `rank`.
            let done = unsafe {
                if vectors >= 4 {
                    self.columns::<S, 4>(simd, column);
                    4
                } else if vectors >= 2 {
                    self.columns::<S, 2>(simd, column);
                    2
                } else {
                    self.columns::<S, 1>(simd, column);
                    1
                }
            };
            column += done * S::F32_LANES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::guarded::{Draw, Guarded, processors};
    use crate::simd::pool::pack;
    use proptest::array::uniform5;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_window_gives_its_gradient_to_the_pixel_that_won(
            (windows, outputs, rank) in (0usize..17, 1usize..20, 1usize..70),
            gaps in uniform5(0usize..20),
            seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let gradient = draw.input(windows, outputs, gaps[0]);
            let pixels: Vec<u32> = (0..windows * outputs).map(|_| draw.below(STRIP as u32)).collect();
            let winner = |window: usize, output: usize| pixels[window * outputs + output] as usize;
            let mut at = 0..;
            let argmax = Guarded::new(windows.div_ceil(PACKED), outputs, gaps[1], u32::MAX, || {
                let at = at.next().unwrap();
                let windows = (at / outputs * PACKED..windows).take(PACKED);
                windows.fold(0, |word, window| word | pack(winner(window, at % outputs), window))
            });
            let (codes, weights) = (draw.input(STRIP, rank, gaps[2]), draw.input(outputs, rank, gaps[3]));
            let (sums, strip) = (draw.output(outputs, rank, gaps[4]), draw.output(STRIP, rank, gaps[2]));
            let expected = |output: usize, r: usize| {
                let product = |w: usize| gradient.exact(w, output) * codes.exact(winner(w, output), r);
                sums.exact(output, r) + (0..windows).map(product).sum::<f64>()
            };
            let mut expected_back = vec![vec![0.0; rank]; STRIP];
            for (w, output) in (0..windows).flat_map(|w| (0..outputs).map(move |output| (w, output))) {
                for (r, back) in expected_back[winner(w, output)].iter_mut().enumerate() {
                    *back += gradient.exact(w, output) * weights.exact(output, r);
                }
            }
            for processor in processors() {
                let (mut out, mut back) = (sums.clone(), strip.clone());
                WindowGradients {
                    gradient: gradient.rows(),
                    argmax: argmax.rows(),
                    codes: codes.rows(),
                    back: back.rows_mut(),
                    weights: weights.rows(),
                    out: out.rows_mut(),
                }
                .run(processor);
                prop_assert!(out.is(expected), "{:?}", processor);
                let expected_back = |pixel: usize, r: usize| strip.exact(pixel, r) + expected_back[pixel][r];
                prop_assert!(back.is(expected_back), "{:?}", processor);
            }
        }
    }
}
