//! A kept run trained again.

use crate::{context, folder, prepare, tiny};
use artifacts::Layout;
use artifacts::run::{Continuation, Origin, Provenance};
use std::process::Command;
use trainer::machine::stop::Stop;
use trainer::run::context::RunContext;
use trainer::run::retrain::{Comparison, kept, retrain};
use trainer::run::session::train;

/// Trains the first epochs of a run of a study again.
pub(crate) fn again(
    context: &RunContext<'_>,
    study: &Layout,
    run: &str,
    epochs: usize,
) -> anyhow::Result<Comparison> {
    retrain(context, kept(study, run)?, epochs)
}

#[test]
fn a_kept_run_is_repeated_and_a_changed_one_is_told() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    let configuration = tiny();
    train(&context, &configuration).unwrap();
    let folder = folder(&layout, &data, &configuration);
    let name = folder.path().file_name().unwrap().to_str().unwrap();

    let two = again(&context, &layout, name, 2).unwrap();
    assert_eq!(two.rows.len(), 2);
    assert!(two.equal(), "{two}");
    assert!(again(&context, &layout, name, 3).unwrap().equal());
    let left = fs_err::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().starts_with(".retrain-")));

    let (mut record, mut epochs) = folder.read().unwrap();
    epochs[0].train_loss = epochs[0].train_loss.map(f64::next_up);
    folder.write_epochs(&epochs).unwrap();
    assert!(again(&context, &layout, name, 1).is_err(), "it is not the table that the record names");
    record.sealed = Some(folder.seal().unwrap());
    folder.write_record(&record).unwrap();
    let one = again(&context, &layout, name, 1).unwrap();
    assert!(!one.repeated() && one.to_string().contains("differs"), "{one}");

    for (run, epochs, needle) in [(name, 4, "epochs 4"), (name, 0, "epochs 0"), ("r99", 1, "no such run")] {
        let error = again(&context, &layout, run, epochs).unwrap_err().to_string();
        assert!(error.contains(needle), "{error}");
    }
}

#[test]
fn the_instructions_of_every_part_that_made_the_epochs_count() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    train(&context, &tiny()).unwrap();
    let folder = folder(&layout, &data, &tiny());
    let mut record = folder.read_record().unwrap();
    let Origin::Trained(here) = record.origin.clone() else { panic!("it was trained") };
    let elsewhere = Provenance { instructions: Some("another set".to_owned()), ..here.clone() };
    record.continued = vec![Continuation { after_epoch: 2, provenance: elsewhere }];
    folder.write_record(&record).unwrap();
    let computed_by = |epochs| again(&context, &layout, &folder.name(), epochs).unwrap().rounding;
    assert_eq!(computed_by(2), None);
    let instructions = here.instructions.clone().unwrap();
    assert_eq!(computed_by(3), Some((format!("{instructions}, then another set"), instructions.clone())));
    record.origin = Origin::Trained(Provenance { device: "cuda:0".to_owned(), ..here });
    folder.write_record(&record).unwrap();
    assert_eq!(computed_by(2), Some((instructions.clone(), instructions)), "a GPU adds in no fixed order");
}

#[test]
fn a_run_that_is_not_repeated_is_a_failure_of_the_program() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    train(&context(&layout, &data, &stop), &tiny()).unwrap();
    let folder = folder(&layout, &data, &tiny());
    let code = || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_trainer"));
        program
            .args(["retrain", "--run", &folder.name(), "--study"])
            .arg(root.path())
            .arg("--work")
            .arg(root.path());
        program.output().unwrap().status.code()
    };
    assert_eq!(code(), Some(0));
    let (mut record, mut epochs) = folder.read().unwrap();
    epochs[0].train_loss = epochs[0].train_loss.map(f64::next_up);
    folder.write_epochs(&epochs).unwrap();
    record.sealed = Some(folder.seal().unwrap());
    folder.write_record(&record).unwrap();
    assert_eq!(code(), Some(1));
}
