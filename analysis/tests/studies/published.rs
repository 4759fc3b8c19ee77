//! Studies that are kept with the source: what is kept, and that everything can be recomputed from it.

use crate::made_up::{self, Place};
use analysis::{Choice, publish};
use artifacts::Layout;
use artifacts::run::{RunFolder, RunRecord, Status, folders};
use artifacts::seal::Seal;
use artifacts::study::Summary;
use fs_err as fs;
use std::path::{Path, PathBuf};

/// Returns all files below a directory, by relative path, with their contents.
fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            found.push((path.strip_prefix(directory).unwrap().to_owned(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_kept_study_is_its_whole_runs_and_gives_the_same_analysis() {
    let place = Place::new();
    let grid = made_up::grid(&[8, 31], 2);
    place.plan(&grid);
    for run in &grid[1..] {
        let folder = place.done_in_full(run, made_up::accuracy(run, 0.001), 100);
        fs::write(folder.model_path(), "weights").unwrap();
    }
    place.run(&grid[0], Status::Running, 5, 0.5);
    place.done(&made_up::configuration(4, network::Arm::NO_DECAY, 0), 0.9);
    let results = place.layout.root().join("results");

    publish::publish(&place.layout, None, &results, "made-up", &mut Vec::new()).unwrap();
    let kept = Layout::kept(&results, "made-up").unwrap();
    assert_eq!(folders(&kept.runs()).unwrap().len(), grid.len() - 1, "neither unfinished nor unplanned runs");
    let first = RunFolder::new(folders(&kept.runs()).unwrap()[0].path());
    assert!(
        first.predictions_path().exists() && first.layers_path().exists() && !first.model_path().exists()
    );

    let before = files(kept.root());
    publish::publish(&place.layout, None, &results, "made-up", &mut Vec::new()).unwrap();
    assert!(files(kept.root()) == before, "publishing twice changes nothing");

    // A seal that was added later does not make it a different run.
    let sealed = RunFolder::new(place.layout.run(&grid[1].run_name("made up")));
    let record = sealed.read_record().unwrap();
    fs::remove_file(sealed.model_path()).unwrap();
    sealed.write_record(&RunRecord { sealed: Some(sealed.seal().unwrap()), ..record }).unwrap();
    place.done_in_full(&grid[0], 0.93, 100);
    publish::keep(&place.layout, None, &results, "made-up", &mut Vec::new()).unwrap();
    assert_eq!(folders(&kept.runs()).unwrap().len(), grid.len(), "what has finished since is added");
}

#[test]
fn a_run_that_is_kept_is_never_replaced() {
    let place = Place::new();
    let grid = made_up::grid(&[8], 1);
    place.plan(&grid);
    made_up::finish(&place, &grid, 0.0);
    let results = place.layout.root().join("results");
    let kept = publish::keep(&place.layout, None, &results, "made-up", &mut Vec::new()).unwrap();
    let before = files(kept.root());
    place.done(&grid[0], 0.5);
    let error =
        publish::keep(&place.layout, None, &results, "made-up", &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("r08-original-s0-") && error.contains("kept already"), "{error}");
    assert!(files(kept.root()) == before);
}

#[test]
fn a_run_whose_record_alone_differs_is_another_run() {
    let place = Place::new();
    let grid = made_up::grid(&[8], 1);
    place.plan(&grid);
    made_up::finish(&place, &grid, 0.0);
    let results = place.layout.root().join("results");
    let keep = || publish::keep(&place.layout, None, &results, "made-up", &mut Vec::new());
    keep().unwrap();
    let folder = RunFolder::new(place.layout.run(&grid[0].run_name("made up")));
    let mut record = folder.read_record().unwrap();
    record.data.source = "elsewhere".into();
    folder.write_record(&record).unwrap();
    let error = keep().unwrap_err().to_string();
    assert!(error.contains(&record.name) && error.contains("kept already"), "{error}");
}

#[test]
fn a_run_that_could_not_be_kept_whole_is_no_run_yet() {
    let place = Place::new();
    let run = made_up::configuration(8, network::Arm::ORIGINAL, 0);
    place.done_in_full(&run, 0.9, 10);
    let results = place.layout.root().join("results");
    let keep = || publish::keep(&place.layout, None, &results, "made-up", &mut Vec::new());
    let kept = Layout::kept(&results, "made-up").unwrap();
    let kept = RunFolder::new(kept.run(&run.run_name("made up")));
    let in_the_way = kept.predictions_path().join("in the way");
    fs::create_dir_all(&in_the_way).unwrap();
    let error = keep().unwrap_err().to_string();
    assert!(error.contains("cannot keep") && error.contains("predictions.parquet"), "{error}");
    assert!(!kept.record_path().exists());
    fs::remove_dir_all(kept.predictions_path()).unwrap();
    keep().unwrap();
    kept.read_whole().unwrap();
}

#[test]
fn a_run_that_diverged_is_kept_too() {
    let place = Place::new();
    let grid = made_up::grid(&[8], 2);
    place.plan(&grid);
    made_up::finish(&place, &grid, 0.0);
    let diverged = place.run(&grid[1], Status::Diverged, 3, 0.1);
    let results = place.layout.root().join("results");
    publish::publish(&place.layout, None, &results, "made-up", &mut Vec::new()).unwrap();
    let kept = Layout::kept(&results, "made-up").unwrap();
    assert_eq!(RunFolder::new(kept.run(&diverged.name())).read().unwrap(), diverged.read().unwrap());
    let found = |study: Summary| (study.diverged, study.endpoints[0].diverged);
    assert_eq!(found(Summary::read(&kept).unwrap()), (1, [1, 0]));
    assert_eq!(found(place.analyse().summary), (1, [1, 0]));
}

#[test]
fn nothing_is_kept_under_a_name_that_leads_elsewhere_or_without_a_run() {
    let place = Place::new();
    let results = place.layout.root().join("results");
    for (name, needle) in [("../elsewhere", "letters, digits"), ("empty", "no finished run")] {
        let error =
            publish::keep(&place.layout, None, &results, name, &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains(needle), "{error}");
    }
    assert!(!results.exists());
}

/// The studies of this repository whose runs are kept.
fn kept_with_the_source() -> Vec<Layout> {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let places = fs::read_dir(results).unwrap().map(|entry| Layout::new(entry.unwrap().path()));
    places.filter(|kept| kept.runs().exists()).collect()
}

#[test]
fn the_kept_analysis_is_the_one_of_the_kept_runs() {
    let kept = kept_with_the_source();
    assert!(!kept.is_empty(), "a study is kept with its runs");
    for kept in kept.into_iter().filter(|kept| kept.analysis().exists()) {
        let scratch = tempfile::tempdir().unwrap();
        let again = Layout::new(scratch.path());
        for (path, bytes) in files(kept.root()) {
            if !path.starts_with("analysis") && !path.starts_with("report") {
                artifacts::atomic::write(&again.root().join(path), bytes).unwrap();
            }
        }
        analysis::analyse(&again, &Choice::Newest, None, &mut Vec::new()).unwrap();
        let (now, then) = (files(&again.analysis()), files(&kept.analysis()));
        let name = kept.root().file_name().unwrap().display();
        let names =
            |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        assert_eq!(names(&now), names(&then), "`just analyse STUDY={name}` makes other files");
        for ((path, now), (_, then)) in now.iter().zip(&then) {
            assert!(now == then, "{}: `just analyse STUDY={name}` makes another", path.display());
        }
    }
}

#[test]
fn the_kept_seals_are_those_of_the_kept_plans() {
    for kept in kept_with_the_source() {
        let plan = artifacts::Experiment::read_plan(&kept.plan()).unwrap();
        let seal = Seal::read(&kept.seal(&plan.name)).unwrap().expect("a kept study has its seal");
        assert!(seal.holds(&plan), "{}", kept.root().display());
    }
}
