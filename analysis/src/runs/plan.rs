//! The experiment under study, and which runs it plans.
//!
//! *Invariant:* whether a run is planned depends on its configuration and not on its images.

use artifacts::experiment::arms;
use artifacts::study::TunedArm;
use artifacts::{Configuration, Experiment};
use network::Arm;
use std::collections::HashSet;

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

    /// The arms in their order, each at its own strength; none where arms are compared at one strength.
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

    /// The same run as another arm: at that one's own strength where every arm has one, else at this run's.
    #[must_use]
    pub fn as_arm(&self, run: &Configuration, decay: Arm) -> Configuration {
        let mut other = Configuration { decay, ..run.clone() };
        let planned = || self.experiment.runs.iter().find(|run| run.decay == decay);
        if let Some(own) = (self.experiment.tuned && self.has(run)).then(planned).flatten() {
            (other.lambda, other.recipe.peak_learning_rate) = (own.lambda, own.recipe.peak_learning_rate);
        }
        other
    }

    /// What trains the rest of it.
    #[must_use]
    pub fn command(&self) -> String {
        format!("`just sweep EXPERIMENT={}`", self.experiment.name)
    }
}
