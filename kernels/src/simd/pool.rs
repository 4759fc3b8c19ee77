//! A 1x1 convolution, rectifier and 2x2 max pool in one, and the way back through a max pool.
//!
//! Four pixels of a window are four rows of one register tile, so the unpooled tensor never exists. Which pixel was the
//! largest is kept as its number within the strip, one byte; ties go to the first in row-major order, as in `PyTorch`. The
//! bytes of four windows in a row share a word, so that a vector of channels writes a vector of words.
//!
//! *Invariant:* a winner's byte is below the strip's pixels. Where the pooled value is zero the rectifier blocked it, and
//! the winner does not matter.

use crate::simd::isa::Processor;
use crate::simd::matmul::tile;
use crate::simd::panels::{PANEL_VECTORS, Panels};
use crate::simd::vectors::{STRIP, load, rectify, store};
use pulp::{Simd, WithSimd};

/// Pixels of a window.
const WINDOW: usize = 4;
/// Windows whose argmax share a word.
const PACKED: usize = 4;

const _: () = assert!(STRIP.is_power_of_two() && STRIP <= 256, "positions are bytes, cut by a mask");

/// The word of a window's winner as number `window` among those that share it.
pub(crate) fn pack(pixel: usize, window: usize) -> u32 {
    (pixel as u32) << (8 * (window % PACKED))
}

/// The winner of number `window` among those that share a word.
pub(crate) fn unpack(word: u32, window: usize) -> usize {
    (word >> (8 * (window % PACKED)) & (STRIP as u32 - 1)) as usize
}

/// Pools a strip of an even number of image rows.
pub(crate) struct PooledMatmul<'a> {
    /// `[pixels, depth]`.
    pub(crate) left: &'a [f32],
    pub(crate) left_pitch: usize,
    pub(crate) pixels: usize,
    /// Pixels of an image row.
    pub(crate) side: usize,
    pub(crate) right: &'a Panels,
    pub(crate) initial: &'a [f32],
    /// `[pixels / 4, columns]`.
    pub(crate) out: &'a mut [f32],
    pub(crate) out_pitch: usize,
    /// The largest pixel of each output, within the strip, packed: `[pixels / 16, columns]`.
    pub(crate) argmax: &'a mut [u32],
}

impl PooledMatmul<'_> {
    pub(crate) fn run(self, processor: Processor) {
        processor.run(self);
    }

    /// `N` windows (`R = 4 N` pixels) times `V` vectors.
    ///
    /// # Safety
    /// Windows `window..window + N` and columns `column..column + V * lanes` must be within the product.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const V: usize>(
        &mut self,
        simd: S,
        window: usize,
        column: usize,
        words: &mut [S::u32s; V],
    ) {
        let zero = simd.splat_f32s(0.0);
        let half = self.side / 2;
        let first = |window: usize| (window / half) * 2 * self.side + (window % half) * 2;
        let corners = [0, 1, self.side, self.side + 1];
        let mut initial = [zero; V];
        let mut rows = [self.left.as_ptr(); R];
        // SAFETY: pixels are within the strip, columns within panels and `initial`, as `with_simd` has checked.
        let sums = unsafe {
            for (v, initial) in initial.iter_mut().enumerate() {
                *initial = load::<S>(self.initial.as_ptr().add(column + v * S::F32_LANES));
            }
            for (r, address) in rows.iter_mut().enumerate() {
                let pixel = first(window + r / WINDOW) + corners[r % WINDOW];
                *address = address.add(pixel * self.left_pitch);
            }
            let panel = self.right.values.as_ptr().add(column * self.right.depth);
            tile::<S, R, V>(simd, self.right.depth, rows, panel, initial)
        };
        for n in 0..R / WINDOW {
            let pixel = first(window + n);
            let number = |corner: usize| simd.splat_u32s(pack(pixel + corners[corner], window + n));
            for v in 0..V {
                let corner = |corner: usize| sums[WINDOW * n + corner][v];
                let (mut largest, mut winner) = (corner(0), number(0));
                for next in 1..WINDOW {
                    let larger = simd.greater_than_f32s(corner(next), largest);
                    winner = simd.select_u32s(larger, number(next), winner);
                    largest = simd.select_f32s(larger, corner(next), largest);
                }
                words[v] = simd.or_u32s(words[v], winner);
                let at = (window + n) * self.out_pitch + column + v * S::F32_LANES;
                // SAFETY: the window and its columns are within `out`, as `with_simd` has checked.
                unsafe { store::<S>(self.out.as_mut_ptr().add(at), rectify(simd, largest)) };
            }
        }
    }

    /// # Safety
    /// As for `block`.
    #[inline(always)]
    unsafe fn panel<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, column: usize) {
        for first in (0..self.pixels / WINDOW).step_by(PACKED) {
            let mut words = [simd.splat_u32s(0); V];
            for window in (first..first + PACKED).step_by(R / WINDOW) {
                // SAFETY: windows come in whole words, as `with_simd` has checked; columns are the caller's promise.
                unsafe { self.block::<S, R, V>(simd, window, column, &mut words) };
            }
            for (v, words) in words.into_iter().enumerate() {
                let at = first / PACKED * self.out_pitch + column + v * S::F32_LANES;
                // SAFETY: as for the windows.
                unsafe { self.argmax.as_mut_ptr().add(at).cast::<S::u32s>().write_unaligned(words) };
            }
        }
    }
}

impl WithSimd for PooledMatmul<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let columns = self.right.columns();
        let windows = self.pixels / WINDOW;
        assert!(self.right.suit(S::F32_LANES), "panels packed for other vectors");
        assert!(self.pixels > 0 && self.pixels.is_multiple_of(2 * self.side) && self.pixels <= STRIP);
        assert!(windows.is_multiple_of(PACKED));
        assert!(self.left.len() >= (self.pixels - 1) * self.left_pitch + self.right.depth);
        assert!(self.initial.len() >= columns);
        assert!(self.out.len() >= (windows - 1) * self.out_pitch + columns);
        assert!(self.argmax.len() >= (windows - 1) / PACKED * self.out_pitch + columns);
        let full = PANEL_VECTORS * S::F32_LANES;
        let mut column = 0;
        while column < columns {
            // SAFETY: the lengths are checked above, and a panel ends within `columns`.
            unsafe {
                match (column + full <= columns, S::REGISTER_COUNT > 16) {
                    (true, true) => self.panel::<S, 8, PANEL_VECTORS>(simd, column),
                    (true, false) => self.panel::<S, 4, PANEL_VECTORS>(simd, column),
                    (false, _) => self.panel::<S, 8, 1>(simd, column),
                }
            }
            column += full;
        }
    }
}

/// The gradient behind a max pool, window by window: one pixel of each has it.
///
/// For window `w`, output `o` and `p = argmax[w][o]`: `codes[p]` takes part in
/// `out[o] += gradient[w][o] * codes[p]`, and `back[p] += gradient[w][o] * weights[o]`.
pub(crate) struct WindowGradients<'a> {
    pub(crate) windows: usize,
    pub(crate) outputs: usize,
    /// `[windows, outputs]`.
    pub(crate) gradient: &'a [f32],
    pub(crate) gradient_pitch: usize,
    /// Rows of `codes` and `back`, packed: `[windows / 4, outputs]`, rounded up.
    pub(crate) argmax: &'a [u32],
    pub(crate) argmax_pitch: usize,
    /// `[STRIP, rank]`.
    pub(crate) codes: &'a [f32],
    /// `[STRIP, rank]`.
    pub(crate) back: &'a mut [f32],
    pub(crate) strip_pitch: usize,
    pub(crate) rank: usize,
    /// `[outputs, rank]`.
    pub(crate) weights: &'a [f32],
    /// `[outputs, rank]`.
    pub(crate) out: &'a mut [f32],
    /// Of `weights` and `out`.
    pub(crate) pitch: usize,
}

impl WindowGradients<'_> {
    pub(crate) fn run(self, processor: Processor) {
        if self.windows > 0 {
            processor.run(self);
        }
    }

    /// One window's gradient of one output, whose winner starts at `row`.
    ///
    /// # Safety
    /// `V` vectors must be within codes and results at `row`.
    #[inline(always)]
    unsafe fn spread<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        row: usize,
        gradient: f32,
        weights: &[S::f32s; V],
        sums: &mut [S::f32s; V],
    ) {
        let gradient = simd.splat_f32s(gradient);
        for v in 0..V {
            // SAFETY: the caller's promise.
            unsafe {
                let code = load::<S>(self.codes.as_ptr().add(row + v * S::F32_LANES));
                sums[v] = simd.mul_add_e_f32s(gradient, code, sums[v]);
                let back = self.back.as_mut_ptr().add(row + v * S::F32_LANES);
                store::<S>(back, simd.mul_add_e_f32s(gradient, weights[v], load::<S>(back)));
            }
        }
    }

    /// All windows for `V` vectors of the rank.
    ///
    /// # Safety
    /// Columns `column..column + V * lanes` must be within the rows of codes, weights and results.
    #[inline(always)]
    unsafe fn columns<S: Simd, const V: usize>(&mut self, simd: S, column: usize) {
        let zero = simd.splat_f32s(0.0);
        let (strip_pitch, gradient_pitch) = (self.strip_pitch, self.gradient_pitch);
        for output in 0..self.outputs {
            let at = output * self.pitch + column;
            let (mut weights, mut sums) = ([zero; V], [zero; V]);
            // SAFETY: outputs and windows are within their arrays, argmax below `STRIP`, as `with_simd` has checked.
            unsafe {
                for v in 0..V {
                    weights[v] = load::<S>(self.weights.as_ptr().add(at + v * S::F32_LANES));
                    sums[v] = load::<S>(self.out.as_ptr().add(at + v * S::F32_LANES));
                }
                let gradient = self.gradient.as_ptr().add(output);
                let gradient = |window: usize| *gradient.add(window * gradient_pitch);
                let (argmax, argmax_pitch) = (self.argmax.as_ptr().add(output), self.argmax_pitch);
                let row = |window: usize| {
                    let word = *argmax.add(window / PACKED * argmax_pitch);
                    unpack(word, window) * strip_pitch + column
                };
                // Two sums in turn: one would wait for itself.
                let mut others = [zero; V];
                for window in (1..self.windows).step_by(2) {
                    let (first, second) = (row(window - 1), row(window));
                    self.spread::<S, V>(simd, first, gradient(window - 1), &weights, &mut sums);
                    self.spread::<S, V>(simd, second, gradient(window), &weights, &mut others);
                }
                if !self.windows.is_multiple_of(2) {
                    let last = self.windows - 1;
                    self.spread::<S, V>(simd, row(last), gradient(last), &weights, &mut sums);
                }
                for v in 0..V {
                    let sum = simd.add_f32s(sums[v], others[v]);
                    store::<S>(self.out.as_mut_ptr().add(at + v * S::F32_LANES), sum);
                }
            }
        }
    }
}

impl WithSimd for WindowGradients<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let rank = self.rank.next_multiple_of(S::F32_LANES);
        let (last_window, last_output) = (self.windows - 1, self.outputs - 1);
        assert!(self.gradient.len() >= last_window * self.gradient_pitch + self.outputs);
        assert!(self.weights.len().min(self.out.len()) >= last_output * self.pitch + rank);
        // Whatever the words hold, a winner is one of so many pixels.
        assert!(self.codes.len().min(self.back.len()) >= (STRIP - 1) * self.strip_pitch + rank);
        assert!(self.argmax.len() >= last_window / PACKED * self.argmax_pitch + self.outputs);
        let mut column = 0;
        while column < rank {
            let vectors = (rank - column) / S::F32_LANES;
            // SAFETY: the lengths are checked above, and columns end within `rank`.
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
