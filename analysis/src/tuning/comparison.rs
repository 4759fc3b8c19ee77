//! The experiment that compares the arms on the test images, each at the strength it chose.
//!
//! *Invariant:* the text is TOML that [`Experiment::read`] accepts, with one look.

use crate::tuning::choice::Choice;
use anyhow::{Context as _, bail};
use artifacts::experiment::declarations;
use artifacts::rules::{ALPHA, MARGIN};
use artifacts::{Configuration, Experiment};
use network::Arm;
use std::fmt::Write as _;

/// Returns the name of the comparison that belongs to a tuning experiment.
#[must_use]
pub fn name(tuning: &str) -> String {
    format!("{tuning}-tuned")
}

/// Returns the text of the experiment. Its primary arm is `appropriate` if there is one, else the first arm
/// that has a baseline.
///
/// # Errors
/// An arm has no cell that can be chosen, or no arm has its baseline in the experiment.
pub fn experiment(tuning: &Experiment, choices: &[Choice], replicates: u32) -> anyhow::Result<String> {
    let has = |arm: Arm| choices.iter().any(|choice| choice.arm == arm);
    let compared: Vec<Arm> =
        choices.iter().map(|choice| choice.arm).filter(|arm| arm.baseline().is_some_and(has)).collect();
    let preferred = compared.iter().find(|arm| **arm == Arm::APPROPRIATE);
    let Some(primary) = preferred.or(compared.first()) else {
        bail!("it needs an arm and its baseline, such as appropriate and original")
    };
    let first = tuning.runs.first().context("it has no run")?;
    let mut rankscales: Vec<usize> = tuning.runs.iter().map(|run| run.rankscale).collect();
    rankscales.sort_unstable();
    rankscales.dedup();
    let mut text = format!(
        "# Written by `analysis tune --experiment {}`: each arm at the strength that it chose on {} held-out training images. Judged once.\n\
         title = {}\ntuned = true\n\n[recipe]\n",
        tuning.name,
        first.recipe.validation_images.unwrap_or(0),
        // A string of JSON is one of TOML, but for one character.
        serde_json::to_string(&format!("{} Each arm at its own optimum", tuning.title))?
            .replace('\u{7f}', "\\u007f"),
    );
    text += &recipe(first);
    let arms: Vec<Arm> = choices.iter().map(|choice| choice.arm).collect();
    let own = declarations(&arms);
    if !own.is_empty() {
        _ = write!(text, "\n{own}");
    }
    _ = write!(
        text,
        "\n[verdict]\nprimary = \"{primary}\"\nlooks = [{replicates}]\nalpha = {ALPHA}\nmargin = {MARGIN}\n"
    );
    for choice in choices {
        let cell = choice
            .cell()
            .with_context(|| format!("in every cell of `{}` a run diverged: widen its grid", choice.arm))?;
        _ = write!(
            text,
            "\n[[grid]]\nrankscale = {rankscales:?}\ndecay = [\"{}\"]\nlambda = [{:e}]\npeak_learning_rate = [{:?}]\nreplicates = {replicates}\n",
            choice.arm, cell.lambda, cell.rate
        );
    }
    Ok(text)
}

/// Returns the keys of the recipe, except the peak learning rate, which belongs to an arm, and the held-out
/// images.
fn recipe(run: &Configuration) -> String {
    let dataset = match run.recipe.dataset {
        task if task.is_the_notebooks() => String::new(),
        task => format!("dataset = \"{}\"\n", task.name()),
    };
    let mut text = format!(
        "{dataset}channels = {:?}\nepochs = {}\nbatch = {}\nprecision = \"{}\"\n",
        run.recipe.channels, run.recipe.epochs, run.recipe.batch, run.recipe.precision
    );
    if let Some(images) = run.recipe.train_images {
        _ = writeln!(text, "train_images = {images}");
    }
    text
}
