//! Holm's adjustment of several p values.
//!
//! *Invariant:* an adjusted p value is at least the p value itself and at most 1, and the order of the p
//! values is kept.

/// Holm's step-down adjustment ("A simple sequentially rejective multiple test procedure", Scandinavian
/// Journal of Statistics 6, 1979).
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let (mut adjusted, mut largest) = (vec![0.0; p.len()], 0.0f64);
    for (done, &at) in order.iter().enumerate() {
        largest = largest.max(p[at] * (p.len() - done) as f64).min(1.0);
        adjusted[at] = largest;
    }
    adjusted
}

/// Adjusts the p values that are known, in their places.
#[must_use]
pub fn holm_of_known(p: impl IntoIterator<Item = Option<f64>>) -> Vec<Option<f64>> {
    let p: Vec<Option<f64>> = p.into_iter().collect();
    let mut adjusted = holm(&p.iter().flatten().copied().collect::<Vec<_>>()).into_iter();
    p.into_iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::{expected, numbers};
    use proptest::prelude::*;

    #[test]
    fn adjusted_p_values_are_those_of_statsmodels() {
        let reference = &expected()["holm"];
        let adjusted = numbers(&reference["adjusted"]);
        for (found, expected) in holm(&numbers(&reference["p"])).into_iter().zip(adjusted) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert!(holm(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn adjusting_never_lowers_a_p_and_keeps_the_order(p in prop::collection::vec(0.0..1.0f64, 0..12)) {
            let adjusted = holm(&p);
            for (p_at, adjusted_at) in p.iter().zip(&adjusted) {
                prop_assert!(adjusted_at >= p_at && *adjusted_at <= 1.0);
                for (p_other, adjusted_other) in p.iter().zip(&adjusted) {
                    prop_assert!(p_at > p_other || adjusted_at <= adjusted_other);
                }
            }
        }
    }
}
