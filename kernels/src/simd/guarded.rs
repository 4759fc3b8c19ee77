//! Random matrices for the property tests of the kernels, which know what of them a kernel may touch.
//!
//! Numbers are quarters of small whole numbers, so that products and their sums are exact in float32:
//! whatever the order of its sums, a kernel must give what a float64 loop gives.
//!
//! *Invariant:* what is outside the widths of an input's rows is not a number, and would spoil every result
//! that it reached.

use crate::simd::isa::{Isa, Processor};
use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::pitch;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Numbers in front of the first row, so few that rows are not aligned.
const FRONT: usize = 3;
/// The number between the rows that a kernel writes.
const BETWEEN: f32 = 99.0;

/// Returns every set of instructions that this processor has.
pub(crate) fn processors() -> impl Iterator<Item = Processor> {
    Isa::ALL.into_iter().filter_map(Processor::new)
}

/// Random numbers and matrices.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn number(&mut self) -> f32 {
        f32::from(self.0.random_range(-8i8..=8)) / 4.0
    }

    pub(crate) fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.number()).collect()
    }

    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.0.random_range(0..end)
    }

    /// Draws a matrix to read, whose rows lie `gap` numbers apart.
    pub(crate) fn input(&mut self, len: usize, width: usize, gap: usize) -> Guarded {
        Guarded::new(len, width, gap, f32::NAN, || self.number())
    }

    /// Draws a matrix to write.
    pub(crate) fn output(&mut self, len: usize, width: usize, gap: usize) -> Guarded {
        Guarded::new(len, width, gap, BETWEEN, || self.number())
    }
}

/// A matrix, what lies between its padded rows, and what lies around it.
#[derive(Clone)]
pub(crate) struct Guarded<T = f32> {
    values: Vec<T>,
    len: usize,
    width: usize,
    stride: usize,
    between: T,
}

impl<T: Copy + PartialEq> Guarded<T> {
    pub(crate) fn new(
        len: usize,
        width: usize,
        gap: usize,
        between: T,
        mut number: impl FnMut() -> T,
    ) -> Self {
        let stride = pitch(width) + gap;
        let mut values = vec![between; FRONT + len * stride + pitch(width)];
        for row in 0..len {
            values[FRONT + row * stride..][..width].fill_with(&mut number);
        }
        Self { values, len, width, stride, between }
    }

    pub(crate) fn rows(&self) -> Rows<'_, T> {
        Rows::new(&self.values[FRONT..], self.len, self.width, self.stride)
    }

    pub(crate) fn rows_mut(&mut self) -> RowsMut<'_, T> {
        RowsMut::new(&mut self.values[FRONT..], self.len, self.width, self.stride)
    }

    pub(crate) fn at(&self, row: usize, column: usize) -> T {
        assert!(row < self.len && column < pitch(self.width));
        self.values[FRONT + row * self.stride + column]
    }

    /// Returns whether everything outside the padded rows is as it was.
    pub(crate) fn is_intact(&self) -> bool {
        let outside = |at: &usize| {
            at.checked_sub(FRONT)
                .is_none_or(|at| at / self.stride >= self.len || at % self.stride >= pitch(self.width))
        };
        (0..self.values.len()).filter(outside).all(|at| self.values[at] == self.between)
    }
}

impl Guarded {
    /// Returns a number as float64.
    pub(crate) fn exact(&self, row: usize, column: usize) -> f64 {
        f64::from(self.at(row, column))
    }

    /// Returns whether every number is the expected one, and everything outside the padded rows as it was.
    pub(crate) fn is(&self, expected: impl Fn(usize, usize) -> f64) -> bool {
        let row = |row: usize| (0..self.width).all(|column| self.exact(row, column) == expected(row, column));
        (0..self.len).all(row) && self.is_intact()
    }
}
