//! A 1x1 convolution, ReLU and 2x2 max pool in one.
//!
//! Four pixels of a window are four rows of one register tile, so the unpooled tensor never exists. Which
//! pixel was the largest is kept as its number within the strip, one byte; ties go to the first in row-major
//! order, as in `PyTorch`. The bytes of four windows in a row share a word, so that a vector of channels
//! writes a vector of words.
//!
//! *Invariant:* a winner's byte is below the strip's pixels. Where the pooled value is zero the ReLU blocked
//! it, and the winner does not matter.

use crate::simd::matmul::tile;
use crate::simd::panels::{PANEL_VECTORS, Panels};
use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::{STRIP, load, rectify};
use pulp::{Simd, WithSimd};

/// Pixels of a window.
const WINDOW: usize = 4;
/// Windows whose argmax share a word.
pub(crate) const PACKED: usize = 4;

const _: () = assert!(STRIP.is_power_of_two() && STRIP <= 256, "positions are bytes, cut by a mask");

/// Returns a word that holds a window's winner as number `window` among those that share it.
pub(crate) fn pack(pixel: usize, window: usize) -> u32 {
    (pixel as u32) << (8 * (window % PACKED))
}

/// Returns the winner of number `window` among those that share a word.
pub(crate) fn unpack(word: u32, window: usize) -> usize {
    (word >> (8 * (window % PACKED)) & (STRIP as u32 - 1)) as usize
}

/// Pools a strip of an even number of image rows.
pub(crate) struct PooledMatmul<'a> {
    /// `[pixels, depth]`.
    pub(crate) left: Rows<'a>,
    /// Pixels of an image row.
    pub(crate) side: usize,
    pub(crate) right: &'a Panels,
    pub(crate) initial: &'a [f32],
    /// `[pixels / 4, columns]`.
    pub(crate) out: RowsMut<'a>,
    /// The largest pixel of each output, within the strip, packed: `[pixels / 16, columns]`.
    pub(crate) argmax: RowsMut<'a, u32>,
}

impl PooledMatmul<'_> {
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
        // SAFETY: pixels are within the strip, columns within panels and `initial`, as `with_simd` has
        // checked.
        let sums = unsafe {
            for (v, initial) in initial.iter_mut().enumerate() {
                *initial = load::<S>(self.initial.as_ptr().add(column + v * S::F32_LANES));
            }
            let pixel = |r: usize| first(window + r / WINDOW) + corners[r % WINDOW];
            let rows = std::array::from_fn(|r| self.left.at(pixel(r), 0));
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
                let pooled = rectify(simd, largest);
                // SAFETY: the window and its columns are within `out`, as `with_simd` has checked.
                unsafe { self.out.store::<S>(window + n, column + v * S::F32_LANES, pooled) };
            }
        }
    }

    /// # Safety
    /// The columns of `V` vectors from `column` on must be within the product.
    #[inline(always)]
    unsafe fn panel<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, column: usize) {
        for first in (0..self.out.len()).step_by(PACKED) {
            let mut words = [simd.splat_u32s(0); V];
            for window in (first..first + PACKED).step_by(R / WINDOW) {
                // SAFETY: windows come in whole words, as `with_simd` has checked; columns are the caller's
                // promise.
                unsafe { self.block::<S, R, V>(simd, window, column, &mut words) };
            }
            for (v, words) in words.into_iter().enumerate() {
                // SAFETY: as for the windows.
                unsafe {
                    let address = self.argmax.at(first / PACKED, column + v * S::F32_LANES);
                    address.cast::<S::u32s>().write_unaligned(words);
                }
            }
        }
    }
}

impl WithSimd for PooledMatmul<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let columns = self.right.columns();
        let (pixels, width, windows) = (self.left.len(), self.right.width, self.out.len());
        assert!(self.right.suit(S::F32_LANES), "panels packed for other vectors");
        assert!(pixels > 0 && pixels.is_multiple_of(2 * self.side) && pixels <= STRIP);
        assert!(self.side.is_multiple_of(2), "windows of two columns");
        assert!(self.left.width() == self.right.depth && self.initial.len() >= columns);
        assert!(windows.is_multiple_of(PACKED) && windows * WINDOW == pixels && self.out.width() == width);
        assert!(self.argmax.len() == windows / PACKED && self.argmax.width() == width);
        let full = PANEL_VECTORS * S::F32_LANES;
        let mut column = 0;
        while column < columns {
            // SAFETY: the shapes are checked above, and a panel ends within `columns`.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::guarded::{Draw, Guarded, processors};
    use crate::simd::isa::Run;
    use proptest::array::uniform3;
    use proptest::prelude::*;

    /// Sides of images, and pairs of image rows in a strip.
    fn strips() -> Vec<(usize, usize)> {
        let words = |&(side, pairs): &(usize, usize)| (2 * side * pairs).is_multiple_of(WINDOW * PACKED);
        let pairs = |side: usize| (1..=STRIP / (2 * side)).map(move |pairs| (side, pairs));
        [2, 4, 8, 16, 32].into_iter().flat_map(pairs).filter(words).collect()
    }

    proptest! {
        #[test]
        fn the_first_largest_pixel_of_each_window_wins(
            (side, pairs) in prop::sample::select(strips()),
            (depth, width) in (1usize..20, 1usize..50),
            gaps in uniform3(0usize..20),
            seed in any::<u64>(),
        ) {
            let (mut draw, pixels) = (Draw::new(seed), 2 * side * pairs);
            let (left, weights) = (draw.input(pixels, depth, gaps[0]), draw.input(depth, width, 0));
            let (initial, start) = (draw.input(1, width, 0), draw.output(pixels / WINDOW, width, gaps[1]));
            let words = Guarded::new(pixels / WINDOW / PACKED, width, gaps[2], u32::MAX, || 7);
            let winner = |window: usize, column: usize| {
                let first = window / (side / 2) * 2 * side + window % (side / 2) * 2;
                let value = |pixel: usize| {
                    let products = (0..depth).map(|k| left.exact(pixel, k) * weights.exact(k, column));
                    initial.exact(0, column) + products.sum::<f64>()
                };
                let pixels = [first, first + 1, first + side, first + side + 1].map(|pixel| (pixel, value(pixel)));
                pixels.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best }).unwrap()
            };
            for processor in processors() {
                let (mut panels, mut out, mut argmax) = (Panels::default(), start.clone(), words.clone());
                panels.pack(processor.lanes(), depth, width, |k, n| weights.at(k, n));
                PooledMatmul {
                    left: left.rows(),
                    side,
                    right: &panels,
                    initial: initial.rows().iter().next().unwrap(),
                    out: out.rows_mut(),
                    argmax: argmax.rows_mut(),
                }
                .run(processor);
                prop_assert!(out.is(|window, column| winner(window, column).1.max(0.0)), "{:?}", processor);
                for (window, c) in (0..pixels / WINDOW).flat_map(|window| (0..width).map(move |c| (window, c))) {
                    let found = unpack(argmax.at(window / PACKED, c), window);
                    prop_assert_eq!(found, winner(window, c).0, "{:?}: window {}, column {}", processor, window, c);
                }
                prop_assert!(argmax.is_intact(), "{:?}", processor);
            }
        }
    }
}
