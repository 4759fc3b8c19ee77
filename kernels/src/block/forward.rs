//! A group of images through one block: encoding to codes, decoding to the output.
//!
//! *Invariant:* a strip at a time; neither the depthwise result nor the unpooled output exists in memory.

use crate::block::moments::MomentSums;
use crate::block::scratch::Scratch;
use crate::block::shape::strips;
use crate::block::state::BlockState;
use crate::simd::codes::{CentredCodes, CodeRows, CodeRowsMut};
use crate::simd::depthwise::{Depthwise, ThreeRows};
use crate::simd::elementwise::Residual;
use crate::simd::isa::{Processor, Run};
use crate::simd::matmul::Matmul;
use crate::simd::patches::{self, IMAGE, PATCH};
use crate::simd::pool::PooledMatmul;
use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::STRIP;
use network::Place;
use network::architecture::{IMAGE_CHANNELS, IMAGE_SIDE};
use std::ops::Range;

/// The codes that a block's output is made from.
#[derive(Clone, Copy)]
pub(crate) enum Codes<'a> {
    /// The codes lie in memory: `[pixels, rank]`.
    Rows(CodeRows<'a>),
    /// The codes are the patches of these images.
    Images(&'a [f32]),
}

impl Codes<'_> {
    /// Returns the codes of some images out of many, which have so many pixels each.
    pub(crate) fn of(self, pixels: usize, images: Range<usize>) -> Self {
        match self {
            Self::Rows(rows) => Self::Rows(rows.part(images.start * pixels..images.end * pixels)),
            Self::Images(all) => Self::Images(&all[images.start * IMAGE..images.end * IMAGE]),
        }
    }

    /// Returns how many pixels there are.
    fn pixels(self) -> usize {
        match self {
            Self::Rows(rows) => rows.len(),
            Self::Images(images) => images.len() / IMAGE_CHANNELS,
        }
    }

    /// Asks the processor for the codes of pixels that are wanted soon.
    pub(crate) fn prefetch(self, pixels: Range<usize>) {
        if let Self::Rows(rows) = self {
            rows.prefetch(pixels);
        }
    }

    /// Writes a strip of codes less their mean.
    pub(crate) fn centre(self, processor: Processor, strip: &Range<usize>, mean: &[f32], out: RowsMut<'_>) {
        match self {
            Self::Rows(rows) => {
                let values = rows.part(strip.clone());
                CentredCodes { values, mean, out }.run(processor);
            }
            Self::Images(images) => {
                let row = strip.start / IMAGE_SIDE;
                let image = &images[row / IMAGE_SIDE * IMAGE..][..IMAGE];
                patches::write(image, row % IMAGE_SIDE, mean, out);
            }
        }
    }
}

/// Returns the rows above, at and below image row `row` of a group, where rows of one image do not see those
/// of the next.
pub(crate) fn three_rows<'a>(values: Rows<'a>, zeros: &'a [f32], row: usize, side: usize) -> ThreeRows<'a> {
    let at = |row: usize| values.part(row * side..(row + 1) * side);
    let zeros = Rows::new(zeros, side, values.width(), values.stride());
    let above = if row.is_multiple_of(side) { zeros } else { at(row - 1) };
    let below = if row % side == side - 1 { zeros } else { at(row + 1) };
    [above, at(row), below]
}

/// Convolves the image rows from `first` on, as many as `out` has room for, channel by channel.
pub(crate) fn convolve(
    processor: Processor,
    (first, side): (usize, usize),
    taps: Rows<'_>,
    input: Rows<'_>,
    zeros: &[f32],
    out: RowsMut<'_>,
) {
    for (row, out) in (first..).zip(out.chunks(side)) {
        Depthwise { rows: three_rows(input, zeros, row, side), taps, out }.run(processor);
    }
}

/// Computes codes from inputs, and adds them to the moments.
pub(crate) fn encode(
    block: &BlockState,
    input: Rows<'_>,
    mut codes: CodeRowsMut<'_>,
    scratch: &mut Scratch,
    mut moments: Option<&mut MomentSums>,
) {
    let (processor, BlockState { shape, encoder, .. }) = (scratch.processor, block);
    let taps = Rows::packed(&encoder.taps, shape.c_in);
    for strip in strips(input.len()) {
        let mut convolved = RowsMut::strip(&mut scratch.convolved, strip.len(), shape.c_in);
        let first = strip.start / shape.side;
        let out = convolved.part(0..strip.len());
        convolve(processor, (first, shape.side), taps, input, &scratch.zeros, out);
        codes.part(strip).fill(processor, &mut scratch.code_gradients, |mut codes| {
            let out = codes.part(0..convolved.len());
            Matmul::plain(convolved.as_rows(), &encoder.contract, out).run(processor);
            if let Some(moments) = &mut moments {
                moments.add(processor, codes.as_rows(), &mut scratch.sums, &mut scratch.codes);
            }
        });
    }
    if let Some(moments) = moments {
        moments.settle();
    }
}

/// Adds the patches of images to the moments.
pub(crate) fn encode_images(images: &[f32], scratch: &mut Scratch, moments: &mut MomentSums) {
    let (processor, images) = (scratch.processor, Codes::Images(images));
    for strip in strips(images.pixels()) {
        let mut patches = RowsMut::strip(&mut scratch.code_gradients, strip.len(), PATCH);
        images.centre(processor, &strip, &[0.0; PATCH], patches.part(0..strip.len()));
        moments.add(processor, patches.as_rows(), &mut scratch.sums, &mut scratch.codes);
    }
    moments.settle();
}

/// The arrays that a block's decoding writes: `[pixels, c_out]`, or `[windows, c_out]` behind a pool.
pub(crate) struct Decoded<'a> {
    pub(crate) out: RowsMut<'a>,
    /// The argmax of each window, packed: `[windows / 4, c_out]`; it has no rows without a pool.
    pub(crate) argmax: RowsMut<'a, u32>,
    /// The mask of the ReLU in front of a residual; nothing is written elsewhere.
    pub(crate) relu_mask: RowsMut<'a, u8>,
}

impl<'a> Decoded<'a> {
    /// Makes the arrays of a block that has neither pool nor residual.
    pub(crate) fn plain(out: RowsMut<'a>) -> Self {
        let width = out.width();
        Self { out, argmax: RowsMut::packed(&mut [], width), relu_mask: RowsMut::packed(&mut [], width) }
    }
}

/// Computes outputs from codes. A residual adds `kept`.
pub(crate) fn decode(
    BlockState { shape, decoder, .. }: &BlockState,
    codes: Codes<'_>,
    kept: Rows<'_>,
    Decoded { mut out, mut argmax, mut relu_mask }: Decoded<'_>,
    scratch: &mut Scratch,
) {
    let (processor, right, bias) = (scratch.processor, &decoder.panels, &*decoder.bias);
    for strip in strips(codes.pixels()) {
        codes.prefetch(strip.end..strip.end + strip.len());
        let mut centred = RowsMut::strip(&mut scratch.codes, strip.len(), shape.rank);
        codes.centre(processor, &strip, &decoder.mean, centred.part(0..strip.len()));
        let left = centred.as_rows();
        let product = |out| Matmul { initial: Some(bias), rectify: true, ..Matmul::plain(left, right, out) };
        match shape.place {
            Place::Plain | Place::ResidualFirst => product(out.part(strip)).run(processor),
            Place::Pooled => {
                let out = out.part(strip.start / 4..strip.end / 4);
                let argmax = argmax.part(strip.start / 16..strip.end / 16);
                PooledMatmul { left, side: shape.side, right, initial: bias, out, argmax }.run(processor);
            }
            Place::ResidualSecond => {
                let mut activations = RowsMut::strip(&mut scratch.outputs, strip.len(), shape.c_out);
                product(activations.part(0..strip.len())).run(processor);
                let (activations, kept) = (activations.as_rows(), kept.part(strip.clone()));
                let (out, relu_mask) = (out.part(strip.clone()), relu_mask.part(strip));
                Residual { activations, kept, out, relu_mask }.run(processor);
            }
        }
    }
}

const _: () = assert!(STRIP.is_multiple_of(2 * IMAGE_SIDE), "a strip of the first pool is pairs of rows");
