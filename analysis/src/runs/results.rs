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

use super::json::whole;
use network::Arm;
use serde::Serialize;
use serde_json::Value;

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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// The divisor that turns channels into ranks. A later version of the notebook's code took fractions.
    pub rankscale: serde_json::Number,
    /// Whether the appropriate decay was on.
    pub d: bool,
    /// The seed, which the notebook's runs did not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// The row that the notebook's code logged after an epoch. Times are in seconds; learning rates are for the
/// mean loss.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedEpoch {
    /// The number of the epoch, counted from 1; it is the last one, and so also the number of epochs.
    pub epoch: u32,
    /// Learning rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lr: Option<f64>,
    /// Training time of this epoch, in seconds.
    #[serde(rename = "train time", skip_serializing_if = "Option::is_none")]
    pub train_time: Option<f64>,
    /// Loss on augmented training images, in training mode.
    #[serde(rename = "train loss", skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// Accuracy on the training images, a fraction.
    #[serde(rename = "train acc", skip_serializing_if = "Option::is_none")]
    pub train_accuracy: Option<f64>,
    /// Evaluation time of this epoch, in seconds.
    #[serde(rename = "test time", skip_serializing_if = "Option::is_none")]
    pub test_time: Option<f64>,
    /// Loss on the test images.
    #[serde(rename = "test loss", skip_serializing_if = "Option::is_none")]
    pub test_loss: Option<f64>,
    /// Accuracy on the test images, a fraction.
    #[serde(rename = "test acc")]
    pub test_accuracy: f64,
    /// Training time of all epochs, without evaluation, in seconds.
    #[serde(rename = "total time", skip_serializing_if = "Option::is_none")]
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

/// A key of an entry, or the entry itself, and the rule that it breaks.
pub type Broken = (String, String);

/// Reads an entry.
///
/// # Errors
/// The key that breaks a rule, and the rule.
pub fn parse(entry: &Value) -> Result<Entry, Broken> {
    let Some([settings, row]) = entry.as_array().map(Vec::as_slice) else {
        return Err(("the entry".into(), "must be a list of two objects, settings and last row".into()));
    };
    // The keys are checked one by one, so that the message can name the missing one.
    let required = [
        (settings, "settings", "rankscale"),
        (settings, "settings", "d"),
        (row, "last row", "epoch"),
        (row, "last row", "test acc"),
    ];
    for (object, name, key) in required {
        if object.get(key).is_none() {
            return Err((format!("`{key}`"), format!("is missing from the {name}")));
        }
    }
    let number = |key: &str| match row.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_f64()
            .map(Some)
            .ok_or_else(|| (format!("`{key}`"), format!("must be a number, but is {value}"))),
    };
    let d = settings["d"].as_bool().ok_or_else(|| must("d", "be true or false", &settings["d"]))?;
    let rankscale = whole(&settings["rankscale"])
        .ok_or_else(|| must("rankscale", "be a whole number", &settings["rankscale"]))?;
    let epoch = whole(&row["epoch"]).filter(|epoch| *epoch >= 1);
    let epoch = epoch.ok_or_else(|| must("epoch", "be a whole number from 1", &row["epoch"]))?;
    let seed = match settings.get("seed") {
        None | Some(Value::Null) => None,
        Some(seed) => Some(whole(seed).ok_or_else(|| must("seed", "be a whole number from 0", seed))?),
    };
    let settings = Settings { rankscale: rankscale.into(), d, seed };
    let logged = LoggedEpoch {
        epoch: u32::try_from(epoch).map_err(|_| must("epoch", "be at most 100000", &row["epoch"]))?,
        lr: number("lr")?,
        train_time: number("train time")?,
        train_loss: number("train loss")?,
        train_accuracy: fraction("train acc", number("train acc")?)?,
        test_time: number("test time")?,
        test_loss: number("test loss")?,
        test_accuracy: fraction("test acc", number("test acc")?)?
            .ok_or_else(|| must("test acc", "be a number", &row["test acc"]))?,
        total_time: number("total time")?,
    };
    Ok((settings, logged))
}

/// Returns a key with its value and the rule that it breaks.
fn must(key: &str, rule: &str, found: &Value) -> Broken {
    (format!("`{key}`"), format!("must {rule}, but is {found}"))
}

fn fraction(key: &str, value: Option<f64>) -> Result<Option<f64>, Broken> {
    match value {
        Some(v) if !(0.0..=1.0).contains(&v) => {
            Err((format!("`{key}`"), format!("must be a fraction between 0 and 1, but is {v}")))
        }
        _ => Ok(value),
    }
}
