//! The experiment under study, and which runs it plans.
//!
//! *Invariant:* whether a run is planned depends on its configuration and not on its images.

use artifacts::{Configuration, Experiment};
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

    /// What trains the rest of it.
    #[must_use]
    pub fn command(&self) -> String {
        format!("`just sweep EXPERIMENT={}`", self.experiment.name)
    }
}
