//! How far every run of an experiment has come, by what lies in the work folder: from any machine that sees it, and without images in memory.

use crate::machine::device::{Device, EngineChoice};
use anyhow::Context;
use artifacts::dataset::{Header, Split};
use artifacts::run::{EpochRow, RunError, RunFolder, Status};
use artifacts::{Configuration, Experiment, Layout, claim};
use fs_err as fs;
use serde::Serialize;
use std::fmt;
use std::time::SystemTime;

/// Of so many last epochs the mean time counts.
const LAST: usize = 5;

/// An experiment and its runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// Its name.
    pub experiment: String,
    /// The engine's choice is part of what a run is.
    pub runs: Vec<Run>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// Its folder's name.
    pub name: String,
    /// `waiting`, `running`, `stopped`, `done`, `diverged` or `unusable`. A process that was killed leaves `running`.
    pub status: &'static str,
    /// Epochs that are saved.
    pub epochs_done: usize,
    /// Epochs that are planned.
    pub epochs: usize,
    /// Of the last epoch.
    pub images_per_second: Option<f64>,
    /// Mean time of the last epochs, evaluation included.
    pub epoch_seconds: Option<f64>,
    /// Since its folder was last written to.
    pub quiet_seconds: Option<f64>,
    /// Fraction of images classified as labelled after the last epoch.
    pub accuracy: Option<f64>,
    /// Where it began.
    pub host: Option<String>,
    /// Why it cannot be used.
    pub reason: Option<String>,
}

impl Standing {
    /// Reads the folders of an experiment, or of that of the newest sweep. Where a sweep has written its plan, its choice of engines counts.
    ///
    /// # Errors
    /// No experiment given and none planned; images that are missing or foreign.
    pub fn new(
        layout: &Layout,
        experiment: Option<Experiment>,
        engine: EngineChoice,
    ) -> anyhow::Result<Self> {
        let path = experiment.as_ref().map_or_else(|| layout.plan(), |given| layout.plan_of(&given.name));
        let experiment = match (experiment, engine) {
            (Some(given), EngineChoice::Only(engine)) => given.on(engine),
            (Some(given), EngineChoice::Auto) if !path.exists() => given.on(engine.resolve(Device::Cpu)?),
            _ => Experiment::read_plan(&path).context("no sweep has begun here: name an experiment")?,
        };
        let task = experiment.task();
        let fingerprint = |split: Split| {
            Header::read_of(&layout.images(task, split), task).map(|header| header.fingerprint)
        };
        let fingerprint = format!("{}:{}", fingerprint(Split::Train)?, fingerprint(Split::Test)?);
        let run = |run: &Configuration| Run::new(layout, run, run.run_name(&fingerprint));
        let runs = experiment.runs.iter().map(run).collect();
        Ok(Self { experiment: experiment.name, runs })
    }
}

impl Run {
    fn new(layout: &Layout, configuration: &Configuration, name: String) -> Self {
        let folder = RunFolder::new(layout.run(&name));
        let read = if folder.record_path().exists() { Some(folder.read()) } else { None };
        let (status, epochs, host, reason) = match read {
            None => ("waiting", Vec::new(), None, None),
            Some(Ok((record, epochs))) => {
                let status = match record.status {
                    // Killed, and its lock went with another look at it.
                    Status::Running if !folder.lock_path().exists() && !claim::is_there(folder.path()) => {
                        "stopped"
                    }
                    Status::Interrupted => "stopped",
                    status => status.name(),
                };
                (status, epochs, record.provenance.map(|made| made.host), None)
            }
            // A file that is being replaced between two looks at it.
            Some(Err(RunError::Io(error))) => ("running", Vec::new(), None, Some(error.to_string())),
            Some(Err(error)) => ("unusable", Vec::new(), None, Some(error.to_string())),
        };
        let last = &epochs[epochs.len().saturating_sub(LAST)..];
        let seconds: Option<f64> =
            last.iter().map(|row| row.train_seconds.zip(row.test_seconds).map(|(a, b)| a + b)).sum();
        Self {
            name,
            status,
            epochs_done: epochs.len(),
            epochs: configuration.epochs,
            images_per_second: last.last().and_then(|row: &EpochRow| row.images_per_second),
            epoch_seconds: seconds.filter(|_| !last.is_empty()).map(|sum| sum / last.len() as f64),
            quiet_seconds: quiet_seconds(&folder),
            accuracy: last.last().map(|row| row.test_accuracy),
            host,
            reason,
        }
    }
}

/// Since one of its files was last written.
fn quiet_seconds(folder: &RunFolder) -> Option<f64> {
    let paths = [folder.record_path(), folder.epochs_path()];
    let written = paths.iter().filter_map(|path| fs::metadata(path).ok()?.modified().ok()).max()?;
    // The clock of a file server may be ahead.
    Some(SystemTime::now().duration_since(written).unwrap_or_default().as_secs_f64())
}

/// A line for each run that has begun, and how many there are of each kind.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for run in self.runs.iter().filter(|run| run.status != "waiting") {
            write!(f, "{:<44} {:<9} {:>4} of {} epochs", run.name, run.status, run.epochs_done, run.epochs)?;
            if let Some(reason) = &run.reason {
                write!(f, ": {reason}")?;
            }
            writeln!(f)?;
        }
        write!(f, "{}:", self.experiment)?;
        let mut comma = "";
        for status in ["done", "running", "stopped", "waiting", "diverged", "unusable"] {
            let count = self.runs.iter().filter(|run| run.status == status).count();
            if count > 0 {
                write!(f, "{comma} {count} {status}")?;
                comma = ",";
            }
        }
        write!(f, " ({} runs)", self.runs.len())
    }
}
