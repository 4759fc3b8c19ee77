//! The rows of a study's tables.

use super::state::State;
use crate::arithmetic::{Backend, Precision};
use crate::dataset::Task;
use crate::run::Status;
use serde::{Deserialize, Serialize};

/// A row of `analysis/runs.parquet`: a run with its configuration and its last epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// The folder's name.
    pub run: String,
    /// How far it has come.
    pub status: Status,
    /// Whether the experiment under study plans this run.
    pub planned: bool,
    /// Whether it comes from a notebook's `results.json`.
    pub imported: bool,
    /// What runs must share to be compared: a hash of all but rankscale, arm, seed, lambda and engine.
    pub recipe: String,
    /// What it learnt to tell apart.
    pub dataset: Task,
    /// 0 for the dense network.
    pub rankscale: u32,
    /// The arm's name.
    pub decay: String,
    /// The seed.
    pub seed: u64,
    /// Base strength of weight decay.
    pub lambda: f64,
    /// Channels joined by `-`, for example `64-128-256-512`.
    pub channels: String,
    /// Epochs planned.
    pub epochs: u32,
    /// Epochs that ended.
    pub epochs_done: u32,
    /// Images in an update.
    pub batch: u32,
    /// Size of the training subset; none for all images.
    pub train_images: Option<u32>,
    /// Size of the test subset; none for all images.
    pub test_images: Option<u32>,
    /// Arithmetic.
    pub precision: Precision,
    /// What trained it.
    pub engine: Backend,
    /// Trainable numbers.
    pub parameters: u64,
    /// Multiply-accumulates of a forward pass of one image.
    pub macs: u64,
    /// Parameters over those with full 3x3 convolutions.
    pub ratio_full: f64,
    /// Parameters over those with depthwise-separable convolutions.
    pub ratio_separable: f64,
    /// After the last planned epoch; none where the run did not reach it.
    pub test_accuracy: Option<f64>,
    /// Mean cross-entropy over the test images in nats, as `test_accuracy`.
    pub test_loss: Option<f64>,
    /// In the last planned epoch, on augmented images in training mode.
    pub train_accuracy: Option<f64>,
    /// As `train_accuracy`.
    pub train_loss: Option<f64>,
    /// Training and evaluation of all epochs that ended.
    pub seconds: Option<f64>,
    /// Median of the epochs'.
    pub images_per_second: Option<f64>,
    /// `cpu` or `cuda:N`.
    pub device: Option<String>,
    /// The processor's or the GPU's name.
    pub device_name: Option<String>,
    /// CPU threads for arithmetic.
    pub threads: Option<u32>,
    /// Commit of the trainer's source, with `+` where it was changed.
    pub git_revision: Option<String>,
    /// Of libtorch, where it trained the run.
    pub libtorch: Option<String>,
}

/// A row of `analysis/epochs.parquet`: an epoch with its run's key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyEpochRow {
    /// The folder's name.
    pub run: String,
    /// As in [`RunRow`].
    pub recipe: String,
    /// As in [`RunRow`].
    pub rankscale: u32,
    /// As in [`RunRow`].
    pub decay: String,
    /// As in [`RunRow`].
    pub seed: u64,
    /// As in [`RunRow`].
    pub lambda: f64,
    /// Counted from 1.
    pub epoch: u32,
    /// As in [`crate::run::EpochRow`].
    pub learning_rate: Option<f64>,
    /// As in [`crate::run::EpochRow`].
    pub train_loss: Option<f64>,
    /// As in [`crate::run::EpochRow`].
    pub train_accuracy: Option<f64>,
    /// As in [`crate::run::EpochRow`].
    pub test_loss: Option<f64>,
    /// As in [`crate::run::EpochRow`].
    pub test_accuracy: f64,
}

/// A row of `analysis/cells.parquet`: the finished runs of one (recipe, lambda, rankscale, arm).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellRow {
    /// As in [`RunRow`].
    pub recipe: String,
    /// As in [`RunRow`].
    pub lambda: f64,
    /// As in [`RunRow`].
    pub rankscale: u32,
    /// As in [`RunRow`].
    pub decay: String,
    /// Finished runs, one a seed.
    pub runs: u32,
    /// Mean last-epoch test accuracy.
    pub mean: f64,
    /// Sample standard deviation over seeds; none for one run.
    pub sd: Option<f64>,
    /// Lower end of the mean's 95 % interval; none below three runs, or where all are equal.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// Lowest.
    pub min: f64,
    /// Highest.
    pub max: f64,
    /// As in [`RunRow`].
    pub parameters: u64,
    /// As in [`RunRow`].
    pub macs: u64,
}

/// A row of `analysis/comparisons.parquet`: a run against the run of its arm's baseline of the same recipe, lambda, rankscale, engine and seed
/// (in a tuned experiment: at the baseline's own lambda and peak rate).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairRow {
    /// As in [`RunRow`].
    pub recipe: String,
    /// As in [`RunRow`].
    pub lambda: f64,
    /// As in [`RunRow`].
    pub rankscale: u32,
    /// As in [`RunRow`].
    pub seed: u64,
    /// The arm under test.
    pub decay: String,
    /// The arm it is compared with.
    pub baseline: String,
    /// Test accuracy of the arm under test.
    pub accuracy: f64,
    /// Test accuracy of the baseline.
    pub baseline_accuracy: f64,
    /// `accuracy - baseline_accuracy`.
    pub difference: f64,
}

/// A row of `analysis/classes.parquet`: a pair of runs image by image, the test images of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassRow {
    /// As in [`PairRow`].
    pub recipe: String,
    /// As in [`PairRow`].
    pub lambda: f64,
    /// As in [`PairRow`].
    pub rankscale: u32,
    /// As in [`PairRow`].
    pub seed: u64,
    /// As in [`PairRow`].
    pub decay: String,
    /// As in [`PairRow`].
    pub baseline: String,
    /// The class, counted from 0.
    pub class: u8,
    /// Test images of it.
    pub images: u32,
    /// Of them, those that only the arm under test got right.
    pub only_arm: u32,
    /// Those that only the baseline got right.
    pub only_baseline: u32,
}

/// A row of `analysis/layers.parquet`: a convolution of a finished run after its last epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyLayerRow {
    /// The folder's name.
    pub run: String,
    /// As in [`RunRow`].
    pub recipe: String,
    /// As in [`RunRow`].
    pub rankscale: u32,
    /// As in [`RunRow`].
    pub decay: String,
    /// As in [`RunRow`].
    pub seed: u64,
    /// As in [`RunRow`].
    pub lambda: f64,
    /// As in [`crate::run::LayerRow`].
    pub layer: String,
    /// As in [`crate::run::LayerRow`].
    pub weight_norm: f64,
    /// As in [`crate::run::LayerRow`].
    pub product_norm: Option<f64>,
    /// As in [`crate::run::LayerRow`].
    pub stable_rank: Option<f64>,
}

/// A row of `analysis/trajectories.parquet`: a low-rank convolution after an epoch, over the finished runs of one (recipe,
/// lambda, rankscale, arm).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrajectoryRow {
    /// As in [`RunRow`].
    pub recipe: String,
    /// As in [`RunRow`].
    pub lambda: f64,
    /// As in [`RunRow`].
    pub rankscale: u32,
    /// As in [`RunRow`].
    pub decay: String,
    /// As in [`crate::run::LayerRow`].
    pub layer: String,
    /// As in [`crate::run::LayerRow`].
    pub epoch: u32,
    /// How many.
    pub runs: u32,
    /// Mean over them.
    pub product_norm: f64,
    /// Mean over them.
    pub stable_rank: f64,
}

/// A row of `analysis/ledger.parquet`: a planned run, or a folder that is there, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// The folder's name; for a planned run that never started, what is known of its name.
    pub run: String,
    /// What became of it.
    pub state: State,
    /// Whether the experiment under study plans it.
    pub planned: bool,
    /// Epochs that ended.
    pub epochs_done: u32,
    /// Epochs planned; 0 where unknown.
    pub epochs: u32,
    /// Why it is not done, and what to do; empty where it is.
    pub reason: String,
}
