//! Tuning: which lambda and peak learning rate each arm chose on held-out training images, how flat that
//! optimum is, and the experiment that compares the arms at their optima on the test images, once.
//!
//! [`mod@choice`] finds the optimum, [`mod@table`] reports it, and [`mod@comparison`] writes the experiment.
//!
//! *Invariant:* only runs that are evaluated on held-out training images enter.

pub mod choice;
pub mod comparison;
pub mod table;

use crate::runs::plan::Plan;
use anyhow::{Context as _, ensure};
use artifacts::reading::is_there;
use artifacts::words::many;
use artifacts::{Experiment, Layout, atomic};
use fs_err as fs;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The result of tuning.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuned {
    /// Tables and sentences, as Markdown.
    pub text: String,
    /// The experiment that compares the arms at their optima.
    pub experiment: PathBuf,
}

/// Chooses the strength of every arm of an experiment whose runs hold images out. Writes the experiment that
/// compares the arms at those strengths, with this many replicates, beside its plan.
///
/// # Errors
/// The experiment has no `validation_images`; some runs are not done, or of other images; a different
/// comparison has already begun; or a file cannot be written.
pub fn tune(layout: &Layout, experiment: Experiment, replicates: u32) -> anyhow::Result<Tuned> {
    let name = experiment.name.clone();
    ensure!(
        experiment.runs.iter().all(|run| run.recipe.validation_images.is_some()),
        "{name}: its recipe has no `validation_images`: strengths are chosen on training images that are held out, and never on test images"
    );
    let collected = crate::runs::collect::collect(layout)?;
    let plan = Plan::new(crate::runs::engines::on_engines_found(experiment, &collected.runs));
    let ours = || collected.runs.iter().filter(|run| run.is_planned(Some(&plan)));
    let images: BTreeSet<&str> = ours().map(|run| run.record.data.fingerprint.as_str()).collect();
    ensure!(
        images.len() <= 1,
        "{name}: its runs are of {} sets of images, and a choice must rest on one: move the runs of the others out of {}",
        images.len(),
        layout.runs().display()
    );
    let ended = ours().filter(|run| run.record.status.has_ended()).count();
    let planned = plan.experiment().runs.len();
    ensure!(
        ended >= planned,
        "{name}: {} of {planned} not done, and a choice from part of a grid would favour the part: train the rest with {}",
        many(planned.saturating_sub(ended) as u64, "run"),
        plan.command()
    );
    let choices = choice::choices(plan.experiment(), &ours().collect::<Vec<_>>());
    let compared = comparison::experiment(plan.experiment(), &choices, replicates)
        .with_context(|| format!("{name}: no comparison can be made of it"))?;
    let path = layout.plan_of(&name).with_file_name(format!("{}.toml", comparison::name(&name)));
    let begun = is_there(&layout.seal(&comparison::name(&name)))?;
    let there = fs::read_to_string(&path).ok();
    ensure!(
        !begun || there.as_deref() == Some(compared.as_str()),
        "{}: the comparison has begun, and these runs would give another one; give the grid another name to tune anew",
        path.display()
    );
    // Reading it back checks that the written experiment can be trained.
    atomic::write(&path, compared.as_bytes())?;
    Experiment::read(&path)?;
    let mut text = table::table(plan.experiment(), &choices);
    _ = writeln!(
        text,
        "\nNo test image was read. Each arm at its own strength, judged by the test images, once: `just all EXPERIMENT={}`",
        path.display()
    );
    Ok(Tuned { text, experiment: path })
}
