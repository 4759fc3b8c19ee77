//! The primary endpoint of every arm: which runs it rests on, its estimate, and its verdict.
//!
//! *Invariant:* an arm that is planned or that has runs has an endpoint, with a difference wherever there is a pair; the
//! primary one comes first, and only it.

use crate::endpoint::comparison::Comparison;
use crate::endpoint::draft::Draft;
use crate::endpoint::verdict::Level;
use crate::join::pairs::{RunPair, baseline};
use crate::join::recipes::Recipe;
use crate::runs::plan::Plan;
use crate::runs::run::{Run, same_lambda};
use crate::stats::holm::holm;
use artifacts::Configuration;
use artifacts::rules::{ALPHA, MARGIN};
use artifacts::study::{Endpoint, LedgerRow, Looks, Role};
use network::Arm;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// What the endpoints are estimated from.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The experiment under study.
    pub plan: Option<&'a Plan>,
    /// Every readable run.
    pub runs: &'a [Run],
    /// Their recipes, headline first.
    pub recipes: &'a [Recipe],
    /// Every pair of finished runs under study.
    pub pairs: &'a [RunPair<'a>],
    /// What became of every run.
    pub ledger: &'a [LedgerRow],
    /// Whether the result is exploratory, so that a verdict says so.
    pub exploratory: bool,
}

/// The endpoints of every recipe, lambda and arm, and the looks at the primary one where some are planned.
#[must_use]
pub fn endpoints(evidence: &Evidence<'_>) -> (Vec<Endpoint>, Option<Looks>) {
    let states: HashMap<&str, &str> =
        evidence.ledger.iter().map(|row| (row.run.as_str(), row.state.as_str())).collect();
    let verdict = evidence.plan.and_then(|plan| plan.experiment().verdict.as_ref());
    let level = verdict.map_or(Level { alpha: ALPHA, margin: MARGIN }, |plan| Level {
        alpha: plan.alpha,
        margin: plan.margin,
    });
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for (index, recipe) in evidence.recipes.iter().enumerate() {
        let expected = expected(evidence, recipe, index == 0);
        for lambda in lambdas(&expected) {
            let here: Vec<&Configuration> =
                expected.iter().copied().filter(|run| same_lambda(run.lambda, lambda)).collect();
            let first = index == 0 && drafts.is_empty();
            for arm in arms(&here, first, verdict.map(|plan| plan.primary)) {
                let primary = drafts.is_empty();
                let level = if primary { level } else { Level { alpha: ALPHA, ..level } };
                let comparison = Comparison { recipe, lambda, arm, level, expected: &here, states: &states };
                drafts.extend(comparison.draft(evidence.pairs, verdict.filter(|_| primary)));
            }
        }
    }
    let looks = drafts.first().and_then(|primary| primary.looks.clone());
    let others: Vec<_> = drafts.iter().skip(1).map(|draft| (draft.p(), draft.p_equivalence())).collect();
    let adjusted = [adjust(others.iter().map(|of| of.0)), adjust(others.iter().map(|of| of.1))];
    let mut found = Vec::with_capacity(drafts.len());
    for (at, draft) in drafts.into_iter().enumerate() {
        found.push(match at {
            0 => draft.judged(Role::Primary, None, None, evidence.exploratory),
            _ => {
                draft.judged(Role::Secondary, adjusted[0][at - 1], adjusted[1][at - 1], evidence.exploratory)
            }
        });
    }
    (found, looks)
}

/// Holm's adjustment of those that there are.
fn adjust(p: impl Iterator<Item = Option<f64>>) -> Vec<Option<f64>> {
    let p: Vec<Option<f64>> = p.collect();
    let mut adjusted = holm(&p.iter().flatten().copied().collect::<Vec<_>>()).into_iter();
    p.into_iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}

/// The runs that should be there: the planned ones for the headline recipe of a plan, else those that are.
fn expected<'a>(evidence: &Evidence<'a>, recipe: &Recipe, headline: bool) -> Vec<&'a Configuration> {
    match evidence.plan {
        Some(plan) if headline && recipe.planned => {
            let runs = plan.experiment().runs.iter();
            runs.filter(|run| run.recipe(&recipe.fingerprint) == recipe.summary.recipe).collect()
        }
        plan => {
            let runs = evidence.runs.iter().filter(|run| run.is_studied(plan));
            runs.filter(|run| run.recipe() == recipe.summary.recipe)
                .map(|run| &run.record.configuration)
                .collect()
        }
    }
}

/// The strengths of decay: that of the question first, else the one with most runs; the others are a sweep around it.
fn lambdas(expected: &[&Configuration]) -> Vec<f64> {
    let asked = Configuration::default().lambda.to_bits();
    // Positive floats sort as their bits do.
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for run in expected {
        *counts.entry(run.lambda.to_bits()).or_default() += 1;
    }
    let mut lambdas: Vec<(u64, usize)> = counts.into_iter().collect();
    lambdas.sort_by_key(|&(bits, runs)| (bits != asked, Reverse(runs), bits));
    if let [_, others @ ..] = lambdas.as_mut_slice() {
        others.sort_unstable();
    }
    lambdas.into_iter().map(|(bits, _)| f64::from_bits(bits)).collect()
}

/// The arms under test, the primary one first. A study of nothing but baselines still asks about the arm that is missing.
fn arms(expected: &[&Configuration], headline: bool, primary: Option<Arm>) -> Vec<Arm> {
    let has = |arm: Arm| expected.iter().any(|run| run.decay == arm);
    let mut arms: Vec<Arm> =
        Arm::ALL.into_iter().filter(|arm| baseline(*arm).is_some() && has(*arm)).collect();
    arms.sort_by_key(|arm| Some(*arm) != primary);
    if !arms.is_empty() || !headline {
        return arms;
    }
    vec![if has(Arm::Original) { Arm::Appropriate } else { Arm::PublishedAppropriate }]
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
        let first = |runs: &[(f64, usize)]| lambdas(&of(runs).iter().collect::<Vec<_>>())[0];
        assert_eq!(first(&[(5e-5, 2), (5e-4, 2), (5e-3, 2)]), 5e-4, "a balanced sweep");
        assert_eq!(first(&[(5e-5, 9), (5e-4, 1)]), 5e-4);
        assert_eq!(first(&[(5e-5, 2), (5e-3, 3)]), 5e-3, "without it, the one with most runs");
    }

    #[test]
    fn the_primary_arm_comes_first() {
        let runs: Vec<Configuration> =
            Arm::ALL.map(|decay| Configuration { decay, ..Configuration::default() }).into();
        let runs: Vec<&Configuration> = runs.iter().collect();
        assert_eq!(arms(&runs, true, None)[0], Arm::Appropriate);
        assert_eq!(arms(&runs, true, Some(Arm::Frobenius))[..2], [Arm::Frobenius, Arm::Appropriate]);
    }
}
