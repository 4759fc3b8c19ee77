//! The figure of `just compare`: where two studies differ significantly, and where they do not.
//!
//! A filled marker is a cell with a significant difference, a pale one has none; whiskers are the confidence
//! intervals of the comparison.

use crate::chart::{Axis, Mean, Plot, Series};
use crate::style;
use anyhow::{Result, ensure};
use artifacts::Exact;
use artifacts::atomic;
use artifacts::compared::{Cell, Compared};
use artifacts::look;
use artifacts::words::{network, points, short};
use network::Arm;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Draws the numbers of a comparison into a file.
///
/// # Errors
/// The file is not a comparison, the two studies share no cell, or the figure cannot be written.
pub fn run(numbers: &Path, figure: &Path) -> Result<()> {
    let compared = Compared::read(numbers)?;
    ensure!(
        !compared.cells.is_empty(),
        "{}: the two studies have nothing in common to draw",
        numbers.display()
    );
    Ok(atomic::write(figure, svg(&compared).as_bytes())?)
}

/// Draws the figure: a marker for each cell at its rankscale, the second study minus the first. The dense
/// network has no place on that axis.
#[must_use]
pub fn svg(compared: &Compared) -> String {
    let shown: Vec<&Cell> = compared.cells.iter().filter(|cell| cell.rankscale > 0).collect();
    let mut kinds: BTreeMap<(&str, Exact), Vec<&Cell>> = BTreeMap::new();
    for cell in &shown {
        kinds.entry((&cell.decay, Exact::of(cell.lambda))).or_default().push(cell);
    }
    let strengths: BTreeSet<Exact> = shown.iter().map(|cell| Exact::of(cell.lambda)).collect();
    // An arm looks as in every other figure, where it is one series.
    let house =
        |arm: &str| arm.parse::<Arm>().ok().filter(|arm| strengths.len() == 1 && look::house(*arm).is_some());
    let present: BTreeSet<Arm> = kinds.keys().filter_map(|(arm, _)| house(arm)).collect();
    let others: Vec<_> = kinds.keys().filter(|(arm, _)| house(arm).is_none()).copied().collect();
    let look = |kind: &(&str, Exact)| {
        let other = || others.iter().position(|of| of == kind).unwrap_or(0);
        let found = house(kind.0).and_then(look::house);
        style::Look::from(found.unwrap_or_else(|| look::other(other(), |arm| present.contains(&arm))))
    };
    let series: Vec<Series> = kinds
        .iter()
        .flat_map(|(kind, cells)| {
            let (arm, lambda) = kind;
            let name = if strengths.len() > 1 {
                format!("{arm}, λ = {}", short(lambda.value()))
            } else {
                (*arm).to_owned()
            };
            let look = look(kind);
            let pale = style::Look { color: style::washed(look.color, style::MUTED), ..look };
            [(true, name.clone(), look), (false, format!("~ {name}"), pale)].map(|(apart, name, look)| {
                let cells = cells.iter().filter(|cell| cell.told_apart == apart);
                Series { means: cells.map(|cell| mean(cell)).collect(), ..Series::empty(&name, look) }
            })
        })
        .filter(|series| !series.means.is_empty())
        .collect();
    let rankscales: BTreeSet<u32> = shown.iter().map(|cell| cell.rankscale).collect();
    let axis = Axis::whole(&rankscales.into_iter().collect::<Vec<_>>(), 4.0, 0.034);
    let y = format!("{} minus {} (percentage points)", compared.b.name, compared.a.name);
    let alt = format!(
        "Difference in accuracy against rankscale, {y}, with a line at zero: {}.",
        described(&compared.cells)
    );
    let plot = Plot { zero: true, ..Plot::single("Rankscale", y, series) };
    let mut notes = vec!["~ not told apart".to_owned()];
    if shown.len() < compared.cells.len() {
        notes.push("dense network: not shown".to_owned());
    }
    plot.picture(("Two studies, cell by cell", &alt), axis, 0.4, Some(("Weight Decay", notes)), |_| Ok(()))
}

fn mean(cell: &Cell) -> Mean {
    Mean {
        x: f64::from(cell.rankscale),
        y: cell.difference * 100.0,
        runs: cell.pairs.max(1),
        interval: cell.interval.map(|interval| [interval.low * 100.0, interval.high * 100.0]),
    }
}

fn described(cells: &[Cell]) -> String {
    let strengths: BTreeSet<Exact> = cells.iter().map(|cell| Exact::of(cell.lambda)).collect();
    let one = |cell: &Cell| {
        let apart = if cell.told_apart { "" } else { " (not told apart)" };
        let strength =
            if strengths.len() > 1 { format!(", λ = {},", short(cell.lambda)) } else { String::new() };
        let network = match cell.rankscale {
            0 => network(0),
            rankscale => format!("at rankscale {rankscale}"),
        };
        format!("{}{strength} {network} {}{apart}", cell.decay, points(cell.difference))
    };
    cells.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifacts::compared::Side;
    use artifacts::study::Interval;

    fn compared() -> Compared {
        let side = |name: &str| Side { name: name.into(), experiment: None, runs: 4, left_out: 0 };
        let cell = |rankscale, difference: f64, told_apart| Cell {
            rankscale,
            decay: "original".into(),
            lambda: 5e-4,
            runs: [3, 3],
            accuracies: [0.9, 0.9 + difference],
            pairs: 3,
            difference,
            interval: Some(Interval { low: difference - 0.01, high: difference + 0.01, level: 0.95 }),
            p: Some([0.01, 0.02]),
            told_apart,
        };
        let cells = vec![cell(8, 0.02, true), cell(31, 0.001, false)];
        Compared { a: side("one"), b: side("two"), same_runs: 0, differs: Vec::new(), cells, overall: None }
    }

    #[test]
    fn a_cell_is_drawn_as_it_is_told() {
        let svg = svg(&compared());
        assert!(svg.contains("two minus one (percentage points)"), "{svg}");
        assert!(
            svg.contains("original at rankscale 8 +2.00; original at rankscale 31 +0.10 (not told apart)"),
            "{svg}"
        );
        assert!(svg.contains("~ original"), "{svg}");
        assert!(!svg.contains("test accuracy"), "held-out images may have judged: {svg}");
    }

    #[test]
    fn no_two_kinds_look_alike_and_the_dense_network_is_left_out() {
        let mut many = compared();
        let first = many.cells[0].clone();
        for decay in ["half-power", "appropriate", "own"] {
            many.cells.push(Cell { decay: decay.into(), ..first.clone() });
        }
        many.cells.push(Cell { rankscale: 0, ..first });
        let svg = svg(&many);
        let lines = |colour: look::Colour| {
            svg.matches(&format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)).count()
        };
        for colour in [look::BLUE, look::VERMILLION, look::GREEN, look::ORANGE] {
            assert!(lines(colour) > 0, "{colour:?}: {svg}");
        }
        assert!(svg.contains("dense network: not shown") && svg.contains("original dense +2.00"), "{svg}");
        assert!(!svg.contains(">0<"), "no tick for it: {svg}");
    }

    #[test]
    fn numbers_are_read_from_the_file_and_another_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let [numbers, figure] = ["a.json", "a.svg"].map(|name| folder.path().join(name));
        fs_err::write(&numbers, serde_json::to_vec(&compared()).unwrap()).unwrap();
        run(&numbers, &figure).unwrap();
        assert_eq!(fs_err::read_to_string(&figure).unwrap(), svg(&compared()));
        fs_err::write(&numbers, "{}").unwrap();
        let message = run(&numbers, &figure).unwrap_err().to_string();
        assert!(message.contains("a.json") && message.contains("with JSON="), "{message}");
        let nothing = Compared { cells: Vec::new(), ..compared() };
        fs_err::write(&numbers, serde_json::to_vec(&nothing).unwrap()).unwrap();
        assert!(run(&numbers, &figure).unwrap_err().to_string().contains("nothing in common"));
    }
}
