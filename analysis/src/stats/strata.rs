//! Paired differences, one stratum per network, and their mean.
//!
//! The endpoint is the mean over networks of the mean difference of a network: every network has the same
//! weight, however many pairs it has.
//!
//! *Invariant:* there is at least one stratum, each has at least one difference, and each difference is
//! finite.

/// Differences by rankscale, one list per stratum.
#[derive(Debug, Clone, PartialEq)]
pub struct Strata(Vec<Vec<f64>>);

impl Strata {
    /// Keeps the lists that are not empty; `None` if none is left, or if a difference is not finite.
    #[must_use]
    pub fn new(lists: impl IntoIterator<Item = Vec<f64>>) -> Option<Self> {
        let lists: Vec<Vec<f64>> = lists.into_iter().filter(|list| !list.is_empty()).collect();
        let finite = lists.iter().flatten().all(|difference| difference.is_finite());
        (finite && !lists.is_empty()).then_some(Self(lists))
    }

    /// Returns the differences of each stratum.
    #[must_use]
    pub fn lists(&self) -> &[Vec<f64>] {
        &self.0
    }

    /// Returns the mean over strata of the stratum means.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.0.iter().map(|list| list.iter().sum::<f64>() / list.len() as f64).sum::<f64>()
            / self.0.len() as f64
    }

    /// Returns the number of differences in all.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// Returns the number of differences in the smallest stratum.
    #[must_use]
    pub fn fewest(&self) -> usize {
        self.0.iter().map(Vec::len).min().unwrap_or(0)
    }

    /// Returns the degrees of freedom within strata, each stratum having its own mean.
    #[must_use]
    pub fn degrees_of_freedom(&self) -> usize {
        self.pairs() - self.0.len()
    }

    /// Returns every difference times its weight in the mean: `1 / (strata * differences in its stratum)`.
    #[must_use]
    pub fn contributions(&self) -> Vec<f64> {
        let lists = self.0.len() as f64;
        self.0.iter().flat_map(|list| list.iter().map(move |d| d / (lists * list.len() as f64))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_and_nonsense_are_refused() {
        assert_eq!(Strata::new([]), None);
        assert_eq!(Strata::new([vec![], vec![]]), None);
        assert_eq!(Strata::new([vec![0.1, f64::NAN]]), None);
    }

    #[test]
    fn every_rankscale_counts_the_same() {
        let strata = Strata::new([vec![1.0], vec![], vec![3.0, 5.0, 7.0]]).unwrap();
        assert!((strata.mean() - 3.0).abs() < 1e-15);
        assert_eq!((strata.pairs(), strata.fewest(), strata.degrees_of_freedom()), (4, 1, 2));
    }

    proptest! {
        #[test]
        fn contributions_add_up_to_the_mean(
            lists in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 1..6), 1..6)
        ) {
            let strata = Strata::new(lists).unwrap();
            let sum: f64 = strata.contributions().iter().sum();
            prop_assert!((sum - strata.mean()).abs() < 1e-12);
        }
    }
}
