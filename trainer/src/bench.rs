//! Measures how fast a configuration trains on this machine: single updates, whole epochs, and beside them
//! the limit that the processor sets by the customary count of operations.
//!
//! An epoch is augmentation, updates, and evaluation of test images in CIFAR-10's proportion; it may be a
//! short one. The limit is the time that six times the network's multiply-accumulates per image (one forward
//! pass, and twice that backward) would take at the processor's peak. The fused engine itself needs only 0.75
//! to 0.79 of these operations (`docs/performance.md`), so it is a nominal limit. The peak is the larger of
//! two measured rates, that of multiply-adds which never leave the registers, and that of a large matrix
//! product.
//!
//! This module imports `run` for the initial weights, `engine`, `data` and `machine`; only `main` imports it.
//!
//! *Invariant:* quantities that are compared are measured alternately in one process: products, updates, an
//! epoch, updates, products. On a GPU nothing is timed before its libraries have chosen their kernels.

pub mod roofline;
mod table;

use crate::bench::roofline::{matmul_flops, most_images_per_second};
use crate::data::augment::Draw;
use crate::data::images::Images;
use crate::data::seeds::{Purpose, generator};
use crate::engine::Engine;
use crate::engine::epoch::Epoch;
use crate::engine::memory;
use crate::engine::ways::{Changes, UPDATES_BEFORE_RECORDING, Ways};
use crate::machine::device::Device;
use crate::machine::memory::{fits, free, peak, taken};
use crate::run::initialise::initialise;
use anyhow::Context as _;
use artifacts::Configuration;
use artifacts::bench::{Ours, median};
use artifacts::dataset::{Dataset, IMAGE_BYTES};
use kernels::{Isa, Phase, multiply_add_flops};
use network::schedule::LearningRates;
use std::ops::ControlFlow;
use std::time::Instant;

/// An epoch of CIFAR-10 in batches of 512: the images of its 97 updates, and those of its evaluation.
const EPOCH: (usize, usize) = (49_664, 10_000);
/// Untimed updates before the timed ones.
const WARM_UP: usize = 2;
/// Untimed updates on a GPU, where updates are recorded after the first few.
const WARM_UP_ON_GPU: usize = UPDATES_BEFORE_RECORDING + WARM_UP;
/// Measurements of each of the processor's rates before the updates, and again after them.
const RATES: usize = 4;
const MEBIBYTE: f64 = 1_048_576.0;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Bench {
    /// The configuration, of which network, batch, precision and engine matter.
    pub configuration: Configuration,
    /// The device to compute on.
    pub device: Device,
    /// CPU threads.
    pub threads: usize,
    /// Timed updates; the engine's untimed first ones precede them.
    pub steps: usize,
    /// Updates of the timed epoch.
    pub epoch_updates: usize,
    /// Changes to the way libtorch computes a step.
    pub changes: Changes,
    /// The instructions of the fused engine and of the limit, if not the processor's best.
    pub isa: Option<Isa>,
}

/// The result of a measurement.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The result as a line of a results file.
    pub line: Ours,
    /// Median times of a step's phases, if the engine measures them.
    pub phases: Vec<Phase>,
}

impl Bench {
    /// Measures on generated images, with the weights that a run would start from.
    ///
    /// # Errors
    /// There is too little memory for a run, which is checked before anything is allocated, or the engine is
    /// not available, see [`Engine::new`].
    pub fn run(&self) -> anyhow::Result<Measured> {
        let Self { configuration, device, threads, .. } = self;
        memory::check(configuration, *device, *threads)?;
        let (batch, architecture) = (configuration.recipe.batch, configuration.architecture());
        let tested = (self.epoch_updates * batch * EPOCH.1).div_ceil(EPOCH.0);
        let generated = (self.epoch_updates * batch + tested) as u64 * IMAGE_BYTES as u64;
        fits(generated, &[(Device::Cpu, free(Device::Cpu))])
            .context("the images to measure on, fewer with --epoch-updates")?;
        let task = configuration.recipe.dataset;
        let (train, test) =
            (Dataset::generated(task, self.epoch_updates * batch, 0), Dataset::generated(task, tested, 1));
        let images = (Images::new(&train, None)?, Images::new(&test, None)?);
        let state = initialise(&architecture, configuration.seed);
        let taken_before = taken(*device);
        let ways = Ways { instructions: self.isa, ..self.changes.of(Ways::of(*device)) };
        let mut engine = Engine::by(configuration, &state, images, *device, *threads, ways)?;

        let order: Vec<u32> = (0..train.len() as u32).collect();
        let mut generator = generator(configuration.seed, Purpose::Augment, 1);
        let draws: Vec<Draw> = order.iter().map(|_| Draw::random(&mut generator)).collect();
        let decay = configuration.decay.weight_decay(configuration.lambda, &configuration.counts(), batch);
        let rate = configuration.recipe.peak_learning_rate / 100.0;
        let rates = vec![
            LearningRates { factors: rate, rest: rate };
            self.steps.max(self.epoch_updates).max(WARM_UP_ON_GPU)
        ];
        let epoch = Epoch { order: &order, draws: &draws, batch, rates: &rates, decay };
        let updates = |engine: &mut Engine<'_>, count: usize| {
            engine.time_updates(Epoch { rates: &rates[..count], ..epoch })
        };

        let on_cpu = *device == Device::Cpu;
        let peaks = || {
            if on_cpu {
                // The library takes the processor's best instructions, whatever ours are to be.
                let product = self.isa.is_none().then(|| matmul_flops(*threads, RATES)).flatten();
                [product, peak_flops(*threads, self.isa)]
            } else {
                [None, None]
            }
        };
        let before = peaks();
        updates(&mut engine, if on_cpu { WARM_UP } else { WARM_UP_ON_GPU });
        if !on_cpu {
            // A GPU's libraries choose their kernels when they first meet a shape, and evaluation has shapes
            // of its own.
            engine.predict(&mut || ControlFlow::Continue(()));
        }
        let mut seconds = updates(&mut engine, self.steps.div_ceil(2));
        let mut phases = vec![phases_of(&engine)];
        let start = Instant::now();
        engine.train(Epoch { rates: &rates[..self.epoch_updates], ..epoch }, &mut |_, _| {
            ControlFlow::Continue(())
        });
        let trained = start.elapsed().as_secs_f64();
        engine.predict(&mut || ControlFlow::Continue(()));
        let epoch_seconds = start.elapsed().as_secs_f64();
        // On a CPU, updates are timed one by one for the sake of the phases; a GPU is synchronised once.
        let (turns, each) = if on_cpu { (self.steps / 2, 1) } else { (1, self.steps / 2) };
        for _ in 0..turns {
            seconds.append(&mut updates(&mut engine, each));
            phases.push(phases_of(&engine));
        }
        let after = peaks();
        let best = |peaks: [Option<f64>; 2]| peaks.into_iter().flatten().reduce(f64::max);
        let [product, multiply_add] = [0, 1].map(|peak| best([before[peak], after[peak]]));

        let step_seconds = median(seconds).expect("at least one update was timed");
        let images_per_second = batch as f64 / step_seconds;
        let limit = best([product, multiply_add])
            .map(|flops| most_images_per_second(flops, configuration.counts().macs));
        let line = Ours {
            engine: configuration.engine,
            rankscale: configuration.rankscale,
            device: device.to_string(),
            precision: configuration.recipe.precision,
            threads: *threads,
            batch,
            parameters: configuration.counts().parameters,
            steps: self.steps,
            step_seconds,
            images_per_second,
            epoch_updates: self.epoch_updates,
            epoch_seconds,
            epoch_images_per_second: train.len() as f64 / epoch_seconds,
            epoch_over_steps: epoch_seconds / (self.epoch_updates as f64 * step_seconds),
            evaluation_images_per_second: test.len() as f64 / (epoch_seconds - trained),
            product_gflops: product.map(|flops| flops / 1e9),
            multiply_add_gflops: multiply_add.map(|flops| flops / 1e9),
            limit_images_per_second: limit,
            share_of_limit: limit.map(|limit| images_per_second / limit),
            peak_memory_mib: peak().map(|bytes| bytes as f64 / MEBIBYTE),
            device_memory_mib: taken(*device)
                .zip(taken_before)
                .map(|(after, before)| after.saturating_sub(before) as f64 / MEBIBYTE),
            planned_memory_mib: memory::of_run(configuration, *device, *threads) as f64 / MEBIBYTE,
        };
        Ok(Measured { line, phases: medians(&phases) })
    }
}

/// The peak rate with some instructions, or with the processor's best, which are not always the widest.
fn peak_flops(threads: usize, isa: Option<Isa>) -> Option<f64> {
    let sets = Isa::ALL.into_iter().filter(|set| isa.is_none_or(|isa| isa == *set));
    sets.filter_map(|set| multiply_add_flops(set, threads, RATES)).reduce(f64::max)
}

fn phases_of(engine: &Engine<'_>) -> Vec<Phase> {
    match engine {
        Engine::Fused(fused) => fused.phases().to_vec(),
        #[cfg(feature = "tch")]
        Engine::Torch(_) => Vec::new(),
    }
}

fn medians(steps: &[Vec<Phase>]) -> Vec<Phase> {
    let of = |(at, phase): (usize, &Phase)| Phase {
        seconds: median(steps.iter().map(|step| step[at].seconds)).expect("there is a step"),
        ..*phase
    };
    steps[0].iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::{Backend, Recipe};

    fn of(engine: Backend) -> Bench {
        let recipe = Recipe { channels: [8, 8, 8, 8], batch: 16, ..Recipe::default() };
        Bench {
            configuration: Configuration { recipe, rankscale: 2, engine, ..Configuration::default() },
            device: Device::Cpu,
            threads: 1,
            steps: 2,
            epoch_updates: 3,
            changes: Changes::default(),
            isa: None,
        }
    }

    #[test]
    fn what_is_measured_fits_together() {
        for engine in Backend::ALL {
            if engine == Backend::Tch && cfg!(not(feature = "tch")) {
                continue;
            }
            let bench = of(engine);
            let found = bench.run().unwrap().line;
            let close = |a: f64, b: f64| (a - b).abs() < 1e-9 * b;
            assert!(close(found.images_per_second * found.step_seconds, 16.0));
            assert!(close(found.epoch_images_per_second * found.epoch_seconds, 48.0));
            assert!(close(found.epoch_over_steps * 3.0 * found.step_seconds, found.epoch_seconds));
            assert!(found.evaluation_images_per_second.is_finite());
            assert_eq!(found.product_gflops.is_some(), cfg!(feature = "roofline"));
            let limit = found.limit_images_per_second.unwrap();
            assert!(close(found.share_of_limit.unwrap() * limit, found.images_per_second));
            // The network's 6 multiply-accumulates an image, at the larger of the rates.
            let rates = [found.multiply_add_gflops, found.product_gflops];
            let largest = rates.into_iter().flatten().fold(0.0, f64::max);
            assert!(close(limit * 6.0 * bench.configuration.counts().macs as f64, largest * 1e9));
            assert_eq!(found.device_memory_mib, None, "a CPU's is the process's");
            let json = serde_json::to_string(&found).unwrap();
            for key in ["images_per_second", "limit_images_per_second", "peak_memory_mib"] {
                assert!(json.contains(&format!("\"{key}\":")), "{json}");
            }
        }
    }

    #[test]
    fn instructions_that_are_named_are_measured_and_no_others() {
        let lacking = Isa::ALL.into_iter().find(|isa| !isa.is_available());
        let lacking = lacking.expect("no processor has ARM's and Intel's");
        assert_eq!(peak_flops(1, Some(lacking)), None);
        let error = Bench { isa: Some(lacking), ..of(Backend::Fused) }.run().unwrap_err().to_string();
        assert_eq!(error, format!("this processor has no {} instructions", lacking.name()));
    }
}
