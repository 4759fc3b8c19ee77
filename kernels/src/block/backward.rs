//! A group of images back through one block: from the output's gradient to the codes', and on to the input's.
//!
//! The two halves are apart because batch norm's sums over the whole batch lie between them.
//!
//! *Invariant:* the depthwise result is computed again, never read; behind a pool only the gradients at the
//! argmax are touched.

use crate::block::forward::{Codes, convolve, three_rows};
use crate::block::scratch::Scratch;
use crate::block::shape::strips;
use crate::block::state::BlockState;
use crate::block::sums::{InputSums, OutputSums};
use crate::simd::codes::{CodeRows, CodeRowsMut, StoredCodes};
use crate::simd::columns::ColumnSums;
use crate::simd::depthwise::TapGradients;
use crate::simd::elementwise::{Mask, ReluBackward};
use crate::simd::isa::Run;
use crate::simd::matmul::Matmul;
use crate::simd::pool::PACKED;
use crate::simd::rank_update::RankUpdate;
use crate::simd::rows::{Rows, RowsMut};
use crate::simd::vectors::STRIP;
use crate::simd::window_gradients::WindowGradients;
use std::ops::Range;

/// The gradient of a group's outputs.
#[derive(Clone, Copy)]
pub(crate) struct OutputGradient<'a> {
    /// `[pixels, c_out]`, or `[windows, c_out]` behind a pool.
    pub(crate) gradient: Rows<'a>,
    pub(crate) mask: Mask<'a>,
    /// The windows' argmax, packed, and the pixels of a window; none where no pool follows.
    pub(crate) pool: Option<(Rows<'a, u32>, usize)>,
}

/// Goes from the output's gradient to `(s E)^T g`, one row for each pixel, and adds to the sums of the batch.
/// The first block, whose codes have no gradient, has no rows in `out`.
pub(crate) fn through_output(
    block: &BlockState,
    codes: Codes<'_>,
    incoming: OutputGradient<'_>,
    mut out: CodeRowsMut<'_>,
    sums: &mut OutputSums,
    scratch: &mut Scratch,
) {
    let (processor, BlockState { shape, decoder, .. }) = (scratch.processor, block);
    let window = incoming.pool.map_or(1, |(_, window)| window);
    for strip in strips(incoming.gradient.len() * window) {
        let next = strip.end..strip.end + strip.len();
        codes.prefetch(next);
        let centred = RowsMut::strip(&mut scratch.codes, strip.len(), shape.rank);
        codes.centre(processor, &strip, &decoder.mean, centred);
        let windows = strip.start / window..strip.end / window;
        let mut gradient = RowsMut::strip(&mut scratch.outputs, windows.len(), shape.c_out);
        ReluBackward {
            gradient: incoming.gradient.part(windows.clone()),
            mask: incoming.mask.part(windows.clone()),
            out: gradient.part(0..windows.len()),
        }
        .run(processor);
        ColumnSums { values: gradient.as_rows(), out: &mut scratch.sums }.run(processor);
        sums.sums.iter_mut().zip(&scratch.sums).for_each(|(total, sum)| *total += f64::from(*sum));
        let out = (out.len() > 0).then(|| out.part(strip.clone()));
        match incoming.pool {
            Some((argmax, _)) => {
                let words = windows.start / PACKED..windows.end.div_ceil(PACKED);
                argmax.prefetch(words.end..words.end + words.len());
                let argmax = argmax.part(words);
                pooled_strip(block, strip.len(), (windows.len(), argmax), out, sums, scratch);
            }
            None => dense_strip(block, strip.len(), out, sums, scratch),
        }
    }
}

fn dense_strip(
    BlockState { shape, back, .. }: &BlockState,
    pixels: usize,
    out: Option<CodeRowsMut<'_>>,
    sums: &mut OutputSums,
    scratch: &mut Scratch,
) {
    let codes = Rows::strip(&scratch.codes, pixels, shape.rank);
    let gradient = Rows::strip(&scratch.outputs, pixels, shape.c_out);
    let products = RowsMut::packed(&mut sums.products, shape.c_out);
    RankUpdate { left: codes, right: gradient, out: products, upper: false }.run(scratch.processor);
    if let Some(out) = out {
        out.fill(scratch.processor, &mut scratch.code_gradients, |out| {
            Matmul::plain(gradient, &back.panels, out).run(scratch.processor);
        });
    }
}

fn pooled_strip(
    BlockState { shape, back, .. }: &BlockState,
    pixels: usize,
    (windows, argmax): (usize, Rows<'_, u32>),
    out: Option<CodeRowsMut<'_>>,
    sums: &mut OutputSums,
    scratch: &mut Scratch,
) {
    let mut gradients = RowsMut::strip(&mut scratch.code_gradients, STRIP, shape.rank);
    gradients.iter_mut().take(pixels).for_each(|row| row.fill(0.0));
    WindowGradients {
        gradient: Rows::strip(&scratch.outputs, windows, shape.c_out),
        argmax,
        codes: Rows::strip(&scratch.codes, STRIP, shape.rank),
        back: gradients.part(0..STRIP),
        weights: Rows::packed(&back.rows, shape.rank),
        out: RowsMut::packed(&mut sums.products, shape.rank),
    }
    .run(scratch.processor);
    if let Some(out) = out {
        StoredCodes { values: gradients.as_rows().part(0..pixels), out }.run(scratch.processor);
    }
}

/// Goes from `(s E)^T g` to the input's gradient, and adds to the sums that become the gradients of
/// `contract` and `depthwise`.
pub(crate) fn through_input(
    block: &BlockState,
    codes: CodeRows<'_>,
    gradients: CodeRows<'_>,
    input: Rows<'_>,
    out: RowsMut<'_>,
    sums: &mut InputSums,
    scratch: &mut Scratch,
) {
    let (processor, BlockState { shape, encoder, .. }) = (scratch.processor, block);
    let (side, channels) = (shape.side, shape.c_in);
    let [taps, turned] = [&encoder.taps, &encoder.turned].map(|taps| Rows::packed(taps, channels));
    for strip in strips(input.len()) {
        let next = strip.end..strip.end + strip.len();
        codes.prefetch(next.clone());
        gradients.prefetch(next.clone());
        code_gradients(block, &strip, codes, gradients, scratch);
        let left = Rows::strip(&scratch.code_gradients, strip.len(), shape.rank);
        let mut convolved = RowsMut::strip(&mut scratch.convolved_gradients, input.len(), channels);
        Matmul::plain(left, &encoder.contract_back, convolved.part(strip.clone())).run(processor);
        let rows = strip.start / side..strip.end / side;
        for row in rows.clone() {
            TapGradients {
                rows: three_rows(input, &scratch.zeros, row, side),
                gradient: convolved.as_rows().part(row * side..(row + 1) * side),
                out: RowsMut::packed(&mut sums.taps, channels),
            }
            .run(processor);
        }
        let again = RowsMut::strip(&mut scratch.convolved, strip.len(), channels);
        convolve(processor, (rows.start, side), taps, input, &scratch.zeros, again);
        let right = Rows::strip(&scratch.convolved, strip.len(), channels);
        let out = RowsMut::packed(&mut sums.contract, channels);
        RankUpdate { left, right, out, upper: false }.run(processor);
    }
    let convolved = Rows::strip(&scratch.convolved_gradients, input.len(), channels);
    convolve(processor, (0, side), turned, convolved, &scratch.zeros, out);
}

/// Writes `d z = (s E)^T g - a - M (z - mean)` of a strip into scratch memory.
fn code_gradients(
    BlockState { shape, decoder, back, .. }: &BlockState,
    strip: &Range<usize>,
    codes: CodeRows<'_>,
    gradients: CodeRows<'_>,
    scratch: &mut Scratch,
) {
    let processor = scratch.processor;
    let mut centred = RowsMut::strip(&mut scratch.codes, strip.len(), shape.rank);
    Codes::Rows(codes).centre(processor, strip, &decoder.mean, centred.part(0..strip.len()));
    let gradients = gradients.part(strip.clone());
    let addend = gradients.widened(processor, &mut scratch.outputs, &scratch.zeros);
    let out = RowsMut::strip(&mut scratch.code_gradients, strip.len(), shape.rank);
    let product = Matmul::plain(centred.as_rows(), &back.slope, out);
    Matmul { initial: Some(&back.constant), addend: Some(addend), ..product }.run(processor);
}
