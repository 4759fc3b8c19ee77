//! The intraclass correlation: whether pairs that share a seed at several rankscales resemble each other.
//!
//! This is the ICC of consistency, ICC(3,1) (P. E. Shrout and J. L. Fleiss, "Intraclass correlations: uses in
//! assessing rater reliability", Psychological Bulletin 86, 1979): seeds are the targets, rankscales the
//! fixed raters. With F the mean square of seeds over the residual mean square, it is `(F - 1) / (F + k - 1)`
//! for k rankscales; its confidence interval follows from that of F.
//!
//! *Invariant:* only seeds that every rankscale has enter.

use crate::stats::LEVEL;
use artifacts::study::{Interval, Intraclass};
use statrs::distribution::{ContinuousCDF, FisherSnedecor};
use std::collections::BTreeMap;

/// Computes the correlation of values given as (rankscale, seed, value); `None` for fewer than two rankscales
/// or three shared seeds, or if the residual variance is zero.
#[must_use]
pub fn intraclass(values: &[(u32, u64, f64)]) -> Option<Intraclass> {
    let mut by_seed: BTreeMap<u64, BTreeMap<u32, f64>> = BTreeMap::new();
    let mut rankscales: Vec<u32> = values.iter().map(|(rankscale, ..)| *rankscale).collect();
    rankscales.sort_unstable();
    rankscales.dedup();
    for &(rankscale, seed, value) in values {
        by_seed.entry(seed).or_default().insert(rankscale, value);
    }
    let rows: Vec<Vec<f64>> = by_seed
        .into_values()
        .filter(|row| row.len() == rankscales.len())
        .map(|row| row.into_values().collect())
        .collect();
    let (n, k) = (rows.len(), rankscales.len());
    if n < 3 || k < 2 {
        return None;
    }
    let (seeds, residual) = mean_squares(&rows);
    if residual <= 0.0 {
        return None;
    }
    let (f, k) = (seeds / residual, k as f64);
    let freedom = [(n - 1) as f64, (n - 1) as f64 * (k - 1.0)];
    let upper = |a: f64, b: f64| {
        FisherSnedecor::new(a, b).map(|distribution| distribution.inverse_cdf(f64::midpoint(1.0, LEVEL))).ok()
    };
    let correlation = |f: f64| (f - 1.0) / (f + k - 1.0);
    let low = correlation(f / upper(freedom[0], freedom[1])?);
    let high = correlation(f * upper(freedom[1], freedom[0])?);
    Some(Intraclass {
        correlation: correlation(f),
        interval: Interval { low, high, level: LEVEL },
        seeds: n as u32,
    })
}

/// Returns the mean square of seeds, and the residual mean square after removing the means of seeds and
/// rankscales.
fn mean_squares(rows: &[Vec<f64>]) -> (f64, f64) {
    let (n, k) = (rows.len() as f64, rows[0].len() as f64);
    let grand = rows.iter().flatten().sum::<f64>() / (n * k);
    let row_means: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / k).collect();
    let column_mean = |column: usize| rows.iter().map(|row| row[column]).sum::<f64>() / n;
    let column_means: Vec<f64> = (0..rows[0].len()).map(column_mean).collect();
    let seeds = k * row_means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>() / (n - 1.0);
    let mut residual = 0.0;
    for (row, row_mean) in rows.iter().zip(&row_means) {
        residual += row
            .iter()
            .zip(&column_means)
            .map(|(value, mean)| (value - row_mean - mean + grand).powi(2))
            .sum::<f64>();
    }
    (seeds, residual / ((n - 1.0) * (k - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::{close, expected, numbers};

    #[test]
    fn the_correlation_is_that_of_a_linear_model_of_statsmodels() {
        let reference = &expected()["intraclass"];
        let rows: Vec<Vec<f64>> = reference["rows"].as_array().unwrap().iter().map(numbers).collect();
        let mut values = Vec::new();
        for (seed, row) in (0..).zip(&rows) {
            values.extend((2..).zip(row).map(|(rankscale, value)| (rankscale, seed, *value)));
        }
        values.push((2, 99, 5.0));
        let found = intraclass(&values).unwrap();
        assert_eq!(found.seeds as usize, rows.len(), "a seed at one rankscale says nothing");
        close(found.correlation, &reference["correlation"]);
        close(found.interval.low, &reference["interval"][0]);
        close(found.interval.high, &reference["interval"][1]);
    }

    #[test]
    fn seeds_of_their_own_have_no_correlation() {
        let values: Vec<_> = (0..9).map(|i| (i / 3, u64::from(i), f64::from(i * i))).collect();
        assert_eq!(intraclass(&values), None);
    }
}
