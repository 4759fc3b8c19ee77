//! The shape of a study: its networks, their pairs, and how it is judged.

use crate::endpoint::aa::networks;
use crate::endpoint::groups::lambdas;
use crate::endpoint::pair::compression;
use crate::endpoint::verdict::Level;
use artifacts::Exact;
use artifacts::{Configuration, Experiment};
use network::Arm;
use std::collections::{BTreeMap, BTreeSet};

/// The shape of a study.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// The arm under test.
    pub primary: Arm,
    /// The lambda at which it is judged; where each arm has its own, the larger one of the arm's and its
    /// baseline's.
    pub lambda: f64,
    /// The number of further arms that are compared with their baselines.
    pub secondary: usize,
    /// The number of pairs and the logarithm of the compression of every network.
    pub networks: Vec<(usize, f64)>,
    /// The numbers of pairs per rankscale at which the data are looked at; if empty, all data are judged
    /// once.
    pub looks: Vec<u32>,
    /// The significance level and the equivalence margin.
    pub level: Level,
    /// Whether rankscales share seeds.
    pub shares_seeds: bool,
}

impl Design {
    /// Returns a design of `networks` networks with `seeds` pairs each, one arm and no interim looks.
    #[must_use]
    pub fn balanced(networks: usize, seeds: usize) -> Self {
        Self {
            primary: Arm::APPROPRIATE,
            lambda: Configuration::default().lambda,
            secondary: 0,
            networks: (0..networks).map(|at| (seeds, at as f64)).collect(),
            looks: Vec::new(),
            level: Level::of(None),
            shares_seeds: true,
        }
    }

    /// Returns the design of an experiment at the lambda that leads its analysis; `None` if it compares
    /// nothing.
    #[must_use]
    pub fn of(experiment: &Experiment) -> Option<Self> {
        let all: Vec<&Configuration> = experiment.runs.iter().collect();
        let judged = experiment.verdict.as_ref().map(|plan| plan.primary);
        let lambda = *lambdas(&all, judged).first()?;
        let runs: Vec<&Configuration> = experiment
            .runs
            .iter()
            .filter(|run| experiment.tuned || Exact::of(run.lambda) == Exact::of(lambda))
            .filter(|run| run.rankscale > 0)
            .collect();
        let arms = artifacts::experiment::arms(runs.iter().copied());
        let has_baseline = |arm: &&Arm| arm.baseline().is_some_and(|baseline| arms.contains(&baseline));
        let compared: Vec<Arm> = arms.iter().filter(has_baseline).copied().collect();
        let verdict = experiment.verdict.as_ref();
        let primary = verdict.map(|plan| plan.primary).or_else(|| compared.first().copied())?;
        let like = runs.first()?.architecture();
        let treated = || runs.iter().filter(|run| run.decay == primary);
        let network = networks(&treated().map(|run| run.rankscale as u32).collect(), like);
        let mut seeds: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
        for run in treated() {
            seeds.entry(network[&(run.rankscale as u32)]).or_default().insert(run.seed);
        }
        let both = |run: &&&Configuration| run.decay == primary || Some(run.decay) == primary.baseline();
        let lambda = runs.iter().filter(both).map(|run| run.lambda).fold(0.0, f64::max);
        let all: BTreeSet<u64> = seeds.values().flatten().copied().collect();
        let pairs: usize = seeds.values().map(BTreeSet::len).sum();
        Some(Self {
            primary,
            lambda,
            secondary: compared.len().saturating_sub(1),
            networks: seeds
                .iter()
                .map(|(rankscale, seeds)| (seeds.len(), compression(*rankscale, like)))
                .collect(),
            looks: verdict.map_or_else(Vec::new, |plan| plan.looks.iter().map(|look| *look as u32).collect()),
            level: Level::of(verdict),
            shares_seeds: all.len() < pairs,
        })
    }

    /// Returns the number of pairs in all.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.networks.iter().map(|(pairs, _)| pairs).sum()
    }

    /// Returns the number of pairs of the network with the fewest.
    #[must_use]
    pub fn fewest(&self) -> usize {
        self.networks.iter().map(|(pairs, _)| *pairs).min().unwrap_or(0)
    }

    /// Describes the design in words: `3 networks x 10 pairs, looked at after 3, 6 and 10`.
    #[must_use]
    pub fn describe(&self) -> String {
        let most = self.networks.iter().map(|(pairs, _)| *pairs).max().unwrap_or(0);
        let pairs =
            if most == self.fewest() { most.to_string() } else { format!("{} to {most}", self.fewest()) };
        let looks: Vec<String> = self.looks.iter().map(u32::to_string).collect();
        let looked = match looks.as_slice() {
            [] => "judged once".to_owned(),
            all => format!("looked at after {} pairs a network", all.join(", ")),
        };
        format!("{} networks x {pairs} pairs, {looked}", self.networks.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::Layout;
    use std::path::Path;

    fn of(name: &str) -> Option<Design> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments");
        Design::of(&Experiment::find(name, &directory, &Layout::new("nowhere")).unwrap())
    }

    #[test]
    fn an_experiment_has_the_shape_of_its_primary_comparison() {
        let desktop = of("desktop").unwrap();
        assert_eq!(
            (desktop.pairs(), desktop.fewest(), desktop.looks.as_slice()),
            (30, 10, [3, 6, 10].as_slice())
        );
        assert!(!desktop.shares_seeds && desktop.secondary == 0);
        assert!((desktop.level.alpha - 0.0221).abs() < 1e-12);
        assert_eq!(desktop.describe(), "3 networks x 10 pairs, looked at after 3, 6, 10 pairs a network");
        assert!(of("seeds").unwrap().shares_seeds);
    }
}
