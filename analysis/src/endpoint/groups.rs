//! The comparisons to make: which arms, under which recipe and lambda, and which runs each needs.
//!
//! *Invariant:* the first group contains the primary arm, at the strength at which it has most planned runs;
//! together the groups contain every planned run of an arm under test.

use crate::join::pairs::RunPair;
use crate::join::recipes::RecipeOnData;
use crate::runs::plan::Plan;
use crate::runs::run::Run;
use artifacts::Exact;
use artifacts::study::{LedgerRow, RecipeSummary};
use artifacts::{Configuration, experiment};
use network::Arm;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The data that the endpoints are estimated from.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The experiment under study.
    pub plan: Option<&'a Plan>,
    /// Every readable run.
    pub runs: &'a [Run],
    /// The recipes of the runs, the headline recipe first.
    pub recipes: &'a [RecipeOnData],
    /// Every pair of finished runs under study.
    pub pairs: &'a [RunPair<'a>],
    /// The state of every run.
    pub ledger: &'a [LedgerRow],
    /// Whether the result is exploratory; if so, the verdict says it.
    pub exploratory: bool,
}

/// Arms that are compared with their baselines under one recipe and lambda.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// The recipe that the runs share.
    pub recipe: Cow<'a, RecipeOnData>,
    /// The lambda that the runs share.
    pub lambda: f64,
    /// The arms under test.
    pub arms: Vec<Arm>,
    /// The runs that should exist.
    pub expected: Vec<&'a Configuration>,
}

/// Returns the groups: one per recipe and lambda, or one per arm where the experiment tunes each arm
/// separately. Imported runs come last.
#[must_use]
pub fn groups<'a>(evidence: &Evidence<'a>) -> Vec<Group<'a>> {
    let primary = evidence.plan.and_then(|plan| plan.experiment().verdict.as_ref()).map(|plan| plan.primary);
    let mut found = match evidence.plan {
        Some(plan) if plan.experiment().tuned => tuned(evidence, plan, primary),
        _ => Vec::new(),
    };
    let own = found.len();
    for recipe in evidence.recipes {
        if own > 0 && recipe.planned {
            continue;
        }
        let expected = expected(evidence, recipe);
        for lambda in lambdas(&expected, primary) {
            let here: Vec<&Configuration> =
                expected.iter().copied().filter(|run| Exact::of(run.lambda) == Exact::of(lambda)).collect();
            let arms = arms(&here, found.is_empty(), primary);
            found.push(Group { recipe: Cow::Borrowed(recipe), lambda, arms, expected: here });
        }
    }
    found
}

/// Returns a group for every arm under test that is planned together with its baseline, the primary arm
/// first.
fn tuned<'a>(evidence: &Evidence<'a>, plan: &'a Plan, primary: Option<Arm>) -> Vec<Group<'a>> {
    let Some(headline) = evidence.recipes.first() else { return Vec::new() };
    let runs: Vec<&Configuration> = plan.experiment().runs.iter().collect();
    let group = |arm: Arm| {
        let configuration = runs.iter().find(|run| run.decay == arm)?;
        let recipe = configuration.recipe.hash(&headline.fingerprint);
        let there = evidence.recipes.iter().find(|found| found.summary.recipe == recipe);
        // There may be no run of this recipe yet.
        let recipe = there.map_or_else(
            || {
                let summary = RecipeSummary { recipe, runs: 0, configuration: (*configuration).clone() };
                Cow::Owned(RecipeOnData { summary, fingerprint: headline.fingerprint.clone(), planned: true })
            },
            Cow::Borrowed,
        );
        Some(Group { recipe, lambda: configuration.lambda, arms: vec![arm], expected: runs.clone() })
    };
    arms(&runs, true, primary).into_iter().filter_map(group).collect()
}

/// Returns the runs that should exist: the planned runs of a planned recipe, otherwise the runs that do
/// exist.
fn expected<'a>(evidence: &Evidence<'a>, recipe: &RecipeOnData) -> Vec<&'a Configuration> {
    match evidence.plan {
        Some(plan) if recipe.planned => {
            let runs = plan.experiment().runs.iter();
            runs.filter(|run| run.recipe.hash(&recipe.fingerprint) == recipe.summary.recipe).collect()
        }
        plan => {
            let runs = evidence.runs.iter().filter(|run| run.is_studied(plan));
            runs.filter(|run| run.recipe() == recipe.summary.recipe)
                .map(|run| &run.record.configuration)
                .collect()
        }
    }
}

/// Returns the strengths of decay: that with most low-rank runs of the primary arm first, if an experiment
/// names one, then the notebook's, then the one with most runs; the others form a sweep around it.
#[must_use]
pub fn lambdas(expected: &[&Configuration], primary: Option<Arm>) -> Vec<f64> {
    let asked = Exact::of(Configuration::default().lambda);
    let mut counts: BTreeMap<Exact, (usize, usize)> = BTreeMap::new();
    for run in expected {
        let (judged, all) = counts.entry(Exact::of(run.lambda)).or_default();
        *judged += usize::from(Some(run.decay) == primary && run.rankscale > 0);
        *all += 1;
    }
    let mut lambdas: Vec<(Exact, (usize, usize))> = counts.into_iter().collect();
    lambdas.sort_by_key(|&(lambda, (judged, all))| (Reverse(judged), lambda != asked, Reverse(all), lambda));
    if let [_, others @ ..] = lambdas.as_mut_slice() {
        others.sort_unstable();
    }
    lambdas.into_iter().map(|(lambda, _)| lambda.value()).collect()
}

/// Returns the arms under test, the primary arm first. If a headline study has only baselines, the arm it
/// lacks is returned.
fn arms(expected: &[&Configuration], headline: bool, primary: Option<Arm>) -> Vec<Arm> {
    let there = experiment::arms(expected.iter().copied());
    let mut arms: Vec<Arm> = there.iter().copied().filter(|arm| arm.baseline().is_some()).collect();
    arms.sort_by_key(|arm| Some(*arm) != primary);
    if !arms.is_empty() || !headline {
        return arms;
    }
    vec![if there.contains(&Arm::ORIGINAL) { Arm::APPROPRIATE } else { Arm::PUBLISHED_APPROPRIATE }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lambdas: &[(f64, usize)]) -> Vec<Configuration> {
        let runs =
            |&(lambda, runs): &(f64, usize)| vec![Configuration { lambda, ..Configuration::default() }; runs];
        lambdas.iter().flat_map(runs).collect()
    }

    #[test]
    fn the_questions_lambda_leads_whatever_a_sweep_holds() {
        let first = |runs: &[(f64, usize)]| lambdas(&of(runs).iter().collect::<Vec<_>>(), None)[0];
        assert_eq!(first(&[(5e-5, 2), (5e-4, 2), (5e-3, 2)]), 5e-4, "a balanced sweep");
        assert_eq!(first(&[(5e-5, 9), (5e-4, 1)]), 5e-4);
        assert_eq!(first(&[(5e-5, 2), (5e-3, 3)]), 5e-3, "without it, the one with most runs");
    }

    #[test]
    fn the_strength_that_the_primary_arm_is_planned_at_leads() {
        let at =
            |decay, rankscale, lambda| Configuration { decay, rankscale, lambda, ..Configuration::default() };
        let runs = [
            at(Arm::ORIGINAL, 0, 5e-4),
            at(Arm::FROBENIUS, 8, 5e-4),
            at(Arm::FROBENIUS, 31, 5e-4),
            at(Arm::APPROPRIATE, 8, 1e-3),
            at(Arm::ORIGINAL, 8, 1e-3),
        ];
        let runs: Vec<&Configuration> = runs.iter().collect();
        assert_eq!(lambdas(&runs, Some(Arm::APPROPRIATE)), [1e-3, 5e-4]);
        assert_eq!(lambdas(&runs, None), [5e-4, 1e-3]);
    }

    #[test]
    fn the_primary_arm_comes_first() {
        let runs: Vec<Configuration> =
            Arm::HOUSE.map(|decay| Configuration { decay, ..Configuration::default() }).into();
        let runs: Vec<&Configuration> = runs.iter().collect();
        assert_eq!(arms(&runs, true, None)[0], Arm::APPROPRIATE);
        assert_eq!(arms(&runs, true, Some(Arm::FROBENIUS))[..2], [Arm::FROBENIUS, Arm::APPROPRIATE]);
    }
}
