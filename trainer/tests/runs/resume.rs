//! Runs that were stopped or killed, and are resumed.

use crate::{context, engines, folder, prepare, tiny};
use artifacts::run::{EpochRow, RunFolder, RunRecord, Status};
use artifacts::{Backend, Configuration, Recipe};
use network::{Arm, Role};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};
use trainer::data::state_dict;
use trainer::machine::stop::Stop;
use trainer::run::checkpoint::Checkpoint;
use trainer::run::context::RunContext;
use trainer::run::session::{Outcome, train, train_until};

/// The longest wait of a test, so that a failing one ends.
const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn a_run_stopped_after_any_epoch_ends_with_the_same_bits() {
    engines().into_iter().for_each(a_stopped_run_ends_with_the_same_bits);
}

fn a_stopped_run_ends_with_the_same_bits(engine: Backend) {
    let whole = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(whole.path());
    let stop = Stop::default();
    let configuration = Configuration { decay: Arm::FROBENIUS, engine, ..tiny() };
    train(&context(&layout, &data, &stop), &configuration).unwrap();
    let expected = folder(&layout, &data, &configuration);
    let (expected_model, _) = state_dict::load(&expected.model_path()).unwrap();
    let expected_epochs = expected.read().unwrap().1;

    let parts = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(parts.path());
    let found = folder(&layout, &data, &configuration);
    // Each session goes on from the last one's checkpoint, with a process's state left behind.
    for epoch in 1..=2 {
        let stop = Stop::default();
        let outcome = train_until(&context(&layout, &data, &stop), &configuration, epoch).unwrap();
        assert_eq!(outcome, Outcome::Interrupted(epoch));
        assert_eq!(found.read_record().unwrap().status, Status::Interrupted);
    }
    let stop = Stop::default();
    train(&context(&layout, &data, &stop), &configuration).unwrap();
    let (model, _) = state_dict::load(&found.model_path()).unwrap();
    assert_eq!(model, expected_model);
    let numbers = |rows: &[EpochRow]| {
        rows.iter().map(|row| (row.train_loss, row.test_loss, row.test_accuracy)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&found.read().unwrap().1), numbers(&expected_epochs));
}

#[test]
fn a_run_that_goes_on_with_something_else_says_from_which_epoch() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let configuration = Configuration { recipe: Recipe { epochs: 4, ..tiny().recipe }, ..tiny() };
    let stop = Stop::default();
    for (threads, last) in [(1, 1), (1, 2), (2, 3), (2, 4)] {
        let context = RunContext { threads, ..context(&layout, &data, &stop) };
        train_until(&context, &configuration, last).unwrap();
    }
    let record = folder(&layout, &data, &configuration).read_record().unwrap();
    assert_eq!(record.status, Status::Done);
    assert_eq!(record.parts().map(|part| part.threads).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(record.continued[0].after_epoch, 2);
}

/// Asks to stop as soon as the tables have a new row, that is, while the rest of its epoch is saved and the
/// next epoch is trained.
#[test]
fn a_stop_in_the_moments_of_saving_leaves_a_whole_epoch_and_costs_no_bit() {
    engines().into_iter().for_each(a_stop_while_saving_leaves_a_whole_epoch);
}

fn a_stop_while_saving_leaves_a_whole_epoch(engine: Backend) {
    // So many epochs that none of these sessions ends before it is asked to.
    let configuration =
        Configuration { recipe: Recipe { epochs: 100_000, ..tiny().recipe }, engine, ..tiny() };
    let parts = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(parts.path());
    let (found, architecture) = (folder(&layout, &data, &configuration), configuration.architecture());
    let checkpoint = |folder: &RunFolder| {
        Checkpoint::load(&folder.checkpoint_path(), &folder.name(), &architecture).unwrap().unwrap()
    };
    let mut before = 0;
    for _ in 0..3 {
        let stop = Stop::default();
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| {
                let start = Instant::now();
                while start.elapsed() < MINUTE && !found.read().is_ok_and(|(_, rows)| rows.len() > before) {
                    std::thread::yield_now();
                }
                stop.request();
            });
            train(&context(&layout, &data, &stop), &configuration).unwrap()
        });
        let Outcome::Interrupted(done) = outcome else { panic!("{engine:?}: {outcome:?}") };
        assert!(done > before, "{engine:?}: the epoch that was being saved is lost");
        let (record, epochs) = found.read().unwrap();
        assert_eq!(
            (record.status, epochs.len(), checkpoint(&found).epoch),
            (Status::Interrupted, done, done)
        );
        // One row for each convolution, at the start and after each epoch.
        assert_eq!(found.read_layers(&record).unwrap().len(), 8 * (done + 1), "{engine:?}");
        before = done;
    }
    let last = before + 1;
    train_until(&context(&layout, &data, &Stop::default()), &configuration, last).unwrap();

    let whole = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(whole.path());
    train_until(&context(&layout, &data, &Stop::default()), &configuration, last).unwrap();
    let expected = folder(&layout, &data, &configuration);
    assert_eq!(checkpoint(&found).state, checkpoint(&expected).state, "{engine:?}");
    let numbers = |folder: &RunFolder| {
        let rows = folder.read().unwrap().1;
        rows.iter().map(|row| (row.train_loss, row.test_loss, row.test_accuracy)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&found), numbers(&expected));
}

#[test]
fn a_run_that_cannot_be_saved_any_more_fails_by_the_name_of_its_file_and_is_not_done() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let configuration = Configuration { recipe: Recipe { epochs: 100_000, ..tiny().recipe }, ..tiny() };
    let (folder, stop) = (folder(&layout, &data, &configuration), Stop::default());
    let context = context(&layout, &data, &stop);
    let (ended, hears) = std::sync::mpsc::channel::<()>();
    let outcome = std::thread::scope(|scope| {
        let (folder, stop) = (&folder, &stop);
        // Once an epoch is saved, a directory takes the place of the table.
        scope.spawn(move || {
            let start = Instant::now();
            while start.elapsed() < MINUTE
                && !(folder.checkpoint_path().exists() && fs_err::create_dir(folder.epochs_path()).is_ok())
            {
                if folder.checkpoint_path().exists() {
                    let _ = fs_err::remove_file(folder.epochs_path());
                }
            }
            // A run that does not notice the error would train for hours.
            if hears.recv_timeout(MINUTE) == Err(RecvTimeoutError::Timeout) {
                stop.request();
            }
        });
        let outcome = train(&context, &configuration);
        drop(ended);
        outcome
    });
    let error = format!("{:#}", outcome.unwrap_err());
    assert!(error.contains("epochs.parquet"), "{error}");
    assert_eq!(folder.read_record().unwrap().status, Status::Running);
    let names = fs_err::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.starts_with('.')), "no lock and no half file stays: {names:?}");

    let saved = Checkpoint::load(&folder.checkpoint_path(), &folder.name(), &configuration.architecture());
    let epoch = saved.unwrap().unwrap().epoch;
    assert!((1..100_000).contains(&epoch));
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
    // The state that a crash between the tables and the checkpoint of epoch 1 leaves.
    let folder = folder(&layout, &data, &configuration);
    let row = EpochRow { epoch: 1, test_accuracy: 0.123, ..EpochRow::default() };
    folder.write_epochs(&[row]).unwrap();
    train(&context(&layout, &data, &Stop::default()), &configuration).unwrap();
    let epochs = folder.read().unwrap().1;
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
    let epochs = folder.read().unwrap().1;
    // The state that two processes training one run left, before records named their files.
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

fn a_variance_without_bound_diverges(engine: Backend) {
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
    let variance = configuration.architecture().blocks()[0].name_of(Role::Variance);
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
