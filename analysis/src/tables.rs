//! The tables that the queries work on, as rows: `run`, `epoch`, `planned`; `quarantined` is [`crate::inputs::Quarantined`].
//!
//! *Invariant:* `id` and `place` count from 0 and name one row.

use crate::inputs::{Plan, Run, baseline};
use artifacts::Configuration;
use artifacts::run::RunRecord;
use serde::{Deserialize, Serialize};

/// A row of the table `run`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunInput {
    id: u32,
    run: String,
    /// Identity of the configuration alone, whatever the data: what a plan knows of a run.
    configuration: String,
    status: String,
    planned: bool,
    studied: bool,
    imported: bool,
    recipe: String,
    rankscale: u32,
    decay: String,
    baseline: Option<String>,
    seed: u64,
    lambda: f64,
    channels: String,
    epochs: u32,
    batch: u32,
    train_images: Option<u32>,
    test_images: Option<u32>,
    precision: String,
    engine: String,
    parameters: u64,
    macs: u64,
    ratio_full: f64,
    ratio_separable: f64,
    device: Option<String>,
    device_name: Option<String>,
    threads: Option<u32>,
    git_revision: Option<String>,
    libtorch: Option<String>,
    /// The command that trains it on.
    resume: String,
}

/// A row of the table `epoch`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EpochInput {
    id: u32,
    epoch: u32,
    learning_rate: Option<f64>,
    train_loss: Option<f64>,
    train_accuracy: Option<f64>,
    test_loss: Option<f64>,
    test_accuracy: f64,
    train_seconds: Option<f64>,
    test_seconds: Option<f64>,
    images_per_second: Option<f64>,
}

/// A row of the table `planned`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlannedInput {
    place: u32,
    configuration: String,
    name: String,
    epochs: u32,
    resume: String,
}

pub(crate) fn run_rows(runs: &[Run], plan: Option<&Plan>) -> Vec<RunInput> {
    (0..).zip(runs).map(|(id, run)| run_row(id, run, plan)).collect()
}

fn run_row(id: u32, run: &Run, plan: Option<&Plan>) -> RunInput {
    let planned = run.is_planned(plan);
    let RunRecord { configuration, counts, provenance, .. } = &run.record;
    let provenance = provenance.as_ref();
    RunInput {
        id,
        run: run.record.name.clone(),
        configuration: configuration.identity(""),
        status: run.record.status.name().to_owned(),
        planned,
        studied: run.is_studied(plan),
        imported: run.imported(),
        recipe: run.recipe(),
        rankscale: configuration.rankscale as u32,
        decay: configuration.decay.to_string(),
        baseline: baseline(configuration.decay).map(|arm| arm.to_string()),
        seed: configuration.seed,
        lambda: configuration.lambda,
        channels: configuration.channels.map(|channels| channels.to_string()).join("-"),
        epochs: configuration.epochs as u32,
        batch: configuration.batch as u32,
        train_images: configuration.train_images.map(|images| images as u32),
        test_images: configuration.test_images.map(|images| images as u32),
        precision: configuration.precision.to_string(),
        engine: configuration.engine.to_string(),
        parameters: counts.parameters,
        macs: counts.macs,
        ratio_full: counts.ratio_full,
        ratio_separable: counts.ratio_separable,
        device: provenance.map(|p| p.device.clone()),
        device_name: provenance.map(|p| p.device_name.clone()),
        threads: provenance.map(|p| p.threads as u32),
        git_revision: provenance.map(|p| format!("{}{}", p.git_revision, if p.git_dirty { "+" } else { "" })),
        libtorch: provenance.and_then(|p| p.libtorch.clone()),
        resume: match plan {
            Some(plan) if planned => plan.command(),
            _ => "`just train` and the keys it was started with".to_owned(),
        },
    }
}

pub(crate) fn epoch_rows(runs: &[Run]) -> Vec<EpochInput> {
    let rows = (0..).zip(runs).flat_map(|(id, run)| run.epochs.iter().map(move |row| (id, row)));
    rows.map(|(id, row)| EpochInput {
        id,
        epoch: row.epoch,
        learning_rate: row.learning_rate,
        train_loss: row.train_loss,
        train_accuracy: row.train_accuracy,
        test_loss: row.test_loss,
        test_accuracy: row.test_accuracy,
        train_seconds: row.train_seconds,
        test_seconds: row.test_seconds,
        images_per_second: row.images_per_second,
    })
    .collect()
}

/// The plan, each run under the name it has on these images; without images, under what is known of its name.
pub(crate) fn planned_rows(plan: Option<&Plan>, fingerprint: Option<&str>) -> Vec<PlannedInput> {
    let row = |plan: &Plan, place: u32, configuration: &Configuration| PlannedInput {
        place,
        configuration: configuration.identity(""),
        name: fingerprint.map_or_else(|| readable_name(configuration), |data| configuration.run_name(data)),
        epochs: configuration.epochs as u32,
        resume: plan.command(),
    };
    plan.map_or_else(Vec::new, |plan| {
        (0..).zip(&plan.experiment().runs).map(|(place, run)| row(plan, place, run)).collect()
    })
}

/// The part of a run's name that does not depend on the images.
fn readable_name(configuration: &Configuration) -> String {
    let name = configuration.run_name("");
    name.rsplit_once('-').map_or_else(|| name.clone(), |(readable, _)| readable.to_owned())
}
