//! Follows the advice of each message, and checks that it works.

use crate::made_up::{Place, configuration, finish, grid, ledger};
use analysis::{Choice, analyse, import, publish};
use artifacts::run::RunFolder;
use artifacts::study::Study;
use artifacts::{Experiment, table};
use fs_err as fs;
use network::Arm;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn of_two_runs_of_one_name_the_one_that_is_not_wanted_is_removed() {
    for unwanted_is_kept in [true, false] {
        let place = Place::new();
        let grid = grid(&[8], 2);
        place.plan(&grid);
        finish(&place, &grid, 0.0);
        let results = place.layout.root().join("results");
        let keep = || publish::keep(&place.layout, None, &results, "made-up", &mut Vec::new());
        let kept = keep().unwrap();
        let ours = place.done(&grid[0], 0.5);
        let theirs = RunFolder::new(kept.run(&ours.name()));
        let message = keep().unwrap_err().to_string();
        assert!(message.contains("remove the one that is not wanted"), "{message}");
        assert!(
            [&ours, &theirs].iter().all(|run| message.contains(&run.path().display().to_string())),
            "{message}"
        );
        fs::remove_dir_all(if unwanted_is_kept { &theirs } else { &ours }.path()).unwrap();
        keep().unwrap();
        let accuracy = theirs.read().unwrap().1.last().unwrap().test_accuracy;
        assert_eq!(accuracy == 0.5, unwanted_is_kept);
    }
}

#[test]
fn what_is_no_run_is_moved_or_deleted_as_advised() {
    let place = Place::new();
    place.done(&configuration(8, Arm::ORIGINAL, 0), 0.9);
    for (name, moved) in [("notes.txt", true), ("copy.parquet", false)] {
        let stray = place.layout.runs().join(name);
        fs::write(&stray, "x").unwrap();
        let reason = ledger(&place.analyse(), name).reason.clone();
        assert!(reason.contains("move or delete it"), "{reason}");
        if moved {
            fs::rename(&stray, place.layout.root().join(name)).unwrap();
        } else {
            fs::remove_file(&stray).unwrap();
        }
        assert!(place.analyse().ledger.iter().all(|row| row.state.name() == "done"));
    }
}

#[test]
fn a_notebooks_results_are_imported_by_the_command_that_is_named() {
    let place = Place::new();
    fs::create_dir_all(place.layout.runs()).unwrap();
    let run = |words: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_analysis"));
        let output = program.args(words).current_dir(place.layout.root()).env("WORK", ".").output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (works, message) = run(&[]);
    assert!(!works && message.contains("no run to analyse"), "{message}");
    let command = message.split('`').find(|part| part.ends_with("import results.json")).unwrap();
    let entries = r#"[[{"rankscale": 8, "d": true, "seed": 0}, {"epoch": 128, "test acc": 0.9}]]"#;
    fs::write(place.layout.root().join("results.json"), entries).unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let imported =
        Command::new(words[0]).args(&words[1..]).current_dir(place.layout.root()).env("WORK", ".").output();
    assert!(imported.unwrap().status.success(), "{command}");
    assert!(run(&[]).0);
}

#[test]
fn a_seed_in_their_settings_makes_pairs_of_imported_runs() {
    let entry = |d: bool, seed: Option<u32>, accuracy: f64| {
        let mut settings = serde_json::json!({"rankscale": 8, "d": d});
        if let Some(seed) = seed {
            settings["seed"] = seed.into();
        }
        serde_json::json!([settings, {"epoch": 128, "test acc": accuracy}])
    };
    let study = |seeded: bool| -> (String, Study) {
        let place = Place::new();
        let of = |at: u32| seeded.then_some(at);
        let entries: Vec<_> =
            (0..4).map(|at| entry(at % 2 == 0, of(at / 2), 0.9 + 0.001 * f64::from(at))).collect();
        fs::create_dir_all(place.layout.root()).unwrap();
        let file = place.layout.root().join("results.json");
        fs::write(&file, serde_json::Value::from(entries).to_string()).unwrap();
        let mut said = Vec::new();
        import(&[file], &place.layout, &mut said).unwrap();
        (String::from_utf8(said).unwrap(), place.analyse())
    };
    let (said, unpaired) = study(false);
    assert!(said.contains("A `seed` in their settings does"), "{said}");
    let (said, paired) = study(true);
    assert!(!said.contains("seed"), "{said}");
    assert_eq!((unpaired.comparisons.len(), paired.comparisons.len()), (0, 2));
}

/// An analysis that was interrupted or damaged is rebuilt by the same command.
#[test]
fn an_analysis_that_cannot_be_read_is_made_again() {
    let place = Place::new();
    finish(&place, &grid(&[8], 1), 0.0);
    let cells = place.layout.analysis().join("cells.parquet");
    for damage in [
        &(|path: &Path| fs::write(path, "PAR1").unwrap()) as &dyn Fn(&Path),
        &|path: &Path| fs::remove_file(path).unwrap(),
        &|path: &Path| drop(table::write(path, &Vec::<artifacts::study::CellRow>::new()).unwrap()),
    ] {
        place.analyse();
        damage(&cells);
        let message = Study::read(&place.layout).unwrap_err().to_string();
        assert!(message.contains("cells.parquet"), "{message}");
        place.analyse();
    }
}

#[test]
fn a_comparison_that_has_begun_is_made_anew_under_another_name() {
    let place = Place::new();
    fs::create_dir_all(place.layout.root()).unwrap();
    let grid = "title = 'Best?'\n[recipe]\nvalidation_images = 5000\n[[grid]]\nrankscale = [8]\ndecay = ['original', 'appropriate']\n\
         seed = [7]\nlambda = [2.5e-4, 5e-4]\n";
    let read = |name: &str| {
        let path: PathBuf = place.layout.root().join(name);
        fs::write(&path, grid).unwrap();
        Experiment::read(&path).unwrap()
    };
    for run in read("best.toml").on(artifacts::Backend::Fused).runs {
        place.done(&run, 0.9 - run.lambda);
    }
    let tune = |name: &str, replicates| analysis::tuning::tune(&place.layout, read(name), replicates);
    tune("best.toml", 3).unwrap();
    artifacts::atomic::write(&place.layout.seal("best-tuned"), "{}").unwrap();
    let anew = tune("best-again.toml", 4).unwrap();
    assert!(Experiment::read(&anew.experiment).unwrap().name == "best-again-tuned");
    // The commands that the text recommends exist.
    let command = anew.text.split('`').find_map(|part| part.strip_prefix("just all EXPERIMENT=")).unwrap();
    assert_eq!(Path::new(command), anew.experiment);
}

#[test]
fn what_the_ledger_says_to_resume_is_found_by_that_name() {
    let place = Place::new();
    let experiment = Experiment {
        name: "mine".into(),
        title: "Mine?".into(),
        tuned: false,
        verdict: None,
        runs: grid(&[8], 1),
    };
    experiment.write_plans(&place.layout).unwrap();
    place.done(&experiment.runs[0], 0.9);
    let study = analyse(&place.layout, &Choice::Newest, None, &mut Vec::new()).unwrap();
    let reason = study.ledger.iter().find(|row| row.state.name() == "missing").unwrap().reason.clone();
    let name = reason.split_once("`just sweep EXPERIMENT=").unwrap().1.trim_end_matches('`');
    assert_eq!(Experiment::find(name, Path::new("none"), &place.layout).unwrap(), experiment);
}
