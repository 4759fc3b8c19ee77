//! Logits by the running statistics.
//!
//! *Invariant:* batch norm is folded into the weights; images go through the whole network one by one, so
//! that they stay in the cache, and nothing but their logits is kept.

use crate::block::forward::{Codes, Decoded, decode, encode};
use crate::block::scratch::Scratch;
use crate::block::state::BlockState;
use crate::simd::codes::{CodeRows, CodeRowsMut};
use crate::simd::head::{GlobalPool, Logits};
use crate::simd::isa::Run;
use crate::simd::patches::IMAGE;
use crate::simd::rows::{Rows, RowsMut};
use crate::step::chunk::{chunks, numbers, split};
use crate::workers::Workers;
use network::Place;

/// Computes the logits `[n, classes]` of images; `linear` is `[classes, channels]`.
pub(crate) fn logits(
    workers: &Workers<Scratch>,
    blocks: &[BlockState],
    linear: &[f32],
    classes: usize,
    images: &[f32],
) -> Vec<f64> {
    let count = images.len() / IMAGE;
    let mut out = vec![0.0; count * classes];
    let chunks = chunks(count);
    let tasks: Vec<_> = chunks.iter().zip(split(&mut out, classes, &chunks)).collect();
    workers.each(tasks, |(chunk, out), scratch| {
        for (image, out) in chunk.clone().zip(out.chunks_mut(classes)) {
            image_logits(blocks, linear, &images[numbers(&(image..image + 1), IMAGE)], out, scratch);
        }
    });
    out
}

fn image_logits(
    blocks: &[BlockState],
    linear: &[f32],
    image: &[f32],
    out: &mut [f64],
    scratch: &mut Scratch,
) {
    let [mut input, mut output, mut kept] = std::mem::take(&mut scratch.activations);
    let mut rows = std::mem::take(&mut scratch.code_rows);
    let mut argmax = std::mem::take(&mut scratch.argmax);
    let mut relu_mask = std::mem::take(&mut scratch.relu_mask);
    for block in blocks {
        let shape = &block.shape;
        let codes = if shape.sees_image {
            Codes::Images(image)
        } else {
            let size = shape.in_size();
            if shape.place == Place::ResidualFirst {
                kept[..size].copy_from_slice(&input[..size]);
            }
            let rows = &mut rows[..shape.code_size()];
            let input = Rows::packed(&input[..size], shape.c_in);
            encode(block, input, CodeRowsMut::new(rows, shape.rank), scratch, None);
            Codes::Rows(CodeRows::new(rows, shape.rank))
        };
        let decoded = Decoded {
            out: RowsMut::packed(&mut output, shape.c_out),
            argmax: RowsMut::packed(&mut argmax, shape.c_out),
            relu_mask: RowsMut::packed(&mut relu_mask, shape.c_out),
        };
        decode(block, codes, Rows::packed(&kept, shape.c_out), decoded, scratch);
        std::mem::swap(&mut input, &mut output);
    }
    if let Some(BlockState { shape, .. }) = blocks.last() {
        let (mut features, mut pixels) = (vec![0.0; shape.c_out], vec![0; shape.c_out]);
        let activations = Rows::packed(&input[..shape.out_size()], shape.c_out);
        GlobalPool { activations, features: &mut features, argmax: &mut pixels }.run(scratch.processor);
        Logits { weight: linear, features: &features, out }.run(scratch.processor);
    }
    scratch.activations = [input, output, kept];
    (scratch.code_rows, scratch.argmax, scratch.relu_mask) = (rows, argmax, relu_mask);
}
