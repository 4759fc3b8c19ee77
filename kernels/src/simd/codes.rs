//! Codes in memory, and their way to a strip of scratch memory and back.
//!
//! A code is read and written several times a step, and at small ranks most of a whole vector would be
//! padding. So its row in memory is as narrow as the rank allows ([`code_pitch`]), and kernels that work on
//! whole vectors meet it in a strip, whose rows are padded with zeros.
//!
//! *Invariant:* a row holds its rank, rounded up to 4, to 8 or to whole vectors of any instructions; rows
//! follow each other without a gap.

use crate::simd::isa::{Processor, Run};
use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::{ROW_UNIT, pitch, prefetch};
use pulp::{Simd, WithSimd};
use std::array;
use std::ops::Range;

/// Returns how many numbers a code of this rank takes in memory.
pub(crate) const fn code_pitch(rank: usize) -> usize {
    match rank {
        ..=4 => 4,
        5..=8 => 8,
        _ => pitch(rank),
    }
}

/// Codes to read, one for each pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodeRows<'a> {
    values: &'a [f32],
    rank: usize,
}

/// Codes to write.
#[derive(Debug)]
pub(crate) struct CodeRowsMut<'a> {
    values: &'a mut [f32],
    rank: usize,
}

impl<'a> CodeRows<'a> {
    /// # Panics
    /// It panics where the values are not whole rows.
    pub(crate) fn new(values: &'a [f32], rank: usize) -> Self {
        assert!(values.len().is_multiple_of(code_pitch(rank)), "a code is cut");
        Self { values, rank }
    }

    /// Returns the codes of some pixels.
    pub(crate) fn part(self, pixels: Range<usize>) -> Self {
        let pitch = code_pitch(self.rank);
        Self { values: &self.values[pixels.start * pitch..pixels.end * pitch], rank: self.rank }
    }

    /// Asks the processor for codes that are wanted soon, which may lie beyond the last.
    pub(crate) fn prefetch(self, pixels: Range<usize>) {
        let pitch = code_pitch(self.rank);
        prefetch(self.values.as_ptr().wrapping_add(pixels.start * pitch), pixels.len() * pitch);
    }

    /// Returns rows of whole vectors: those in memory, or else their copy in a strip.
    pub(crate) fn widened(self, processor: Processor, strip: &'a mut [f32], zeros: &[f32]) -> Rows<'a> {
        if code_pitch(self.rank) == pitch(self.rank) {
            return Rows::packed(self.values, self.rank);
        }
        let out = RowsMut::strip(strip, self.len(), self.rank);
        CentredCodes { values: self, mean: zeros, out }.run(processor);
        Rows::strip(strip, self.len(), self.rank)
    }

    /// Returns how many pixels there are.
    pub(crate) fn len(self) -> usize {
        self.values.len() / code_pitch(self.rank)
    }
}

impl<'a> CodeRowsMut<'a> {
    /// # Panics
    /// It panics where the values are not whole rows.
    pub(crate) fn new(values: &'a mut [f32], rank: usize) -> Self {
        assert!(values.len().is_multiple_of(code_pitch(rank)), "a code is cut");
        Self { values, rank }
    }

    /// Returns the codes of some pixels.
    pub(crate) fn part(&mut self, pixels: Range<usize>) -> CodeRowsMut<'_> {
        let pitch = code_pitch(self.rank);
        CodeRowsMut { values: &mut self.values[pixels.start * pitch..pixels.end * pitch], rank: self.rank }
    }

    /// Gives `fill` rows of whole vectors to write: those in memory, or else a strip, which is then stored.
    pub(crate) fn fill(self, processor: Processor, strip: &mut [f32], fill: impl FnOnce(RowsMut<'_>)) {
        if code_pitch(self.rank) == pitch(self.rank) {
            return fill(RowsMut::packed(self.values, self.rank));
        }
        let mut rows = RowsMut::strip(strip, self.len(), self.rank);
        fill(rows.part(0..self.len()));
        StoredCodes { values: rows.as_rows(), out: self }.run(processor);
    }

    /// Returns how many pixels there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len() / code_pitch(self.rank)
    }
}

/// A kernel that walks codes unit by unit.
trait InUnits {
    /// Walks them in units of `U` numbers, each of which meets a unit of whole vectors of the strip.
    fn units<const U: usize>(self);
}

#[inline(always)]
fn in_units(kernel: impl InUnits, rank: usize) {
    match code_pitch(rank) {
        4 => kernel.units::<4>(),
        8 => kernel.units::<8>(),
        _ => kernel.units::<ROW_UNIT>(),
    }
}

/// Copies codes into a strip and takes their mean away: `out[pixel] = values[pixel] - mean`.
pub(crate) struct CentredCodes<'a> {
    pub(crate) values: CodeRows<'a>,
    /// The mean, which is as long as a padded row.
    pub(crate) mean: &'a [f32],
    pub(crate) out: RowsMut<'a>,
}

/// Copies codes from a strip to memory.
pub(crate) struct StoredCodes<'a> {
    pub(crate) values: Rows<'a>,
    pub(crate) out: CodeRowsMut<'a>,
}

impl InUnits for CentredCodes<'_> {
    #[inline(always)]
    fn units<const U: usize>(mut self) {
        let units = code_pitch(self.values.rank) / U;
        let mut values = self.values.values.as_chunks::<U>().0.iter();
        let means = &self.mean.as_chunks::<ROW_UNIT>().0[..units];
        for row in self.out.iter_mut() {
            for ((out, value), mean) in
                row.as_chunks_mut::<ROW_UNIT>().0.iter_mut().zip(&mut values).zip(means)
            {
                *out = array::from_fn(|at| if at < U { value[at] - mean[at] } else { 0.0 });
            }
        }
    }
}

impl InUnits for StoredCodes<'_> {
    #[inline(always)]
    fn units<const U: usize>(self) {
        let mut out = self.out.values.as_chunks_mut::<U>().0.iter_mut();
        for row in self.values.iter() {
            for (value, out) in row.as_chunks::<ROW_UNIT>().0.iter().zip(&mut out) {
                *out = array::from_fn(|at| value[at]);
            }
        }
    }
}

impl WithSimd for CentredCodes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { values, mean, out } = &self;
        assert!((out.len(), out.width()) == (values.len(), values.rank) && mean.len() >= pitch(values.rank));
        let rank = values.rank;
        in_units(self, rank);
    }
}

impl WithSimd for StoredCodes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { values, out } = &self;
        assert!((out.len(), out.rank) == (values.len(), values.width()));
        let rank = out.rank;
        in_units(self, rank);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::guarded::{Draw, processors};
    use proptest::prelude::*;

    /// Draws codes in memory, with something in their padding.
    fn codes(draw: &mut Draw, pixels: usize, rank: usize) -> Vec<f32> {
        draw.numbers(pixels * code_pitch(rank))
    }

    proptest! {
        #[test]
        fn codes_come_to_a_strip_less_their_mean_and_padded_with_zeros(
            (pixels, rank) in (0usize..20, 1usize..50), gap in 0usize..20, seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let (values, mean) = (codes(&mut draw, pixels, rank), draw.input(1, rank, 0));
            let start = draw.output(pixels, rank, gap);
            for processor in processors() {
                let mut out = start.clone();
                let mean_row = mean.rows().iter().next().unwrap();
                let values_here = CodeRows::new(&values, rank);
                CentredCodes { values: values_here, mean: mean_row, out: out.rows_mut() }.run(processor);
                let value = |pixel: usize, r: usize| f64::from(values[pixel * code_pitch(rank) + r]);
                prop_assert!(out.is(|pixel, r| value(pixel, r) - mean.exact(0, r)), "{:?}", processor);
                let padding = code_pitch(rank)..pitch(rank);
                let mut beyond = (0..pixels).flat_map(|pixel| padding.clone().map(move |r| (pixel, r)));
                prop_assert!(beyond.all(|(pixel, r)| out.at(pixel, r) == 0.0), "{:?}", processor);
            }
        }

        #[test]
        fn codes_are_stored_without_touching_their_neighbours(
            (pixels, rank, after) in (0usize..20, 1usize..50, 1usize..4), gap in 0usize..20, seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let values = draw.input(pixels, rank, gap);
            for processor in processors() {
                let mut memory = vec![99.0; (pixels + after) * code_pitch(rank)];
                let mut rows = CodeRowsMut::new(&mut memory, rank);
                StoredCodes { values: values.rows(), out: rows.part(0..pixels) }.run(processor);
                let (stored, rest) = memory.split_at(pixels * code_pitch(rank));
                for (pixel, code) in stored.chunks(code_pitch(rank)).enumerate() {
                    prop_assert!((0..rank).all(|r| code[r] == values.at(pixel, r)), "{:?}", processor);
                }
                prop_assert!(rest.iter().all(|&value| value == 99.0), "{:?}", processor);
            }
        }
    }

    #[test]
    fn parts_are_the_codes_in_between() {
        for rank in [1, 4, 5, 8, 9, 31] {
            let row = code_pitch(rank);
            let mut values: Vec<f32> = (0..7 * row).map(|value| value as f32).collect();
            let part = CodeRows::new(&values, rank).part(2..5);
            assert_eq!((part.len(), part.values[0]), (3, (2 * row) as f32));
            let mut rows = CodeRowsMut::new(&mut values, rank);
            assert_eq!((rows.len(), rows.part(6..7).values[0]), (7, (6 * row) as f32));
            assert!(std::panic::catch_unwind(|| CodeRows::new(&values[1..], rank)).is_err());
        }
    }
}
