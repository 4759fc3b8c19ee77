//! The planned runs of an experiment, and the cells that they form.
//!
//! *Invariant:* a run is found by the name that follows from its configuration and the images, as in every
//! other stage.

use crate::moment::Nothing;
use artifacts::dataset::{Header, Task};
use artifacts::experiment::planned;
use artifacts::run::{RunFolder, folders};
use artifacts::seal::Seal;
use artifacts::{Configuration, Experiment, Layout};
use network::Arm;
use std::collections::BTreeSet;
use std::path::Path;

/// The experiment shown, and its runs with their names.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) experiment: Option<String>,
    pub(super) title: String,
    /// Whether it is that of the newest sweep.
    pub(super) newest: bool,
    pub(super) runs: Vec<Planned>,
}

/// A run of it.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) of: Configuration,
    pub(super) name: String,
    /// The fingerprint of its images; empty if they are not known.
    pub(super) images: String,
}

/// The reason why there is no plan.
pub(super) enum NoPlan {
    /// No plan exists.
    Nothing(Nothing),
    /// The plan cannot be read, for this reason.
    Damaged(String),
}

impl Plan {
    /// Reads the plan of an experiment, given by name or by the path of its file, or that of the newest
    /// sweep; without any plan, makes one of the existing runs.
    pub(super) fn read(layout: &Layout, wanted: Option<&str>) -> Result<Self, NoPlan> {
        let name = wanted.map(|wanted| {
            let path = Path::new(wanted);
            let is_file = path.extension().is_some_and(|ending| ending == "toml");
            path.file_stem()
                .filter(|_| is_file)
                .map_or(wanted.to_owned(), |stem| stem.to_string_lossy().into_owned())
        });
        // Only a listed name is looked up, so it cannot lead outside.
        let plans = planned(layout);
        let path = match &name {
            Some(name) if plans.contains(name) => layout.plan_of(name),
            Some(name) => return Err(NoPlan::Nothing(not_begun(layout, name, &plans))),
            None if layout.plan().exists() => layout.plan(),
            None => return Self::of_runs(layout),
        };
        let experiment = Experiment::read_plan(&path).map_err(|error| NoPlan::Damaged(error.to_string()))?;
        let newest = name.is_none()
            || Experiment::read_plan(&layout.plan()).is_ok_and(|newest| newest.name == experiment.name);
        let images = fingerprint(layout, experiment.task(), &experiment.name);
        // Without images or a seal no run has begun, so nothing is found under the name.
        let images = images.unwrap_or_default();
        let named = |of: Configuration| Planned { name: of.run_name(&images), images: images.clone(), of };
        let runs = experiment.runs.into_iter().map(named).collect();
        Ok(Self { experiment: Some(experiment.name), title: experiment.title, newest, runs })
    }

    /// Makes a plan of runs that were trained one by one, or whose plan is gone.
    fn of_runs(layout: &Layout) -> Result<Self, NoPlan> {
        let found = folders(&layout.runs()).map_err(|error| NoPlan::Damaged(error.to_string()))?;
        let named = |folder: &RunFolder| {
            let record = folder.read_record().ok()?;
            let images = record.data.fingerprint;
            Some(Planned { of: record.configuration, name: record.name, images })
        };
        let runs: Vec<_> = found.iter().filter_map(named).collect();
        if runs.is_empty() {
            return Err(NoPlan::Nothing(nothing(layout)));
        }
        Ok(Self { experiment: None, title: "runs without a plan".to_owned(), newest: true, runs })
    }

    /// Returns the arms, in the order in which documents list them.
    pub(super) fn arms(&self) -> Vec<Arm> {
        artifacts::experiment::arms(self.runs.iter().map(|run| &run.of))
    }

    /// Returns the name of the images that judge the runs.
    pub(super) fn judged_by(&self) -> &'static str {
        let names: BTreeSet<&str> = self.runs.iter().map(|run| run.of.recipe.judged_by_what()).collect();
        let first = self.runs.first().map_or("test", |run| run.of.recipe.judged_by_what());
        if names.len() > 1 { "judging" } else { first }
    }
}

/// Returns the fingerprint of the images that the runs are trained on, from their files or from the seal.
fn fingerprint(layout: &Layout, task: Task, experiment: &str) -> Option<String> {
    let images = Header::fingerprints(&layout.halves(task), task).ok();
    images.or_else(|| Seal::read(&layout.seal(experiment)).ok()?.map(|seal| seal.data_fingerprint))
}

/// Returns the setting that makes a sweep train in this folder. Nothing trains in a study that is kept:
/// there it is empty.
fn trained_in(layout: &Layout) -> String {
    Some(super::endpoint::place(layout.root()))
        .filter(|place| !place.starts_with(" STUDY="))
        .unwrap_or_default()
}

fn nothing(layout: &Layout) -> Nothing {
    let work = layout.root();
    let found = if work.is_dir() {
        format!("Nothing has been trained in {} yet.", work.display())
    } else {
        format!("There is no folder {}.", work.display())
    };
    let place = trained_in(layout);
    let advice = [
        (format!("just all{place}"), "everything, from the images to the report"),
        (format!("just sweep EXPERIMENT=quick{place}"), "the networks of an experiment"),
        ("just top WORK=/elsewhere".to_owned(), "a look at another folder"),
        ("just top STUDY=gpu".to_owned(), "a look at a study that is kept in results/"),
    ];
    Nothing { found, advice: advice.map(|(command, meaning)| (command, meaning.to_owned())).to_vec() }
}

fn not_begun(layout: &Layout, name: &str, plans: &[String]) -> Nothing {
    let place = super::endpoint::place(layout.root());
    let begin = format!("just sweep EXPERIMENT={name}{}", trained_in(layout));
    let mut advice = vec![(begin, "begins one".to_owned())];
    let other = |plan: &String| (format!("just top EXPERIMENT={plan}{place}"), "has a plan here".to_owned());
    advice.extend(plans.iter().map(other));
    Nothing { found: format!("No sweep of {name} has begun in {}.", layout.root().display()), advice }
}
