//! Made-up runs for the tests of this module; nothing was trained.
//!
//! *Invariant:* a run has the name that follows from its configuration and images, as every readable run has.

use crate::runs::plan::Plan;
use crate::runs::run::Run;
use artifacts::run::{DataProvenance, EpochRow, FORMAT, Origin, Provenance, RunRecord, Status};
use artifacts::{Configuration, Experiment, Recipe};
use network::Arm;

/// The notebook's recipe with three epochs.
pub(crate) fn configuration(rankscale: usize, decay: Arm, seed: u64) -> Configuration {
    Configuration {
        recipe: Recipe { epochs: 3, ..Recipe::default() },
        rankscale,
        decay,
        seed,
        ..Configuration::default()
    }
}

/// A run that has completed `epochs` epochs, with the same test accuracy after each of them.
pub(crate) fn run(configuration: &Configuration, status: Status, epochs: u32, accuracy: f64) -> Run {
    let row = |epoch| EpochRow {
        epoch,
        test_accuracy: accuracy,
        train_seconds: Some(2.0),
        test_seconds: Some(0.5),
        images_per_second: Some(100.0 + f64::from(epoch)),
        ..EpochRow::default()
    };
    let record = RunRecord {
        format: FORMAT,
        name: configuration.run_name("data"),
        status,
        counts: configuration.counts(),
        configuration: configuration.clone(),
        data: DataProvenance { fingerprint: "data".into(), source: "made up".into() },
        origin: Origin::Trained(provenance()),
        continued: Vec::new(),
        sealed: None,
    };
    Run {
        record,
        epochs: (1..=epochs).map(row).collect(),
        layers: Vec::new(),
        trajectory: Vec::new(),
        marks: None,
    }
}

/// A run that is done.
pub(crate) fn done(configuration: &Configuration, accuracy: f64) -> Run {
    run(configuration, Status::Done, configuration.recipe.epochs as u32, accuracy)
}

/// The same run, trained on other images.
pub(crate) fn on_images(fingerprint: &str, mut run: Run) -> Run {
    run.record.data.fingerprint = fingerprint.into();
    run.record.name = run.record.configuration.run_name(fingerprint);
    run
}

/// The same run as imported from a notebook's file: only its last epoch, and no provenance.
pub(crate) fn imported(mut run: Run) -> Run {
    run.record.origin = Origin::Imported;
    run.epochs.drain(..run.epochs.len() - 1);
    run
}

/// The runs sorted by name, as they are collected.
pub(crate) fn by_name(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_by(|a, b| a.record.name.cmp(&b.record.name));
    runs
}

/// A plan of these runs.
pub(crate) fn plan(runs: &[Configuration]) -> Plan {
    Plan::new(Experiment {
        name: "made-up".into(),
        title: "Made up?".into(),
        tuned: false,
        verdict: None,
        runs: runs.to_vec(),
    })
}

fn provenance() -> Provenance {
    Provenance {
        git_revision: "0123abc".into(),
        git_dirty: true,
        device: "cpu".into(),
        device_name: "made up".into(),
        threads: 2,
        version: "0".into(),
        instructions: None,
        libtorch: None,
        host: "made up".into(),
        started_unix_seconds: 0,
    }
}
