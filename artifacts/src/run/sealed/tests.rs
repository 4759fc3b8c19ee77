use super::*;
use crate::run::{Status, made_up};
use crate::{Configuration, Recipe};
use fs_err as fs;

/// A sealed run of two epochs, with this status.
fn run(runs: &Path, seed: u64, status: Status) -> RunFolder {
    let configuration =
        Configuration { recipe: Recipe { epochs: 2, ..Recipe::default() }, seed, ..Configuration::default() };
    let record = made_up::record(configuration, status);
    let folder = RunFolder::new(runs.join(&record.name));
    let accuracy = 0.5 + seed as f64 / 100.0;
    let epochs = [1, 2].map(|epoch| EpochRow { epoch, test_accuracy: accuracy, ..EpochRow::default() });
    folder.write_epochs(&epochs).unwrap();
    let layer = |epoch| LayerRow {
        epoch,
        layer: "prep".into(),
        weight_norm: accuracy,
        product_norm: None,
        stable_rank: None,
    };
    folder.write_layers(&[layer(0), layer(1), layer(2)]).unwrap();
    let prediction = |image| PredictionRow { image, label: 1, prediction: (image % 10) as u8, loss: 0.1 };
    folder.write_predictions(&(0..50).map(prediction).collect::<Vec<_>>()).unwrap();
    let sealed = match status {
        Status::Done => folder.seal().unwrap(),
        _ => FileSums::default(),
    };
    folder.write_record(&RunRecord { sealed: Some(sealed), ..record }).unwrap();
    folder
}

type Contents = (RunRecord, Vec<EpochRow>, Vec<LayerRow>, Vec<PredictionRow>);

fn read(folder: &RunFolder) -> Result<Contents, RunError> {
    let (record, epochs) = folder.read()?;
    let (layers, predictions) = (folder.read_layers(&record)?, folder.read_predictions(&record)?);
    Ok((record, epochs, layers, predictions))
}

fn files(folder: &RunFolder) -> [PathBuf; 4] {
    [folder.record_path(), folder.epochs_path(), folder.layers_path(), folder.predictions_path()]
}

#[test]
fn every_flip_cut_and_blank_in_a_run_is_noticed_or_harmless() {
    for status in [Status::Done, Status::Running] {
        let runs = tempfile::tempdir().unwrap();
        let folder = run(runs.path(), 0, status);
        let whole = read(&folder).unwrap();
        for path in files(&folder) {
            let bytes = fs::read(&path).unwrap();
            let length = bytes.len();
            let flips = (0..length).step_by(2).map(|at| {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << (at / 2 % 8);
                flipped
            });
            let cuts = (0..8).map(|part| bytes[..length * part / 8].to_vec());
            let blanks = (0..8).map(|part| {
                let mut blank = bytes.clone();
                blank[length * part / 8..length * (part + 1) / 8].fill(0);
                blank
            });
            for damaged in flips.chain(cuts).chain(blanks).filter(|damaged| *damaged != bytes) {
                fs::write(&path, damaged).unwrap();
                match read(&folder) {
                    Err(error) => {
                        let message = error.to_string();
                        assert!(message.contains(&*file_name(&path)), "{message}");
                    }
                    Ok(found) => assert!(found == whole, "{} is used silently", path.display()),
                }
            }
            fs::write(&path, bytes).unwrap();
        }
        assert!(read(&folder).unwrap() == whole);
    }
}

#[test]
fn no_file_of_another_run_is_taken_for_ones_own() {
    for status in [Status::Done, Status::Running] {
        let runs = tempfile::tempdir().unwrap();
        let (ours, theirs) = (run(runs.path(), 0, status), run(runs.path(), 1, status));
        for (path, other) in files(&ours).into_iter().zip(files(&theirs)) {
            let bytes = fs::read(&path).unwrap();
            fs::copy(&other, &path).unwrap();
            assert!(read(&ours).is_err(), "{}", path.display());
            fs::write(&path, bytes).unwrap();
        }
        assert!(read(&ours).is_ok());
    }
}

#[test]
fn a_missing_table_of_a_finished_run_is_named_with_what_to_do() {
    let runs = tempfile::tempdir().unwrap();
    let folder = run(runs.path(), 0, Status::Done);
    fs::remove_file(folder.predictions_path()).unwrap();
    let message = read(&folder).unwrap_err().to_string();
    assert!(message.contains("predictions.parquet: is missing"), "{message}");
    assert!(message.contains("`just repair`"), "{message}");
}

#[test]
fn a_table_that_a_finished_run_does_not_name_is_refused() {
    let runs = tempfile::tempdir().unwrap();
    let folder = run(runs.path(), 0, Status::Done);
    let (mut record, ..) = read(&folder).unwrap();
    record.sealed.as_mut().unwrap().files.remove("predictions.parquet").unwrap();
    folder.write_record(&record).unwrap();
    let message = read(&folder).unwrap_err().to_string();
    assert!(message.contains("predictions.parquet: is not among the files that run.json names"), "{message}");
}

#[test]
fn a_label_or_a_prediction_that_is_no_class_is_refused() {
    let runs = tempfile::tempdir().unwrap();
    let folder = run(runs.path(), 0, Status::Done);
    let (record, ..) = read(&folder).unwrap();
    folder.write_record(&RunRecord { sealed: None, ..record }).unwrap();
    let written = |label, prediction| {
        folder.write_predictions(&[PredictionRow { image: 0, label, prediction, loss: 0.1 }]).unwrap();
        read(&folder).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(written(9, 9), Ok(()));
    for (label, prediction) in [(10, 9), (9, 10)] {
        let message = written(label, prediction).unwrap_err();
        assert!(
            message.contains("predictions.parquet") && message.contains("no class of the data set"),
            "{message}"
        );
    }
}

#[test]
fn runs_of_earlier_versions_are_read_and_wrong_counts_are_not() {
    let runs = tempfile::tempdir().unwrap();
    let folder = run(runs.path(), 0, Status::Done);
    let (mut record, ..) = read(&folder).unwrap();
    record.sealed = None;
    folder.write_record(&record).unwrap();
    assert!(read(&folder).is_ok());
    fs::remove_file(folder.predictions_path()).unwrap();
    assert!(read(&folder).unwrap().3.is_empty());
    record.counts.ratio_full = record.counts.ratio_full.next_up();
    folder.write_record(&record).unwrap();
    let message = read(&folder).unwrap_err().to_string();
    assert!(message.contains("run.json: its counts are not those of its network"), "{message}");
}
