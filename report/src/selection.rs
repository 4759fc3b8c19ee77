//! The part of a study that figures and tables show: one recipe, at one strength of decay.
//!
//! Runs of different recipes (another number of epochs, other data) cannot share an axis. The headline recipe
//! is the first endpoint's, or, if nothing could be compared, the one with the most finished runs.
//!
//! *Invariant:* rows come out sorted, whatever their order in the files.

use crate::style::Look;
use artifacts::look;
use artifacts::run::{DataProvenance, Status};
use artifacts::study::{
    CellRow, Endpoint, Key, PairRow, RecipeSummary, RunRow, Study, StudyEpochRow, StudyLayerRow,
    TrajectoryRow,
};
use artifacts::words;
use artifacts::{Configuration, Exact, Recipe};
use network::Arm;
use std::collections::{BTreeMap, BTreeSet};

/// The headline part of a study.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// The whole study.
    pub study: &'a Study,
    /// The key that the shown runs share; `None` if there is no run.
    pub key: Option<Key<'a>>,
}

/// Returns whether a run reached its last epoch with a finite accuracy.
#[must_use]
pub fn finished(run: &RunRow) -> bool {
    run.status == Status::Done && run.test_accuracy.is_some_and(f64::is_finite)
}

impl<'a> Selection<'a> {
    /// Returns whether the analysis included the run: it was planned, imported on purpose, or there is no
    /// plan.
    fn studied(&self, run: &RunRow) -> bool {
        run.is_studied(self.study.summary.experiment.is_some())
    }

    /// Selects the headline part of a study.
    #[must_use]
    pub fn of(study: &'a Study) -> Self {
        let key = match study.summary.endpoints.first() {
            Some(endpoint) => Some(Key::of(&endpoint.recipe, endpoint.lambda)),
            None => most_frequent(study.runs.iter().filter(|run| finished(run)))
                .or_else(|| most_frequent(study.runs.iter())),
        };
        Self { study, key }
    }

    /// Returns whether rows of this recipe and strength are shown: those of the headline, or of every arm if
    /// each has its own.
    #[must_use]
    pub fn holds(&self, recipe: &str, lambda: f64) -> bool {
        let own = self.study.summary.tuned.iter().map(|arm| Key::of(&arm.recipe, arm.lambda));
        self.key.into_iter().chain(own).any(|key| key == Key::of(recipe, lambda))
    }

    /// Returns whether there are runs, and this program trained all of them.
    #[must_use]
    pub fn was_trained(&self) -> bool {
        let runs = self.runs();
        !runs.is_empty() && !runs.iter().any(|run| run.imported)
    }

    /// Returns a configuration that represents the recipe.
    #[must_use]
    pub fn configuration(&self) -> Option<&'a Configuration> {
        let key = self.key?;
        let recipe = self.study.summary.recipes.iter().find(|recipe| recipe.recipe == key.recipe)?;
        Some(&recipe.configuration)
    }

    /// Returns the recipes of the shown runs: the headline's, and every arm's own where each was tuned.
    #[must_use]
    pub fn recipes(&self) -> Vec<&'a RecipeSummary> {
        let own = |hash: &str| self.study.summary.tuned.iter().any(|arm| arm.recipe == hash);
        let is_shown = |hash: &str| self.key.is_some_and(|key| key.recipe == hash) || own(hash);
        self.study.summary.recipes.iter().filter(|of| is_shown(&of.recipe)).collect()
    }

    /// Returns whether the shown runs were trained by the notebook's recipe, whatever the precision, at the
    /// notebook's strength of decay.
    #[must_use]
    pub fn has_the_notebooks_recipe(&self) -> bool {
        let asked = Configuration::default();
        let same =
            |of: &Configuration| Recipe { precision: asked.recipe.precision, ..of.recipe } == asked.recipe;
        self.study.summary.tuned.is_empty()
            && self.key.is_some_and(|key| key.lambda == Exact::of(asked.lambda))
            && self.configuration().is_some_and(same)
    }

    /// Returns the content fingerprints of the images behind the study. Of imported runs nobody knows the
    /// images; the hash of a file that stands in their place is left out.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<&'a str> {
        let data = self.study.summary.data.iter().map(String::as_str);
        data.filter(|data| !DataProvenance::is_of_an_import(data)).collect()
    }

    /// Returns what the accuracies are of: `test` images, or `held-out` training images.
    #[must_use]
    pub fn judged_by(&self) -> &'static str {
        self.configuration().map_or("test", |configuration| configuration.recipe.judged_by_what())
    }

    /// Returns the title of an axis of accuracies.
    #[must_use]
    pub fn accuracy_axis(&self) -> String {
        format!("{} accuracy (%)", words::capital(self.judged_by()))
    }

    /// Returns the headline endpoint.
    #[must_use]
    pub fn headline(&self) -> Option<&'a Endpoint> {
        self.study.summary.endpoints.first()
    }

    /// Returns the endpoints of all arms, the headline first.
    pub fn endpoints(&self) -> impl Iterator<Item = &'a Endpoint> {
        let endpoints = self.study.summary.endpoints.iter();
        endpoints.filter(|endpoint| self.holds(&endpoint.recipe, endpoint.lambda))
    }

    /// Returns the finished runs, sorted by rankscale, arm and seed.
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

    /// Returns the cells, sorted by rankscale and arm.
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

    /// Returns the pairs, sorted by rankscale, arm and seed.
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

    /// Returns the epochs of every run, unfinished ones included, sorted by run and epoch.
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

    /// Returns the layers of finished runs, sorted by run and in the network's order.
    #[must_use]
    pub fn layers(&self) -> Vec<&'a StudyLayerRow> {
        let rows = self.study.layers.iter().filter(|row| self.holds(&row.recipe, row.lambda));
        let mut rows: Vec<_> = rows.collect();
        // The sort is stable, so it keeps the order of a run's layers.
        rows.sort_by(|a, b| a.run.cmp(&b.run));
        rows
    }

    /// Returns the layers over time, sorted by rankscale, arm and epoch, and in the network's order.
    #[must_use]
    pub fn trajectories(&self) -> Vec<&'a TrajectoryRow> {
        let rows = self.study.trajectories.iter().filter(|row| self.holds(&row.recipe, row.lambda));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by(|a, b| (a.rankscale, &a.decay, a.epoch).cmp(&(b.rankscale, &b.decay, b.epoch)));
        rows
    }

    /// Returns the arm of this name; `None` if the study has no such arm.
    #[must_use]
    pub fn arm(&self, name: &str) -> Option<Arm> {
        let own = self.study.summary.arms.iter().copied().find(|arm| arm.name() == name);
        own.or_else(|| name.parse().ok())
    }

    /// Returns the colour and marker of an arm.
    #[must_use]
    pub fn look(&self, arm: Arm) -> Look {
        let present = |arm: Arm| self.study.runs.iter().any(|run| run.decay == arm.name());
        look::arm(arm, &self.study.summary.arms, present).into()
    }

    /// Returns the arms of these names, in the order in which documents list them.
    #[must_use]
    pub fn arms_named<'b>(&self, names: impl IntoIterator<Item = &'b str>) -> Vec<Arm> {
        let arms: BTreeSet<Arm> = names.into_iter().filter_map(|name| self.arm(name)).collect();
        arms.into_iter().collect()
    }

    /// Returns the arms with a finished run, in the order in which documents list them.
    #[must_use]
    pub fn arms(&self) -> Vec<Arm> {
        self.arms_named(self.runs().into_iter().map(|run| run.decay.as_str()))
    }

    /// Returns the rankscales with a finished run, without the dense network's 0.
    #[must_use]
    pub fn rankscales(&self) -> Vec<u32> {
        let ranks: BTreeSet<_> = self.runs().into_iter().map(|run| run.rankscale).collect();
        ranks.into_iter().filter(|&rankscale| rankscale > 0).collect()
    }

    /// Counts the finished runs of other recipes or strengths.
    #[must_use]
    pub fn others(&self) -> usize {
        self.study
            .runs
            .iter()
            .filter(|run| finished(run) && self.studied(run) && !self.holds(&run.recipe, run.lambda))
            .count()
    }
}

/// Returns the key that most runs share; of equally frequent ones the first in order.
fn most_frequent<'a>(runs: impl Iterator<Item = &'a RunRow>) -> Option<Key<'a>> {
    let mut counts: BTreeMap<Key<'a>, usize> = BTreeMap::new();
    for run in runs {
        *counts.entry(Key::of(&run.recipe, run.lambda)).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts.iter().find(|(_, count)| **count == most).map(|(key, _)| *key)
}
