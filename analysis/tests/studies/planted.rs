//! Whole studies with a planted effect: the verdicts, the tables and the notebook's file.

use crate::made_up::{Place, accuracy, configuration, finish, grid, ledger, noise};
use analysis::runs::results::ResultsArms;
use analysis::stats::holm::holm;
use analysis::{Choice, analyse};
use artifacts::run::Status;
use artifacts::study::Verdict;
use artifacts::{Configuration, Recipe};
use fs_err as fs;
use network::Arm;

const RANKSCALES: [usize; 4] = [2, 4, 8, 16];

fn verdict_of(effect: f64, seeds: u64) -> Verdict {
    let place = Place::new();
    finish(&place, &grid(&RANKSCALES, seeds), effect);
    place.analyse().summary.endpoints[0].verdict
}

#[test]
fn a_planted_effect_is_found_from_five_seeds_and_not_from_one() {
    assert_eq!(verdict_of(0.004, 5), Verdict::Better);
    assert_eq!(verdict_of(-0.004, 5), Verdict::Worse);
    assert!(!matches!(verdict_of(0.0, 5), Verdict::Better | Verdict::Worse));
    assert_eq!(verdict_of(0.004, 1), Verdict::NotEnoughEvidence);
}

#[test]
fn tables_agree_with_the_runs_and_with_each_other() {
    let place = Place::new();
    let runs = grid(&[2, 8], 3);
    place.plan(&runs);
    finish(&place, &runs, 0.003);
    place.done(&configuration(0, Arm::ORIGINAL, 0), 0.95);
    let study = place.analyse();
    assert_eq!((study.summary.planned, study.summary.done), (12, 12));
    assert_eq!(study.runs.len(), 13);
    assert_eq!(study.epochs.len(), 12 * 128, "the dense run is not planned, so not under study");
    assert_eq!((study.cells.len(), study.comparisons.len()), (4, 6));
    let cell = &study.cells[0];
    let members: Vec<f64> = study
        .runs
        .iter()
        .filter(|run| run.rankscale == cell.rankscale && run.decay == cell.decay)
        .map(|run| run.test_accuracy.unwrap())
        .collect();
    let mean = members.iter().sum::<f64>() / 3.0;
    let variance = members.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / 2.0;
    assert!((cell.mean - mean).abs() < 1e-12 && (cell.sd.unwrap() - variance.sqrt()).abs() < 1e-12);
    let run = study.runs.iter().find(|run| run.rankscale == 8).unwrap();
    assert_eq!((run.seconds, run.images_per_second, run.epochs_done), (Some(128.0 * 2.5), Some(164.5), 128));
    assert_eq!((run.git_revision.as_deref(), run.channels.as_str()), (Some("0123abc+"), "64-128-256-512"));
    let endpoint = &study.summary.endpoints[0];
    let by_rankscale = |rankscale| {
        let here: Vec<f64> = study
            .comparisons
            .iter()
            .filter(|pair| pair.rankscale == rankscale)
            .map(|pair| pair.difference)
            .collect();
        here.iter().sum::<f64>() / here.len() as f64
    };
    assert!((endpoint.difference.unwrap() - f64::midpoint(by_rankscale(2), by_rankscale(8))).abs() < 1e-12);
    assert_eq!((endpoint.pairs, endpoint.seeds, endpoint.rankscales.as_slice()), (6, 3, [2, 8].as_slice()));
    assert_eq!(endpoint.verdict, Verdict::NotEnoughEvidence);
    assert!(endpoint.missing[0].contains("6 pairs in all"), "{:?}", endpoint.missing);
}

#[test]
fn the_same_runs_give_the_same_bytes() {
    let place = Place::new();
    finish(&place, &grid(&RANKSCALES, 3), 0.001);
    let bytes = || {
        place.analyse();
        [
            "runs.parquet",
            "epochs.parquet",
            "cells.parquet",
            "comparisons.parquet",
            "layers.parquet",
            "trajectories.parquet",
            "ledger.parquet",
            "summary.json",
            "results.json",
        ]
        .map(|name| fs::read(place.layout.analysis().join(name)).unwrap())
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_short_schedule_on_a_subset_gives_a_difference_and_no_answer() {
    let place = Place::new();
    let cut = |run: Configuration| Configuration {
        recipe: Recipe { epochs: 4, train_images: Some(6144), test_images: Some(2000), ..run.recipe },
        ..run
    };
    let runs: Vec<Configuration> = grid(&RANKSCALES, 5).into_iter().map(cut).collect();
    finish(&place, &runs, 0.02);
    let study = place.analyse();
    let endpoint = &study.summary.endpoints[0];
    assert_eq!(endpoint.verdict, Verdict::NotEnoughEvidence);
    assert!(endpoint.difference.is_some() && endpoint.interval().is_some() && endpoint.p().is_some());
    for needle in ["4 of 128 epochs", "6144 of 50000 images", "2000 of 10000 images"] {
        assert!(endpoint.missing.iter().any(|line| line.contains(needle)), "{:?}", endpoint.missing);
    }
}

#[test]
fn a_secondary_comparison_that_cannot_be_judged_has_no_p_value_that_counts() {
    let place = Place::new();
    let cut = |run: Configuration| Configuration { recipe: Recipe { epochs: 4, ..run.recipe }, ..run };
    let mut runs = grid(&RANKSCALES, 5);
    for (rankscale, seed) in RANKSCALES.into_iter().flat_map(|r| (0..5).map(move |seed| (r, seed))) {
        runs.push(configuration(rankscale, Arm::NO_DECAY, seed));
    }
    let runs: Vec<Configuration> = runs.into_iter().map(cut).collect();
    place.plan(&runs);
    finish(&place, &runs, 0.02);
    for run in runs.iter().filter(|run| run.decay == Arm::NO_DECAY) {
        place.done(run, accuracy(run, 0.0) + noise(run.rankscale, run.seed, 2));
    }
    let endpoints = place.analyse().summary.endpoints;
    let [primary, secondary] = endpoints.as_slice() else { panic!("two comparisons") };
    assert!(primary.p().is_some() && primary.p_equivalence().is_some());
    assert!(secondary.certainty.is_some_and(|found| found.p_adjusted.is_none()));
    assert_eq!((secondary.p(), secondary.p_equivalence()), (None, None));
}

#[test]
fn secondary_comparisons_are_judged_by_their_adjusted_p_values() {
    let place = Place::new();
    // A mean and a step from seed to seed, in images; either p by itself would be significant.
    let arms =
        [(Arm::ORIGINAL, 0, 0), (Arm::APPROPRIATE, 30, 8), (Arm::FROBENIUS, 7, 8), (Arm::NO_DECAY, 8, 9)];
    for (arm, mean, step) in arms {
        for (rankscale, seed) in [8, 16, 31].into_iter().flat_map(|r| (0..3).map(move |seed| (r, seed))) {
            let images = 9000 + mean + step * (seed - 1);
            place.done(&configuration(rankscale, arm, seed as u64), f64::from(images) / 1e4);
        }
    }
    let endpoints = place.analyse().summary.endpoints;
    let [primary, secondary @ ..] = endpoints.as_slice() else { panic!("three comparisons") };
    assert_eq!((primary.verdict, secondary.len()), (Verdict::Better, 2));
    let of: Vec<_> = secondary.iter().map(|endpoint| endpoint.certainty.unwrap()).collect();
    assert!(of.iter().all(|of| of.p < 0.05 && 2.0 * of.p > 0.05 && of.p_equivalence < 0.5), "{of:?}");
    let p = holm(&[of[0].p, of[1].p]);
    let equivalence = holm(&[of[0].p_equivalence, of[1].p_equivalence]);
    for (at, endpoint) in secondary.iter().enumerate() {
        assert_eq!((of[at].p_adjusted, of[at].p_equivalence_adjusted), (Some(p[at]), Some(equivalence[at])));
        assert_eq!(endpoint.verdict, Verdict::NotEnoughEvidence, "{}", endpoint.rule);
    }
}

#[test]
fn the_same_run_under_two_rankscales_is_one_piece_of_evidence() {
    let place = Place::new();
    // 27 and 28 build the same network, so a deterministic machine trains the same run twice.
    for rankscale in [8, 27, 28] {
        for seed in 0..3 {
            let of = if rankscale == 28 { 27 } else { rankscale };
            let accuracy = |arm| 0.9 + crate::made_up::noise(of, seed, arm);
            place.done(&configuration(rankscale, Arm::ORIGINAL, seed), accuracy(0));
            place.done(&configuration(rankscale, Arm::APPROPRIATE, seed), accuracy(1));
        }
    }
    let study = place.analyse();
    assert_eq!(study.comparisons.len(), 9);
    assert_eq!(
        (study.summary.endpoints[0].pairs, study.summary.endpoints[0].rankscales.as_slice()),
        (6, [8, 27, 28].as_slice())
    );
}

#[test]
fn runs_of_one_network_are_compared_only_if_they_are_done_and_under_study() {
    let place = Place::new();
    let runs = grid(&[27, 28], 2);
    place.plan(&runs);
    for run in &runs {
        place.done(run, 0.9);
    }
    place.run(runs.last().unwrap(), Status::Running, 128, 0.9);
    for rankscale in [27, 28] {
        place.done(&configuration(rankscale, Arm::ORIGINAL, 9), 0.9);
    }
    let identical = place.analyse().summary.identical;
    let found: Vec<_> = identical.iter().map(|found| (found.decay, found.pairs, found.equal)).collect();
    assert_eq!(found, [(Arm::ORIGINAL, 2, 2), (Arm::APPROPRIATE, 1, 1)]);
}

#[test]
fn arms_and_lambdas_have_endpoints_of_their_own_headline_first() {
    let place = Place::new();
    let mut runs = grid(&RANKSCALES, 1);
    runs.extend([2, 4].map(|r| configuration(r, Arm::NO_DECAY, 0)));
    for decay in [Arm::PUBLISHED_ORIGINAL, Arm::PUBLISHED_APPROPRIATE] {
        runs.push(configuration(8, decay, 0));
    }
    for decay in [Arm::ORIGINAL, Arm::APPROPRIATE] {
        runs.push(Configuration { lambda: 5e-5, ..configuration(4, decay, 0) });
    }
    finish(&place, &runs, 0.001);
    let study = place.analyse();
    let found: Vec<_> =
        study.summary.endpoints.iter().map(|e| (e.decay, e.baseline, e.lambda, e.pairs)).collect();
    assert_eq!(
        found,
        [
            (Arm::APPROPRIATE, Arm::ORIGINAL, 5e-4, 4),
            (Arm::NO_DECAY, Arm::ORIGINAL, 5e-4, 2),
            (Arm::PUBLISHED_APPROPRIATE, Arm::PUBLISHED_ORIGINAL, 5e-4, 1),
            (Arm::APPROPRIATE, Arm::ORIGINAL, 5e-5, 1),
        ]
    );
}

#[test]
fn results_json_is_what_the_notebook_reads() {
    let place = Place::new();
    let mut runs = grid(&[2, 8], 2);
    runs.extend([configuration(8, Arm::PUBLISHED_ORIGINAL, 0), configuration(0, Arm::ORIGINAL, 0)]);
    finish(&place, &runs, 0.001);
    place.analyse();
    let results = place.results();
    let entries = results.as_array().unwrap();
    assert_eq!(entries.len(), 8, "no dense network, no published arm");
    assert_eq!(entries[0][0], serde_json::json!({"rankscale": 2, "d": true}));
    assert_eq!(entries[1][0], serde_json::json!({"rankscale": 2, "d": true, "seed": 1}));
    let keys: Vec<&String> = entries[0][1].as_object().unwrap().keys().collect();
    let mut logged = vec![
        "epoch",
        "lr",
        "train time",
        "train loss",
        "train acc",
        "test time",
        "test loss",
        "test acc",
        "total time",
    ];
    logged.sort_unstable();
    assert_eq!(keys, logged);
    assert!(entries.iter().all(|entry| entry[1]["epoch"] == 128));
    assert_eq!(entries[0][1]["total time"], 256.0);
    analyse(&place.layout, &Choice::Newest, Some(ResultsArms::Published), &mut Vec::new()).unwrap();
    assert_eq!(place.results().as_array().unwrap().len(), 1);
}

#[test]
fn layers_over_time_are_means_over_the_finished_runs_of_a_cell() {
    let place = Place::new();
    let runs = grid(&[4], 2);
    for run in &runs[..3] {
        place.done_in_full(run, 0.9, 10);
    }
    place.run(&runs[3], Status::Interrupted, 2, 0.9);
    let study = place.analyse();
    // Seven low-rank layers of either arm, before the first epoch and after each of 128.
    assert_eq!(study.trajectories.len(), 2 * 7 * 129);
    let at = |decay: Arm, epoch: u32| {
        let row = study
            .trajectories
            .iter()
            .find(|row| row.decay == decay.name() && row.epoch == epoch && row.layer == "layer3.res1");
        row.map(|row| (row.runs, row.product_norm, row.stable_rank)).unwrap()
    };
    assert_eq!(at(Arm::ORIGINAL, 0), (2, 1.0, 2.0));
    assert_eq!(at(Arm::APPROPRIATE, 128), (1, 129.0, 2.0));
}

#[test]
fn an_unplanned_run_is_listed_and_left_out() {
    let place = Place::new();
    let runs = grid(&RANKSCALES, 1);
    place.plan(&runs);
    finish(&place, &runs, 0.0);
    let extra = configuration(8, Arm::APPROPRIATE, 9);
    place.done(&extra, 0.99);
    let study = place.analyse();
    assert!(!ledger(&study, &extra.run_name("made up")).planned);
    assert!(study.cells.iter().all(|cell| cell.runs == 1));
    let all = analyse(&place.layout, &Choice::AllRuns, None, &mut Vec::new()).unwrap();
    assert_eq!(all.summary.experiment, None);
    assert!(all.cells.iter().any(|cell| cell.runs == 2));
}
