//! Runs that are evaluated on held-out training images: no test image is read.

use crate::{context, folder, prepare, tiny};
use artifacts::dataset::{Header, Split, Task};
use artifacts::run::{PredictionRow, Status};
use artifacts::{Configuration, Layout, Recipe, table};
use std::process::Command;
use trainer::machine::stop::Stop;
use trainer::run::context::TrainTest;
use trainer::run::session::{Outcome, train};

/// Overwrites all test images, but not the header of their file.
fn blot_out_test_images(layout: &Layout) {
    let path = layout.images(Task::Cifar10, Split::Test);
    let mut bytes = fs_err::read(&path).unwrap();
    let length = bytes.len();
    let footer = u32::from_le_bytes(bytes[length - 8..length - 4].try_into().unwrap()) as usize;
    bytes[4..length - 8 - footer].fill(0);
    fs_err::write(&path, bytes).unwrap();
    Header::read(&path).unwrap();
    TrainTest::read(layout, Task::Cifar10, true).unwrap_err();
}

#[test]
fn a_run_that_holds_images_out_is_judged_by_them_and_needs_no_test_image() {
    let root = tempfile::tempdir().unwrap();
    let (layout, whole) = prepare(root.path());
    let stop = Stop::default();
    let held_out =
        Configuration { recipe: Recipe { validation_images: Some(50), ..tiny().recipe }, ..tiny() };
    let Outcome::Done(accuracy) = train(&context(&layout, &whole, &stop), &held_out).unwrap() else {
        panic!("not done")
    };
    let folder = folder(&layout, &whole, &held_out);
    let predictions: Vec<PredictionRow> = table::read(&folder.predictions_path()).unwrap();
    assert_eq!(predictions.len(), 50);
    assert!(predictions.iter().all(|row| row.label == whole.train.labels[row.image as usize]));
    let right = predictions.iter().filter(|row| row.label == row.prediction).count();
    assert_eq!(accuracy, right as f64 / 50.0);
    let with_test_images = folder.read().unwrap();

    fs_err::remove_dir_all(folder.path()).unwrap();
    blot_out_test_images(&layout);
    let data = TrainTest::read(&layout, Task::Cifar10, false).unwrap();
    assert_eq!(train(&context(&layout, &data, &stop), &held_out).unwrap(), Outcome::Done(accuracy));
    let without = folder.read().unwrap();
    assert_eq!(without.0.name, with_test_images.0.name);
    let loss = |(_, epochs): &(_, Vec<artifacts::run::EpochRow>)| epochs.last().unwrap().test_loss;
    assert_eq!(loss(&without), loss(&with_test_images));
    let message = train(&context(&layout, &data, &stop), &tiny()).unwrap_err();
    assert!(format!("{message:#}").contains("the test images were not read"), "{message:#}");
}

#[test]
fn a_sweep_on_held_out_images_reads_no_test_image_and_one_on_test_images_does() {
    let root = tempfile::tempdir().unwrap();
    let (layout, _) = prepare(root.path());
    blot_out_test_images(&layout);
    let sweep = |recipe: &str| {
        let path = root.path().join("tiny.toml");
        let text = format!(
            "title='t'\n[recipe]\nepochs=1\nbatch=64\nchannels=[4,8,8,8]\n{recipe}\n[[grid]]\nrankscale=[2]\ndecay=['none']\nseed=[0]\n"
        );
        fs_err::write(&path, text).unwrap();
        let mut trainer = Command::new(env!("CARGO_BIN_EXE_trainer"));
        trainer.args(["sweep", "--device", "cpu", "--engine", "fused", "--threads", "1", "--experiment"]);
        trainer.arg(&path).arg("--work").arg(layout.root()).output().unwrap()
    };
    let found = sweep("validation_images=50");
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let runs = artifacts::run::folders(&layout.runs()).unwrap();
    assert!(matches!(runs.as_slice(), [run] if run.read_record().unwrap().status == Status::Done));
    let found = sweep("");
    assert!(!found.status.success());
    assert!(String::from_utf8_lossy(&found.stderr).contains("test.parquet"));
}

#[test]
fn more_images_held_out_than_there_are_is_named_before_anything_runs() {
    let root = tempfile::tempdir().unwrap();
    let (layout, data) = prepare(root.path());
    let stop = Stop::default();
    let none_left =
        Configuration { recipe: Recipe { validation_images: Some(299), ..tiny().recipe }, ..tiny() };
    let message = format!("{:#}", train(&context(&layout, &data, &stop), &none_left).unwrap_err());
    assert!(message.contains("batch 64: larger than the 1 training images"), "{message}");
    let too_many =
        Configuration { recipe: Recipe { validation_images: Some(301), ..tiny().recipe }, ..tiny() };
    let message = format!("{:#}", train(&context(&layout, &data, &stop), &too_many).unwrap_err());
    assert!(message.contains("301 images asked for, but the data set has 300"), "{message}");
}
