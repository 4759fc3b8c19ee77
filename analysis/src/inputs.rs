//! What an analysis starts from: the plan, the runs that can be read, and what cannot.
//!
//! *Invariant:* every run here has passed the readers of `artifacts`.

use crate::images::Marks;
use crate::mechanism::LayerPoint;
use artifacts::run::{EpochRow, LayerRow, RunRecord, Status};
use artifacts::{Configuration, Engine, Experiment};
use std::collections::{HashMap, HashSet};

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

/// The experiment under study.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    experiment: Experiment,
    identities: HashSet<String>,
}

impl Plan {
    /// The runs of an experiment, whatever images they are trained on.
    #[must_use]
    pub fn new(experiment: Experiment) -> Self {
        let identities = experiment.runs.iter().map(|run| run.identity("")).collect();
        Self { experiment, identities }
    }

    /// The experiment.
    #[must_use]
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Whether it has this run.
    #[must_use]
    pub fn has(&self, configuration: &Configuration) -> bool {
        self.identities.contains(&configuration.identity(""))
    }

    /// What trains the rest of it.
    #[must_use]
    pub fn command(&self) -> String {
        format!("`just sweep EXPERIMENT={}`", self.experiment.name)
    }
}

/// An experiment's file leaves the engine open: each of its runs on the engine that has come furthest with it, the fused one
/// where that is none.
#[must_use]
pub fn on_engines_found(experiment: Experiment, runs: &[Run]) -> Experiment {
    let epochs: HashMap<String, usize> =
        runs.iter().map(|run| (run.record.configuration.identity(""), run.epochs.len())).collect();
    let furthest = |run: Configuration| {
        let candidates = [Engine::Tch, Engine::Fused].map(|engine| run.clone().on(engine));
        let found = candidates.into_iter().max_by_key(|run| epochs.get(&run.identity("")).copied());
        found.expect("there are two")
    };
    Experiment { runs: experiment.runs.into_iter().map(furthest).collect(), ..experiment }
}

/// Something in the directory of runs that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its name there.
    pub name: String,
    /// The reader's message: which file breaks which rule.
    pub reason: String,
}

/// Whether two strengths of decay are the same: both came out of a file, so they are equal to the bit or not at all.
#[must_use]
pub fn same_lambda(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}

impl Run {
    /// Whether it comes from a notebook's `results.json`.
    #[must_use]
    pub fn imported(&self) -> bool {
        self.record.provenance.is_none()
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
        self.record.configuration.recipe(&self.record.data.fingerprint)
    }

    /// Whether its status says that all of its epochs are there.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.record.status == Status::Done
    }

    /// The last of its planned epochs; none where it did not reach that.
    #[must_use]
    pub fn last_epoch(&self) -> Option<&EpochRow> {
        let planned = self.record.configuration.epochs;
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

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::run::{DataProvenance, FORMAT};

    fn run(configuration: &Configuration, epochs: u32) -> Run {
        let epoch = |epoch| EpochRow { epoch, test_accuracy: 0.5, ..EpochRow::default() };
        let record = RunRecord {
            format: FORMAT,
            name: configuration.run_name("data"),
            status: Status::Running,
            counts: configuration.counts(),
            configuration: configuration.clone(),
            data: DataProvenance { fingerprint: "data".into(), source: "made up".into() },
            provenance: None,
        };
        Run {
            record,
            epochs: (1..=epochs).map(epoch).collect(),
            layers: Vec::new(),
            trajectory: Vec::new(),
            marks: None,
        }
    }

    #[test]
    fn a_planned_run_is_the_one_that_has_come_furthest_on_either_engine() {
        let file = Configuration::default();
        let (tch, fused) = (file.clone().on(Engine::Tch), file.clone().on(Engine::Fused));
        let dense = Configuration { rankscale: 0, ..file.clone() };
        let planned = |runs: &[Run]| {
            let runs_planned = vec![file.clone(), dense.clone()];
            let experiment =
                Experiment { name: "e".into(), title: "t".into(), verdict: None, runs: runs_planned };
            on_engines_found(experiment, runs).runs
        };
        assert_eq!(planned(&[]), [fused.clone(), dense.clone()]);
        assert_eq!(planned(&[run(&tch, 1)]), [tch.clone(), dense.clone()]);
        assert_eq!(planned(&[run(&tch, 1), run(&fused, 2)]), [fused, dense.clone()]);
        assert_eq!(planned(&[run(&tch, 0)]), [tch, dense]);
    }
}
