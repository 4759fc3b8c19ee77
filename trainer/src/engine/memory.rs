//! The memory that a run needs, from a formula for each engine.
//!
//! *Invariant:* the formula is evaluated before a network is built, so that a run is refused with a reason
//! instead of being killed without one.

use crate::engine::fused::EVALUATION_BATCH;
use crate::engine::ways::Ways;
use crate::machine::device::Device;
use crate::machine::memory::{TooLarge, fits, free};
use artifacts::{Backend, Configuration, Precision};
use network::architecture::{IMAGE_CHANNELS, IMAGE_SIDE};
use network::{Architecture, Counts, Filter, Place};

/// Checks that a run fits into the memory that a device has free now.
///
/// # Errors
/// Those of [`fits`].
pub fn check(configuration: &Configuration, device: Device, threads: usize) -> Result<(), TooLarge> {
    fits(of_run(configuration, device, threads), &[(device, free(device))])
}

/// Returns the bytes of a run besides its engine and its images: code and rows of tables; a checkpoint
/// (values and velocities in float32) and its file's bytes while it is written; and the model at the end,
/// beside what the allocator kept of the checkpoint.
fn besides(architecture: &Architecture) -> usize {
    let weights = Counts::of(architecture).parameters as usize;
    (12 << 20) + 5 * 4 * weights
}

/// Returns the bytes that a run on `threads` CPU threads needs on its device. On the fused engine the data
/// set, which all runs of a process share, is not among them; on libtorch each run has its own.
#[must_use]
pub fn of_run(configuration: &Configuration, device: Device, threads: usize) -> u64 {
    let (architecture, batch) = (configuration.architecture(), configuration.recipe.batch);
    let bytes = match configuration.engine {
        // In addition: two batches of images, of which one is being prepared, and the evaluation uses one.
        Backend::Fused => {
            kernels::memory_bytes(architecture, batch)
                + (threads.max(1) - 1) * kernels::thread_bytes(architecture)
                + 4 * (batch + batch.max(EVALUATION_BATCH)) * IMAGE_CHANNELS * IMAGE_SIDE * IMAGE_SIDE
                + besides(&architecture)
        }
        Backend::Tch => match (device, configuration.recipe.precision) {
            (Device::Cpu, _) => torch_bytes(&architecture, batch),
            // cuDNN's workspaces, and what the first updates leave allocated beside the recorded one.
            // Measured on an H200 at rankscales 2 to 31 and dense: at most 1.26 times the formula in float32,
            // 0.76 in bf16 and fp16, once a step was recorded. What the first updates take for a moment,
            // while kernels are chosen, was not measured.
            (Device::Cuda(_), Precision::Float32) => torch_bytes(&architecture, batch) / 20 * 27,
            (Device::Cuda(_), Precision::Bf16 | Precision::Fp16) => {
                torch_bytes(&architecture, batch) / 20 * 16
            }
        },
    };
    bytes as u64
}

/// Returns how many images libtorch evaluates together, for a batch of so many: fewer where a batch is small,
/// so that evaluation does not need more memory than a step.
#[must_use]
pub fn evaluated_at_once(batch: usize) -> usize {
    if batch < 256 { 256 } else { 1000 }
}

/// Returns the bytes of what libtorch keeps of a step for its backward pass, in float32, of twice the largest
/// tensor for backward's temporaries, of the images, and of the allocator's overhead. An evaluation needs two
/// and a half times its largest tensor, while it is pooled. Measured peaks of whole processes on a CPU: 4.8,
/// 3.3 and 2.7 GiB at rankscales 2, 8 and 31, and 3.7 GiB dense.
fn torch_bytes(architecture: &Architecture, batch: usize) -> usize {
    let (mut kept, mut largest) = (0, 0);
    for block in architecture.blocks() {
        let pixels = block.side * block.side;
        let codes = match block.filter {
            Filter::Dense => 0,
            Filter::LowRank { rank } => block.c_in + 2 * rank,
        };
        let through = Ways::CPU.through_bottleneck(&block);
        // The outputs of convolution, batch norm and ReLU; those of a pool come with an index of eight bytes
        // each.
        let pooled = if block.place == Place::Pooled { 3 * block.c_out / 4 } else { 0 };
        let outputs = if through { 2 } else { 3 } * block.c_out + pooled;
        kept += pixels * (codes + outputs);
        largest = largest.max(pixels * block.c_in.max(block.c_out));
    }
    let weights = Counts::of(architecture).parameters as usize;
    let images = 60_000 * IMAGE_CHANNELS * IMAGE_SIDE * IMAGE_SIDE;
    let step = batch * (kept + 2 * largest);
    let evaluation = evaluated_at_once(batch) * 5 * largest / 2;
    images + 4 * (step.max(evaluation) + 6 * weights) * 23 / 20
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::Recipe;

    const CARD: Device = Device::Cuda(0);

    fn of(rankscale: usize, batch: usize, precision: Precision, device: Device) -> f64 {
        let recipe = Recipe { batch, precision, ..Recipe::default() };
        let run = Configuration { recipe, rankscale, engine: Backend::Tch, ..Configuration::default() };
        of_run(&run, device, 1) as f64 / f64::from(1 << 30)
    }

    #[test]
    fn libtorch_is_planned_with_what_it_was_measured_to_take() {
        for (rankscale, measured) in [(0, 3.7), (2, 4.8), (8, 3.3), (31, 2.7)] {
            let planned = of(rankscale, 512, Precision::Float32, Device::Cpu);
            let ratio = planned / measured;
            assert!((0.98..1.28).contains(&ratio), "rankscale {rankscale}: {planned} GiB");
            let on_gpu = |precision| of(rankscale, 512, precision, CARD) / planned;
            assert!((1.26..1.4).contains(&on_gpu(Precision::Float32)));
            let halves = [Precision::Bf16, Precision::Fp16].map(on_gpu);
            assert!(halves.iter().all(|half| (0.76..0.85).contains(half)), "{halves:?}");
        }
    }

    #[test]
    fn an_evaluation_takes_no_more_than_an_update_of_a_small_batch() {
        for rankscale in [0, 2, 31] {
            let [small, large] =
                [128, 256].map(|batch| of(rankscale, batch, Precision::Float32, Device::Cpu));
            assert!(small < 0.6 * large, "rankscale {rankscale}: {small} of {large} GiB");
        }
    }
}
