//! Damaged runs and images: detected, named, and repaired if their weights allow it.

use crate::{context, folder, prepare, tiny};
use artifacts::dataset::{Split, Task};
use artifacts::run::{RunFolder, RunRecord, Status};
use artifacts::{Configuration, Experiment, Layout, Recipe, atomic};
use fs_err as fs;
use std::num::NonZeroUsize;
use std::path::Path;
use trainer::data::state_dict;
use trainer::machine::device::Device;
use trainer::machine::stop::Stop;
use trainer::run::context::TrainTest;
use trainer::run::repair::{Repair, Tally};
use trainer::run::session::{Outcome, train, train_until};
use trainer::sweep::{Jobs, SideBySide, sweep};

pub(crate) fn repair(layout: &Layout, retrain: bool) -> (Tally, String) {
    let mut said = String::new();
    let tally = Repair::new(layout, 1, retrain)
        .all(&mut |line| {
            said.push_str(&line);
            said.push('\n');
        })
        .unwrap();
    (tally, said)
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    let length = bytes.len();
    bytes[at % length] ^= 1 << (at % 8);
    atomic::write(path, bytes).unwrap();
}

/// Restores the state of an earlier version, without stamps and without file names in the record.
pub(crate) fn unseal(folder: &RunFolder) {
    let record = folder.read_record().unwrap();
    folder.write_record(&RunRecord { sealed: None, ..record }).unwrap();
    for path in folder.lasting().into_iter().chain([folder.checkpoint_path()]).filter(|path| path.exists()) {
        unstamp(&path);
    }
}

/// Breaks the mark of a file's stamp, so that the file is read as one without.
pub(crate) fn unstamp(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let mark = b"sha256-of-the-rest";
    let at = bytes.windows(mark.len()).rposition(|window| window == mark).unwrap();
    bytes[at] = b'S';
    atomic::write(path, bytes).unwrap();
}

#[test]
fn a_run_under_way_is_never_taken_up_from_damaged_files() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let (context, configuration) = (context(&layout, &data, &stop), tiny());
    assert_eq!(train_until(&context, &configuration, 2).unwrap(), Outcome::Interrupted(2));
    let folder = folder(&layout, &data, &configuration);
    for path in [folder.checkpoint_path(), folder.epochs_path(), folder.layers_path(), folder.record_path()] {
        let bytes = fs::read(&path).unwrap();
        for part in 0..12 {
            flip(&path, bytes.len() * part / 12 + 5);
            let error = format!("{:#}", train(&context, &configuration).unwrap_err());
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(error.contains(name), "{error}");
            atomic::write(&path, &bytes).unwrap();
        }
    }
    assert!(matches!(train(&context, &configuration).unwrap(), Outcome::Done(_)));
}

#[test]
fn a_run_of_an_earlier_version_is_taken_up_and_has_checksums_from_there() {
    let whole = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(whole.path());
    let (stop, configuration) = (Stop::default(), tiny());
    train(&context(&layout, &data, &stop), &configuration).unwrap();
    let expected = state_dict::load(&folder(&layout, &data, &configuration).model_path()).unwrap().0;

    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let context = context(&layout, &data, &stop);
    train_until(&context, &configuration, 1).unwrap();
    let folder = folder(&layout, &data, &configuration);
    unseal(&folder);
    assert_eq!(repair(&layout, false).0, Tally { whole: 1, ..Tally::default() });
    train_until(&context, &configuration, 2).unwrap();
    assert!(folder.read_record().unwrap().sealed.is_some());
    flip(&folder.checkpoint_path(), 5000);
    assert!(train(&context, &configuration).is_err());
    flip(&folder.checkpoint_path(), 5000);
    train(&context, &configuration).unwrap();
    assert_eq!(state_dict::load(&folder.model_path()).unwrap().0, expected);
}

#[test]
fn tables_of_a_finished_run_are_made_again_from_its_weights() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let (context, configuration) = (context(&layout, &data, &stop), tiny());
    train(&context, &configuration).unwrap();
    let folder = folder(&layout, &data, &configuration);
    let record = folder.read_record().unwrap();
    let predictions = fs::read(folder.predictions_path()).unwrap();
    let last = |folder: &RunFolder| {
        let mut rows = folder.read_layers(&folder.read_record().unwrap()).unwrap();
        rows.retain(|row| row.epoch == 3);
        rows
    };
    let layers = last(&folder);

    for damage in [
        &(|path: &Path| flip(path, 400)) as &dyn Fn(&Path),
        &|path: &Path| fs::remove_file(path).unwrap(),
        &|path: &Path| atomic::write(path, vec![0; 300]).unwrap(),
    ] {
        damage(&folder.predictions_path());
        let message = format!("{:#}", train(&context, &configuration).unwrap_err());
        assert!(message.contains("predictions.parquet") && message.contains("just repair"), "{message}");
        let (tally, said) = repair(&layout, false);
        assert_eq!((tally.mended, tally.broken), (1, 0), "{said}");
        assert_eq!(fs::read(folder.predictions_path()).unwrap(), predictions, "the same to the bit");
        assert!(matches!(train(&context, &configuration).unwrap(), Outcome::Done(_)));
    }
    flip(&folder.layers_path(), 400);
    let (tally, said) = repair(&layout, false);
    assert!(tally.mended == 1 && said.contains("layers.parquet (of the last epoch)"), "{said}");
    assert_eq!(last(&folder), layers);
    let mended = folder.read_record().unwrap();
    assert!(mended.sealed.as_ref().unwrap().later, "the record says that its files were sealed again");
    assert_eq!(RunRecord { sealed: None, ..mended }, RunRecord { sealed: None, ..record });

    // Without weights the predictions cannot be recomputed.
    flip(&folder.predictions_path(), 400);
    flip(&folder.model_path(), 4000);
    let (tally, said) = repair(&layout, false);
    assert!(tally.broken == 1 && said.contains("model.safetensors"), "{said}");
    assert!(said.contains(&folder.path().display().to_string()) && said.contains("RETRAIN=1"), "{said}");
    let (tally, said) = repair(&layout, true);
    assert!(tally.aside == 1 && said.contains("set aside"), "{said}");
    assert!(!folder.path().exists() && root.path().join("aside").join(folder.name()).exists());
    assert!(matches!(train(&context, &configuration).unwrap(), Outcome::Done(_)));
}

#[test]
fn what_a_repair_lacks_or_cannot_read_is_no_damage_of_the_run() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let (context, configuration) = (context(&layout, &data, &stop), tiny());
    train(&context, &configuration).unwrap();
    let folder = folder(&layout, &data, &configuration);
    fs::remove_file(folder.predictions_path()).unwrap();
    let images = layout.images(Task::Cifar10, Split::Test);
    let bytes = fs::read(&images).unwrap();
    fs::remove_file(&images).unwrap();
    for retrain in [false, true] {
        let (tally, said) = repair(&layout, retrain);
        assert_eq!((tally.broken, tally.aside), (1, 0), "{said}");
        assert!(said.contains("just data") && said.contains("left as it is"), "{said}");
        assert!(!said.contains("delete"), "{said}");
    }
    atomic::write(&images, bytes).unwrap();
    assert_eq!(repair(&layout, true).0.mended, 1);
    // A link to itself in a table's place: reading it fails as on a disk that fails, and a write would
    // replace it.
    for path in [folder.layers_path(), folder.predictions_path()] {
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&path, &path).unwrap();
        let (tally, said) = repair(&layout, true);
        assert_eq!((tally.broken, tally.aside, tally.mended), (1, 0, 0), "{said}");
        assert!(said.contains(path.file_name().unwrap().to_str().unwrap()), "{said}");
        assert!(fs::symlink_metadata(&path).unwrap().file_type().is_symlink(), "{said}");
        atomic::write(&path, bytes).unwrap();
    }
    assert_eq!(repair(&layout, true).0.whole, 1);
    // A folder in a table's place cannot be read either.
    fs::remove_file(folder.epochs_path()).unwrap();
    fs::create_dir(folder.epochs_path()).unwrap();
    let (tally, said) = repair(&layout, true);
    assert!(tally.broken == 1 && tally.aside == 0 && said.contains("epochs.parquet"), "{said}");
    assert!(folder.path().exists());
}

#[test]
fn a_run_whose_tables_have_a_gap_is_not_continued_over_it() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let (context, configuration) = (context(&layout, &data, &stop), tiny());
    assert_eq!(train_until(&context, &configuration, 2).unwrap(), Outcome::Interrupted(2));
    let folder = folder(&layout, &data, &configuration);
    let layers = folder.read_layers(&folder.read_record().unwrap()).unwrap();
    let without: Vec<_> = layers.iter().filter(|row| row.epoch != 1).cloned().collect();
    let tables = [folder.layers_path(), folder.epochs_path()].map(|path| (fs::read(&path).unwrap(), path));
    for gap in [
        &(|| folder.write_layers(&without).unwrap()) as &dyn Fn(),
        &|| fs::remove_file(folder.layers_path()).unwrap(),
        &|| fs::remove_file(folder.epochs_path()).unwrap(),
    ] {
        gap();
        let message = format!("{:#}", train(&context, &configuration).unwrap_err());
        assert!(message.contains("belongs to epoch 2, but ") && message.contains("delete it"), "{message}");
        let (tally, said) = repair(&layout, false);
        assert!(tally.broken == 1 && said.contains("belongs to epoch 2, but "), "{said}");
        for (bytes, path) in &tables {
            atomic::write(path, bytes).unwrap();
        }
    }
    fs::remove_file(folder.layers_path()).unwrap();
    fs::remove_file(folder.checkpoint_path()).unwrap();
    assert!(matches!(train(&context, &configuration).unwrap(), Outcome::Done(_)));
    let all = folder.read_layers(&folder.read_record().unwrap()).unwrap();
    assert!(all.len() > layers.len() && all.starts_with(&layers), "as if nothing had happened");
}

#[test]
fn runs_of_earlier_versions_are_sealed_once_and_say_so() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let (context, configuration) = (context(&layout, &data, &stop), tiny());
    train(&context, &configuration).unwrap();
    let folder = folder(&layout, &data, &configuration);
    unseal(&folder);
    let tables = folder.lasting().map(|path| fs::read(path).unwrap());
    assert!(matches!(train(&context, &configuration).unwrap(), Outcome::Done(_)));
    let (tally, said) = repair(&layout, false);
    assert_eq!(tally, Tally { whole: 1, sealed: 1, ..Tally::default() }, "{said}");
    assert_eq!(folder.lasting().map(|path| fs::read(path).unwrap()), tables, "only the record is written");
    let record = folder.read_record().unwrap();
    assert!(record.status == Status::Done && record.sealed.unwrap().later);
    assert_eq!(repair(&layout, false).0.sealed, 0);
    flip(&folder.epochs_path(), 300);
    let (tally, said) = repair(&layout, false);
    assert!(tally.broken == 1 && said.contains("epochs.parquet"), "{said}");
}

#[test]
fn a_sweep_names_damaged_runs_and_trains_the_others() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let context = context(&layout, &data, &stop);
    let runs: Vec<_> = (0..3)
        .map(|seed| Configuration { recipe: Recipe { epochs: 1, ..tiny().recipe }, seed, ..tiny() })
        .collect();
    let bad: Vec<_> = runs[..2].iter().map(|run| folder(&layout, &data, run)).collect();
    for run in &runs[..2] {
        train(&context, run).unwrap();
    }
    fs::remove_file(bad[0].predictions_path()).unwrap();
    fs::copy(bad[0].epochs_path(), bad[1].epochs_path()).unwrap();
    let experiment =
        Experiment { name: "three".into(), title: "three".into(), tuned: false, verdict: None, runs };
    let one = NonZeroUsize::MIN;
    let side_by_side =
        SideBySide { jobs: Jobs::Exactly(one), per_device: one, threads: Some(1), cores: 1, wait: false };
    let error = sweep(&context, &[Device::Cpu], &experiment, side_by_side, false).unwrap_err().to_string();
    assert!(
        error.contains("2 of 3 runs failed") && bad.iter().all(|bad| error.contains(&bad.name())),
        "{error}"
    );
    let good = folder(&layout, &data, &experiment.runs[2]);
    assert_eq!(good.read_record().unwrap().status, Status::Done);
}

#[test]
fn damaged_and_exchanged_images_are_refused_before_training() {
    let root = tempfile::tempdir().unwrap();
    let (layout, _) = prepare(root.path());
    for split in Split::ALL {
        let path = layout.images(Task::Cifar10, split);
        let bytes = fs::read(&path).unwrap();
        for part in 0..10 {
            flip(&path, bytes.len() * part / 11 + 1000);
            let error = TrainTest::read(&layout, Task::Cifar10, true).unwrap_err().to_string();
            assert!(error.contains(split.name()) && error.contains("just data"), "{error}");
            atomic::write(&path, &bytes).unwrap();
        }
    }
    let (train, test) =
        (layout.images(Task::Cifar10, Split::Train), layout.images(Task::Cifar10, Split::Test));
    fs::copy(&train, &test).unwrap();
    let error = TrainTest::read(&layout, Task::Cifar10, true).unwrap_err().to_string();
    assert!(error.contains("test.parquet: holds the train images"), "{error}");
}
