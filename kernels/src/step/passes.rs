//! The passes of a training step over a batch, between the sums that batch norm needs.
//!
//! *Invariant:* a group of images passes while it is in the cache; what one pass leaves for the next are
//! codes, block inputs and bytes.

use crate::block::backward::{OutputGradient, through_input, through_output};
use crate::block::forward::{Codes, Decoded, decode, encode, encode_images};
use crate::block::scratch::group;
use crate::buffer::Buffer;
use crate::simd::codes::{CodeRows, CodeRowsMut};
use crate::simd::elementwise::{Add, Mask};
use crate::simd::isa::Run;
use crate::simd::patches::IMAGE;
use crate::simd::rows::{Rows, RowsMut};
use crate::step::batch::Part;
use crate::step::chunk::{groups, numbers, scatter, split, within};
use crate::step::state::Step;
use network::Place;
use std::ops::Range;

/// The moments of the images' patches.
pub(crate) fn image_moments(step: &mut Step<'_>, chunks: &[Range<usize>]) {
    let (images, rank) = (step.images, step.blocks[0].shape.rank);
    let tasks = chunks.iter().zip(&mut step.batch.parts).collect();
    step.workers.each(tasks, |(chunk, part): (&Range<usize>, &mut Part), scratch| {
        part.moments.reset(rank);
        for image in groups(chunk, 1) {
            encode_images(&images[numbers(&image, IMAGE)], scratch, &mut part.moments);
        }
    });
}

/// The codes of the block before `k`, or the images.
fn codes_before<'b>(k: usize, rank: usize, images: &'b [f32], codes: &'b [Buffer]) -> Codes<'b> {
    if k == 1 { Codes::Images(images) } else { Codes::Rows(CodeRows::new(&codes[k - 1], rank)) }
}

/// Decodes block `k - 1` and encodes block `k`.
pub(crate) fn forward_block(step: &mut Step<'_>, k: usize, chunks: &[Range<usize>]) {
    let (before, here) = (&step.blocks[k - 1], &step.blocks[k]);
    let batch = &mut *step.batch;
    let (earlier, inputs) = batch.inputs.split_at_mut(k);
    let (codes, code_rows) = batch.codes.split_at_mut(k);
    let source = codes_before(k, before.shape.rank, step.images, codes);
    let (in_size, code_size, channels) = (here.shape.in_size(), here.shape.code_size(), here.shape.c_in);
    let tasks: Vec<_> = chunks
        .iter()
        .zip(split(&mut inputs[0], in_size, chunks))
        .zip(split(&mut code_rows[0], code_size, chunks))
        .zip(split(&mut batch.argmax[k - 1], in_size / 4, chunks))
        .zip(split(&mut batch.relu_mask[k - 1], in_size, chunks))
        .zip(&mut batch.parts)
        .collect();
    step.workers.each(tasks, |(((((chunk, input), codes), argmax), relu_mask), part), scratch| {
        part.moments.reset(here.shape.rank);
        let mut passing = std::mem::take(&mut scratch.activations[0]);
        for images in groups(chunk, group(&[&before.shape, &here.shape])) {
            // The second block's input is not kept.
            let input = match input.get_mut(within(chunk, &images, in_size)) {
                Some(kept) => kept,
                None => &mut passing[..images.len() * in_size],
            };
            let argmax = argmax.get_mut(within(chunk, &images, in_size / 4)).unwrap_or_default();
            let relu_mask = relu_mask.get_mut(within(chunk, &images, in_size)).unwrap_or_default();
            let kept = match before.shape.place {
                Place::ResidualSecond => &earlier[k - 2][numbers(&images, in_size)],
                _ => &[],
            };
            let decoded = Decoded {
                out: RowsMut::packed(input, channels),
                argmax: RowsMut::packed(argmax, channels),
                relu_mask: RowsMut::packed(relu_mask, channels),
            };
            let source = source.of(before.shape.pixels(), images.clone());
            decode(before, source, Rows::packed(kept, channels), decoded, scratch);
            let codes = CodeRowsMut::new(&mut codes[within(chunk, &images, code_size)], here.shape.rank);
            encode(here, Rows::packed(input, channels), codes, scratch, Some(&mut part.moments));
        }
        scratch.activations[0] = passing;
    });
}

/// Goes from the codes of block `k` to its input, and on to the codes of block `k - 1`.
pub(crate) fn backward_block(step: &mut Step<'_>, k: usize, chunks: &[Range<usize>]) {
    let (before, here) = (&step.blocks[k - 1], &step.blocks[k]);
    let batch = &mut *step.batch;
    let (in_size, channels) = (here.shape.in_size(), here.shape.c_in);
    let (even, odd) = batch.code_gradients.split_at_mut(1);
    let (gradients, out) =
        if k.is_multiple_of(2) { (&even[0], &mut odd[0]) } else { (&odd[0], &mut even[0]) };
    let out_size = if k == 1 { 0 } else { before.shape.code_size() };
    let (inputs, codes) = (&batch.inputs, &batch.codes);
    let (argmax, relu_mask) = (&batch.argmax[k - 1], &batch.relu_mask[k - 1]);
    let source = codes_before(k, before.shape.rank, step.images, codes);
    let features = (&batch.feature_gradients, &batch.feature_argmax);
    // The gradient that a residual will want again; other blocks' live in scratch memory.
    let ends_residual = before.shape.place == Place::ResidualSecond;
    let begins_residual = here.shape.place == Place::ResidualFirst;
    let residual_size = if ends_residual || begins_residual { in_size } else { 0 };
    let last = step.blocks.len() - 1;
    let tasks: Vec<_> = chunks
        .iter()
        .zip(split(&mut batch.residual, residual_size, chunks))
        .zip(split(out, out_size, chunks))
        .zip(&mut batch.parts)
        .collect();
    step.workers.each(tasks, |(((chunk, residual), out), part), scratch| {
        part.input.reset(&here.shape);
        part.output.reset(&before.shape, before.shape.place == Place::Pooled);
        let mut owned = std::mem::take(&mut scratch.input_gradients);
        let mut again = std::mem::take(&mut scratch.activations[0]);
        for images in groups(chunk, group(&[&before.shape, &here.shape])) {
            let at = numbers(&images, in_size);
            let residual = residual.get_mut(within(chunk, &images, in_size)).unwrap_or_default();
            let (gradient, residual): (_, &[f32]) = if ends_residual {
                (residual, &[])
            } else {
                (&mut owned[..images.len() * in_size], residual)
            };
            let source = source.of(before.shape.pixels(), images.clone());
            let input = if let Some(kept) = inputs[k].get(at.clone()) {
                Rows::packed(kept, channels).touch();
                kept
            } else {
                let input = &mut again[..images.len() * in_size];
                let decoded = Decoded::plain(RowsMut::packed(input, channels));
                decode(before, source, Rows::packed(&[], channels), decoded, scratch);
                input
            };
            let input = Rows::packed(input, channels);
            let rows = numbers(&images, here.shape.code_size());
            let [rows, back] =
                [&codes[k], gradients].map(|all| CodeRows::new(&all[rows.clone()], here.shape.rank));
            let to = RowsMut::packed(gradient, channels);
            through_input(here, rows, back, input, to, &mut part.input, scratch);
            if begins_residual && k + 1 == last {
                let at = numbers(&images, here.shape.in_pitch());
                scatter(gradient, Rows::packed(&features.0[at.clone()], channels), &features.1[at]);
            } else if begins_residual {
                Add { out: gradient, values: residual }.run(scratch.processor);
            }
            let incoming = OutputGradient {
                gradient: Rows::packed(gradient, channels),
                mask: if ends_residual {
                    Mask::Bytes(Rows::packed(&relu_mask[at], channels))
                } else {
                    Mask::Output(input)
                },
                pool: (before.shape.place == Place::Pooled)
                    .then(|| (Rows::packed(&argmax[numbers(&images, in_size / 4)], channels), 4)),
            };
            let out = CodeRowsMut::new(&mut out[within(chunk, &images, out_size)], before.shape.rank);
            through_output(before, source, incoming, out, &mut part.output, scratch);
        }
        (scratch.input_gradients, scratch.activations[0]) = (owned, again);
    });
}
