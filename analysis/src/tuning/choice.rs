//! The cell of the grid that each arm chose.
//!
//! *Invariant:* a cell counts only if all of its runs are done; every arm chooses by the same rule, among its
//! own cells.

use crate::endpoint::aa::networks;
use crate::runs::run::Run;
use crate::stats::holm::holm_of_known;
use crate::stats::strata::Strata;
use crate::stats::stratified::stratified;
use crate::stats::student::average;
use artifacts::Exact;
use artifacts::Experiment;
use artifacts::experiment::arms;
use artifacts::rules::ALPHA;
use network::Arm;
use std::collections::{BTreeMap, BTreeSet};

/// A strength of decay and a peak learning rate that an arm was trained with.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Strength of decay.
    pub lambda: f64,
    /// Peak learning rate.
    pub rate: f64,
    /// Mean over networks of the mean accuracy on the held-out images; `None` if a run diverged.
    pub accuracy: Option<f64>,
    /// The accuracy of the chosen cell minus this cell's, over the same networks and seeds; `None` for the
    /// chosen cell and without an accuracy.
    pub below: Option<f64>,
    /// Whether that difference is significant (two-sided t test stratified by network, adjusted over the
    /// arm's cells by Holm's method, at level [`ALPHA`]); `None` if it cannot be tested. The chosen cell was
    /// selected by the same runs, so this says yes more often than the level allows.
    pub told_apart: Option<bool>,
}

/// An arm and its cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The arm.
    pub arm: Arm,
    /// Every cell, sorted by peak rate and lambda.
    pub cells: Vec<Cell>,
    /// The index of the cell with the highest mean accuracy, of equal ones that with the smaller rate and
    /// then the smaller lambda; `None` if in every cell a run diverged or is not done.
    pub chosen: Option<usize>,
}

impl Choice {
    /// Returns the chosen cell.
    #[must_use]
    pub fn cell(&self) -> Option<&Cell> {
        self.chosen.map(|at| &self.cells[at])
    }

    /// Names the edges of the grid on which the chosen cell lies, because a better cell may lie beyond them.
    #[must_use]
    pub fn edges(&self) -> Vec<&'static str> {
        let Some(chosen) = self.cell() else { return Vec::new() };
        let among = |of: fn(&Cell) -> f64| {
            let values = self.cells.iter().map(of);
            let (low, high) =
                values.fold((f64::INFINITY, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
            (low < high).then_some((of(chosen), low, high))
        };
        let ends = |found: Option<(f64, f64, f64)>, names: [&'static str; 2]| match found {
            Some((value, low, _)) if value <= low => Some(names[0]),
            Some((value, _, high)) if value >= high => Some(names[1]),
            _ => None,
        };
        let lambda = ends(among(|cell| cell.lambda), ["the smallest λ", "the largest λ"]);
        let rate = ends(among(|cell| cell.rate), ["the smallest peak rate", "the largest peak rate"]);
        lambda.into_iter().chain(rate).collect()
    }
}

/// Returns the choice of every arm of an experiment, in the order in which documents list the arms.
#[must_use]
pub fn choices(experiment: &Experiment, runs: &[&Run]) -> Vec<Choice> {
    let accuracies: BTreeMap<String, f64> = runs
        .iter()
        .filter(|run| run.is_done())
        .filter_map(|run| Some((run.record.configuration.identity(""), run.last_epoch()?.test_accuracy)))
        .collect();
    arms(&experiment.runs).into_iter().filter_map(|arm| choice(experiment, arm, &accuracies)).collect()
}

/// Accuracies by network and seed, so that two cells are compared run by run. Rankscales that build one
/// network are one, with the mean of their accuracies.
type Accuracies = BTreeMap<(u32, u64), f64>;

/// The same before the means are taken.
type Lists = BTreeMap<(u32, u64), Vec<f64>>;

fn choice(experiment: &Experiment, arm: Arm, accuracies: &BTreeMap<String, f64>) -> Option<Choice> {
    let runs = || experiment.runs.iter().filter(|run| run.decay == arm);
    let rankscales: BTreeSet<u32> = runs().map(|run| run.rankscale as u32).collect();
    let networks = networks(&rankscales, runs().next()?.architecture());
    // By peak rate and lambda; none where a run diverged.
    let mut lists: BTreeMap<[Exact; 2], Option<Lists>> = BTreeMap::new();
    for run in runs() {
        let cell = lists
            .entry([run.recipe.peak_learning_rate, run.lambda].map(Exact::of))
            .or_insert_with(|| Some(BTreeMap::new()));
        match (accuracies.get(&run.identity("")), cell.as_mut()) {
            (Some(accuracy), Some(cell)) => {
                cell.entry((networks[&(run.rankscale as u32)], run.seed)).or_default().push(*accuracy);
            }
            (Some(_), None) => {}
            (None, _) => *cell = None,
        }
    }
    let means = |cell: Lists| cell.into_iter().map(|(key, list)| (key, average(&list))).collect();
    let cells: BTreeMap<[Exact; 2], Option<Accuracies>> =
        lists.into_iter().map(|(key, cell)| (key, cell.map(means))).collect();
    let mean = |runs: &Accuracies| by_network(runs, |_, accuracy| Some(accuracy)).map(|of| of.mean());
    let means: Vec<Option<f64>> = cells.values().map(|runs| runs.as_ref().and_then(mean)).collect();
    // Of tied cells, the first has the smaller rate, then the smaller lambda.
    let chosen = (0..means.len())
        .filter(|&at| means[at].is_some())
        .reduce(|best, at| if means[at] > means[best] { at } else { best });
    let best = chosen.and_then(|at| cells.values().nth(at)).and_then(Option::as_ref);
    let behind = |(at, runs): (usize, &Option<Accuracies>)| {
        let best = best.filter(|_| chosen != Some(at))?;
        by_network(runs.as_ref()?, |key, accuracy| Some(best.get(key)? - accuracy))
    };
    let behind: Vec<Option<Strata>> = cells.values().enumerate().map(behind).collect();
    let p = |behind: &Option<Strata>| behind.as_ref().and_then(stratified).map(|found| found.p());
    let adjusted = holm_of_known(behind.iter().map(p));
    let cell = |(at, &[rate, lambda]): (usize, &[Exact; 2])| Cell {
        lambda: lambda.value(),
        rate: rate.value(),
        accuracy: means[at],
        below: behind[at].as_ref().map(Strata::mean),
        told_apart: adjusted[at].map(|p| p <= ALPHA),
    };
    Some(Choice { arm, cells: cells.keys().enumerate().map(cell).collect(), chosen })
}

fn by_network(runs: &Accuracies, number: impl Fn(&(u32, u64), f64) -> Option<f64>) -> Option<Strata> {
    let mut lists: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (key, accuracy) in runs {
        lists.entry(key.0).or_default().extend(number(key, *accuracy));
    }
    Strata::new(lists.into_values())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::made_up::{configuration, done, run};
    use artifacts::run::Status;
    use artifacts::{Configuration, Recipe};

    /// A grid of two rankscales, two seeds, and three lambdas at two rates.
    fn grid(arm: Arm) -> Vec<Configuration> {
        let mut runs = Vec::new();
        for lambda in [1e-4, 5e-4, 2e-3] {
            for peak_learning_rate in [0.1, 0.2] {
                for (rankscale, seed) in [(8, 1), (8, 2), (31, 1), (31, 2)] {
                    let of = configuration(rankscale, arm, seed);
                    let of =
                        Configuration { recipe: Recipe { peak_learning_rate, ..of.recipe }, lambda, ..of };
                    runs.push(Configuration {
                        recipe: Recipe { validation_images: Some(5000), ..of.recipe },
                        ..of
                    });
                }
            }
        }
        runs
    }

    fn experiment(runs: &[Configuration]) -> Experiment {
        crate::join::made_up::plan(runs).experiment().clone()
    }

    /// Best at lambda 5e-4 and rate 0.2, by more than the seeds vary.
    fn accuracy(of: &Configuration) -> f64 {
        let off = (of.lambda / 5e-4).ln().abs() * 0.01 + (0.2 - of.recipe.peak_learning_rate) * 0.2;
        0.9 - off + 0.001 * of.seed as f64 * (1.0 + off)
    }

    #[test]
    fn an_arm_chooses_the_cell_with_the_highest_mean_and_says_how_far_the_others_are() {
        let planned = grid(Arm::APPROPRIATE);
        let runs: Vec<Run> = planned.iter().map(|of| done(of, accuracy(of))).collect();
        let found = choices(&experiment(&planned), &runs.iter().collect::<Vec<_>>());
        let [choice] = found.as_slice() else { panic!("one arm") };
        let chosen = choice.cell().unwrap();
        assert_eq!((choice.arm, chosen.lambda, chosen.rate), (Arm::APPROPRIATE, 5e-4, 0.2));
        assert!((chosen.accuracy.unwrap() - 0.9015).abs() < 1e-12 && chosen.below.is_none());
        assert_eq!(choice.edges(), ["the largest peak rate"]);
        let other = choice.cells.iter().find(|cell| cell.lambda == 2e-3 && cell.rate == 0.2).unwrap();
        assert!((other.below.unwrap() - 4f64.ln() * 0.01 * 0.9985).abs() < 1e-12, "{other:?}");
        assert_eq!(other.told_apart, Some(true));
    }

    #[test]
    fn a_cell_with_a_diverged_run_is_never_chosen() {
        let planned = grid(Arm::ORIGINAL);
        let best = |of: &Configuration| of.lambda == 5e-4 && of.recipe.peak_learning_rate == 0.2;
        let of = |of: &Configuration| {
            if best(of) && of.seed == 2 { run(of, Status::Diverged, 1, 0.1) } else { done(of, accuracy(of)) }
        };
        let runs: Vec<Run> = planned.iter().map(of).collect();
        let choice = choices(&experiment(&planned), &runs.iter().collect::<Vec<_>>()).remove(0);
        let diverged = choice.cells.iter().find(|cell| cell.lambda == 5e-4 && cell.rate == 0.2).unwrap();
        assert_eq!((diverged.accuracy, diverged.below), (None, None));
        assert!(choice.cell().unwrap().accuracy.is_some() && choice.cell() != Some(diverged));
    }

    /// The choice from a grid whose accuracies are these.
    fn chosen_by(accuracy: impl Fn(&Configuration) -> f64) -> Choice {
        let planned = grid(Arm::ORIGINAL);
        let runs: Vec<Run> = planned.iter().map(|of| done(of, accuracy(of))).collect();
        choices(&experiment(&planned), &runs.iter().collect::<Vec<_>>()).remove(0)
    }

    #[test]
    fn of_tied_cells_the_smaller_rate_is_chosen_and_then_the_smaller_lambda() {
        let among = |tied: [(f64, f64); 2]| {
            let best = |of: &Configuration| tied.contains(&(of.recipe.peak_learning_rate, of.lambda));
            let choice = chosen_by(|of| if best(of) { 0.9 } else { 0.8 });
            let edges = choice.edges();
            choice.cell().map(|cell| (cell.rate, cell.lambda, edges)).unwrap()
        };
        assert_eq!(
            among([(0.2, 1e-4), (0.1, 2e-3)]),
            (0.1, 2e-3, vec!["the largest λ", "the smallest peak rate"])
        );
        assert_eq!(
            among([(0.2, 5e-4), (0.2, 1e-4)]),
            (0.2, 1e-4, vec!["the smallest λ", "the largest peak rate"])
        );
    }

    #[test]
    fn cells_are_told_apart_by_p_values_adjusted_over_all_of_them() {
        let best = |of: &Configuration| of.lambda == 5e-4 && of.recipe.peak_learning_rate == 0.2;
        // Each of the others is below by 0.01 with a standard error of 0.0018, so that its own p is 0.03.
        let choice = chosen_by(|of| if best(of) { 0.9 } else { 0.89 + 0.005 * (of.seed as f64 - 1.5) });
        let others: Vec<_> =
            choice.cells.iter().filter_map(|cell| Some((cell.below?, cell.told_apart))).collect();
        assert_eq!(others.len(), 5);
        assert!(
            others.iter().all(|(below, told)| (below - 0.01).abs() < 1e-12 && *told == Some(false)),
            "{others:?}"
        );
    }

    #[test]
    fn rankscales_that_build_one_network_count_once() {
        let (low, high) = ((5e-4, 0.1), (5e-4, 0.2));
        let grid = [(8, low), (27, low), (28, low), (8, high), (27, high), (28, high)];
        let planned = grid.map(|(rankscale, (lambda, peak_learning_rate))| {
            let of = configuration(rankscale, Arm::ORIGINAL, 1);
            Configuration { recipe: Recipe { peak_learning_rate, ..of.recipe }, lambda, ..of }
        });
        // Over three rankscales the first rate would be better, over the two networks the second is.
        let accuracy = |of: &Configuration| match (of.rankscale, of.recipe.peak_learning_rate == 0.1) {
            (8, true) => 0.90,
            (8, false) => 0.93,
            (_, true) => 0.82,
            (_, false) => 0.80,
        };
        let runs: Vec<Run> = planned.iter().map(|of| done(of, accuracy(of))).collect();
        let choice = choices(&experiment(&planned), &runs.iter().collect::<Vec<_>>()).remove(0);
        let chosen = choice.cell().unwrap();
        assert!(chosen.rate == 0.2 && (chosen.accuracy.unwrap() - 0.865).abs() < 1e-12, "{chosen:?}");
    }

    #[test]
    fn without_a_run_there_is_no_choice() {
        let found = choices(&experiment(&grid(Arm::ORIGINAL)), &[]);
        assert!(found[0].chosen.is_none() && found[0].edges().is_empty());
    }
}
