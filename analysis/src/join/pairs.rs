//! Pairs: a finished run of an arm together with the run of its baseline that differs from it in nothing
//! else. The two share images, recipe, lambda, rankscale, engine and seed; but where an experiment tunes each
//! arm separately, each has its own lambda and peak learning rate.
//!
//! *Invariant:* nothing else in this workspace decides which runs make a pair; whatever compares two arms
//! takes its pairs, or the run that is missing from one, from here.

use crate::join::finished::Finished;
use crate::runs::plan::Plan;
use artifacts::Configuration;
use artifacts::Exact;
use artifacts::study::PairRow;
use std::collections::HashMap;

/// A finished run and its baseline run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunPair<'a> {
    /// The run of the arm under test.
    pub treated: Finished<'a>,
    /// The run of its baseline.
    pub plain: Finished<'a>,
}

/// Returns the configuration of the baseline run, on the same images; `None` if the arm has no baseline.
#[must_use]
pub fn baseline_run(treated: &Configuration, plan: Option<&Plan>) -> Option<Configuration> {
    let decay = treated.decay.baseline()?;
    Some(plan.map_or_else(|| Configuration { decay, ..treated.clone() }, |plan| plan.as_arm(treated, decay)))
}

/// Returns every pair, sorted by recipe, lambda, arm, rankscale, seed and engine.
#[must_use]
pub fn pairs<'a>(finished: &[Finished<'a>], plan: Option<&Plan>) -> Vec<RunPair<'a>> {
    // A run's name is its identity.
    let named: HashMap<&str, Finished<'a>> =
        finished.iter().map(|finished| (finished.run.record.name.as_str(), *finished)).collect();
    let beside = |treated: &Finished<'a>| {
        let record = &treated.run.record;
        let name = baseline_run(&record.configuration, plan)?.run_name(&record.data.fingerprint);
        Some(RunPair { treated: *treated, plain: *named.get(name.as_str())? })
    };
    let mut pairs: Vec<RunPair<'a>> = finished.iter().filter_map(beside).collect();
    pairs.sort_by_cached_key(|pair| {
        let of = &pair.treated.run.record.configuration;
        let recipe = pair.treated.run.recipe();
        (recipe, Exact::of(of.lambda), of.decay.name(), of.rankscale, of.seed, of.engine.name())
    });
    pairs
}

/// Converts the pairs to rows of a table.
#[must_use]
pub fn comparisons(pairs: &[RunPair<'_>]) -> Vec<PairRow> {
    let row = |RunPair { treated, plain }: &RunPair<'_>| {
        let of = &treated.run.record.configuration;
        PairRow {
            recipe: treated.run.recipe(),
            lambda: of.lambda,
            rankscale: of.rankscale as u32,
            seed: of.seed,
            decay: of.decay.to_string(),
            baseline: plain.run.record.configuration.decay.to_string(),
            accuracy: treated.accuracy(),
            baseline_accuracy: plain.accuracy(),
            difference: treated.accuracy() - plain.accuracy(),
        }
    };
    pairs.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::finished::finished;
    use crate::join::made_up::{by_name, configuration, done, imported, on_images, plan, run};
    use crate::runs::run::Run;
    use artifacts::Backend;
    use artifacts::Recipe;
    use artifacts::run::Status;
    use network::Arm;

    /// Every run of a grid over all keys that distinguish runs, half of it on other images.
    fn grid() -> Vec<Run> {
        let mut runs = Vec::new();
        for decay in Arm::HOUSE {
            for (rankscale, seed) in [(2, 0), (2, 10), (8, 0), (8, 2)] {
                for (lambda, engine) in [(5e-4, Backend::Tch), (5e-5, Backend::Tch), (5e-4, Backend::Fused)] {
                    for (epochs, images) in [(3, "data"), (2, "data"), (3, "others")] {
                        let base = configuration(rankscale, decay, seed);
                        let run = done(
                            &Configuration {
                                recipe: Recipe { epochs, ..base.recipe },
                                lambda,
                                engine,
                                ..base
                            },
                            0.9,
                        );
                        runs.push(on_images(images, run));
                    }
                }
            }
        }
        by_name(runs)
    }

    #[test]
    fn a_pair_shares_everything_but_its_arm() {
        let runs = grid();
        let finished = finished(&runs, None);
        let found = pairs(&finished, None);
        // The reference: every run is compared with every other, key by key.
        let key = |finished: &Finished<'_>| {
            let of = finished.run.record.configuration.clone();
            (finished.run.recipe(), Exact::of(of.lambda), of.rankscale, of.seed, of.engine)
        };
        let decay = |finished: &Finished<'_>| finished.run.record.configuration.decay;
        let mut expected = 0;
        for treated in &finished {
            for plain in &finished {
                if decay(treated).baseline() == Some(decay(plain)) && key(treated) == key(plain) {
                    expected += 1;
                    assert!(found.contains(&RunPair { treated: *treated, plain: *plain }));
                }
            }
        }
        assert_eq!((found.len(), expected), (6 * 4 * 3 * 3, 6 * 4 * 3 * 3));
    }

    #[test]
    fn pairs_come_in_one_order_whatever_the_order_of_the_runs() {
        let mut runs = grid();
        let rows = |runs: &[Run]| comparisons(&pairs(&finished(runs, None), None));
        let sorted = rows(&runs);
        let key = |row: &PairRow| {
            (row.recipe.clone(), Exact::of(row.lambda), row.decay.clone(), row.rankscale, row.seed)
        };
        assert!(sorted.is_sorted_by_key(key));
        runs.reverse();
        assert_eq!(rows(&runs), sorted);
    }

    #[test]
    fn arms_sort_by_name_as_they_do_by_rank() {
        let treated = Arm::HOUSE.into_iter().filter(|arm| arm.baseline().is_some());
        assert!(treated.is_sorted_by_key(Arm::name));
    }

    #[test]
    fn tuned_arms_are_compared_each_at_its_own_strength() {
        let own = |decay, lambda, peak_learning_rate| Configuration {
            recipe: Recipe { peak_learning_rate, ..configuration(8, decay, 0).recipe },
            lambda,
            ..configuration(8, decay, 0)
        };
        let (plain, scaled) = (own(Arm::ORIGINAL, 1e-3, 0.4), own(Arm::APPROPRIATE, 2e-3, 0.1));
        let runs = [done(&plain, 0.9), done(&scaled, 0.8)];
        let planned = plan(&[plain.clone(), scaled.clone()]);
        assert_eq!(pairs(&finished(&runs, Some(&planned)), Some(&planned)), []);
        let tuned = Plan::new(artifacts::Experiment { tuned: true, ..planned.experiment().clone() });
        let finished = finished(&runs, Some(&tuned));
        let rows = comparisons(&pairs(&finished, Some(&tuned)));
        assert_eq!((rows.len(), rows[0].lambda, rows[0].baseline_accuracy), (1, 2e-3, 0.9));
        assert_eq!(
            tuned.tuned("data").iter().map(|arm| arm.peak_learning_rate).collect::<Vec<_>>(),
            [0.4, 0.1]
        );
    }

    #[test]
    fn a_run_without_its_baseline_makes_no_pair() {
        let [original, appropriate, published] =
            [Arm::ORIGINAL, Arm::APPROPRIATE, Arm::PUBLISHED_APPROPRIATE]
                .map(|decay| configuration(8, decay, 0));
        let alone = [done(&appropriate, 0.9), done(&published, 0.8)];
        assert_eq!(pairs(&finished(&alone, None), None), []);
        for status in [Status::Diverged, Status::Interrupted, Status::Running] {
            let runs = [done(&appropriate, 0.9), run(&original, status, 3, 0.8)];
            assert_eq!(pairs(&finished(&runs, None), None), []);
        }
        // The baseline of the arms as described is no baseline for the arms as the code had them.
        let runs = [done(&original, 0.9), done(&published, 0.8)];
        assert_eq!(pairs(&finished(&runs, None), None), []);
    }

    #[test]
    fn imported_runs_are_paired_with_their_like() {
        let import = |decay, file: &str| imported(on_images(file, done(&configuration(8, decay, 0), 0.9)));
        let here = import(Arm::PUBLISHED_APPROPRIATE, "imported:a");
        let runs = [import(Arm::PUBLISHED_ORIGINAL, "imported:b"), here.clone()];
        assert_eq!(pairs(&finished(&runs, None), None), []);
        let runs = [import(Arm::PUBLISHED_ORIGINAL, "imported:a"), here];
        assert_eq!(pairs(&finished(&runs, None), None).len(), 1);
    }

    #[test]
    fn a_row_is_the_difference_of_two_accuracies() {
        let runs = [
            done(&configuration(8, Arm::ORIGINAL, 7), 0.9),
            done(&configuration(8, Arm::FROBENIUS, 7), 0.93),
        ];
        let rows = comparisons(&pairs(&finished(&runs, None), None));
        let expected = PairRow {
            recipe: runs[0].recipe(),
            lambda: 5e-4,
            rankscale: 8,
            seed: 7,
            decay: "frobenius".into(),
            baseline: "original".into(),
            accuracy: 0.93,
            baseline_accuracy: 0.9,
            difference: 0.93 - 0.9,
        };
        assert_eq!(rows, [expected]);
    }
}
