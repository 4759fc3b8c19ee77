//! The experiment under study, and the runs that it plans.
//!
//! *Invariant:* whether a run is planned depends on its configuration and not on its images.

use artifacts::experiment::arms;
use artifacts::study::TunedArm;
use artifacts::{Configuration, Experiment};
use network::Arm;
use std::collections::HashSet;

/// The plan of the experiment under study.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    experiment: Experiment,
    identities: HashSet<String>,
}

impl Plan {
    /// Makes the plan of an experiment, whatever images its runs are trained on.
    #[must_use]
    pub fn new(experiment: Experiment) -> Self {
        let identities = experiment.runs.iter().map(|run| run.identity("")).collect();
        Self { experiment, identities }
    }

    /// Returns the experiment.
    #[must_use]
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Returns whether the plan has this run.
    #[must_use]
    pub fn has(&self, configuration: &Configuration) -> bool {
        self.identities.contains(&configuration.identity(""))
    }

    /// Returns the arms in their order, each with its own strength; empty if all arms are compared at one
    /// strength.
    #[must_use]
    pub fn tuned(&self, fingerprint: &str) -> Vec<TunedArm> {
        let Experiment { tuned, runs, .. } = &self.experiment;
        let of = |decay: Arm| {
            let run = runs.iter().find(|run| *tuned && run.decay == decay)?;
            let (lambda, peak_learning_rate) = (run.lambda, run.recipe.peak_learning_rate);
            Some(TunedArm { decay, recipe: run.recipe.hash(fingerprint), lambda, peak_learning_rate })
        };
        arms(runs).into_iter().filter_map(of).collect()
    }

    /// Returns the same run with another arm, at the arm's own strength if the experiment tunes each arm, and
    /// otherwise at this run's.
    #[must_use]
    pub fn as_arm(&self, run: &Configuration, decay: Arm) -> Configuration {
        let mut other = Configuration { decay, ..run.clone() };
        let planned = || self.experiment.runs.iter().find(|run| run.decay == decay);
        if let Some(own) = (self.experiment.tuned && self.has(run)).then(planned).flatten() {
            (other.lambda, other.recipe.peak_learning_rate) = (own.lambda, own.recipe.peak_learning_rate);
        }
        other
    }

    /// Returns the command that trains the rest of the plan.
    #[must_use]
    pub fn command(&self) -> String {
        format!("`just sweep EXPERIMENT={}`", self.experiment.name)
    }
}
