//! A pair of runs as numbers.

use std::collections::BTreeMap;

/// A pair of runs, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Where.
    pub rankscale: u32,
    /// The arm's accuracy.
    pub accuracy: f64,
    /// The baseline's.
    pub baseline: f64,
    /// `log2` of full parameters over this network's.
    pub compression: f64,
}

impl Pair {
    pub(crate) fn difference(&self) -> f64 {
        self.accuracy - self.baseline
    }
}

/// A quantity of the pairs, by rankscale.
pub(crate) fn grouped(pairs: &[Pair], of: impl Fn(&Pair) -> f64) -> BTreeMap<u32, Vec<f64>> {
    let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for pair in pairs {
        groups.entry(pair.rankscale).or_default().push(of(pair));
    }
    groups
}
