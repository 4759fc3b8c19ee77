//! The loops over single numbers between the products.
//!
//! *Invariant:* plain loops, vectorised by the compiler within the chosen instructions.

use crate::instructions::Processor;
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
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.values.chunks(self.pitch).zip(self.out.chunks_mut(self.out_pitch));
        for (values, out) in rows.take(self.rows) {
            for ((out, value), mean) in out.iter_mut().zip(values).zip(self.mean) {
                *out = value - mean;
            }
        }
    }
}

/// Sums of columns: `out[c] += sum over rows of values[row][c]`.
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

impl WithSimd for ColumnSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.values.chunks(self.pitch).take(self.rows) {
            for (sum, value) in self.out.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
}

/// Lets a gradient through where an activation was above zero, else zero.
pub(crate) struct Rectified<'a> {
    pub(crate) rows: usize,
    pub(crate) gradient: &'a [f32],
    pub(crate) gradient_pitch: usize,
    pub(crate) gate: Gate<'a>,
    /// Of the gate's rows.
    pub(crate) pitch: usize,
    pub(crate) out: &'a mut [f32],
    pub(crate) out_pitch: usize,
}

/// What says where a rectifier was open.
#[derive(Clone, Copy)]
pub(crate) enum Gate<'a> {
    /// Its output.
    Output(&'a [f32]),
    /// One byte for each activation.
    Open(&'a [u8]),
}

impl Rectified<'_> {
    pub(crate) fn run(self, processor: Processor) {
        processor.run(self);
    }
}

impl WithSimd for Rectified<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.gradient.chunks(self.gradient_pitch).zip(self.out.chunks_mut(self.out_pitch));
        let rows = rows.take(self.rows);
        match self.gate {
            Gate::Output(output) => {
                for ((gradient, out), gate) in rows.zip(output.chunks(self.pitch)) {
                    for ((out, gradient), gate) in out.iter_mut().zip(gradient).zip(gate) {
                        *out = if *gate > 0.0 { *gradient } else { 0.0 };
                    }
                }
            }
            Gate::Open(open) => {
                for ((gradient, out), gate) in rows.zip(open.chunks(self.pitch)) {
                    for ((out, gradient), gate) in out.iter_mut().zip(gradient).zip(gate) {
                        *out = if *gate != 0 { *gradient } else { 0.0 };
                    }
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
    pub(crate) open: &'a mut [u8],
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
        for ((out, open), (&activation, kept)) in self.out.iter_mut().zip(self.open).zip(inputs) {
            *out = activation + kept;
            *open = u8::from(activation > 0.0);
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
