//! The loops over single numbers between the products.
//!
//! *Invariant:* what works on bytes, or is rare, is a plain loop that the compiler vectorises within the chosen instructions.

use crate::simd::isa::Processor;
use crate::simd::vectors::{load, store};
use pulp::{Simd, WithSimd};

/// Copies rows of codes and takes their mean away.
pub(crate) struct Centre<'a> {
    pub(crate) rows: usize,
    pub(crate) values: &'a [f32],
    pub(crate) pitch: usize,
    pub(crate) mean: &'a [f32],
    pub(crate) out: &'a mut [f32],
    pub(crate) out_pitch: usize,
}

impl Centre<'_> {
    pub(crate) fn run(self, processor: Processor) {
        processor.run(self);
    }
}

impl WithSimd for Centre<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let columns = self.mean.len();
        assert!(columns.is_multiple_of(S::F32_LANES) && columns <= self.pitch.min(self.out_pitch));
        assert!(self.values.len() >= self.rows * self.pitch);
        assert!(self.out.len() >= self.rows * self.out_pitch);
        for row in 0..self.rows {
            for column in (0..columns).step_by(S::F32_LANES) {
                // SAFETY: rows and columns are within all three, as checked above.
                unsafe {
                    let value = load::<S>(self.values.as_ptr().add(row * self.pitch + column));
                    let mean = load::<S>(self.mean.as_ptr().add(column));
                    let out = self.out.as_mut_ptr().add(row * self.out_pitch + column);
                    store::<S>(out, simd.sub_f32s(value, mean));
                }
            }
        }
    }
}

/// Sums of columns: `out[c] = sum over rows of values[row][c]`.
pub(crate) struct ColumnSums<'a> {
    pub(crate) rows: usize,
    pub(crate) values: &'a [f32],
    pub(crate) pitch: usize,
    pub(crate) out: &'a mut [f32],
}

impl ColumnSums<'_> {
    pub(crate) fn run(self, processor: Processor) {
        processor.run(self);
    }
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
            for row in 0..self.rows {
                let values = self.values.as_ptr().add(row * self.pitch + column);
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = simd.add_f32s(*sum, load::<S>(values.add(v * S::F32_LANES)));
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
        let columns = self.out.len();
        assert!(columns.is_multiple_of(S::F32_LANES) && columns <= self.pitch);
        assert!(self.values.len() >= self.rows * self.pitch);
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

/// Lets a gradient through where an activation was above zero, else zero.
pub(crate) struct ReluBackward<'a> {
    pub(crate) rows: usize,
    pub(crate) gradient: &'a [f32],
    pub(crate) gradient_pitch: usize,
    pub(crate) mask: Mask<'a>,
    /// Between the mask's rows.
    pub(crate) pitch: usize,
    pub(crate) out: &'a mut [f32],
    pub(crate) out_pitch: usize,
}

/// What says where a rectifier was open.
#[derive(Clone, Copy)]
pub(crate) enum Mask<'a> {
    /// Its output.
    Output(&'a [f32]),
    /// One byte for each activation.
    Bytes(&'a [u8]),
}

impl ReluBackward<'_> {
    pub(crate) fn run(self, processor: Processor) {
        processor.run(self);
    }
}

impl ReluBackward<'_> {
    #[inline(always)]
    fn behind<S: Simd>(self, simd: S, output: &[f32]) {
        let columns = self.pitch;
        assert!(columns.is_multiple_of(S::F32_LANES) && columns <= self.gradient_pitch.min(self.out_pitch));
        assert!(self.gradient.len() >= self.rows * self.gradient_pitch);
        assert!(output.len() >= self.rows * columns);
        assert!(self.out.len() >= self.rows * self.out_pitch);
        let zero = simd.splat_f32s(0.0);
        for row in 0..self.rows {
            for column in (0..columns).step_by(S::F32_LANES) {
                // SAFETY: rows and columns are within all three, as checked above.
                unsafe {
                    let activation = load::<S>(output.as_ptr().add(row * columns + column));
                    let gradient = load::<S>(self.gradient.as_ptr().add(row * self.gradient_pitch + column));
                    let out = self.out.as_mut_ptr().add(row * self.out_pitch + column);
                    let mask = simd.greater_than_f32s(activation, zero);
                    store::<S>(out, simd.select_f32s(mask, gradient, zero));
                }
            }
        }
    }
}

impl WithSimd for ReluBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if let Mask::Output(output) = self.mask {
            return self.behind(simd, output);
        }
        let rows = self.gradient.chunks(self.gradient_pitch).zip(self.out.chunks_mut(self.out_pitch));
        let rows = rows.take(self.rows);
        if let Mask::Bytes(relu_mask) = self.mask {
            for ((gradient, out), mask) in rows.zip(relu_mask.chunks(self.pitch)) {
                for ((out, gradient), mask) in out.iter_mut().zip(gradient).zip(mask) {
                    *out = if *mask != 0 { *gradient } else { 0.0 };
                }
            }
        }
    }
}

/// Adds a residual and keeps where the rectifier was open: `out = kept + activations`.
pub(crate) struct Residual<'a> {
    pub(crate) activations: &'a [f32],
    pub(crate) kept: &'a [f32],
    pub(crate) out: &'a mut [f32],
    pub(crate) relu_mask: &'a mut [u8],
}

impl Residual<'_> {
    pub(crate) fn run(self, processor: Processor) {
        processor.run(self);
    }
}

impl WithSimd for Residual<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let inputs = self.activations.iter().zip(self.kept);
        for ((out, relu_mask), (&activation, kept)) in self.out.iter_mut().zip(self.relu_mask).zip(inputs) {
            *out = activation + kept;
            *relu_mask = u8::from(activation > 0.0);
        }
    }
}

/// `out += values`.
pub(crate) struct Add<'a> {
    pub(crate) out: &'a mut [f32],
    pub(crate) values: &'a [f32],
}

impl Add<'_> {
    pub(crate) fn run(self, processor: Processor) {
        processor.run(self);
    }
}

impl WithSimd for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, value) in self.out.iter_mut().zip(self.values) {
            *out += value;
        }
    }
}
