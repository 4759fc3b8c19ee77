//! Runs that were stopped or killed, and go on.

use crate::{context, engines, folder, prepare, tiny};
use artifacts::run::{EpochRow, Status};
use artifacts::{Configuration, Engine};
use network::Arm;
use trainer::data::state_dict;
use trainer::machine::stop::Stop;
use trainer::run::session::{Outcome, train};

#[test]
fn a_run_stopped_after_any_epoch_ends_with_the_same_bits() {
    engines().into_iter().for_each(a_stopped_run_ends_with_the_same_bits);
}

fn a_stopped_run_ends_with_the_same_bits(engine: Engine) {
    let whole = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(whole.path());
    let stop = Stop::default();
    let configuration = Configuration { decay: Arm::Frobenius, engine, ..tiny() };
    train(&context(&layout, &data, &stop), &configuration).unwrap();
    let expected = folder(&layout, &data, &configuration);
    let (expected_model, _) = state_dict::load(&expected.model_path()).unwrap();
    let expected_epochs = expected.read_epochs().unwrap();

    let parts = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(parts.path());
    let found = folder(&layout, &data, &configuration);
    // Each session is asked to stop once its first new epoch is on the disk.
    for epoch in 1..=2 {
        let stop = Stop::default();
        let watcher = {
            let (stop, checkpoint, epochs) = (stop.clone(), found.checkpoint_path(), found.clone());
            std::thread::spawn(move || {
                while !(checkpoint.exists() && epochs.read_epochs().is_ok_and(|rows| rows.len() >= epoch)) {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                stop.request();
            })
        };
        let outcome = train(&context(&layout, &data, &stop), &configuration).unwrap();
        watcher.join().unwrap();
        if let Outcome::Interrupted(done) = outcome {
            assert!(done >= epoch);
            assert_eq!(found.read_record().unwrap().status, Status::Interrupted);
        }
    }
    let stop = Stop::default();
    train(&context(&layout, &data, &stop), &configuration).unwrap();
    let (model, _) = state_dict::load(&found.model_path()).unwrap();
    assert_eq!(model, expected_model);
    let numbers = |rows: &[EpochRow]| {
        rows.iter().map(|row| (row.train_loss, row.test_loss, row.test_accuracy)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&found.read_epochs().unwrap()), numbers(&expected_epochs));
}

#[test]
fn rows_beyond_the_checkpoint_are_trained_again() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    stop.request();
    let configuration = tiny();
    let outcome = train(&context(&layout, &data, &stop), &configuration).unwrap();
    assert_eq!(outcome, Outcome::Interrupted(0));
    // As a crash between the tables and the checkpoint of epoch 1 leaves it.
    let folder = folder(&layout, &data, &configuration);
    let row = EpochRow { epoch: 1, test_accuracy: 0.123, ..EpochRow::default() };
    folder.write_epochs(&[row]).unwrap();
    train(&context(&layout, &data, &Stop::default()), &configuration).unwrap();
    let epochs = folder.read_epochs().unwrap();
    assert!(epochs.len() == 3 && epochs[0].train_loss.is_some());
}
