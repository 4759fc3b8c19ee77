//! Selects the experiment of an analysis, as a work folder may have the plans of several.

use crate::runs::engines::on_engines_found;
use crate::runs::plan::Plan;
use crate::runs::run::Run;
use anyhow::{Context as _, ensure};
use artifacts::experiment::planned;
use artifacts::reading::is_there;
use artifacts::{Experiment, Layout};
use std::path::PathBuf;

/// The experiment under study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The experiment of the newest sweep, if any.
    Newest,
    /// An experiment, by its name in this directory or by path.
    Named {
        /// The name or path.
        experiment: String,
        /// The directory in which names are looked up.
        directory: PathBuf,
    },
    /// No experiment: every run as it is.
    AllRuns,
}

/// Reads the plan of that experiment.
///
/// # Errors
/// There is no such experiment, or the work folder has neither a plan nor a run of it, so that its analysis
/// would replace another's.
pub(crate) fn plan(layout: &Layout, choice: &Choice, runs: &[Run]) -> anyhow::Result<Option<Plan>> {
    match choice {
        Choice::Named { experiment, directory } => {
            let found = Experiment::find(experiment, directory, layout)?;
            let plan = Plan::new(on_engines_found(found, runs));
            let name = &plan.experiment().name;
            ensure!(
                layout.plan_of(name).exists() || runs.iter().any(|run| run.is_studied(Some(&plan))),
                "{}: has neither a plan nor a run of {name}{}: train some with {}",
                layout.root().display(),
                others(layout, name, " (it has plans of ", ")"),
                plan.command()
            );
            Ok(Some(plan))
        }
        Choice::Newest if is_there(&layout.plan())? => {
            let newest = Experiment::read_plan(&layout.plan());
            Ok(Some(Plan::new(newest.context("cannot read the plan of the newest sweep")?)))
        }
        Choice::Newest | Choice::AllRuns => Ok(None),
    }
}

/// Says which experiment the analysis is of, and which others it could be of.
pub(crate) fn which(layout: &Layout, choice: &Choice, name: &str) -> String {
    let newest = if *choice == Choice::Newest { ", that of the newest sweep" } else { "" };
    format!(
        "experiment {name}{newest}{}",
        others(layout, name, "; there are also plans of ", " (EXPERIMENT=)")
    )
}

/// Lists the other experiments that have plans, between `before` and `behind`; empty if there are none.
fn others(layout: &Layout, name: &str, before: &str, behind: &str) -> String {
    let mut others = planned(layout);
    others.retain(|other| other != name);
    if others.is_empty() { String::new() } else { format!("{before}{}{behind}", others.join(", ")) }
}
