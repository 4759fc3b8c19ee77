//! `results.json`, the file that the notebook "Appropriate Weight Decay" loads: a list of
//! `[{"rankscale": 8, "d": true}, {"epoch": 128, "test acc": 0.9, ...}]`, an entry a run, with the row that its code logged
//! after the last epoch. `d` says whether the appropriate decay was on. This module owns the format;
//! [`mod@crate::join::entries`] makes it of a study, and [`mod@crate::runs::import`] turns it into runs.
//!
//! The notebook's runs had no seed; `seed` stands beside `d` where it is not 0, and its cells do not mind.
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
    /// The arm whose `d` is false, and the one whose `d` is true.
    #[must_use]
    pub const fn arms(self) -> [Arm; 2] {
        match self {
            Self::Described => [Arm::ORIGINAL, Arm::APPROPRIATE],
            Self::Published => [Arm::PUBLISHED_ORIGINAL, Arm::PUBLISHED_APPROPRIATE],
        }
    }
}

/// What the notebook's command line was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Divisor that makes ranks out of channels. A later version of the notebook's code took fractions.
    pub rankscale: serde_json::Number,
    /// Whether the appropriate decay was on.
    pub d: bool,
    /// Ours: the notebook's runs had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// What the notebook's code logged after an epoch. Times are seconds, rates are for the mean loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoggedEpoch {
    /// Counted from 1; the last one, so also how many there were.
    pub epoch: u32,
    /// Learning rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lr: Option<f64>,
    /// Of this epoch.
    #[serde(rename = "train time", default, skip_serializing_if = "Option::is_none")]
    pub train_time: Option<f64>,
    /// On augmented images, in training mode.
    #[serde(rename = "train loss", default, skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// A fraction.
    #[serde(rename = "train acc", default, skip_serializing_if = "Option::is_none")]
    pub train_accuracy: Option<f64>,
    /// Of this epoch.
    #[serde(rename = "test time", default, skip_serializing_if = "Option::is_none")]
    pub test_time: Option<f64>,
    /// Over the test images.
    #[serde(rename = "test loss", default, skip_serializing_if = "Option::is_none")]
    pub test_loss: Option<f64>,
    /// A fraction.
    #[serde(rename = "test acc")]
    pub test_accuracy: f64,
    /// Training time of all epochs, evaluation left out.
    #[serde(rename = "total time", default, skip_serializing_if = "Option::is_none")]
    pub total_time: Option<f64>,
}

/// An entry of the file.
pub type Entry = (Settings, LoggedEpoch);

/// The file: an entry a line.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn to_json(entries: &[Entry]) -> Result<String, serde_json::Error> {
    let lines: Vec<String> = entries.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) })
}
