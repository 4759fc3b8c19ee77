//! The whole study of runs in memory: every table, the endpoints, and what is said of them.
//!
//! *Invariant:* no file is touched.

use crate::endpoint::groups::Evidence;
use crate::endpoint::standing::standing;
use crate::endpoint::{aa, endpoints};
use crate::join::finished::finished;
use crate::join::pairs::{self, pairs};
use crate::join::{self, cells, classes, entries, epochs, layers, ledger, recipes};
use crate::runs::collect::Collected;
use crate::runs::plan::Plan;
use crate::runs::results::{self, ResultsArms};
use crate::runs::run::Run;
use artifacts::run::Status;
use artifacts::seal::Seal;
use artifacts::study::{Study, Summary};
use artifacts::{experiment, rules};
use network::Arm;
use std::collections::HashSet;

/// Computes the whole study, and the entries of `results.json`.
///
/// # Errors
/// Predictions of a pair do not fit each other.
pub fn study(
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
