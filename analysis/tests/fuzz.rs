//! Fuzzes imported results, and whole analyses beside a file of arbitrary bytes: the outcome is an error that
//! names the file, or a study that obeys the rules.
//!
//! `PROPTEST_CASES=10000 cargo test --release -p analysis --test fuzz` tries more cases.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

#[path = "../../artifacts/tests/mutation/mod.rs"]
mod mutation;

use analysis::runs::import;
use analysis::{Choice, analyse};
use artifacts::run::{EpochRow, LayerRow, PredictionRow, RunFolder, RunRecord};
use artifacts::study::Study;
use artifacts::{Layout, table};
use fs_err as fs;
use mutation::mutated;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../results").join(name)
}

#[test]
fn the_results_of_a_notebook() {
    let valid = fs::read(kept("seeds").join("analysis/results.json")).unwrap();
    let read = |path: &Path| {
        let text = artifacts::reading::text(path)?;
        Ok::<_, anyhow::Error>(import::runs(&[("results.json".to_owned(), text)])?)
    };
    mutated(500, "results.json", &valid, read, |imported| {
        for (record, epoch) in imported.runs {
            record.configuration.validated().unwrap();
            assert!((0.0..=1.0).contains(&epoch.test_accuracy));
        }
    });
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A kept study whose runs hold no checksums, as those of an earlier version.
fn study() -> (TempDir, Layout) {
    let directory = TempDir::new().unwrap();
    for part in ["plans", "runs"] {
        copy(&kept("seeds").join(part), &directory.path().join(part));
    }
    fs::copy(kept("seeds").join("plan.json"), directory.path().join("plan.json")).unwrap();
    let layout = Layout::new(directory.path());
    for folder in artifacts::run::folders(&layout.runs()).unwrap() {
        let record = folder.read_record().unwrap();
        let epochs = folder.epochs_of(&record).unwrap();
        let layers = folder.read_layers(&record).unwrap();
        let predictions = folder.read_predictions(&record).unwrap();
        table::write::<EpochRow>(&folder.epochs_path(), &epochs).unwrap();
        table::write::<LayerRow>(&folder.layers_path(), &layers).unwrap();
        table::write::<PredictionRow>(&folder.predictions_path(), &predictions).unwrap();
        folder.write_record(&RunRecord { sealed: None, ..record }).unwrap();
    }
    (directory, layout)
}

fn analysed(layout: &Layout) -> anyhow::Result<Study> {
    analyse(layout, &Choice::Newest, None, &mut Vec::new()).map_err(|error| anyhow::anyhow!("{error:#}"))
}

#[test]
fn an_analysis_by_a_plan_and_a_seal() {
    for name in ["plan.json", "plans/seeds/plan.lock"] {
        let (directory, layout) = study();
        let place = directory.path().join(name);
        let here = |path: &Path| {
            fs::copy(path, &place)?;
            analysed(&layout)
        };
        mutated(15, place.file_name().unwrap().to_str().unwrap(), &fs::read(&place).unwrap(), here, drop);
    }
}

#[test]
fn an_analysis_of_a_run_of_an_earlier_version() {
    let (directory, layout) = study();
    let run = directory.path().join("runs/r02-appropriate-s0-d348b3e3");
    for name in ["run.json", "epochs.parquet", "layers.parquet", "predictions.parquet"] {
        let place = run.join(name);
        let valid = fs::read(&place).unwrap();
        let here = |path: &Path| {
            fs::copy(path, &place)?;
            analysed(&layout)
        };
        mutated(15, name, &valid, here, |study| {
            let row = study.ledger.iter().find(|row| row.run == RunFolder::new(&run).name()).unwrap();
            assert!(
                row.state.name() != "quarantined"
                    || row.reason.contains(name)
                    || row.reason.contains("must have that name"),
                "{row:?}"
            );
        });
        fs::write(&place, valid).unwrap();
    }
}
