//! The section on what was run: a table of the headline recipe by rankscale and arm, and the runs outside it.

use super::markdown::{Align, code, folded_if, shorten, table};
use super::provenance;
use crate::selection::Selection;
use artifacts::study::CellRow;
use artifacts::study::Key;
use artifacts::words;
use std::collections::{BTreeMap, BTreeSet};

/// The number of rows from which a table is folded.
const SHOWN: usize = 12;

/// Writes the section; it has no table if nothing has finished.
#[must_use]
pub fn section(selection: &Selection<'_>) -> String {
    let mut parts = vec!["## What was run".to_owned()];
    let cells = selection.cells();
    if cells.is_empty() {
        parts.push("No run has finished.".to_owned());
    } else {
        let key = selection.key.map_or_else(String::new, |key| {
            let recipe = code(key.recipe);
            if selection.study.summary.tuned.is_empty() {
                format!(" Recipe {recipe}, {}.", provenance::strength(selection))
            } else {
                format!(" {}.", provenance::strength(selection))
            }
        });
        parts.push(format!(
            "{} accuracy after the last epoch in per cent: mean ± standard deviation over seeds, and the number of \
             runs.{key}",
            words::capital(selection.judged_by())
        ));
        let (rows, text) = grid(selection, &cells);
        parts.push(folded_if(rows > SHOWN, &format!("{rows} networks"), text));
    }
    let (rows, others) = others(selection);
    if rows > 0 {
        parts.push(
            "Finished runs of other recipes or strengths of decay, which share no axis with these:"
                .to_owned(),
        );
        parts.push(folded_if(rows > SHOWN, &format!("{rows} groups"), others));
    }
    parts.join("\n\n")
}

/// Formats a table of mean, standard deviation and number of runs by rankscale and arm; also returns its
/// number of rows.
pub(crate) fn grid(selection: &Selection<'_>, cells: &[&CellRow]) -> (usize, String) {
    let arms = selection.arms_named(cells.iter().map(|cell| cell.decay.as_str()));
    let ratios: BTreeMap<_, _> =
        selection.runs().into_iter().map(|run| (run.rankscale, run.ratio_full)).collect();
    let mut networks: BTreeMap<u32, Vec<&CellRow>> = BTreeMap::new();
    for cell in cells {
        networks.entry(cell.rankscale).or_default().push(cell);
    }
    let names: Vec<_> = arms.iter().map(|arm| code(arm.name())).collect();
    let mut columns =
        vec![("Rankscale", Align::Right), ("Parameters", Align::Right), ("Of full", Align::Right)];
    columns.extend(names.iter().map(|name| (name.as_str(), Align::Right)));
    let rows: Vec<_> = networks
        .iter()
        .map(|(rankscale, cells)| {
            let ratio = ratios
                .get(rankscale)
                .map_or_else(|| "–".to_owned(), |ratio| format!("{} %", words::fixed(ratio * 100.0, 1)));
            let mut row = vec![words::network(*rankscale), words::count(cells[0].parameters), ratio];
            row.extend(arms.iter().map(|arm| {
                cells
                    .iter()
                    .find(|cell| cell.decay == arm.name())
                    .map_or_else(|| "–".to_owned(), |cell| value(cell))
            }));
            row
        })
        .collect();
    (rows.len(), table(&columns, &rows))
}

/// Formats a cell: `91.23 ± 0.15 (5)`.
fn value(cell: &CellRow) -> String {
    let spread = cell
        .sd
        .filter(|sd| sd.is_finite())
        .map_or_else(String::new, |sd| format!(" ± {}", words::percent(sd)));
    format!("{}{spread} ({})", words::percent(cell.mean), cell.runs)
}

/// The cells of one recipe, strength and arm.
#[derive(Default)]
struct Group {
    rankscales: BTreeSet<u32>,
    runs: u32,
    means: Vec<f64>,
}

/// Formats a table of the cells outside the headline, one row for each recipe, strength and arm, and another
/// for its dense network, which is no rankscale; also returns its number of rows.
fn others(selection: &Selection<'_>) -> (usize, String) {
    let mut groups: BTreeMap<(Key<'_>, &str, bool), Group> = BTreeMap::new();
    for cell in &selection.study.cells {
        if selection.holds(&cell.recipe, cell.lambda) {
            continue;
        }
        let key = (Key::of(&cell.recipe, cell.lambda), cell.decay.as_str(), cell.rankscale == 0);
        let group = groups.entry(key).or_default();
        group.rankscales.insert(cell.rankscale);
        group.runs += cell.runs;
        group.means.push(cell.mean);
    }
    let mut rows: Vec<_> = groups
        .into_iter()
        .map(|((key, arm, dense), Group { rankscales, runs, means })| {
            let rankscales: Vec<u32> = rankscales.into_iter().collect();
            vec![
                code(key.recipe),
                words::short(key.lambda.value()),
                code(arm),
                if dense { words::network(0) } else { words::rankscales(&rankscales) },
                runs.to_string(),
                words::percent(means.iter().sum::<f64>() / means.len() as f64),
            ]
        })
        .collect();
    let columns = [
        ("Recipe", Align::Left),
        ("λ", Align::Right),
        ("Arm", Align::Left),
        ("Rankscales", Align::Left),
        ("Runs", Align::Right),
        ("Mean over rankscales", Align::Right),
    ];
    let groups = rows.len();
    let others = shorten(&mut rows, "cells.parquet");
    let parts: Vec<_> = [table(&columns, &rows)].into_iter().chain(others).collect();
    (groups, parts.join("\n\n"))
}
