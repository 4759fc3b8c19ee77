//! Student's t: the mean of a few numbers, and the slope of a regression line.
//!
//! *Invariant:* an interval and its p value agree: p is below `1 - level` exactly if zero lies outside the
//! interval.

use crate::stats::LEVEL;
use artifacts::study::Interval;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// An estimate with its confidence interval and p value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// The confidence interval at [`LEVEL`].
    pub interval: Interval,
    /// The two-sided p value of the null hypothesis of zero.
    pub p: f64,
}

impl Estimate {
    /// Builds it from a point estimate, its standard error and the degrees of freedom of that.
    fn new(value: f64, error: f64, degrees_of_freedom: usize) -> Option<Self> {
        if degrees_of_freedom == 0 || error <= 0.0 || !error.is_finite() {
            return None;
        }
        let student = StudentsT::new(0.0, 1.0, degrees_of_freedom as f64).ok()?;
        let interval = interval(value, error, degrees_of_freedom)?;
        Some(Self { value, interval, p: 2.0 * student.cdf(-(value / error).abs()) })
    }
}

/// Returns the confidence interval of an estimate with this standard error; `None` without degrees of
/// freedom.
#[must_use]
pub fn interval(value: f64, error: f64, degrees_of_freedom: usize) -> Option<Interval> {
    let student = StudentsT::new(0.0, 1.0, degrees_of_freedom as f64).ok()?;
    let reach = error * student.inverse_cdf(f64::midpoint(1.0, LEVEL));
    Some(Interval { low: value - reach, high: value + reach, level: LEVEL })
}

/// Estimates the mean by the one-sample t test; `None` for fewer than two numbers, or if all are equal.
#[must_use]
pub fn mean(values: &[f64]) -> Option<Estimate> {
    let n = values.len();
    let variance = sum_of_squares(values) / (n.max(2) - 1) as f64;
    let error = (variance / n as f64).sqrt();
    if is_rounding(error, values) {
        return None;
    }
    Estimate::new(average(values), error, n.saturating_sub(1))
}

/// Estimates the slope of the least-squares line; `None` for fewer than three points, if all x are equal, or
/// if the line fits all points exactly.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> Option<Estimate> {
    let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    let (mx, my, sxx) = (average(&x), average(&y), sum_of_squares(&x));
    if points.len() < 3 || sxx <= 0.0 {
        return None;
    }
    let slope = points.iter().map(|(x, y)| (x - mx) * (y - my)).sum::<f64>() / sxx;
    let residuals: f64 = points.iter().map(|(x, y)| (y - my - slope * (x - mx)).powi(2)).sum();
    let freedom = points.len() - 2;
    if is_rounding(residuals.sqrt(), &y) {
        return None;
    }
    Estimate::new(slope, (residuals / freedom as f64 / sxx).sqrt(), freedom)
}

/// Returns whether a spread of these numbers is no more than rounding: the mean of equal numbers may differ
/// from them in its last digits, and equal differences of accuracies in the last digits of these.
pub(crate) fn is_rounding<'a>(spread: f64, values: impl IntoIterator<Item = &'a f64>) -> bool {
    let largest = values.into_iter().fold(1.0f64, |largest, value| largest.max(value.abs()));
    spread <= f64::EPSILON * 16.0 * largest
}

/// Returns the pooled standard deviation of lists that each have their own mean; `None` if no list has two
/// numbers. What is no more than rounding is 0.
#[must_use]
pub fn pooled_sd<'a>(lists: impl IntoIterator<Item = &'a [f64]>) -> Option<f64> {
    let lists: Vec<&[f64]> = lists.into_iter().filter(|list| !list.is_empty()).collect();
    let squares: f64 = lists.iter().map(|list| sum_of_squares(list)).sum();
    let freedom: usize = lists.iter().map(|list| list.len() - 1).sum();
    let sd = (squares / freedom as f64).sqrt();
    (freedom > 0).then(|| if is_rounding(sd, lists.into_iter().flatten()) { 0.0 } else { sd })
}

/// Returns the arithmetic mean.
pub(crate) fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Returns the sum of squared deviations from the mean.
pub(crate) fn sum_of_squares(values: &[f64]) -> f64 {
    let mean = average(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expected::{close, expected, numbers};
    use proptest::prelude::*;

    #[test]
    fn equal_differences_of_accuracies_have_no_spread() {
        let of = |baselines: [f64; 3]| baselines.map(|images: f64| (images + 12.0) / 1e4 - images / 1e4);
        let differences = of([9001.0, 8503.0, 9302.0]);
        assert!(differences.iter().any(|other| other.to_bits() != differences[0].to_bits()));
        assert_eq!(mean(&differences), None);
        assert!(mean(&[0.0012, 0.0012, 0.0013]).is_some());
    }

    #[test]
    fn the_mean_is_that_of_scipy() {
        let reference = &expected()["t"];
        let found = mean(&numbers(&reference["values"])).unwrap();
        for (found, key) in [
            (found.value, "mean"),
            (found.interval.low, "low"),
            (found.interval.high, "high"),
            (found.p, "p"),
        ] {
            close(found, &reference[key]);
        }
        assert!(mean(&[0.3]).is_none() && mean(&[]).is_none() && mean(&[0.5; 4]).is_none());
    }

    #[test]
    fn the_line_is_that_of_scipy() {
        let reference = &expected()["line"];
        let points: Vec<_> = numbers(&reference["x"]).into_iter().zip(numbers(&reference["y"])).collect();
        let found = slope(&points).unwrap();
        for (found, key) in [
            (found.value, "slope"),
            (found.interval.low, "low"),
            (found.interval.high, "high"),
            (found.p, "p"),
        ] {
            close(found, &reference[key]);
        }
        assert!(slope(&points[..3]).is_none(), "points above each other");
        assert!(slope(&[(0.0, 1.0), (1.0, 2.0)]).is_none());
    }

    #[test]
    fn the_pooled_deviation_is_that_of_numpy() {
        let reference = &expected()["pooled_sd"];
        let cells: Vec<Vec<f64>> = reference["cells"].as_array().unwrap().iter().map(numbers).collect();
        close(pooled_sd(cells.iter().map(Vec::as_slice)).unwrap(), &reference["sd"]);
        assert_eq!(pooled_sd([&[0.1][..], &[]]), None);
        assert_eq!(pooled_sd([&[0.9; 3][..], &[0.1; 3]]), Some(0.0), "whose mean is not 0.9 in its last bit");
    }

    proptest! {
        #[test]
        fn p_is_below_a_twentieth_exactly_where_the_interval_misses_zero(
            values in prop::collection::vec(-1.0..1.0f64, 2..9), shift in -1.0..1.0f64,
        ) {
            let values: Vec<f64> = values.into_iter().map(|value| value + shift).collect();
            if let Some(Estimate { interval, p, .. }) = mean(&values) {
                let holds = interval.low <= 0.0 && 0.0 <= interval.high;
                prop_assert!(holds == (p >= 1.0 - LEVEL) || (p - 1.0 + LEVEL).abs() < 1e-6);
            }
        }
    }
}
