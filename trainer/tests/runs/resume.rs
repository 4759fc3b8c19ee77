//! Runs that were stopped or killed, and go on.

use crate::{context, engines, folder, prepare, tiny};
use artifacts::run::{EpochRow, RunRecord, Status};
use artifacts::{Configuration, Engine};
use network::Arm;
use trainer::data::state_dict;
use trainer::machine::stop::Stop;
use trainer::run::checkpoint::Checkpoint;
use trainer::run::session::{Outcome, train, train_until};

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

#[test]
fn a_run_that_says_done_without_its_epochs_is_named_and_taken_up_again() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let (context, configuration) = (context(&layout, &data, &stop), tiny());
    let whole = train(&context, &configuration).unwrap();
    let folder = folder(&layout, &data, &configuration);
    let epochs = folder.read_epochs().unwrap();
    // As two processes that trained one run left it before records named their files.
    let record = folder.read_record().unwrap();
    folder.write_record(&RunRecord { sealed: None, ..record }).unwrap();
    folder.write_epochs(&epochs[..2]).unwrap();
    assert!(folder.read().is_err());
    assert_eq!(train(&context, &configuration).unwrap(), whole);
    let (record, again) = folder.read().unwrap();
    assert_eq!((record.status, again.len()), (Status::Done, 3));
    assert!(again.iter().zip(&epochs).all(|(now, then)| now.test_loss == then.test_loss));
}

#[test]
fn a_running_variance_without_bound_is_a_diverged_run() {
    engines().into_iter().for_each(a_variance_without_bound_diverges);
}

fn a_variance_without_bound_diverges(engine: Engine) {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let configuration = Configuration { engine, ..tiny() };
    let (architecture, name) = (configuration.architecture(), configuration.run_name(&data.fingerprint()));
    let stop = Stop::default();
    assert_eq!(
        train_until(&context(&layout, &data, &stop), &configuration, 1).unwrap(),
        Outcome::Interrupted(1)
    );
    let folder = folder(&layout, &data, &configuration);
    let mut checkpoint = Checkpoint::load(&folder.checkpoint_path(), &name, &architecture).unwrap().unwrap();
    let variance = checkpoint.state.keys().find(|name| name.ends_with("running_var")).unwrap().clone();
    checkpoint.state.get_mut(&variance).unwrap().fill(f32::INFINITY);
    checkpoint.save(&folder.checkpoint_path(), &name).unwrap();
    assert_eq!(
        train(&context(&layout, &data, &stop), &configuration).unwrap(),
        Outcome::Diverged(2),
        "{engine:?}"
    );
    let (record, epochs) = folder.read().unwrap();
    assert_eq!(record.status, Status::Diverged);
    assert!(epochs[1].test_loss.unwrap().is_finite(), "the losses alone do not tell");
}
