//! The mean of codes: sums of columns, and what is left without their mean.
//!
//! *Invariant:* rows are added in their order.

use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::{load, store, whole_vectors};
use pulp::{Simd, WithSimd};

/// Copies rows of codes and takes their mean away.
pub(crate) struct Centre<'a> {
    pub(crate) values: Rows<'a>,
    pub(crate) mean: &'a [f32],
    pub(crate) out: RowsMut<'a>,
}

impl WithSimd for Centre<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let columns = whole_vectors::<S>(self.values.width());
        assert!((self.out.len(), self.out.width()) == (self.values.len(), self.values.width()));
        assert!(self.mean.len() >= columns);
        for row in 0..self.values.len() {
            for column in (0..columns).step_by(S::F32_LANES) {
                // SAFETY: rows and columns are within all three, as checked above.
                unsafe {
                    let mean = load::<S>(self.mean.as_ptr().add(column));
                    let value = simd.sub_f32s(self.values.load::<S>(row, column), mean);
                    self.out.store::<S>(row, column, value);
                }
            }
        }
    }
}

/// Sums of columns: `out[c] = sum over rows of values[row][c]`.
pub(crate) struct ColumnSums<'a> {
    pub(crate) values: Rows<'a>,
    /// The sums, which are as long as a padded row.
    pub(crate) out: &'a mut [f32],
}

impl ColumnSums<'_> {
    /// The sums of `V` vectors of columns.
    ///
    /// # Safety
    /// Columns `column..column + V * lanes` must be within the rows and the sums.
    #[inline(always)]
    unsafe fn columns<S: Simd, const V: usize>(&mut self, simd: S, column: usize) {
        let mut sums = [simd.splat_f32s(0.0); V];
        // SAFETY: rows are within `values`, as `with_simd` has checked; columns are the caller's promise.
        unsafe {
            for row in 0..self.values.len() {
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = simd.add_f32s(*sum, self.values.load::<S>(row, column + v * S::F32_LANES));
                }
            }
            for (v, sum) in sums.into_iter().enumerate() {
                store::<S>(self.out.as_mut_ptr().add(column + v * S::F32_LANES), sum);
            }
        }
    }
}

impl WithSimd for ColumnSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let columns = whole_vectors::<S>(self.values.width());
        assert!(self.out.len() >= columns);
        let mut column = 0;
        while column < columns {
            let wide = column + 4 * S::F32_LANES <= columns;
            // SAFETY: columns end within the rows and the sums.
            unsafe {
                if wide { self.columns::<S, 4>(simd, column) } else { self.columns::<S, 1>(simd, column) }
            }
            column += if wide { 4 } else { 1 } * S::F32_LANES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::guarded::{Draw, processors};
    use crate::simd::isa::Run;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_mean_is_taken_from_every_row(
            (rows, width) in (0usize..20, 1usize..90), gaps in [0usize..20, 0usize..20], seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let (values, mean) = (draw.input(rows, width, gaps[0]), draw.input(1, width, 0));
            let start = draw.output(rows, width, gaps[1]);
            for processor in processors() {
                let mut out = start.clone();
                let mean_row = mean.rows().iter().next().unwrap();
                Centre { values: values.rows(), mean: mean_row, out: out.rows_mut() }.run(processor);
                let expected = |row: usize, column: usize| values.exact(row, column) - mean.exact(0, column);
                prop_assert!(out.is(expected), "{:?}", processor);
            }
        }

        #[test]
        fn columns_add_up_to_those_of_float64(
            (rows, width) in (0usize..40, 1usize..90), gap in 0usize..20, seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let (values, start) = (draw.input(rows, width, gap), draw.output(1, width, 0));
            for processor in processors() {
                let mut out = start.clone();
                let mut row = out.rows_mut();
                let sums = row.iter_mut().next().unwrap();
                ColumnSums { values: values.rows(), out: sums }.run(processor);
                let expected = |_: usize, column: usize| (0..rows).map(|row| values.exact(row, column)).sum();
                prop_assert!(out.is(expected), "{:?}", processor);
            }
        }
    }
}
