//! Formats a comparison as Markdown. A difference that is not significant is printed as `~`, as benchstat
//! does.

use artifacts::compared::{Cell, Compared, Side};
use artifacts::words::{are, many, network, p_equals, percent, points, probability, reach, short};
use std::fmt::Write;

/// Formats the whole comparison: accuracies in per cent, differences (second study minus first) in percentage
/// points.
#[must_use]
pub fn markdown(compared: &Compared) -> String {
    let Compared { a, b, same_runs, differs, cells, overall } = compared;
    let mut text = format!("A: {}\nB: {}\n", side(a), side(b));
    if *same_runs > 0 {
        _ = writeln!(text, "\n{} in both, with the same accuracy.", are(u64::from(*same_runs), "run"));
    }
    if !differs.is_empty() {
        text += "\n| differs | A | B |\n| --- | --- | --- |\n";
        for one in differs {
            _ = writeln!(text, "| {} | {} | {} |", one.what, listed(&one.a), listed(&one.b));
        }
    }
    if cells.is_empty() {
        return text + "\nThey have no network, arm and λ in common.\n";
    }
    text += "\n| rankscale | arm | λ | A, % | B, % | B − A | 95 % interval | p | p, adjusted (Holm) | by |\n";
    text += "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n";
    for cell in cells {
        _ = writeln!(text, "{}", row(cell));
    }
    if let Some(all) = overall {
        let (pairs, cells) = (many(u64::from(all.pairs), "pair"), many(u64::from(all.cells), "cell"));
        let p = all.p.map_or_else(String::new, |p| format!(", {}", p_equals(p)));
        _ = writeln!(
            text,
            "\nOver {pairs} in {cells}, every cell counting the same: {} ({}{p}).",
            told(all.difference, all.told_apart),
            all.interval.map_or_else(|| "no spread to tell by".to_owned(), reach)
        );
    }
    text += "\n`~`: not told apart, at 5 % over all cells, and at 5 % for the mean over them.\n";
    text
}

fn side(side: &Side) -> String {
    let experiment = side.experiment.as_ref().map_or_else(String::new, |name| format!(", experiment {name}"));
    let left_out = match side.left_out {
        0 => String::new(),
        others => format!("; {} of other recipes or engines left out", many(u64::from(others), "run")),
    };
    format!("{}{experiment}: {}{left_out}", side.name, many(u64::from(side.runs), "finished run"))
}

fn listed(values: &[String]) -> String {
    values.join("; ").replace('|', "\\|")
}

fn row(cell: &Cell) -> String {
    let by = match cell.pairs {
        0 => format!("{} against {} runs", cell.runs[0], cell.runs[1]),
        pairs => many(u64::from(pairs), "pair"),
    };
    let p = cell.p.map(|both| both.map(probability)).unwrap_or_default();
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {by} |",
        network(cell.rankscale),
        cell.decay,
        short(cell.lambda),
        percent(cell.accuracies[0]),
        percent(cell.accuracies[1]),
        told(cell.difference, cell.told_apart),
        cell.interval.map(reach).unwrap_or_default(),
        p[0],
        p[1],
    )
}

fn told(difference: f64, apart: bool) -> String {
    if apart { points(difference) } else { "~".to_owned() }
}
