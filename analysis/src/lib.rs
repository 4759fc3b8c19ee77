//! Joins runs with their configuration, and computes the statistics of the study.
//!
//! The data flow: [`runs`] reads what the trainer wrote, [`join`] makes pairs, cells and the other tables of
//! it, [`endpoint`] turns pairs into verdicts with the estimators of [`stats`], and [`artifacts::study`]
//! writes them. [`mod@publish`] keeps a study with the source, [`planning`] computes the power of a study,
//! [`tuning`] finds the strength at which each arm is best, and [`compare`] compares two studies. Modules
//! import to the right only: `planning`, `tuning`, `compare` → `endpoint` → `join` → `runs`; all but `runs` →
//! `stats`.
//!
//! *Invariant:* only this file, `which`, `import`, [`mod@publish`] and [`mod@runs::collect`] know paths; the
//! same runs give the same files, byte for byte.
//!
//! The estimator of an endpoint, on differences of three seeds at each of two rankscales:
//!
//! ```
//! use analysis::stats::strata::Strata;
//! use analysis::stats::stratified::stratified;
//!
//! let points = [vec![-1.1, -0.9, -1.0], vec![-0.6, -1.0, -0.8]];
//! let strata = Strata::new(points).expect("there are differences");
//! let estimate = stratified(&strata).expect("they vary");
//! // The mean of the means, with Satterthwaite's degrees of freedom between 2 and 4.
//! assert!((estimate.value - -0.9).abs() < 1e-12);
//! assert!(estimate.freedom > 2.0 && estimate.freedom < 4.0);
//! let interval = estimate.interval(0.95);
//! assert!(interval.low < estimate.value && interval.high < 0.0 && estimate.p() < 0.05);
//! // Without a spread there is no estimate: equal numbers are no certainty.
//! assert_eq!(Strata::new([vec![0.1, 0.1]]).as_ref().and_then(stratified), None);
//! ```

pub mod compare;
pub mod endpoint;
mod import;
pub mod join;
pub mod planning;
pub mod publish;
pub mod runs;
pub mod stats;
pub mod tuning;
mod which;

pub use import::import;
pub use which::Choice;

use anyhow::bail;
use artifacts::run::Status;
use artifacts::seal::Seal;
use artifacts::study::{Study, Summary};
use artifacts::{Experiment, Layout, experiment, rules};
use endpoint::groups::Evidence;
use endpoint::sentence::{count, headline};
use endpoint::standing::standing;
use endpoint::{aa, endpoints};
use join::finished::finished;
use join::pairs::{self, pairs};
use join::{cells, classes, entries, epochs, layers, ledger, recipes};
use network::Arm;
use runs::collect::{Collected, collect};
use runs::namesakes;
use runs::plan::Plan;
use runs::results::{self, ResultsArms};
use runs::run::Run;
use std::collections::HashSet;
use std::io::Write;
use std::time::Instant;
use which::{plan, which};

/// Analyses the runs and writes the study and `results.json`. Writes one line per step to `progress`.
///
/// # Errors
/// The experiment does not exist; a directory cannot be read or written; or there is no usable run. In the
/// last case the empty study still replaces an older one, so that the older one is not mistaken for the
/// result.
pub fn analyse(
    layout: &Layout,
    choice: &Choice,
    arms: Option<ResultsArms>,
    progress: &mut impl Write,
) -> anyhow::Result<Study> {
    let start = Instant::now();
    let collected = collect(layout)?;
    let plan = plan(layout, choice, &collected.runs)?;
    let collected = namesakes::set_aside(collected, plan.as_ref());
    // A mistyped directory is not filled with files.
    if ![layout.runs(), layout.plan(), layout.summary()].iter().any(|path| path.exists()) {
        bail!(nothing(layout, &collected, plan.as_ref()));
    }
    let epochs: usize = collected.runs.iter().map(|run| run.epochs.len()).sum();
    writeln!(
        progress,
        "read {} with {}{} from {} in {}",
        count(collected.runs.len(), "run"),
        count(epochs, "epoch"),
        match collected.quarantined.len() {
            0 => String::new(),
            others => format!(" (and set aside {others} that cannot be used: see the ledger)"),
        },
        layout.runs().display(),
        seconds(start),
    )?;
    if let Some(plan) = &plan {
        writeln!(progress, "{}", which(layout, choice, &plan.experiment().name))?;
    }
    let start = Instant::now();
    let seal =
        plan.as_ref().map(|plan| Seal::read(&layout.seal(&plan.experiment().name))).transpose()?.flatten();
    let (study, entries) = study(&collected, plan.as_ref(), seal.as_ref(), arms)?;
    writeln!(
        progress,
        "joined into {} and {} in {}",
        count(study.cells.len(), "cell"),
        count(study.comparisons.len(), "pair"),
        seconds(start)
    )?;
    let start = Instant::now();
    study.write_beside(layout, &[("results.json", results::to_json(&entries)?.as_bytes())])?;
    writeln!(progress, "wrote {} and its tables in {}", layout.summary().display(), seconds(start))?;
    if collected.runs.is_empty() {
        bail!(nothing(layout, &collected, plan.as_ref()));
    }
    match study.summary.endpoints.first() {
        Some(endpoint) => writeln!(progress, "{}", headline(endpoint))?,
        None => writeln!(progress, "No run is under study, so there is nothing to say.")?,
    }
    Ok(study)
}

/// Says why there is nothing to analyse, and how to get runs.
fn nothing(layout: &Layout, collected: &Collected, plan: Option<&Plan>) -> String {
    let train = plan.map_or_else(|| "`just sweep`".to_owned(), Plan::command);
    let unusable = match collected.quarantined.first() {
        Some(first) => format!(" (what is there cannot be used, first {}: {})", first.name, first.reason),
        None => String::new(),
    };
    // The program is named as it was called: `just` calls it by a path.
    let program = std::env::args().next().unwrap_or_else(|| "analysis".to_owned());
    format!(
        "no run to analyse in {}{unusable}: train some with {train}, or one with `just train RANKSCALE=8`, or import a notebook's with `{program} import \
         results.json`",
        layout.runs().display()
    )
}

fn seconds(start: Instant) -> String {
    format!("{:.2} s", start.elapsed().as_secs_f64())
}

/// Returns the standard deviation of a pair's difference that the newest analysis in a work directory found
/// for the recipe of an experiment, in percentage points, and a description of the data it rests on; `None`
/// if there is no such analysis.
#[must_use]
pub fn known_sd(layout: &Layout, experiment: &Experiment) -> Option<(f64, String)> {
    let summary = Summary::read(layout).ok()?;
    let endpoint = summary.endpoints.first()?;
    let recipe = summary.recipes.iter().find(|recipe| recipe.recipe == endpoint.recipe)?;
    let shared = |run: &artifacts::Configuration| run.recipe.hash("");
    if shared(&recipe.configuration) != shared(experiment.runs.first()?) {
        return None;
    }
    let sd = 100.0 * endpoint.secondary.noise?.differences_sd;
    (sd > 0.0)
        .then(|| (sd, format!("{} in {}", count(endpoint.pairs as usize, "pair"), layout.root().display())))
}

/// Computes the whole study without touching a file.
fn study(
    collected: &Collected,
    plan: Option<&Plan>,
    seal: Option<&Seal>,
    arms: Option<ResultsArms>,
) -> anyhow::Result<(Study, Vec<results::Entry>)> {
    let Collected { runs, quarantined } = collected;
    let recipes = recipes::recipes(runs, plan);
    let planned_on =
        recipes.first().filter(|recipe| recipe.planned).map(|recipe| recipe.fingerprint.as_str());
    let ledger = ledger::ledger(runs, quarantined, plan, planned_on);
    let in_order = join::runs::in_order(runs);
    let rows = join::runs::rows(&in_order, plan);
    let finished_runs = finished(runs, plan);
    let pairs = pairs(&finished_runs, plan);
    let comparisons = pairs::comparisons(&pairs);
    let classes = classes::classes(&pairs)?;
    let fingerprint = recipes.first().map(|recipe| recipe.fingerprint.clone());
    let mut standing = standing(plan, seal, fingerprint.as_deref());
    let (endpoints, looks) = endpoints::endpoints(&Evidence {
        plan,
        runs,
        recipes: &recipes,
        pairs: &pairs,
        ledger: &ledger,
        exploratory: !standing.exploratory.is_empty(),
    });
    standing.looks = looks;
    let tuned = plan.map_or_else(Vec::new, |plan| plan.tuned(fingerprint.as_deref().unwrap_or_default()));
    let entries =
        entries::entries(&finished(in_order.iter().copied(), plan), &recipes, &endpoints, &tuned, arms);
    let mut data: Vec<String> = Vec::new();
    for recipe in &recipes {
        if !data.contains(&recipe.fingerprint) {
            data.push(recipe.fingerprint.clone());
        }
    }
    let ended = |status: Status| {
        let planned = runs.iter().filter(|run| run.record.status == status && run.is_planned(plan));
        let distinct: HashSet<String> = planned.map(|run| run.record.configuration.identity("")).collect();
        distinct.len() as u32
    };
    let identical = recipes.first().map_or_else(Vec::new, |recipe| {
        let arms = experiment::arms(runs.iter().map(|run| &run.record.configuration));
        let done = rows.iter().filter(|run| run.status == Status::Done && run.is_studied(plan.is_some()));
        let rows = done.filter(|run| run.recipe == recipe.summary.recipe);
        aa::identical(rows, &arms, recipe.summary.configuration.architecture())
    });
    let summary = Summary {
        experiment: plan.map(|plan| plan.experiment().name.clone()),
        title: plan.map(|plan| plan.experiment().title.clone()),
        planned: plan.map_or(0, |plan| plan.experiment().runs.len()) as u32,
        done: ended(Status::Done),
        diverged: ended(Status::Diverged),
        recipes: recipes.into_iter().map(|recipe| recipe.summary).collect(),
        standing,
        endpoints,
        identical,
        arms: own_arms(plan, &in_order),
        tuned,
        data,
        rules: rules::texts(
            plan.and_then(|plan| plan.experiment().verdict.as_ref()),
            plan.is_some_and(|plan| plan.experiment().tuned),
        ),
        sealed: None,
    };
    let study = Study {
        summary,
        runs: rows,
        epochs: epochs::rows(&in_order, plan),
        cells: cells::cells(&finished_runs),
        comparisons,
        classes,
        layers: layers::layers(&finished_runs),
        trajectories: layers::trajectories(&finished_runs),
        ledger,
    };
    Ok((study, entries))
}

/// Returns the arms of the plan and of the runs under study that are not of the house, in order of first
/// appearance.
fn own_arms(plan: Option<&Plan>, runs: &[&Run]) -> Vec<Arm> {
    let planned = plan.into_iter().flat_map(|plan| &plan.experiment().runs);
    let found = runs.iter().filter(|run| run.is_studied(plan)).map(|run| &run.record.configuration);
    let mut arms = Vec::new();
    for run in planned.chain(found) {
        if !run.decay.is_of_the_house() && !arms.contains(&run.decay) {
            arms.push(run.decay);
        }
    }
    arms
}
