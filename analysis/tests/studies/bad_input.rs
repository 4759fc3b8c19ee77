//! Files in `runs/` that do not belong there, and studies with missing runs.

use crate::made_up::{Place, configuration, finish, grid, ledger};
use analysis::runs::collect::collect;
use analysis::{Choice, analyse};
use artifacts::run::Status;
use artifacts::study::{Study, Verdict};
use artifacts::table;
use fs_err as fs;
use network::Arm;
use std::path::Path;

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn broken_and_foreign_files_are_quarantined_one_by_one() {
    let place = Place::new();
    let runs = grid(&[2, 4, 8, 16], 1);
    finish(&place, &runs, 0.0);
    let folder =
        |index: usize| artifacts::run::RunFolder::new(place.layout.run(&runs[index].run_name("made up")));
    // Half a file.
    let bytes = fs::read(folder(0).epochs_path()).unwrap();
    fs::write(folder(0).epochs_path(), &bytes[..bytes.len() / 2]).unwrap();
    // A parquet file of something else.
    table::write(&folder(1).epochs_path(), &place.analyse().cells).unwrap();
    // Somebody else's run.json.
    fs::write(folder(2).record_path(), "{\"name\": \"mine\"}").unwrap();
    // No run.json.
    fs::remove_file(folder(3).record_path()).unwrap();
    // Half a table beside the epochs.
    fs::write(folder(4).predictions_path(), "PAR1").unwrap();
    // An impossible value.
    let mut rows = folder(5).read().unwrap().1;
    rows[2].test_accuracy = 93.0;
    table::write(&folder(5).epochs_path(), &rows).unwrap();
    // A stray file.
    fs::write(place.layout.runs().join("copy.parquet"), bytes).unwrap();

    let study = place.analyse();
    for (index, needle) in [
        (0, "epochs.parquet: not a complete parquet file"),
        (1, "column `epoch` is missing"),
        (2, "run.json: missing field"),
        (3, "run.json"),
        (4, "predictions.parquet: not a complete parquet file"),
        (5, "epoch 3: test_accuracy 93 must be between 0 and 1"),
    ] {
        let row = ledger(&study, &name(folder(index).path()));
        assert_eq!(row.state.name(), "quarantined");
        assert!(row.reason.contains(needle), "{}", row.reason);
        assert!(!row.reason.contains(&*place.layout.root().to_string_lossy()), "{}", row.reason);
        assert!(folder(index).path().exists(), "nothing is deleted");
    }
    assert!(ledger(&study, "copy.parquet").reason.contains("not the folder of a run"));
    assert_eq!(study.runs.len(), 2);
}

#[test]
fn a_loss_that_is_no_number_is_allowed_only_where_a_run_diverged() {
    let place = Place::new();
    let at = |seed| configuration(8, Arm::ORIGINAL, seed);
    let done = place.done(&at(0), 0.9);
    let diverged = place.run(&at(1), Status::Diverged, 3, 0.1);
    for run in [&done, &diverged] {
        let mut rows = run.read().unwrap().1;
        rows[2].test_loss = Some(f64::NAN);
        table::write(&run.epochs_path(), &rows).unwrap();
    }
    let collected = collect(&place.layout).unwrap();
    let readable: Vec<_> = collected.runs.iter().map(|run| run.record.name.clone()).collect();
    assert_eq!(readable, [diverged.name()]);
    let [aside] = collected.quarantined.as_slice() else { panic!("one run") };
    let reason = "epochs.parquet: epoch 3: test_loss NaN must be a finite number in a run that is done";
    assert_eq!((&aside.name, aside.reason.as_str()), (&done.name(), reason));
}

#[test]
fn two_runs_of_one_identity_count_once() {
    let place = Place::new();
    let run = place.done(&configuration(8, Arm::ORIGINAL, 0), 0.9);
    let copy = place.layout.runs().join("copy-of-it");
    fs::create_dir_all(&copy).unwrap();
    for file in ["run.json", "epochs.parquet"] {
        fs::copy(run.path().join(file), copy.join(file)).unwrap();
    }
    let study = place.analyse();
    assert_eq!((study.runs.len(), study.cells[0].runs), (1, 1));
    let row = ledger(&study, "copy-of-it");
    assert_eq!(row.state.name(), "quarantined");
    assert!(row.reason.contains("is it a copy?") && row.reason.contains(&name(run.path())), "{}", row.reason);
}

#[test]
fn every_planned_run_is_in_the_ledger_with_what_to_do() {
    let place = Place::new();
    let runs = grid(&[2, 8], 2);
    place.plan(&runs);
    place.done(&runs[0], 0.9);
    place.run(&runs[1], Status::Diverged, 3, 0.1);
    place.run(&runs[2], Status::Interrupted, 5, 0.5);
    place.run(&runs[3], Status::Running, 7, 0.5);
    let broken = place.done(&runs[4], 0.9);
    fs::write(broken.epochs_path(), "").unwrap();
    let study = place.analyse();
    let found: Vec<_> =
        study.ledger.iter().map(|row| (row.state.name(), row.epochs_done, row.epochs)).collect();
    assert_eq!(
        found,
        [
            ("done", 128, 128),
            ("diverged", 3, 128),
            ("interrupted", 5, 128),
            ("running", 7, 128),
            ("quarantined", 0, 128),
            ("missing", 0, 128),
            ("missing", 0, 128),
            ("missing", 0, 128),
        ]
    );
    assert!(
        study.ledger.iter().zip(&runs).all(|(row, run)| row.planned && row.run == run.run_name("made up"))
    );
    for (row, needle) in [
        (1, "3 of 128 epochs; that is its result"),
        (2, "resume with `just sweep EXPERIMENT=made-up`"),
        (3, "7 of 128 epochs have ended"),
        (5, "never started; train it with `just sweep EXPERIMENT=made-up`"),
    ] {
        assert!(study.ledger[row].reason.contains(needle), "{}", study.ledger[row].reason);
    }
    assert_eq!(study.ledger[0].reason, "");
    let endpoint = &study.summary.endpoints[0];
    let missing = &endpoint.missing[0];
    assert!(missing.contains("6 runs not done") && !missing.contains("(diverged)"), "{missing}");
    assert_eq!(endpoint.diverged, [1, 0]);
}

#[test]
fn a_diverged_run_never_speaks_for_its_arm() {
    let with_diverged = |diverged: usize| {
        let place = Place::new();
        let runs = grid(&[2, 4, 8, 16], 5);
        finish(&place, &runs, 0.004);
        place.run(&runs[diverged], Status::Diverged, 3, 0.1);
        let study = place.analyse();
        let row = study.runs.iter().find(|run| run.status.name() == "diverged").unwrap();
        assert_eq!((row.test_accuracy, row.epochs_done), (None, 3));
        study.summary.endpoints.into_iter().next().unwrap()
    };
    let arm = with_diverged(7);
    assert_eq!((arm.verdict, arm.pairs, arm.diverged), (Verdict::NotEnoughEvidence, 19, [1, 0]));
    assert!(
        arm.interval().is_some() && arm.rule.contains("diverged more often (1 against 0)"),
        "{}",
        arm.rule
    );
    assert!(arm.missing[0].contains("the favoured arm diverged more often"), "{:?}", arm.missing);
    let left_out = "1 run of `appropriate` diverged, and its pair is left out";
    assert_eq!(arm.left_out().as_deref(), Some(left_out));
    let bound = arm.secondary.diverged_as_chance.unwrap();
    assert!(
        bound < -0.03 && arm.difference.unwrap() > 0.0,
        "one run at chance outweighs nineteen pairs: {bound}"
    );
    let baseline = with_diverged(6);
    assert_eq!((baseline.verdict, baseline.diverged), (Verdict::Better, [0, 1]));
    assert!(baseline.secondary.diverged_as_chance.unwrap() > 0.03);
}

#[test]
fn a_diverged_run_is_bounded_by_a_guess_against_an_average_partner() {
    for (diverged, bound) in [
        (Arm::APPROPRIATE, (2.0 * 0.02 + 0.1 - 0.89) / 3.0),
        (Arm::ORIGINAL, (2.0 * 0.02 + 0.91 - 0.1) / 3.0),
    ] {
        let place = Place::new();
        for (run, accuracy) in grid(&[8], 3).iter().zip([0.88, 0.90, 0.90, 0.92, 0.5, 0.5]) {
            if run.seed == 2 && run.decay == diverged {
                place.run(run, Status::Diverged, 3, 0.1);
            } else {
                place.done(run, accuracy);
            }
        }
        let found = place.analyse().summary.endpoints[0].secondary.diverged_as_chance.unwrap();
        assert!((found - bound).abs() < 1e-12, "{found} {bound}");
    }
}

#[test]
fn a_single_run_a_missing_arm_and_all_diverged_give_a_clear_answer() {
    let place = Place::new();
    place.done(&configuration(8, Arm::ORIGINAL, 0), 0.9);
    let study = place.analyse();
    let endpoint = &study.summary.endpoints[0];
    assert_eq!(
        (endpoint.decay, endpoint.verdict, endpoint.difference),
        (Arm::APPROPRIATE, Verdict::NotEnoughEvidence, None)
    );
    assert!(endpoint.missing[0].contains("any of `appropriate`"), "{:?}", endpoint.missing);

    let place = Place::new();
    for run in grid(&[8], 2) {
        place.run(&run, Status::Diverged, 1, 0.1);
    }
    let study = place.analyse();
    assert!(study.cells.is_empty() && study.comparisons.is_empty());
    assert_eq!(study.summary.endpoints[0].verdict, Verdict::NotEnoughEvidence);
    assert_eq!(place.results(), serde_json::json!([]));
}

#[test]
fn no_run_at_all_says_what_to_run_and_leaves_an_empty_study() {
    let place = Place::new();
    let failure = |place: &Place| {
        analyse(&place.layout, &Choice::Newest, None, &mut Vec::new()).unwrap_err().to_string()
    };
    assert!(failure(&place).contains("no run to analyse") && failure(&place).contains("`just sweep`"));
    assert!(!place.layout.root().exists(), "a mistyped directory is not filled");
    fs::create_dir_all(place.layout.runs()).unwrap();
    assert!(failure(&place).contains("no run to analyse"));
    assert!(Study::read(&place.layout).unwrap().ledger.is_empty());
    place.plan(&grid(&[8], 1));
    assert!(failure(&place).contains("`just sweep EXPERIMENT=made-up`"));
    let ledger = Study::read(&place.layout).unwrap().ledger;
    assert!(ledger.iter().all(|row| row.state.name() == "missing"));
    assert_eq!(ledger[0].run, "r08-original-s0");
}

#[test]
fn an_unknown_experiment_and_a_foreign_plan_are_named() {
    let place = Place::new();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments");
    let choice = Choice::Named { experiment: "quik".into(), directory };
    let message = analyse(&place.layout, &choice, None, &mut Vec::new()).unwrap_err().to_string();
    assert!(message.contains("no experiment `quik`") && message.contains("quick"), "{message}");
    fs::create_dir_all(place.layout.root()).unwrap();
    fs::write(place.layout.plan(), "{}").unwrap();
    let error = analyse(&place.layout, &Choice::Newest, None, &mut Vec::new()).unwrap_err();
    assert!(format!("{error:#}").contains("plan.json"), "{error:#}");
}
