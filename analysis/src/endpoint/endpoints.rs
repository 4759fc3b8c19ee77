//! The primary endpoint of every arm: the runs it rests on, its estimate and its verdict.
//!
//! *Invariant:* every arm that is planned or has runs has an endpoint, with a difference if there is a pair;
//! exactly one endpoint is primary, and it comes first. Looks, their level and a verdict that is not
//! exploratory belong to planned comparisons alone.

use crate::endpoint::comparison::Comparison;
use crate::endpoint::draft::Draft;
use crate::endpoint::groups::{Evidence, Group, groups};
use crate::endpoint::verdict::Level;
use crate::stats::holm::holm_of_known;
use artifacts::rules::ALPHA;
use artifacts::study::State;
use artifacts::study::{Endpoint, Looks, Role};
use std::collections::HashMap;

/// Returns the endpoints of every recipe, lambda and arm, and the looks at the primary endpoint if any are
/// planned.
#[must_use]
pub fn endpoints(evidence: &Evidence<'_>) -> (Vec<Endpoint>, Option<Looks>) {
    let states: HashMap<&str, State> =
        evidence.ledger.iter().map(|row| (row.run.as_str(), row.state)).collect();
    let verdict = evidence.plan.and_then(|plan| plan.experiment().verdict.as_ref());
    let level = Level::of(verdict);
    // Every comparison, and whether the plan contains it; without a plan, what exists is what was asked for.
    let mut drafts: Vec<(Draft<'_>, bool)> = Vec::new();
    for Group { recipe, lambda, arms, expected } in groups(evidence) {
        let asked = recipe.planned || evidence.plan.is_none();
        for arm in arms {
            let primary = drafts.is_empty() && asked;
            let level = if primary { level } else { Level { alpha: ALPHA, ..level } };
            let (plan, states, expected) = (evidence.plan, &states, expected.as_slice());
            let comparison = Comparison { recipe: &recipe, lambda, arm, level, plan, expected, states };
            let draft = comparison.draft(evidence.pairs, verdict.filter(|_| primary));
            drafts.extend(draft.map(|draft| (draft, asked)));
        }
    }
    let looks = drafts.first().and_then(|(primary, _)| primary.looks.clone());
    let others = drafts.get(1..).unwrap_or_default();
    let planned = evidence.plan.is_some();
    let p = adjusted(others.iter().map(|(draft, asked)| (draft.p(), *asked && planned)));
    let equivalence =
        adjusted(others.iter().map(|(draft, asked)| (draft.p_equivalence(), *asked && planned)));
    let mut found = Vec::with_capacity(drafts.len());
    for (at, (draft, asked)) in drafts.into_iter().enumerate() {
        let exploratory = evidence.exploratory || !asked;
        found.push(match at.checked_sub(1) {
            None => draft.judged(Role::Primary, None, None, exploratory),
            Some(at) => draft.judged(Role::Secondary, p[at], equivalence[at], exploratory),
        });
    }
    (found, looks)
}

/// Adjusts p values by Holm's method, the planned comparisons among themselves and the others among
/// themselves. A planned comparison that has no p value yet counts as one of 1, so that what its runs show
/// later can only make the others' adjusted p values smaller.
fn adjusted(p: impl Iterator<Item = (Option<f64>, bool)>) -> Vec<Option<f64>> {
    let p: Vec<(Option<f64>, bool)> = p.collect();
    let planned = holm_of_known(p.iter().map(|&(p, planned)| planned.then(|| p.unwrap_or(1.0))));
    let others = holm_of_known(p.iter().map(|&(p, planned)| p.filter(|_| !planned)));
    let own = p.iter().zip(planned.into_iter().zip(others));
    own.map(|((p, _), (planned, other))| p.and(planned.or(other))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planned_comparison_counts_before_its_runs_have_ended_and_an_import_does_not() {
        let of = |p: &[(Option<f64>, bool)]| adjusted(p.iter().copied());
        let p = Some(1.0 / 128.0);
        let running = of(&[(p, true), (None, true), (None, true)]);
        assert_eq!(running, [Some(3.0 / 128.0), None, None]);
        let done = of(&[(p, true), (Some(0.02), true), (Some(0.5), true)]);
        assert_eq!(done[0], running[0]);
        let with_an_import = of(&[(p, true), (Some(0.04), false), (None, false)]);
        assert_eq!(with_an_import, [p, Some(0.04), None]);
    }
}
