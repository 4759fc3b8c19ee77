//! Matrix products of a strip of pixels: `out = [relu](left . panels + initial) + addend`.
//!
//! Each register tile holds several pixels times two vectors of columns and runs through the whole depth;
//! left rows and panels come from the first cache level.
//!
//! *Invariant:* each result is one sum in the order of the depth, whatever the tile it falls into.

use crate::simd::panels::{PANEL_VECTORS, Panels};
use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::{load, rectify};
use pulp::{Simd, WithSimd};

/// A product to compute.
pub(crate) struct Matmul<'a> {
    /// `[pixels, depth]`.
    pub(crate) left: Rows<'a>,
    pub(crate) right: &'a Panels,
    /// The numbers that every row's sums start from; zeros where there are none.
    pub(crate) initial: Option<&'a [f32]>,
    pub(crate) rectify: bool,
    /// This is added last: `[pixels, columns]`.
    pub(crate) addend: Option<Rows<'a>>,
    /// `[pixels, columns]`.
    pub(crate) out: RowsMut<'a>,
}

impl<'a> Matmul<'a> {
    /// Makes the product alone, with nothing before or behind it.
    pub(crate) fn plain(left: Rows<'a>, right: &'a Panels, out: RowsMut<'a>) -> Self {
        Self { left, right, initial: None, rectify: false, addend: None, out }
    }
}

/// `sums[r][v] += left[r][k] * panel[k][v]` over the depth.
///
/// # Safety
/// Every row must hold `depth` numbers, the panel `depth * V` vectors.
#[inline(always)]
pub(crate) unsafe fn tile<S: Simd, const R: usize, const V: usize>(
    simd: S,
    depth: usize,
    rows: [*const f32; R],
    panel: *const f32,
    initial: [S::f32s; V],
) -> [[S::f32s; V]; R] {
    let mut sums = [initial; R];
    let mut right = panel;
    for k in 0..depth {
        let mut columns = initial;
        for (v, column) in columns.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *column = unsafe { load::<S>(right.add(v * S::F32_LANES)) };
        }
        for r in 0..R {
            // SAFETY: the caller's promise.
            let left = simd.splat_f32s(unsafe { *rows[r].add(k) });
            for v in 0..V {
                sums[r][v] = simd.mul_add_e_f32s(left, columns[v], sums[r][v]);
            }
        }
        // SAFETY: stays within the panel or one past its end.
        right = unsafe { right.add(V * S::F32_LANES) };
    }
    sums
}

impl Matmul<'_> {
    /// Computes one tile and all that is done with it.
    ///
    /// # Safety
    /// Rows `row..row + R` and columns `column..column + V * lanes` must be within the product.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, row: usize, column: usize) {
        let zero = simd.splat_f32s(0.0);
        let mut initial = [zero; V];
        if let Some(values) = self.initial {
            for (v, initial) in initial.iter_mut().enumerate() {
                // SAFETY: `initial` holds all columns, as `with_simd` has checked.
                *initial = unsafe { load::<S>(values.as_ptr().add(column + v * S::F32_LANES)) };
            }
        }
        // SAFETY: the rows are within `left`, as `with_simd` has checked.
        let rows = std::array::from_fn(|r| unsafe { self.left.at(row + r, 0) });
        // SAFETY: the panel of this column starts at `column * depth`; rows are as wide as the depth.
        let mut sums = unsafe {
            let panel = self.right.values.as_ptr().add(column * self.right.depth);
            tile::<S, R, V>(simd, self.right.depth, rows, panel, initial)
        };
        if self.rectify {
            for sum in sums.as_flattened_mut() {
                *sum = rectify(simd, *sum);
            }
        }
        if let Some(addend) = self.addend {
            for r in 0..R {
                for v in 0..V {
                    // SAFETY: row and columns are within `addend`, as `with_simd` has checked.
                    let value = unsafe { addend.load::<S>(row + r, column + v * S::F32_LANES) };
                    sums[r][v] = simd.add_f32s(sums[r][v], value);
                }
            }
        }
        for r in 0..R {
            for v in 0..V {
                // SAFETY: row and columns are within `out`, as `with_simd` has checked.
                unsafe { self.out.store::<S>(row + r, column + v * S::F32_LANES, sums[r][v]) };
            }
        }
    }

    /// Computes all rows of one panel of `V` vectors, `R` at a time.
    ///
    /// # Safety
    /// The columns of `V` vectors from `column` on must be within the product.
    #[inline(always)]
    unsafe fn panel<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, column: usize) {
        let mut row = 0;
        let rows = self.out.len();
        // SAFETY: rows stay below their number; columns are the caller's promise.
        unsafe {
            while row + R <= rows {
                self.block::<S, R, V>(simd, row, column);
                row += R;
            }
            if row + 4 <= rows {
                self.block::<S, 4, V>(simd, row, column);
                row += 4;
            }
            while row < rows {
                self.block::<S, 1, V>(simd, row, column);
                row += 1;
            }
        }
    }
}

impl WithSimd for Matmul<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let columns = self.right.columns();
        assert!(self.right.suit(S::F32_LANES), "panels packed for other vectors");
        let shape = (self.out.len(), self.right.width);
        assert!((self.left.len(), self.left.width()) == (shape.0, self.right.depth));
        assert!((self.out.len(), self.out.width()) == shape);
        assert!(self.initial.is_none_or(|values| values.len() >= columns));
        assert!(self.addend.is_none_or(|addend| (addend.len(), addend.width()) == shape));
        let full = PANEL_VECTORS * S::F32_LANES;
        let mut column = 0;
        while column < columns {
            // SAFETY: the shapes are checked above, and a panel ends within `columns`.
            unsafe {
                match (column + full <= columns, S::REGISTER_COUNT > 16) {
                    (true, true) => self.panel::<S, 8, PANEL_VECTORS>(simd, column),
                    (true, false) => self.panel::<S, 6, PANEL_VECTORS>(simd, column),
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
    use crate::simd::guarded::{Draw, processors};
    use crate::simd::isa::Run;
    use proptest::array::uniform3;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_product_is_that_of_float64(
            (pixels, depth, width) in (0usize..20, 1usize..40, 1usize..50),
            gaps in uniform3(0usize..20),
            [with_initial, relu, with_addend] in uniform3(any::<bool>()),
            seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let (left, weights) = (draw.input(pixels, depth, gaps[0]), draw.input(depth, width, 0));
            let (initial, addend) = (draw.input(1, width, 0), draw.input(pixels, width, gaps[1]));
            let start = draw.output(pixels, width, gaps[2]);
            let row = initial.rows().iter().next();
            let expected = |pixel: usize, column: usize| {
                let products = (0..depth).map(|k| left.exact(pixel, k) * weights.exact(k, column));
                let sum = products.sum::<f64>() + if with_initial { initial.exact(0, column) } else { 0.0 };
                let sum = if relu { sum.max(0.0) } else { sum };
                sum + if with_addend { addend.exact(pixel, column) } else { 0.0 }
            };
            for processor in processors() {
                let (mut panels, mut out) = (Panels::default(), start.clone());
                panels.pack(processor.lanes(), depth, width, |k, n| weights.at(k, n));
                Matmul {
                    initial: row.filter(|_| with_initial),
                    rectify: relu,
                    addend: with_addend.then(|| addend.rows()),
                    ..Matmul::plain(left.rows(), &panels, out.rows_mut())
                }
                .run(processor);
                prop_assert!(out.is(expected), "{:?}", processor);
                if !with_initial && !with_addend {
                    let beyond = (0..pixels).flat_map(|pixel| (width..panels.columns()).map(move |n| (pixel, n)));
                    for (pixel, column) in beyond {
                        prop_assert_eq!(out.at(pixel, column), 0.0, "{:?}", processor);
                    }
                }
            }
        }
    }
}
