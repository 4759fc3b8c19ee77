//! The rows of a run's tables.

use serde::{Deserialize, Serialize};

/// A row of `epochs.parquet`. Accuracies are fractions, losses are in nats per image. Values that an imported
/// file did not record are `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochRow {
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// Learning rate of the low-rank factors, at the epoch's last update.
    pub learning_rate: Option<f64>,
    /// Mean cross-entropy over the epoch's augmented batches, in training mode.
    pub train_loss: Option<f64>,
    /// Accuracy over the epoch's augmented batches, in training mode.
    pub train_accuracy: Option<f64>,
    /// Mean cross-entropy over the images that judge the run: test images, or training images that it holds
    /// out.
    pub test_loss: Option<f64>,
    /// Accuracy on the images that judge the run.
    pub test_accuracy: f64,
    /// Seconds of updates, augmentation included.
    pub train_seconds: Option<f64>,
    /// Seconds of evaluation.
    pub test_seconds: Option<f64>,
    /// Training images per second of `train_seconds`.
    pub images_per_second: Option<f64>,
}

/// A row of `layers.parquet`: one convolution after one epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerRow {
    /// The epoch, counted from 1; 0 is before the first update.
    pub epoch: u32,
    /// The name of the layer, for example `layer1.res1`.
    pub layer: String,
    /// Euclidean norm of all weights of the convolution.
    pub weight_norm: f64,
    /// Frobenius norm of `expand . contract`; `None` for a dense convolution.
    pub product_norm: Option<f64>,
    /// Stable rank of `expand . contract`, its squared Frobenius norm over its squared spectral norm; `None`
    /// for a dense convolution.
    pub stable_rank: Option<f64>,
}

/// A row of `predictions.parquet`: one of the images that judge the run, after the last epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictionRow {
    /// The row of the image in `test.parquet`, or, if the run holds out training images, in `train.parquet`.
    pub image: u32,
    /// The label.
    pub label: u8,
    /// The predicted class, which has the largest logit.
    pub prediction: u8,
    /// Cross-entropy, in nats.
    pub loss: f32,
}
