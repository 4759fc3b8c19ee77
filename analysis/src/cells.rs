//! How well the mean of a cell is known.
//!
//! *Invariant:* the cells of a recipe, lambda and arm are taken to have one standard deviation from seed to seed, so that two or
//! three seeds a cell give an interval that is of use.

use crate::student::{interval, pooled};
use artifacts::study::CellRow;
use std::collections::BTreeMap;

/// Fills in Student's interval of every cell's mean, with the standard deviation pooled over the cells of its recipe,
/// lambda and arm: `mean ± t s / √runs`, t with the pooled degrees of freedom.
pub fn add_intervals(cells: &mut [CellRow]) {
    let mut alike: BTreeMap<(String, u64, String), Vec<&mut CellRow>> = BTreeMap::new();
    for cell in cells {
        alike.entry((cell.recipe.clone(), cell.lambda.to_bits(), cell.decay.clone())).or_default().push(cell);
    }
    for cells in alike.into_values() {
        let spread = cells.iter().map(|cell| {
            let freedom = cell.runs as usize - 1;
            (freedom as f64 * cell.sd.unwrap_or(0.0).powi(2), freedom)
        });
        let Some((sd, freedom)) = pooled(spread) else { continue };
        for cell in cells {
            let found = interval(cell.mean, sd / f64::from(cell.runs).sqrt(), freedom);
            (cell.low, cell.high) = (found.map(|found| found.low), found.map(|found| found.high));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secondary::tests::{close, expected, numbers};
    use crate::student::{average, pooled_sd};

    fn cell(decay: &str, rankscale: u32, values: &[f64]) -> CellRow {
        CellRow {
            recipe: "r".into(),
            lambda: 5e-4,
            rankscale,
            decay: decay.into(),
            runs: values.len() as u32,
            mean: average(values),
            sd: pooled_sd([values]),
            low: None,
            high: None,
            min: 0.0,
            max: 1.0,
            parameters: 1,
            macs: 1,
        }
    }

    #[test]
    fn intervals_are_those_of_statsmodels() {
        let reference = &expected()["cells"];
        let values: Vec<Vec<f64>> = reference["values"].as_array().unwrap().iter().map(numbers).collect();
        let mut cells: Vec<CellRow> =
            (2..).zip(&values).map(|(rankscale, values)| cell("original", rankscale, values)).collect();
        cells.push(cell("appropriate", 2, &[0.9]));
        add_intervals(&mut cells);
        for (cell, expected) in cells.iter().zip(reference["intervals"].as_array().unwrap()) {
            close(cell.low.unwrap(), &expected[0]);
            close(cell.high.unwrap(), &expected[1]);
        }
        let alone = &cells[values.len()];
        assert_eq!((alone.low, alone.high), (None, None), "one run of an arm says nothing of its spread");
    }
}
