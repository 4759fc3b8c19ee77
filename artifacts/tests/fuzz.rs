//! Fuzzes every reader of a file with corrupted files: the outcome is an error that names the file, or a
//! value that obeys the rules.
//!
//! `PROPTEST_CASES=100000 cargo test --release -p artifacts --test fuzz` tries more cases.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

mod mutation;

use artifacts::dataset::{Dataset, Header, IMAGE_BYTES, Task};
use artifacts::run::{EpochRow, LayerRow, PredictionRow, RunFolder, RunRecord};
use artifacts::seal::Seal;
use artifacts::study::{Study, Summary};
use artifacts::table::{self, Row};
use artifacts::{Experiment, Layout};
use fs_err as fs;
use mutation::{Mutation, fuzz, held, mutated, mutation};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A study that is kept with the source.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/seeds")
}

fn a_run() -> PathBuf {
    kept().join("runs/r02-appropriate-s0-d348b3e3")
}

fn obeys_the_rules(experiment: Experiment) {
    let Experiment { name, runs, verdict, .. } = experiment;
    assert!(!name.contains(['/', '\\']) && !name.starts_with('.'), "{name}");
    assert!((1..=100_000).contains(&runs.len()));
    for run in &runs {
        run.clone().validated().unwrap();
    }
    let identities: HashSet<String> = runs.iter().map(|run| run.identity("")).collect();
    assert_eq!(identities.len(), runs.len(), "each once");
    assert!(verdict.is_none_or(|verdict| verdict.looks.is_sorted() && !verdict.looks.is_empty()));
}

#[test]
fn an_experiment() {
    for name in ["quick", "decisive", "tune"] {
        let path = kept().join(format!("../../experiments/{name}.toml"));
        let valid = fs::read(path).unwrap();
        mutated(200, "experiment.toml", &valid, Experiment::read, obeys_the_rules);
    }
}

#[test]
fn a_plan() {
    for name in ["seeds", "desktop"] {
        let kept = kept().join(format!("../{name}/plan.json"));
        mutated(200, "plan.json", &fs::read(&kept).unwrap(), Experiment::read_plan, obeys_the_rules);
        let plan = Experiment::read_plan(&kept).unwrap();
        mutated(
            200,
            "plan.json",
            &written(|path| plan.write_plan(path).unwrap()),
            Experiment::read_plan,
            obeys_the_rules,
        );
    }
}

/// Returns a file as this version writes it; the kept ones are older and have no stamp.
fn written(write: impl Fn(&Path)) -> Vec<u8> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("file");
    write(&path);
    fs::read(path).unwrap()
}

#[test]
fn a_seal() {
    let desktop = kept().join("../desktop");
    let kept = desktop.join("plans/desktop/plan.lock");
    let seal = Seal::read(&kept).unwrap().unwrap();
    let plan = Experiment::read_plan(&desktop.join("plan.json")).unwrap();
    let now = written(|path| drop(seal.clone().write_once(path).unwrap()));
    for valid in [fs::read(kept).unwrap(), now] {
        mutated(300, "plan.lock", &valid, Seal::read, |seal| {
            let _ = seal.unwrap().holds_rules(&plan);
        });
    }
}

#[test]
fn a_record_of_a_run() {
    let valid = fs::read(a_run().join("run.json")).unwrap();
    let name = a_run().file_name().unwrap().to_str().unwrap().to_owned();
    let folder = |path: &Path| RunFolder::new(path.parent().unwrap());
    let read = |path: &Path| {
        // The configuration is exercised even if the record's name no longer matches its folder.
        let record = serde_json::from_slice::<RunRecord>(&fs::read(path).unwrap());
        if let Some(run) = record.ok().and_then(|record| record.configuration.validated().ok()) {
            let _ = (run.counts(), run.run_name(""), run.recipe.hash(""), run.architecture().parameters());
        }
        // The reader of a record may name the folder instead of the file.
        folder(path).read_record().map_err(|error| error.to_string().replace(&name, "run.json"))
    };
    mutated(300, &format!("{name}/run.json"), &valid, read, |record: RunRecord| {
        record.configuration.validated().unwrap();
    });
}

fn a_table<T: Row>(file: &Path) {
    let valid = fs::read(file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    mutated(150, name, &valid, table::read_whole::<T>, drop);
    // The file as an earlier version wrote it, without a checksum, so that the corrupted bytes reach the
    // parser.
    let directory = TempDir::new().unwrap();
    let path = directory.path().join(name);
    table::write(&path, &table::read::<T>(file).unwrap()).unwrap();
    mutated(300, name, &fs::read(&path).unwrap(), table::read_whole::<T>, drop);
}

#[test]
fn a_table_of_epochs() {
    a_table::<EpochRow>(&a_run().join("epochs.parquet"));
}

#[test]
fn a_table_of_layers() {
    a_table::<LayerRow>(&a_run().join("layers.parquet"));
}

#[test]
fn a_table_of_predictions() {
    a_table::<PredictionRow>(&a_run().join("predictions.parquet"));
}

#[test]
fn images() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("train.parquet");
    Dataset::generated(Task::Cifar10, 12, 1).write(&path).unwrap();
    let read = |path: &Path| {
        let _ = Header::read(path);
        Dataset::read_verified(path)
    };
    mutated(200, "train.parquet", &fs::read(path).unwrap(), read, |images| {
        assert_eq!(images.images.len(), images.labels.len() * IMAGE_BYTES);
        assert!(images.labels.iter().all(|&label| label < 10));
    });
}

#[test]
fn a_summary() {
    let valid = fs::read(Layout::new(kept()).summary()).unwrap();
    let layout = |path: &Path| Layout::new(path.parent().unwrap().parent().unwrap());
    mutated(300, "analysis/summary.json", &valid, |path: &Path| Summary::read(&layout(path)), drop);
}

#[test]
fn a_table_of_an_analysis() {
    let directory = TempDir::new().unwrap();
    let analysis = directory.path().join("analysis");
    fs::create_dir_all(&analysis).unwrap();
    for entry in fs::read_dir(kept().join("analysis")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, analysis.join(path.file_name().unwrap())).unwrap();
    }
    let layout = Layout::new(directory.path());
    let whole = Study::read(&layout).unwrap();
    let path = analysis.join("cells.parquet");
    let valid = fs::read(&path).unwrap();
    fuzz(150, mutation(), |mutation: Mutation| {
        fs::write(&path, mutation.of(&valid)).unwrap();
        match held(|| Study::read(&layout)) {
            Ok(found) => assert_eq!(found, whole),
            Err(error) => assert!(error.to_string().contains("cells.parquet"), "{error}"),
        }
    });
}
