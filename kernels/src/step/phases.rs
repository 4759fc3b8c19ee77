//! A training step, phase by phase.
//!
//! Batch norm needs sums over the whole batch, so a phase ends where they do: it decodes one block and
//! encodes the next (backward: goes from one block's codes to its input and on to the previous block's
//! codes), a group of images at a time while they are in the cache.
//!
//! *Invariant:* between phases there are only codes, block inputs and bytes; gradients of activations live
//! for one group, but for the one a residual hands on.

use crate::block::moments::MomentSums;
use crate::step::chunk::chunks;
use crate::step::last_block::last_block;
use crate::step::passes::{backward_block, forward_block, image_moments};
use crate::step::state::{Phase, Step};
use network::Place;
use std::time::Instant;

impl Step<'_> {
    /// Goes forward and backward; the parameters hold their gradients afterwards.
    pub(crate) fn run(&mut self) {
        let lanes = self.processor.lanes();
        let chunks = chunks(self.labels.len());
        self.phases.clear();
        for block in &mut *self.blocks {
            block.fill_encoder(lanes, self.parameters);
        }
        let last = self.blocks.len() - 1;
        self.timed("forward", self.blocks[0].name, |step| {
            image_moments(step, &chunks);
            step.normalise(0, chunks.len());
        });
        for k in 1..=last {
            self.timed("forward", self.blocks[k].name, |step| {
                forward_block(step, k, &chunks);
                step.normalise(k, chunks.len());
            });
        }
        self.timed("forward", "head", |step| {
            last_block(step, &chunks);
            step.output_gradients(last, true, chunks.len());
        });
        for k in (1..=last).rev() {
            self.timed("backward", self.blocks[k - 1].name, |step| {
                backward_block(step, k, &chunks);
                let parts = step.batch.parts[..chunks.len()].iter();
                step.blocks[k].input_gradients(step.workers, step.parameters, parts.map(|part| &part.input));
                let pooled = step.blocks[k - 1].shape.place == Place::Pooled;
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
        let moments = MomentSums::total(parts, self.blocks[k].shape.rank);
        self.blocks[k].normalise(self.processor.lanes(), self.parameters, moments);
    }

    fn output_gradients(&mut self, k: usize, pooled: bool, chunks: usize) {
        let parts = self.batch.parts[..chunks].iter().map(|part| &part.output);
        let lanes = self.processor.lanes();
        self.blocks[k].output_gradients(lanes, self.workers, self.parameters, parts, pooled);
    }
}
