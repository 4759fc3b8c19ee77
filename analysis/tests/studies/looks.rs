//! Studies with interim looks: before, at and between the looks.

use crate::made_up::{Place, configuration, noise};
use crate::notebook::notebook;
use crate::referee::{IMAGES, endpoint};
use analysis::stats::student::Student;
use artifacts::experiment::VerdictPlan;
use artifacts::run::Status;
use artifacts::seal::{Circumstances, Seal};
use artifacts::study::{Study, Verdict};
use artifacts::{Backend, Configuration, Experiment};
use network::Arm;

/// An experiment of three rankscales with looks after two, three and five pairs, and its runs in the order of
/// the plan.
fn looked_at(name: &str) -> Experiment {
    let mut runs = Vec::new();
    for seed in 0..5 {
        for rankscale in [8, 16, 31] {
            for decay in [Arm::ORIGINAL, Arm::APPROPRIATE] {
                runs.push(configuration(rankscale, decay, rankscale as u64 + 100 * seed).on(Backend::Fused));
            }
        }
    }
    let looks = vec![2, 3, 5];
    let verdict = VerdictPlan { primary: Arm::APPROPRIATE, looks, alpha: 0.0221, margin: 0.001 };
    Experiment { name: name.into(), title: "Looked at?".into(), tuned: false, verdict: Some(verdict), runs }
}

/// Finishes the first runs of it: the pairs of seed number s differ by about `means[s]` images.
fn train(place: &Place, experiment: &Experiment, runs: usize, means: [f64; 5]) {
    for run in &experiment.runs[..runs] {
        let seed = (run.seed - run.rankscale as u64) / 100;
        let plain = 9000.0 + 40.0 * (noise(run.rankscale, run.seed, 0) / 0.007).round();
        let images = means[seed as usize] + (run.rankscale as f64 - 16.0) / 4.0;
        let treated = if run.decay == Arm::APPROPRIATE { images.round() } else { 0.0 };
        place.done(run, (plain + treated) / IMAGES);
    }
}

fn sealed(place: &Place, experiment: &Experiment) {
    experiment.write_plans(&place.layout).unwrap();
    let circumstances = Circumstances { git_revision: "abc".into(), git_dirty: false, unix_seconds: 1 };
    let seal = Seal::of(experiment, 0, "made up", circumstances);
    seal.write_once(&place.layout.seal(&experiment.name)).unwrap();
}

fn after(runs: usize, means: [f64; 5]) -> Study {
    let (place, experiment) = (Place::new(), looked_at("looked-at"));
    sealed(&place, &experiment);
    train(&place, &experiment, runs, means);
    place.analyse()
}

const CLEAR: [f64; 5] = [60.0, 64.0, 58.0, -90.0, -95.0];
const UNCLEAR: [f64; 5] = [60.0, -50.0, 5.0, 12.0, -20.0];

#[test]
fn before_the_first_look_there_are_data_and_no_verdict() {
    let study = after(11, CLEAR);
    let found = &study.summary.endpoints[0];
    assert_eq!((found.verdict, found.look, found.pairs), (Verdict::NotEnoughEvidence, None, 5));
    assert!(found.difference.is_some());
    assert_eq!(
        found.missing[0],
        "the first look comes with 2 pairs at every rankscale; still to come for it: 1 run"
    );
    assert!(found.says.starts_with("There is no verdict before the first look"), "{}", found.says);
    let looks = study.summary.standing.looks.as_ref().unwrap();
    assert_eq!((looks.reached, looks.decided, looks.missing), (0, None, Some(1)));
}

#[test]
fn the_first_look_that_decides_ends_the_study_and_later_runs_change_nothing() {
    let (at_look, later) = (after(12, CLEAR), after(30, CLEAR));
    for study in [&at_look, &later] {
        let found = &study.summary.endpoints[0];
        assert_eq!((found.verdict, found.look, found.pairs), (Verdict::Better, Some(2), 6), "{found:?}");
        assert_eq!(study.summary.standing.looks.as_ref().unwrap().decided, Some(1));
        assert!(study.summary.standing.exploratory.is_empty(), "{:?}", study.summary.standing);
    }
    let (then, now) = (&at_look.summary.endpoints[0], &later.summary.endpoints[0]);
    assert_eq!((then.difference, then.certainty), (now.difference, now.certainty));
    assert_eq!(then.secondary.later, None);
    let since = now.secondary.later.unwrap();
    assert!(since.pairs == 15 && since.difference < 0.002, "{since:?}");
}

#[test]
fn between_looks_the_last_one_stands_and_the_next_is_named() {
    let study = after(20, UNCLEAR);
    let found = &study.summary.endpoints[0];
    assert_eq!((found.verdict, found.look, found.pairs), (Verdict::NotEnoughEvidence, Some(3), 9));
    assert!(
        found.missing.contains(
            &"the next look comes with 5 pairs at every rankscale; still to come for it: 10 runs".to_owned()
        ),
        "{:?}",
        found.missing
    );
    assert!(
        found.missing[0].contains(
            "seeds at every rankscale one test at a level of 0.0221 would find a difference of 0.1 points"
        ),
        "{:?}",
        found.missing
    );
    assert_eq!(found.secondary.later.unwrap().pairs, 10);
    let spent = after(30, UNCLEAR);
    let looks = spent.summary.standing.looks.unwrap();
    assert_eq!((looks.reached, looks.decided, looks.missing), (3, None, None));
}

#[test]
fn a_diverged_run_counts_as_ended_at_a_look() {
    let (place, experiment) = (Place::new(), looked_at("looked-at"));
    sealed(&place, &experiment);
    train(&place, &experiment, 18, UNCLEAR);
    place.run(&experiment.runs[17], Status::Diverged, 3, 0.1);
    let found = endpoint(&place);
    assert_eq!((found.look, found.pairs, found.diverged), (Some(3), 8, [1, 0]));
}

/// The mean was to be one over three networks; two of them do not answer for the third.
#[test]
fn a_rankscale_without_a_pair_leaves_no_verdict() {
    let (place, experiment) = (Place::new(), looked_at("looked-at"));
    sealed(&place, &experiment);
    train(&place, &experiment, 12, CLEAR);
    let (mut clear, mut lost) = (endpoint(&place), 0);
    assert_eq!(clear.verdict, Verdict::Better);
    for run in experiment.runs[..12].iter().filter(|run| run.rankscale == 31) {
        place.run(run, Status::Diverged, 3, 0.1);
        lost += 1;
    }
    let found = endpoint(&place);
    assert_eq!((found.look, found.pairs, found.diverged, lost), (Some(2), 4, [2, 2], 4));
    assert_eq!(found.verdict, Verdict::NotEnoughEvidence);
    assert_eq!(found.missing[0], "every pair has a diverged run at rankscale 31");
    clear.diverged = found.diverged;
    let left_out = "2 runs of `appropriate` and 2 runs of `original` diverged, and their pairs are left out";
    for endpoint in [&found, &clear] {
        let headline = analysis::endpoint::sentence::headline(endpoint);
        assert!(headline.contains(left_out), "{headline}");
    }
}

#[test]
fn an_import_beside_a_sealed_plan_is_neither_judged_at_its_looks_nor_confirmatory() {
    let (place, experiment) = (Place::new(), looked_at("looked-at"));
    sealed(&place, &experiment);
    let file = place.layout.root().join("results.json");
    fs_err::write(&file, notebook().to_string()).unwrap();
    analysis::import(&[file], &place.layout, &mut Vec::new()).unwrap();
    let study = place.analyse();
    assert!(study.summary.endpoints[0].pairs > 0, "{:?}", study.summary.endpoints);
    for found in &study.summary.endpoints {
        assert_eq!(found.look, None);
        assert!(
            found.says.starts_with("Exploratory") || found.says.starts_with("Not enough"),
            "{}",
            found.says
        );
    }
    assert_eq!(study.summary.standing.looks, None);
}

#[test]
fn what_was_not_sealed_is_exploratory_and_says_so() {
    let (place, experiment) = (Place::new(), looked_at("looked-at"));
    experiment.write_plans(&place.layout).unwrap();
    train(&place, &experiment, 12, CLEAR);
    let study = place.analyse();
    assert!(
        study.summary.endpoints[0].says.starts_with("Exploratory: on average"),
        "{}",
        study.summary.endpoints[0].says
    );
    assert_eq!(study.summary.standing.exploratory, ["no plan was sealed before the first run"]);
    sealed(&place, &experiment);
    let study = place.analyse();
    assert!(study.summary.standing.exploratory.is_empty(), "{:?}", study.summary.standing);
    assert!(study.summary.endpoints[0].says.starts_with("On average"), "{}", study.summary.endpoints[0].says);
}

#[test]
fn the_other_arms_are_judged_at_the_usual_level() {
    let (place, mut experiment) = (Place::new(), looked_at("looked-at"));
    train(&place, &experiment, 30, CLEAR);
    let treated = experiment.runs.iter().filter(|run| run.decay == Arm::APPROPRIATE);
    let others: Vec<_> = treated.map(|run| Configuration { decay: Arm::FROBENIUS, ..run.clone() }).collect();
    for run in &others {
        place.done(run, 0.9 + noise(run.rankscale, run.seed, 2));
    }
    experiment.runs.extend(others);
    sealed(&place, &experiment);
    let study = place.analyse();
    let [primary, other] = study.summary.endpoints.as_slice() else { panic!("two comparisons") };
    assert_eq!((primary.alpha, other.alpha), (0.0221, 0.05));
    let found = other.certainty.unwrap();
    let estimate = Student { value: other.difference.unwrap(), error: found.error, freedom: found.freedom };
    assert_eq!(found.interval, estimate.interval(0.95));
}
