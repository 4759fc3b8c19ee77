//! The files that a run leaves, and those that it finds in its folder and must not touch.

use crate::{context, engines, folder, held, prepare, tiny};
use artifacts::run::{LayerRow, PredictionRow, Status};
use artifacts::{Backend, Configuration, Recipe, table};
use trainer::data::state_dict;
use trainer::machine::stop::Stop;
use trainer::run::session::{Outcome, train};

#[test]
fn a_run_leaves_all_its_files_and_is_not_trained_twice() {
    engines().into_iter().for_each(a_run_leaves_all_its_files);
}

fn a_run_leaves_all_its_files(engine: Backend) {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    let configuration = Configuration { engine, ..tiny() };
    let outcome = train(&context, &configuration).unwrap();
    let folder = folder(&layout, &data, &configuration);
    let (record, epochs) = folder.read().unwrap();
    assert_eq!(record.status, Status::Done);
    let provenance = record.origin.provenance().unwrap();
    assert_eq!(provenance.libtorch.is_some(), engine == Backend::Tch);
    assert_eq!(provenance.instructions.is_some(), engine == Backend::Fused);
    assert_eq!(outcome, Outcome::Done(epochs[2].test_accuracy));
    assert_eq!(epochs.len(), 3);
    assert!(epochs[2].learning_rate.unwrap().abs() < 1e-12, "the last update has rate zero");

    let layers: Vec<LayerRow> = table::read(&folder.layers_path()).unwrap();
    assert_eq!(layers.len(), 8 * 4);
    let predictions: Vec<PredictionRow> = table::read(&folder.predictions_path()).unwrap();
    let correct = predictions.iter().filter(|row| row.label == row.prediction).count();
    assert!((correct as f64 / 100.0 - epochs[2].test_accuracy).abs() < 1e-12);
    for row in &predictions {
        assert_eq!(row.label, data.test.as_ref().unwrap().labels[row.image as usize]);
    }
    let (model, _) = state_dict::load(&folder.model_path()).unwrap();
    assert_eq!(
        model.len(),
        configuration.architecture().parameters().len() + configuration.architecture().buffers().len()
    );
    assert!(!folder.checkpoint_path().exists());

    let before = fs_err::metadata(folder.record_path()).unwrap().modified().unwrap();
    assert_eq!(train(&context, &configuration).unwrap(), outcome);
    assert_eq!(fs_err::metadata(folder.record_path()).unwrap().modified().unwrap(), before);
}

#[test]
fn a_diverged_run_is_a_row_with_that_status() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let configuration =
        Configuration { recipe: Recipe { peak_learning_rate: 1e30, ..tiny().recipe }, ..tiny() };
    let outcome = train(&context(&layout, &data, &stop), &configuration).unwrap();
    assert_eq!(outcome, Outcome::Diverged(1));
    let (record, epochs) = folder(&layout, &data, &configuration).read().unwrap();
    assert_eq!((record.status, epochs.len()), (Status::Diverged, 1));
    assert_eq!(train(&context(&layout, &data, &stop), &configuration).unwrap(), Outcome::Diverged(1));
}

#[test]
fn two_processes_do_not_train_one_run() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let configuration = tiny();
    let folder = folder(&layout, &data, &configuration);
    let _lock = held(&folder);
    assert_eq!(train(&context(&layout, &data, &stop), &configuration).unwrap(), Outcome::Elsewhere);
    assert!(!folder.record_path().exists());
}

#[test]
fn foreign_and_half_written_files_are_named_and_kept() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let configuration = tiny();
    let folder = folder(&layout, &data, &configuration);
    fs_err::create_dir_all(folder.path()).unwrap();
    artifacts::atomic::write(&folder.record_path(), "{\"format\": 1, \"name\":").unwrap();
    let error = format!("{:#}", train(&context(&layout, &data, &stop), &configuration).unwrap_err());
    assert!(error.contains("run.json") && error.contains("move the folder away"), "{error}");
    assert!(folder.record_path().exists());

    fs_err::remove_file(folder.record_path()).unwrap();
    artifacts::atomic::write(&folder.epochs_path(), "PAR1 half").unwrap();
    let error = format!("{:#}", train(&context(&layout, &data, &stop), &configuration).unwrap_err());
    assert!(error.contains("epochs.parquet") && error.contains("not a complete parquet file"), "{error}");
}
