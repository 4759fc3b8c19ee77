use super::*;
use crate::run::{Origin, made_up};
use crate::table;
use crate::{Configuration, Recipe};

fn epoch(epoch: u32) -> EpochRow {
    EpochRow { epoch, test_accuracy: 0.5, ..EpochRow::default() }
}

/// A finished run of `planned` epochs with the given rows.
fn folder(runs: &Path, planned: usize, imported: bool, rows: &[EpochRow]) -> RunFolder {
    let configuration =
        Configuration { recipe: Recipe { epochs: planned, ..Recipe::default() }, ..Configuration::default() };
    let record = made_up::record(configuration, Status::Done);
    let record = if imported { RunRecord { origin: Origin::Imported, ..record } } else { record };
    let folder = RunFolder::new(runs.join(&record.name));
    folder.write_record(&record).unwrap();
    table::write(&folder.epochs_path(), rows).unwrap();
    folder
}

#[test]
fn a_trained_run_has_every_epoch_and_an_imported_one_only_its_last() {
    let runs = tempfile::tempdir().unwrap();
    let message = |imported, rows: &[EpochRow]| {
        folder(runs.path(), 3, imported, rows).read().map(drop).unwrap_err().to_string()
    };
    assert!(folder(runs.path(), 3, false, &[epoch(1), epoch(2), epoch(3)]).read().is_ok());
    assert!(folder(runs.path(), 3, true, &[epoch(3)]).read().is_ok());
    assert!(message(false, &[epoch(3)]).contains("row 1 must be epoch 1, but is epoch 3"));
    assert!(message(false, &[epoch(1)]).contains("1 of 3 epochs"));
    assert!(message(true, &[]).contains("one row, epoch 3, but has no row"));
    assert!(message(true, &[epoch(2)]).contains("but has epoch 2"));
    assert!(message(true, &[epoch(1), epoch(2), epoch(3)]).contains("3 rows, epochs 1 to 3"));
}

#[test]
fn a_copied_folder_does_not_pass_for_a_run() {
    let runs = tempfile::tempdir().unwrap();
    let original = folder(runs.path(), 1, false, &[epoch(1)]);
    let copy = RunFolder::new(runs.path().join("copy"));
    fs::create_dir_all(copy.path()).unwrap();
    fs::copy(original.record_path(), copy.record_path()).unwrap();
    let message = copy.read_record().unwrap_err().to_string();
    assert!(message.contains("copy") && message.contains("must have that name"), "{message}");
    fs::write(runs.path().join("stray.parquet"), "").unwrap();
    fs::write(runs.path().join(".partial-file"), "").unwrap();
    assert_eq!(folders(runs.path()).unwrap().len(), 2);
    assert_eq!(strays(runs.path()).unwrap(), [runs.path().join("stray.parquet")]);
}

#[test]
fn a_record_of_another_format_is_refused() {
    let runs = tempfile::tempdir().unwrap();
    let folder = folder(runs.path(), 1, false, &[epoch(1)]);
    let record = folder.read_record().unwrap();
    folder.write_record(&RunRecord { format: FORMAT + 1, ..record }).unwrap();
    let message = folder.read_record().unwrap_err().to_string();
    let words = format!("run.json: format {} is not {FORMAT},", FORMAT + 1);
    assert!(message.contains(&words), "{message}");
}

#[test]
fn a_run_that_is_just_starting_is_passed_over_and_a_broken_one_is_not() {
    let runs = tempfile::tempdir().unwrap();
    for (name, file) in [("empty", None), ("locked", Some(".lock")), ("broken", Some("epochs.parquet"))] {
        fs::create_dir_all(runs.path().join(name)).unwrap();
        if let Some(file) = file {
            fs::write(runs.path().join(name).join(file), "").unwrap();
        }
    }
    let found = folders(runs.path()).unwrap();
    assert_eq!(found.iter().map(RunFolder::path).collect::<Vec<_>>(), [runs.path().join("broken")]);
}
