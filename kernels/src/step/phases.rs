//! A training step, phase by phase.
//!
//! Batch norm needs sums over the whole batch, so a phase ends where they do: it decodes one block and encodes the next
//! (backward: goes from one block's codes to its input and on to the previous block's codes), a group of images at a time
//! while they are in the cache.
//!
//! *Invariant:* between phases there are only codes, block inputs and bytes; gradients of activations live for one group,
//! but for the one a residual hands on.

use crate::block::backward::{OutputGradient, through_input, through_output};
use crate::block::forward::{Codes, Decoded, decode, encode, encode_images};
use crate::block::moments::MomentSums;
use crate::block::scratch::group;
use crate::block::state::Stage;
use crate::parameters::Parameters;
use crate::simd::elementwise::{Add, Gate};
use crate::simd::isa::Processor;
use crate::simd::patches::IMAGE;
use crate::step::batch::{Batch, Part};
use crate::step::last_block::scatter;
use crate::workers::{Crew, chunks, groups, split};
use network::Place;
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
pub(crate) fn within(chunk: &Range<usize>, images: &Range<usize>, size: usize) -> Range<usize> {
    (images.start - chunk.start) * size..(images.end - chunk.start) * size
}

pub(crate) fn numbers(images: &Range<usize>, size: usize) -> Range<usize> {
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
        let (images, layer) = (self.images, &self.stages[0].layer);
        let tasks = chunks.iter().zip(&mut self.batch.parts).collect();
        self.crew.each(tasks, |(chunk, part): (&Range<usize>, &mut Part), scratch| {
            part.moments.reset(layer.rank);
            for image in groups(chunk, 1) {
                encode_images(layer, &images[numbers(&image, IMAGE)], scratch, &mut part.moments);
            }
        });
    }

    /// The codes of the block before `k`, or the images.
    fn codes_before<'b>(k: usize, images: &'b [f32], codes: &'b [crate::buffer::Buffer]) -> Codes<'b> {
        if k == 1 { Codes::Images(images) } else { Codes::Rows(&codes[k - 1]) }
    }

    /// Decodes block `k - 1` and encodes block `k`.
    fn advance(&mut self, k: usize, chunks: &[Range<usize>]) {
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
            .zip(split(&mut batch.winners[k - 1], in_size / 4, chunks))
            .zip(split(&mut batch.open[k - 1], in_size, chunks))
            .zip(&mut batch.parts)
            .collect();
        self.crew.each(tasks, |(((((chunk, input), codes), winners), open), part), scratch| {
            part.moments.reset(here.layer.rank);
            for images in groups(chunk, group(&[&before.layer, &here.layer])) {
                let input = &mut input[within(chunk, &images, in_size)];
                let winners = winners.get_mut(within(chunk, &images, in_size / 4)).unwrap_or_default();
                let open = open.get_mut(within(chunk, &images, in_size)).unwrap_or_default();
                let kept = match before.layer.place {
                    Place::ResidualSecond => &earlier[k - 2][numbers(&images, in_size)],
                    _ => &[],
                };
                let source = source.of(&before.layer, images.clone());
                let decoded = Decoded { out: input, winners, open };
                decode(before, images.len(), source, kept, decoded, scratch);
                let codes = &mut codes[within(chunk, &images, code_size)];
                let moments = Some(&mut part.moments);
                encode(here, images.len(), (input, codes), scratch, moments);
            }
        });
    }

    /// Goes from the codes of block `k` to its input, and on to the codes of block `k - 1`.
    fn retreat(&mut self, k: usize, chunks: &[Range<usize>]) {
        let (before, here) = (&self.stages[k - 1], &self.stages[k]);
        let batch = &mut *self.batch;
        let in_size = here.layer.in_size();
        let (even, odd) = batch.code_gradients.split_at_mut(1);
        let (gradients, out) =
            if k.is_multiple_of(2) { (&even[0], &mut odd[0]) } else { (&odd[0], &mut even[0]) };
        let out_size = if k == 1 { 0 } else { before.layer.code_size() };
        let (inputs, codes) = (&batch.inputs, &batch.codes);
        let (winners, open) = (&batch.winners[k - 1], &batch.open[k - 1]);
        let source = Self::codes_before(k, self.images, codes);
        let features = (&batch.feature_gradients, &batch.feature_winners);
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
                let (rows, back) = (&codes[k][rows.clone()], &gradients[rows]);
                through_input(here, rows, back, input, gradient, &mut part.input, scratch);
                if begins_residual && k + 1 == last {
                    let row = here.layer.in_pitch();
                    let at = numbers(&images, row);
                    scatter(gradient, &features.0[at.clone()], &features.1[at], row);
                } else if begins_residual {
                    Add { out: gradient, values: residual }.run(scratch.processor);
                }
                let incoming = OutputGradient {
                    gradient,
                    gate: if ends_residual { Gate::Open(&open[at]) } else { Gate::Output(input) },
                    pool: (before.layer.place == Place::Pooled)
                        .then(|| (&winners[numbers(&images, in_size / 4)], 4)),
                };
                let out = &mut out[within(chunk, &images, out_size)];
                let source = source.of(&before.layer, images.clone());
                through_output(before, images.len(), source, incoming, out, &mut part.output, scratch);
            }
            scratch.input_gradients = owned;
        });
    }
}
