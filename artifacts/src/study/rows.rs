//! The rows of the tables of a study.

use super::state::State;
use crate::arithmetic::{Backend, Precision};
use crate::dataset::Task;
use crate::run::Status;
use serde::{Deserialize, Serialize};

/// A row of `analysis/runs.parquet`: a run with its configuration and its last epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// The name of the run's folder.
    pub run: String,
    /// The status of the run.
    pub status: Status,
    /// Whether the experiment under study plans this run.
    pub planned: bool,
    /// Whether the run was imported from a notebook's `results.json`.
    pub imported: bool,
    /// The hash of the settings that comparable runs share: all but rankscale, arm, seed, lambda and engine.
    pub recipe: String,
    /// The data set.
    pub dataset: Task,
    /// The rankscale; 0 for the dense network.
    pub rankscale: u32,
    /// The name of the arm.
    pub decay: String,
    /// The seed.
    pub seed: u64,
    /// Base strength of weight decay.
    pub lambda: f64,
    /// Channels joined by `-`, for example `64-128-256-512`.
    pub channels: String,
    /// The number of planned epochs.
    pub epochs: u32,
    /// The number of epochs that ended.
    pub epochs_done: u32,
    /// Images per update.
    pub batch: u32,
    /// The size of the training subset; `None` for all images.
    pub train_images: Option<u32>,
    /// The size of the test subset; `None` for all images.
    pub test_images: Option<u32>,
    /// The precision of the arithmetic.
    pub precision: Precision,
    /// The engine that trained the run.
    pub engine: Backend,
    /// The number of trainable parameters.
    pub parameters: u64,
    /// Multiply-accumulates of a forward pass of one image.
    pub macs: u64,
    /// Parameters over those of the network with full 3x3 convolutions.
    pub ratio_full: f64,
    /// Parameters over those of the network with depthwise-separable convolutions.
    pub ratio_separable: f64,
    /// Test accuracy after the last planned epoch, a fraction; `None` if the run did not reach it.
    pub test_accuracy: Option<f64>,
    /// Mean cross-entropy over the test images after the last planned epoch, in nats.
    pub test_loss: Option<f64>,
    /// Accuracy in the last planned epoch, on augmented training images in training mode, a fraction.
    pub train_accuracy: Option<f64>,
    /// Mean cross-entropy in the last planned epoch, on augmented training images in training mode, in nats.
    pub train_loss: Option<f64>,
    /// Seconds of training and evaluation of all epochs that ended.
    pub seconds: Option<f64>,
    /// Median over epochs of the training images per second.
    pub images_per_second: Option<f64>,
    /// The device, `cpu` or `cuda:N`. Of a run whose later epochs were made elsewhere, this column and the
    /// other texts below have what differs from part to part, joined by `, then `.
    pub device: Option<String>,
    /// The name of the CPU or the GPU.
    pub device_name: Option<String>,
    /// CPU threads for arithmetic, at first.
    pub threads: Option<u32>,
    /// The commit of the trainer's source, with `+` if it was changed.
    pub git_revision: Option<String>,
    /// The instruction set of the fused engine, if it trained the run.
    pub instructions: Option<String>,
    /// The version of libtorch, if it trained the run.
    pub libtorch: Option<String>,
}

impl RunRow {
    /// Returns whether the run is under study: it was planned, imported on purpose, or there is no plan.
    #[must_use]
    pub const fn is_studied(&self, has_plan: bool) -> bool {
        !has_plan || self.planned || self.imported
    }
}

/// A row of `analysis/epochs.parquet`: an epoch with its run's key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyEpochRow {
    /// The name of the run's folder.
    pub run: String,
    /// The hash of the recipe, see [`RunRow::recipe`].
    pub recipe: String,
    /// The rankscale; 0 for the dense network.
    pub rankscale: u32,
    /// The name of the arm.
    pub decay: String,
    /// The seed.
    pub seed: u64,
    /// Base strength of weight decay.
    pub lambda: f64,
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// The learning rate, see [`crate::run::EpochRow::learning_rate`].
    pub learning_rate: Option<f64>,
    /// The training loss, see [`crate::run::EpochRow::train_loss`].
    pub train_loss: Option<f64>,
    /// The training accuracy, see [`crate::run::EpochRow::train_accuracy`].
    pub train_accuracy: Option<f64>,
    /// Mean cross-entropy over the test images, in nats.
    pub test_loss: Option<f64>,
    /// Test accuracy, a fraction.
    pub test_accuracy: f64,
}

/// A row of `analysis/cells.parquet`: the finished runs of one (recipe, lambda, rankscale, arm).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellRow {
    /// The hash of the recipe, see [`RunRow::recipe`].
    pub recipe: String,
    /// Base strength of weight decay.
    pub lambda: f64,
    /// The rankscale; 0 for the dense network.
    pub rankscale: u32,
    /// The name of the arm.
    pub decay: String,
    /// The number of finished runs, one per seed.
    pub runs: u32,
    /// Mean last-epoch test accuracy.
    pub mean: f64,
    /// Sample standard deviation over seeds; `None` for one run.
    pub sd: Option<f64>,
    /// Lower end of the mean's 95 % interval; `None` for fewer than three runs, or if all are equal.
    pub low: Option<f64>,
    /// Upper end of the mean's 95 % interval.
    pub high: Option<f64>,
    /// The lowest accuracy.
    pub min: f64,
    /// The highest accuracy.
    pub max: f64,
    /// The number of trainable parameters.
    pub parameters: u64,
    /// Multiply-accumulates of a forward pass of one image.
    pub macs: u64,
}

/// A row of `analysis/comparisons.parquet`: a run and the run of its arm's baseline with the same recipe,
/// lambda, rankscale, engine and seed (in a tuned experiment: at the baseline's own lambda and peak learning
/// rate).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairRow {
    /// The hash of the recipe, see [`RunRow::recipe`].
    pub recipe: String,
    /// Base strength of weight decay.
    pub lambda: f64,
    /// The rankscale; 0 for the dense network.
    pub rankscale: u32,
    /// The seed.
    pub seed: u64,
    /// The arm under test.
    pub decay: String,
    /// The arm that it is compared with.
    pub baseline: String,
    /// Test accuracy of the arm under test.
    pub accuracy: f64,
    /// Test accuracy of the baseline.
    pub baseline_accuracy: f64,
    /// The difference, `accuracy - baseline_accuracy`.
    pub difference: f64,
}

/// A row of `analysis/classes.parquet`: a pair of runs compared on the test images of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassRow {
    /// The hash of the recipe, see [`RunRow::recipe`].
    pub recipe: String,
    /// Base strength of weight decay.
    pub lambda: f64,
    /// The rankscale; 0 for the dense network.
    pub rankscale: u32,
    /// The seed.
    pub seed: u64,
    /// The arm under test.
    pub decay: String,
    /// The arm that it is compared with.
    pub baseline: String,
    /// The class, counted from 0.
    pub class: u8,
    /// The number of test images of the class.
    pub images: u32,
    /// Images that only the arm under test classified correctly.
    pub only_arm: u32,
    /// Images that only the baseline classified correctly.
    pub only_baseline: u32,
}

/// A row of `analysis/layers.parquet`: a convolution of a finished run after its last epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyLayerRow {
    /// The name of the run's folder.
    pub run: String,
    /// The hash of the recipe, see [`RunRow::recipe`].
    pub recipe: String,
    /// The rankscale; 0 for the dense network.
    pub rankscale: u32,
    /// The name of the arm.
    pub decay: String,
    /// The seed.
    pub seed: u64,
    /// Base strength of weight decay.
    pub lambda: f64,
    /// The name of the layer, for example `layer1.res1`.
    pub layer: String,
    /// Euclidean norm of all weights of the convolution.
    pub weight_norm: f64,
    /// Frobenius norm of `expand . contract`; `None` for a dense convolution.
    pub product_norm: Option<f64>,
    /// Stable rank of `expand . contract`; `None` for a dense convolution.
    pub stable_rank: Option<f64>,
}

/// A row of `analysis/trajectories.parquet`: a low-rank convolution after an epoch, averaged over the
/// finished runs of one (recipe, lambda, rankscale, arm).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrajectoryRow {
    /// The hash of the recipe, see [`RunRow::recipe`].
    pub recipe: String,
    /// Base strength of weight decay.
    pub lambda: f64,
    /// The rankscale; 0 for the dense network.
    pub rankscale: u32,
    /// The name of the arm.
    pub decay: String,
    /// The name of the layer, for example `layer1.res1`.
    pub layer: String,
    /// The epoch, counted from 1; 0 is before the first update.
    pub epoch: u32,
    /// The number of runs.
    pub runs: u32,
    /// Mean over the runs of the Frobenius norm of `expand . contract`.
    pub product_norm: f64,
    /// Mean over the runs of the stable rank of `expand . contract`.
    pub stable_rank: f64,
}

/// A row of `analysis/ledger.parquet`: a planned run or an existing folder, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// The name of the run's folder; for a planned run that never started, its known part.
    pub run: String,
    /// The state of the run.
    pub state: State,
    /// Whether the experiment under study plans the run.
    pub planned: bool,
    /// The number of epochs that ended.
    pub epochs_done: u32,
    /// The number of planned epochs; 0 if unknown.
    pub epochs: u32,
    /// The reason why it is not done, and what to do; empty if it is done.
    pub reason: String,
}
