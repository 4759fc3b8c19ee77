//! Runs on a tiny generated data set: files, resume, stop, and what must be refused.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

use artifacts::dataset::{Dataset, Split};
use artifacts::run::{EpochRow, LayerRow, PredictionRow, RunFolder, Status};
use artifacts::{Configuration, Engine, Experiment, Layout, table};
use network::Arm;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::LazyLock;
use trainer::arrays;
#[cfg(feature = "tch")]
use trainer::arrays::Arrays;
use trainer::device::Device;
#[cfg(feature = "tch")]
use trainer::initialise::initialise;
use trainer::progress::Screen;
use trainer::session::{Outcome, train};
use trainer::stop::Stop;
use trainer::sweep::{Jobs, SideBySide, sweep};
use trainer::workplace::{Data, Workplace};

fn prepare(root: &Path) -> (Layout, Data) {
    let layout = Layout::new(root);
    Dataset::generated(300, 1).write(&Split::Train.path(&layout)).unwrap();
    Dataset::generated(100, 2).write(&Split::Test.path(&layout)).unwrap();
    let data = Data::read(&layout).unwrap();
    (layout, data)
}

fn tiny() -> Configuration {
    let channels = [4, 8, 8, 8];
    Configuration {
        rankscale: 2,
        channels,
        epochs: 3,
        batch: 64,
        engine: Engine::Fused,
        ..Configuration::default()
    }
}

/// Those that this program has.
fn engines() -> Vec<Engine> {
    if cfg!(feature = "tch") { Engine::ALL.to_vec() } else { vec![Engine::Fused] }
}

fn workplace<'a>(layout: &'a Layout, data: &'a Data, stop: &'a Stop) -> Workplace<'a> {
    static SCREEN: LazyLock<Screen> = LazyLock::new(Screen::default);
    Workplace { layout, data, device: Device::Cpu, threads: 1, stop, screen: &SCREEN }
}

fn folder(layout: &Layout, data: &Data, configuration: &Configuration) -> RunFolder {
    RunFolder::new(layout.run(&configuration.run_name(&data.fingerprint())))
}

#[test]
fn a_run_leaves_all_its_files_and_is_not_trained_twice() {
    engines().into_iter().for_each(a_run_leaves_all_its_files);
}

fn a_run_leaves_all_its_files(engine: Engine) {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let workplace = workplace(&layout, &data, &stop);
    let configuration = Configuration { engine, ..tiny() };
    let outcome = train(&workplace, &configuration).unwrap();
    let folder = folder(&layout, &data, &configuration);
    let (record, epochs) = folder.read().unwrap();
    assert_eq!(record.status, Status::Done);
    let provenance = record.provenance.unwrap();
    assert_eq!(provenance.libtorch.is_some(), engine == Engine::Tch);
    assert_eq!(provenance.instructions.is_some(), engine == Engine::Fused);
    assert_eq!(outcome, Outcome::Done(epochs[2].test_accuracy));
    assert_eq!(epochs.len(), 3);
    assert!(epochs[2].learning_rate.unwrap().abs() < 1e-12, "the last update has rate zero");

    let layers: Vec<LayerRow> = table::read(&folder.layers_path()).unwrap();
    assert_eq!(layers.len(), 8 * 4);
    let predictions: Vec<PredictionRow> = table::read(&folder.predictions_path()).unwrap();
    let correct = predictions.iter().filter(|row| row.label == row.prediction).count();
    assert!((correct as f64 / 100.0 - epochs[2].test_accuracy).abs() < 1e-12);
    for row in &predictions {
        assert_eq!(row.label, data.test.labels[row.image as usize]);
    }
    let (model, _) = arrays::load(&folder.model_path()).unwrap();
    assert_eq!(
        model.len(),
        configuration.architecture().parameters().len() + configuration.architecture().buffers().len()
    );
    assert!(!folder.checkpoint_path().exists());

    let before = fs_err::metadata(folder.record_path()).unwrap().modified().unwrap();
    assert_eq!(train(&workplace, &configuration).unwrap(), outcome);
    assert_eq!(fs_err::metadata(folder.record_path()).unwrap().modified().unwrap(), before);
}

#[test]
fn a_run_stopped_after_any_epoch_ends_with_the_same_bits() {
    engines().into_iter().for_each(a_stopped_run_ends_with_the_same_bits);
}

fn a_stopped_run_ends_with_the_same_bits(engine: Engine) {
    let whole = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(whole.path());
    let stop = Stop::default();
    let configuration = Configuration { decay: Arm::Frobenius, engine, ..tiny() };
    train(&workplace(&layout, &data, &stop), &configuration).unwrap();
    let expected = folder(&layout, &data, &configuration);
    let (expected_model, _) = arrays::load(&expected.model_path()).unwrap();
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
        let outcome = train(&workplace(&layout, &data, &stop), &configuration).unwrap();
        watcher.join().unwrap();
        if let Outcome::Interrupted(done) = outcome {
            assert!(done >= epoch);
            assert_eq!(found.read_record().unwrap().status, Status::Interrupted);
        }
    }
    let stop = Stop::default();
    train(&workplace(&layout, &data, &stop), &configuration).unwrap();
    let (model, _) = arrays::load(&found.model_path()).unwrap();
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
    let outcome = train(&workplace(&layout, &data, &stop), &configuration).unwrap();
    assert_eq!(outcome, Outcome::Interrupted(0));
    // As a crash between the tables and the checkpoint of epoch 1 leaves it.
    let folder = folder(&layout, &data, &configuration);
    let row = EpochRow { epoch: 1, test_accuracy: 0.123, ..EpochRow::default() };
    table::write(&folder.epochs_path(), &[row]).unwrap();
    train(&workplace(&layout, &data, &Stop::default()), &configuration).unwrap();
    let epochs = folder.read_epochs().unwrap();
    assert!(epochs.len() == 3 && epochs[0].train_loss.is_some());
}

#[test]
fn a_diverged_run_is_a_row_with_that_status() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let configuration = Configuration { peak_learning_rate: 1e30, ..tiny() };
    let outcome = train(&workplace(&layout, &data, &stop), &configuration).unwrap();
    assert_eq!(outcome, Outcome::Diverged(1));
    let (record, epochs) = folder(&layout, &data, &configuration).read().unwrap();
    assert_eq!((record.status, epochs.len()), (Status::Diverged, 1));
    assert_eq!(train(&workplace(&layout, &data, &stop), &configuration).unwrap(), Outcome::Diverged(1));
}

#[cfg(feature = "tch")]
#[test]
fn half_precision_trains_with_float32_batch_norm() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    for precision in [artifacts::Precision::Bf16, artifacts::Precision::Fp16] {
        let configuration = Configuration { precision, engine: Engine::Tch, ..tiny() };
        let Outcome::Done(_) = train(&workplace(&layout, &data, &stop), &configuration).unwrap() else {
            panic!("{precision} did not finish");
        };
        let rows = folder(&layout, &data, &configuration).read_epochs().unwrap();
        assert!(rows.iter().all(|row| row.train_loss.unwrap() < 3.0), "{precision}: {rows:?}");
    }
}

/// Two engines, one recipe. Two updates, the second at rate zero: a longer way would magnify rounding. Even in one, rounding
/// decides a rectifier or a pool otherwise here and there (libtorch's channels-last kernels round ten times as coarsely as its others,
/// or ours); so the whole change is compared, which another image, draw, rate or decay would turn around. What each
/// engine computes is held to the reference number by number in the parity tests.
#[cfg(feature = "tch")]
#[test]
fn both_engines_train_the_same_network() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    for seed in 0..4 {
        let [(tch, first), (fused, second)] = Engine::ALL.map(|engine| {
            let configuration = Configuration { engine, seed, epochs: 2, train_images: Some(64), ..tiny() };
            train(&workplace(&layout, &data, &stop), &configuration).unwrap();
            let folder = folder(&layout, &data, &configuration);
            (arrays::load(&folder.model_path()).unwrap().0, folder.read_epochs().unwrap()[1].clone())
        });
        let off = first.train_loss.unwrap() - second.train_loss.unwrap();
        assert!(off.abs() < 1e-4, "seed {seed}, loss: off by {off:.1e}");
        let start = initialise(&tiny().architecture(), seed);
        let distance = |from: &Arrays| {
            let squares =
                tch.iter().flat_map(|(name, end)| (end - &from[name]).mapv(|d| f64::from(d).powi(2)));
            squares.sum::<f64>().sqrt()
        };
        let off = distance(&fused) / distance(&start);
        assert!(off < 3e-3, "seed {seed}: the change is off by {off:.1e}");
    }
}

#[test]
fn two_processes_do_not_train_one_run() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let configuration = tiny();
    let folder = folder(&layout, &data, &configuration);
    fs_err::create_dir_all(folder.path()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a lock, not a file somebody reads")]
    let lock = std::fs::File::create(folder.lock_path()).unwrap();
    lock.lock().unwrap();
    assert_eq!(train(&workplace(&layout, &data, &stop), &configuration).unwrap(), Outcome::Elsewhere);
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
    let error = format!("{:#}", train(&workplace(&layout, &data, &stop), &configuration).unwrap_err());
    assert!(error.contains("run.json") && error.contains("move the folder away"), "{error}");
    assert!(folder.record_path().exists());

    fs_err::remove_file(folder.record_path()).unwrap();
    artifacts::atomic::write(&folder.epochs_path(), "PAR1 half").unwrap();
    let error = format!("{:#}", train(&workplace(&layout, &data, &stop), &configuration).unwrap_err());
    assert!(error.contains("epochs.parquet") && error.contains("not a complete parquet file"), "{error}");
}

#[test]
fn a_sweep_side_by_side_ends_like_one_after_the_other() {
    let stop = Stop::default();
    let runs: Vec<_> = (0..5).map(|seed| Configuration { seed, epochs: 1, ..tiny() }).collect();
    let experiment = Experiment { name: "five".into(), title: "five runs".into(), runs: runs.clone() };
    let models = [1, 3].map(|jobs| {
        let root = tempfile::tempdir().unwrap();
        let (layout, data) = prepare(root.path());
        let workplace = workplace(&layout, &data, &stop);
        assert_eq!(sweep(&workplace, &[Device::Cpu], &experiment, at_once(jobs), false).unwrap(), None);
        runs.iter()
            .map(|run| arrays::load(&folder(&layout, &data, run).model_path()).unwrap().0)
            .collect::<Vec<_>>()
    });
    assert_eq!(models[0], models[1]);
}

#[test]
fn a_sweep_leaves_a_run_alone_that_is_trained_elsewhere() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let (ours, theirs) = (tiny(), Configuration { seed: 1, ..tiny() });
    let experiment =
        Experiment { name: "two".into(), title: "two runs".into(), runs: vec![theirs.clone(), ours.clone()] };
    let busy = folder(&layout, &data, &theirs);
    fs_err::create_dir_all(busy.path()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a lock, not a file somebody reads")]
    let lock = std::fs::File::create(busy.lock_path()).unwrap();
    lock.lock().unwrap();
    let workplace = workplace(&layout, &data, &stop);
    assert_eq!(sweep(&workplace, &[Device::Cpu], &experiment, at_once(2), false).unwrap(), None);
    assert_eq!(folder(&layout, &data, &ours).read_record().unwrap().status, Status::Done);
    assert!(!busy.record_path().exists());
}

fn at_once(jobs: usize) -> SideBySide {
    let jobs = NonZeroUsize::new(jobs).unwrap();
    SideBySide { jobs: Jobs::Exactly(jobs), per_device: jobs, threads: Some(1), cores: 2 }
}

#[test]
fn a_sweep_goes_on_after_a_failure_and_names_it() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let (good, bad) = (Configuration { seed: 1, ..tiny() }, tiny());
    let experiment =
        Experiment { name: "two".into(), title: "two runs".into(), runs: vec![bad.clone(), good.clone()] };
    let broken = folder(&layout, &data, &bad);
    artifacts::atomic::write(&broken.record_path(), "not JSON").unwrap();
    let workplace = workplace(&layout, &data, &stop);
    assert_eq!(sweep(&workplace, &[Device::Cpu], &experiment, at_once(2), true).unwrap(), None);
    assert!(!folder(&layout, &data, &good).path().exists(), "a plan trains nothing");
    let error = sweep(&workplace, &[Device::Cpu], &experiment, at_once(2), false).unwrap_err().to_string();
    assert!(error.contains(&bad.run_name(&data.fingerprint())), "{error}");
    assert_eq!(folder(&layout, &data, &good).read_record().unwrap().status, Status::Done);
    assert_eq!(Experiment::read_plan(&layout.plan()).unwrap(), experiment);
}
