//! Which part of a study the figures and tables show: one recipe, at one strength of decay.
//!
//! Runs of different recipes (another number of epochs, other data) cannot share an axis. The headline recipe is the
//! first endpoint's; where nothing could be compared, the one with the most finished runs.
//!
//! *Invariant:* rows come out sorted, whatever their order in the files.

use crate::style::{self, Look};
use artifacts::Configuration;
use artifacts::run::Status;
use artifacts::study::{
    CellRow, Endpoint, Key, PairRow, RunRow, Study, StudyEpochRow, StudyLayerRow, TrajectoryRow,
};
use network::Arm;
use std::collections::{BTreeMap, BTreeSet};

/// The headline part of a study.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// All of it.
    pub study: &'a Study,
    /// What the runs shown share; none where there is no run.
    pub key: Option<Key<'a>>,
}

/// Whether a run reached its last epoch with a number to show for it.
#[must_use]
pub fn finished(run: &RunRow) -> bool {
    run.status == Status::Done && run.test_accuracy.is_some_and(f64::is_finite)
}

impl<'a> Selection<'a> {
    /// The run is one the analysis looked at: planned, imported on purpose, or there is no plan.
    fn studied(&self, run: &RunRow) -> bool {
        self.study.summary.experiment.is_none() || run.planned || run.imported
    }

    /// Chooses.
    #[must_use]
    pub fn of(study: &'a Study) -> Self {
        let key = match study.summary.endpoints.first() {
            Some(endpoint) => Some(Key::of(&endpoint.recipe, endpoint.lambda)),
            None => most_frequent(study.runs.iter().filter(|run| finished(run)))
                .or_else(|| most_frequent(study.runs.iter())),
        };
        Self { study, key }
    }

    /// Whether rows of this recipe and strength are shown: those of the headline, or of every arm where each has its own.
    #[must_use]
    pub fn holds(&self, recipe: &str, lambda: f64) -> bool {
        let own = self.study.summary.tuned.iter().map(|arm| Key::of(&arm.recipe, arm.lambda));
        self.key.into_iter().chain(own).any(|key| key == Key::of(recipe, lambda))
    }

    /// A configuration that stands for the recipe.
    #[must_use]
    pub fn configuration(&self) -> Option<&'a Configuration> {
        let key = self.key?;
        let recipe = self.study.summary.recipes.iter().find(|recipe| recipe.recipe == key.recipe)?;
        Some(&recipe.configuration)
    }

    /// The headline endpoint.
    #[must_use]
    pub fn headline(&self) -> Option<&'a Endpoint> {
        self.study.summary.endpoints.first()
    }

    /// The endpoints of all arms, the headline first.
    pub fn endpoints(&self) -> impl Iterator<Item = &'a Endpoint> {
        let endpoints = self.study.summary.endpoints.iter();
        endpoints.filter(|endpoint| self.holds(&endpoint.recipe, endpoint.lambda))
    }

    /// Finished runs, by rankscale, arm and seed.
    #[must_use]
    pub fn runs(&self) -> Vec<&'a RunRow> {
        let mut runs: Vec<_> = self
            .study
            .runs
            .iter()
            .filter(|run| finished(run) && self.studied(run) && self.holds(&run.recipe, run.lambda))
            .collect();
        runs.sort_by(|a, b| {
            (a.rankscale, &a.decay, a.seed, &a.run).cmp(&(b.rankscale, &b.decay, b.seed, &b.run))
        });
        runs
    }

    /// Cells, by rankscale and arm.
    #[must_use]
    pub fn cells(&self) -> Vec<&'a CellRow> {
        let mut cells: Vec<_> = self
            .study
            .cells
            .iter()
            .filter(|cell| cell.mean.is_finite() && self.holds(&cell.recipe, cell.lambda))
            .collect();
        cells.sort_by(|a, b| (a.rankscale, &a.decay).cmp(&(b.rankscale, &b.decay)));
        cells
    }

    /// Pairs, by rankscale, arm and seed.
    #[must_use]
    pub fn pairs(&self) -> Vec<&'a PairRow> {
        let mut pairs: Vec<_> = self
            .study
            .comparisons
            .iter()
            .filter(|pair| pair.difference.is_finite() && self.holds(&pair.recipe, pair.lambda))
            .collect();
        pairs.sort_by(|a, b| (a.rankscale, &a.decay, a.seed).cmp(&(b.rankscale, &b.decay, b.seed)));
        pairs
    }

    /// Epochs of every run, unfinished ones included, by run and epoch.
    #[must_use]
    pub fn epochs(&self) -> Vec<&'a StudyEpochRow> {
        let mut epochs: Vec<_> = self
            .study
            .epochs
            .iter()
            .filter(|row| row.test_accuracy.is_finite() && self.holds(&row.recipe, row.lambda))
            .collect();
        epochs.sort_by(|a, b| (&a.run, a.epoch).cmp(&(&b.run, b.epoch)));
        epochs
    }

    /// Layers of finished runs, in the network's order, by run.
    #[must_use]
    pub fn layers(&self) -> Vec<&'a StudyLayerRow> {
        let rows = self.study.layers.iter().filter(|row| self.holds(&row.recipe, row.lambda));
        let mut rows: Vec<_> = rows.collect();
        // A sort that keeps the order of a run's layers.
        rows.sort_by(|a, b| a.run.cmp(&b.run));
        rows
    }

    /// Layers over time, by rankscale, arm and epoch, in the network's order.
    #[must_use]
    pub fn trajectories(&self) -> Vec<&'a TrajectoryRow> {
        let rows = self.study.trajectories.iter().filter(|row| self.holds(&row.recipe, row.lambda));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by(|a, b| (a.rankscale, &a.decay, a.epoch).cmp(&(b.rankscale, &b.decay, b.epoch)));
        rows
    }

    /// The arm that a table calls so; none where the study has no such arm.
    #[must_use]
    pub fn arm(&self, name: &str) -> Option<Arm> {
        let own = self.study.summary.arms.iter().copied().find(|arm| arm.name() == name);
        own.or_else(|| name.parse().ok())
    }

    /// The colour and marker of an arm.
    #[must_use]
    pub fn look(&self, arm: Arm) -> Look {
        let present = |arm: Arm| self.study.runs.iter().any(|run| run.decay == arm.name());
        style::arm(arm, &self.study.summary.arms, present)
    }

    /// The arms of these names, in the order in which documents list them.
    #[must_use]
    pub fn arms_named<'b>(&self, names: impl IntoIterator<Item = &'b str>) -> Vec<Arm> {
        let arms: BTreeSet<Arm> = names.into_iter().filter_map(|name| self.arm(name)).collect();
        arms.into_iter().collect()
    }

    /// Arms with a finished run, in the order in which documents list them.
    #[must_use]
    pub fn arms(&self) -> Vec<Arm> {
        self.arms_named(self.runs().into_iter().map(|run| run.decay.as_str()))
    }

    /// Rankscales with a finished run, the dense network's 0 left out.
    #[must_use]
    pub fn rankscales(&self) -> Vec<u32> {
        let ranks: BTreeSet<_> = self.runs().into_iter().map(|run| run.rankscale).collect();
        ranks.into_iter().filter(|&rankscale| rankscale > 0).collect()
    }

    /// Finished runs of another recipe or strength, counted.
    #[must_use]
    pub fn others(&self) -> usize {
        self.study
            .runs
            .iter()
            .filter(|run| finished(run) && self.studied(run) && !self.holds(&run.recipe, run.lambda))
            .count()
    }
}

/// The key most runs share; the first in order where two are as frequent.
fn most_frequent<'a>(runs: impl Iterator<Item = &'a RunRow>) -> Option<Key<'a>> {
    let mut counts: BTreeMap<Key<'a>, usize> = BTreeMap::new();
    for run in runs {
        *counts.entry(Key::of(&run.recipe, run.lambda)).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts.iter().find(|(_, count)| **count == most).map(|(key, _)| *key)
}
