//! Sums of outer products over a strip of pixels: `out[m][n] += sum over pixels of left[m] * right[n]`.
//!
//! *Invariant:* pixels are added in their order.

use crate::simd::isa::Processor;
use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::{load, whole_vectors};
use pulp::{Simd, WithSimd};

/// Outer products to add up.
pub(crate) struct RankUpdate<'a> {
    /// `[pixels, height]`.
    pub(crate) left: Rows<'a>,
    /// `[pixels, width]`.
    pub(crate) right: Rows<'a>,
    /// `[height, width]`.
    pub(crate) out: RowsMut<'a>,
    /// This is true where only what lies on or above the diagonal is needed.
    pub(crate) upper: bool,
}

impl RankUpdate<'_> {
    pub(crate) fn run(self, processor: Processor) {
        if self.left.len() > 0 {
            processor.run(self);
        }
    }

    /// # Safety
    /// Rows `row..row + R` and columns `column..column + V * lanes` must be within the result.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, row: usize, column: usize) {
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        // SAFETY: rows and columns are within both inputs and the result, as `with_simd` has checked.
        unsafe {
            let (mut left, mut right) = (self.left.at(0, row), self.right.at(0, column));
            for _ in 0..self.left.len() {
                let mut columns = [simd.splat_f32s(0.0); V];
                for (v, column) in columns.iter_mut().enumerate() {
                    *column = load::<S>(right.add(v * S::F32_LANES));
                }
                for r in 0..R {
                    let left = simd.splat_f32s(*left.add(r));
                    for v in 0..V {
                        sums[r][v] = simd.mul_add_e_f32s(left, columns[v], sums[r][v]);
                    }
                }
                left = left.wrapping_add(self.left.stride());
                right = right.wrapping_add(self.right.stride());
            }
            for r in 0..R {
                for v in 0..V {
                    self.out.add(simd, row + r, column + v * S::F32_LANES, sums[r][v]);
                }
            }
        }
    }

    /// # Safety
    /// The columns of `V` vectors from `column` on must be within the result.
    #[inline(always)]
    unsafe fn columns<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, column: usize) {
        let all = self.out.len();
        let height = if self.upper { all.min(column + V * S::F32_LANES) } else { all };
        let mut row = 0;
        // SAFETY: rows stay below `height`; columns are the caller's promise.
        unsafe {
            while row + R <= height {
                self.block::<S, R, V>(simd, row, column);
                row += R;
            }
            if row + 4 <= height {
                self.block::<S, 4, V>(simd, row, column);
                row += 4;
            }
            match height - row.min(height) {
                1 => self.block::<S, 1, V>(simd, row, column),
                2 => self.block::<S, 2, V>(simd, row, column),
                3 => self.block::<S, 3, V>(simd, row, column),
                _ => {}
            }
        }
    }
}

impl WithSimd for RankUpdate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        assert!(self.left.len() == self.right.len());
        assert!((self.out.len(), self.out.width()) == (self.left.width(), self.right.width()));
        let width = whole_vectors::<S>(self.out.width());
        let full = 2 * S::F32_LANES;
        let mut column = 0;
        while column < width {
            // SAFETY: the shapes are checked above, and columns end within `width`.
            unsafe {
                match (column + full <= width, S::REGISTER_COUNT > 16) {
                    (true, true) => self.columns::<S, 8, 2>(simd, column),
                    (true, false) => self.columns::<S, 6, 2>(simd, column),
                    (false, _) => self.columns::<S, 8, 1>(simd, column),
                }
            }
            column += full;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::guarded::{Draw, processors};
    use proptest::array::uniform3;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn outer_products_add_up_to_those_of_float64(
            (pixels, height, width) in (0usize..30, 1usize..40, 1usize..50),
            gaps in uniform3(0usize..20),
            upper in any::<bool>(),
            seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let (left, right) = (draw.input(pixels, height, gaps[0]), draw.input(pixels, width, gaps[1]));
            let start = draw.output(height, width, gaps[2]);
            for processor in processors() {
                let mut out = start.clone();
                RankUpdate { left: left.rows(), right: right.rows(), out: out.rows_mut(), upper }.run(processor);
                let expected = |m: usize, n: usize| {
                    let products = (0..pixels).map(|pixel| left.exact(pixel, m) * right.exact(pixel, n));
                    // What is below the diagonal may be anything where it is not needed.
                    if upper && m > n { out.exact(m, n) } else { start.exact(m, n) + products.sum::<f64>() }
                };
                prop_assert!(out.is(expected), "{:?}", processor);
            }
        }
    }
}
