//! The comparison of two studies.

use analysis::compare::{compare, markdown};
use artifacts::Layout;
use artifacts::study::Study;
use std::path::Path;

fn kept(name: &str) -> Study {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    Study::read(&Layout::kept(&results, name).unwrap()).unwrap()
}

/// The study `seeds` with every accuracy shifted, under other run names.
fn moved(by: impl Fn(u32, u64) -> f64) -> Study {
    let mut study = kept("seeds");
    for run in &mut study.runs {
        run.run += "-again";
        run.test_accuracy = run.test_accuracy.map(|accuracy| accuracy + by(run.rankscale, run.seed));
    }
    study
}

#[test]
fn a_study_is_never_told_apart_from_itself() {
    let study = kept("seeds");
    let found = compare([("seeds", &study), ("seeds", &study)]);
    assert_eq!((found.a.runs, found.same_runs, found.cells.len()), (30, 30, 6));
    assert!(found.differs.is_empty(), "{:?}", found.differs);
    assert!(found.cells.iter().all(|cell| cell.pairs == 5 && cell.difference == 0.0 && !cell.told_apart));
    assert!(!found.overall.as_ref().unwrap().told_apart);
    let text = markdown(&found);
    assert!(text.contains("30 runs are in both") && text.matches("| ~ |").count() == 6, "{text}");
}

#[test]
fn what_differs_at_one_rankscale_is_told_there() {
    let study = kept("seeds");
    let better =
        moved(|rankscale, seed| if rankscale == 8 { 0.02 } else { 0.0 } + 1e-3 * (seed % 3) as f64 - 1e-3);
    let found = compare([("seeds", &study), ("again", &better)]);
    let told: Vec<u32> =
        found.cells.iter().filter(|cell| cell.told_apart).map(|cell| cell.rankscale).collect();
    assert_eq!((told, found.same_runs), (vec![8, 8], 0));
    let all = found.overall.clone().unwrap();
    assert!(all.told_apart && (all.pairs, all.cells) == (30, 6));
    assert!((all.difference - (0.02 - 0.2e-3 - 1e-3 + 1e-3) / 3.0).abs() < 1e-3, "{all:?}");
    // The reverse comparison has the opposite sign.
    let back = compare([("again", &better), ("seeds", &study)]).overall.unwrap();
    assert!((back.difference + all.difference).abs() < 1e-12 && back.p == all.p);
}

#[test]
fn without_shared_seeds_runs_are_compared_unpaired_and_what_else_differs_is_named() {
    let study = kept("seeds");
    let mut others = moved(|_, _| -0.2);
    for run in &mut others.runs {
        run.seed += 1000;
        run.engine = artifacts::Backend::Tch;
    }
    let found = compare([("seeds", &study), ("others", &others)]);
    assert!(found.overall.is_none() && found.cells.iter().all(|cell| cell.pairs == 0 && cell.told_apart));
    let differs: Vec<&str> = found.differs.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(differs, ["engine", "instructions", "libtorch"]);
    let text = markdown(&found);
    assert!(text.contains("5 against 5 runs") && text.contains("| engine | fused | tch |"), "{text}");
}

#[test]
fn studies_without_a_network_in_common_say_so() {
    let found = compare([("seeds", &kept("seeds")), ("gpu", &kept("gpu"))]);
    // Rankscales 8 and 31 are in both studies; the recipes are not.
    assert_eq!(found.cells.iter().map(|cell| cell.rankscale).collect::<Vec<_>>(), [8, 8, 31, 31]);
    assert!(found.differs.iter().any(|one| one.what == "epochs" && one.b == ["128"]));
    let mut none = kept("gpu");
    none.runs.clear();
    assert!(
        markdown(&compare([("none", &none), ("seeds", &kept("seeds"))]))
            .contains("no network, arm and λ in common")
    );
}
