//! `results.json`, the file that the notebook "Appropriate Weight Decay" loads: a list of
//! `[{"rankscale": 8, "d": true}, {"epoch": 128, "test acc": 0.9, ...}]`, an entry a run, with the row that its code logged
//! after the last epoch. `d` says whether the appropriate decay was on. This module owns the format; it writes it from a
//! study, and [`mod@crate::import`] turns it into runs.
//!
//! The notebook's runs had no seed; `seed` stands beside `d` where it is not 0, and its cells do not mind.
//!
//! *Invariant:* what is written is read back unchanged, bit for bit.

use crate::inputs::same_lambda;
use crate::join::finished::Finished;
use crate::join::recipes::Recipe;
use crate::join::spent;
use artifacts::study::Endpoint;
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
            Self::Described => [Arm::Original, Arm::Appropriate],
            Self::Published => [Arm::PublishedOriginal, Arm::PublishedAppropriate],
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

/// The entries of one curve each for `d` false and true: the low-rank ones among the finished runs, in their order, of the first
/// recipe that has any of the arms asked for, at its main lambda. Without a wish, the arms as described, or else as published.
#[must_use]
pub fn entries(
    finished: &[Finished<'_>],
    recipes: &[Recipe],
    endpoints: &[Endpoint],
    wish: Option<ResultsArms>,
) -> Vec<Entry> {
    let wishes = wish.map_or_else(|| vec![ResultsArms::Described, ResultsArms::Published], |wish| vec![wish]);
    let candidates = recipes.iter().flat_map(|recipe| wishes.iter().map(move |wish| (recipe, wish.arms())));
    let low_rank = finished.iter().filter(|finished| finished.run.record.configuration.rankscale > 0);
    let rows: Vec<(String, &Finished<'_>)> =
        low_rank.map(|finished| (finished.run.recipe(), finished)).collect();
    let found = candidates.map(|(recipe, arms)| {
        let recipe = &recipe.summary;
        let endpoint = endpoints.iter().find(|endpoint| endpoint.recipe == recipe.recipe);
        let lambda = endpoint.map_or(recipe.configuration.lambda, |endpoint| endpoint.lambda);
        let here = rows.iter().filter(|(of, finished)| {
            *of == recipe.recipe && same_lambda(finished.run.record.configuration.lambda, lambda)
        });
        here.filter_map(|(_, finished)| entry(finished, arms)).collect::<Vec<_>>()
    });
    found.into_iter().find(|entries| !entries.is_empty()).unwrap_or_default()
}

fn entry(finished: &Finished<'_>, arms: [Arm; 2]) -> Option<Entry> {
    let Finished { run, last } = finished;
    let of = &run.record.configuration;
    let d = arms.iter().position(|arm| *arm == of.decay)? == 1;
    let settings =
        Settings { rankscale: of.rankscale.into(), d, seed: Some(of.seed).filter(|seed| *seed > 0) };
    let logged = LoggedEpoch {
        epoch: last.epoch,
        lr: last.learning_rate,
        train_time: last.train_seconds,
        train_loss: last.train_loss,
        train_accuracy: last.train_accuracy,
        test_time: last.test_seconds,
        test_loss: last.test_loss,
        test_accuracy: last.test_accuracy,
        total_time: spent::train_seconds(&run.epochs),
    };
    Some((settings, logged))
}

/// The file: an entry a line.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn to_json(entries: &[Entry]) -> Result<String, serde_json::Error> {
    let lines: Vec<String> = entries.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) })
}
