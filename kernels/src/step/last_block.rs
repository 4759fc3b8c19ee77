//! The turning point of a training step: the last block's output, the loss, and the first half of the way
//! back through that block.
//!
//! *Invariant:* the last activations live for one group of images; behind the 4x4 pool each feature has one
//! pixel's gradient.

use crate::block::backward::{OutputGradient, through_output};
use crate::block::forward::{Codes, Decoded, decode};
use crate::block::scratch::group;
use crate::simd::codes::{CodeRows, CodeRowsMut};
use crate::simd::elementwise::Mask;
use crate::simd::head::{GlobalPool, HeadBackward, Logits, cross_entropy};
use crate::simd::isa::Run;
use crate::simd::pool::pack;
use crate::simd::rows::{Rows, RowsMut};
use crate::step::chunk::{groups, numbers, split, within};
use crate::step::state::Step;
use std::ops::Range;

/// Decodes the last block, computes the loss, and begins the way back.
pub(crate) fn last_block(step: &mut Step<'_>, chunks: &[Range<usize>]) {
    let labels = step.labels;
    let last = step.blocks.len() - 1;
    let block = &step.blocks[last];
    let shape = &block.shape;
    let linear = &mut step.parameters.trainable[step.parameters.classifier];
    let weight = &*linear.value;
    let batch = &mut *step.batch;
    let (kept, codes) = (&batch.inputs[last - 1], &batch.codes[last]);
    let (channels, row) = (shape.c_out, shape.out_pitch());
    let codes = Codes::Rows(CodeRows::new(codes, shape.rank));
    let scale = 1.0 / labels.len() as f64;
    let tasks: Vec<_> = chunks
        .iter()
        .zip(split(&mut batch.feature_gradients, row, chunks))
        .zip(split(&mut batch.feature_argmax, row, chunks).zip(split(&mut batch.feature_mask, row, chunks)))
        .zip(split(&mut batch.losses, 1, chunks).zip(split(&mut batch.classes, 1, chunks)))
        .zip(split(&mut batch.code_gradients[last % 2], shape.code_size(), chunks))
        .zip(&mut batch.parts)
        .collect();
    step.workers.each(tasks, |task, scratch| {
        let (((((chunk, gradients), (argmax, relu_mask)), (losses, classes)), out), part) = task;
        part.output.reset(shape, true);
        part.linear.clear();
        part.linear.resize(weight.len(), 0.0);
        let (mut features, mut largest) = (vec![0.0; channels], vec![0; channels]);
        let mut logits = vec![0.0; weight.len() / channels];
        for images in groups(chunk, group(&[shape])) {
            let source = codes.of(shape.pixels(), images.clone());
            let kept = Rows::packed(&kept[numbers(&images, shape.in_size())], channels);
            let mut activations = std::mem::take(&mut scratch.activations[0]);
            let mut masks = std::mem::take(&mut scratch.relu_mask);
            let size = images.len() * shape.out_size();
            let decoded = Decoded {
                out: RowsMut::packed(&mut activations[..size], channels),
                argmax: RowsMut::packed(&mut [], channels),
                relu_mask: RowsMut::packed(&mut masks[..size], channels),
            };
            decode(block, source, kept, decoded, scratch);
            for (local, image) in images.clone().enumerate() {
                let start = local * shape.out_size();
                let activations = Rows::packed(&activations[start..start + shape.out_size()], channels);
                let (features, argmax_of) = (&mut *features, &mut *largest);
                GlobalPool { activations, features, argmax: argmax_of }.run(scratch.processor);
                Logits { weight, features, out: &mut logits }.run(scratch.processor);
                let (loss, class) = cross_entropy(&mut logits, labels[image]);
                (losses[image - chunk.start], classes[image - chunk.start]) = (loss, class);
                let at = within(chunk, &(image..image + 1), row);
                HeadBackward {
                    weight,
                    features,
                    probabilities: &logits,
                    label: labels[image],
                    scale,
                    weight_sums: &mut part.linear,
                    out: &mut gradients[at.clone()],
                }
                .run(scratch.processor);
                let argmax = &mut argmax[within(chunk, &images, row)];
                for (c, (relu_mask, &pixel)) in relu_mask[at].iter_mut().zip(&largest).enumerate() {
                    let earlier = if local == 0 { 0 } else { argmax[c] };
                    argmax[c] = earlier | pack(local * shape.pixels() + pixel as usize, local);
                    *relu_mask = masks[start + pixel as usize * row + c];
                }
            }
            scratch.activations[0] = activations;
            scratch.relu_mask = masks;
            let at = within(chunk, &images, row);
            let incoming = OutputGradient {
                gradient: Rows::packed(&gradients[at.clone()], channels),
                mask: Mask::Bytes(Rows::packed(&relu_mask[at.clone()], channels)),
                pool: Some((Rows::packed(&argmax[at], channels), shape.pixels())),
            };
            let out = CodeRowsMut::new(&mut out[within(chunk, &images, shape.code_size())], shape.rank);
            through_output(block, source, incoming, out, &mut part.output, scratch);
        }
    });
    linear.gradient.fill(0.0);
    for part in &batch.parts[..chunks.len()] {
        linear.gradient.iter_mut().zip(&part.linear).for_each(|(total, sum)| *total += sum);
    }
}
