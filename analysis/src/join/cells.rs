//! Cells: the finished runs of one recipe, lambda, rankscale and arm, with the mean accuracy and its
//! confidence interval.
//!
//! A seed counts once: where several engines trained it, the mean of their accuracies stands for them. They
//! draw the same initial weights, shuffling and augmentation, so they are not independent samples.
//!
//! *Invariant:* a cell's interval rests on its own seeds and on no other cell's.

use crate::join::finished::Finished;
use crate::stats::LEVEL;
use crate::stats::student::{self, average, pooled_sd};
use artifacts::Exact;
use artifacts::study::{CellRow, Interval};
use std::collections::BTreeMap;

/// The fewest seeds for an interval: two seeds have a spread, but no idea of its error.
const FEWEST: usize = 3;

/// Returns every cell, sorted by recipe, lambda, rankscale and arm.
#[must_use]
pub fn cells(finished: &[Finished<'_>]) -> Vec<CellRow> {
    let mut cells: BTreeMap<_, Vec<Finished<'_>>> = BTreeMap::new();
    for finished in finished {
        let of = &finished.run.record.configuration;
        let key = (finished.run.recipe(), Exact::of(of.lambda), of.rankscale, of.decay.name());
        cells.entry(key).or_default().push(*finished);
    }
    cells
        .into_iter()
        .map(|((recipe, lambda, rankscale, decay), runs)| {
            let accuracies = by_seed(&runs);
            let interval = interval(&accuracies);
            let counts = runs.iter().map(|finished| &finished.run.record.counts);
            CellRow {
                recipe,
                lambda: lambda.value(),
                rankscale: rankscale as u32,
                decay: decay.to_owned(),
                runs: accuracies.len() as u32,
                mean: average(&accuracies),
                sd: pooled_sd([accuracies.as_slice()]),
                low: interval.map(|interval| interval.low),
                high: interval.map(|interval| interval.high),
                min: accuracies.iter().copied().fold(f64::INFINITY, f64::min),
                max: accuracies.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                parameters: counts.clone().map(|counts| counts.parameters).min().unwrap_or(0),
                macs: counts.map(|counts| counts.macs).min().unwrap_or(0),
            }
        })
        .collect()
}

/// Returns the accuracy of each seed, in the order of the seeds.
fn by_seed(runs: &[Finished<'_>]) -> Vec<f64> {
    let mut seeds: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for finished in runs {
        seeds.entry(finished.run.record.configuration.seed).or_default().push(finished.accuracy());
    }
    seeds.values().map(|accuracies| average(accuracies)).collect()
}

/// Student's t interval of a mean, `mean ± t s / √runs`, with the cell's own standard deviation: a pooled one
/// would undercover where a cell's standard deviation is the largest. `None` for fewer than [`FEWEST`] seeds,
/// or if all accuracies are equal.
fn interval(values: &[f64]) -> Option<Interval> {
    student::mean(values).filter(|_| values.len() >= FEWEST).map(|found| found.interval(LEVEL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::finished::finished;
    use crate::join::made_up::{by_name, configuration, done, imported, on_images, run};
    use crate::stats::expected::{close, expected, numbers};
    use artifacts::run::Status;
    use artifacts::{Backend, Configuration};
    use network::Arm;

    #[test]
    fn intervals_are_those_of_scipy() {
        let reference = &expected()["cells"];
        let values: Vec<Vec<f64>> = reference["values"].as_array().unwrap().iter().map(numbers).collect();
        for (values, expected) in values.iter().zip(reference["intervals"].as_array().unwrap()) {
            let found = interval(values).unwrap();
            close(found.low, &expected[0]);
            close(found.high, &expected[1]);
        }
        assert_eq!(interval(&[0.9, 0.91]), None, "two runs");
        assert_eq!(interval(&[0.9; 3]), None, "no spread");
    }

    #[test]
    fn a_cell_is_a_recipe_lambda_rankscale_and_arm_over_seeds_and_engines() {
        let at = |seed| configuration(8, Arm::ORIGINAL, seed);
        let runs = by_name(vec![
            done(&at(0), 0.9),
            done(&at(1), 0.92),
            // The engine does not distinguish cells, and two engines do not make two samples of one seed.
            done(&at(0).on(Backend::Fused), 0.91),
            done(&at(3).on(Backend::Fused), 0.94),
            done(&Configuration { lambda: 5e-5, ..at(0) }, 0.8),
            done(&configuration(2, Arm::ORIGINAL, 0), 0.7),
            done(&configuration(8, Arm::APPROPRIATE, 0), 0.6),
            run(&at(2), Status::Diverged, 2, 0.1),
        ]);
        let rows = cells(&finished(&runs, None));
        let found: Vec<_> =
            rows.iter().map(|row| (row.lambda, row.rankscale, row.decay.as_str(), row.runs)).collect();
        let expected = [
            (5e-5, 8, "original", 1),
            (5e-4, 2, "original", 1),
            (5e-4, 8, "appropriate", 1),
            (5e-4, 8, "original", 3),
        ];
        assert_eq!(found, expected);
        let cell = &rows[3];
        let sd = pooled_sd([&[0.905, 0.92, 0.94][..]]).unwrap();
        assert!((cell.mean - 2.765 / 3.0).abs() < 1e-12 && (cell.sd.unwrap() - sd).abs() < 1e-12);
        assert_eq!((cell.min, cell.max), (0.905, 0.94));
        assert_eq!((cell.parameters, cell.macs), (at(0).counts().parameters, at(0).counts().macs));
        assert_eq!((rows[0].sd, rows[0].low), (None, None), "one run says nothing of its spread");
        assert_eq!((rows[0].mean, rows[0].min, rows[0].max), (0.8, 0.8, 0.8));
        assert!(
            cell.low.unwrap() < 0.9 && cell.high.unwrap() > 0.94,
            "a cell of three has an interval of its own"
        );
    }

    #[test]
    fn other_images_are_another_recipe_and_nothing_finished_is_no_cell() {
        let of = configuration(8, Arm::PUBLISHED_ORIGINAL, 0);
        let runs = [done(&of, 0.9), imported(on_images("imported:a", done(&of, 0.8)))];
        let rows = cells(&finished(&runs, None));
        assert_eq!(rows.iter().map(|row| row.runs).collect::<Vec<_>>(), [1, 1]);
        assert!(rows[0].recipe < rows[1].recipe);
        assert_eq!(cells(&[]), []);
    }
}
