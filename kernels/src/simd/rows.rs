//! Matrices in memory: rows of numbers that begin a stride apart.
//!
//! *Invariant:* every row holds its width, padded to whole vectors of any instructions ([`pitch`]). The
//! padding belongs to the view: a kernel may read it and write it. What lies between padded rows belongs to
//! others.

use crate::simd::vectors::{ROW_UNIT, load, pitch, prefetch, scratch_pitch, store};
use pulp::Simd;
use std::ops::Range;

/// A matrix to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a, T = f32> {
    values: &'a [T],
    len: usize,
    width: usize,
    stride: usize,
}

/// A matrix to write.
#[derive(Debug)]
pub(crate) struct RowsMut<'a, T = f32> {
    values: &'a mut [T],
    len: usize,
    width: usize,
    stride: usize,
}

/// Returns how many numbers lie between the start of the first row and the end of the last.
fn extent(len: usize, width: usize, stride: usize) -> usize {
    assert!(stride >= pitch(width), "rows of {width} numbers overlap at a stride of {stride}");
    len.checked_sub(1).map_or(0, |last| last * stride + pitch(width))
}

impl<'a, T> Rows<'a, T> {
    /// Makes a matrix of the first rows of some values.
    ///
    /// # Panics
    /// It panics where the values are too few, or padded rows would overlap.
    pub(crate) fn new(values: &'a [T], len: usize, width: usize, stride: usize) -> Self {
        Self { values: &values[..extent(len, width, stride)], len, width, stride }
    }

    /// Makes a matrix of all rows of an array in which one padded row follows the other.
    pub(crate) fn packed(values: &'a [T], width: usize) -> Self {
        Self::new(values, values.len() / pitch(width), width, pitch(width))
    }

    /// Makes a matrix of the first rows of scratch memory.
    ///
    /// # Panics
    /// It panics where the memory is too small.
    pub(crate) fn strip(values: &'a [T], len: usize, width: usize) -> Self {
        Self::new(values, len, width, scratch_pitch(width))
    }

    /// Returns some of the rows.
    ///
    /// # Panics
    /// It panics where they are not within these.
    pub(crate) fn part(self, rows: Range<usize>) -> Self {
        let start = (rows.start * self.stride).min(self.values.len());
        Self::new(&self.values[start..], rows.len(), self.width, self.stride)
    }

    /// Returns the padded rows.
    #[inline(always)]
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a [T]> {
        self.values.chunks(self.stride).map(move |row| &row[..pitch(self.width)])
    }

    /// Returns how many rows there are.
    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(crate) fn width(self) -> usize {
        self.width
    }

    #[inline(always)]
    pub(crate) fn stride(self) -> usize {
        self.stride
    }

    /// Asks the processor for rows that are wanted soon, which may lie beyond the last.
    pub(crate) fn prefetch(self, rows: Range<usize>) {
        prefetch(self.values.as_ptr().wrapping_add(rows.start * self.stride), rows.len() * self.stride);
    }

    /// Returns the address of a number.
    ///
    /// # Safety
    /// The row must be below the length, the column within the padded width.
    #[inline(always)]
    pub(crate) unsafe fn at(self, row: usize, column: usize) -> *const T {
        // SAFETY: the caller's promise; the constructor has checked that the values reach so far.
        unsafe { self.values.as_ptr().add(row * self.stride + column) }
    }
}

impl Rows<'_> {
    /// Reads the rows from start to end, as the processor foresees best, so that kernels with wider strides
    /// find them in the cache.
    pub(crate) fn touch(self) {
        let lines = self.values.iter().step_by(ROW_UNIT);
        std::hint::black_box(lines.fold(0, |bits, value| bits | value.to_bits()));
    }

    /// # Safety
    /// The row must be below the length, the vector within the padded width.
    #[inline(always)]
    pub(crate) unsafe fn load<S: Simd>(self, row: usize, column: usize) -> S::f32s {
        // SAFETY: the caller's promise.
        unsafe { load::<S>(self.at(row, column)) }
    }
}

impl<'a, T> RowsMut<'a, T> {
    /// Makes a matrix of the first rows of some values.
    ///
    /// # Panics
    /// It panics where the values are too few, or padded rows would overlap.
    pub(crate) fn new(values: &'a mut [T], len: usize, width: usize, stride: usize) -> Self {
        Self { values: &mut values[..extent(len, width, stride)], len, width, stride }
    }

    /// Makes a matrix of all rows of an array in which one padded row follows the other.
    pub(crate) fn packed(values: &'a mut [T], width: usize) -> Self {
        let len = values.len() / pitch(width);
        Self::new(values, len, width, pitch(width))
    }

    /// Makes a matrix of the first rows of scratch memory.
    ///
    /// # Panics
    /// It panics where the memory is too small.
    pub(crate) fn strip(values: &'a mut [T], len: usize, width: usize) -> Self {
        Self::new(values, len, width, scratch_pitch(width))
    }

    /// Returns some of the rows.
    ///
    /// # Panics
    /// It panics where they are not within these.
    pub(crate) fn part(&mut self, rows: Range<usize>) -> RowsMut<'_, T> {
        let start = (rows.start * self.stride).min(self.values.len());
        RowsMut::new(&mut self.values[start..], rows.len(), self.width, self.stride)
    }

    /// Returns so many rows at a time; the last time there may be fewer.
    pub(crate) fn chunks(self, rows: usize) -> impl Iterator<Item = Self> {
        let Self { values, len, width, stride } = self;
        let parts = values.chunks_mut(rows * stride).zip((0..len).step_by(rows));
        parts.map(move |(values, start)| Self::new(values, rows.min(len - start), width, stride))
    }

    /// Returns the padded rows.
    #[inline(always)]
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        self.values.chunks_mut(self.stride).map(|row| &mut row[..pitch(self.width)])
    }

    /// Returns the same rows, to read.
    #[inline(always)]
    pub(crate) fn as_rows(&self) -> Rows<'_, T> {
        Rows { values: self.values, len: self.len, width: self.width, stride: self.stride }
    }

    /// Returns how many rows there are.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Returns the address of a number.
    ///
    /// # Safety
    /// The row must be below the length, the column within the padded width.
    #[inline(always)]
    pub(crate) unsafe fn at(&mut self, row: usize, column: usize) -> *mut T {
        // SAFETY: the caller's promise; the constructor has checked that the values reach so far.
        unsafe { self.values.as_mut_ptr().add(row * self.stride + column) }
    }
}

impl RowsMut<'_> {
    /// # Safety
    /// The row must be below the length, the vector within the padded width.
    #[inline(always)]
    pub(crate) unsafe fn store<S: Simd>(&mut self, row: usize, column: usize, values: S::f32s) {
        // SAFETY: the caller's promise.
        unsafe { store::<S>(self.at(row, column), values) }
    }

    /// Adds a vector to what is there.
    ///
    /// # Safety
    /// The row must be below the length, the vector within the padded width.
    #[inline(always)]
    pub(crate) unsafe fn add<S: Simd>(&mut self, simd: S, row: usize, column: usize, values: S::f32s) {
        // SAFETY: the caller's promise.
        unsafe {
            let address = self.at(row, column);
            store::<S>(address, simd.add_f32s(load::<S>(address), values));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[test]
    fn rows_that_overlap_or_end_too_late_are_refused() {
        let values = vec![0f32; 3 * 40];
        assert_eq!(Rows::new(&values, 3, 17, 40).len(), 3);
        assert_eq!(Rows::new(&values[..2 * 40 + 32], 3, 17, 40).len(), 3);
        for (end, len, width, stride) in
            [(120, 4, 17, 40), (111, 3, 17, 40), (120, 3, 33, 40), (120, 2, 17, 31)]
        {
            assert!(
                catch_unwind(|| Rows::new(&values[..end], len, width, stride)).is_err(),
                "{end} {len} {width}"
            );
        }
    }

    #[test]
    fn parts_and_chunks_are_the_rows_in_between() {
        let mut values: Vec<usize> = (0..7 * 20).collect();
        let rows = Rows::new(&values, 7, 16, 20);
        let first = |rows: Rows<'_, usize>| rows.iter().map(|row| row[0]).collect::<Vec<_>>();
        assert_eq!(first(rows.part(2..5)), [40, 60, 80]);
        assert!(rows.part(7..7).len() == 0 && catch_unwind(|| rows.part(6..8)).is_err());
        assert!(rows.iter().all(|row| row.len() == 16));
        let mut rows = RowsMut::new(&mut values, 7, 16, 20);
        assert_eq!(first(rows.part(6..7).as_rows()), [120]);
        let chunks = rows.chunks(3).map(|chunk| first(chunk.as_rows()));
        assert_eq!(chunks.collect::<Vec<_>>(), [vec![0, 20, 40], vec![60, 80, 100], vec![120]]);
    }
}
