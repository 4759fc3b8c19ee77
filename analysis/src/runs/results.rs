//! `results.json`, the file that the notebook "Appropriate Weight Decay" loads: a list of
//! `[{"rankscale": 8, "d": true}, {"epoch": 128, "test acc": 0.9, ...}]`, one entry per run, with the row
//! that its code logged after the last epoch. `d` says whether the appropriate decay was on. This module owns
//! the format; [`mod@crate::join::entries`] makes it from a study, and [`mod@crate::runs::import`] turns it
//! into runs.
//!
//! The notebook's runs had no seed. A `seed` other than 0 is written beside `d`, which the notebook's cells
//! ignore.
//!
//! *Invariant:* what is written is read back unchanged, bit for bit.

use network::Arm;
use serde::{Deserialize, Serialize};

/// The pair of arms that the notebook's two curves show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ResultsArms {
    /// `original` and `appropriate`, the arms as the notebook describes them.
    Described,
    /// `published-original` and `published-appropriate`, the arms as its code had them.
    Published,
}

impl ResultsArms {
    /// Returns the arm whose `d` is false, and the one whose `d` is true.
    #[must_use]
    pub const fn arms(self) -> [Arm; 2] {
        match self {
            Self::Described => [Arm::ORIGINAL, Arm::APPROPRIATE],
            Self::Published => [Arm::PUBLISHED_ORIGINAL, Arm::PUBLISHED_APPROPRIATE],
        }
    }
}

/// The settings that the notebook's command line took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The divisor that turns channels into ranks. A later version of the notebook's code took fractions.
    pub rankscale: serde_json::Number,
    /// Whether the appropriate decay was on.
    pub d: bool,
    /// The seed, which the notebook's runs did not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// The row that the notebook's code logged after an epoch. Times are in seconds; learning rates are for the
/// mean loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoggedEpoch {
    /// The number of the epoch, counted from 1; it is the last one, and so also the number of epochs.
    pub epoch: u32,
    /// Learning rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lr: Option<f64>,
    /// Training time of this epoch, in seconds.
    #[serde(rename = "train time", default, skip_serializing_if = "Option::is_none")]
    pub train_time: Option<f64>,
    /// Loss on augmented training images, in training mode.
    #[serde(rename = "train loss", default, skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// Accuracy on the training images, a fraction.
    #[serde(rename = "train acc", default, skip_serializing_if = "Option::is_none")]
    pub train_accuracy: Option<f64>,
    /// Evaluation time of this epoch, in seconds.
    #[serde(rename = "test time", default, skip_serializing_if = "Option::is_none")]
    pub test_time: Option<f64>,
    /// Loss on the test images.
    #[serde(rename = "test loss", default, skip_serializing_if = "Option::is_none")]
    pub test_loss: Option<f64>,
    /// Accuracy on the test images, a fraction.
    #[serde(rename = "test acc")]
    pub test_accuracy: f64,
    /// Training time of all epochs, without evaluation, in seconds.
    #[serde(rename = "total time", default, skip_serializing_if = "Option::is_none")]
    pub total_time: Option<f64>,
}

/// An entry of the file.
pub type Entry = (Settings, LoggedEpoch);

/// Formats the file, one entry per line.
///
/// # Errors
/// A value cannot be represented in JSON.
pub fn to_json(entries: &[Entry]) -> Result<String, serde_json::Error> {
    let lines: Vec<String> = entries.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) })
}
