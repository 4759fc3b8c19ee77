//! Arms that an experiment declares, from its runs to its answer.

use crate::made_up::{Place, configuration, noise};
use analysis::compare::compare;
use artifacts::Configuration;
use network::Arm;
use network::arm::Declaration;
use network::decay::Strength;

fn arm(name: &str, baseline: Option<Arm>, factors: f64) -> Arm {
    let factors = Strength::Times(factors);
    Declaration { name: name.into(), baseline, factors, ..Arm::ORIGINAL.into() }.arm().unwrap()
}

/// Runs of an arm at two rankscales with three seeds each, whose accuracy is higher by `better`.
fn runs(place: &Place, decay: Arm, better: f64) -> Vec<Configuration> {
    let mut runs = Vec::new();
    for rankscale in [8, 31] {
        for seed in 0..3 {
            let run = configuration(rankscale, decay, seed);
            let accuracy = 0.9 + better + noise(rankscale, seed, decay.name().len()) / 10.0;
            place.done(&run, (accuracy * 1e4).round() / 1e4);
            runs.push(run);
        }
    }
    runs
}

#[test]
fn an_arm_is_compared_with_the_baseline_that_it_declares() {
    let place = Place::new();
    let half = arm("half", Some(Arm::ORIGINAL), 0.5);
    let above = arm("above", Some(half), 0.25);
    let mut planned = runs(&place, Arm::ORIGINAL, 0.0);
    planned.extend(runs(&place, half, 0.01));
    planned.extend(runs(&place, above, 0.03));
    place.plan(&planned);
    let study = place.analyse();
    assert_eq!(study.summary.arms, [half, above], "in the order in which they appear");
    let found: Vec<_> = study
        .summary
        .endpoints
        .iter()
        .map(|endpoint| {
            (
                endpoint.decay,
                endpoint.baseline,
                endpoint.pairs,
                (endpoint.difference.unwrap() * 100.0).round(),
            )
        })
        .collect();
    // Arms that are not of the house are listed in the order of their names.
    assert_eq!(found, [(above, half, 6, 2.0), (half, Arm::ORIGINAL, 6, 1.0)]);
    assert_eq!(study.comparisons.len(), 12);
    assert!(study.ledger.iter().all(|row| row.state.name() == "done" && row.planned));
    assert_eq!(study.cells.iter().filter(|cell| cell.decay == "half").count(), 2);
}

#[test]
fn two_arms_of_one_name_are_set_aside_and_not_pooled() {
    let place = Place::new();
    runs(&place, Arm::ORIGINAL, 0.0);
    let half = runs(&place, arm("half", Some(Arm::ORIGINAL), 0.5), 0.01);
    runs(&place, arm("half", Some(Arm::ORIGINAL), 0.4), 0.05);
    let study = place.analyse();
    let aside: Vec<_> = study.ledger.iter().filter(|row| row.state.name() == "quarantined").collect();
    assert_eq!((aside.len(), study.comparisons.len()), (12, 0));
    assert!(aside.iter().all(|row| row.reason.contains("0.5 × λ") && row.reason.contains("0.4 × λ")));

    place.plan(&half);
    let study = place.analyse();
    assert!(study.runs.iter().filter(|run| run.decay == "half").all(|run| run.planned));
    assert_eq!(study.ledger.iter().filter(|row| row.state.name() == "quarantined").count(), 6);
}

#[test]
fn two_studies_with_two_arms_of_one_name_do_not_compare_them() {
    let study = |factors| {
        let place = Place::new();
        let half = arm("half", Some(Arm::ORIGINAL), factors);
        place.plan(&[runs(&place, Arm::ORIGINAL, 0.0), runs(&place, half, 0.01)].concat());
        place.analyse()
    };
    let [first, second] = [study(0.5), study(0.4)];
    let arms = |other| {
        let compared = compare([("a", &first), ("b", other)]);
        let cells = compared.cells.iter().map(|cell| cell.decay.clone()).collect::<Vec<_>>();
        (
            cells.contains(&"half".to_owned()),
            compared.differs.iter().any(|differs| differs.what == "arms of its own"),
        )
    };
    assert_eq!(arms(&first), (true, false));
    assert_eq!(arms(&second), (false, true));
}
