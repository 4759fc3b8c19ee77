//! A training step, phase by phase.
//!
//! Batch norm needs sums over the whole batch, so a phase ends where they do: it decodes one block and encodes the next
//! (backward: goes from one block's codes to its input and on to the previous block's codes), a group of images at a time
//! while they are in the cache.
//!
//! *Invariant:* between phases there are only codes, block inputs and bytes; gradients of activations live for one group,
//! but for the one a residual hands on.

use crate::backward::{OutputGradient, through_input, through_output};
use crate::batch::{Batch, Part};
use crate::crew::{Crew, chunks, groups, split};
use crate::elementwise::{Add, Gate};
use crate::forward::{Codes, Decoded, decode, encode, encode_images};
use crate::head::{self, GlobalPool};
use crate::instructions::Processor;
use crate::moments::MomentSums;
use crate::parameters::Parameters;
use crate::patches::IMAGE;
use crate::scratch::group;
use crate::stage::Stage;
use network::Place;
use network::architecture::CLASSES;
use std::ops::Range;
use std::time::Instant;

/// How long one phase of the last step took.
#[derive(Debug, Clone, Copy)]
pub struct Phase {
    /// `forward` or `backward`.
    pub pass: &'static str,
    /// The block whose codes the phase ends with; `head` for the last of the forward pass.
    pub block: &'static str,
    /// Wall-clock time.
    pub seconds: f64,
}

/// Everything a step touches.
pub(crate) struct Training<'a> {
    pub(crate) processor: Processor,
    pub(crate) crew: &'a Crew,
    pub(crate) stages: &'a mut [Stage],
    pub(crate) parameters: &'a mut Parameters,
    pub(crate) batch: &'a mut Batch,
    pub(crate) images: &'a [f32],
    pub(crate) labels: &'a [u8],
    pub(crate) phases: &'a mut Vec<Phase>,
}

/// The place of some images within a chunk, in an array of `size` per image.
fn within(chunk: &Range<usize>, images: &Range<usize>, size: usize) -> Range<usize> {
    (images.start - chunk.start) * size..(images.end - chunk.start) * size
}

fn numbers(images: &Range<usize>, size: usize) -> Range<usize> {
    images.start * size..images.end * size
}

impl Training<'_> {
    /// Forward and backward; the parameters hold their gradients afterwards.
    pub(crate) fn run(&mut self) {
        let lanes = self.processor.lanes();
        let chunks = chunks(self.labels.len());
        self.phases.clear();
        for stage in &mut *self.stages {
            stage.fill_encoder(lanes, self.parameters);
        }
        let last = self.stages.len() - 1;
        self.timed("forward", self.stages[0].name, |step| {
            step.first(&chunks);
            step.normalise(0, chunks.len());
        });
        for k in 1..=last {
            self.timed("forward", self.stages[k].name, |step| {
                step.advance(k, &chunks);
                step.normalise(k, chunks.len());
            });
        }
        self.timed("forward", "head", |step| {
            step.turn(&chunks);
            step.output_gradients(last, true, chunks.len());
        });
        for k in (1..=last).rev() {
            self.timed("backward", self.stages[k - 1].name, |step| {
                step.retreat(k, &chunks);
                let parts = step.batch.parts[..chunks.len()].iter();
                step.stages[k].input_gradients(step.crew, step.parameters, parts.map(|part| &part.input));
                let pooled = step.stages[k - 1].layer.place == Place::Pooled;
                step.output_gradients(k - 1, pooled, chunks.len());
            });
        }
    }

    fn timed(&mut self, pass: &'static str, block: &'static str, phase: impl FnOnce(&mut Self)) {
        let start = Instant::now();
        phase(self);
        self.phases.push(Phase { pass, block, seconds: start.elapsed().as_secs_f64() });
    }

    fn normalise(&mut self, k: usize, chunks: usize) {
        let parts = self.batch.parts[..chunks].iter().map(|part| &part.moments);
        let moments = MomentSums::total(parts, self.stages[k].layer.rank);
        self.stages[k].normalise(self.processor.lanes(), self.parameters, moments);
    }

    fn output_gradients(&mut self, k: usize, pooled: bool, chunks: usize) {
        let parts = self.batch.parts[..chunks].iter().map(|part| &part.output);
        let lanes = self.processor.lanes();
        self.stages[k].output_gradients(lanes, self.crew, self.parameters, parts, pooled);
    }

    /// The moments of the images' patches.
    fn first(&mut self, chunks: &[Range<usize>]) {
        let (processor, images) = (self.processor, self.images);
        let layer = &self.stages[0].layer;
        let tasks = chunks.iter().zip(&mut self.batch.parts).collect();
        self.crew.each(tasks, |(chunk, part): (&Range<usize>, &mut Part), scratch| {
            part.moments.reset(layer.rank);
            for image in groups(chunk, 1) {
                encode_images(processor, layer, &images[numbers(&image, IMAGE)], scratch, &mut part.moments);
            }
        });
    }

    /// The codes of the block before `k`, or the images.
    fn codes_before<'b>(k: usize, images: &'b [f32], codes: &'b [crate::buffer::Buffer]) -> Codes<'b> {
        if k == 1 { Codes::Images(images) } else { Codes::Rows(&codes[k - 1]) }
    }

    /// Decodes block `k - 1` and encodes block `k`.
    fn advance(&mut self, k: usize, chunks: &[Range<usize>]) {
        let processor = self.processor;
        let (before, here) = (&self.stages[k - 1], &self.stages[k]);
        let batch = &mut *self.batch;
        let (earlier, inputs) = batch.inputs.split_at_mut(k);
        let (codes, code_rows) = batch.codes.split_at_mut(k);
        let source = Self::codes_before(k, self.images, codes);
        let (in_size, code_size) = (here.layer.in_size(), here.layer.code_size());
        let tasks: Vec<_> = chunks
            .iter()
            .zip(split(&mut inputs[0], in_size, chunks))
            .zip(split(&mut code_rows[0], code_size, chunks))
            .zip(split(&mut batch.bytes[k - 1], before.layer.out_size(), chunks))
            .zip(&mut batch.parts)
            .collect();
        self.crew.each(tasks, |((((chunk, input), codes), bytes), part), scratch| {
            part.moments.reset(here.layer.rank);
            for images in groups(chunk, group(&[&before.layer, &here.layer])) {
                let input = &mut input[within(chunk, &images, in_size)];
                let bytes = bytes.get_mut(within(chunk, &images, in_size)).unwrap_or_default();
                let kept = match before.layer.place {
                    Place::ResidualSecond => &earlier[k - 2][numbers(&images, in_size)],
                    _ => &[],
                };
                let source = source.of(&before.layer, images.clone());
                let decoded = Decoded { out: input, bytes };
                decode(
                    processor,
                    &before.layer,
                    &before.decoder,
                    images.len(),
                    source,
                    kept,
                    decoded,
                    scratch,
                );
                let codes = &mut codes[within(chunk, &images, code_size)];
                let moments = Some(&mut part.moments);
                encode(processor, &here.layer, &here.encoder, images.len(), (input, codes), scratch, moments);
            }
        });
    }

    /// Decodes the last block, computes the loss, and begins the way back.
    fn turn(&mut self, chunks: &[Range<usize>]) {
        let (processor, labels) = (self.processor, self.labels);
        let last = self.stages.len() - 1;
        let Stage { layer, decoder, back, .. } = &self.stages[last];
        let linear = self.parameters.trainable.last_mut().expect("a linear layer ends the network");
        let weight = &*linear.value;
        let batch = &mut *self.batch;
        let (kept, codes) = (&batch.inputs[last - 1], &batch.codes[last]);
        let (channels, row) = (layer.c_out, layer.out_pitch());
        let scale = 1.0 / labels.len() as f64;
        let tasks: Vec<_> = chunks
            .iter()
            .zip(split(&mut batch.feature_gradients, row, chunks))
            .zip(split(&mut batch.feature_winners, row, chunks).zip(split(
                &mut batch.feature_open,
                row,
                chunks,
            )))
            .zip(split(&mut batch.losses, 1, chunks).zip(split(&mut batch.classes, 1, chunks)))
            .zip(split(&mut batch.code_gradients[last % 2], layer.code_size(), chunks))
            .zip(&mut batch.parts)
            .collect();
        self.crew.each(tasks, |task, scratch| {
            let (((((chunk, gradients), (winners, open)), (losses, classes)), out), part) = task;
            part.output.reset(layer, true);
            part.linear.clear();
            part.linear.resize(CLASSES * channels, 0.0);
            let (mut features, mut largest) = (vec![0.0; channels], vec![0; channels]);
            for images in groups(chunk, group(&[layer])) {
                let source = Codes::Rows(codes).of(layer, images.clone());
                let kept = &kept[numbers(&images, layer.in_size())];
                let mut activations = std::mem::take(&mut scratch.activations[0]);
                let mut bytes = std::mem::take(&mut scratch.bytes);
                let decoded = Decoded { out: &mut activations, bytes: &mut bytes };
                decode(processor, layer, decoder, images.len(), source, kept, decoded, scratch);
                for (local, image) in images.clone().enumerate() {
                    let start = local * layer.pixels() * row;
                    let activations = &activations[start..start + layer.pixels() * row];
                    let (features, winners_of) = (&mut *features, &mut *largest);
                    GlobalPool { activations, pitch: row, features, winners: winners_of }.run(processor);
                    let logits = head::logits(weight, features);
                    let (loss, class, probabilities) = head::cross_entropy(&logits, labels[image]);
                    (losses[image - chunk.start], classes[image - chunk.start]) = (loss, class);
                    let at = within(chunk, &(image..image + 1), row);
                    let gradient = &mut gradients[at.clone()];
                    let sums = &mut part.linear;
                    head::backward(weight, features, &probabilities, labels[image], scale, sums, gradient);
                    let places = winners[at.clone()].iter_mut().zip(&mut open[at]);
                    for (c, ((winner, open), &pixel)) in places.zip(&largest).enumerate() {
                        *winner = (local * layer.pixels()) as u8 + pixel as u8;
                        *open = bytes[start + pixel as usize * row + c];
                    }
                }
                scratch.activations[0] = activations;
                scratch.bytes = bytes;
                let at = within(chunk, &images, row);
                let incoming = OutputGradient {
                    gradient: &gradients[at.clone()],
                    gate: Gate::Open(&open[at.clone()]),
                    pool: Some((&winners[at], layer.pixels())),
                };
                let out = &mut out[within(chunk, &images, layer.code_size())];
                let (weights, count) = ((decoder, back), images.len());
                through_output(
                    processor,
                    layer,
                    weights,
                    count,
                    source,
                    incoming,
                    out,
                    &mut part.output,
                    scratch,
                );
            }
        });
        linear.gradient.fill(0.0);
        for part in &batch.parts[..chunks.len()] {
            linear.gradient.iter_mut().zip(&part.linear).for_each(|(total, sum)| *total += sum);
        }
    }

    /// Goes from the codes of block `k` to its input, and on to the codes of block `k - 1`.
    fn retreat(&mut self, k: usize, chunks: &[Range<usize>]) {
        let processor = self.processor;
        let (before, here) = (&self.stages[k - 1], &self.stages[k]);
        let batch = &mut *self.batch;
        let in_size = here.layer.in_size();
        let (even, odd) = batch.code_gradients.split_at_mut(1);
        let (gradients, out) = if k % 2 == 0 { (&even[0], &mut odd[0]) } else { (&odd[0], &mut even[0]) };
        let out_size = if k == 1 { 0 } else { before.layer.code_size() };
        let (inputs, codes, bytes) = (&batch.inputs, &batch.codes, &batch.bytes);
        let source = Self::codes_before(k, self.images, codes);
        let (features, winners) = (&batch.feature_gradients, &batch.feature_winners);
        // The gradient that a residual will want again; other blocks' live in scratch memory.
        let ends_residual = before.layer.place == Place::ResidualSecond;
        let begins_residual = here.layer.place == Place::ResidualFirst;
        let residual_size = if ends_residual || begins_residual { in_size } else { 0 };
        let last = self.stages.len() - 1;
        let tasks: Vec<_> = chunks
            .iter()
            .zip(split(&mut batch.residual, residual_size, chunks))
            .zip(split(out, out_size, chunks))
            .zip(&mut batch.parts)
            .collect();
        self.crew.each(tasks, |(((chunk, residual), out), part), scratch| {
            part.input.reset(&here.layer);
            part.output.reset(&before.layer, before.layer.place == Place::Pooled);
            let mut owned = std::mem::take(&mut scratch.input_gradients);
            for images in groups(chunk, group(&[&before.layer, &here.layer])) {
                let at = numbers(&images, in_size);
                let residual = residual.get_mut(within(chunk, &images, in_size)).unwrap_or_default();
                let (gradient, residual): (_, &[f32]) = if ends_residual {
                    (residual, &[])
                } else {
                    (&mut owned[..images.len() * in_size], residual)
                };
                let input = &inputs[k][at.clone()];
                let rows = numbers(&images, here.layer.code_size());
                let weights = (&here.encoder, &here.decoder, &here.back);
                let (sums, count) = (&mut part.input, images.len());
                let (rows, back) = (&codes[k][rows.clone()], &gradients[rows]);
                through_input(
                    processor,
                    &here.layer,
                    weights,
                    count,
                    rows,
                    back,
                    input,
                    gradient,
                    sums,
                    scratch,
                );
                if begins_residual && k + 1 == last {
                    let row = here.layer.in_pitch();
                    let at = numbers(&images, row);
                    scatter(gradient, &features[at.clone()], &winners[at], row, here.layer.pixels());
                } else if begins_residual {
                    Add { out: gradient, values: residual }.run(processor);
                }
                let incoming = OutputGradient {
                    gradient,
                    gate: if ends_residual {
                        Gate::Open(&bytes[k - 1][at.clone()])
                    } else {
                        Gate::Output(input)
                    },
                    pool: (before.layer.place == Place::Pooled).then(|| (&bytes[k - 1][at], 4)),
                };
                let out = &mut out[within(chunk, &images, out_size)];
                let source = source.of(&before.layer, images.clone());
                let weights = (&before.decoder, &before.back);
                let sums = &mut part.output;
                through_output(
                    processor,
                    &before.layer,
                    weights,
                    images.len(),
                    source,
                    incoming,
                    out,
                    sums,
                    scratch,
                );
            }
            scratch.input_gradients = owned;
        });
    }
}

/// Adds each feature's gradient to the pixel that won it; winners count from the group's first pixel.
fn scatter(out: &mut [f32], gradients: &[f32], winners: &[u8], pitch: usize, pixels: usize) {
    for (group, out) in out.chunks_mut(crate::layer::GROUP * pixels * pitch).enumerate() {
        let images = group * crate::layer::GROUP * pitch;
        let gradients = gradients[images..].chunks(pitch).take(out.len() / (pixels * pitch));
        for (gradients, winners) in gradients.zip(winners[images..].chunks(pitch)) {
            for (c, (gradient, &winner)) in gradients.iter().zip(winners).enumerate() {
                out[usize::from(winner) * pitch + c] += gradient;
            }
        }
    }
}
