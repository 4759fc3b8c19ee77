//! A pair of runs, reduced to numbers.

use network::{Architecture, Counts};
use std::collections::BTreeMap;

/// The numbers of a pair of runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The rankscale of both runs.
    pub rankscale: u32,
    /// Test accuracy of the arm, a fraction.
    pub accuracy: f64,
    /// Test accuracy of the baseline, a fraction.
    pub baseline: f64,
    /// The logarithm of the compression of the network, see [`compression`].
    pub compression: f64,
}

/// Returns `log2` of the parameters of the network with full convolutions over those of the network of this
/// rankscale, when every other dimension is that of `like`.
#[must_use]
pub fn compression(rankscale: u32, like: Architecture) -> f64 {
    -Counts::of(&Architecture { rankscale: rankscale as usize, ..like }).ratio_full.log2()
}

impl Pair {
    pub(crate) fn difference(&self) -> f64 {
        self.accuracy - self.baseline
    }
}

/// Groups a quantity of the pairs by rankscale.
pub(crate) fn grouped(pairs: &[Pair], of: impl Fn(&Pair) -> f64) -> BTreeMap<u32, Vec<f64>> {
    let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for pair in pairs {
        groups.entry(pair.rankscale).or_default().push(of(pair));
    }
    groups
}
