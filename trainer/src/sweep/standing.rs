//! The progress of every run of an experiment, read from the work folder: from any machine that sees it, and
//! without loading images.

use crate::machine::device::{BackendChoice, Device};
use anyhow::bail;
use artifacts::dataset::Header;
use artifacts::reading::is_there;
use artifacts::run::{Condition, Headway, RunFolder};
use artifacts::{Backend, Configuration, Experiment, Layout};
use serde::Serialize;
use std::fmt;

/// An experiment and its runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// The name of the experiment.
    pub experiment: String,
    /// The runs; the chosen engine is part of a run's identity.
    pub runs: Vec<Run>,
}

/// The state of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// The name of its folder.
    pub name: String,
    /// Its condition. A process that was killed leaves `running`.
    pub status: Condition,
    /// The number of saved epochs.
    pub epochs_done: usize,
    /// The number of planned epochs.
    pub epochs: usize,
    /// Training images per second in the last epoch.
    pub images_per_second: Option<f64>,
    /// Mean seconds of the last epochs, evaluation included.
    pub epoch_seconds: Option<f64>,
    /// Seconds since its folder was last written to.
    pub quiet_seconds: Option<f64>,
    /// Accuracy after the last epoch, a fraction.
    pub accuracy: Option<f64>,
    /// The host on which it was last taken up.
    pub host: Option<String>,
    /// The reason why it cannot be used.
    pub reason: Option<String>,
}

impl Standing {
    /// Reads the folders of an experiment, or of that of the newest sweep. Without a choice, the engine is
    /// that of the plan, if a sweep has written one.
    ///
    /// # Errors
    /// No experiment is given and none is planned, a plan cannot be read, or images are missing or foreign.
    pub fn new(
        layout: &Layout,
        experiment: Option<Experiment>,
        engine: BackendChoice,
    ) -> anyhow::Result<Self> {
        let path = experiment.as_ref().map_or_else(|| layout.plan(), |given| layout.plan_of(&given.name));
        let plan = is_there(&path)?.then(|| Experiment::read_plan(&path));
        let experiment = match (experiment, engine, plan) {
            (Some(given), BackendChoice::Only(engine), _) => given.on(engine),
            (Some(given), BackendChoice::Auto, Some(plan)) => {
                let fused = plan?.runs.iter().any(|run| run.engine == Backend::Fused);
                given.on(if fused { Backend::Fused } else { Backend::Tch })
            }
            (Some(given), BackendChoice::Auto, None) => given.on(engine.resolve(Device::Cpu)?),
            (None, BackendChoice::Only(engine), Some(plan)) => plan?.on(engine),
            (None, BackendChoice::Auto, Some(plan)) => plan?,
            (None, _, None) => bail!("{}: no sweep has begun here: name an experiment", path.display()),
        };
        let task = experiment.task();
        let fingerprint = Header::fingerprints(&layout.halves(task), task)?;
        let run = |run: &Configuration| Run::new(layout, run, run.run_name(&fingerprint));
        let runs = experiment.runs.iter().map(run).collect();
        Ok(Self { experiment: experiment.name, runs })
    }
}

impl Run {
    fn new(layout: &Layout, configuration: &Configuration, name: String) -> Self {
        let headway = Headway::read(&RunFolder::new(layout.run(&name)));
        Self {
            name,
            status: headway.condition,
            epochs_done: headway.epochs.len(),
            epochs: configuration.recipe.epochs,
            images_per_second: headway.images_per_second(),
            epoch_seconds: headway.epoch_seconds(),
            quiet_seconds: headway.quiet.map(|quiet| quiet.as_secs_f64()),
            accuracy: headway.accuracy(),
            host: headway.host().map(str::to_owned),
            reason: headway.reason,
        }
    }
}

/// Prints a line for each run that has begun, and the number of runs of each kind.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for run in self.runs.iter().filter(|run| run.status != Condition::Waiting) {
            write!(
                f,
                "{:<44} {:<9} {:>4} of {} epochs",
                run.name,
                run.status.name(),
                run.epochs_done,
                run.epochs
            )?;
            if let Some(reason) = &run.reason {
                write!(f, ": {reason}")?;
            }
            writeln!(f)?;
        }
        write!(f, "{}:", self.experiment)?;
        let mut comma = "";
        for status in Condition::ALL {
            let count = self.runs.iter().filter(|run| run.status == status).count();
            if count > 0 {
                write!(f, "{comma} {count} {}", status.name())?;
                comma = ",";
            }
        }
        write!(f, " ({} runs)", self.runs.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::dataset::{Dataset, Task};

    #[test]
    fn without_a_choice_the_engine_is_that_of_the_plan() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        for half in layout.halves(Task::Cifar10) {
            Dataset::generated(Task::Cifar10, 10, 1).write(&half).unwrap();
        }
        let runs = vec![Configuration { rankscale: 2, ..Configuration::default() }];
        let experiment =
            Experiment { name: "one".into(), title: "one".into(), tuned: false, verdict: None, runs };
        let standing = |choice| Standing::new(&layout, Some(experiment.clone()), choice).unwrap();
        for engine in Backend::ALL {
            experiment.clone().on(engine).write_plans(&layout).unwrap();
            assert_eq!(standing(BackendChoice::Auto), standing(BackendChoice::Only(engine)));
        }
    }
}
