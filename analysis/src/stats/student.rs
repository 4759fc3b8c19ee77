//! Student's t: an estimate with its standard error; the mean of a few numbers, and the slope of a regression
//! line.
//!
//! *Invariant:* numbers without a spread have no estimate; interval and p value come from one distribution,
//! so they agree: p is below `1 - level` exactly if zero lies outside the interval.

use artifacts::study::Interval;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// An estimate, its standard error and the degrees of freedom of that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Student {
    /// The point estimate.
    pub value: f64,
    /// Its standard error, above zero.
    pub error: f64,
    /// Degrees of freedom of the standard error, above zero.
    pub freedom: f64,
}

impl Student {
    /// Builds it; `None` without a standard error or degrees of freedom.
    #[must_use]
    pub fn new(value: f64, error: f64, freedom: f64) -> Option<Self> {
        (freedom > 0.0 && error > 0.0 && error.is_finite()).then_some(Self { value, error, freedom })
    }

    /// Returns the two-sided p value of the null hypothesis of zero.
    #[must_use]
    pub fn p(&self) -> f64 {
        2.0 * self.student().cdf(-(self.value / self.error).abs())
    }

    /// Returns the confidence interval with this nominal coverage.
    #[must_use]
    pub fn interval(&self, level: f64) -> Interval {
        let reach = self.error * self.student().inverse_cdf(f64::midpoint(1.0, level));
        Interval { low: self.value - reach, high: self.value + reach, level }
    }

    /// Returns the p value of the null hypothesis that the true value is at least `margin` away from zero:
    /// the larger one of two one-sided tests (D. J. Schuirmann, "A comparison of the two one-sided tests
    /// procedure and the power approach", Journal of Pharmacokinetics and Biopharmaceutics 15, 1987).
    #[must_use]
    pub fn p_equivalence(&self, margin: f64) -> f64 {
        let student = self.student();
        let below = student.cdf((self.value - margin) / self.error);
        let above = student.cdf(-(self.value + margin) / self.error);
        below.max(above)
    }

    /// Returns the posterior probability that the true value lies within `margin` of zero, under a flat
    /// prior: the posterior is Student's t around the estimate.
    #[must_use]
    pub fn probability_within(&self, margin: f64) -> f64 {
        let student = self.student();
        student.cdf((margin - self.value) / self.error) - student.cdf((-margin - self.value) / self.error)
    }

    fn student(&self) -> StudentsT {
        StudentsT::new(0.0, 1.0, self.freedom).expect("it has degrees of freedom")
    }
}

/// Estimates the mean by the one-sample t test; `None` for fewer than two numbers, or if all are equal.
#[must_use]
pub fn mean(values: &[f64]) -> Option<Student> {
    let n = values.len();
    let variance = sum_of_squares(values) / (n.max(2) - 1) as f64;
    let error = (variance / n as f64).sqrt();
    if is_rounding(error, values) {
        return None;
    }
    Student::new(average(values), error, n.saturating_sub(1) as f64)
}

/// Estimates the slope of the least-squares line; `None` for fewer than three points, if all x are equal, or
/// if the line fits all points exactly.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> Option<Student> {
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
    Student::new(slope, (residuals / freedom as f64 / sxx).sqrt(), freedom as f64)
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
    use crate::stats::LEVEL;
    use crate::stats::expected::{close, expected, numbers};

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
            (found.interval(LEVEL).low, "low"),
            (found.interval(LEVEL).high, "high"),
            (found.p(), "p"),
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
            (found.interval(LEVEL).low, "low"),
            (found.interval(LEVEL).high, "high"),
            (found.p(), "p"),
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
}
