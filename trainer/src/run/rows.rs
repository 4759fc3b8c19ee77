//! Converts the results of a run to rows: one per epoch, and one per evaluated image.

use crate::engine::epoch::Predictions;
use artifacts::run::{EpochRow, PredictionRow};

/// The images that a run is evaluated on.
pub(super) struct Judged {
    /// Their rows in the file.
    pub(super) rows: Vec<u32>,
    /// Their labels.
    pub(super) labels: Vec<u8>,
}

/// Sums over the updates of an epoch.
pub(super) struct EpochSums {
    pub(super) loss: f64,
    pub(super) correct: u64,
    /// The number of images in all updates.
    pub(super) seen: f64,
    /// Learning rate of the factors at the last update.
    pub(super) rate: f64,
    pub(super) seconds: f64,
}

/// Returns the row of an epoch, with the predictions after it, which took `test_seconds` seconds.
pub(super) fn epoch_row(
    epoch: usize,
    sums: &EpochSums,
    predictions: &Predictions,
    judged: &Judged,
    test_seconds: f64,
) -> EpochRow {
    let tested = judged.rows.len() as f64;
    let marked = judged.labels.iter().zip(&predictions.classes);
    let correct = marked.filter(|(label, class)| label == class).count();
    EpochRow {
        epoch: epoch as u32,
        learning_rate: Some(sums.rate),
        train_loss: Some(sums.loss / sums.seen),
        train_accuracy: Some(sums.correct as f64 / sums.seen),
        test_loss: Some(predictions.losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / tested),
        test_accuracy: correct as f64 / tested,
        train_seconds: Some(sums.seconds),
        test_seconds: Some(test_seconds),
        images_per_second: Some(sums.seen / sums.seconds),
    }
}

/// Returns the predictions for these images and labels as a table.
pub(super) fn prediction_rows(
    predictions: &Predictions,
    images: &[u32],
    labels: &[u8],
) -> Vec<PredictionRow> {
    let found = predictions.classes.iter().zip(&predictions.losses);
    let rows = images.iter().zip(labels).zip(found);
    rows.map(|((&image, &label), (&prediction, &loss))| PredictionRow { image, label, prediction, loss })
        .collect()
}
