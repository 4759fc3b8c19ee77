//! The A/A check: some rankscales build the same network (27 and 28, 29 and 30 at full width), so their runs
//! differ only by noise. With the same seed and deterministic arithmetic they are equal; otherwise their
//! difference must be compatible with zero.
//!
//! *Invariant:* only finished runs of the same recipe, arm, lambda, engine and seed are compared.

use crate::stats::{LEVEL, student};
use artifacts::Backend;
use artifacts::Exact;
use artifacts::study::{Identical, RunRow};
use network::{Architecture, Arm};
use std::collections::{BTreeMap, BTreeSet};

/// What a pair shares: arm, lambda, engine, seed.
type Shared<'a> = (&'a str, Exact, Backend, u64);

/// Compares each two neighbouring rankscales of a recipe that build the same network, for every arm in the
/// order of `arms`.
#[must_use]
pub fn identical<'a>(
    runs: impl IntoIterator<Item = &'a RunRow>,
    arms: &[Arm],
    like: Architecture,
) -> Vec<Identical> {
    let mut accuracies: BTreeMap<u32, BTreeMap<Shared<'a>, f64>> = BTreeMap::new();
    for run in runs {
        if let Some(accuracy) = run.test_accuracy {
            let key = (run.decay.as_str(), Exact::of(run.lambda), run.engine, run.seed);
            accuracies.entry(run.rankscale).or_default().insert(key, accuracy);
        }
    }
    let rankscales: Vec<u32> = accuracies.keys().copied().filter(|&rankscale| rankscale > 0).collect();
    let neighbours = rankscales.windows(2).map(|two| [two[0], two[1]]);
    let mut found = Vec::new();
    for rankscales @ [first, second] in neighbours.filter(|two| same_network(*two, like)) {
        for &decay in arms {
            let of_arm = accuracies[&first].iter().filter(|((arm, ..), _)| *arm == decay.name());
            let pairs = of_arm.filter_map(|(key, here)| Some((*here, *accuracies[&second].get(key)?)));
            let differences: Vec<f64> = pairs.map(|(here, there)| there - here).collect();
            if differences.is_empty() {
                continue;
            }
            let estimate = student::mean(&differences);
            found.push(Identical {
                rankscales,
                decay,
                pairs: differences.len() as u32,
                equal: differences.iter().filter(|difference| **difference == 0.0).count() as u32,
                difference: student::average(&differences),
                interval: estimate.map(|estimate| estimate.interval(LEVEL)),
                p: estimate.map(|estimate| estimate.p()),
            });
        }
    }
    found
}

/// Returns whether two rankscales build the same network when every other dimension is that of `like`.
pub(crate) fn same_network(rankscales: [u32; 2], like: Architecture) -> bool {
    let [first, second] = rankscales.map(|rankscale| {
        let architecture = Architecture { rankscale: rankscale as usize, ..like };
        architecture.blocks().iter().map(|block| block.filter).collect::<Vec<_>>()
    });
    first == second
}

/// Returns for each of these rankscales the smallest of them that builds the same network.
pub(crate) fn networks(rankscales: &BTreeSet<u32>, like: Architecture) -> BTreeMap<u32, u32> {
    let first = |here: u32| rankscales.iter().copied().find(|&other| same_network([other, here], like));
    rankscales.iter().map(|&here| (here, first(here).unwrap_or(here))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::made_up::{configuration, done};
    use crate::join::runs::rows;
    use artifacts::Configuration;

    #[test]
    fn runs_of_one_network_are_compared_seed_by_seed() {
        let accuracies = [
            (27, 0, 0.9),
            (28, 0, 0.9),
            (27, 1, 0.91),
            (28, 1, 0.913),
            (27, 2, 0.8),
            (28, 2, 0.8),
            (27, 3, 0.7),
        ];
        let runs = accuracies.map(|(rankscale, seed, accuracy)| {
            done(&configuration(rankscale, Arm::ORIGINAL, seed), accuracy)
        });
        let rows = rows(&runs.each_ref(), None);
        let arms = [Arm::ORIGINAL, Arm::APPROPRIATE];
        let found = identical(&rows, &arms, Configuration::default().architecture());
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((found.rankscales, found.decay), ([27, 28], Arm::ORIGINAL));
        assert_eq!((found.pairs, found.equal), (3, 2));
        assert!((found.difference - 0.001).abs() < 1e-12 && found.p.is_some(), "{found:?}");
    }

    #[test]
    fn the_notebooks_rankscales_hold_two_networks_twice() {
        let twins: Vec<_> =
            (2..31).filter(|&r| same_network([r, r + 1], Configuration::default().architecture())).collect();
        assert_eq!(twins, [27, 29]);
        let named = networks(&BTreeSet::from([8, 28, 29, 30]), Configuration::default().architecture());
        assert_eq!(named, BTreeMap::from([(8, 8), (28, 28), (29, 29), (30, 29)]));
    }
}
