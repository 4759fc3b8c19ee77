//! The comparison of two studies.

use analysis::compare::{compare, markdown};
use artifacts::Layout;
use artifacts::study::{RunRow, Study, TunedArm};
use network::Arm;
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
fn cells_are_told_apart_by_p_values_adjusted_over_all_of_them() {
    let better =
        moved(|rankscale, seed| if rankscale == 8 { 2.3e-3 } else { 0.0 } + 1e-3 * (seed as f64 - 2.0));
    let found = compare([("seeds", &kept("seeds")), ("again", &better)]);
    let at_8 = found.cells.iter().find(|cell| cell.rankscale == 8).unwrap();
    let [p, adjusted] = at_8.p.unwrap();
    assert!((0.03..0.04).contains(&p) && (adjusted - 6.0 * p).abs() < 1e-12, "{:?}", at_8.p);
    assert!(found.cells.iter().all(|cell| !cell.told_apart));
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
fn an_import_beside_a_study_does_not_take_its_place_whatever_its_size() {
    let study = kept("seeds");
    let mut beside = study.clone();
    let mut recipe = study.summary.recipes[0].clone();
    recipe.recipe = "ffffffff".to_owned();
    for copy in 0..3 {
        beside.runs.extend(study.runs.iter().map(|run| RunRow {
            run: format!("{}-{copy}", run.run),
            recipe: recipe.recipe.clone(),
            seed: run.seed + 100 * copy,
            imported: true,
            test_accuracy: Some(0.5),
            ..run.clone()
        }));
    }
    beside.summary.recipes.push(recipe);
    let found = compare([("seeds", &study), ("beside", &beside)]);
    assert_eq!((found.b.runs, found.b.left_out, found.same_runs), (30, 90, 30));
    assert!(found.differs.is_empty(), "{:?}", found.differs);
}

#[test]
fn a_finished_run_that_was_not_planned_is_not_compared() {
    let study = kept("seeds");
    let mut more = study.clone();
    more.runs.push(RunRow { run: "more".into(), seed: 1000, planned: false, ..study.runs[0].clone() });
    let found = compare([("seeds", &study), ("more", &more)]);
    assert_eq!((found.b.runs, found.b.left_out), (30, 0));
    assert!(found.cells.iter().all(|cell| cell.runs == [5, 5]));
}

#[test]
fn an_arm_that_was_tuned_is_compared_in_the_recipe_of_its_own() {
    let mut study = kept("seeds");
    for run in study.runs.iter_mut().filter(|run| run.decay == "appropriate") {
        run.recipe = "own".into();
    }
    let compared = |study: &Study| {
        let found = compare([("a", study), ("b", study)]);
        (found.cells.len(), found.a.runs, found.a.left_out)
    };
    assert_eq!(compared(&study), (3, 15, 15));
    let (decay, recipe) = (Arm::APPROPRIATE, "own".to_owned());
    study.summary.tuned = vec![TunedArm { decay, recipe, lambda: 5e-4, peak_learning_rate: 0.4 }];
    assert_eq!(compared(&study), (6, 30, 0));
}

#[test]
fn it_says_what_judged_the_runs_and_at_which_rate_they_were_trained() {
    let study = kept("seeds");
    let mut others = study.clone();
    let recipe = &mut others.summary.recipes[0].configuration.recipe;
    (recipe.test_images, recipe.validation_images, recipe.peak_learning_rate) = (None, Some(5000), 0.4);
    let text = markdown(&compare([("seeds", &study), ("others", &others)]));
    let judged = text.lines().find(|line| line.starts_with("| judged by | ")).unwrap();
    assert!(judged.ends_with(" test images | 5000 held-out images |"), "{judged}");
    assert!(text.contains("| peak learning rate | 0.2 | 0.4 |"), "{text}");
}

#[test]
fn a_p_value_is_never_zero() {
    let study = kept("seeds");
    let better = moved(|_, seed| 0.2 + 1e-4 * (seed % 3) as f64);
    let text = markdown(&compare([("seeds", &study), ("again", &better)]));
    assert!(text.contains("| < 0.001 | < 0.001 |") && text.contains(", p < 0.001)"), "{text}");
    assert!(!text.contains("0.000"), "{text}");
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
