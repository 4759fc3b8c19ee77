//! Training on our own kernels. A separate thread augments the next batch while the current one is trained
//! on.
//!
//! *Invariant:* batches arrive in order, however the threads are scheduled, and the numbers do not depend on
//! the number of threads.

use crate::data::augment::{Draw, IMAGE, Normal};
use crate::data::images::Images;
use crate::data::state_dict::StateDict;
use crate::engine::epoch::{Epoch, OnBatch, OnUpdate, Predictions, Sums};
use kernels::{EngineError, Isa};
use network::Architecture;
use std::sync::mpsc::{channel, sync_channel};
use std::time::Instant;

/// Images that are evaluated together; it affects memory, but no result.
pub(super) const EVALUATION_BATCH: usize = 256;

/// A network, its momentum and its images.
#[derive(Debug)]
pub struct Fused<'a> {
    engine: kernels::Engine,
    train: Images<'a>,
    test: Images<'a>,
    normal: Normal,
    /// Kept from epoch to epoch: freed between them, they would leave holes in the allocator's heap.
    buffers: [Batch; 2],
}

/// Images of a batch `[n, 32, 32, 3]` and their labels.
type Batch = (Vec<f32>, Vec<u8>);

impl<'a> Fused<'a> {
    /// Takes up a state, as [`crate::engine::Engine::new`] does.
    ///
    /// # Errors
    /// The kernels do not support the network, the processor lacks the instructions, or no threads can be
    /// started.
    pub fn new(
        architecture: Architecture,
        state: &StateDict,
        (train, test): (Images<'a>, Images<'a>),
        threads: usize,
        isa: Isa,
    ) -> Result<Self, EngineError> {
        let engine = kernels::Engine::with_isa(architecture, state, threads, isa)?;
        Ok(Self { engine, train, test, normal: Normal::default(), buffers: Default::default() })
    }

    /// Implements [`crate::engine::Engine::train`].
    pub fn train(&mut self, epoch: Epoch<'_>, on_update: &mut OnUpdate<'_>) -> Option<Sums> {
        let Self { engine, train, normal, buffers, .. } = self;
        // One batch is trained on while another is prepared; the buffers are reused in turn.
        let (free_sender, free) = channel::<&mut Batch>();
        let (ready_sender, ready) = sync_channel::<&mut Batch>(1);
        for buffer in buffers {
            free_sender.send(buffer).expect("the receiver lives as long as this function");
        }
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let batches =
                    epoch.order.chunks_exact(epoch.batch).zip(epoch.draws.chunks_exact(epoch.batch));
                for (chosen, draws) in batches {
                    let Ok(batch) = free.recv() else { return };
                    fill(batch, train, normal, chosen, draws);
                    // The receiver is dropped when `on_update` breaks off.
                    if ready_sender.send(batch).is_err() {
                        return;
                    }
                }
            });
            let mut sums = Sums::default();
            for (done, &rates) in (1..).zip(epoch.rates) {
                let batch = ready.recv().expect("there is a batch for each update");
                let step = engine.step(&batch.0, &batch.1, rates, epoch.decay);
                sums.loss += step.loss;
                sums.correct += step.correct as u64;
                // After the last batch nobody receives the buffer.
                let _ = free_sender.send(batch);
                if on_update(done, Some(sums)).is_break() {
                    drop((ready, free_sender));
                    return None;
                }
            }
            Some(sums)
        })
    }

    /// Implements [`crate::engine::Engine::time_updates`].
    pub fn time_updates(&mut self, epoch: Epoch<'_>) -> Vec<f64> {
        let Self { engine, train, normal, buffers: [batch, _], .. } = self;
        let (chosen, draws) = (&epoch.order[..epoch.batch], &epoch.draws[..epoch.batch]);
        fill(batch, train, normal, chosen, draws);
        let update = |&rates| {
            let start = Instant::now();
            engine.step(&batch.0, &batch.1, rates, epoch.decay);
            start.elapsed().as_secs_f64()
        };
        epoch.rates.iter().map(update).collect()
    }

    /// Returns the duration of each phase of the last update.
    #[must_use]
    pub fn phases(&self) -> &[kernels::Phase] {
        self.engine.phases()
    }

    /// Implements [`crate::engine::Engine::predict`].
    pub fn predict(&mut self, on_batch: &mut OnBatch<'_>) -> Option<Predictions> {
        let Self { engine, test, normal, buffers: [(pixels, _), _], .. } = self;
        let mut all = Predictions::default();
        for start in (0..test.len()).step_by(EVALUATION_BATCH) {
            if on_batch().is_break() {
                return None;
            }
            let end = test.len().min(start + EVALUATION_BATCH);
            pixels.resize((end - start) * IMAGE, 0.0);
            for (at, out) in (start..end).zip(pixels.chunks_exact_mut(IMAGE)) {
                normal.normalise(test.image(at), out);
            }
            let batch = engine.predict(pixels, &test.labels[start..end]);
            all.classes.extend(batch.classes);
            all.losses.extend(batch.losses);
        }
        Some(all)
    }

    /// Implements [`crate::engine::Engine::model`].
    #[must_use]
    pub fn model(&self) -> StateDict {
        self.engine.model()
    }

    /// Implements [`crate::engine::Engine::state`].
    #[must_use]
    pub fn state(&self) -> StateDict {
        self.engine.state()
    }
}

/// Fills a batch with the chosen images, augmented.
fn fill(batch: &mut Batch, train: &Images<'_>, normal: &Normal, chosen: &[u32], draws: &[Draw]) {
    let (pixels, labels) = batch;
    pixels.resize(chosen.len() * IMAGE, 0.0);
    for ((out, &at), &draw) in pixels.chunks_exact_mut(IMAGE).zip(chosen).zip(draws) {
        normal.augment(train.image(at as usize), draw, out);
    }
    labels.clear();
    labels.extend(chosen.iter().map(|&at| train.labels[at as usize]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::initialise::initialise;
    use artifacts::dataset::{Dataset, Task};
    use network::WeightDecay;
    use network::schedule::LearningRates;
    use std::ops::ControlFlow;

    const STILL: LearningRates = LearningRates { factors: 0.0, rest: 0.0 };
    const NO_DECAY: WeightDecay = WeightDecay { factors: 0.0, rest: 0.0, product: 0.0 };

    #[test]
    fn all_images_of_several_batches_are_predicted_each_with_its_label() {
        let architecture = Architecture::new(2, [4, 4, 4, 4], 10).unwrap();
        let state = initialise(&architecture, 0);
        let dataset = Dataset::generated(Task::Cifar10, EVALUATION_BATCH + 7, 1);
        let images = Images::new(&dataset, None).unwrap();
        let mut pixels = vec![0.0; images.len() * IMAGE];
        for (at, out) in pixels.chunks_exact_mut(IMAGE).enumerate() {
            Normal::default().normalise(dataset.image(at), out);
        }
        let at_once =
            kernels::Engine::new(architecture, &state, 1).unwrap().predict(&pixels, &dataset.labels);

        let mut fused = Fused::new(architecture, &state, (images.clone(), images), 1, Isa::best()).unwrap();
        let mut batches = 0;
        let found = fused.predict(&mut || {
            batches += 1;
            ControlFlow::Continue(())
        });
        assert_eq!(found, Some(at_once));
        assert_eq!(batches, 2);
        assert_eq!(fused.predict(&mut || ControlFlow::Break(())), None);
    }

    #[test]
    fn phases_go_through_all_blocks_and_back_and_are_timed_for_each_update() {
        let architecture = Architecture::new(2, [4, 4, 4, 4], 10).unwrap();
        let dataset = Dataset::generated(Task::Cifar10, 4, 1);
        let images = Images::new(&dataset, None).unwrap();
        let state = initialise(&architecture, 0);
        let mut fused = Fused::new(architecture, &state, (images.clone(), images), 1, Isa::best()).unwrap();
        let rates = [STILL; 3];
        let order: Vec<u32> = (0..4).collect();
        let epoch =
            Epoch { order: &order, draws: &[Draw::CENTRE; 4], batch: 4, rates: &rates, decay: NO_DECAY };
        assert_eq!(fused.time_updates(epoch).len(), 3);
        let blocks: Vec<_> = architecture.blocks().iter().map(|block| block.name).collect();
        let there = blocks.iter().chain(&["head"]).map(|block| ("forward", *block));
        let back = blocks[..blocks.len() - 1].iter().rev().map(|block| ("backward", *block));
        let found: Vec<_> = fused.phases().iter().map(|phase| (phase.pass, phase.block)).collect();
        assert_eq!(found, there.chain(back).collect::<Vec<_>>());
    }

    #[test]
    fn an_epoch_is_the_sum_of_its_updates_in_the_order_that_was_drawn() {
        let architecture = Architecture::new(2, [4, 4, 4, 4], 10).unwrap();
        let state = initialise(&architecture, 0);
        let dataset = Dataset::generated(Task::Cifar10, 8, 1);
        let images = Images::new(&dataset, None).unwrap();
        let order = [7, 7, 7, 7, 7, 7, 3, 7];
        let draws: [Draw; 8] = std::array::from_fn(|at| Draw { crop_x: at, cut_y: 3 * at, ..Draw::CENTRE });
        let rates = [LearningRates { factors: 0.1, rest: 0.2 }; 4];
        let epoch = Epoch { order: &order, draws: &draws, batch: 2, rates: &rates, decay: NO_DECAY };

        let mut engine = kernels::Engine::new(architecture, &state, 1).unwrap();
        let (mut pixels, mut expected) = (vec![0.0; 2 * IMAGE], vec![Sums::default()]);
        for (chosen, draws) in order.chunks(2).zip(draws.chunks(2)) {
            for ((out, &at), &draw) in pixels.chunks_exact_mut(IMAGE).zip(chosen).zip(draws) {
                Normal::default().augment(dataset.image(at as usize), draw, out);
            }
            let labels: Vec<u8> = chosen.iter().map(|&at| dataset.labels[at as usize]).collect();
            let step = engine.step(&pixels, &labels, rates[0], NO_DECAY);
            let before = *expected.last().unwrap();
            expected
                .push(Sums { loss: before.loss + step.loss, correct: before.correct + step.correct as u64 });
        }
        assert!(expected[4].correct > 2, "no update alone has as many: {expected:?}");

        let fused =
            || Fused::new(architecture, &state, (images.clone(), images.clone()), 1, Isa::best()).unwrap();
        let (mut whole, mut found) = (fused(), vec![Sums::default()]);
        let ended = whole.train(epoch, &mut |done, sums| {
            assert_eq!(done, found.len());
            found.extend(sums);
            ControlFlow::Continue(())
        });
        assert_eq!((ended, found), (expected.last().copied(), expected));
        assert_eq!(whole.state(), engine.state());
        assert_eq!(fused().train(epoch, &mut |_, _| ControlFlow::Break(())), None);
    }
}
