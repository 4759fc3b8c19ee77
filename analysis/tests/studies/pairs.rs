//! A study that varies everything that distinguishes runs: which of them are compared, in which table.

use crate::made_up::{Place, accuracy, configuration, grid, noise};
use analysis::join::finished::finished;
use analysis::join::pairs::{comparisons, pairs};
use analysis::runs::collect::collect;
use artifacts::run::Status;
use artifacts::{Backend, Configuration, Recipe};
use network::Arm;

/// Arms, rankscales, lambdas and engines with more seeds than one digit can count. One run in seven is not
/// done, and one in five did not keep its predictions.
fn mixed(place: &Place) {
    let mut number = 0;
    for decay in Arm::HOUSE {
        for (rankscale, seeds) in [(2, 12), (8, 3), (27, 2), (28, 2), (0, 2)] {
            for seed in 0..seeds {
                for (lambda, engine) in [(5e-4, Backend::Tch), (5e-4, Backend::Fused), (5e-5, Backend::Tch)] {
                    let base = Configuration {
                        recipe: Recipe { epochs: 5, ..configuration(rankscale, decay, seed).recipe },
                        lambda,
                        ..configuration(rankscale, decay, seed)
                    };
                    let run = base.on(engine);
                    let accuracy = 0.9 + noise(rankscale, seed, number);
                    match number % 35 {
                        0 | 7 => _ = place.run(&run, Status::Diverged, 2, accuracy),
                        14 => _ = place.run(&run, Status::Interrupted, 3, accuracy),
                        21 => _ = place.run(&run, Status::Running, 5, accuracy),
                        28 => {}
                        5 | 10 | 15 | 20 | 25 | 30 => _ = place.done(&run, accuracy),
                        _ => _ = place.done_in_full(&run, accuracy, 40),
                    }
                    number += 1;
                }
            }
        }
    }
}

#[test]
fn comparisons_and_classes_are_of_the_same_pairs() {
    let place = Place::new();
    mixed(&place);
    let study = place.analyse();
    let collected = collect(&place.layout).unwrap();
    let finished = finished(&collected.runs, None);
    let pairs = pairs(&finished, None);
    assert!(pairs.len() > 150, "{}", pairs.len());
    assert_eq!(study.comparisons, comparisons(&pairs));
    let marked =
        pairs.iter().filter(|pair| pair.treated.run.marks.is_some() && pair.plain.run.marks.is_some());
    let seeds: Vec<u64> = marked.map(|pair| pair.treated.run.record.configuration.seed).collect();
    let found: Vec<u64> = study.classes.chunks(10).map(|classes| classes[0].seed).collect();
    assert!(seeds.len() < pairs.len());
    assert_eq!(found, seeds);
}

#[test]
fn other_images_are_spoken_of_only_if_every_pair_kept_its_predictions() {
    let place = Place::new();
    let runs = grid(&[8, 31], 3);
    let folders: Vec<_> = runs.iter().map(|run| place.done_in_full(run, accuracy(run, 0.01), 100)).collect();
    let found = || {
        let images = place.analyse().summary.endpoints[0].secondary.images.clone().unwrap();
        (images.pairs, images.other_images.is_some())
    };
    assert_eq!(found(), (6, true));
    fs_err::remove_file(folders[0].predictions_path()).unwrap();
    assert_eq!(found(), (5, false));
}
