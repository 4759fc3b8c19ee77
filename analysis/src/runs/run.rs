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
    /// The record of the run, `run.json`.
    pub record: RunRecord,
    /// The epochs, `epochs.parquet`.
    pub epochs: Vec<EpochRow>,
    /// The layers after the last epoch, from `layers.parquet`; empty if there are none.
    pub layers: Vec<LayerRow>,
    /// The low-rank layers after every epoch.
    pub trajectory: Vec<LayerPoint>,
    /// The correctly classified images, from `predictions.parquet`; `None` if there are no predictions.
    pub marks: Option<Marks>,
}

impl Run {
    /// Returns whether the run was imported from a notebook's `results.json`.
    #[must_use]
    pub fn imported(&self) -> bool {
        self.record.origin == Origin::Imported
    }

    /// Returns whether the plan has the run.
    #[must_use]
    pub fn is_planned(&self, plan: Option<&Plan>) -> bool {
        plan.is_some_and(|plan| plan.has(&self.record.configuration))
    }

    /// Returns whether the run is under study: every run if there is no plan, otherwise the planned and the
    /// imported runs. Imported runs are not planned, but whoever imports them asks for them, and their recipe
    /// is their own.
    #[must_use]
    pub fn is_studied(&self, plan: Option<&Plan>) -> bool {
        plan.is_none() || self.imported() || self.is_planned(plan)
    }

    /// Returns the hash of the settings that comparable runs share.
    #[must_use]
    pub fn recipe(&self) -> String {
        self.record.configuration.recipe.hash(&self.record.data.fingerprint)
    }

    /// Returns whether its status says that all of its epochs are there.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.record.status == Status::Done
    }

    /// Returns the last of its planned epochs; `None` if the run did not reach it.
    #[must_use]
    pub fn last_epoch(&self) -> Option<&EpochRow> {
        let planned = self.record.configuration.recipe.epochs;
        self.epochs.iter().rfind(|row| row.epoch as usize == planned)
    }

    /// Describes the first rule that a row of its epochs breaks, if any.
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
