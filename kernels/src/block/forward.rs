//! A group of images through one block: encoding to codes, decoding to the output.
//!
//! *Invariant:* a strip at a time; neither the depthwise result nor the unpooled output exists in memory.

use crate::block::moments::MomentSums;
use crate::block::scratch::Scratch;
use crate::block::shape::BlockShape;
use crate::block::state::BlockState;
use crate::simd::depthwise::{Row, ThreeRows};
use crate::simd::elementwise::{Centre, Residual};
use crate::simd::isa::Processor;
use crate::simd::matmul::Matmul;
use crate::simd::patches::{self, IMAGE, PATCH};
use crate::simd::pool::PooledMatmul;
use crate::simd::vectors::{STRIP, scratch_pitch};
use network::Place;
use network::architecture::IMAGE_SIDE;
use std::ops::Range;

/// What a block's output is made from.
#[derive(Clone, Copy)]
pub(crate) enum Codes<'a> {
    /// Codes in memory.
    Rows(&'a [f32]),
    /// Images, whose patches are the codes.
    Images(&'a [f32]),
}

impl<'a> Codes<'a> {
    /// Those of some images out of many.
    pub(crate) fn of(self, shape: &BlockShape, images: Range<usize>) -> Self {
        let part = |values: &'a [f32], size: usize| &values[images.start * size..images.end * size];
        match self {
            Self::Rows(rows) => Self::Rows(part(rows, shape.code_size())),
            Self::Images(all) => Self::Images(part(all, IMAGE)),
        }
    }

    /// Writes a strip of codes less their mean, with the pitch of scratch memory.
    pub(crate) fn centre(
        self,
        processor: Processor,
        shape: &BlockShape,
        strip: &Range<usize>,
        mean: &[f32],
        out: &mut [f32],
    ) {
        let out_pitch = scratch_pitch(shape.rank);
        match self {
            Self::Rows(rows) => {
                let pitch = shape.code_pitch();
                let values = &rows[strip.start * pitch..];
                Centre { rows: strip.len(), values, pitch, mean, out, out_pitch }.run(processor);
            }
            Self::Images(images) => {
                let image = &images[strip.start / shape.pixels() * IMAGE..][..IMAGE];
                let first = strip.start % shape.pixels() / IMAGE_SIDE;
                patches::write(image, first, strip.len() / IMAGE_SIDE, mean, out, out_pitch);
            }
        }
    }
}

/// The rows above, at and below image row `row` of a group, where rows of one image do not see those of the next.
pub(crate) fn three_rows<'a>(
    values: &'a [f32],
    zeros: &'a [f32],
    row: usize,
    side: usize,
    pitch: usize,
) -> ThreeRows<'a> {
    let at = |row: usize| &values[row * side * pitch..(row + 1) * side * pitch];
    let zeros = &zeros[..side * pitch];
    let above = if row.is_multiple_of(side) { zeros } else { at(row - 1) };
    let below = if row % side == side - 1 { zeros } else { at(row + 1) };
    [above, at(row), below]
}

/// The depthwise convolution of a strip, into scratch memory.
pub(crate) fn convolve(
    processor: Processor,
    BlockState { shape, encoder, .. }: &BlockState,
    strip: &Range<usize>,
    input: &[f32],
    zeros: &[f32],
    out: &mut [f32],
) {
    let (side, pitch, out_pitch) = (shape.side, shape.in_pitch(), scratch_pitch(shape.c_in));
    let rows = strip.start / side..strip.end / side;
    for (row, out) in rows.zip(out.chunks_mut(side * out_pitch)) {
        Row {
            rows: three_rows(input, zeros, row, side, pitch),
            pitch,
            side,
            channels: shape.c_in,
            taps: &encoder.taps,
            taps_pitch: pitch,
            out,
            out_pitch,
        }
        .run(processor);
    }
}

/// Inputs to codes.
pub(crate) fn encode(
    block: &BlockState,
    images: usize,
    (input, codes): (&[f32], &mut [f32]),
    scratch: &mut Scratch,
    mut moments: Option<&mut MomentSums>,
) {
    let (processor, BlockState { shape, encoder, .. }) = (scratch.processor, block);
    let code_pitch = shape.code_pitch();
    for strip in shape.strips(images) {
        convolve(processor, block, &strip, input, &scratch.zeros, &mut scratch.convolved);
        let codes = &mut codes[strip.start * code_pitch..strip.end * code_pitch];
        Matmul {
            rows: strip.len(),
            left: &scratch.convolved,
            left_pitch: scratch_pitch(shape.c_in),
            right: &encoder.contract,
            initial: None,
            rectify: false,
            addend: None,
            out: codes,
            out_pitch: code_pitch,
        }
        .run(processor);
        if let Some(moments) = &mut moments {
            let values = (&*codes, code_pitch);
            moments.add(processor, strip.len(), values, &mut scratch.sums, &mut scratch.codes);
        }
    }
    if let Some(moments) = moments {
        moments.settle();
    }
}

/// The moments of an image's patches.
pub(crate) fn encode_images(
    shape: &BlockShape,
    images: &[f32],
    scratch: &mut Scratch,
    moments: &mut MomentSums,
) {
    let (processor, row) = (scratch.processor, scratch_pitch(PATCH));
    for strip in shape.strips(images.len() / IMAGE) {
        let patches = &mut scratch.code_gradients;
        Codes::Images(images).centre(processor, shape, &strip, &[0.0; PATCH], patches);
        let values = (&**patches, row);
        moments.add(processor, strip.len(), values, &mut scratch.sums, &mut scratch.codes);
    }
    moments.settle();
}

/// What a block's decoding writes.
pub(crate) struct Decoded<'a> {
    pub(crate) out: &'a mut [f32],
    /// Behind a pool.
    pub(crate) argmax: &'a mut [u32],
    /// Where the rectifier in front of a residual was open.
    pub(crate) relu_mask: &'a mut [u8],
}

/// Codes to outputs. `kept` is what a residual adds.
pub(crate) fn decode(
    BlockState { shape, decoder, .. }: &BlockState,
    images: usize,
    codes: Codes<'_>,
    kept: &[f32],
    Decoded { out, argmax, relu_mask }: Decoded<'_>,
    scratch: &mut Scratch,
) {
    let (processor, out_pitch) = (scratch.processor, shape.out_pitch());
    for strip in shape.strips(images) {
        codes.centre(processor, shape, &strip, &decoder.mean, &mut scratch.codes);
        let (left, left_pitch) = (&*scratch.codes, scratch_pitch(shape.rank));
        let right = &decoder.panels;
        let at = strip.start * out_pitch..strip.end * out_pitch;
        let product = |out| Matmul {
            rows: strip.len(),
            left,
            left_pitch,
            right,
            initial: Some(&decoder.bias),
            rectify: true,
            addend: None,
            out,
            out_pitch,
        };
        match shape.place {
            Place::Plain | Place::ResidualFirst => product(&mut out[at]).run(processor),
            Place::Pooled => {
                let (at, words) = (at.start / 4..at.end / 4, at.start / 16..at.end / 16);
                PooledMatmul {
                    left,
                    left_pitch,
                    pixels: strip.len(),
                    side: shape.side,
                    right,
                    initial: &decoder.bias,
                    out: &mut out[at],
                    out_pitch,
                    argmax: &mut argmax[words],
                }
                .run(processor);
            }
            Place::ResidualSecond => {
                product(&mut scratch.outputs).run(processor);
                let activations = &scratch.outputs[..strip.len() * out_pitch];
                let (out, relu_mask) = (&mut out[at.clone()], &mut relu_mask[at.clone()]);
                Residual { activations, kept: &kept[at], out, relu_mask }.run(processor);
            }
        }
    }
}

const _: () = assert!(STRIP.is_multiple_of(2 * IMAGE_SIDE), "a strip of the first pool is pairs of rows");
