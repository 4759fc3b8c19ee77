//! The sizes of one block, and how its pixels are walked.
//!
//! *Invariant:* a strip is whole image rows, an even number of them where a pool follows, and at most
//! [`STRIP`] pixels.

use crate::simd::codes::code_pitch;
use crate::simd::patches::PATCH;
use crate::simd::vectors::{STRIP, pitch};
use network::{Block, Filter, Place};
use std::ops::Range;

/// Images that a pass takes together where they are small, so that they fill a strip.
pub(crate) const GROUP: usize = 4;

/// A block's sizes. The first block's codes are the patches of the image.
#[derive(Debug, Clone)]
pub(crate) struct BlockShape {
    pub(crate) c_in: usize,
    pub(crate) c_out: usize,
    /// Channels of the code: the rank, or 27.
    pub(crate) rank: usize,
    pub(crate) side: usize,
    pub(crate) place: Place,
    pub(crate) sees_image: bool,
}

impl BlockShape {
    pub(crate) fn new(block: &Block) -> Self {
        let (rank, sees_image) = match block.filter {
            Filter::Dense => (PATCH, true),
            Filter::LowRank { rank } => (rank, false),
        };
        let Block { c_in, c_out, side, place, .. } = *block;
        Self { c_in, c_out, rank, side, place, sees_image }
    }

    /// Returns the numbers between two pixels of the input.
    pub(crate) fn in_pitch(&self) -> usize {
        pitch(self.c_in)
    }

    /// Returns the numbers in a padded row of the code.
    pub(crate) fn code_pitch(&self) -> usize {
        pitch(self.rank)
    }

    /// Returns the numbers between two pixels of the output.
    pub(crate) fn out_pitch(&self) -> usize {
        pitch(self.c_out)
    }

    /// Returns the pixels of an image before the pool.
    pub(crate) fn pixels(&self) -> usize {
        self.side * self.side
    }

    /// Returns the pixels of an image after it.
    pub(crate) fn out_pixels(&self) -> usize {
        if self.place == Place::Pooled { self.pixels() / 4 } else { self.pixels() }
    }

    /// Returns how many numbers an image's input has.
    pub(crate) fn in_size(&self) -> usize {
        self.pixels() * self.in_pitch()
    }

    /// Returns how many numbers an image's code has in memory.
    pub(crate) fn code_size(&self) -> usize {
        self.pixels() * code_pitch(self.rank)
    }

    /// Returns how many numbers an image's output has.
    pub(crate) fn out_size(&self) -> usize {
        self.out_pixels() * self.out_pitch()
    }
}

/// The strips of some images, whose pixels are so many: ranges of pixels.
pub(crate) fn strips(pixels: usize) -> impl Iterator<Item = Range<usize>> {
    (0..pixels).step_by(STRIP).map(move |start| start..(start + STRIP).min(pixels))
}
