//! A run as the analysis reads it.
//!
//! *Invariant:* every run here has passed the readers of `artifacts`.

use crate::runs::marks::Marks;
use crate::runs::plan::Plan;
use crate::runs::trajectory::LayerPoint;
use artifacts::run::{EpochRow, LayerRow, Origin, RunRecord, Status};

/// A readable run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// `run.json`.
    pub record: RunRecord,
    /// `epochs.parquet`.
    pub epochs: Vec<EpochRow>,
    /// `layers.parquet` after the last epoch; empty where there is none.
    pub layers: Vec<LayerRow>,
    /// The low-rank ones of all epochs.
    pub trajectory: Vec<LayerPoint>,
    /// `predictions.parquet`, right or wrong; none where there is none.
    pub marks: Option<Marks>,
}

impl Run {
    /// Whether it comes from a notebook's `results.json`.
    #[must_use]
    pub fn imported(&self) -> bool {
        self.record.origin == Origin::Imported
    }

    /// Whether the plan has it.
    #[must_use]
    pub fn is_planned(&self, plan: Option<&Plan>) -> bool {
        plan.is_some_and(|plan| plan.has(&self.record.configuration))
    }

    /// Whether it is under study: every run where there is no plan, else the planned ones and the imported ones. Nobody
    /// plans an imported run, but whoever imports it asks for it, and its recipe is its own.
    #[must_use]
    pub fn is_studied(&self, plan: Option<&Plan>) -> bool {
        plan.is_none() || self.imported() || self.is_planned(plan)
    }

    /// Hash of what it shares with the runs it can be compared with.
    #[must_use]
    pub fn recipe(&self) -> String {
        self.record.configuration.recipe.hash(&self.record.data.fingerprint)
    }

    /// Whether its status says that all of its epochs are there.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.record.status == Status::Done
    }

    /// The last of its planned epochs; none where it did not reach that.
    #[must_use]
    pub fn last_epoch(&self) -> Option<&EpochRow> {
        let planned = self.record.configuration.recipe.epochs;
        self.epochs.iter().rfind(|row| row.epoch as usize == planned)
    }

    /// The first rule that a row of its epochs breaks, in words.
    #[must_use]
    pub fn broken_rule(&self) -> Option<String> {
        self.epochs.iter().find_map(|row| {
            let place = |key: &str, value: f64, rule: &str| {
                Some(format!("epochs.parquet: epoch {}: {key} {value} {rule}", row.epoch))
            };
            let fraction = |value: f64| (0.0..=1.0).contains(&value);
            if !fraction(row.test_accuracy) {
                return place("test_accuracy", row.test_accuracy, "must be between 0 and 1");
            }
            let losses = [("train_loss", row.train_loss), ("test_loss", row.test_loss)];
            let broken = losses.into_iter().filter_map(|(key, loss)| Some((key, loss?)));
            match broken.filter(|_| self.is_done()).find(|(_, loss)| !loss.is_finite()) {
                Some((key, loss)) => place(key, loss, "must be a finite number in a run that is done"),
                None => None,
            }
        })
    }
}
