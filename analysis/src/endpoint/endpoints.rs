//! The primary endpoint of every arm: the runs it rests on, its estimate and its verdict.
//!
//! *Invariant:* every arm that is planned or has runs has an endpoint, with a difference if there is a pair;
//! exactly one endpoint is primary, and it comes first.

use crate::endpoint::comparison::Comparison;
use crate::endpoint::draft::Draft;
use crate::endpoint::groups::{Evidence, Group, groups};
use crate::endpoint::verdict::Level;
use crate::stats::holm::holm;
use artifacts::rules::{ALPHA, MARGIN};
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
    let level = verdict.map_or(Level { alpha: ALPHA, margin: MARGIN }, |plan| Level {
        alpha: plan.alpha,
        margin: plan.margin,
    });
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for Group { recipe, lambda, arms, expected } in groups(evidence) {
        for arm in arms {
            let primary = drafts.is_empty();
            let level = if primary { level } else { Level { alpha: ALPHA, ..level } };
            let (plan, states, expected) = (evidence.plan, &states, expected.as_slice());
            let comparison = Comparison { recipe: &recipe, lambda, arm, level, plan, expected, states };
            drafts.extend(comparison.draft(evidence.pairs, verdict.filter(|_| primary)));
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

/// Adjusts the p values that exist by Holm's method.
fn adjust(p: impl Iterator<Item = Option<f64>>) -> Vec<Option<f64>> {
    let p: Vec<Option<f64>> = p.collect();
    let mut adjusted = holm(&p.iter().flatten().copied().collect::<Vec<_>>()).into_iter();
    p.into_iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}
