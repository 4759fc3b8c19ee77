//! The loops over single numbers between the products.
//!
//! *Invariant:* what works on bytes, or is rare, is a plain loop that the compiler vectorises within the
//! chosen instructions.

use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::whole_vectors;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Lets a gradient through where an activation was above zero, else zero.
pub(crate) struct ReluBackward<'a> {
    pub(crate) gradient: Rows<'a>,
    pub(crate) mask: Mask<'a>,
    pub(crate) out: RowsMut<'a>,
}

/// The mask of a ReLU: where it let activations through.
#[derive(Clone, Copy)]
pub(crate) enum Mask<'a> {
    /// The ReLU's output is above zero there.
    Output(Rows<'a>),
    /// The byte of the activation is not zero there.
    Bytes(Rows<'a, u8>),
}

impl Mask<'_> {
    /// Returns the mask of some rows.
    pub(crate) fn part(self, rows: Range<usize>) -> Self {
        match self {
            Self::Output(output) => Self::Output(output.part(rows)),
            Self::Bytes(bytes) => Self::Bytes(bytes.part(rows)),
        }
    }

    fn shape(self) -> (usize, usize) {
        match self {
            Self::Output(output) => (output.len(), output.width()),
            Self::Bytes(bytes) => (bytes.len(), bytes.width()),
        }
    }
}

impl ReluBackward<'_> {
    #[inline(always)]
    fn behind<S: Simd>(mut self, simd: S, output: Rows<'_>) {
        let columns = whole_vectors::<S>(output.width());
        let zero = simd.splat_f32s(0.0);
        for row in 0..output.len() {
            for column in (0..columns).step_by(S::F32_LANES) {
                // SAFETY: rows and columns are within all three, whose shape is one, as `with_simd` has
                // checked.
                unsafe {
                    let mask = simd.greater_than_f32s(output.load::<S>(row, column), zero);
                    let gradient = self.gradient.load::<S>(row, column);
                    self.out.store::<S>(row, column, simd.select_f32s(mask, gradient, zero));
                }
            }
        }
    }
}

impl WithSimd for ReluBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let shape = self.mask.shape();
        assert!((self.gradient.len(), self.gradient.width()) == shape);
        assert!((self.out.len(), self.out.width()) == shape);
        match self.mask {
            Mask::Output(output) => self.behind(simd, output),
            Mask::Bytes(bytes) => {
                for ((out, gradient), mask) in self.out.iter_mut().zip(self.gradient.iter()).zip(bytes.iter())
                {
                    for ((out, gradient), mask) in out.iter_mut().zip(gradient).zip(mask) {
                        *out = if *mask != 0 { *gradient } else { 0.0 };
                    }
                }
            }
        }
    }
}

/// Adds a residual and keeps the mask of the ReLU in front of it: `out = kept + activations`.
pub(crate) struct Residual<'a> {
    pub(crate) activations: Rows<'a>,
    pub(crate) kept: Rows<'a>,
    pub(crate) out: RowsMut<'a>,
    pub(crate) relu_mask: RowsMut<'a, u8>,
}

impl WithSimd for Residual<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let inputs = self.activations.iter().zip(self.kept.iter());
        for ((out, mask), (activations, kept)) in
            self.out.iter_mut().zip(self.relu_mask.iter_mut()).zip(inputs)
        {
            let inputs = activations.iter().zip(kept);
            for ((out, mask), (&activation, kept)) in out.iter_mut().zip(mask).zip(inputs) {
                *out = activation + kept;
                *mask = u8::from(activation > 0.0);
            }
        }
    }
}

/// `out += values`.
pub(crate) struct Add<'a> {
    pub(crate) out: &'a mut [f32],
    pub(crate) values: &'a [f32],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::guarded::{Draw, Guarded, processors};
    use crate::simd::isa::Run;
    use proptest::array::uniform4;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_gradient_passes_where_an_activation_was_above_zero(
            (rows, width) in (0usize..20, 1usize..70), gaps in uniform4(0usize..20), seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let (gradient, output) = (draw.input(rows, width, gaps[0]), draw.input(rows, width, gaps[1]));
            let mut activations = output.rows().iter().flat_map(|row| &row[..width]);
            let bytes = Guarded::new(rows, width, gaps[2], 77, || u8::from(*activations.next().unwrap() > 0.0));
            let start = draw.output(rows, width, gaps[3]);
            let expected = |row: usize, column: usize| {
                if output.at(row, column) > 0.0 { gradient.exact(row, column) } else { 0.0 }
            };
            for processor in processors() {
                for mask in [Mask::Output(output.rows()), Mask::Bytes(bytes.rows())] {
                    let mut out = start.clone();
                    ReluBackward { gradient: gradient.rows(), mask, out: out.rows_mut() }.run(processor);
                    prop_assert!(out.is(expected), "{:?}", processor);
                }
            }
        }

        #[test]
        fn a_residual_is_added_and_leaves_its_mask(
            (rows, width) in (0usize..20, 1usize..70), gaps in uniform4(0usize..20), seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let (activations, kept) = (draw.input(rows, width, gaps[0]), draw.input(rows, width, gaps[1]));
            let start = draw.output(rows, width, gaps[2]);
            for processor in processors() {
                let (mut out, mut relu_mask) = (start.clone(), Guarded::new(rows, width, gaps[3], 77, || 5));
                Residual {
                    activations: activations.rows(),
                    kept: kept.rows(),
                    out: out.rows_mut(),
                    relu_mask: relu_mask.rows_mut(),
                }
                .run(processor);
                let expected = |row: usize, column: usize| activations.exact(row, column) + kept.exact(row, column);
                prop_assert!(out.is(expected) && relu_mask.is_intact(), "{:?}", processor);
                for (row, column) in (0..rows).flat_map(|row| (0..width).map(move |column| (row, column))) {
                    prop_assert_eq!(relu_mask.at(row, column), u8::from(activations.at(row, column) > 0.0));
                }
            }
        }

        #[test]
        fn values_are_added(length in 0usize..100, seed in any::<u64>()) {
            let mut draw = Draw::new(seed);
            let (start, values) = (draw.numbers(length), draw.numbers(length));
            for processor in processors() {
                let mut out = start.clone();
                Add { out: &mut out, values: &values }.run(processor);
                for at in 0..length {
                    prop_assert_eq!(out[at], start[at] + values[at], "{:?}", processor);
                }
            }
        }
    }
}
