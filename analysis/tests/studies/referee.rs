//! Whole studies that earlier rules judged wrongly. Verdict, sentence, terminal and file must agree in each.

use crate::made_up::{Place, configuration, noise};
use artifacts::study::{Endpoint, Size, Verdict};
use artifacts::{Backend, Configuration};
use network::Arm;

/// The size of the test set, of which accuracies are counts.
pub const IMAGES: f64 = 10_000.0;

/// Finishes a pair whose arm classifies this many images more correctly than its baseline.
fn pair(place: &Place, of: &Configuration, images: f64) {
    let baseline = (9000.0 + 40.0 * noise(of.rankscale, of.seed, 0) / 0.007).round();
    place.done(&Configuration { decay: Arm::ORIGINAL, ..of.clone() }, baseline / IMAGES);
    place.done(of, (baseline + images.round()) / IMAGES);
}

/// Finishes pairs of `appropriate` at each rankscale, with seeds of their own: mean and standard deviation
/// (about `sd`) in images.
fn pairs(place: &Place, means: &[(usize, f64)], seeds: u64, sd: f64) -> Vec<Configuration> {
    let mut planned = Vec::new();
    for &(rankscale, mean) in means {
        for seed in 0..seeds {
            let of = configuration(rankscale, Arm::APPROPRIATE, rankscale as u64 + 100 * seed);
            // The deviations are symmetric around zero, so the mean and the spread are both planted.
            let step = if seeds > 1 { 2.0 * seed as f64 / (seeds - 1) as f64 - 1.0 } else { 0.0 };
            pair(place, &of, mean + 1.5 * sd * step);
            planned.push(of);
        }
    }
    planned
}

/// Returns the primary endpoint, after checking that what is printed is its clause, and that the clause says
/// its verdict.
pub fn endpoint(place: &Place) -> Endpoint {
    let mut printed = Vec::new();
    let study = analysis::analyse(&place.layout, &analysis::Choice::Newest, None, &mut printed).unwrap();
    let endpoint = study.summary.endpoints[0].clone();
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.contains(&endpoint.says), "{printed}");
    let word = match endpoint.verdict {
        Verdict::Better => "better than",
        Verdict::Worse => "worse than",
        Verdict::NoMeaningfulDifference => "no meaningful difference",
        Verdict::NotEnoughEvidence => "Not enough evidence",
    };
    assert!(endpoint.says.contains(word), "{}", endpoint.says);
    endpoint
}

#[test]
fn interval_and_p_are_of_one_test() {
    // Effects of -0.21, 0.31 and 0.80 points with noise of 0.02: each rankscale is far from zero, and so is
    // their mean.
    let place = Place::new();
    pairs(&place, &[(8, -21.0), (16, 31.0), (31, 80.0)], 3, 2.0);
    let found = endpoint(&place);
    let (interval, p) = (found.interval().unwrap(), found.p().unwrap());
    assert!(interval.low > 0.0 && p < 0.001, "{interval:?} {p}");
    assert_eq!((found.verdict, found.size), (Verdict::Better, Some(Size::Relevant)));
    assert!(found.says.contains("on average over rankscales 8, 16 and 31, which differ"), "{}", found.says);
    assert!(
        found.qualifiers[0].contains("rankscale 8 differs from zero in the other direction"),
        "{:?}",
        found.qualifiers
    );
    assert!(found.heterogeneity.unwrap().p < 1e-6);
}

#[test]
fn opposite_effects_are_not_no_difference() {
    let place = Place::new();
    pairs(&place, &[(2, 50.0), (31, -50.0)], 9, 2.0);
    let found = endpoint(&place);
    assert_eq!(found.verdict, Verdict::NotEnoughEvidence);
    assert!(found.rule.contains("the rankscales differ"), "{}", found.rule);
    assert!(
        found.missing[0].contains("but the rankscales differ"),
        "no number of seeds helps: {:?}",
        found.missing
    );
    assert!(found.certainty.unwrap().p_equivalence < 0.001, "the mean by itself is close to zero");
}

#[test]
fn a_balanced_sweep_of_lambda_is_led_by_the_recipes_own() {
    let place = Place::new();
    for lambda in [5e-5, 5e-4, 5e-3] {
        for rankscale in [8, 16, 31] {
            for seed in 0..3 {
                let of = Configuration { lambda, ..configuration(rankscale, Arm::APPROPRIATE, seed) };
                pair(&place, &of, 30.0 + 3.0 * seed as f64);
            }
        }
    }
    let study = place.analyse();
    let lambdas: Vec<f64> = study.summary.endpoints.iter().map(|found| found.lambda).collect();
    assert_eq!(lambdas, [5e-4, 5e-5, 5e-3]);
    assert!(!study.summary.endpoints[0].says.contains('λ'), "{}", study.summary.endpoints[0].says);
    assert!(study.summary.endpoints[1].says.contains("λ = 5e-5"), "{}", study.summary.endpoints[1].says);
    assert_eq!(place.results().as_array().unwrap().len(), 18, "one lambda's runs");
    assert!(study.summary.endpoints[1].certainty.unwrap().p_adjusted.is_some(), "the others are adjusted");
    assert!(study.summary.endpoints[0].certainty.unwrap().p_adjusted.is_none());
}

#[test]
fn a_pair_on_both_engines_is_one_pair() {
    let place = Place::new();
    for rankscale in [8, 16, 31] {
        for seed in 0..2 {
            for engine in [Backend::Tch, Backend::Fused] {
                pair(
                    &place,
                    &configuration(rankscale, Arm::APPROPRIATE, seed).on(engine),
                    50.0 + seed as f64,
                );
            }
        }
    }
    let found = endpoint(&place);
    assert_eq!((found.pairs, found.seeds, found.verdict), (6, 2, Verdict::NotEnoughEvidence));
}

#[test]
fn no_decay_at_all_compares_nothing() {
    let place = Place::new();
    for rankscale in [8, 16, 31] {
        for seed in 0..4 {
            let of = Configuration { lambda: 0.0, ..configuration(rankscale, Arm::APPROPRIATE, seed) };
            pair(&place, &of, if seed % 2 == 0 { 1.0 } else { -1.0 });
        }
    }
    let found = endpoint(&place);
    assert_eq!(found.verdict, Verdict::NotEnoughEvidence);
    assert!(found.missing[0].contains("λ = 0"), "{:?}", found.missing);
}

#[test]
fn equal_differences_have_no_spread_and_no_verdict() {
    let place = Place::new();
    pairs(&place, &[(8, -68.0), (16, -68.0), (31, -68.0)], 4, 0.0);
    let found = endpoint(&place);
    assert_eq!((found.verdict, found.certainty), (Verdict::NotEnoughEvidence, None));
    assert!(found.rule.contains("no spread"), "{}", found.rule);
    assert!(found.missing[0].starts_with("grounds for a verdict (there is no spread"), "{:?}", found.missing);
}

#[test]
fn equal_counts_of_images_give_equal_verdicts_whatever_the_baseline() {
    let verdicts: Vec<_> = (0..24)
        .map(|baseline| {
            let place = Place::new();
            for rankscale in [8, 16, 31] {
                for (seed, images) in (0..3).zip([-2.0, 9.0, 20.0]) {
                    let of = configuration(rankscale, Arm::APPROPRIATE, seed);
                    let plain = 8700.0 + 7.0 * f64::from(baseline) + 13.0 * seed as f64;
                    place.done(&Configuration { decay: Arm::ORIGINAL, ..of.clone() }, plain / IMAGES);
                    place.done(&of, (plain + images) / IMAGES);
                }
            }
            let found = endpoint(&place);
            (found.verdict, found.difference, found.certainty)
        })
        .collect();
    assert!(verdicts.iter().all(|found| *found == verdicts[0]), "{verdicts:?}");
}

#[test]
fn twins_with_partial_seeds_are_one_stratum() {
    let place = Place::new();
    for (rankscale, seeds) in [(8, 0..3), (27, 0..3), (28, 0..5)] {
        for seed in seeds {
            let of = if rankscale == 28 { 27 } else { rankscale };
            let images = 30.0 + 10.0 * (noise(of, seed, 1) / 0.007);
            pair(&place, &configuration(rankscale, Arm::APPROPRIATE, seed), images);
        }
    }
    let found = endpoint(&place);
    // Three pairs at rankscale 8, and five of the network that 27 and 28 build, not eight.
    assert_eq!((found.pairs, found.seeds), (8, 3));
}
