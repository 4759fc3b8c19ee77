//! The rows of a run's tables.

use serde::{Deserialize, Serialize};

/// A row of `epochs.parquet`. Accuracies are fractions, losses are nats an image. What an imported file did not
/// record is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochRow {
    /// Counted from 1.
    pub epoch: u32,
    /// Of the low-rank factors, at the epoch's last update.
    pub learning_rate: Option<f64>,
    /// Mean over the epoch's augmented batches, in training mode.
    pub train_loss: Option<f64>,
    /// The same for accuracy.
    pub train_accuracy: Option<f64>,
    /// Mean over the test images.
    pub test_loss: Option<f64>,
    /// Over the test images.
    pub test_accuracy: f64,
    /// Time in updates, augmentation included.
    pub train_seconds: Option<f64>,
    /// Time in evaluation.
    pub test_seconds: Option<f64>,
    /// Training images a second of `train_seconds`.
    pub images_per_second: Option<f64>,
}

/// A row of `layers.parquet`: one convolution after one epoch (0 is the start).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerRow {
    /// Counted from 1; 0 is before the first update.
    pub epoch: u32,
    /// For example `layer1.res1`.
    pub layer: String,
    /// Euclidean norm of all weights of the convolution.
    pub weight_norm: f64,
    /// Frobenius norm of `expand . contract`; none for a dense convolution.
    pub product_norm: Option<f64>,
    /// Squared Frobenius norm over squared spectral norm of `expand . contract`; none for a dense convolution.
    pub stable_rank: Option<f64>,
}

/// A row of `predictions.parquet`: one test image after the last epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictionRow {
    /// Row of the image in `test.parquet`.
    pub image: u32,
    /// The true class.
    pub label: u8,
    /// The class with the largest logit.
    pub prediction: u8,
    /// Cross-entropy, in nats.
    pub loss: f32,
}
