//! Exports of made-up studies: what they hold, and what they leave alone.

use crate::support::{Plan, empty};
use artifacts::study::Study;
use artifacts::{Configuration, Layout, Recipe};
use network::Arm;
use report::export::message::Message;
use report::export::rows::Rows;
use report::export::{Format, files};
use serde_json::Value;
use std::process::{Command, Output};

fn study() -> Study {
    let recipe = Configuration {
        recipe: Recipe { epochs: 3, validation_images: Some(5000), ..Recipe::default() },
        ..Configuration::default()
    };
    Plan { recipe, seeds: 2, rankscales: vec![8, 31], ..Plan::default() }.study()
}

fn only_file(study: &Study, format: Format) -> String {
    let [(_, bytes)] = &files(study, format)[..] else { panic!("one file") };
    String::from_utf8(bytes.clone()).expect("text")
}

fn lines(study: &Study) -> Vec<Value> {
    let object = |line| serde_json::from_str(line).expect("each line is an object");
    only_file(study, Format::Jsonl).lines().map(object).collect()
}

#[test]
fn each_epoch_of_each_run_is_a_row_with_the_keys_of_the_configuration() {
    let study = study();
    let lines = lines(&study);
    assert_eq!(lines.len(), study.epochs.len());
    let keys = serde_json::to_value(&study.summary.recipes[0].configuration).unwrap();
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(line["epoch"], at % 3 + 1);
        assert!(keys.as_object().unwrap().keys().all(|key| line.get(key).is_some()), "{line}");
        let run = study.runs.iter().find(|run| run.run == line["run"]).unwrap();
        assert_eq!((&line["decay"], &line["lambda"]), (&run.decay.as_str().into(), &run.lambda.into()));
        assert_eq!((&line["peak_learning_rate"], &line["validation_images"]), (&0.2.into(), &5000.into()));
        let row = study.epochs.iter().find(|row| row.run == run.run && line["epoch"] == row.epoch).unwrap();
        assert_eq!(line["test_accuracy"], row.test_accuracy);
    }
}

#[test]
fn a_table_has_as_many_cells_in_every_line_as_in_its_header() {
    let study = study();
    let text = only_file(&study, Format::Csv);
    let cells: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(cells.len(), 1 + study.epochs.len());
    assert!(cells.iter().all(|count| *count == cells[0]), "{cells:?}");
    let rows = Rows::of(&study);
    assert_eq!(rows.of_run.len() + rows.of_epoch.len(), cells[0]);
}

#[test]
fn a_run_of_a_recipe_that_nothing_is_known_of_keeps_what_its_table_says() {
    let mut study = study();
    study.summary.recipes.clear();
    assert!(
        lines(&study).iter().all(|line| line["batch"] == 512 && line.get("peak_learning_rate").is_none())
    );
    for format in [Format::Csv, Format::Jsonl, Format::Tensorboard] {
        let bytes: usize = files(&empty(), format).iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(bytes < 100, "{format:?}");
    }
}

#[test]
fn curves_are_named_after_the_images_that_judge() {
    let names = |study: &Study| {
        let (_, bytes) = files(study, Format::Tensorboard).remove(0);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        ["accuracy/test", "loss/test", "accuracy/held-out", "loss/held-out"].map(|name| text.contains(name))
    };
    assert_eq!(names(&study()), [false, false, true, true]);
    assert_eq!(names(&Plan { seeds: 1, ..Plan::default() }.study()), [true, true, false, false]);
}

#[test]
fn each_curve_has_the_numbers_of_its_column_at_its_epoch() {
    let mut study =
        Plan { seeds: 1, rankscales: vec![8], arms: vec![Arm::ORIGINAL], ..Plan::default() }.study();
    let row = study.epochs.iter_mut().find(|row| row.epoch == 32).unwrap();
    (row.test_accuracy, row.train_accuracy) = (0.25, Some(0.75));
    (row.test_loss, row.train_loss, row.learning_rate) = (Some(2.5), Some(1.5), Some(0.125));
    let points = [
        ("accuracy/test", 0.25),
        ("accuracy/train", 0.75),
        ("loss/test", 2.5),
        ("loss/train", 1.5),
        ("learning rate", 0.125),
    ];
    let summary = points.into_iter().fold(Message::new(), |summary, (tag, value)| {
        summary.message(1, &Message::new().text(1, tag).float(2, value))
    });
    // A quarter of the run's 1000 seconds has passed.
    let event = Message::new().double(1, 250.0).number(2, 32).message(5, &summary);
    let (_, bytes) = files(&study, Format::Tensorboard).remove(0);
    assert!(bytes.windows(event.as_bytes().len()).any(|part| part == event.as_bytes()));
}

#[test]
fn the_order_of_rows_changes_no_byte() {
    let study = study();
    let mut turned = study.clone();
    turned.runs.reverse();
    turned.epochs.reverse();
    for format in [Format::Csv, Format::Jsonl, Format::Tensorboard] {
        assert_eq!(files(&study, format), files(&turned, format));
    }
}

fn export(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_report")).arg("export").args(words).output().expect("the program starts")
}

#[test]
fn it_goes_to_the_work_directory_and_again_and_never_over_what_is_not_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::new(directory.path());
    let words = ["--format", "tensorboard", "--work", directory.path().to_str().unwrap()];
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let early = export(&words);
    assert!(!early.status.success() && said(&early).contains("just analyse"), "{}", said(&early));
    study().write(&layout).unwrap();
    for _ in 0..2 {
        let output = export(&words);
        assert!(output.status.success(), "{}", said(&output));
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.starts_with("8 runs with 24 epochs in ") && text.contains("--logdir"), "{text}");
    }
    let place = layout.exports().join("tensorboard");
    assert_eq!(fs_err::read_dir(&place).unwrap().count(), 8 + 1);
    artifacts::atomic::write(&place.join("notes"), "theirs").unwrap();
    let late = export(&words);
    assert!(!late.status.success() && said(&late).contains("no export wrote notes"), "{}", said(&late));
    assert!(place.join("notes").exists());
    let elsewhere = directory.path().join("elsewhere");
    assert!(export(&[&words[..], &["--out", elsewhere.to_str().unwrap()]].concat()).status.success());
    assert_eq!(fs_err::read_dir(elsewhere).unwrap().count(), 8 + 1);
}
