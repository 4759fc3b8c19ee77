//! Compares two studies, run by run where both have a run with the same network, arm, λ and seed.
//!
//! A cell in which the studies share seeds is compared by a paired t test. A cell in which they share none is
//! compared by Welch's test (B. L. Welch, "The generalization of Student's problem when several different
//! population variances are involved", Biometrika 34, 1947). The p values of the cells are adjusted by Holm's
//! method over all cells. The overall comparison weights every cell of pairs equally, as the endpoint of a
//! study does.
//!
//! *Invariant:* a study never differs from itself, and a cell that is said to differ has an adjusted p value
//! of at most 0.05.

mod side;
mod text;

pub use text::markdown;

use crate::stats::LEVEL;
use crate::stats::holm::holm_of_known;
use crate::stats::strata::Strata;
use crate::stats::stratified::stratified;
use crate::stats::student::{Student, average};
use artifacts::compared::{Cell, Compared, Overall};
use artifacts::study::Study;
use side::{Cells, Comparable};

/// Compares two studies, each given with its name.
#[must_use]
pub fn compare([a, b]: [(&str, &Study); 2]) -> Compared {
    let [(first, a), (second, b)] = [a, b].map(|(name, study)| {
        let cells = Cells::of(study);
        let side = side::of(name, study, &cells);
        (cells, side)
    });
    let shared: Vec<(&Comparable, Sample)> = first
        .by_key
        .iter()
        .filter_map(|(key, runs)| Some((key, Sample::of(runs, second.by_key.get(key)?))))
        .collect();
    let estimates: Vec<Option<Student>> = shared.iter().map(|(_, sample)| sample.estimate()).collect();
    let p = |estimate: &Option<Student>| estimate.as_ref().map(Student::p);
    let adjusted = holm_of_known(estimates.iter().map(p));
    let cells = shared
        .iter()
        .zip(estimates.iter().zip(adjusted))
        .map(|((key, sample), (estimate, adjusted))| {
            let p = p(estimate).zip(adjusted).map(<[f64; 2]>::from);
            Cell {
                rankscale: key.rankscale,
                decay: key.decay.clone(),
                lambda: key.lambda.value(),
                runs: sample.runs.each_ref().map(|runs| runs.len() as u32),
                accuracies: sample.runs.each_ref().map(|runs| average(runs)),
                pairs: sample.pairs.len() as u32,
                difference: sample.difference(),
                interval: estimate.map(|estimate| estimate.interval(LEVEL)),
                p,
                told_apart: p.is_some_and(|[_, adjusted]| adjusted <= 1.0 - LEVEL),
            }
        })
        .collect();
    let differs = side::differs(&first, &second);
    Compared { a, b, same_runs: side::same_runs(&first, &second), differs, cells, overall: overall(&shared) }
}

fn overall(shared: &[(&Comparable, Sample)]) -> Option<Overall> {
    let strata = Strata::new(shared.iter().map(|(_, sample)| sample.pairs.clone()))?;
    let estimate = stratified(&strata);
    Some(Overall {
        cells: strata.lists().len() as u32,
        pairs: strata.pairs() as u32,
        difference: strata.mean(),
        interval: estimate.map(|estimate| estimate.interval(LEVEL)),
        p: estimate.map(|estimate| estimate.p()),
        told_apart: estimate.is_some_and(|estimate| estimate.p() <= 1.0 - LEVEL),
    })
}

/// The accuracies of one cell in both studies.
struct Sample {
    runs: [Vec<f64>; 2],
    /// Differences of runs with the same seed, the second study minus the first.
    pairs: Vec<f64>,
}

impl Sample {
    fn of(first: &side::Seeds, second: &side::Seeds) -> Self {
        let pairs = first.iter().filter_map(|(seed, accuracy)| Some(second.get(seed)? - accuracy)).collect();
        Self { runs: [first, second].map(|runs| runs.values().copied().collect()), pairs }
    }

    fn difference(&self) -> f64 {
        let [first, second] = &self.runs;
        if self.pairs.is_empty() { average(second) - average(first) } else { average(&self.pairs) }
    }

    fn estimate(&self) -> Option<Student> {
        let lists = if self.pairs.is_empty() {
            // The difference of two means is the mean of the stratum means of `2 second` and `-2 first`.
            let [first, second] = &self.runs;
            vec![second.iter().map(|x| 2.0 * x).collect(), first.iter().map(|x| -2.0 * x).collect()]
        } else {
            vec![self.pairs.clone()]
        };
        stratified(&Strata::new(lists)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_without_shared_seeds_are_compared_by_welchs_test() {
        let seeds = |from: u64, values: &[f64]| (from..).zip(values.iter().copied()).collect();
        let sample = Sample::of(&seeds(0, &[0.50, 0.52, 0.49, 0.51]), &seeds(10, &[0.55, 0.53, 0.56]));
        let estimate = sample.estimate().unwrap();
        // scipy.stats.ttest_ind(second, first, equal_var=False), SciPy: pvalue, df,
        // confidence_interval(0.95).
        assert!((sample.difference() - 0.125 / 3.0).abs() < 1e-12 && sample.pairs.is_empty());
        assert!((estimate.p() - 0.019_259_215_414_959_08).abs() < 1e-12, "{}", estimate.p());
        assert!((estimate.freedom - 3.959_314_775_160_599_3).abs() < 1e-12, "{}", estimate.freedom);
    }
}
