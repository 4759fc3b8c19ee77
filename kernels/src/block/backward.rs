//! A group of images back through one block: from the output's gradient to the codes', and on to the input's.
//!
//! The two halves are apart because batch norm's sums over the whole batch lie between them.
//!
//! *Invariant:* the depthwise result is computed again, never read; behind a pool only the gradients at the argmax are touched.

use crate::block::forward::{Codes, convolve, three_rows};
use crate::block::scratch::Scratch;
use crate::block::state::BlockState;
use crate::block::sums::{InputSums, OutputSums};
use crate::simd::depthwise::{Row, TapGradients};
use crate::simd::elementwise::{ColumnSums, Mask, ReluBackward};
use crate::simd::matmul::Matmul;
use crate::simd::pool::WindowGradients;
use crate::simd::rank_update::RankUpdate;
use crate::simd::vectors::{prefetch, scratch_pitch};
use std::ops::Range;

/// The gradient of a group's outputs.
#[derive(Clone, Copy)]
pub(crate) struct OutputGradient<'a> {
    /// `[pixels, c_out]`, or `[windows, c_out]` behind a pool, with the pitch of the outputs.
    pub(crate) gradient: &'a [f32],
    pub(crate) mask: Mask<'a>,
    /// Behind a pool: the windows' argmax, packed, and the pixels of a window.
    pub(crate) pool: Option<(&'a [u32], usize)>,
}

/// From the output's gradient to `(s E)^T g`, one row for each pixel, and the sums of the batch.
pub(crate) fn through_output(
    block: &BlockState,
    images: usize,
    codes: Codes<'_>,
    incoming: OutputGradient<'_>,
    out: &mut [f32],
    sums: &mut OutputSums,
    scratch: &mut Scratch,
) {
    let (processor, BlockState { shape, decoder, .. }) = (scratch.processor, block);
    let (out_pitch, gradient_pitch) = (shape.out_pitch(), scratch_pitch(shape.c_out));
    for strip in shape.strips(images) {
        codes.centre(processor, shape, &strip, &decoder.mean, &mut scratch.codes);
        let window = incoming.pool.map_or(1, |(_, window)| window);
        let rows = strip.len() / window;
        let at = strip.start / window * out_pitch..strip.end / window * out_pitch;
        ReluBackward {
            rows,
            gradient: &incoming.gradient[at.clone()],
            gradient_pitch: out_pitch,
            mask: match incoming.mask {
                Mask::Output(output) => Mask::Output(&output[at.clone()]),
                Mask::Bytes(relu_mask) => Mask::Bytes(&relu_mask[at.clone()]),
            },
            pitch: out_pitch,
            out: &mut scratch.outputs,
            out_pitch: gradient_pitch,
        }
        .run(processor);
        let strip_sums = &mut scratch.sums[..out_pitch];
        ColumnSums { rows, values: &scratch.outputs, pitch: gradient_pitch, out: strip_sums }.run(processor);
        sums.sums.iter_mut().zip(strip_sums).for_each(|(total, sum)| *total += f64::from(*sum));
        let out = out.get_mut(strip.start * shape.code_pitch()..strip.end * shape.code_pitch());
        match incoming.pool {
            Some((argmax, _)) => {
                let argmax = &argmax[strip.start / window / 4 * out_pitch..];
                pooled_strip(block, (rows, strip.len()), argmax, out, sums, scratch);
            }
            None => dense_strip(block, strip.len(), out, sums, scratch),
        }
    }
}

fn dense_strip(
    BlockState { shape, back, .. }: &BlockState,
    pixels: usize,
    out: Option<&mut [f32]>,
    sums: &mut OutputSums,
    scratch: &Scratch,
) {
    let (processor, gradient_pitch) = (scratch.processor, scratch_pitch(shape.c_out));
    RankUpdate {
        pixels,
        left: &scratch.codes,
        left_pitch: scratch_pitch(shape.rank),
        height: shape.rank,
        right: &scratch.outputs,
        right_pitch: gradient_pitch,
        width: shape.c_out,
        out: &mut sums.products,
        out_pitch: shape.out_pitch(),
        upper: false,
    }
    .run(processor);
    if let Some(out) = out {
        Matmul {
            rows: pixels,
            left: &scratch.outputs,
            left_pitch: gradient_pitch,
            right: &back.panels,
            initial: None,
            rectify: false,
            addend: None,
            out,
            out_pitch: shape.code_pitch(),
        }
        .run(processor);
    }
}

fn pooled_strip(
    BlockState { shape, back, .. }: &BlockState,
    (windows, pixels): (usize, usize),
    argmax: &[u32],
    out: Option<&mut [f32]>,
    sums: &mut OutputSums,
    scratch: &mut Scratch,
) {
    let strip_pitch = scratch_pitch(shape.rank);
    let gradients = &mut *scratch.code_gradients;
    gradients[..pixels * strip_pitch].fill(0.0);
    WindowGradients {
        windows,
        outputs: shape.c_out,
        gradient: &scratch.outputs,
        gradient_pitch: scratch_pitch(shape.c_out),
        argmax,
        argmax_pitch: shape.out_pitch(),
        codes: &scratch.codes,
        back: gradients,
        strip_pitch,
        rank: shape.rank,
        weights: &back.rows,
        out: &mut sums.products,
        pitch: shape.code_pitch(),
    }
    .run(scratch.processor);
    let rows = out.into_iter().flat_map(|out| out.chunks_mut(shape.code_pitch()));
    for (out, row) in rows.zip(gradients.chunks(strip_pitch)) {
        out.copy_from_slice(&row[..out.len()]);
    }
}

/// From `(s E)^T g` to the input's gradient, and the sums that become the gradients of `contract` and `depthwise`.
pub(crate) fn through_input(
    block: &BlockState,
    codes: &[f32],
    gradients: &[f32],
    input: &[f32],
    out: &mut [f32],
    sums: &mut InputSums,
    scratch: &mut Scratch,
) {
    let (processor, BlockState { shape, encoder, .. }) = (scratch.processor, block);
    let (side, pitch, strip_pitch) = (shape.side, shape.in_pitch(), scratch_pitch(shape.c_in));
    let images = input.len() / shape.in_size();
    let mut touched = 0;
    for strip in shape.strips(images) {
        let soon = (strip.end + side) * pitch;
        prefetch(&input[touched..soon.min(input.len())]);
        touched = soon.min(input.len());
        code_gradients(block, &strip, codes, gradients, scratch);
        let convolved = &mut scratch.convolved_gradients[strip.start * strip_pitch..strip.end * strip_pitch];
        Matmul {
            rows: strip.len(),
            left: &scratch.code_gradients,
            left_pitch: scratch_pitch(shape.rank),
            right: &encoder.contract_back,
            initial: None,
            rectify: false,
            addend: None,
            out: convolved,
            out_pitch: strip_pitch,
        }
        .run(processor);
        for (row, gradient) in
            (strip.start / side..strip.end / side).zip(convolved.chunks(side * strip_pitch))
        {
            TapGradients {
                rows: three_rows(input, &scratch.zeros, row, side, pitch),
                pitch,
                side,
                channels: shape.c_in,
                gradient,
                gradient_pitch: strip_pitch,
                out: &mut sums.taps,
                out_pitch: pitch,
            }
            .run(processor);
        }
        convolve(processor, block, &strip, input, &scratch.zeros, &mut scratch.convolved);
        RankUpdate {
            pixels: strip.len(),
            left: &scratch.code_gradients,
            left_pitch: scratch_pitch(shape.rank),
            height: shape.rank,
            right: &scratch.convolved,
            right_pitch: strip_pitch,
            width: shape.c_in,
            out: &mut sums.contract,
            out_pitch: pitch,
            upper: false,
        }
        .run(processor);
    }
    for (row, out) in out.chunks_mut(side * pitch).take(images * side).enumerate() {
        Row {
            rows: three_rows(&scratch.convolved_gradients, &scratch.zeros, row, side, strip_pitch),
            pitch: strip_pitch,
            side,
            channels: shape.c_in,
            taps: &encoder.turned,
            taps_pitch: pitch,
            out,
            out_pitch: pitch,
        }
        .run(processor);
    }
}

/// `d z = (s E)^T g - a - M (z - mean)` of a strip, into scratch memory.
fn code_gradients(
    BlockState { shape, decoder, back, .. }: &BlockState,
    strip: &Range<usize>,
    codes: &[f32],
    gradients: &[f32],
    scratch: &mut Scratch,
) {
    let processor = scratch.processor;
    Codes::Rows(codes).centre(processor, shape, strip, &decoder.mean, &mut scratch.codes);
    let code_pitch = shape.code_pitch();
    Matmul {
        rows: strip.len(),
        left: &scratch.codes,
        left_pitch: scratch_pitch(shape.rank),
        right: &back.slope,
        initial: Some(&back.constant),
        rectify: false,
        addend: Some((&gradients[strip.start * code_pitch..strip.end * code_pitch], code_pitch)),
        out: &mut scratch.code_gradients,
        out_pitch: scratch_pitch(shape.rank),
    }
    .run(processor);
}
