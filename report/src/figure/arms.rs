//! Series by arm, as most figures draw them.

use crate::chart::{Dot, Mean, Series};
use crate::selection::Selection;
use artifacts::study::{CellRow, Interval, RunRow};
use artifacts::words;
use network::Arm;
use std::collections::BTreeMap;

/// The title of a legend of arms.
pub const LEGEND: &str = "Weight Decay";

/// The largest number of single runs of an arm at a rankscale in one of several panels: more would blur, and
/// cost megabytes.
pub const RUNS: usize = 10;

/// Returns the caption's remark that only the first runs are drawn.
pub fn first_runs() -> String {
    format!(" Of an arm's single runs at a rankscale the first {RUNS} are drawn.")
}

/// Returns the test accuracy in per cent by arm: runs as dots, cells as means. Dense networks are left to the
/// caller.
pub fn accuracy(
    selection: &Selection<'_>,
    run_x: impl Fn(&RunRow) -> f64,
    cell_x: impl Fn(&CellRow) -> f64,
) -> Vec<Series> {
    let (runs, cells) = (selection.runs(), selection.cells());
    let series = |arm: Arm| Series {
        dots: runs
            .iter()
            .filter(|run| run.decay == arm.name() && run.rankscale > 0)
            .filter_map(|run| {
                Some(Dot { x: run_x(run), y: run.test_accuracy? * 100.0, run: run.run.clone() })
            })
            .collect(),
        means: cells
            .iter()
            .filter(|cell| cell.decay == arm.name() && cell.rankscale > 0)
            .map(|cell| Mean {
                x: cell_x(cell),
                y: cell.mean * 100.0,
                runs: cell.runs,
                interval: interval(cell),
            })
            .collect(),
        ..empty(selection, arm)
    };
    selection.arms().into_iter().map(series).filter(|series| !series.means.is_empty()).collect()
}

/// Returns the confidence interval of a cell's mean, in per cent.
pub fn interval(cell: &CellRow) -> Option<[f64; 2]> {
    cell.low.zip(cell.high).map(|(low, high)| [low, high].map(|end| end * 100.0))
}

/// Returns an arm's series without data.
pub fn empty(selection: &Selection<'_>, arm: Arm) -> Series {
    Series::empty(arm.name(), selection.look(arm))
}

/// A rankscale, a value, and the name of a run.
pub type Row<'a> = (u32, f64, &'a str);

/// Makes a series of dots and their mean at each rankscale, with the name and look of an empty series.
pub fn over_rankscales(empty: Series, rows: &[Row<'_>]) -> Series {
    let mut places: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (rankscale, value, _) in rows {
        places.entry(*rankscale).or_default().push(*value);
    }
    let dot = |(rankscale, y, run): &Row<'_>| Dot { x: f64::from(*rankscale), y: *y, run: (*run).to_owned() };
    let mean = |(place, values): (u32, Vec<f64>)| Mean {
        x: f64::from(place),
        y: values.iter().sum::<f64>() / values.len() as f64,
        runs: values.len() as u32,
        interval: None,
    };
    Series { dots: rows.iter().map(dot).collect(), means: places.into_iter().map(mean).collect(), ..empty }
}

/// Describes a series for alternative texts:
/// `original from 91.20 % at rankscale 2 to 86.31 % at rankscale 31`. `place` names a position on the
/// horizontal axis.
pub fn described(series: &Series, place: impl Fn(f64) -> String, unit: &str) -> String {
    let at = |mean: &Mean| format!("{}{unit} at {}", words::fixed(mean.y, 2), place(mean.x));
    match series.means.as_slice() {
        [] => format!("{} without a value", series.name),
        [one] => format!("{} {}", series.name, at(one)),
        [first, .., last] => format!("{} from {} to {}", series.name, at(first), at(last)),
    }
}

/// Names a rankscale: `rankscale 8`.
pub fn at_rankscale(rankscale: f64) -> String {
    format!("rankscale {rankscale}")
}

/// Returns the axis of the shown rankscales.
pub fn rankscale_axis(selection: &Selection<'_>) -> crate::chart::Axis {
    crate::chart::Axis::whole(&selection.rankscales(), 4.0, 0.034)
}

/// Converts the interval of a difference to percentage points.
pub fn points(interval: Interval) -> [f64; 2] {
    [interval.low * 100.0, interval.high * 100.0]
}

/// Says in a caption what dots and lines over rankscales are.
#[must_use]
pub fn drawn(series: &[Series]) -> &'static str {
    if series.iter().any(Series::repeated) {
        "Every run is a pale dot; lines join the means over seeds."
    } else {
        "Every marker is one run."
    }
}
